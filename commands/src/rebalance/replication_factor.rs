//! set-replication-factor

use clap::Args;

use super::asked::{Asked, GoalName};
use super::deliver::{DeliverArgs, deliver};
use super::rules::RuleArgs;
use crate::context::Context;
use crate::error::CommandError;
use crate::snapshot::source::SourceArgs;

/// Plan another number of replicas for topics.
///
/// More replicas go to racks that have fewest of the partition, onto brokers with most room; of those that are too many
/// the ones go that are not in sync, and leaders stay. Other topics stay as they are. A plan that is written with --out is
/// carried out by kfleet rebalance apply.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet set-replication-factor 3 orders -b localhost:9092 --out plan.json\n  kfleet set-replication-factor 2 'logs-*' --onto 1,2,3"
)]
pub(crate) struct FactorArgs {
    /// How many replicas each partition is to have
    #[arg(value_parser = clap::value_parser!(u8).range(1..=64), value_name = "N")]
    replicas: u8,
    /// Topics, or patterns as in 'orders-*'
    #[arg(required = true)]
    topics: Vec<String>,
    /// Only these brokers take new replicas
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    onto: Vec<i32>,
    #[command(flatten)]
    rules: RuleArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    deliver: DeliverArgs,
}

pub(crate) fn set_replication_factor(args: &FactorArgs, context: &Context) -> Result<(), CommandError> {
    let wanted = args.topics.iter();
    let asked = Asked {
        topics: args.topics.clone(),
        replication_factors: wanted
            .map(|topic| (topic.clone(), usize::from(args.replicas)))
            .collect(),
        onto: args.onto.clone(),
        ..args.rules.asked(GoalName::Demands)
    };
    let known = args.source.read(context, &[])?;
    deliver(&args.deliver, &known, asked, context)
}
