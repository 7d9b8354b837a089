//! decommission

mod cordon;
mod finish;

use std::time::Duration;

use clap::Args;

use super::asked::{Asked, GoalName};
use super::deliver::{DeliverArgs, deliver};
use super::rules::RuleArgs;
use crate::context::{Context, SafetyArgs, parse_duration};
use crate::error::CommandError;
use crate::snapshot::source::SourceArgs;

pub(crate) use finish::ForgottenRow;

/// Plan what leaves brokers that are to go: everything; and, with --finish, see them off.
///
/// What has to move goes where there is most room for it; racks that are not as they should be are mended on the way. The
/// brokers may be down already. A plan that is written with --out is carried out by kfleet rebalance apply. After that --finish
/// sees that nothing is left on the brokers, waits until they have been stopped, looks again, and makes the cluster forget them.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet decommission 4 --cordon --yes -b localhost:9092 --out plan.json\n  kfleet decommission 4 5 --onto 7,8 --disk-limit 85%\n  kfleet decommission 4 --finish --yes"
)]
pub(crate) struct DecommissionArgs {
    /// The brokers
    #[arg(required = true, value_name = "BROKER")]
    brokers: Vec<i32>,
    /// Only these brokers take what leaves
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    onto: Vec<i32>,
    /// Have the brokers take no new replicas from now on, where they can be told (cordoned.log.dirs, from Kafka 4.3 on)
    #[arg(long, conflicts_with = "snapshot")]
    cordon: bool,
    /// Plan nothing: see that the brokers are empty, wait until they are stopped, and make the cluster forget them
    #[arg(long, conflicts_with_all = ["cordon", "onto", "snapshot", "out", "reassignment_json", "exit_code"])]
    finish: bool,
    /// How long they may take to be stopped
    #[arg(long, default_value = "10m", value_parser = parse_duration, value_name = "DURATION", requires = "finish")]
    wait: Duration,
    #[command(flatten)]
    rules: RuleArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    deliver: DeliverArgs,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn decommission(args: &DecommissionArgs, context: &Context) -> Result<(), CommandError> {
    if args.finish {
        return finish::run(&args.brokers, args.wait, &args.safety, context);
    }
    if args.cordon {
        cordon::run(&args.brokers, &args.safety, context)?;
    }
    let asked = Asked {
        remove: args.brokers.clone(),
        onto: args.onto.clone(),
        ..args.rules.asked(GoalName::Demands)
    };
    let known = args.source.read(context, &args.brokers)?;
    deliver(&args.deliver, &known, asked, context)
}
