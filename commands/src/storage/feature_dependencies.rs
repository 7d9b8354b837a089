//! storage feature-dependencies

use clap::Args;

use super::features::{Feature, METADATA_VERSION};
use super::releases::Release;
use crate::context::Context;
use crate::error::CommandError;

/// Print what levels of features need.
#[derive(Debug, Args)]
#[command(
    infer_long_args = true,
    after_help = "Example:\n  kfleet storage feature-dependencies --feature eligible.leader.replicas.version=1"
)]
pub(crate) struct FeatureDependenciesArgs {
    /// A feature's level; may be repeated
    #[arg(short, long, value_name = "NAME=LEVEL", required = true)]
    feature: Vec<String>,
}

pub(crate) fn run(args: &FeatureDependenciesArgs, context: &Context) -> Result<(), CommandError> {
    for text in &args.feature {
        context.out.print(&dependencies(text)?)?;
    }
    Ok(())
}

fn dependencies(text: &str) -> Result<String, CommandError> {
    let (name, level_text) = text.split_once('=').ok_or_else(|| {
        CommandError::usage(format!(
            "Invalid feature format: {text}. Expected format: 'feature=version' (e.g. 'group.version=1')"
        ))
    })?;
    let level: i16 = level_text
        .trim()
        .parse()
        .map_err(|_| CommandError::usage(format!("Invalid version format: {level_text} for feature {name}")))?;
    if name == METADATA_VERSION {
        let release =
            Release::of_level(level).map_err(|_| CommandError::data(format!("Unknown metadata.version {level}")))?;
        return Ok(format!("{name}={level} ({}) has no dependencies.\n", release.name()));
    }
    let feature = Feature::named(name).ok_or_else(|| CommandError::data(format!("Unknown feature: {name}")))?;
    let needed = feature
        .needs(level)
        .ok_or_else(|| CommandError::data(format!("Feature level {level} is not supported for feature {name}")))?;
    Ok(match needed.and_then(|level| Release::of_level(level).ok()) {
        None => format!("{name}={level} has no dependencies.\n"),
        Some(needed) => format!(
            "{name}={level} requires:\n    {METADATA_VERSION}={} ({})\n",
            needed.level(),
            needed.name()
        ),
    })
}
