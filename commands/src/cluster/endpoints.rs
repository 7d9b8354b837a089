//! cluster endpoints

use clap::Args;
use client::{Client, NodeRole};
use protocol::api::messages::describe_cluster_response::DescribeClusterBroker;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// List where brokers and controllers are reached.
///
/// Brokers tell of brokers, and with --controllers where the quorum's voters are; controllers, asked with
/// --bootstrap-controller, tell of all controllers that are registered.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet cluster endpoints --controllers -b localhost:9092\n  kfleet cluster endpoints --bootstrap-controller localhost:9093 -o json"
)]
pub(crate) struct EndpointsArgs {
    /// Also list the controllers that vote
    #[arg(long)]
    controllers: bool,
    /// Also list brokers that are fenced
    #[arg(long, alias = "include-fenced-brokers")]
    include_fenced: bool,
}

/// What is reached at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EndpointType {
    /// A broker.
    Broker,
    /// A controller.
    Controller,
}

/// Where a node is reached.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct EndpointRow {
    /// The node.
    id: i32,
    /// What is reached there.
    #[serde(rename = "type")]
    kind: EndpointType,
    /// The listener's name, where several are told; none for the listener that was asked.
    listener: Option<String>,
    /// Host.
    host: String,
    /// Port.
    port: i32,
    /// A broker's rack.
    rack: Option<String>,
    /// Whether a broker is fenced.
    fenced: bool,
}

impl Shown for Vec<EndpointRow> {
    const SCHEMA: &'static str = "cluster-endpoints/1";

    fn table(&self, wide: bool) -> Table {
        let dash = || "-".to_owned();
        let row = |row: &EndpointRow| {
            let state = match (row.kind, row.fenced) {
                (EndpointType::Controller, _) => dash(),
                (EndpointType::Broker, true) => "fenced".to_owned(),
                (EndpointType::Broker, false) => "alive".to_owned(),
            };
            let mut cells = vec![
                row.id.to_string(),
                row.host.clone(),
                row.port.to_string(),
                row.rack.clone().unwrap_or_else(dash),
                state,
                format!("{:?}", row.kind).to_lowercase(),
            ];
            if wide {
                cells.push(row.listener.clone().unwrap_or_else(dash));
            }
            cells
        };
        let mut headers = vec!["ID", "HOST", "PORT", "RACK", "STATE", "TYPE"];
        if wide {
            headers.push("LISTENER");
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &EndpointsArgs, context: &Context) -> Result<(), CommandError> {
    let (id, rows, warnings) = block_on(async {
        let client = context.connect_to_any_role().await?;
        if client.role() == NodeRole::Controller && args.include_fenced {
            return Err(
                CommandError::usage("controllers tell of controllers, which are never fenced")
                    .hint("--include-fenced goes with --bootstrap-server"),
            );
        }
        let (mut rows, mut warnings) = (Vec::new(), Vec::new());
        let found = client.cluster_nodes(args.include_fenced).await?;
        if args.include_fenced && !found.with_fenced {
            warnings.push("this cluster's DescribeCluster is too old to tell of fenced brokers".to_owned());
        }
        rows.extend(found.nodes.into_iter().map(|node| row(client.role(), node)));
        if args.controllers && client.role() == NodeRole::Broker {
            rows.extend(voters(&client, &mut warnings).await?);
        }
        Ok::<_, CommandError>((client.cluster_id().to_owned(), rows, warnings))
    })??;
    context.out.show(Some(&id), &rows, &warnings)
}

fn row(role: NodeRole, node: DescribeClusterBroker) -> EndpointRow {
    EndpointRow {
        id: node.broker_id.0,
        kind: match role {
            NodeRole::Broker => EndpointType::Broker,
            NodeRole::Controller => EndpointType::Controller,
        },
        listener: None,
        host: node.host.to_string(),
        port: node.port,
        rack: node.rack.map(|rack| rack.to_string()),
        fenced: node.is_fenced,
    }
}

/// Each listener of each voter, as the quorum's leader knows them.
async fn voters(client: &Client, warnings: &mut Vec<String>) -> Result<Vec<EndpointRow>, CommandError> {
    let mut rows = Vec::new();
    for voter in client.describe_quorum().await?.voters {
        if voter.endpoints.is_empty() {
            warnings.push(format!(
                "the quorum does not tell where controller {} is reached",
                voter.id
            ));
        }
        rows.extend(voter.endpoints.into_iter().map(|endpoint| EndpointRow {
            id: voter.id,
            kind: EndpointType::Controller,
            listener: Some(endpoint.listener),
            host: endpoint.host,
            port: i32::from(endpoint.port),
            rack: None,
            fenced: false,
        }));
    }
    Ok(rows)
}
