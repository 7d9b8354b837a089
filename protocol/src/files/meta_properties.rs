//! meta.properties: which cluster, node and directory a log directory belongs to.

use super::FileError;
use crate::Uuid;
use crate::properties::Properties;

/// What the file says, version 1 (version 0 of old clusters is read too).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaProperties {
    /// The cluster's id; any text.
    pub cluster_id: Option<String>,
    /// The node's id.
    pub node_id: Option<i32>,
    /// The directory's id; absent in files of old releases.
    pub directory_id: Option<Uuid>,
}

impl MetaProperties {
    /// Reads the file.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        let properties = Properties::parse(bytes);
        let version = properties.get("version").unwrap_or("0").trim().to_owned();
        let node_key = match version.as_str() {
            "0" => "broker.id",
            "1" => "node.id",
            _ => {
                return Err(FileError::content(format!(
                    "Unknown meta.properties version number {version}"
                )));
            }
        };
        let node_id = properties.get(node_key).map(|text| {
            text.trim()
                .parse()
                .map_err(|_| FileError::content(format!("{node_key} \"{text}\" is not a number")))
        });
        let directory_id = properties.get("directory.id").map(|text| {
            text.trim()
                .parse()
                .map_err(|error: crate::ParseUuidError| FileError::content(error.to_string()))
        });
        let parsed = Self {
            cluster_id: properties.get("cluster.id").map(str::to_owned),
            node_id: node_id.transpose()?,
            directory_id: directory_id.transpose()?,
        };
        let missing = |name: &str| FileError::content(format!("{name} is missing"));
        if version == "1" && parsed.cluster_id.is_none() {
            return Err(missing("cluster.id"));
        }
        if version == "1" && parsed.node_id.is_none() {
            return Err(missing("node.id"));
        }
        Ok(parsed)
    }

    /// Writes the file as Java's `Properties.store` lays it out; `date` stands in its second comment.
    pub fn format(&self, date: &str) -> String {
        let mut out = format!("#\n#{date}\n");
        let mut line = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                out.push_str(&format!("{key}={}\n", Properties::escape_value(&value)));
            }
        };
        line("node.id", self.node_id.map(|id| id.to_string()));
        line("directory.id", self.directory_id.map(|id| id.to_string()));
        line("version", Some("1".to_owned()));
        line("cluster.id", self.cluster_id.clone());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_java_wrote_is_read_and_written_back() {
        let java = "#\n#Mon Nov 23 18:55:26 UTC 2026\nnode.id=1\ndirectory.id=g42deArWBTRM5A1yuVpMCg\nversion=1\ncluster.id=fMCL8kv1SWm87L_Md-I2hg\n";
        let parsed = MetaProperties::parse(java.as_bytes()).unwrap();
        assert_eq!(parsed.node_id, Some(1));
        assert_eq!(parsed.format("Mon Nov 23 18:55:26 UTC 2026"), java);
    }

    #[test]
    fn old_and_broken_files() {
        let old = MetaProperties::parse(b"broker.id=7\n").unwrap();
        assert_eq!((old.node_id, old.cluster_id), (Some(7), None));
        let wrong = MetaProperties::parse(b"version=9\n").unwrap_err();
        assert_eq!(wrong.to_string(), "Unknown meta.properties version number 9");
        assert!(MetaProperties::parse(b"version=1\nnode.id=1\n").is_err());
        assert!(MetaProperties::parse(b"version=1\nnode.id=x\ncluster.id=a\n").is_err());
    }
}
