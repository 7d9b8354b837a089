//! What becomes of topics: shown before it is done, and told afterwards.

use std::time::Duration;

use client::Client;
use protocol::api::ErrorCode;
use protocol::api::messages::metadata_response::MetadataResponseTopic;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::sleep;

use crate::context::Context;
use crate::error::CommandError;
use crate::failure::Failure;
use crate::output::{Shown, Table};

/// What became of a topic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct TopicChange {
    /// The topic.
    pub(crate) topic: String,
    /// Its id, of a topic that was created; none where the cluster does not say.
    pub(crate) id: Option<String>,
    /// Partitions it has after the change, or had before it was deleted; none if that is not known.
    pub(crate) partitions: Option<i32>,
    /// Partitions it had before.
    pub(crate) partitions_before: Option<i32>,
    /// Replicas of each of them; none if that is not known.
    pub(crate) replication_factor: Option<i32>,
    /// Whether anything was changed.
    pub(crate) changed: bool,
    /// Why not, if the cluster refused.
    pub(crate) error: Option<String>,
}

impl TopicChange {
    /// Of this topic, before anything is done.
    pub(crate) fn of(topic: impl Into<String>) -> Self {
        Self {
            topic: topic.into(),
            ..Self::default()
        }
    }
}

impl Shown for Vec<TopicChange> {
    const SCHEMA: &'static str = "topics-change/1";

    fn table(&self, _: bool) -> Table {
        let row = |change: &TopicChange| {
            let state = match (&change.error, change.changed) {
                (Some(error), _) => error.clone(),
                (None, true) => "done".to_owned(),
                (None, false) => "unchanged".to_owned(),
            };
            let mut row = plan_row(change);
            row.push(state);
            row
        };
        Table {
            headers: [&PLAN_HEADERS[..], &["RESULT"]].concat(),
            rows: self.iter().map(row).collect(),
        }
    }
}

const PLAN_HEADERS: [&str; 3] = ["TOPIC", "PARTITIONS", "REPLICATION"];

fn plan_row(change: &TopicChange) -> Vec<String> {
    let number = |number: Option<i32>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let partitions = match change.partitions_before {
        Some(before) if change.partitions != Some(before) => format!("{before} -> {}", number(change.partitions)),
        _ => number(change.partitions),
    };
    vec![change.topic.clone(), partitions, number(change.replication_factor)]
}

/// Lines of a plan that are shown before it is asked about.
const LINES_MAX: usize = 20;

/// Shows what is about to be done, unless nobody is asked anyway.
pub(crate) fn show_plan(context: &Context, plan: &[TopicChange]) {
    let table = Table {
        headers: PLAN_HEADERS.to_vec(),
        rows: plan.iter().take(LINES_MAX).map(plan_row).collect(),
    };
    context.out.note(context.out.text_of(table).trim_end());
    if plan.len() > LINES_MAX {
        context.out.note(&format!("and {} more", plan.len() - LINES_MAX));
    }
}

/// What became of topics, and what else is to be told.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) rows: Vec<TopicChange>,
    pub(crate) warnings: Vec<String>,
    pub(crate) failures: Vec<Failure>,
}

impl Outcome {
    /// Notes what the cluster has refused.
    pub(crate) fn refuse(&mut self, errors: Vec<client::ShardError>) {
        for failed in errors {
            let topic = failed.what.trim_start_matches("topic ").to_owned();
            if let Some(row) = self.rows.iter_mut().find(|row| row.topic == topic) {
                row.error = Some(failed.error.reason());
                row.changed = false;
            }
            self.failures.push(Failure::from(failed));
        }
    }

    /// Prints it; a refusal among it is an error.
    pub(crate) fn show(mut self, context: &Context, cluster_id: &str) -> Result<(), CommandError> {
        self.rows.sort_by(|a, b| a.topic.cmp(&b.topic));
        context
            .out
            .show_part(Some(cluster_id), &self.rows, &self.warnings, &self.failures)
    }
}

/// How often a broker is asked whether it has heard of a change.
const POLL: Duration = Duration::from_millis(10);

/// Waits until a broker has heard of changes that the controller made, so that whatever runs next finds them. They are
/// made in any case: if it does not hear of them in time, that is a warning.
pub(crate) async fn until_seen(
    client: &Client,
    outcome: &mut Outcome,
    is_seen: impl Fn(&MetadataResponseTopic) -> bool,
) {
    let changed = outcome.rows.iter().filter(|row| row.changed);
    let changed: Vec<String> = changed.map(|row| row.topic.clone()).collect();
    if changed.is_empty() {
        return;
    }
    loop {
        match client.metadata(Some(&changed)).await {
            Ok(metadata) if metadata.topics.iter().all(&is_seen) => return,
            Ok(_) => sleep(POLL).await,
            Err(error) => {
                let why = format!("it is done, and the broker that was asked has yet to hear of it: {error}");
                outcome.warnings.push(why);
                return;
            }
        }
    }
}

/// Whether a topic has so many partitions, or any number if none is asked for, all with leaders.
pub(crate) fn has_partitions(topic: &MetadataResponseTopic, count: Option<i32>) -> bool {
    topic.error_code == 0
        && !topic.partitions.is_empty()
        && count.is_none_or(|count| topic.partitions.len() == count as usize)
        && topic.partitions.iter().all(|partition| partition.leader_id.0 >= 0)
}

/// Whether a topic is gone.
pub(crate) fn is_gone(topic: &MetadataResponseTopic) -> bool {
    topic.error_code == ErrorCode::UnknownTopicOrPartition.code()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_tells_of_partitions_before_and_after() {
        let grown = TopicChange {
            partitions: Some(6),
            partitions_before: Some(3),
            replication_factor: Some(2),
            ..TopicChange::of("orders")
        };
        assert_eq!(plan_row(&grown), ["orders", "3 -> 6", "2"]);
        assert_eq!(plan_row(&TopicChange::of("gone")), ["gone", "-", "-"]);
        let table = vec![grown].table(false);
        assert_eq!((table.headers.len(), table.rows[0].len()), (4, 4));
    }

    #[test]
    fn a_refusal_is_noted_with_its_topic() {
        let mut outcome = Outcome {
            rows: vec![TopicChange::of("a"), TopicChange::of("b")],
            ..Outcome::default()
        };
        let error = client::ClientError::rejected("topic b", 37, Some("too few"));
        outcome.refuse(vec![client::ShardError {
            what: "topic b".to_owned(),
            error,
        }]);
        assert_eq!(outcome.rows[0].error, None);
        assert!(outcome.rows[1].error.as_deref().unwrap().contains("too few"));
        assert_eq!((outcome.failures.len(), outcome.failures[0].code), (1, 76));
    }
}
