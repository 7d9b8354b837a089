//! storage version-mapping

use clap::Args;

use super::features::{FEATURES, METADATA_VERSION};
use super::releases::Release;
use super::shown::{FeatureLevel, VersionMapping};
use crate::context::Context;
use crate::error::CommandError;

/// Print the features that a release starts with.
#[derive(Debug, Args)]
#[command(
    infer_long_args = true,
    after_help = "Example:\n  kfleet storage version-mapping --release-version 4.0"
)]
pub(crate) struct VersionMappingArgs {
    /// The release; the latest one if not given
    #[arg(short, long, value_name = "RELEASE")]
    release_version: Option<String>,
}

pub(crate) fn run(args: &VersionMappingArgs, context: &Context) -> Result<(), CommandError> {
    let name = args
        .release_version
        .as_deref()
        .unwrap_or_else(|| Release::LATEST.name());
    let release = Release::parse(name, true).map_err(CommandError::data)?;
    let level = |feature: &str, level| FeatureLevel {
        feature: feature.to_owned(),
        level,
    };
    let others = FEATURES
        .iter()
        .map(|feature| level(feature.name, feature.default_level(release)));
    let mapping = VersionMapping {
        release: name.to_owned(),
        features: std::iter::once(level(METADATA_VERSION, release.level()))
            .chain(others)
            .collect(),
    };
    context.out.show(None, &mapping, &[])
}
