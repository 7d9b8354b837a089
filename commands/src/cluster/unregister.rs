//! cluster unregister

use std::time::Duration;

use clap::Args;
use client::{Client, NodeRole};
use planner::counted::{counted, either};
use protocol::api::messages::UnregisterBrokerRequest;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::sleep;

use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// Make the cluster forget a broker that is gone for good.
///
/// A broker that is alive is refused: it would come back. So is one that partitions have a replica on: they would keep it, and
/// `kfleet decommission` moves it first.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet cluster unregister 4 -b localhost:9092 --yes")]
pub(crate) struct UnregisterArgs {
    /// The broker
    #[arg(value_name = "ID")]
    broker: i32,
    /// Go ahead although it is alive, or has replicas, or although nobody can tell
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// What became of a broker.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Unregistered {
    /// The broker.
    broker: i32,
    /// Whether anything was changed.
    changed: bool,
    /// Partitions that still have a replica there; none if brokers were not asked.
    replicas: Option<usize>,
}

impl Shown for Unregistered {
    const SCHEMA: &'static str = "cluster-unregister/1";

    fn table(&self, _: bool) -> Table {
        let result = if self.changed { "done" } else { "unchanged" };
        let replicas = self.replicas.map_or_else(|| "-".to_owned(), |count| count.to_string());
        Table {
            headers: vec!["BROKER", "RESULT", "REPLICAS LEFT"],
            rows: vec![vec![self.broker.to_string(), result.to_owned(), replicas]],
        }
    }
}

/// What is known of the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Alive,
    Fenced,
    /// It is not registered.
    Unknown,
    /// Nobody who was asked tells of brokers that are fenced.
    Untold,
}

/// How often a broker is asked whether it has heard of it.
const POLL: Duration = Duration::from_millis(20);

pub(crate) fn run(args: &UnregisterArgs, context: &Context) -> Result<(), CommandError> {
    let (id, result) = block_on(async {
        let client = context.connect_to_any_role().await?;
        client.check_served::<UnregisterBrokerRequest>().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(&args.safety, &id)?;
        let standing = standing(&client, args.broker).await?;
        insist_on_gone(args, standing)?;
        let replicas = replicas(&client, args.broker).await?;
        let mut result = Unregistered {
            broker: args.broker,
            changed: false,
            replicas,
        };
        insist_on_empty(args, replicas.unwrap_or(0))?;
        let action = format!("make the cluster forget broker {}", args.broker);
        if context.may_change(&args.safety, &id, &action)? {
            if !client.unregister_broker(args.broker).await? {
                return Err(not_registered(args.broker));
            }
            result.changed = true;
            until_forgotten(&client, args.broker, standing).await?;
        }
        Ok::<_, CommandError>((id, result))
    })??;
    let left = result.replicas.filter(|count| *count > 0);
    let warnings: Vec<String> = left
        .map(|count| format!("{} a replica on broker {}, which is gone", have(count), args.broker))
        .filter(|_| result.changed)
        .into_iter()
        .collect();
    context.out.show(Some(&id), &result, &warnings)
}

fn not_registered(broker: i32) -> CommandError {
    CommandError::not_found(format!("broker {broker} is not registered"))
}

async fn standing(client: &Client, broker: i32) -> Result<Standing, CommandError> {
    if client.role() == NodeRole::Controller {
        return Ok(Standing::Untold);
    }
    let found = client.cluster_nodes(true).await?;
    let node = found.nodes.iter().find(|node| node.broker_id.0 == broker);
    Ok(match node {
        Some(node) if node.is_fenced => Standing::Fenced,
        Some(_) => Standing::Alive,
        None if found.with_fenced => Standing::Unknown,
        None => Standing::Untold,
    })
}

/// Refuses a broker that would come back by itself.
fn insist_on_gone(args: &UnregisterArgs, standing: Standing) -> Result<(), CommandError> {
    let broker = args.broker;
    match standing {
        Standing::Unknown => Err(not_registered(broker)),
        Standing::Alive if !args.force => Err(CommandError::refused(format!(
            "broker {broker} is alive: it would lose its leaders at once, and register again when it is restarted"
        ))
        .hint("stop it first; --force goes ahead in spite of that")),
        Standing::Untold if !args.force => Err(CommandError::refused(format!(
            "whether broker {broker} is alive cannot be found out from here"
        ))
        .hint("ask brokers, with --bootstrap-server; --force goes ahead in spite of that")),
        _ => Ok(()),
    }
}

/// Refuses a broker that partitions have a replica on.
fn insist_on_empty(args: &UnregisterArgs, replicas: usize) -> Result<(), CommandError> {
    if replicas == 0 || args.force {
        return Ok(());
    }
    let (broker, count) = (args.broker, counted(replicas, "partition"));
    Err(CommandError::refused(format!(
        "{count} would keep a replica on broker {broker}, which is gone for good then"
    ))
    .hint(format!(
        "`kfleet decommission {broker}` moves them; --force goes ahead in spite of that"
    )))
}

/// Partitions with a replica on a broker, as far as brokers can be asked.
async fn replicas(client: &Client, broker: i32) -> Result<Option<usize>, CommandError> {
    if client.role() == NodeRole::Controller {
        return Ok(None);
    }
    let topics = client.describe_topics(None).await?;
    let partitions = topics.values().flat_map(|topic| topic.partitions.values());
    Ok(Some(partitions.filter(|p| p.replicas.contains(&broker)).count()))
}

/// Waits until the broker that is asked has heard of it, where it tells.
async fn until_forgotten(client: &Client, broker: i32, before: Standing) -> Result<(), CommandError> {
    if before == Standing::Untold {
        return Ok(());
    }
    while standing(client, broker).await? != Standing::Unknown {
        sleep(POLL).await;
    }
    Ok(())
}

/// "1 partition has", "2 partitions have".
fn have(count: usize) -> String {
    format!("{} {}", counted(count, "partition"), either(count, "has", "have"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::AskArgs;
    use crate::exit_codes;

    #[test]
    fn only_a_broker_that_is_gone_is_forgotten_without_force() {
        let args = |force| UnregisterArgs {
            broker: 4,
            force,
            safety: SafetyArgs {
                ask: AskArgs {
                    dry_run: false,
                    yes: true,
                },
                expect_cluster_id: None,
            },
        };
        let code = |standing, force| insist_on_gone(&args(force), standing).err().map(|error| error.code);
        assert_eq!(code(Standing::Fenced, false), None);
        for held_back in [Standing::Alive, Standing::Untold] {
            assert_eq!(code(held_back, false), Some(exit_codes::REFUSED), "{held_back:?}");
            assert_eq!(code(held_back, true), None, "{held_back:?}");
        }
        let empty = |replicas, force| insist_on_empty(&args(force), replicas).err().map(|error| error.code);
        assert_eq!((empty(0, false), empty(3, true)), (None, None));
        assert_eq!(empty(3, false), Some(exit_codes::REFUSED));
        assert_eq!(code(Standing::Unknown, true), Some(exit_codes::NOT_FOUND));
    }
}
