//! kafka-features

use std::collections::BTreeMap;

use client::{Client, FeatureUpdateKind, FinalizedFeatures};
use protocol::api::messages::ApiVersionsResponse;

use super::arguments::{Given, Grammar, Subcommand, switch, value};
use super::cluster::Where;
use super::failed::{Failed, Throwable};
use super::io::Io;
use super::passed;
use crate::storage::{FEATURES, METADATA_VERSION, Release};

/// Its flags.
pub(super) const GRAMMAR: Grammar = Grammar {
    script: "kafka-features",
    arguments: &[
        value("bootstrap-server", None),
        value("bootstrap-controller", None),
        value("command-config", None),
    ],
    commands: &[
        Subcommand {
            name: "describe",
            arguments: &[value("node-id", None)],
        },
        Subcommand {
            name: "upgrade",
            arguments: &[
                value("metadata", None),
                value("release-version", None),
                value("feature", None),
                switch("dry-run", None),
            ],
        },
        Subcommand {
            name: "downgrade",
            arguments: &[
                value("metadata", None),
                value("release-version", None),
                value("feature", None),
                switch("unsafe", None),
                switch("dry-run", None),
            ],
        },
        Subcommand {
            name: "disable",
            arguments: &[value("feature", None), switch("unsafe", None), switch("dry-run", None)],
        },
        Subcommand {
            name: "version-mapping",
            arguments: &[value("release-version", None)],
        },
        Subcommand {
            name: "feature-dependencies",
            arguments: &[value("feature", None)],
        },
    ],
    help_exits: 0,
};

/// Levels by feature.
type Levels = BTreeMap<String, i16>;

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    let given = GRAMMAR.parse(args)?;
    if let "version-mapping" | "feature-dependencies" = given.command {
        let flag = if given.command == "version-mapping" {
            "release-version"
        } else {
            "feature"
        };
        let values = given.values(flag).into_iter().map(|value| format!("--{flag}={value}"));
        let words = ["storage".to_owned(), given.command.to_owned()]
            .into_iter()
            .chain(values);
        return passed::run(words.collect(), io);
    }
    let (servers, is_controller) = given.servers()?;
    let failed = |error: Throwable| Failed::on_stderr(error.message);
    let levels = match given.command {
        "describe" => Levels::new(),
        _ => levels(&given, io).map_err(failed)?,
    };
    let node = given.number::<i32>("node-id")?;
    let cluster = Where::new(servers, is_controller, given.value("command-config")).map_err(failed)?;
    let client = cluster.connect("describeFeatures").await.map_err(failed)?;
    match given.command {
        "describe" => describe(&client, node, io).await.map_err(failed),
        _ => update(&given, &client, &levels, io).await,
    }
}

async fn describe(client: &Client, node: Option<i32>, io: &mut Io) -> Result<(), Throwable> {
    let versions: ApiVersionsResponse = match node {
        None => client.any().await?.api_versions().clone(),
        Some(id) => {
            let answers = client.node_versions(Some(id)).await.into_result()?;
            let unknown = || {
                Throwable::new(
                    "org.apache.kafka.common.errors.TimeoutException",
                    "Timed out waiting for a node assignment. Call: describeFeatures",
                )
            };
            answers.into_iter().next().ok_or_else(unknown)?.versions
        }
    };
    let finalized = FinalizedFeatures::of(&versions);
    let epoch = finalized
        .epoch
        .map_or_else(|| "-".to_owned(), |epoch| epoch.to_string());
    let mut supported = versions.supported_features;
    supported.sort_by(|a, b| a.name.cmp(&b.name));
    for feature in supported {
        let name = &*feature.name;
        io.line(format!(
            "Feature: {name:<40}  SupportedMinVersion: {:<15}  SupportedMaxVersion: {:<15}  FinalizedVersionLevel: {:<15}  Epoch: {epoch}",
            level_text(name, feature.min_version),
            level_text(name, feature.max_version),
            level_text(name, finalized.level(name)),
        ));
    }
    Ok(())
}

fn level_text(feature: &str, level: i16) -> String {
    if feature != METADATA_VERSION {
        return level.to_string();
    }
    Release::of_level(level).map_or_else(|_| format!("UNKNOWN {level}"), |release| release.name().to_owned())
}

/// Levels that the command line names.
fn levels(given: &Given, io: &mut Io) -> Result<Levels, Throwable> {
    let mut levels = Levels::new();
    let features = given.values("feature");
    let twice = |name: &str| Throwable::illegal(format!("Feature {name} was specified more than once."));
    if given.command == "disable" {
        for name in features {
            if levels.insert(name.to_owned(), 0).is_some() {
                return Err(twice(name));
            }
        }
        return Ok(levels);
    }
    let metadata = given.value("metadata");
    if let Some(release) = given.value("release-version") {
        if metadata.is_some() || !features.is_empty() {
            return Err(Throwable::illegal(
                "Can not specify `release-version` with other feature flags.",
            ));
        }
        let release = Release::parse(release, true).map_err(Throwable::illegal)?;
        levels.insert(METADATA_VERSION.to_owned(), release.level());
        for feature in &FEATURES {
            let level = feature.default_level(release);
            if given.command != "upgrade" || level > 0 {
                levels.insert(feature.name.to_owned(), level);
            }
        }
        return Ok(levels);
    }
    if let Some(release) = metadata {
        io.line(" `metadata` flag is deprecated and may be removed in a future release.");
        let release = Release::parse(release, true).map_err(Throwable::illegal)?;
        levels.insert(METADATA_VERSION.to_owned(), release.level());
    }
    for text in features {
        let wrong = |why: String| Throwable::illegal(format!("Can't parse feature=level string {text}: {why}"));
        let (name, level) = text
            .split_once('=')
            .ok_or_else(|| wrong("equals sign not found.".to_owned()))?;
        let (name, level) = (name.trim(), level.trim());
        let level = level
            .parse()
            .map_err(|_| wrong(format!("unable to parse {level} as a short.")))?;
        if levels.insert(name.to_owned(), level).is_some() {
            return Err(twice(name));
        }
    }
    Ok(levels)
}

async fn update(given: &Given, client: &Client, levels: &Levels, io: &mut Io) -> Result<(), Failed> {
    if levels.is_empty() {
        return Err(Failed::on_stderr(format!(
            "You must specify at least one feature to {}",
            given.command
        )));
    }
    let kind = match (given.command, given.has("unsafe")) {
        ("upgrade", _) => FeatureUpdateKind::Upgrade,
        (_, false) => FeatureUpdateKind::SafeDowngrade,
        (_, true) => FeatureUpdateKind::UnsafeDowngrade,
    };
    let is_dry = given.has("dry-run");
    let done = client
        .update_features(levels, kind, is_dry)
        .await
        .map_err(Throwable::from);
    for (name, level) in levels {
        let to = if given.command == "disable" {
            String::new()
        } else {
            format!(" to {level}")
        };
        match &done {
            Ok(()) => {
                let how = if is_dry { "can be" } else { "was" };
                io.line(format!("{name} {how} {}d{to}.", given.command));
            }
            Err(error) => {
                let could = if is_dry { "Can" } else { "Could" };
                io.line(format!("{could} not {} {name}{to}. {}", given.command, error.message));
            }
        }
    }
    match done {
        Ok(()) => Ok(()),
        Err(_) => Err(Failed::on_stderr(format!(
            "{0} out of {0} operation(s) failed.",
            levels.len()
        ))),
    }
}
