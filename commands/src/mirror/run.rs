//! mirror run

use std::sync::Arc;

use clap::{Args, ValueEnum};
use mirror::decide::Timestamps;
use mirror::naming::{Naming, Template};
use mirror::partition::Then;
use planner::counted::counted;
use schemars::JsonSchema;
use serde::Serialize;

use super::flow::{Ended, Flow, Options};
use super::state_topic::StateTopic;
use super::topics::{self, Planned};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::output::{Shown, Table};

/// Copy topics from one cluster to another, and keep them alike.
///
/// Batches are passed on as they are, whatever their codec; only their headers change. Topics that are missing at the target are
/// created with the partitions and the settings that they have at the source. How far each partition is stands in a topic
/// of the target's, kfleet-mirror.<id of the source>.internal. After a crash the end of the target is laid against the source before
/// anything is appended, so nothing is missing and nothing is there twice, as long as nobody else writes to these topics. Two
/// instances at the same time are not kept from each other.
///
/// A partition that cannot go on is left where it is, with the reason, and the others go on; the exit code is 75 then.
/// --command-config counts for both clusters, --expect-cluster-id for the target; --bootstrap-server and --profile are for other
/// commands.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kfleet mirror run --from old:9092 --to new:9092 --topics 'orders|payments' --until caught-up --yes
  kfleet mirror run --from old:9092 --to new:9092 --topics '.*' --name '{source}.{topic}' --dry-run")]
pub(crate) struct RunArgs {
    /// The cluster to read, HOST:PORT[,HOST:PORT...]
    #[arg(long, value_name = "HOST:PORT[,...]")]
    from: String,
    /// The cluster to write to, HOST:PORT[,HOST:PORT...]
    #[arg(long, value_name = "HOST:PORT[,...]")]
    to: String,
    /// Topics whose whole name is one of these regular expressions; internal ones are left out
    #[arg(long, value_name = "REGEX", required = true, value_delimiter = ',')]
    topics: Vec<String>,
    /// How a topic is called at the target: {topic} stands for its name, {source} for the id of the source
    #[arg(long, value_name = "TEMPLATE", default_value = "{topic}")]
    name: String,
    /// When to end; without it, it goes on until it is stopped
    #[arg(long, value_enum)]
    until: Option<Until>,
    /// Also records of transactions that are not over or were aborted
    #[arg(long)]
    read_uncommitted: bool,
    /// Which time records bear where the source's brokers stamped them
    #[arg(long, value_enum, default_value = "create")]
    timestamps: TimestampsArg,
    /// Go on after what leaves both sides different, instead of stopping the partition
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    go_on_after: Vec<GoOnAfter>,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// When to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Until {
    /// Each partition has come to an end that the source had while it ran
    CaughtUp,
}

/// Whose clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TimestampsArg {
    /// The producer's
    Create,
    /// The broker's, as consumers of the source see it; this writes the records anew
    Append,
}

/// What may be gone on after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GoOnAfter {
    /// The source's retention removed records before they were mirrored
    Gap,
    /// The source lost records that had been mirrored
    Truncation,
    /// A topic was deleted and created again
    Recreation,
}

/// How far a partition has come.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MirroredPartition {
    /// The topic at the source.
    pub(super) topic: String,
    /// The topic at the target.
    pub(super) target_topic: String,
    /// The partition.
    pub(super) partition: i32,
    /// The next offset to be read at the source.
    pub(super) source_next: i64,
    /// The next offset to be written at the target.
    pub(super) target_next: i64,
    /// Records that were written by this run.
    pub(super) records: u64,
    /// Why it does not go on.
    pub(super) parked: Option<String>,
}

impl Shown for Vec<MirroredPartition> {
    const SCHEMA: &'static str = "mirror-run/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &MirroredPartition| {
            vec![
                row.topic.clone(),
                row.target_topic.clone(),
                row.partition.to_string(),
                row.source_next.to_string(),
                row.target_next.to_string(),
                row.records.to_string(),
                row.parked.clone().unwrap_or_default(),
            ]
        };
        Table {
            headers: vec![
                "TOPIC",
                "TARGET TOPIC",
                "PARTITION",
                "SOURCE NEXT",
                "TARGET NEXT",
                "RECORDS",
                "PARKED",
            ],
            rows: self.iter().map(row).collect(),
        }
    }
}

impl RunArgs {
    fn options(&self) -> Options {
        let then = |what| {
            if self.go_on_after.contains(&what) {
                Then::GoOn
            } else {
                Then::Stop
            }
        };
        Options {
            committed_only: !self.read_uncommitted,
            until_caught_up: self.until == Some(Until::CaughtUp),
            timestamps: match self.timestamps {
                TimestampsArg::Create => Timestamps::Create,
                TimestampsArg::Append => Timestamps::Append,
            },
            on_gap: then(GoOnAfter::Gap),
            on_truncation: then(GoOnAfter::Truncation),
            on_recreation: then(GoOnAfter::Recreation),
        }
    }
}

pub(crate) fn run(args: &RunArgs, context: &Context) -> Result<(), CommandError> {
    let template = Template::parse(&args.name).map_err(|error| CommandError::usage(error.to_string()))?;
    let naming = Naming::Template(template);
    block_on(async {
        let source = Arc::new(context.connect_for_long_to(&args.from).await?);
        let target = Arc::new(context.connect_for_long_to(&args.to).await?);
        if source.cluster_id() == target.cluster_id() {
            return Err(CommandError::usage("--from and --to are the same cluster"));
        }
        let planned = topics::plan(&source, &target, &args.topics, &naming).await?;
        if !context.may_change(
            &args.safety,
            target.cluster_id(),
            &sentence(&planned, source.cluster_id(), target.cluster_id()),
        )? {
            return Ok(());
        }
        let topic = StateTopic::open(&target, source.cluster_id()).await?;
        topics::create(&target, &planned).await?;
        let name = format!("{}->{}", source.cluster_id(), target.cluster_id());
        let states = topic.read(&target, &name).await?;
        let mut flow = Flow::new(context, source, target, topic, name, args.options());
        flow.add(&planned, states).await?;
        let ended = flow.run().await?;
        let rows = flow.report();
        let parked = rows.iter().filter_map(|row| {
            let why = row.parked.as_ref()?;
            let what = format!("{}-{}", row.topic, row.partition);
            Some(Failure::new(what, CommandError::interrupted(why)))
        });
        let failures: Vec<Failure> = parked.collect();
        let shown = context.out.show_part(None, &rows, &[], &failures);
        match ended {
            Ended::Signal(code) => Err(CommandError::exit(code)),
            Ended::Done => shown,
        }
    })?
}

fn sentence(planned: &[Planned], source: &str, target: &str) -> String {
    let partitions: i32 = planned.iter().map(|topic| topic.partitions).sum();
    let missing: Vec<&str> = planned
        .iter()
        .filter(|topic| !topic.is_there)
        .map(|topic| topic.target.as_str())
        .collect();
    let create = match missing.len() {
        0 => String::new(),
        1..=5 => format!(" and create {} there", missing.join(", ")),
        count => format!(" and create {} there", counted(count, "topic")),
    };
    let (topics, partitions) = (counted(planned.len(), "topic"), counted(partitions, "partition"));
    format!("mirror {topics} with {partitions} from cluster {source} to cluster {target}{create}")
}
