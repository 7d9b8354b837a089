//! topics describe

use clap::Args;
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
    /// Replicas that may lead although they are not in sync (KIP-966); none where the cluster does not say.
    elr: Option<Vec<i32>>,
    /// Who was last known to be such a replica; none where the cluster does not say.
    last_known_elr: Option<Vec<i32>>,
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
                let join_known = |ids: &Option<Vec<i32>>| ids.as_deref().map_or_else(|| "-".to_owned(), join);
                row.extend([p.leader_epoch.to_string(), join(&p.offline)]);
                row.extend([join_known(&p.elr), join_known(&p.last_known_elr)]);
            }
            row
        };
        let mut headers = vec!["TOPIC", "PARTITION", "LEADER", "REPLICAS", "ISR"];
        if wide {
            headers.extend(["EPOCH", "OFFLINE", "ELR", "LAST KNOWN ELR"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &DescribeArgs, context: &Context) -> Result<(), CommandError> {
    let (id, topics) = block_on(async {
        let client = context.connect().await?;
        let asked = (!args.topics.is_empty()).then_some(args.topics.as_slice());
        let topics = client.describe_topics(asked).await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), topics))
    })??;
    let mut rows = Vec::new();
    for (name, topic) in topics {
        let partitions = topic.partitions.into_iter();
        rows.extend(partitions.map(|(partition, p)| PartitionRow {
            topic: name.clone(),
            partition,
            leader: p.leader,
            leader_epoch: p.leader_epoch,
            replicas: p.replicas,
            isr: p.isr,
            offline: p.offline,
            elr: p.elr,
            last_known_elr: p.last_known_elr,
        }));
    }
    rows.retain(|row: &PartitionRow| !args.under_replicated || row.isr.len() < row.replicas.len());
    context.out.show(Some(&id), &rows, &[])
}
