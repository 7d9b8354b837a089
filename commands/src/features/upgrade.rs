//! features upgrade

use clap::Args;
use client::FeatureUpdateKind;

use super::change::change;
use super::levels::LevelArgs;
use crate::context::{Context, SafetyArgs};
use crate::error::CommandError;

/// Raise levels of features.
///
/// All are raised or none. The cluster is asked first whether it would, under --dry-run too.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet features upgrade --release-version 4.3 --dry-run -b localhost:9092\n  kfleet features upgrade --metadata 4.3 --feature group.version=1 --yes"
)]
pub(crate) struct UpgradeArgs {
    #[command(flatten)]
    levels: LevelArgs,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn run(args: &UpgradeArgs, context: &Context) -> Result<(), CommandError> {
    change(&args.levels, FeatureUpdateKind::Upgrade, &args.safety, context)
}
