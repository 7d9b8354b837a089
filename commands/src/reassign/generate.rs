//! reassign generate

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use client::{Client, PartitionKey};
use planner::counted::{counted, either};
use schemars::JsonSchema;
use serde::Serialize;

use super::file::{AssignmentFile, file_of, read_topics};
use super::places;
use super::spread::{Brokers, spread};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::live_brokers::check_alive;
use crate::output::{Shown, Table};
use crate::replace_file::replace_file;

/// Propose where the partitions of topics should be among some brokers, in Kafka's JSON.
///
/// Unlike Apache's script, which deals everything out anew, it leaves replicas where they may stay. It counts replicas;
/// `rebalance plan` weighs bytes.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  echo '{\"topics\":[{\"topic\":\"orders\"}],\"version\":1}' | kfleet reassign generate --topics-to-move-json-file - --broker-list 1,2,4 --save-current back.json > moves.json"
)]
pub(crate) struct GenerateArgs {
    /// The topics (- is stdin), as in {"topics":[{"topic":"orders"}],"version":1}
    #[arg(long, value_name = "FILE")]
    topics_to_move_json_file: PathBuf,
    /// Brokers that may have replicas, as in 1,2,4
    #[arg(long, value_name = "ID,...", value_delimiter = ',', required = true)]
    broker_list: Vec<i32>,
    /// Do not keep replicas in different racks
    #[arg(long)]
    disable_rack_aware: bool,
    /// Write where they are now into this file, for the way back
    #[arg(long, value_name = "FILE")]
    save_current: Option<PathBuf>,
}

/// Where partitions are and where they should be.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Proposal {
    /// Where they are.
    current: AssignmentFile,
    /// Where they should be.
    proposed: AssignmentFile,
}

impl Shown for Proposal {
    const SCHEMA: &'static str = "reassign-generate/1";

    fn table(&self, _: bool) -> Table {
        Table::default()
    }

    fn text(&self) -> Option<String> {
        Some(format!("{}\n", self.proposed.text()))
    }
}

pub(crate) fn run(args: &GenerateArgs, context: &Context) -> Result<(), CommandError> {
    let topics = read_topics(&args.topics_to_move_json_file)?;
    let (id, current, proposed) = block_on(async {
        let client = context.connect().await?;
        let brokers = brokers(&client, args).await?;
        let all = places::existing(&client, topics.iter().map(String::as_str)).await?;
        let missing = topics
            .iter()
            .filter(|topic| !all.keys().any(|(known, _)| known == *topic));
        let failures: Vec<Failure> = missing
            .map(|topic| {
                let what = format!("topic {topic}");
                let why = CommandError::not_found(format!("{what} does not exist"));
                Failure::new(what, why)
            })
            .collect();
        if let Some(error) = together(&failures) {
            return Err(error);
        }
        let current: BTreeMap<PartitionKey, Vec<i32>> = all
            .into_iter()
            .map(|(key, partition)| (key, partition.replicas))
            .collect();
        insist_on_room(&current, brokers.len())?;
        let proposed = spread(&current, &brokers);
        Ok::<_, CommandError>((client.cluster_id().to_owned(), current, proposed))
    })??;
    let moving = proposed
        .iter()
        .filter(|(key, replicas)| current.get(*key) != Some(*replicas));
    context.out.note(&format!(
        "{} of {} would change",
        moving.count(),
        counted(proposed.len(), "partition")
    ));
    let none = BTreeMap::new();
    let proposal = Proposal {
        current: file_of(&current, &none),
        proposed: file_of(&proposed, &none),
    };
    if let Some(path) = &args.save_current {
        let text = format!("{}\n", proposal.current.text());
        replace_file(path, text.as_bytes())
            .map_err(|error| CommandError::io(&format!("writing {}", path.display()), &error))?;
    }
    context.out.show(Some(&id), &proposal, &[])
}

/// The brokers of the list, all of which have to be alive.
async fn brokers(client: &Client, args: &GenerateArgs) -> Result<Brokers, CommandError> {
    let nodes = client.cluster_nodes(false).await?.nodes;
    let alive = nodes.iter().map(|node| node.broker_id.0).collect();
    let asked = args.broker_list.iter().copied().collect();
    check_alive(client, &asked, &alive).await?;
    let asked_for = nodes.into_iter().filter(|node| asked.contains(&node.broker_id.0));
    Ok(asked_for
        .map(|node| {
            let rack = node.rack.map(|rack| rack.to_string());
            (node.broker_id.0, rack.filter(|_| !args.disable_rack_aware))
        })
        .collect())
}

fn insist_on_room(current: &BTreeMap<PartitionKey, Vec<i32>>, brokers: usize) -> Result<(), CommandError> {
    let most = current.iter().max_by_key(|(_, replicas)| replicas.len());
    match most.filter(|(_, replicas)| replicas.len() > brokers) {
        Some((key, replicas)) => Err(CommandError::refused(format!(
            "{} has {} replicas, and there {} only {} to have them; nothing was changed",
            super::named(key),
            replicas.len(),
            either(brokers, "is", "are"),
            counted(brokers, "broker")
        ))
        .hint("name more brokers in --broker-list")),
        None => Ok(()),
    }
}
