//! features downgrade

use clap::Args;
use client::FeatureUpdateKind;

use super::change::change;
use super::levels::LevelArgs;
use crate::context::{Context, SafetyArgs};
use crate::error::CommandError;

/// Lower levels of features.
///
/// All are lowered or none; level 0 turns a feature off. The cluster is asked first whether it would, under --dry-run
/// too, and what would lose metadata is refused.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet features downgrade --feature share.version=0 --yes -b localhost:9092\n  kfleet features downgrade --release-version 4.1 --dry-run"
)]
pub(crate) struct DowngradeArgs {
    #[command(flatten)]
    levels: LevelArgs,
    /// Go ahead even if metadata is lost, where the cluster can
    #[arg(long = "unsafe")]
    is_unsafe: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn run(args: &DowngradeArgs, context: &Context) -> Result<(), CommandError> {
    let kind = if args.is_unsafe {
        FeatureUpdateKind::UnsafeDowngrade
    } else {
        FeatureUpdateKind::SafeDowngrade
    };
    change(&args.levels, kind, &args.safety, context)
}
