//! topics list

use clap::Args;
use protocol::api::messages::metadata_response::MetadataResponseTopic;
use schemars::JsonSchema;
use serde::Serialize;

use super::names::{Choice, Wanted, by_id, choose};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// List topics.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet topics list -b localhost:9092\n  kfleet topics list 'orders-*' -o wide\n  kfleet topics list '(orders|payments)-[0-9]+' --regex --exclude-internal\n  kfleet topics list --topic-id Zm9vYmFyYmF6cXV4Zm9vYg -o json"
)]
pub(crate) struct ListArgs {
    /// Topics, or patterns as in 'orders-*'; all of them if none is named
    #[arg(conflicts_with = "topic_id")]
    topics: Vec<String>,
    /// What is given are regular expressions, each for whole names
    #[arg(long, requires = "topics")]
    regex: bool,
    /// The topic with this id
    #[arg(long, value_name = "ID")]
    topic_id: Option<String>,
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

fn row(topic: MetadataResponseTopic) -> TopicRow {
    TopicRow {
        name: topic.name.map_or(String::new(), |name| name.to_string()),
        id: protocol::Uuid::from(topic.topic_id).to_string(),
        partitions: topic.partitions.len(),
        replication_factor: topic
            .partitions
            .first()
            .map_or(0, |partition| partition.replica_nodes.len()),
        internal: topic.is_internal,
    }
}

pub(crate) fn run(args: &ListArgs, context: &Context) -> Result<(), CommandError> {
    let wanted = Wanted::parse(&args.topics, args.regex)?;
    let (id, mut topics) = block_on(async {
        let client = context.connect().await?;
        let named = match &args.topic_id {
            Some(id) => Some(by_id(&client, id).await?),
            None => None,
        };
        let metadata = client.metadata(None).await?;
        let mut topics: Vec<TopicRow> = metadata.topics.into_iter().map(row).collect();
        topics.retain(|topic| named.as_ref().is_none_or(|name| *name == topic.name));
        Ok::<_, CommandError>((client.cluster_id().to_owned(), topics))
    })??;
    if !wanted.is_empty() {
        let known = topics
            .iter()
            .map(|topic| (topic.name.clone(), topic.internal))
            .collect();
        // Of patterns that mean nothing the list is empty; a name that is not there is a slip.
        let (names, patterns): (Vec<Wanted>, Vec<Wanted>) = wanted.into_iter().partition(Wanted::is_name);
        let named = choose(&names, &known, Choice::LOOK)?.names;
        topics.retain(|topic| named.contains(&topic.name) || patterns.iter().any(|p| p.matches(&topic.name)));
    }
    topics.retain(|topic| !(args.exclude_internal && topic.internal));
    topics.sort_by(|a, b| a.name.cmp(&b.name));
    context.out.show(Some(&id), &topics, &[])
}
