//! throttle get

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::read::{Found, read};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};
use crate::watch::WatchArgs;

/// Tell which throttles of replication are set, and which of them nothing under way needs any more.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  kfleet throttle get -b localhost:9092")]
pub(crate) struct GetArgs {
    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

/// A throttle that is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ThrottleRow {
    /// What it is set for: topic or broker.
    entity_type: &'static str,
    /// Its name.
    entity: String,
    /// The key.
    key: String,
    /// Its value: bytes a second, or replicas.
    value: String,
    /// Whether no reassignment is under way that it could be for.
    leftover: bool,
}

impl From<Found> for ThrottleRow {
    fn from(found: Found) -> Self {
        Self {
            entity_type: found.resource.entity.name(),
            entity: found.resource.name,
            key: found.key,
            value: found.value,
            leftover: found.is_leftover,
        }
    }
}

impl Shown for Vec<ThrottleRow> {
    const SCHEMA: &'static str = "throttle-get/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &ThrottleRow| {
            vec![
                row.entity_type.to_owned(),
                row.entity.clone(),
                row.key.clone(),
                row.value.clone(),
                if row.leftover { "left over" } else { "" }.to_owned(),
            ]
        };
        Table {
            headers: vec!["TYPE", "NAME", "KEY", "VALUE", "STATE"],
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(_: &GetArgs, context: &Context) -> Result<(), CommandError> {
    let (id, found) = block_on(async {
        let client = context.connect().await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), read(&client).await?))
    })??;
    let rows: Vec<ThrottleRow> = found.into_iter().map(ThrottleRow::from).collect();
    context.out.show(Some(&id), &rows, &[])
}
