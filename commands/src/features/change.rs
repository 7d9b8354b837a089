//! A change of levels: what it is, whether the cluster would make it, and making it.

use std::time::Duration;

use client::{Client, FeatureUpdateKind, FinalizedFeatures};
use protocol::api::ErrorCode;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::sleep;

use super::level_text;
use super::levels::{Direction, LevelArgs, Wanted};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};
use crate::storage::{KRAFT_VERSION, Levels};

/// How often a node is asked whether it has heard of new levels.
const POLL: Duration = Duration::from_millis(50);

/// What became of a feature.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct FeatureChange {
    /// The feature.
    feature: String,
    /// The level it had.
    from: i16,
    /// The level it was to get.
    to: i16,
    /// Whether anything was changed.
    changed: bool,
}

impl Shown for Vec<FeatureChange> {
    const SCHEMA: &'static str = "features-change/1";

    fn table(&self, _: bool) -> Table {
        let row = |change: &FeatureChange| {
            vec![
                change.feature.clone(),
                level_text(&change.feature, change.from),
                level_text(&change.feature, change.to),
                if change.changed { "done" } else { "unchanged" }.to_owned(),
            ]
        };
        Table {
            headers: vec!["FEATURE", "FROM", "TO", "RESULT"],
            rows: self.iter().map(row).collect(),
        }
    }
}

/// Plans, has the cluster check, asks, and changes.
pub(super) fn change(
    levels: &LevelArgs,
    kind: FeatureUpdateKind,
    safety: &SafetyArgs,
    context: &Context,
) -> Result<(), CommandError> {
    let direction = match kind {
        FeatureUpdateKind::Upgrade => Direction::Up,
        FeatureUpdateKind::SafeDowngrade | FeatureUpdateKind::UnsafeDowngrade => Direction::Down,
    };
    let (id, before, wanted, changed) = block_on(async {
        let client = context.connect_to_any_role().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(safety, &id)?;
        client.prefer_active().await?;
        let before = client.finalized_features().await?;
        let wanted = levels.wanted(direction, &before)?;
        if wanted.changes.is_empty() {
            return Ok((id, before, wanted, false));
        }
        insist_on_voters_staying(direction, &wanted.changes)?;
        client
            .update_features(&wanted.changes, kind, true)
            .await
            .map_err(|error| refused(error, kind))?;
        for (name, level) in &wanted.changes {
            let (from, to) = (level_text(name, before.level(name)), level_text(name, *level));
            context.out.note(&format!("  {name}: {from} -> {to}"));
        }
        let verb = if direction == Direction::Up {
            "upgrade"
        } else {
            "downgrade"
        };
        let action = format!("{verb} {} of the cluster's features", wanted.changes.len());
        if !context.may_change(safety, &id, &action)? {
            return Ok((id, before, wanted, false));
        }
        client
            .update_features(&wanted.changes, kind, false)
            .await
            .map_err(|error| refused(error, kind))?;
        until_finalized(&client, &wanted.changes).await?;
        Ok::<_, CommandError>((id, before, wanted, true))
    })??;
    context
        .out
        .show(Some(&id), &results(&before, &wanted, changed), &wanted.notes)
}

fn results(before: &FinalizedFeatures, wanted: &Wanted, changed: bool) -> Vec<FeatureChange> {
    let result = |(name, level): (&String, &i16), changed| FeatureChange {
        feature: name.clone(),
        from: before.level(name),
        to: *level,
        changed,
    };
    let changes = wanted.changes.iter().map(|change| result(change, changed));
    let same = wanted.same.iter().map(|same| result(same, false));
    let mut all: Vec<FeatureChange> = changes.chain(same).collect();
    all.sort_by(|a, b| a.feature.cmp(&b.feature));
    all
}

/// There is no way from dynamic voters back to static ones.
fn insist_on_voters_staying(direction: Direction, changes: &Levels) -> Result<(), CommandError> {
    if direction == Direction::Down && changes.contains_key(KRAFT_VERSION) {
        return Err(CommandError::refused(format!(
            "{KRAFT_VERSION} never goes down: voters that are dynamic stay so; nothing was changed"
        )));
    }
    Ok(())
}

/// A downgrade that would lose metadata is a matter of safety, as long as nobody asks for it in so many words.
fn refused(error: client::ClientError, kind: FeatureUpdateKind) -> CommandError {
    let is_about_levels = error.code() == Some(ErrorCode::InvalidUpdateVersion);
    if is_about_levels && kind == FeatureUpdateKind::SafeDowngrade {
        return CommandError::refused(format!(
            "the cluster does not think this safe: {error}; nothing was changed"
        ))
        .hint("--unsafe asks it to go ahead in spite of that, where it can");
    }
    error.into()
}

/// Waits until the node that is asked has heard of new levels. Not all nodes tell of the voters' own.
async fn until_finalized(client: &Client, levels: &Levels) -> Result<(), CommandError> {
    for (name, level) in levels.iter().filter(|(name, _)| *name != KRAFT_VERSION) {
        while client.finalized_features().await?.level(name) != *level {
            sleep(POLL).await;
        }
    }
    Ok(())
}
