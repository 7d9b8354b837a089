//! reassign list

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::joined;
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};
use crate::watch::WatchArgs;

/// List reassignments that are under way, as the active controller knows them.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  kfleet reassign list --watch=2 -b localhost:9092")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

/// A partition that is being moved.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ReassignmentRow {
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// Brokers with a replica, those that come and those that go included.
    replicas: Vec<i32>,
    /// Those of them that come.
    adding: Vec<i32>,
    /// Those of them that go.
    removing: Vec<i32>,
}

impl Shown for Vec<ReassignmentRow> {
    const SCHEMA: &'static str = "reassign-list/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &ReassignmentRow| {
            vec![
                row.topic.clone(),
                row.partition.to_string(),
                joined(&row.replicas),
                joined(&row.adding),
                joined(&row.removing),
            ]
        };
        Table {
            headers: vec!["TOPIC", "PARTITION", "REPLICAS", "ADDING", "REMOVING"],
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(_: &ListArgs, context: &Context) -> Result<(), CommandError> {
    let (id, running) = block_on(async {
        let client = context.connect().await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), client.reassignments().await?))
    })??;
    let rows = running
        .into_iter()
        .map(|((topic, partition), running)| ReassignmentRow {
            topic,
            partition,
            replicas: running.replicas,
            adding: running.adding,
            removing: running.removing,
        });
    context.out.show(Some(&id), &rows.collect::<Vec<_>>(), &[])
}
