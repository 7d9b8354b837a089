//! Log directories before a node runs.

mod argument_files;
mod bootstrap;
mod check;
mod dirs;
mod feature_dependencies;
mod features;
mod format;
mod formatter;
mod info;
pub(crate) mod java_order;
mod random_uuid;
mod releases;
mod scram;
mod shown;
mod version_mapping;
mod voters;

use clap::Subcommand;

pub(crate) use argument_files::read as read_argument_files;
pub(crate) use check::StorageCheck;
pub(crate) use features::{FEATURES, KRAFT_VERSION, Levels, METADATA_VERSION, parse_levels};
pub(crate) use format::read_config;
pub(crate) use formatter::{FormatRequest, format_node};
pub(crate) use releases::Release;
pub(crate) use scram::{ITERATIONS_MAX, ITERATIONS_MIN, random_salt};
pub(crate) use shown::{Dependencies, Formatted, RandomUuid, StorageInfo, VersionMapping};
pub(crate) use voters::InitialVoter;

use crate::context::Context;
use crate::error::CommandError;

/// Commands on log directories.
#[derive(Debug, Subcommand)]
pub(crate) enum StorageCommand {
    Check(check::CheckArgs),
    FeatureDependencies(feature_dependencies::FeatureDependenciesArgs),
    Format(format::FormatArgs),
    Info(info::InfoArgs),
    RandomUuid(random_uuid::RandomUuidArgs),
    VersionMapping(version_mapping::VersionMappingArgs),
}

pub(crate) fn run(command: StorageCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        StorageCommand::Check(args) => check::run(&args, context),
        StorageCommand::FeatureDependencies(args) => feature_dependencies::run(&args, context),
        StorageCommand::Format(args) => format::run(&args, context),
        StorageCommand::Info(args) => info::run(&args, context),
        StorageCommand::RandomUuid(args) => random_uuid::run(&args, context),
        StorageCommand::VersionMapping(args) => version_mapping::run(&args, context),
    }
}
