//! Features: what the nodes support, and what the cluster has agreed on.

mod change;
mod describe;
mod downgrade;
mod levels;
mod upgrade;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;
use crate::storage::{METADATA_VERSION, Release};

pub(crate) use change::FeatureChange;
pub(crate) use describe::FeatureRow;

/// Commands on features.
#[derive(Debug, Subcommand)]
pub(crate) enum FeaturesCommand {
    Describe(describe::DescribeArgs),
    Downgrade(downgrade::DowngradeArgs),
    Upgrade(upgrade::UpgradeArgs),
}

pub(crate) fn run(command: FeaturesCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        FeaturesCommand::Describe(args) => describe::run(&args, context),
        FeaturesCommand::Downgrade(args) => downgrade::run(&args, context),
        FeaturesCommand::Upgrade(args) => upgrade::run(&args, context),
    }
}

/// The release that a level of metadata.version is called by.
fn release_of(feature: &str, level: i16) -> Option<&'static str> {
    let release = Release::of_level(level).ok().filter(|_| feature == METADATA_VERSION)?;
    Some(release.name())
}

/// A level, with the release that it is called by.
fn level_text(feature: &str, level: i16) -> String {
    match release_of(feature, level) {
        Some(release) => format!("{level} ({release})"),
        None => level.to_string(),
    }
}
