//! rebalance apply

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use client::{Client, PartitionKey};
use planner::counted::counted;
use sha2::{Digest as _, Sha256};

use super::drive::{OF_PLANS, drive};
use super::journal;
use super::limits;
use super::observe::observe;
use super::report::ApplyReport;
use super::state::{Entry, SCHEMA, State, Status};
use super::view::View;
use super::work::{Heading, Job, Options, jobs_of};
use crate::change::show_plan;
use crate::context::{Context, SafetyArgs, block_on, parse_duration};
use crate::error::CommandError;
use crate::offsets::time::now_ms;
use crate::output::Table;
use crate::reassign::{file::file_of, joined};
use crate::rebalance::file::PlanFile;
use crate::replace_file::replace_file;
use crate::size::units::{bytes, parse_rate};

/// Carry out a plan, in small steps, with throttles that are taken away again.
///
/// Each step is in a journal before it is taken. Whoever is killed, or stops with 75, goes on with `rebalance resume`, or with
/// the same command. Nothing is begun if partitions are no longer where the plan has them, or while others move partitions.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet rebalance apply plan.json --dry-run -b localhost:9092\n  kfleet rebalance apply plan.json --throttle 80MB/s --yes\n  kfleet rebalance apply plan.json --throttle none --moves-per-broker 2 --yes"
)]
pub(crate) struct ApplyArgs {
    /// What `rebalance plan --out` has written (- is stdin)
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    #[command(flatten)]
    how: HowArgs,
    /// Write the plan as Kafka's reassignment JSON into this file
    #[arg(long, value_name = "FILE")]
    reassignment_json: Option<PathBuf>,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// How a plan is carried out.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub(super) struct HowArgs {
    /// The most that a broker sends, and receives, in a second for it, or none; if not given, 50 MB/s, or twice what producers
    /// write to a partition that moves
    #[arg(long, value_name = "RATE", value_parser = throttle)]
    throttle: Option<Throttle>,
    /// The most that a broker copies in a second between its log directories
    #[arg(long, value_name = "RATE", value_parser = parse_rate)]
    log_dirs_throttle: Option<u64>,
    /// Most replicas that a broker receives, or sends, at a time
    #[arg(long, value_name = "COUNT", default_value = "5", value_parser = clap::value_parser!(u32).range(1..))]
    moves_per_broker: u32,
    /// Most partitions that move at a time
    #[arg(long, value_name = "COUNT", default_value = "50", value_parser = clap::value_parser!(u32).range(1..))]
    moves: u32,
    /// How much of a broker's disks may be full, in percent
    #[arg(long, value_name = "PERCENT", default_value = "90", value_parser = clap::value_parser!(u8).range(1..=100))]
    disk_limit: u8,
    /// Longest that what a broker is to receive at a time may take
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = parse_duration)]
    batch_time: Duration,
    /// Stop without progress for so long
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = parse_duration)]
    stall_timeout: Duration,
}

/// A limit that somebody gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Throttle {
    None,
    Rate(u64),
}

impl Throttle {
    /// Bytes a second; none without a limit.
    pub(super) const fn bytes_per_s(self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Rate(rate) => Some(rate),
        }
    }
}

pub(super) fn throttle(text: &str) -> Result<Throttle, String> {
    match text {
        "none" => Ok(Throttle::None),
        rate => parse_rate(rate).map(Throttle::Rate),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl HowArgs {
    fn options(&self, jobs: &[Job]) -> Result<Options, CommandError> {
        let throttle = match self.throttle {
            None => Some(limits::computed(jobs)),
            Some(throttle) => throttle.bytes_per_s(),
        };
        insist_on_an_end(jobs, throttle)?;
        Ok(Options {
            throttle_bytes_per_s: throttle,
            log_dirs_throttle_bytes_per_s: self.log_dirs_throttle,
            moves_per_broker: self.moves_per_broker,
            moves_max: self.moves,
            disk_limit_percent: self.disk_limit,
            batch_ms: millis(self.batch_time),
            stall_ms: millis(self.stall_timeout),
        })
    }
}

/// Refuses a throttle with which it never ends.
pub(super) fn insist_on_an_end(jobs: &[Job], throttle: Option<u64>) -> Result<(), CommandError> {
    let Some((job, least)) = throttle.and_then(|throttle| limits::too_slow(jobs, throttle)) else {
        return Ok(());
    };
    Err(CommandError::refused(format!(
        "with this throttle {} never gets in sync: producers write {}/s to it; nothing was changed",
        job.name(),
        bytes(job.write_bytes_per_s)
    ))
    .hint(format!("the least that ends is {}/s", bytes(least))))
}

pub(crate) fn run(args: &ApplyArgs, context: &Context) -> Result<(), CommandError> {
    let plan = PlanFile::read(&args.plan)?;
    let jobs = jobs_of(&plan);
    let options = args.how.options(&jobs)?;
    if let Some(path) = &args.reassignment_json {
        write_json(path, &jobs)?;
    }
    let (id, report) = block_on(async {
        let client = context.connect_for_long().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(&args.safety, &id)?;
        if let Some(other) = plan.cluster_id.as_ref().filter(|other| **other != id) {
            let message = format!("the plan is for cluster {other}, and this is {id}; nothing was changed");
            return Err(CommandError::refused(message));
        }
        let entry = Entry::Began {
            schema: SCHEMA.to_owned(),
            cluster_id: id.clone(),
            digest: digest(&jobs)?,
            at_ms: now_ms(),
            options,
            jobs,
        };
        let report = carry_out(context, &client, args, &entry).await?;
        Ok::<_, CommandError>((id, report))
    })??;
    finish(context, &id, &report)
}

/// Prints what became of it. What others have kept from being done is a refusal in part.
pub(super) fn finish(context: &Context, id: &str, report: &ApplyReport) -> Result<(), CommandError> {
    context.out.show(Some(id), report, &[])?;
    match report.has_dropped() {
        true => Err(CommandError::exit(crate::exit_codes::REJECTED)),
        false => Ok(()),
    }
}

async fn carry_out(
    context: &Context,
    client: &Client,
    args: &ApplyArgs,
    entry: &Entry,
) -> Result<ApplyReport, CommandError> {
    let mut state = State::replay(std::slice::from_ref(entry)).map_err(CommandError::bug)?;
    let journal = journal::of(&state.cluster_id)?;
    let known = journal.state()?.filter(|known| known.ended_ms.is_none());
    let is_known = known.as_ref().is_some_and(|known| known.digest == state.digest);
    if let Some(known) = known.filter(|known| known.digest != state.digest || known.mode != state.mode) {
        let what = super::machine::mode_word(known.mode);
        return Err(CommandError::refused(format!(
            "another plan is being carried out ({what}); nothing was changed"
        ))
        .hint("`kfleet rebalance status` tells of it; `resume`, `cancel` and `rollback` end it"));
    }
    if !is_known {
        let view = observe(client, &state).await?;
        check(&state, &view)?;
        if state
            .parts
            .iter()
            .all(|(key, part)| is_at(&view, key, &part.job.to) && part.job.dirs.is_empty())
        {
            for part in state.parts.values_mut() {
                part.status = Status::Settled;
            }
            state.ended_ms = Some(state.began_ms);
            return Ok(ApplyReport::of(&state, false));
        }
    }
    if !args.safety.ask.dry_run {
        show_plan(context, table(&state));
    }
    let what = counted(state.parts.len(), "partition");
    let throttle = state.options.throttle_bytes_per_s;
    let throttle = throttle.map_or_else(
        || "without a throttle".to_owned(),
        |rate| format!("at {}/s for each broker", bytes(rate)),
    );
    let action = format!(
        "move {what}, {} in all, {throttle}",
        bytes(super::drive::planned_bytes(&state))
    );
    if !context.may_change(&args.safety, &state.cluster_id, &action)? {
        return Ok(ApplyReport::of(&state, false));
    }
    let Some(_lock) = journal.lock()? else {
        return Err(CommandError::refused(
            "another kfleet carries a plan out; nothing was changed",
        ));
    };
    if is_known {
        state = journal.state()?.unwrap_or(state);
        context.out.note("goes on where it stopped");
    } else {
        journal.begin(std::slice::from_ref(entry))?;
    }
    drive(context, client, &journal, &mut state, OF_PLANS).await?;
    let mut report = ApplyReport::of(&state, false);
    report.changed = true;
    Ok(report)
}

fn is_at(view: &View, key: &PartitionKey, replicas: &[i32]) -> bool {
    view.partitions.get(key).is_some_and(|seen| seen.replicas == replicas)
}

/// Refuses a plan that is no longer one for this cluster.
fn check(state: &State, view: &View) -> Result<(), CommandError> {
    /// Changes that are named.
    const NAMED_MAX: usize = 10;
    if !view.reassignments.is_empty() {
        let count = counted(view.reassignments.len(), "reassignment");
        return Err(
            CommandError::refused(format!("{count} under way already; nothing was changed"))
                .hint("`kfleet reassign list` shows them"),
        );
    }
    let mut changes = Vec::new();
    for (key, part) in &state.parts {
        let job = &part.job;
        match view.partitions.get(key) {
            None => changes.push(format!("{} is gone", job.name())),
            Some(seen) if seen.replicas != job.from && seen.replicas != job.to => {
                changes.push(format!(
                    "{} is on {}, not on {}",
                    job.name(),
                    joined(&seen.replicas),
                    joined(&job.from)
                ));
            }
            Some(_) => {}
        }
    }
    let brokers: std::collections::BTreeSet<i32> = state.parts.values().flat_map(|part| part.job.to.clone()).collect();
    changes.extend(
        brokers
            .difference(&view.alive)
            .map(|id| format!("broker {id} is not alive")),
    );
    if changes.is_empty() {
        return Ok(());
    }
    let more = changes.len().saturating_sub(NAMED_MAX);
    changes.truncate(NAMED_MAX);
    let more = if more > 0 {
        format!("; and {more} more")
    } else {
        String::new()
    };
    Err(CommandError::refused(format!(
        "the plan is out of date: {}{more}; nothing was changed",
        changes.join("; ")
    ))
    .hint("plan again: `kfleet rebalance plan`"))
}

fn table(state: &State) -> Table {
    let mut parts: Vec<_> = state.parts.values().collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.job.moved_bytes(Heading::To)));
    let row = |part: &&super::state::Part| {
        let job = &part.job;
        vec![
            job.name(),
            joined(&job.from),
            joined(&job.to),
            bytes(job.moved_bytes(Heading::To)),
        ]
    };
    Table {
        headers: vec!["PARTITION", "FROM", "TO", "BYTES"],
        rows: parts.iter().map(row).collect(),
    }
}

fn digest(jobs: &[Job]) -> Result<String, CommandError> {
    let text = serde_json::to_vec(jobs).map_err(|error| CommandError::bug(error.to_string()))?;
    let digest = Sha256::digest(&text);
    Ok(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

fn write_json(path: &std::path::Path, jobs: &[Job]) -> Result<(), CommandError> {
    let partitions: BTreeMap<PartitionKey, Vec<i32>> = jobs.iter().map(|job| (job.key(), job.to.clone())).collect();
    let dirs = jobs.iter().flat_map(|job| {
        job.dirs.iter().map(|(broker, dir)| {
            let replica = client::ReplicaKey {
                broker: *broker,
                partition: job.key(),
            };
            (replica, dir.clone())
        })
    });
    let text = format!("{}\n", file_of(&partitions, &dirs.collect()).text());
    replace_file(path, text.as_bytes())
        .map_err(|error| CommandError::io(&format!("writing {}", path.display()), &error))
}
