//! configs diff

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use client::{Client, ConfigResource, NodeRole};

use super::differences::{Side, compare, of_file};
use super::entity::{EntityArgs, EntityType, Purpose};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::exit_codes;
use crate::failure::Failure;
use crate::live_brokers::absent;

/// Keys whose values differ between brokers, topics, groups, or from those in a file.
///
/// Values that count are compared, wherever they come from. Keys that are each broker's own, such as node.id, listeners
/// and log.dirs, are left out unless --include-node-keys is given. Secrets cannot be compared, which is said where one is
/// set. With a file those keys count that it has or that were set.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet configs diff broker -b localhost:9092\n  kfleet configs diff broker 1 3 --exit-code\n  kfleet configs diff topic orders payments\n  kfleet configs diff topic 'orders-*' --file orders.properties --exit-code -o json\n  kfleet configs diff broker 1 --file server.properties"
)]
pub(crate) struct DiffArgs {
    #[command(flatten)]
    entity: EntityArgs,
    /// A properties file to hold them against
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Also compare keys that are each broker's own
    #[arg(long)]
    include_node_keys: bool,
    /// Exit with 1 if anything differs
    #[arg(long)]
    exit_code: bool,
}

impl DiffArgs {
    /// Whether all brokers are meant.
    fn is_all_brokers(&self) -> bool {
        self.entity.entity_type == EntityType::Broker && self.entity.names.is_empty()
    }
}

pub(crate) fn run(args: &DiffArgs, context: &Context) -> Result<(), CommandError> {
    let file = match &args.file {
        Some(file) => Some(of_file(&super::pairs::read(file)?)),
        None => None,
    };
    let (id, told, absent) = block_on(async {
        let client = context.connect_to_any_role().await?;
        let resources = resources(args, &client).await?;
        let told = client.describe_configs(&resources).await;
        let absent = if args.is_all_brokers() {
            absent(&client, &client.broker_ids().collect()).await
        } else {
            Vec::new()
        };
        Ok::<_, CommandError>((client.cluster_id().to_owned(), told, absent))
    })??;
    let mut failures: Vec<Failure> = told.errors.into_iter().map(Failure::from).collect();
    failures.extend(absent);
    let mut sides: Vec<Side> = told
        .ok
        .into_iter()
        .map(|(resource, entries)| Side::of(&resource, entries))
        .collect();
    sides.extend(file);
    let entity = args.entity.entity_type.entity();
    let (rows, warnings) = compare(&sides, entity, args.include_node_keys);
    context.out.show_part(Some(&id), &rows, &warnings, &failures)?;
    if args.exit_code && !rows.is_empty() {
        return Err(CommandError::exit(exit_codes::NO));
    }
    Ok(())
}

/// What is compared: all live brokers if none is named, and otherwise at least two, or one with a file.
async fn resources(args: &DiffArgs, client: &Client) -> Result<BTreeSet<ConfigResource>, CommandError> {
    let mut entity = args.entity.clone();
    if args.is_all_brokers() && client.role() == NodeRole::Broker {
        entity.names = vec!["*".to_owned()];
    }
    if entity.names.is_empty() && entity.entity_type != EntityType::BrokerDefaults {
        let noun = entity.entity_type.entity().name();
        return Err(CommandError::usage(format!("which {noun} is compared is not said")));
    }
    let resources = entity.resolve(client, Purpose::Look).await?;
    if resources.len() < 2 && args.file.is_none() && !args.is_all_brokers() {
        return Err(CommandError::usage("one alone is not compared with anything").hint("name another, or give --file"));
    }
    Ok(resources)
}
