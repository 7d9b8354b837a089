//! profiles list

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::file::Found;
use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// Print the clusters of the profile file.
///
/// The file is the one that KFLEET_CONFIG names, or else kfleet/config.toml below $XDG_CONFIG_HOME (~/.config) or,
/// if there is none, below /etc.
///
/// Flags stand above the environment, and that above the profile. A change is refused where the cluster is not the one
/// of cluster_id. Servers that are named without --profile are another cluster's: nothing is taken from a profile then.
#[derive(Debug, Args)]
#[command(
    after_help = "The file, in TOML:\n  default_profile = \"dev\"\n\n  [defaults]\n  timeout = \"10s\"\n\n  [profiles.dev]\n  bootstrap_servers = [\"localhost:9092\"]\n\n  [profiles.prod]\n  bootstrap_servers = [\"k1:9093\", \"k2:9093\"]\n  command_config = \"prod.properties\"\n  cluster_id = \"Some5aaaTest8aaaUuid8A\"\n\nExamples:\n  kfleet profiles list\n  kfleet topics list --profile prod\n  KFLEET_PROFILE=prod kfleet check all"
)]
pub(crate) struct ListArgs {}

/// A cluster of the profile file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ProfileRow {
    /// Its name.
    profile: String,
    /// Whether it counts if no cluster is named.
    is_default: bool,
    /// Brokers to start from.
    bootstrap_servers: Vec<String>,
    /// Its client.properties, if it has one.
    command_config: Option<String>,
    /// The only cluster that is changed by this name, if that is told.
    expected_cluster_id: Option<String>,
    /// The file it is in.
    file: String,
}

impl Shown for Vec<ProfileRow> {
    const SCHEMA: &'static str = "profiles-list/1";

    fn table(&self, wide: bool) -> Table {
        let row = |profile: &ProfileRow| {
            let star = if profile.is_default { "*" } else { "" };
            let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            let servers = profile.bootstrap_servers.join(",");
            let mut row = vec![
                format!("{}{star}", profile.profile),
                servers,
                text(&profile.command_config),
            ];
            if wide {
                row.extend([text(&profile.expected_cluster_id), profile.file.clone()]);
            }
            row
        };
        let mut headers = vec!["PROFILE", "SERVERS", "COMMAND-CONFIG"];
        if wide {
            headers.extend(["CLUSTER-ID", "FILE"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(_args: &ListArgs, context: &Context) -> Result<(), CommandError> {
    let Some(found) = Found::read()? else {
        let warning = "there is no profile file: kfleet profiles list --help says where it is looked for".to_owned();
        return context.out.show(None, &Vec::<ProfileRow>::new(), &[warning]);
    };
    let is_default = |name: &str| found.profiles.default_profile.as_deref() == Some(name);
    let row = |(name, profile): (&String, &super::file::Profile)| ProfileRow {
        profile: name.clone(),
        is_default: is_default(name),
        bootstrap_servers: profile.bootstrap_servers.clone(),
        command_config: profile
            .command_config
            .as_ref()
            .map(|path| found.resolve(path).display().to_string()),
        expected_cluster_id: profile.cluster_id.clone(),
        file: found.path.display().to_string(),
    };
    let rows: Vec<ProfileRow> = found.profiles.profiles.iter().map(row).collect();
    context.out.show(None, &rows, &[])
}
