//! storage feature-dependencies

use clap::Args;

use super::features::{Feature, METADATA_VERSION};
use super::releases::Release;
use super::shown::{Dependencies, FeatureLevel};
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
    let mut found = Vec::new();
    for text in &args.feature {
        match dependencies(text) {
            Ok(of) => found.push(of),
            Err(error) => {
                // As Apache's tool does, those before it are told.
                if !context.out.is_json() && !found.is_empty() {
                    context.out.show(None, &found, &[])?;
                }
                return Err(error);
            }
        }
    }
    context.out.show(None, &found, &[])
}

fn dependencies(text: &str) -> Result<Dependencies, CommandError> {
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
        let text = format!("{name}={level} ({}) has no dependencies.\n", release.name());
        return Ok(of(name, level, None, text));
    }
    let feature = Feature::named(name).ok_or_else(|| CommandError::data(format!("Unknown feature: {name}")))?;
    let needed = feature
        .needs(level)
        .ok_or_else(|| CommandError::data(format!("Feature level {level} is not supported for feature {name}")))?;
    let needed = needed.and_then(|level| Release::of_level(level).ok());
    let text = match needed {
        None => format!("{name}={level} has no dependencies.\n"),
        Some(needed) => format!(
            "{name}={level} requires:\n    {METADATA_VERSION}={} ({})\n",
            needed.level(),
            needed.name()
        ),
    };
    Ok(of(name, level, needed, text))
}

fn of(name: &str, level: i16, needed: Option<Release>, text: String) -> Dependencies {
    let feature_level = |feature: &str, level| FeatureLevel {
        feature: feature.to_owned(),
        level,
    };
    let requires = needed.map(|release| feature_level(METADATA_VERSION, release.level()));
    Dependencies {
        of: feature_level(name, level),
        requires: requires.into_iter().collect(),
        text,
    }
}
