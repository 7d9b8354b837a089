//! scale-out

use clap::Args;

use super::asked::{Asked, AskedWindows, GoalName};
use super::deliver::{DeliverArgs, deliver};
use super::plan::{TOLERANCE, TOPIC_SPREAD};
use super::rules::RuleArgs;
use super::share::{Tolerance, changed, parse_tolerance};
use crate::context::Context;
use crate::error::CommandError;
use crate::size::units::parse_bytes;
use crate::snapshot::source::SourceArgs;

/// Plan what moves onto new brokers.
///
/// Nothing moves between the others: each gives what is above its fair share, until the new ones have theirs. A plan that
/// is written with --out is carried out by kfleet rebalance apply.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet scale-out 7 8 -b localhost:9092 --out plan.json\n  kfleet scale-out 7 --max-bytes 500GB --tolerance 15%"
)]
pub(crate) struct ScaleOutArgs {
    /// The new brokers
    #[arg(required = true, value_name = "BROKER")]
    brokers: Vec<i32>,
    /// How far from its fair share a load may be, as in 5%, or of one resource, as in disk=5% or leaders=off [default: 9%]
    #[arg(long, value_name = "[RESOURCE=]SHARE", value_delimiter = ',', value_parser = parse_tolerance)]
    tolerance: Vec<Tolerance>,
    /// How many times the average a broker may be given of one topic, at least 2 more than that
    #[arg(long, default_value = TOPIC_SPREAD, value_name = "FACTOR")]
    topic_spread: f64,
    /// Move no more bytes than these, the most useful ones
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    max_bytes: Option<u64>,
    #[command(flatten)]
    rules: RuleArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    deliver: DeliverArgs,
}

pub(crate) fn scale_out(args: &ScaleOutArgs, context: &Context) -> Result<(), CommandError> {
    let asked = Asked {
        onto: args.brokers.clone(),
        windows: changed(AskedWindows::all(TOLERANCE), &args.tolerance),
        topic_spread: Some(args.topic_spread),
        max_bytes: args.max_bytes,
        ..args.rules.asked(GoalName::Balance)
    };
    let known = args.source.read(context, &[])?;
    deliver(&args.deliver, &known, asked, context)
}
