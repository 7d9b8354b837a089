//! storage format

use std::path::{Path, PathBuf};

use broker_log::disk::{Disk as _, RealDisk};
use clap::Args;
use protocol::Uuid;
use protocol::config::NodeConfig;
use protocol::files::{MetaProperties, SnapshotId, SnapshotWriter, names};
use protocol::messages::control::{
    KRaftVersionRecord, VotersEndpoint, VotersKRaftVersionFeature, VotersRecord, VotersVoter,
};
use protocol::messages::framing::{ControlType, encode_metadata};
use protocol::messages::metadata::FeatureLevelRecord;
use protocol::properties::Properties;

use super::features::{self, Levels};
use super::voters::{InitialVoter, parse_voters};
use crate::context::Context;
use crate::error::CommandError;

/// Format the log directories of a node, as Apache's kafka-storage does.
#[derive(Debug, Args)]
#[command(
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
    let path = &args.config;
    let bytes =
        std::fs::read(path).map_err(|error| CommandError::io(&format!("reading {}", path.display()), &error))?;
    let file = Properties::parse(&bytes);
    let config =
        NodeConfig::parse(file.iter()).map_err(|error| CommandError::data(format!("{}: {error}", path.display())))?;
    let initial = match (&args.initial_controllers, args.standalone) {
        (Some(list), _) => Initial::Voters(parse_voters(list).map_err(CommandError::data)?),
        (None, true) => Initial::Standalone,
        (None, false) if args.no_initial_controllers => Initial::None,
        (None, false) => Initial::Unsaid,
    };
    let request = FormatRequest {
        config: &config,
        cluster_id: &args.cluster_id,
        ignore_formatted: args.ignore_formatted,
        release: release(args)?,
        features: asked_features(&args.feature)?,
        initial,
    };
    for line in format_node(&request)? {
        context.out.print(&format!("{line}\n"))?;
    }
    Ok(())
}

fn release(args: &FormatArgs) -> Result<i16, CommandError> {
    let asked = asked_features(&args.feature)?;
    let by_feature = asked
        .iter()
        .find(|(name, _)| name == "metadata.version")
        .map(|(_, level)| *level);
    match (&args.release_version, by_feature) {
        (Some(_), Some(level)) => Err(CommandError::usage(format!(
            "Use --release-version instead of --feature metadata.version={level} to avoid ambiguity."
        ))),
        (Some(text), None) => features::parse_release(text).map_err(CommandError::data),
        (None, Some(level)) => Ok(level),
        (None, None) => Ok(features::LATEST),
    }
}

fn asked_features(texts: &[String]) -> Result<Levels, CommandError> {
    let parse = |text: &String| {
        let (name, level) = text.split_once('=').ok_or_else(|| {
            CommandError::usage(format!(
                "Can't parse feature=level string {text}: equals sign not found."
            ))
        })?;
        let level = level.parse().map_err(|_| {
            CommandError::usage(format!(
                "Can't parse feature=level string {text}: unable to parse {level} as a short."
            ))
        })?;
        Ok((name.to_owned(), level))
    };
    texts.iter().map(parse).collect()
}

/// Who forms the quorum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Initial {
    /// Not said, as is right for static quorums and brokers.
    Unsaid,
    /// This controller alone.
    Standalone,
    /// Nobody yet.
    None,
    /// These.
    Voters(Vec<InitialVoter>),
}

/// What is to be formatted.
#[derive(Debug)]
pub(crate) struct FormatRequest<'a> {
    /// The node.
    pub(crate) config: &'a NodeConfig,
    /// The cluster.
    pub(crate) cluster_id: &'a str,
    /// Leave formatted directories alone.
    pub(crate) ignore_formatted: bool,
    /// Level of metadata.version.
    pub(crate) release: i16,
    /// Levels that differ from the release's.
    pub(crate) features: Levels,
    /// Who forms the quorum.
    pub(crate) initial: Initial,
}

impl<'a> FormatRequest<'a> {
    /// A node of a static quorum, at the latest level.
    pub(crate) fn new(config: &'a NodeConfig, cluster_id: &'a str) -> Self {
        let (release, features) = (features::LATEST, Levels::new());
        Self {
            config,
            cluster_id,
            ignore_formatted: false,
            release,
            features,
            initial: Initial::Unsaid,
        }
    }
}

/// Formats a node's directories; what to tell about it. Nothing is written unless all of it can be.
pub(crate) fn format_node(request: &FormatRequest<'_>) -> Result<Vec<String>, CommandError> {
    check_quorum(request)?;
    let mut levels = features::levels(request.release, &request.features).map_err(CommandError::data)?;
    levels.retain(|(name, _)| name != "kraft.version");
    let todo = unformatted(request)?;
    if todo.is_empty() {
        return Ok(vec!["All of the log directories are already formatted.".to_owned()]);
    }
    let mut lines = vec![bootstrap_line(&levels)];
    let bootstrap = bootstrap_checkpoint(&levels)?;
    let voters = quorum_voters(request)?;
    for dir in &todo {
        let is_metadata = *dir == request.config.metadata_log_dir;
        let own = voters.iter().flatten().find(|voter| voter.id == request.config.node_id);
        let kind = match (is_metadata, &voters, own) {
            (false, ..) => "data directory",
            (true, None, _) => "metadata directory",
            (true, Some(_), Some(_)) => "dynamic metadata voter directory",
            (true, Some(_), None) => "dynamic metadata directory",
        };
        let name = features::release_name(request.release);
        lines.push(format!(
            "Formatting {kind} {} with metadata.version {name}.",
            dir.display()
        ));
        let directory_id = match own.filter(|_| is_metadata) {
            Some(voter) => voter.directory_id,
            None => ::broker::random_uuid(),
        };
        write_dir(
            dir,
            request,
            directory_id,
            &bootstrap,
            voters.as_deref().filter(|_| is_metadata),
        )
        .map_err(|error| CommandError::io(&format!("formatting {}", dir.display()), &error))?;
    }
    Ok(lines)
}

fn check_quorum(request: &FormatRequest<'_>) -> Result<(), CommandError> {
    let dynamic = request.config.quorum_voters.is_empty();
    let problem = match &request.initial {
        Initial::Standalone | Initial::Voters(_) if !dynamic => {
            "You cannot specify controller.quorum.voters and format the node with --initial-controllers or --standalone. If you want to use dynamic quorum, please remove controller.quorum.voters and specify controller.quorum.bootstrap.servers instead."
        }
        Initial::Unsaid if dynamic && request.config.is_controller => {
            "Because controller.quorum.voters is not set on this controller, you must specify one of the following: --standalone, --initial-controllers, or --no-initial-controllers."
        }
        Initial::Standalone if !request.config.is_controller => "You can only use --standalone on a controller.",
        _ => return Ok(()),
    };
    Err(CommandError::usage(problem))
}

/// Directories that are to be formatted, none of which is another node's.
fn unformatted(request: &FormatRequest<'_>) -> Result<Vec<PathBuf>, CommandError> {
    let mut dirs = request.config.log_dirs.clone();
    dirs.push(request.config.metadata_log_dir.clone());
    dirs.sort();
    dirs.dedup();
    let mut todo = Vec::new();
    for dir in dirs {
        let path = dir.join(names::META_PROPERTIES);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                todo.push(dir);
                continue;
            }
            Err(error) => return Err(CommandError::io(&format!("reading {}", path.display()), &error)),
        };
        let meta = MetaProperties::parse(&bytes)
            .map_err(|error| CommandError::data(format!("{}: {error}", path.display())))?;
        if let Some(found) = meta.cluster_id.filter(|found| *found != request.cluster_id) {
            return Err(CommandError::refused(format!(
                "Invalid cluster.id in: {}. Expected {}, but read {found}",
                path.display(),
                request.cluster_id
            )));
        }
        if !request.ignore_formatted {
            return Err(CommandError::refused(format!(
                "Log directory {} is already formatted. Use --ignore-formatted to ignore this directory and format the others.",
                dir.display()
            )));
        }
    }
    Ok(todo)
}

fn bootstrap_line(levels: &Levels) -> String {
    let record = |(name, level): &(String, i16)| {
        format!("ApiMessageAndVersion(FeatureLevelRecord(name='{name}', featureLevel={level}) at version 0)")
    };
    let records: Vec<String> = levels.iter().map(record).collect();
    let release = levels.first().map_or(0, |(_, level)| *level);
    format!(
        "Bootstrap metadata: BootstrapMetadata(records=[{}], metadataVersionLevel={release}, source=format command)",
        records.join(", ")
    )
}

fn bootstrap_checkpoint(levels: &Levels) -> Result<Vec<u8>, CommandError> {
    let bug = |error: &dyn std::fmt::Display| CommandError::bug(error.to_string());
    let mut writer = SnapshotWriter::new(0, 0, 0, Vec::new()).map_err(|error| bug(&error))?;
    for (name, level) in levels {
        let record = FeatureLevelRecord {
            name: name.clone(),
            feature_level: *level,
            ..Default::default()
        };
        let value = encode_metadata(&record.into(), 0).map_err(|error| bug(&error))?;
        writer.push(&value).map_err(|error| bug(&error))?;
    }
    Ok(writer.finish().map_err(|error| bug(&error))?.to_vec())
}

/// The voters of a new dynamic quorum; none for a static one or one that is joined later.
fn quorum_voters(request: &FormatRequest<'_>) -> Result<Option<Vec<InitialVoter>>, CommandError> {
    match &request.initial {
        Initial::Unsaid | Initial::None => Ok(None),
        Initial::Voters(voters) => Ok(Some(voters.clone())),
        Initial::Standalone => {
            let name = request.config.controller_listener_names.first();
            let advertised = request
                .config
                .advertised_listeners
                .iter()
                .chain(&request.config.listeners);
            let endpoint = advertised.into_iter().find(|endpoint| Some(&endpoint.name) == name);
            let endpoint = endpoint.ok_or_else(|| CommandError::data("no controller listener is configured"))?;
            let host = if endpoint.host.is_empty() {
                "localhost"
            } else {
                endpoint.host.as_str()
            };
            let (id, directory_id) = (request.config.node_id, ::broker::random_uuid());
            Ok(Some(vec![InitialVoter {
                id,
                host: host.to_owned(),
                port: endpoint.port,
                directory_id,
            }]))
        }
    }
}

fn write_dir(
    dir: &Path,
    request: &FormatRequest<'_>,
    directory_id: Uuid,
    bootstrap: &[u8],
    voters: Option<&[InitialVoter]>,
) -> Result<(), Box<dyn std::error::Error>> {
    RealDisk.create_dir_all(dir)?;
    RealDisk.write_atomic(&dir.join(names::BOOTSTRAP_CHECKPOINT), bootstrap)?;
    if let Some(voters) = voters {
        let log = dir.join(names::METADATA_LOG);
        RealDisk.create_dir_all(&log)?;
        let name = request
            .config
            .controller_listener_names
            .first()
            .cloned()
            .unwrap_or_default();
        let snapshot = voters_snapshot(voters, &name)?;
        RealDisk.write_atomic(&log.join(SnapshotId::default().file_name()), &snapshot)?;
        RealDisk.sync_dir(dir)?;
    }
    let meta = MetaProperties {
        cluster_id: Some(request.cluster_id.to_owned()),
        node_id: Some(request.config.node_id),
        directory_id: Some(directory_id),
    };
    let date = jiff::Timestamp::now().strftime("%a %b %d %H:%M:%S UTC %Y").to_string();
    RealDisk.write_atomic(&dir.join(names::META_PROPERTIES), meta.format(&date).as_bytes())?;
    Ok(())
}

fn voters_snapshot(voters: &[InitialVoter], listener: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let voter = |voter: &InitialVoter| VotersVoter {
        voter_id: voter.id,
        voter_directory_id: voter.directory_id,
        endpoints: vec![VotersEndpoint {
            name: listener.to_owned(),
            host: voter.host.clone(),
            port: voter.port,
            ..Default::default()
        }],
        kraft_version_feature: VotersKRaftVersionFeature {
            max_supported_version: 1,
            ..Default::default()
        },
        ..Default::default()
    };
    let (mut version, mut set) = (Vec::new(), Vec::new());
    KRaftVersionRecord {
        kraft_version: 1,
        ..Default::default()
    }
    .encode(0, &mut version)?;
    VotersRecord {
        voters: voters.iter().map(voter).collect(),
        ..Default::default()
    }
    .encode(0, &mut set)?;
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let control = vec![(ControlType::KRaftVersion, version), (ControlType::KRaftVoters, set)];
    Ok(SnapshotWriter::new(0, now_ms, now_ms, control)?.finish()?.to_vec())
}
