//! storage format

use std::path::{Path, PathBuf};

use clap::Args;
use protocol::config::NodeConfig;
use protocol::properties::Properties;

use super::features::{self, Levels, METADATA_VERSION};
use super::formatter::{FormatRequest, Told, format_node};
use super::releases::Release;
use super::shown::{Formatted, FormattedDirectory};
use super::voters::{InitialVoter, java_host, parse_voters};
use crate::context::Context;
use crate::error::CommandError;

/// Format the log directories of a node, as Apache's kafka-storage does.
#[derive(Debug, Args)]
#[command(
    infer_long_args = true,
    after_help = "Example:\n  kfleet storage format -c server.properties -t \"$(kfleet storage random-uuid)\" --standalone"
)]
pub(crate) struct FormatArgs {
    /// server.properties
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// The cluster's id
    #[arg(short = 't', long, value_name = "ID")]
    cluster_id: String,
    /// Leave directories alone that are formatted already
    #[arg(short = 'g', long)]
    ignore_formatted: bool,
    /// The release whose metadata.version and features are written
    #[arg(short, long, value_name = "RELEASE")]
    release_version: Option<String>,
    /// A feature's level; may be repeated
    #[arg(short, long, value_name = "NAME=LEVEL")]
    feature: Vec<String>,
    /// A credential of the new cluster, as in 'SCRAM-SHA-256=[name=alice,password=alice-secret]'; may be repeated
    #[arg(short = 'S', long, value_name = "CREDENTIAL")]
    add_scram: Vec<String>,
    /// Start a dynamic quorum of this controller alone
    #[arg(short, long, group = "quorum")]
    standalone: bool,
    /// Join a dynamic quorum later
    #[arg(short = 'N', long, group = "quorum")]
    no_initial_controllers: bool,
    /// The controllers of a new dynamic quorum, ID@HOST:PORT:DIRECTORY-ID[,...]
    #[arg(short = 'I', long, group = "quorum", value_name = "LIST")]
    initial_controllers: Option<String>,
}

pub(crate) fn run(args: &FormatArgs, context: &Context) -> Result<(), CommandError> {
    let config = read_config(&args.config)?;
    let unstable = config.flag("unstable.feature.versions.enable");
    // The order of the checks is that of Apache's tool, so that of several faults both tell of the same one.
    let named = args.release_version.as_deref();
    let named = named.map(|text| Release::parse(text, unstable)).transpose();
    let named = named.map_err(CommandError::data)?;
    let features = features::parse_levels(&args.feature).map_err(CommandError::usage)?;
    let voters = voters(args, &config)?;
    let request = FormatRequest {
        config: &config,
        cluster_id: &args.cluster_id,
        ignore_formatted: args.ignore_formatted,
        release: release(named, &features, unstable)?,
        features,
        scram: &args.add_scram,
        voters,
    };
    let mut directories = Vec::new();
    format_node(&request, &mut |told| {
        match told {
            Told::Line(_) if context.out.is_json() => {}
            Told::Line(line) => context.out.print(&format!("{line}\n"))?,
            Told::Warning(text) => context.out.note(&format!("warning: {text}")),
            Told::Done(path, kind) => directories.push(FormattedDirectory {
                path: path.to_owned(),
                kind,
            }),
        }
        Ok(())
    })?;
    let formatted = Formatted {
        changed: !directories.is_empty(),
        directories,
    };
    context.out.show(Some(&args.cluster_id), &formatted, &[])
}

/// A node's configuration.
pub(crate) fn read_config(path: &Path) -> Result<NodeConfig, CommandError> {
    let bytes =
        std::fs::read(path).map_err(|error| CommandError::io(&format!("reading {}", path.display()), &error))?;
    let file = Properties::parse(&bytes);
    NodeConfig::parse(file.iter()).map_err(|error| CommandError::data(format!("{}: {error}", path.display())))
}

fn release(named: Option<Release>, features: &Levels, unstable: bool) -> Result<Release, CommandError> {
    let release = match (named, features.get(METADATA_VERSION)) {
        (Some(_), Some(_)) => {
            return Err(CommandError::usage(
                "Use --release-version instead of --feature metadata.version=X to avoid ambiguity.",
            ));
        }
        (Some(release), None) => release,
        (None, Some(level)) => Release::of_level(*level).map_err(CommandError::data)?,
        (None, None) if unstable => Release::NEWEST,
        (None, None) => Release::LATEST,
    };
    if !unstable && !release.is_stable() {
        return Err(
            CommandError::data(format!("metadata.version {} is not yet stable.", release.name()))
                .hint("unstable.feature.versions.enable=true in server.properties allows it, for tests"),
        );
    }
    Ok(release)
}

/// The voters of a new dynamic quorum.
fn voters(args: &FormatArgs, config: &NodeConfig) -> Result<Option<Vec<InitialVoter>>, CommandError> {
    let is_dynamic = config.quorum_voters.is_empty();
    let is_given = args.standalone || args.initial_controllers.is_some();
    if !is_dynamic && is_given {
        return Err(CommandError::usage(
            "You cannot specify controller.quorum.voters and format the node with --initial-controllers or --standalone. If you want to use dynamic quorum, please remove controller.quorum.voters and specify controller.quorum.bootstrap.servers instead.",
        ));
    }
    if let Some(list) = &args.initial_controllers {
        return parse_voters(list).map(Some).map_err(CommandError::usage);
    }
    if args.standalone {
        return standalone(config).map(|voter| Some(vec![voter]));
    }
    if is_dynamic && config.is_controller && !args.no_initial_controllers {
        return Err(CommandError::usage(
            "Because controller.quorum.voters is not set on this controller, you must specify one of the following: --standalone, --initial-controllers, or --no-initial-controllers.",
        ));
    }
    Ok(None)
}

/// This node as the only voter, where others are told to find its first controller listener.
fn standalone(config: &NodeConfig) -> Result<InitialVoter, CommandError> {
    if !config.is_controller {
        return Err(CommandError::usage("You can only use --standalone on a controller."));
    }
    let name = config.controller_listener_names.first();
    let mut endpoints = config.advertised_listeners.iter().chain(&config.listeners);
    let endpoint = endpoints
        .find(|endpoint| Some(&endpoint.name) == name)
        .ok_or_else(|| CommandError::data("No controller listeners found."))?;
    let host = match endpoint.host.as_str() {
        "0.0.0.0" => "",
        host => host,
    };
    Ok(InitialVoter {
        id: config.node_id,
        host: java_host(host),
        port: endpoint.port,
        directory_id: ::broker::random_uuid(),
    })
}
