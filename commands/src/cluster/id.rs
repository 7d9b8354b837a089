//! cluster id

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// Print the cluster's id.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet cluster id -b localhost:9092")]
pub(crate) struct IdArgs {}

/// A cluster's id.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ClusterId {
    id: String,
}

impl Shown for ClusterId {
    const SCHEMA: &'static str = "cluster-id/1";

    fn table(&self, _: bool) -> Table {
        Table {
            headers: vec![],
            rows: vec![vec![self.id.clone()]],
        }
    }
}

pub(crate) fn run(_: &IdArgs, context: &Context) -> Result<(), CommandError> {
    let client = block_on(context.connect_to_any_role())??;
    let id = client.cluster_id();
    context.out.show(Some(id), &ClusterId { id: id.to_owned() }, &[])
}
