//! meta.properties: which cluster, node and directory a log directory belongs to.

use super::FileError;
use crate::properties::Properties;
use crate::{ParseUuidError, Uuid};

/// The layout of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetaVersion {
    /// Of clusters older than KRaft; nothing has to be there.
    V0,
    /// Of KRaft.
    V1,
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaProperties {
    /// The file's layout.
    pub version: MetaVersion,
    /// The cluster's id; any text.
    pub cluster_id: Option<String>,
    /// The node's id.
    pub node_id: Option<i32>,
    /// The directory's id; absent in files of old releases.
    pub directory_id: Option<Uuid>,
}

impl MetaProperties {
    /// Reads the file; complaints are worded as Kafka words them.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        let properties = Properties::parse(bytes);
        let version = parse_version(properties.get("version").unwrap_or("0"))?;
        let node_id = properties.get(version.node_key()).map(|text| {
            let unable = || format!("Unable to read {} as a base-10 number.", version.node_key());
            text.parse().map_err(|_| FileError::content(unable()))
        });
        if version == MetaVersion::V1 && node_id.is_none() {
            return Err(FileError::content("Failed to find node.id"));
        }
        let directory_id = properties.get("directory.id").map(|text| {
            let unable = |error| format!("Unable to read directory.id as a Uuid: {error}");
            text.parse()
                .map_err(|error: ParseUuidError| FileError::content(unable(error)))
        });
        let parsed = Self {
            version,
            cluster_id: properties.get("cluster.id").map(str::to_owned),
            node_id: node_id.transpose()?,
            directory_id: directory_id.transpose()?,
        };
        if version == MetaVersion::V1 && parsed.cluster_id.is_none() {
            return Err(FileError::content("cluster.id was not found."));
        }
        Ok(parsed)
    }

    /// Keys and values in the order in which Java's hash table has them.
    fn entries(&self) -> Vec<(&'static str, String)> {
        let node_id = self.node_id.map(|id| (self.version.node_key(), id.to_string()));
        let directory_id = self.directory_id.map(|id| ("directory.id", id.to_string()));
        let version = Some(("version", self.version.number().to_owned()));
        let cluster_id = self.cluster_id.clone().map(|id| ("cluster.id", id));
        [node_id, directory_id, version, cluster_id]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Writes the file as Java's `Properties.store` lays it out; `date` stands in its second comment.
    pub fn format(&self, date: &str) -> String {
        let mut out = format!("#\n#{date}\n");
        for (key, value) in self.entries() {
            out.push_str(&format!("{key}={}\n", Properties::escape_value(&value)));
        }
        out
    }

    /// Keys and values, sorted by key.
    pub fn sorted_entries(&self) -> Vec<(&'static str, String)> {
        let mut entries = self.entries();
        entries.sort_unstable();
        entries
    }
}

impl MetaVersion {
    const fn node_key(self) -> &'static str {
        match self {
            Self::V0 => "broker.id",
            Self::V1 => "node.id",
        }
    }

    const fn number(self) -> &'static str {
        match self {
            Self::V0 => "0",
            Self::V1 => "1",
        }
    }
}

fn parse_version(text: &str) -> Result<MetaVersion, FileError> {
    match text.trim().parse::<i32>() {
        Ok(0) => Ok(MetaVersion::V0),
        Ok(1) => Ok(MetaVersion::V1),
        Ok(other) => Err(FileError::content(format!(
            "Unknown meta.properties version number {other}"
        ))),
        Err(_) => Err(FileError::content(format!(
            "Invalid meta.properties version string '{text}'"
        ))),
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
        assert_eq!(
            (old.version, old.node_id, old.cluster_id),
            (MetaVersion::V0, Some(7), None)
        );
        let complaints = [
            ("version=9", "Unknown meta.properties version number 9"),
            ("version=x", "Invalid meta.properties version string 'x'"),
            ("version=1\ncluster.id=a", "Failed to find node.id"),
            ("version=1\nnode.id=1", "cluster.id was not found."),
            (
                "version=1\nnode.id=x\ncluster.id=a",
                "Unable to read node.id as a base-10 number.",
            ),
        ];
        for (text, complaint) in complaints {
            let error = MetaProperties::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), complaint);
        }
        let wrong_id = MetaProperties::parse(b"directory.id=xx\n").unwrap_err().to_string();
        assert!(
            wrong_id.starts_with("Unable to read directory.id as a Uuid: "),
            "{wrong_id}"
        );
    }

    #[test]
    fn entries_are_sorted_for_people() {
        let old = MetaProperties::parse(b"cluster.id=c\nbroker.id=7\n").unwrap();
        let sorted: Vec<String> = old
            .sorted_entries()
            .into_iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        assert_eq!(sorted, ["broker.id=7", "cluster.id=c", "version=0"]);
    }
}
