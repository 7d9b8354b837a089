//! topics describe

use clap::Args;
use client::ClientError;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// List partitions with their leaders and replicas.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet topics describe orders -b localhost:9092")]
pub(crate) struct DescribeArgs {
    /// Topics; all of them if none is named
    topics: Vec<String>,
    /// Only partitions with fewer in-sync replicas than replicas
    #[arg(long)]
    under_replicated: bool,
}

/// A partition.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PartitionRow {
    /// Its topic.
    topic: String,
    /// Its number.
    partition: i32,
    /// Its leader; none if it has none.
    leader: Option<i32>,
    /// The leader's epoch.
    leader_epoch: i32,
    /// Brokers with a replica, the preferred leader first.
    replicas: Vec<i32>,
    /// In-sync replicas.
    isr: Vec<i32>,
    /// Replicas on brokers that are not alive.
    offline: Vec<i32>,
}

impl Shown for Vec<PartitionRow> {
    const SCHEMA: &'static str = "topics-describe/1";

    fn table(&self, wide: bool) -> Table {
        let join = |ids: &[i32]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let row = |p: &PartitionRow| {
            let leader = p.leader.map_or_else(|| "none".to_owned(), |id| id.to_string());
            let mut row = vec![
                p.topic.clone(),
                p.partition.to_string(),
                leader,
                join(&p.replicas),
                join(&p.isr),
            ];
            if wide {
                row.extend([p.leader_epoch.to_string(), join(&p.offline)]);
            }
            row
        };
        let mut headers = vec!["TOPIC", "PARTITION", "LEADER", "REPLICAS", "ISR"];
        if wide {
            headers.extend(["EPOCH", "OFFLINE"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &DescribeArgs, context: &Context) -> Result<(), CommandError> {
    let (id, mut rows) = block_on(async {
        let client = context.connect().await?;
        let asked = (!args.topics.is_empty()).then_some(args.topics.as_slice());
        let metadata = client.metadata(asked).await?;
        let mut rows = Vec::new();
        for topic in metadata.topics {
            let name = topic.name.map_or(String::new(), |name| name.to_string());
            if topic.error_code != 0 {
                return Err(ClientError::rejected(format!("topic {name}"), topic.error_code, None).into());
            }
            for p in topic.partitions {
                rows.push(PartitionRow {
                    topic: name.clone(),
                    partition: p.partition_index,
                    leader: Some(p.leader_id.0).filter(|leader| *leader >= 0),
                    leader_epoch: p.leader_epoch,
                    replicas: p.replica_nodes.iter().map(|id| id.0).collect(),
                    isr: p.isr_nodes.iter().map(|id| id.0).collect(),
                    offline: p.offline_replicas.iter().map(|id| id.0).collect(),
                });
            }
        }
        Ok::<_, CommandError>((client.cluster_id().to_owned(), rows))
    })??;
    rows.retain(|row| !args.under_replicated || row.isr.len() < row.replicas.len());
    rows.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
    context.out.show(Some(&id), &rows, &[])
}
