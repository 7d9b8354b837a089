//! What is in the log directories of a node before it is formatted.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use protocol::config::NodeConfig;
use protocol::files::{MetaProperties, names};

use super::java_order;
use crate::error::CommandError;

/// The log directories and the metadata directory, as the configuration spells them.
pub(super) fn configured(config: &NodeConfig) -> BTreeSet<String> {
    let all = config.log_dirs.iter().chain([&config.metadata_log_dir]);
    all.map(|dir| dir.to_string_lossy().into_owned()).collect()
}

/// Log directories by what is in them.
#[derive(Debug, Default)]
pub(super) struct LogDirs {
    /// Without a meta.properties.
    pub(super) empty: Vec<String>,
    /// Those whose meta.properties cannot be read, and why.
    pub(super) broken: Vec<(String, String)>,
    /// With one.
    pub(super) formatted: Vec<(String, MetaProperties)>,
}

impl LogDirs {
    /// Looks at directories.
    pub(super) fn read(dirs: BTreeSet<String>) -> Self {
        let mut found = Self::default();
        for dir in dirs {
            match std::fs::read(meta_path(&dir)) {
                Ok(bytes) => match MetaProperties::parse(&bytes) {
                    Ok(meta) => found.formatted.push((dir, meta)),
                    Err(error) => found.broken.push((dir, error.to_string())),
                },
                Err(error) if error.kind() == io::ErrorKind::NotFound => found.empty.push(dir),
                Err(error) => found.broken.push((dir, error.to_string())),
            }
        }
        found
    }

    /// Whether all that is formatted belongs to this node of this cluster.
    pub(super) fn verify(&self, cluster_id: &str, node_id: i32) -> Result<(), CommandError> {
        let mut seen = BTreeMap::new();
        for (dir, meta) in &self.formatted {
            let path = meta_path(dir);
            let path = path.display();
            if let Some(found) = meta.cluster_id.as_ref().filter(|found| *found != cluster_id) {
                return Err(CommandError::refused(format!(
                    "Invalid cluster.id in: {path}. Expected {cluster_id}, but read {found}"
                )));
            }
            if let Some(found) = meta.node_id.filter(|found| *found != node_id) {
                return Err(CommandError::refused(format!(
                    "Stored node id {found} doesn't match previous node id {node_id} in {path}. If you moved your data, make sure your configured node id matches. If you intend to create a new node, you should remove all data in your data directories."
                )));
            }
            let Some(id) = meta.directory_id else {
                continue;
            };
            if id.is_reserved() {
                return Err(CommandError::refused(format!(
                    "Invalid reserved directory ID {id} found in {dir}"
                )));
            }
            if let Some(other) = seen.insert(id, dir) {
                return Err(CommandError::refused(format!(
                    "Duplicate directory ID {id} found. It was the ID of {other}, but also of {dir}"
                )));
            }
        }
        Ok(())
    }

    /// The formatted directory that Apache's tool names if there must be none.
    pub(super) fn first_formatted(&self) -> Option<String> {
        let mut dirs: Vec<&String> = self.formatted.iter().map(|(dir, _)| dir).collect();
        java_order::copied(&mut dirs, |dir| java_order::string_hash(dir));
        dirs.first().map(|dir| (*dir).clone())
    }

    /// Those that cannot be read, in the order in which Apache's tool tells of them.
    pub(super) fn broken_in_order(&self) -> Vec<&(String, String)> {
        let mut dirs: Vec<&(String, String)> = self.broken.iter().collect();
        java_order::grown(&mut dirs, |(dir, _)| java_order::string_hash(dir));
        dirs
    }

    /// Those that are to be formatted, in the order in which Apache's tool does it.
    pub(super) fn empty_in_order(&self) -> Vec<String> {
        let mut dirs = self.empty.clone();
        java_order::grown(&mut dirs, |dir| java_order::string_hash(dir));
        dirs
    }
}

/// Where a directory's meta.properties is.
pub(super) fn meta_path(dir: &str) -> PathBuf {
    Path::new(dir).join(names::META_PROPERTIES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(metas: &[(&str, &str)]) -> LogDirs {
        let parse = |(dir, text): &(&str, &str)| {
            let text = format!("version=1\ncluster.id=c\nnode.id=1\n{text}");
            ((*dir).to_owned(), MetaProperties::parse(text.as_bytes()).unwrap())
        };
        LogDirs {
            formatted: metas.iter().map(parse).collect(),
            ..LogDirs::default()
        }
    }

    #[test]
    fn what_belongs_to_others_is_refused() {
        let complaint = |dirs: &LogDirs, cluster| dirs.verify(cluster, 1).unwrap_err().message;
        assert!(formatted(&[("/a", ""), ("/b", "")]).verify("c", 1).is_ok());
        assert_eq!(
            complaint(&formatted(&[("/a", "")]), "d"),
            "Invalid cluster.id in: /a/meta.properties. Expected d, but read c"
        );
        assert!(complaint(&formatted(&[("/a", "node.id=2")]), "c").starts_with("Stored node id 2 doesn't match"));
        let twice = "directory.id=g42deArWBTRM5A1yuVpMCg";
        assert_eq!(
            complaint(&formatted(&[("/a", twice), ("/b", twice)]), "c"),
            "Duplicate directory ID g42deArWBTRM5A1yuVpMCg found. It was the ID of /a, but also of /b"
        );
        assert!(complaint(&formatted(&[("/a", "directory.id=AAAAAAAAAAAAAAAAAAAAAQ")]), "c").contains("reserved"));
    }
}
