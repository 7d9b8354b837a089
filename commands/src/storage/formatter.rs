//! Formats the log directories of a node.

use std::path::Path;

use broker_log::disk::{Disk as _, RealDisk};
use protocol::Uuid;
use protocol::config::NodeConfig;
use protocol::files::{MetaProperties, MetaVersion, SnapshotId, SnapshotWriter, names};
use protocol::messages::control::{
    KRaftVersionRecord, VotersEndpoint, VotersKRaftVersionFeature, VotersRecord, VotersVoter,
};
use protocol::messages::framing::ControlType;

use super::bootstrap::Bootstrap;
use super::dirs::{self, LogDirs};
use super::features::{self, KRAFT_VERSION, Levels};
use super::releases::Release;
use super::scram;
use super::voters::InitialVoter;
use crate::error::CommandError;

/// What is to be formatted.
#[derive(Debug)]
pub(crate) struct FormatRequest<'a> {
    /// The node.
    pub(crate) config: &'a NodeConfig,
    /// The cluster.
    pub(crate) cluster_id: &'a str,
    /// Leave formatted directories alone.
    pub(crate) ignore_formatted: bool,
    /// The metadata.version.
    pub(crate) release: Release,
    /// Levels that differ from the release's.
    pub(crate) features: Levels,
    /// SCRAM credentials, as they were given.
    pub(crate) scram: &'a [String],
    /// The voters of a new dynamic quorum; none for a static one, or one that is joined later.
    pub(crate) voters: Option<Vec<InitialVoter>>,
}

impl<'a> FormatRequest<'a> {
    /// A node of a static quorum, at the latest level.
    pub(crate) fn new(config: &'a NodeConfig, cluster_id: &'a str) -> Self {
        Self {
            config,
            cluster_id,
            ignore_formatted: false,
            release: Release::LATEST,
            features: Levels::new(),
            scram: &[],
            voters: None,
        }
    }
}

/// What there is to tell while directories are formatted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Told<'a> {
    /// What Apache's tool prints, too.
    Line(&'a str),
    /// What is left out, and why.
    Warning(&'a str),
    /// This directory is formatted now, as what it is.
    Done(&'a str, &'static str),
}

/// Formats a node's directories. Nothing is written before all that can be checked is.
pub(crate) fn format_node(
    request: &FormatRequest<'_>,
    tell: &mut dyn FnMut(Told<'_>) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let is_dynamic = request.config.quorum_voters.is_empty();
    let levels = features::effective(request.release, &request.features, is_dynamic).map_err(CommandError::data)?;
    let bootstrap = Bootstrap::new(request.release, &levels, credentials(request)?);
    let found = LogDirs::read(dirs::configured(request.config));
    found.verify(request.cluster_id, request.config.node_id)?;
    if let Some(dir) = found.first_formatted().filter(|_| !request.ignore_formatted) {
        return Err(CommandError::refused(format!(
            "Log directory {dir} is already formatted. Use --ignore-formatted to ignore this directory and format the others."
        )));
    }
    for (dir, why) in found.broken_in_order() {
        tell(Told::Line(&format!(
            "I/O error trying to read log directory {dir}. Ignoring..."
        )))?;
        let path = dirs::meta_path(dir);
        tell(Told::Warning(&format!("reading {}: {why}", path.display())))?;
    }
    if found.empty.is_empty() && found.formatted.is_empty() {
        return Err(CommandError::io(
            "formatting",
            &"No available log directories to format.",
        ));
    }
    if found.empty.is_empty() {
        return tell(Told::Line("All of the log directories are already formatted."));
    }
    tell(Told::Line(&bootstrap.line()))?;
    let checkpoint = bootstrap.checkpoint()?;
    let kraft_version = levels.get(KRAFT_VERSION).copied().unwrap_or(0);
    for dir in found.empty_in_order() {
        let plan = DirPlan::new(request, &dir);
        let release = request.release.name();
        let kind = plan.kind;
        tell(Told::Line(&format!(
            "Formatting {kind} {dir} with metadata.version {release}."
        )))?;
        write_dir(request, &plan, &checkpoint, kraft_version)
            .map_err(|error| CommandError::io(&format!("Error while writing meta.properties file {dir}"), &error))?;
        tell(Told::Done(&dir, kind))?;
    }
    Ok(())
}

fn credentials(
    request: &FormatRequest<'_>,
) -> Result<Vec<protocol::messages::metadata::UserScramCredentialRecord>, CommandError> {
    if !request.scram.is_empty() && request.release < Release::FIRST_WITH_SCRAM {
        return Err(CommandError::data(format!(
            "SCRAM is only supported in metadata.version {} or later.",
            Release::FIRST_WITH_SCRAM.name()
        )));
    }
    let parse = |text: &String| scram::parse_credential(text, scram::random_salt);
    let parsed: Result<_, _> = request.scram.iter().map(parse).collect();
    parsed.map_err(CommandError::data)
}

/// What a directory becomes.
#[derive(Debug)]
struct DirPlan<'a> {
    dir: &'a Path,
    kind: &'static str,
    directory_id: Uuid,
    /// The voters that its metadata log starts with.
    voters: Option<&'a [InitialVoter]>,
}

impl<'a> DirPlan<'a> {
    fn new(request: &'a FormatRequest<'_>, dir: &'a str) -> Self {
        let is_metadata = request.config.metadata_log_dir.as_os_str() == dir;
        let voters = request.voters.as_deref().filter(|_| is_metadata);
        let own = voters
            .into_iter()
            .flatten()
            .find(|voter| voter.id == request.config.node_id);
        let kind = match (is_metadata, voters, own) {
            (false, ..) => "data directory",
            (true, None, _) => "metadata directory",
            (true, Some(_), Some(_)) => "dynamic metadata voter directory",
            (true, Some(_), None) => "dynamic metadata directory",
        };
        Self {
            dir: Path::new(dir),
            kind,
            directory_id: own.map_or_else(::broker::random_uuid, |voter| voter.directory_id),
            voters,
        }
    }
}

fn write_dir(
    request: &FormatRequest<'_>,
    plan: &DirPlan<'_>,
    checkpoint: &[u8],
    kraft_version: i16,
) -> Result<(), Box<dyn std::error::Error>> {
    let dir = plan.dir;
    RealDisk.create_dir_all(dir)?;
    RealDisk.write_atomic(&dir.join(names::BOOTSTRAP_CHECKPOINT), checkpoint)?;
    if let Some(voters) = plan.voters {
        let log = dir.join(names::METADATA_LOG);
        RealDisk.create_dir_all(&log)?;
        let listener = request.config.controller_listener_names.first();
        let snapshot = voters_snapshot(voters, listener.map_or("", String::as_str), kraft_version)?;
        RealDisk.write_atomic(&log.join(SnapshotId::default().file_name()), &snapshot)?;
        RealDisk.sync_dir(dir)?;
    }
    let meta = MetaProperties {
        version: MetaVersion::V1,
        cluster_id: Some(request.cluster_id.to_owned()),
        node_id: Some(request.config.node_id),
        directory_id: Some(plan.directory_id),
    };
    let date = jiff::Timestamp::now().strftime("%a %b %d %H:%M:%S UTC %Y").to_string();
    RealDisk.write_atomic(&dir.join(names::META_PROPERTIES), meta.format(&date).as_bytes())?;
    Ok(())
}

fn voters_snapshot(
    voters: &[InitialVoter],
    listener: &str,
    kraft_version: i16,
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
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
        kraft_version,
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
