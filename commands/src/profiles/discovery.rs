//! kafka-utils' directories of clusters: a YAML file for each type of cluster, with the clusters of that type by name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode as _, Yaml};

use super::file::Profile;
use crate::error::CommandError;

/// Most bytes of a file.
const FILE_MAX_BYTES: u64 = 4 << 20;

/// What a directory has.
#[derive(Debug, Default)]
pub(super) struct Discovered {
    /// By name, `TYPE-CLUSTER`.
    pub(super) profiles: BTreeMap<String, Profile>,
    /// The one that is local, if only one is.
    pub(super) local: Vec<String>,
    /// What was left out, and why.
    pub(super) warnings: Vec<String>,
}

/// The directories kafka-utils reads, the first of which counts.
pub(super) fn known_dirs() -> Vec<PathBuf> {
    let of = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let home = of("HOME").map(|home| home.join(".kafka_discovery"));
    let all = of("KAFKA_DISCOVERY_DIR").into_iter().chain(home);
    all.chain([PathBuf::from("/etc/kafka_discovery")]).collect()
}

/// Reads a directory.
pub(super) fn read(dir: &Path) -> Result<Discovered, CommandError> {
    let failed =
        |path: &Path, error: &dyn std::fmt::Display| CommandError::io(&format!("reading {}", path.display()), error);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|error| failed(dir, &error))? {
        let path = entry.map_err(|error| failed(dir, &error))?.path();
        let is_yaml = path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        if is_yaml {
            paths.push(path);
        }
    }
    paths.sort();
    let mut found = Discovered::default();
    for path in paths {
        let len = std::fs::metadata(&path).map_err(|error| failed(&path, &error))?.len();
        if len > FILE_MAX_BYTES {
            return Err(CommandError::data(format!(
                "{} has more than {FILE_MAX_BYTES} bytes",
                path.display()
            )));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
        let kind = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        found.take(&kind.unwrap_or_default(), &text, &path)?;
    }
    Ok(found)
}

impl Discovered {
    /// Takes a file of one type.
    fn take(&mut self, kind: &str, text: &str, path: &Path) -> Result<(), CommandError> {
        let documents = Yaml::load_from_str(text).map_err(|error| {
            let at = error.marker();
            let place = format!("{}:{}:{}", path.display(), at.line(), at.col() + 1);
            CommandError::data(format!("{place}: {}", error.info()))
        })?;
        let Some(clusters) = documents
            .first()
            .and_then(|document| document.as_mapping_get("clusters"))
        else {
            let message = format!("{} has no clusters", path.display());
            return Err(CommandError::data(message).hint("a file of kafka-utils has them under \"clusters:\""));
        };
        for (name, cluster) in clusters.as_mapping().into_iter().flatten() {
            let Some(name) = name.as_str() else { continue };
            let brokers = cluster
                .as_mapping_get("broker_list")
                .and_then(|list| list.as_sequence());
            let brokers = brokers.into_iter().flatten().filter_map(|broker| broker.as_str());
            let bootstrap_servers: Vec<String> = brokers.map(str::to_owned).collect();
            if bootstrap_servers.is_empty() {
                self.warnings.push(format!(
                    "{}: cluster {name} has no broker_list, and was left out",
                    path.display()
                ));
                continue;
            }
            let profile = Profile {
                bootstrap_servers,
                ..Profile::default()
            };
            self.profiles.insert(profile_name(kind, name), profile);
        }
        let local = documents.first().and_then(|document| {
            document
                .as_mapping_get("local_config")?
                .as_mapping_get("cluster")?
                .as_str()
        });
        let local = local.map(|name| profile_name(kind, name));
        self.local.extend(local.filter(|name| self.profiles.contains_key(name)));
        Ok(())
    }
}

fn profile_name(kind: &str, cluster: &str) -> String {
    format!("{kind}-{cluster}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_become_profiles_and_zookeeper_is_left_behind() {
        let mut found = Discovered::default();
        let text = "---\nclusters:\n  uswest1:\n    broker_list:\n      - \"k1:9092\"\n      - k2:9092\n    zookeeper: zk1:2181/kafka\n  \
                    empty:\n    zookeeper: zk\nlocal_config:\n  cluster: uswest1\n";
        found.take("logs", text, Path::new("logs.yaml")).unwrap();
        assert_eq!(found.profiles.len(), 1);
        assert_eq!(found.profiles["logs-uswest1"].bootstrap_servers, ["k1:9092", "k2:9092"]);
        assert_eq!(found.local, ["logs-uswest1"]);
        assert_eq!(
            found.warnings,
            ["logs.yaml: cluster empty has no broker_list, and was left out"]
        );
    }

    #[test]
    fn bad_files_are_named_with_the_place() {
        let wrong = |text: &str| Discovered::default().take("t", text, Path::new("t.yaml")).unwrap_err();
        let error = wrong("clusters:\n  a: [1\n");
        assert_eq!(error.code, crate::exit_codes::DATA);
        assert!(error.message.starts_with("t.yaml:"), "{}", error.message);
        assert_eq!(wrong("other: 1\n").message, "t.yaml has no clusters");
        assert_eq!(wrong("").code, crate::exit_codes::DATA);
    }
}
