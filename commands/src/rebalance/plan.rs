//! rebalance plan

use clap::Args;

use super::asked::{Asked, AskedWindows, GoalName};
use super::deliver::{DeliverArgs, deliver};
use super::rules::RuleArgs;
use super::share::{Tolerance, changed, parse_part, parse_tolerance};
use super::tradeoff::tradeoff;
use crate::context::Context;
use crate::error::CommandError;
use crate::size::units::parse_bytes;
use crate::snapshot::source::SourceArgs;

/// How far from its fair share a load may be if nobody says.
pub(super) const TOLERANCE: f64 = 0.09;
/// How many times the average a broker may have of one topic if nobody says.
pub(super) const TOPIC_SPREAD: &str = "2.8";

/// Plan which replicas move where, so that rules hold and loads are even, with as few bytes as can be.
///
/// Nothing is changed. Every plan is checked by code of its own before it is shown, with a
/// certificate of the least that any plan moves which ends as even as this one. A plan that is
/// written with --out is carried out by kfleet rebalance apply. The goals:
///
///   balance    rules on racks hold, and every load is in its window around the broker's fair share
///   racks      rules on racks hold; nothing else moves
///   relief     what is above a share of its disk gives, until it is not
///   locality   the topics of --topics are on the brokers of --brokers or --racks, and nowhere else
///   log-dirs   each broker's log directories are filled evenly; nothing moves between brokers
///   leaders    leaders are spread by reordering lists of replicas; no data moves
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  kfleet rebalance plan -b localhost:9092 --out plan.json\n  kfleet rebalance plan --snapshot cluster.json --tolerance 5% --tolerance leaders=20%\n  kfleet rebalance plan --goal relief --relief-above 85% --max-bytes 2TB --reassignment-json moves.json\n  kfleet rebalance plan --goal locality --topics 'audit-*' --brokers 7,8,9\n  kfleet rebalance plan --tradeoff --rate 80MB/s"
)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// What the plan is for
    #[arg(long, value_enum, default_value = "balance", hide_possible_values = true)]
    goal: GoalName,
    /// Only these topics move, or patterns as in 'orders-*'
    #[arg(long, value_name = "TOPIC", value_delimiter = ',')]
    topics: Vec<String>,
    /// These topics, or patterns, stay as they are
    #[arg(long, value_name = "TOPIC", value_delimiter = ',')]
    exclude_topics: Vec<String>,
    /// Only these brokers take part
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    brokers: Vec<i32>,
    /// These brokers stay as they are
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    exclude_brokers: Vec<i32>,
    /// Only the brokers of these racks take part
    #[arg(long, value_name = "RACK", value_delimiter = ',')]
    racks: Vec<String>,
    /// How far from its fair share a load may be, as in 5%, or of one resource, as in disk=5% or leaders=off; resources are
    /// disk, bytes-in, bytes-out, replicas and leaders [default: 9%]
    #[arg(long, value_name = "[RESOURCE=]SHARE", value_delimiter = ',', value_parser = parse_tolerance)]
    tolerance: Vec<Tolerance>,
    /// Only counts matter, of replicas and of leaders, each as even as it can be: the answer is exact
    #[arg(long, conflicts_with = "tolerance")]
    counts: bool,
    /// From this share of a disk on relief is wanted, as in 85%
    #[arg(long, value_name = "SHARE", value_parser = parse_part)]
    relief_above: Option<f64>,
    /// How many times the average a broker may be given of one topic, at least 2 more than that
    #[arg(long, default_value = TOPIC_SPREAD, value_name = "FACTOR")]
    topic_spread: f64,
    /// Move no more bytes than these, the most useful ones
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    max_bytes: Option<u64>,
    /// Move no more replicas than these
    #[arg(long, value_name = "N")]
    max_moves: Option<u64>,
    /// Show what windows of several widths cost, and no plan
    #[arg(long, conflicts_with_all = ["counts", "out", "reassignment_json", "exit_code"])]
    tradeoff: bool,
    #[command(flatten)]
    rules: RuleArgs,
    #[command(flatten)]
    deliver: DeliverArgs,
}

impl PlanArgs {
    fn asked(&self) -> Asked {
        let windows = if self.counts {
            AskedWindows::counts()
        } else {
            changed(AskedWindows::all(TOLERANCE), &self.tolerance)
        };
        Asked {
            topics: self.topics.clone(),
            exclude_topics: self.exclude_topics.clone(),
            brokers: self.brokers.clone(),
            exclude_brokers: self.exclude_brokers.clone(),
            racks: self.racks.clone(),
            windows,
            relief_above: self.relief_above,
            topic_spread: (self.goal == GoalName::Balance).then_some(self.topic_spread),
            max_bytes: self.max_bytes,
            max_moves: self.max_moves,
            ..self.rules.asked(self.goal)
        }
    }

    fn check(&self) -> Result<(), CommandError> {
        if self.relief_above.is_some() != (self.goal == GoalName::Relief) {
            return Err(CommandError::usage("--relief-above and --goal relief belong together"));
        }
        if self.tradeoff && self.goal == GoalName::LogDirs {
            return Err(CommandError::usage(
                "--tradeoff is about brokers, and not for --goal log-dirs",
            ));
        }
        Ok(())
    }
}

pub(crate) fn run(args: &PlanArgs, context: &Context) -> Result<(), CommandError> {
    args.check()?;
    let known = args.source.read(context, &[])?;
    if args.tradeoff {
        return tradeoff(&known, &args.asked(), args.deliver.rate, context);
    }
    deliver(&args.deliver, &known, args.asked(), context)
}
