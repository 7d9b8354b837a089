//! MirrorMaker 2's mm2.properties, read as MirrorMaker 4.3 reads it, and what each line of it means to a mirror here.
//!
//! [`File`] takes the pairs, [`File::explain`] says what becomes of each, and [`File::config`] makes the clusters and flows of
//! them. Values that refer to a provider (`${file:...}`) have to be resolved before; one that is needed and is not is refused.

mod explain;
mod file;
mod flow;
mod keys;
mod patterns;
mod reader;

pub use explain::{Explained, Verdict};
pub use file::{File, Origin, Role, Settings, Side};
pub use flow::{Flow, StartsAt, Value};
pub use keys::Key;
pub use patterns::{Filter, Patterns};

/// Clusters and the flows between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Aliases, in the order of the file.
    pub clusters: Vec<String>,
    /// All ordered pairs of clusters of which MirrorMaker makes anything, those that are off and only have heartbeats among them.
    pub flows: Vec<Flow>,
}

/// Why a file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A value does not fit its key.
    #[error("{key}, for the flow {flow}: {said}")]
    Value {
        /// The key as it stands in the file.
        key: String,
        /// As in `A->B`.
        flow: String,
        /// What is wrong.
        said: String,
    },
    /// Records would be other ones than with MirrorMaker, or others would be mirrored.
    #[error("{key} asks for {value}, which is Java code that does not run here; {instead}")]
    Code {
        /// The key as it stands in the file.
        key: String,
        /// The class.
        value: String,
        /// What to do about it.
        instead: &'static str,
    },
    /// A value that has to be fetched from somewhere.
    #[error("{key} refers to a config provider; put the value itself there, or resolve it before")]
    Provider {
        /// The key as it stands in the file.
        key: String,
    },
    /// It is not known where a cluster is.
    #[error("nothing says where cluster {0} is; set {0}.bootstrap.servers")]
    NoServers(String),
}

impl File {
    /// Clusters and flows, or everything that is wrong with the file.
    pub fn config(&self) -> Result<Config, Vec<ConfigError>> {
        let (mut flows, mut errors) = (Vec::new(), Vec::new());
        for source in &self.clusters {
            for target in self.clusters.iter().filter(|target| *target != source) {
                if self.is_pair(source, target) {
                    flows.push(Flow::read(self, source, target, &mut errors));
                }
            }
        }
        // What stands at the top is wrong for each flow in the same way.
        let mut distinct: Vec<ConfigError> = Vec::new();
        for error in errors {
            if !distinct.contains(&error) {
                distinct.push(error);
            }
        }
        if distinct.is_empty() {
            Ok(Config {
                clusters: self.clusters.clone(),
                flows,
            })
        } else {
            Err(distinct)
        }
    }
}

#[cfg(test)]
mod tests;
