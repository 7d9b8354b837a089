//! The file: clusters by name, and what goes for all of them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::CommandError;
use crate::nearest::did_you_mean;
use crate::output::Format;

/// The file that is not named on the command line.
pub(crate) const CONFIG_VARIABLE: &str = "KFLEET_CONFIG";
/// Below the directory of a user's, or of the host's, configuration.
const FILE: &str = "kfleet/config.toml";
/// For all users of a host.
const OF_HOST: &str = "/etc";
/// Most bytes of the file.
const FILE_MAX_BYTES: u64 = 4 << 20;

/// What goes for every cluster, or for one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Defaults {
    /// As --output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<Format>,
    /// As --timeout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<String>,
}

/// A cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// Brokers to start from, HOST:PORT.
    pub(crate) bootstrap_servers: Vec<String>,
    /// A Java client.properties; beside this file, if it is no absolute path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) command_config: Option<PathBuf>,
    /// Changes are refused in any other cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cluster_id: Option<String>,
    /// As --output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<Format>,
    /// As --timeout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<String>,
}

/// All of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profiles {
    /// The profile that counts if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) default_profile: Option<String>,
    /// What goes for every cluster.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) defaults: Defaults,
    /// Clusters by name.
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Profile>,
}

fn is_default(defaults: &Defaults) -> bool {
    *defaults == Defaults::default()
}

impl Profiles {
    /// Reads the text of a file.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, CommandError> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map(|span| place(text, span.start));
            let at = at.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
            CommandError::data(format!("{}{at}: {}", path.display(), error.message()))
        })
    }

    /// The profile of this name.
    pub(crate) fn get(&self, name: &str, path: &Path) -> Result<&Profile, CommandError> {
        self.profiles.get(name).ok_or_else(|| {
            let message = format!("{} has no profile {name}", path.display());
            let error = CommandError::not_found(message);
            match did_you_mean(name, self.profiles.keys().map(String::as_str)) {
                Some(hint) => error.hint(hint),
                None => error.hint("kfleet profiles list prints those it has"),
            }
        })
    }
}

/// Line and column of a byte, from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// A file with where it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) profiles: Profiles,
}

impl Found {
    /// Reads the file; none if there is none, and none was asked for.
    pub(crate) fn read() -> Result<Option<Self>, CommandError> {
        for (path, is_asked_for) in candidates(&|name| std::env::var_os(name).map(PathBuf::from)) {
            match read_text(&path) {
                Ok(text) => {
                    let profiles = Profiles::parse(&text, &path)?;
                    return Ok(Some(Self { path, profiles }));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound && !is_asked_for => {}
                Err(error) => return Err(CommandError::io(&format!("reading {}", path.display()), &error)),
            }
        }
        Ok(None)
    }

    /// A path in the file, from wherever kfleet is run.
    pub(crate) fn resolve(&self, named: &Path) -> PathBuf {
        let home = || std::env::var_os("HOME").map(PathBuf::from);
        match named.strip_prefix("~").ok().zip(home()) {
            Some((below, home)) => home.join(below),
            None => self.path.parent().unwrap_or(Path::new("/")).join(named),
        }
    }
}

/// Where the file may be, and whether somebody said so: the first that is there counts.
fn candidates(variable: &dyn Fn(&str) -> Option<PathBuf>) -> Vec<(PathBuf, bool)> {
    let set = |name: &str| variable(name).filter(|path| !path.as_os_str().is_empty());
    if let Some(path) = set(CONFIG_VARIABLE) {
        return vec![(path, true)];
    }
    let of_user = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")));
    let dirs = of_user.into_iter().chain([PathBuf::from(OF_HOST)]);
    dirs.map(|dir| (dir.join(FILE), false)).collect()
}

/// Where a user's file is, or is to be.
pub(crate) fn path_of_user() -> Option<PathBuf> {
    let found = candidates(&|name| std::env::var_os(name).map(PathBuf::from));
    found.into_iter().next().map(|(path, _)| path)
}

fn read_text(path: &Path) -> io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    let mut file = std::fs::File::open(path)?.take(FILE_MAX_BYTES + 1);
    file.read_to_string(&mut text)?;
    if text.len() as u64 > FILE_MAX_BYTES {
        return Err(io::Error::other(format!("it has more than {FILE_MAX_BYTES} bytes")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let parse = |text: &str| Profiles::parse(text, Path::new("config.toml"));
        let good = parse("default_profile = \"p\"\n[profiles.p]\nbootstrap_servers = [\"a:1\"]\n").unwrap();
        assert_eq!(good.profiles["p"].bootstrap_servers, ["a:1"]);
        for (text, place) in [
            (
                "[profiles.p]\nbootstrap_servers = [\"a:1\"]\n  servers = 1\n",
                "config.toml:3:3: ",
            ),
            ("[profiles.p]\nbootstrap_servers = 9092\n", "config.toml:2:21: "),
            ("[defaults]\noutput = \"xml\"\n", "config.toml:2:10: "),
            ("a = \n", "config.toml:1:5: "),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.code, crate::exit_codes::DATA);
            assert!(error.message.starts_with(place), "{}", error.message);
        }
    }

    #[test]
    fn a_profile_that_is_not_there_has_near_ones() {
        let profiles = Profiles::parse("[profiles.production]\nbootstrap_servers = []\n", Path::new("c")).unwrap();
        let error = profiles.get("prodution", Path::new("c")).unwrap_err();
        assert_eq!(
            (error.code, error.hints),
            (66, vec!["did you mean production?".to_owned()])
        );
    }

    #[test]
    fn the_file_that_is_named_is_the_only_one() {
        let of = |set: &[(&str, &str)]| {
            let found = candidates(&|name| set.iter().find(|(key, _)| *key == name).map(|(_, path)| path.into()));
            found
                .into_iter()
                .map(|(path, asked)| (path.display().to_string(), asked))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of(&[("KFLEET_CONFIG", "x.toml"), ("HOME", "/h")]),
            [("x.toml".to_owned(), true)]
        );
        let host = ("/etc/kfleet/config.toml".to_owned(), false);
        let user = |dir: &str| (format!("{dir}/kfleet/config.toml"), false);
        assert_eq!(of(&[("HOME", "/h")]), [user("/h/.config"), host.clone()]);
        assert_eq!(
            of(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")]),
            [user("/x"), host.clone()]
        );
        assert_eq!(of(&[("HOME", "")]), [host]);
    }
}
