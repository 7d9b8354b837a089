//! replace

use clap::Args;
use planner::model::Cluster;

use super::asked::{Asked, GoalName};
use super::deliver::{DeliverArgs, deliver};
use super::rules::RuleArgs;
use crate::context::Context;
use crate::error::CommandError;
use crate::snapshot::source::SourceArgs;

/// Plan what moves from one broker to another that takes its place.
///
/// The new broker takes all replicas of the old one, in the same places of their lists, and nothing else moves. The old one
/// may be down already. If both are in one rack, racks are as they were. A plan that is written with --out is carried out
/// by kfleet rebalance apply.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet replace 4 14 -b localhost:9092 --out plan.json")]
pub(crate) struct ReplaceArgs {
    /// The broker that goes
    old: i32,
    /// The broker that comes
    new: i32,
    #[command(flatten)]
    rules: RuleArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    deliver: DeliverArgs,
}

pub(crate) fn replace(args: &ReplaceArgs, context: &Context) -> Result<(), CommandError> {
    if args.old == args.new {
        return Err(CommandError::usage("a broker does not take its own place"));
    }
    let known = args.source.read(context, &[args.old])?;
    let asked = Asked {
        remove: vec![args.old],
        onto: vec![args.new],
        ..args.rules.asked(GoalName::Demands)
    };
    let ignore_racks = asked.ignore_racks || is_one_rack(&known.cluster, args.old, args.new);
    let asked = Asked { ignore_racks, ..asked };
    deliver(&args.deliver, &known, asked, context)
}

fn is_one_rack(cluster: &Cluster, old: i32, new: i32) -> bool {
    let rack = |id: i32| cluster.broker(id).map(|broker| cluster.brokers()[broker].rack);
    rack(old).is_some() && rack(old) == rack(new)
}
