//! cluster describe

use clap::Args;
use protocol::api::messages::describe_cluster_response::DescribeClusterBroker;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// List the nodes.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet cluster describe -b localhost:9092 -o json")]
pub(crate) struct DescribeArgs {
    /// Also list brokers that are fenced
    #[arg(long)]
    include_fenced: bool,
}

/// A broker.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ClusterNode {
    /// Its id.
    id: i32,
    /// Its host.
    host: String,
    /// Its port.
    port: i32,
    /// Its rack.
    rack: Option<String>,
    /// Whether it is fenced.
    fenced: bool,
}

impl Shown for Vec<ClusterNode> {
    const SCHEMA: &'static str = "cluster-describe/1";

    fn table(&self, _: bool) -> Table {
        let row = |node: &ClusterNode| {
            let rack = node.rack.clone().unwrap_or_else(|| "-".to_owned());
            let state = if node.fenced { "fenced" } else { "alive" };
            vec![
                node.id.to_string(),
                node.host.clone(),
                node.port.to_string(),
                rack,
                state.to_owned(),
            ]
        };
        Table {
            headers: vec!["ID", "HOST", "PORT", "RACK", "STATE"],
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &DescribeArgs, context: &Context) -> Result<(), CommandError> {
    let (id, nodes, warnings) = block_on(async {
        let client = context.connect().await?;
        let mut warnings = Vec::new();
        let found = client.cluster_nodes(args.include_fenced).await?;
        if args.include_fenced && !found.with_fenced {
            warnings.push("this cluster's DescribeCluster is too old to tell of fenced brokers".to_owned());
        }
        let node = |broker: DescribeClusterBroker| ClusterNode {
            id: broker.broker_id.0,
            host: broker.host.to_string(),
            port: broker.port,
            rack: broker.rack.map(|rack| rack.to_string()),
            fenced: broker.is_fenced,
        };
        let nodes: Vec<ClusterNode> = found.nodes.into_iter().map(node).collect();
        Ok::<_, CommandError>((client.cluster_id().to_owned(), nodes, warnings))
    })??;
    context.out.show(Some(&id), &nodes, &warnings)
}
