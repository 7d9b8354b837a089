//! leaders elect

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clap::{Args, ValueEnum};
use client::{Client, ClientError, Elected, ElectionType, PartitionDescription, Sharded};
use planner::counted::counted;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::selection::{Selected, SelectionArgs};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::output::{Shown, Table};

/// Elect leaders of partitions.
///
/// Preferred: the first replica, if it is in sync. Unclean: any live replica of a partition without a leader; what it
/// lacks is lost, so that --accept-data-loss is needed besides. Partitions that need no election are left alone.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet leaders elect --all --yes -b localhost:9092\n  kfleet leaders elect --election-type unclean --topic orders --partition 3 --dry-run"
)]
pub(crate) struct ElectArgs {
    /// Who may be elected
    #[arg(long, value_enum, default_value = "preferred", ignore_case = true)]
    election_type: Kind,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Records that only replicas have which are not alive may be lost, for good
    #[arg(long)]
    accept_data_loss: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// Who may be elected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// The first replica, if it is in sync
    Preferred,
    /// Any live replica, where there is no leader
    Unclean,
}

/// What became of a partition.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ElectionRow {
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// Its leader before; none if it had none.
    leader_before: Option<i32>,
    /// Its leader now; none if it has none.
    leader: Option<i32>,
    /// Whether anything was changed.
    changed: bool,
    /// Why there is no new leader, if there was to be one.
    error: Option<String>,
}

impl Shown for Vec<ElectionRow> {
    const SCHEMA: &'static str = "leaders-elect/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &ElectionRow| {
            let result = match (&row.error, row.changed) {
                (Some(error), _) => error.clone(),
                (None, true) => "done".to_owned(),
                (None, false) => "unchanged".to_owned(),
            };
            vec![
                row.topic.clone(),
                row.partition.to_string(),
                leader_text(row.leader_before),
                leader_text(row.leader),
                result,
            ]
        };
        Table {
            headers: vec!["TOPIC", "PARTITION", "BEFORE", "LEADER", "RESULT"],
            rows: self.iter().map(row).collect(),
        }
    }
}

fn leader_text(leader: Option<i32>) -> String {
    leader.map_or_else(|| "none".to_owned(), |id| id.to_string())
}

/// How often a broker is asked whether it has heard of new leaders, and how long.
const POLL: Duration = Duration::from_millis(20);
const SEEN_MAX: Duration = Duration::from_secs(5);
/// Lines of a plan that are shown.
const LINES_MAX: usize = 20;

pub(crate) fn run(args: &ElectArgs, context: &Context) -> Result<(), CommandError> {
    let (id, rows, failures) = block_on(async {
        let client = context.connect().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(&args.safety, &id)?;
        let selected = args.selection.resolve(&client).await?;
        let needed: BTreeSet<(String, i32)> = selected
            .iter()
            .filter(|(_, partition)| args.election_type.is_needed(partition))
            .map(|(key, _)| key.clone())
            .collect();
        if needed.is_empty() {
            return Ok((id, rows(&selected, &Sharded::default(), &selected), Vec::new()));
        }
        show_plan(args.election_type, &selected, &needed, context);
        insist_on_acceptance(args, needed.len())?;
        let action = args.election_type.action(needed.len());
        if !context.may_change(&args.safety, &id, &action)? {
            return Ok((id, rows(&selected, &Sharded::default(), &selected), Vec::new()));
        }
        let election = match args.election_type {
            Kind::Preferred => ElectionType::Preferred,
            Kind::Unclean => ElectionType::Unclean,
        };
        let elected = client.elect_leaders(election, &needed).await?;
        let now = until_seen(&client, args.election_type, &elected).await?;
        let rows = rows(&selected, &elected, &now);
        let failures = elected.errors.into_iter().map(Failure::from).collect();
        Ok::<_, CommandError>((id, rows, failures))
    })??;
    context.out.show_part(Some(&id), &rows, &[], &failures)
}

impl Kind {
    /// Whether a partition has another leader than it should have.
    fn is_needed(self, partition: &PartitionDescription) -> bool {
        match self {
            Self::Preferred => partition.leader != partition.replicas.first().copied(),
            Self::Unclean => partition.leader.is_none(),
        }
    }

    fn action(self, count: usize) -> String {
        match self {
            Self::Preferred => format!("elect the preferred leaders of {}", counted(count, "partition")),
            Self::Unclean => {
                format!(
                    "elect leaders of {} that may lack records; what is lacking is lost",
                    counted(count, "partition")
                )
            }
        }
    }

    /// What is known before an election of a partition.
    fn line(self, topic: &str, index: i32, partition: &PartitionDescription) -> String {
        let now = leader_text(partition.leader);
        match self {
            Self::Preferred => {
                let first = leader_text(partition.replicas.first().copied());
                let state = match partition.replicas.first() {
                    Some(first) if partition.offline.contains(first) => ", which is not alive",
                    Some(first) if !partition.isr.contains(first) => ", which is not in sync",
                    _ => "",
                };
                format!("  {topic}-{index}: {now} -> {first}{state}")
            }
            Self::Unclean => {
                let alive = |id: &&i32| !partition.offline.contains(id);
                let candidates: Vec<i32> = partition.replicas.iter().filter(alive).copied().collect();
                let in_sync = join(&partition.isr);
                let eligible = partition.elr.as_deref().filter(|elr| !elr.is_empty());
                let eligible = eligible.map_or_else(String::new, |elr| format!(", eligible {}", join(elr)));
                let candidates = if candidates.is_empty() {
                    "nobody is alive".to_owned()
                } else {
                    format!("alive {}, without what only the others have", join(&candidates))
                };
                format!("  {topic}-{index}: in sync {in_sync}{eligible}; {candidates}")
            }
        }
    }
}

fn join(ids: &[i32]) -> String {
    if ids.is_empty() {
        return "nobody".to_owned();
    }
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn show_plan(kind: Kind, selected: &Selected, needed: &BTreeSet<(String, i32)>, context: &Context) {
    let lines = selected
        .iter()
        .filter(|(key, _)| needed.contains(*key))
        .map(|((topic, index), partition)| kind.line(topic, *index, partition));
    for line in lines.take(LINES_MAX) {
        context.out.note(&line);
    }
    if needed.len() > LINES_MAX {
        context.out.note(&format!("  and {} more", needed.len() - LINES_MAX));
    }
}

/// Records are lost for good, so a yes to everything is not enough.
fn insist_on_acceptance(args: &ElectArgs, count: usize) -> Result<(), CommandError> {
    if args.election_type == Kind::Preferred || args.accept_data_loss || args.safety.ask.dry_run {
        return Ok(());
    }
    let message = format!(
        "an unclean election of {} may lose records that were acknowledged",
        counted(count, "partition")
    );
    Err(CommandError::refused(message).hint("bring back a replica that was in sync, or give --accept-data-loss"))
}

/// Waits until a broker has heard of new leaders; they are elected in any case.
async fn until_seen(client: &Client, kind: Kind, elected: &Sharded<Elected>) -> Result<Selected, CommandError> {
    let until = client.deadline().min(Instant::now() + SEEN_MAX);
    let keys: BTreeSet<(String, i32)> = elected.ok.iter().map(|e| (e.topic.clone(), e.partition)).collect();
    let topics: BTreeSet<String> = keys.iter().map(|(topic, _)| topic.clone()).collect();
    let topics: Vec<String> = topics.into_iter().collect();
    loop {
        let mut now = Selected::new();
        for (name, topic) in client.describe_topics(Some(&topics)).await? {
            let partitions = topic.partitions.into_iter();
            now.extend(partitions.map(|(index, partition)| ((name.clone(), index), partition)));
        }
        let is_seen = |key| now.get(key).is_some_and(|partition| !kind.is_needed(partition));
        if keys.iter().all(is_seen) || Instant::now() + POLL >= until {
            return Ok(now);
        }
        sleep(POLL).await;
    }
}

fn rows(selected: &Selected, elected: &Sharded<Elected>, now: &Selected) -> Vec<ElectionRow> {
    let changed = elected.ok.iter().filter(|elected| elected.changed);
    let changed: BTreeSet<(&str, i32)> = changed.map(|e| (e.topic.as_str(), e.partition)).collect();
    let failed: BTreeMap<&str, &ClientError> = elected.errors.iter().map(|e| (e.what.as_str(), &e.error)).collect();
    let row = |(key, before): (&(String, i32), &PartitionDescription)| {
        let (topic, partition) = key;
        ElectionRow {
            topic: topic.clone(),
            partition: *partition,
            leader_before: before.leader,
            leader: now.get(key).unwrap_or(before).leader,
            changed: changed.contains(&(topic.as_str(), *partition)),
            error: failed
                .get(format!("{topic}-{partition}").as_str())
                .map(|error| error.reason()),
        }
    };
    selected.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(leader: Option<i32>, isr: &[i32], offline: &[i32]) -> PartitionDescription {
        PartitionDescription {
            leader,
            leader_epoch: 3,
            replicas: vec![1, 2, 3],
            isr: isr.to_vec(),
            offline: offline.to_vec(),
            elr: Some(vec![]),
            last_known_elr: None,
        }
    }

    #[test]
    fn only_what_needs_an_election_gets_one() {
        let led_by = |leader| partition(leader, &[1, 2, 3], &[]);
        assert!(!Kind::Preferred.is_needed(&led_by(Some(1))));
        assert!(Kind::Preferred.is_needed(&led_by(Some(2))));
        assert!(Kind::Preferred.is_needed(&led_by(None)));
        assert!(Kind::Unclean.is_needed(&led_by(None)));
        assert!(!Kind::Unclean.is_needed(&led_by(Some(3))));
    }

    #[test]
    fn a_plan_tells_what_is_known_of_who_would_lead() {
        let line = |kind: Kind, partition: &PartitionDescription| kind.line("t", 0, partition);
        let lagging = partition(Some(2), &[2, 3], &[]);
        assert_eq!(line(Kind::Preferred, &lagging), "  t-0: 2 -> 1, which is not in sync");
        let dead = partition(Some(2), &[2, 3], &[1]);
        assert_eq!(line(Kind::Preferred, &dead), "  t-0: 2 -> 1, which is not alive");
        let leaderless = partition(None, &[1], &[1]);
        assert_eq!(
            line(Kind::Unclean, &leaderless),
            "  t-0: in sync 1; alive 2,3, without what only the others have"
        );
        let mut eligible = partition(None, &[], &[1, 2, 3]);
        eligible.elr = Some(vec![1]);
        assert_eq!(
            line(Kind::Unclean, &eligible),
            "  t-0: in sync nobody, eligible 1; nobody is alive"
        );
    }
}
