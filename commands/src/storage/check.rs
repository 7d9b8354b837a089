//! storage check

mod checkpoints;
mod directory;
mod metadata;
mod placement;
mod report;
mod upkeep;

use std::path::PathBuf;
use std::sync::Arc;

use broker_log::disk::{Disk, RealDisk};
use clap::Args;

use super::{dirs, format};
use crate::context::Context;
use crate::error::CommandError;
use crate::exit_codes;

use directory::Directory;
use metadata::Metadata;
use report::Findings;
pub(crate) use report::StorageCheck;

const HELP: &str = "\
Examples:
  kfleet storage check -c server.properties
  kfleet storage check /disk1/kafka /disk2/kafka
  kfleet -o json storage check /var/lib/kafka | jq '.data.findings[] | select(.severity == \"error\")'

Name all log directories of the node, so that they can be compared with each other and with what the metadata says.
Segments are not read: that is what logs verify is for. Nothing is written.
Exit codes: 0 all well, or remarks only; 1 warnings; 2 errors; 66 a directory does not exist.";

/// Compare the log directories of a node with what a broker would expect of them, offline.
#[derive(Debug, Args)]
#[command(infer_long_args = true, after_help = HELP)]
pub(crate) struct CheckArgs {
    /// The log directories of a node
    #[arg(value_name = "DIR", required_unless_present = "config")]
    dirs: Vec<PathBuf>,
    /// server.properties, for log.dirs, metadata.log.dir and node.id
    #[arg(short, long, value_name = "FILE", conflicts_with = "dirs")]
    config: Option<PathBuf>,
}

pub(crate) fn run(args: &CheckArgs, context: &Context) -> Result<(), CommandError> {
    let mut paths = args.dirs.clone();
    let mut node_id = None;
    if let Some(path) = &args.config {
        let config = format::read_config(path)?;
        paths = dirs::configured(&config).into_iter().map(PathBuf::from).collect();
        node_id = Some(config.node_id);
    }
    for path in &paths {
        if !path.is_dir() {
            let what = if path.exists() {
                "is not a directory"
            } else {
                "does not exist"
            };
            return Err(CommandError::not_found(format!("{} {what}", path.display())));
        }
    }
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let mut findings = Findings::default();
    let directories = paths
        .iter()
        .map(|path| Directory::read(path, &disk, &mut findings))
        .collect::<Result<Vec<Directory>, CommandError>>()?;
    directory::compare(&directories, node_id, &mut findings);
    let metadata = metadata_of(&directories, disk.as_ref(), &mut findings)?;
    let node_id = node_id.or_else(|| directories.iter().find_map(|dir| dir.meta.as_ref()?.node_id));
    let missing = placement::check(&directories, metadata.as_ref(), node_id, &mut findings);
    for directory in &directories {
        checkpoints::check(directory, &missing, &disk, &mut findings)?;
        upkeep::check(directory, &disk, &mut findings)?;
    }
    let report = StorageCheck::new(&directories, metadata.as_ref(), findings);
    context.out.show(report.cluster_id(), &report, &[])?;
    context.out.note(&report.summary());
    match report.exit_code() {
        exit_codes::OK => Ok(()),
        // The report has said why.
        code => Err(CommandError::exit(code)),
    }
}

/// The metadata, from the only directory that has it.
fn metadata_of(
    directories: &[Directory],
    disk: &dyn Disk,
    findings: &mut Findings,
) -> Result<Option<Metadata>, CommandError> {
    let having: Vec<&Directory> = directories.iter().filter(|dir| dir.metadata_log.is_some()).collect();
    if let [_, other, ..] = having[..] {
        findings.error(
            &other.path,
            "another directory has a metadata log, too: a node does not start with two of them",
            "Move away the one that is not in metadata.log.dir, or, where that is not set, not in the first of log.dirs.",
        );
    }
    let Some(log) = having.first().and_then(|dir| dir.metadata_log.as_deref()) else {
        if let Some(first) = directories.first() {
            findings.warning(
                &first.path,
                "no directory has a metadata log: replicas cannot be compared with their assignments",
                "Name the directory of metadata.log.dir, too. A node that never ran has none.",
            );
        }
        return Ok(None);
    };
    Metadata::read(disk, log, findings).map(Some)
}
