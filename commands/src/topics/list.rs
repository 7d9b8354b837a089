//! topics list

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// List topics.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet topics list -b localhost:9092")]
pub(crate) struct ListArgs {
    /// Leave out the cluster's own topics
    #[arg(long)]
    exclude_internal: bool,
}

/// A topic.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TopicRow {
    /// Its name.
    name: String,
    /// Its id.
    id: String,
    /// How many partitions it has.
    partitions: usize,
    /// Replicas of its first partition.
    replication_factor: usize,
    /// Whether it is one of the cluster's own.
    internal: bool,
}

impl Shown for Vec<TopicRow> {
    const SCHEMA: &'static str = "topics-list/1";

    fn table(&self, wide: bool) -> Table {
        if !wide {
            return Table {
                headers: vec![],
                rows: self.iter().map(|topic| vec![topic.name.clone()]).collect(),
            };
        }
        let row = |topic: &TopicRow| {
            vec![
                topic.name.clone(),
                topic.id.clone(),
                topic.partitions.to_string(),
                topic.replication_factor.to_string(),
            ]
        };
        Table {
            headers: vec!["TOPIC", "ID", "PARTITIONS", "REPLICATION"],
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &ListArgs, context: &Context) -> Result<(), CommandError> {
    let (id, mut topics) = block_on(async {
        let client = context.connect().await?;
        let metadata = client.metadata(None).await?;
        let topic = |topic: protocol::api::messages::metadata_response::MetadataResponseTopic| TopicRow {
            name: topic.name.map_or(String::new(), |name| name.to_string()),
            id: protocol::Uuid::from(topic.topic_id).to_string(),
            partitions: topic.partitions.len(),
            replication_factor: topic
                .partitions
                .first()
                .map_or(0, |partition| partition.replica_nodes.len()),
            internal: topic.is_internal,
        };
        let topics: Vec<TopicRow> = metadata.topics.into_iter().map(topic).collect();
        Ok::<_, CommandError>((client.cluster_id().to_owned(), topics))
    })??;
    topics.retain(|topic| !(args.exclude_internal && topic.internal));
    topics.sort_by(|a, b| a.name.cmp(&b.name));
    context.out.show(Some(&id), &topics, &[])
}
