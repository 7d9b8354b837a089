//! profiles import

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use planner::counted::counted;
use schemars::JsonSchema;
use serde::Serialize;

use super::discovery::{self, Discovered};
use super::file::{Profile, Profiles, path_of_user};
use crate::context::{AskArgs, Context};
use crate::error::CommandError;
use crate::output::{Shown, Table};
use crate::replace_file::replace_file;

/// Take over the clusters of kafka-utils' kafka_discovery directory.
///
/// Each becomes a profile TYPE-CLUSTER at the end of the profile file, which is otherwise left as it is. Profiles that
/// the file has already stay. ZooKeeper's addresses are left behind: no cluster of today has any.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet profiles import --dry-run\n  kfleet profiles import /etc/kafka_discovery --yes\n  kfleet profiles import --file team.toml --yes"
)]
pub(crate) struct ImportArgs {
    /// The directory with TYPE.yaml; $KAFKA_DISCOVERY_DIR, ~/.kafka_discovery or /etc/kafka_discovery, the first that
    /// is there, if not given
    dir: Option<PathBuf>,
    /// The profile file; that of the user if not given
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    ask: AskArgs,
}

/// A cluster that was found.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ImportedProfile {
    /// The profile's name.
    profile: String,
    /// Brokers to start from.
    bootstrap_servers: Vec<String>,
    /// added, or kept where the file has a profile of this name already.
    outcome: &'static str,
}

impl Shown for Vec<ImportedProfile> {
    const SCHEMA: &'static str = "profiles-import/1";

    fn table(&self, _wide: bool) -> Table {
        let row = |profile: &ImportedProfile| {
            let servers = profile.bootstrap_servers.join(",");
            vec![profile.profile.clone(), servers, profile.outcome.to_owned()]
        };
        Table {
            headers: vec!["PROFILE", "SERVERS", "OUTCOME"],
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &ImportArgs, context: &Context) -> Result<(), CommandError> {
    let found = discovery::read(&directory(args)?)?;
    let path = args.file.clone().or_else(path_of_user).ok_or_else(|| {
        CommandError::usage("there is no home directory for the profile file").hint("name the file by --file")
    })?;
    let before = read(&path)?;
    let known = Profiles::parse(&before, &path)?;
    let text = appended(&before, &known, &found, &path)?;
    let is_new = |name: &String| !known.profiles.contains_key(name);
    let added = found.profiles.keys().filter(|name| is_new(name)).count();
    let plan = format!("add {} to {}", counted(added, "profile"), path.display());
    if added > 0 && context.may_go_ahead(&args.ask, &plan)? {
        write(&path, &text)?;
    }
    let row = |(name, profile): (&String, &Profile)| ImportedProfile {
        profile: name.clone(),
        bootstrap_servers: profile.bootstrap_servers.clone(),
        outcome: if is_new(name) { "added" } else { "kept" },
    };
    let rows: Vec<ImportedProfile> = found.profiles.iter().map(row).collect();
    context.out.show(None, &rows, &found.warnings)
}

fn directory(args: &ImportArgs) -> Result<PathBuf, CommandError> {
    if let Some(dir) = &args.dir {
        return Ok(dir.clone());
    }
    let known = discovery::known_dirs();
    known.iter().find(|dir| dir.is_dir()).cloned().ok_or_else(|| {
        let tried: Vec<String> = known.iter().map(|dir| dir.display().to_string()).collect();
        CommandError::not_found(format!("none of {} is a directory", tried.join(", ")))
            .hint("name the directory on the command line")
    })
}

/// What the file has; nothing, if it is not there yet.
fn read(path: &Path) -> Result<String, CommandError> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| CommandError::io(&format!("reading {}", path.display()), &error)),
    }
}

/// The file with what it does not have yet. Its own lines, and its comments, stay as they are.
fn appended(before: &str, known: &Profiles, found: &Discovered, path: &Path) -> Result<String, CommandError> {
    let is_new = |(name, _): &(&String, &Profile)| !known.profiles.contains_key(*name);
    let new = found.profiles.iter().filter(is_new);
    let new: BTreeMap<String, Profile> = new.map(|(name, profile)| (name.clone(), profile.clone())).collect();
    let default_profile = match found.local.as_slice() {
        [only] if before.trim().is_empty() => Some(only.clone()),
        _ => None,
    };
    let addition = Profiles {
        default_profile,
        profiles: new,
        ..Profiles::default()
    };
    let addition = toml::to_string(&addition).map_err(|error| CommandError::bug(error.to_string()))?;
    let text = match before.trim_end() {
        "" => addition,
        before => format!("{before}\n\n{addition}"),
    };
    // Lines at the end may be no part of a file that ends within another table, or has all its profiles in one line.
    let whole = Profiles::parse(&text, path);
    match whole {
        Ok(whole) if known.profiles.keys().all(|name| whole.profiles.contains_key(name)) => Ok(text),
        _ => Err(
            CommandError::refused(format!("{} cannot take profiles at its end", path.display()))
                .hint("give another file by --file, and put together what you need"),
        ),
    }
}

fn write(path: &Path, text: &str) -> Result<(), CommandError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let made = folder.map_or(Ok(()), std::fs::create_dir_all);
    let written = made.and_then(|()| replace_file(path, text.as_bytes()));
    written.map_err(|error| CommandError::io(&format!("writing {}", path.display()), &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Discovered {
        let profile = |name: &&str| {
            let bootstrap_servers = vec![format!("{name}:9092")];
            let profile = Profile {
                bootstrap_servers,
                ..Profile::default()
            };
            ((*name).to_owned(), profile)
        };
        Discovered {
            profiles: names.iter().map(profile).collect(),
            local: vec![names[0].to_owned()],
            warnings: Vec::new(),
        }
    }

    fn added(before: &str, names: &[&str]) -> Result<String, CommandError> {
        let path = Path::new("config.toml");
        let known = Profiles::parse(before, path).unwrap();
        appended(before, &known, &found(names), path)
    }

    #[test]
    fn a_new_file_has_the_local_cluster_as_default() {
        let text = added("", &["logs-a", "logs-b"]).unwrap();
        let profiles = Profiles::parse(&text, Path::new("c")).unwrap();
        assert_eq!(profiles.default_profile.as_deref(), Some("logs-a"));
        assert_eq!(profiles.profiles["logs-b"].bootstrap_servers, ["logs-b:9092"]);
    }

    #[test]
    fn what_is_there_stays_as_it_is() {
        let before = "# ours\n[profiles.logs-a] # old\nbootstrap_servers = [\"old:9092\"]\n";
        let text = added(before, &["logs-a", "logs-b"]).unwrap();
        assert!(text.starts_with(before), "{text}");
        let profiles = Profiles::parse(&text, Path::new("c")).unwrap();
        assert_eq!(profiles.profiles["logs-a"].bootstrap_servers, ["old:9092"]);
        assert_eq!((profiles.profiles.len(), profiles.default_profile), (2, None));
    }

    #[test]
    fn a_file_that_has_its_profiles_in_one_line_is_left_alone() {
        let before = "profiles = { a = { bootstrap_servers = [\"a:1\"] } }\n";
        assert_eq!(added(before, &["b"]).unwrap_err().code, crate::exit_codes::REFUSED);
    }
}
