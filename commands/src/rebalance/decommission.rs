//! decommission

use clap::Args;

use super::asked::{Asked, GoalName};
use super::deliver::{DeliverArgs, deliver};
use super::rules::RuleArgs;
use crate::context::Context;
use crate::error::CommandError;
use crate::snapshot::source::SourceArgs;

/// Plan what leaves brokers that are to go: everything.
///
/// What has to move goes where there is most room for it; racks that are not as they should be are mended on the way. The
/// brokers may be down already. A plan that is written with --out is carried out by kfleet rebalance apply.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet decommission 4 -b localhost:9092 --out plan.json\n  kfleet decommission 4 5 --onto 7,8 --disk-limit 85%"
)]
pub(crate) struct DecommissionArgs {
    /// The brokers
    #[arg(required = true, value_name = "BROKER")]
    brokers: Vec<i32>,
    /// Only these brokers take what leaves
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    onto: Vec<i32>,
    #[command(flatten)]
    rules: RuleArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    deliver: DeliverArgs,
}

pub(crate) fn decommission(args: &DecommissionArgs, context: &Context) -> Result<(), CommandError> {
    let asked = Asked {
        remove: args.brokers.clone(),
        onto: args.onto.clone(),
        ..args.rules.asked(GoalName::Demands)
    };
    let known = args.source.read(context, &args.brokers)?;
    deliver(&args.deliver, &known, asked, context)
}
