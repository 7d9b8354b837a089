//! leaders evacuate

use std::collections::BTreeSet;

use clap::Args;
use client::{Client, PartitionKey};
use planner::counted::counted;
use schemars::JsonSchema;
use serde::Serialize;

use super::evacuation::{Evacuation, evacuation};
use super::selection::{Selected, of_topics};
use crate::change::{result_cell, show_plan};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::exit_codes;
use crate::offsets::time::now_ms;
use crate::output::{Shown, Table};
use crate::reassign::{joined, named};
use crate::rebalance::apply::journal::{self, Journal};
use crate::rebalance::apply::state::{Entry, Mode, SCHEMA, State, Status};
use crate::rebalance::apply::work::{Job, Options};
use crate::rebalance::apply::{Hints, drive};

/// Take leadership away from brokers: another replica that is in sync is put first, and elected.
///
/// No data moves. What order replicas had is in a journal on this machine; --restore gives it back to them, and elects those who
/// are first then. Whoever is killed runs the same command again. What the brokers come to lead later is taken by running it again.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet leaders evacuate 4 --yes -b localhost:9092\n  kfleet leaders evacuate 4 5 --dry-run\n  kfleet leaders evacuate --restore --yes"
)]
pub(crate) struct EvacuateArgs {
    /// The brokers
    #[arg(
        value_name = "BROKER",
        required_unless_present = "restore",
        conflicts_with = "restore"
    )]
    brokers: Vec<i32>,
    /// Give replicas the order back that they had
    #[arg(long)]
    restore: bool,
    /// Leave partitions alone that nobody else can lead
    #[arg(long, conflicts_with = "restore")]
    partial: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// What became of a partition.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct EvacuationRow {
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// Its replicas before, the preferred leader first.
    replicas_before: Vec<i32>,
    /// Its replicas now.
    replicas: Vec<i32>,
    /// Its leader before; none if it had none.
    leader_before: Option<i32>,
    /// Its leader now; none if it has none.
    leader: Option<i32>,
    /// Whether anything was changed.
    changed: bool,
    /// Why nothing was, if anything was to be.
    error: Option<String>,
}

impl Shown for Vec<EvacuationRow> {
    const SCHEMA: &'static str = "leaders-evacuate/1";

    fn table(&self, _: bool) -> Table {
        let leader = |leader: Option<i32>| leader.map_or_else(|| "none".to_owned(), |id| id.to_string());
        let row = |row: &EvacuationRow| {
            vec![
                row.topic.clone(),
                row.partition.to_string(),
                joined(&row.replicas_before),
                joined(&row.replicas),
                leader(row.leader_before),
                leader(row.leader),
                result_cell(row.changed, row.error.as_ref()),
            ]
        };
        Table {
            headers: vec![
                "TOPIC",
                "PARTITION",
                "REPLICAS BEFORE",
                "REPLICAS",
                "LEADER BEFORE",
                "LEADER",
                "RESULT",
            ],
            rows: self.iter().map(row).collect(),
        }
    }
}

/// How the journal's files are named.
const KIND: &str = "leaders";
const HINTS: Hints = Hints {
    goes_on: "the same command goes on",
    stuck: "the same command goes on once that is put right; `kfleet leaders evacuate --restore` undoes it",
};
/// Partitions that are named in a message.
const NAMED_MAX: usize = 10;

pub(crate) fn run(args: &EvacuateArgs, context: &Context) -> Result<(), CommandError> {
    let (id, rows) = block_on(async {
        let client = context.connect_for_long().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(&args.safety, &id)?;
        let journal = Journal::of(&id, KIND)?;
        let work = Work {
            context,
            client: &client,
            journal: &journal,
            safety: &args.safety,
            before: of_topics(client.describe_topics(None).await?),
        };
        let rows = if args.restore {
            work.restore().await?
        } else {
            let brokers: BTreeSet<i32> = args.brokers.iter().copied().collect();
            work.evacuate(&brokers, args.partial).await?
        };
        Ok::<_, CommandError>((id, rows))
    })??;
    context.out.show(Some(&id), &rows, &[])?;
    match rows.iter().any(|row| row.error.is_some()) {
        true => Err(CommandError::exit(exit_codes::REJECTED)),
        false => Ok(()),
    }
}

struct Work<'a> {
    context: &'a Context,
    client: &'a Client,
    journal: &'a Journal,
    safety: &'a SafetyArgs,
    /// Partitions as they were.
    before: Selected,
}

impl Work<'_> {
    async fn evacuate(&self, brokers: &BTreeSet<i32>, is_partial: bool) -> Result<Vec<EvacuationRow>, CommandError> {
        let known = open(self.journal.state()?);
        if let Some(known) = &known {
            may_add(known, brokers)?;
        }
        let is_under_way = known.as_ref().is_some_and(|known| known.ended_ms.is_none());
        let Evacuation {
            mut reordered,
            jobs,
            kept,
        } = evacuation(&self.before, brokers, known.as_ref());
        if is_under_way {
            reordered = known.iter().flat_map(|known| known.parts.keys().cloned()).collect();
        } else {
            if !kept.is_empty() && !is_partial {
                return Err(nobody_else(&kept));
            }
            if reordered.is_empty() {
                return Ok(Vec::new());
            }
        }
        let jobs: Vec<Job> = match &known {
            Some(known) if is_under_way => known.parts.values().map(|part| part.job.clone()).collect(),
            _ => jobs,
        };
        let count = counted(reordered.len(), "partition");
        let shown = jobs.iter().filter(|job| reordered.contains(&job.key()));
        let lines = shown.map(|job| (job, &job.to)).collect::<Vec<_>>();
        self.show(&lines);
        let entry = Entry::Began {
            schema: SCHEMA.to_owned(),
            cluster_id: self.client.cluster_id().to_owned(),
            digest: joined(&brokers.iter().copied().collect::<Vec<_>>()),
            at_ms: now_ms(),
            options: Options::default(),
            jobs,
        };
        let entry = (!is_under_way).then_some(entry);
        self.change(&format!("give {count} another leader"), entry, false, &reordered)
            .await
    }

    async fn restore(&self) -> Result<Vec<EvacuationRow>, CommandError> {
        let Some(known) = self.journal.state()? else {
            let error = CommandError::not_found("no leadership was taken away on this cluster from here");
            return Err(error.hint("journals are below XDG_STATE_HOME, or ~/.local/state, of whoever did it"));
        };
        let Some(known) = open(Some(known)) else {
            return Ok(Vec::new());
        };
        let parts = known.parts.values();
        let lines: Vec<_> = parts.map(|part| (&part.job, &part.job.from)).collect();
        self.show(&lines);
        let count = counted(known.parts.len(), "partition");
        let turn = (known.mode != Mode::Rollback).then_some(Entry::RolledBack);
        let keys = known.parts.keys().cloned().collect();
        let action = format!("give the replicas of {count} the order back that they had");
        self.change(&action, turn, true, &keys).await
    }

    fn show(&self, lines: &[(&Job, &Vec<i32>)]) {
        if self.safety.ask.dry_run {
            return;
        }
        let row = |(job, to): &(&Job, &Vec<i32>)| {
            let now = self.before.get(&job.key()).map(|partition| joined(&partition.replicas));
            vec![job.name(), now.unwrap_or_default(), joined(to)]
        };
        let table = Table {
            headers: vec!["PARTITION", "REPLICAS", "NEW ORDER"],
            rows: lines.iter().map(row).collect(),
        };
        show_plan(self.context, table);
    }

    /// Writes this down, if it is not there yet, and does what the journal has.
    async fn change(
        &self,
        action: &str,
        entry: Option<Entry>,
        is_turn: bool,
        keys: &BTreeSet<PartitionKey>,
    ) -> Result<Vec<EvacuationRow>, CommandError> {
        let id = self.client.cluster_id();
        if !self.client.reassignments().await?.is_empty() {
            let error = CommandError::refused("partitions are being moved; nothing was changed");
            return Err(error.hint("`kfleet reassign list` shows them"));
        }
        if !self.context.may_change(self.safety, id, action)? {
            return Ok(self.rows(keys, None, &self.before));
        }
        let busy = || CommandError::refused("another kfleet moves partitions or leaders; nothing was changed");
        let _moves = journal::of(id)?.lock()?.ok_or_else(busy)?;
        let _lock = self.journal.lock()?.ok_or_else(busy)?;
        match &entry {
            Some(entry) if is_turn => self.journal.append(std::slice::from_ref(entry))?,
            Some(entry) => self.journal.begin(std::slice::from_ref(entry))?,
            None => self.context.out.note("goes on where it stopped"),
        }
        let known = self.journal.state()?;
        let mut state = known.ok_or_else(|| CommandError::bug("a journal that was written is not there"))?;
        drive(self.context, self.client, self.journal, &mut state, HINTS).await?;
        let now = of_topics(self.client.describe_topics(None).await?);
        Ok(self.rows(keys, Some(&state), &now))
    }

    fn rows(&self, keys: &BTreeSet<PartitionKey>, done: Option<&State>, now: &Selected) -> Vec<EvacuationRow> {
        let row = |key: &PartitionKey| {
            let before = self.before.get(key)?;
            let after = now.get(key);
            let status = done.and_then(|state| Some(&state.parts.get(key)?.status));
            let is_same = after.is_some_and(|now| (&now.replicas, now.leader) == (&before.replicas, before.leader));
            Some(EvacuationRow {
                topic: key.0.clone(),
                partition: key.1,
                replicas_before: before.replicas.clone(),
                replicas: after.map(|now| now.replicas.clone()).unwrap_or_default(),
                leader_before: before.leader,
                leader: after.and_then(|now| now.leader),
                changed: done.is_some() && !is_same,
                error: match status {
                    Some(Status::Dropped(why)) => Some(why.clone()),
                    _ => None,
                },
            })
        };
        keys.iter().filter_map(row).collect()
    }
}

/// What has not been restored.
fn open(known: Option<State>) -> Option<State> {
    known.filter(|known| known.mode != Mode::Rollback || known.ended_ms.is_none())
}

/// Whether these brokers can be taken from while something has not been restored.
fn may_add(known: &State, brokers: &BTreeSet<i32>) -> Result<(), CommandError> {
    let before: BTreeSet<i32> = known.digest.split(',').filter_map(|id| id.parse().ok()).collect();
    let of = format!("broker {}", joined(&before.iter().copied().collect::<Vec<_>>()));
    if known.mode == Mode::Rollback {
        let message =
            format!("the order of before leadership of {of} was taken is being restored; nothing was changed");
        return Err(CommandError::refused(message).hint("`kfleet leaders evacuate --restore` ends that"));
    }
    if known.ended_ms.is_none() && before != *brokers {
        let message = format!("leadership of {of} is being taken away, which has not ended; nothing was changed");
        return Err(CommandError::refused(message).hint("name the same brokers to end that, or give --restore"));
    }
    if !before.is_subset(brokers) {
        let message = format!("leadership of {of} was taken away, and has not been restored; nothing was changed");
        return Err(CommandError::refused(message).hint("name those brokers as well, or give --restore first"));
    }
    Ok(())
}

fn nobody_else(kept: &BTreeSet<PartitionKey>) -> CommandError {
    let names: Vec<String> = kept.iter().take(NAMED_MAX).map(named).collect();
    let more = match kept.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = names.join(", ");
    CommandError::refused(format!(
        "nobody else is in sync to lead {names}{more}; nothing was changed"
    ))
    .hint("give them another replica with `kfleet set-replication-factor`, or leave them with --partial")
}
