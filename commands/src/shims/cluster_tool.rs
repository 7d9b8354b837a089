//! kafka-cluster

use client::Client;

use super::arguments::{Argument, Given, Grammar, Subcommand, switch, value};
use super::cluster::Where;
use super::failed::{Failed, Throwable};
use super::io::Io;

const SERVER: Argument = value("bootstrap-server", Some('b'));
const CONTROLLER: Argument = value("bootstrap-controller", Some('C'));
const CONFIG: Argument = value("config", None);
const COMMAND_CONFIG: Argument = value("command-config", Some('c'));

/// Its flags.
pub(super) const GRAMMAR: Grammar = Grammar {
    script: "kafka-cluster",
    arguments: &[],
    commands: &[
        Subcommand {
            name: "cluster-id",
            arguments: &[SERVER, CONTROLLER, CONFIG, COMMAND_CONFIG],
        },
        Subcommand {
            name: "unregister",
            arguments: &[SERVER, CONTROLLER, CONFIG, COMMAND_CONFIG, value("id", Some('i'))],
        },
        Subcommand {
            name: "list-endpoints",
            arguments: &[
                SERVER,
                CONTROLLER,
                CONFIG,
                COMMAND_CONFIG,
                switch("include-fenced-brokers", None),
            ],
        },
    ],
    help_exits: 0,
};

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    let given = GRAMMAR.parse(args).map_err(|mut failed| {
        // Of all scripts this one exits with 1 after its help, too.
        (failed.code, failed.apaches_code) = (1, 1);
        failed
    })?;
    if given.command == "unregister" {
        given.require("id")?;
    }
    let (servers, is_controller) = given.servers()?;
    let config = given.value("command-config").or_else(|| given.value("config"));
    let failed = |error: Throwable| Failed::on_stderr(error);
    if given.has("config") {
        io.line("Option --config has been deprecated and will be removed in a future version. Use --command-config instead.");
    }
    let cluster = Where::new(servers, is_controller, config).map_err(failed)?;
    if given.command == "list-endpoints" && is_controller && given.has("include-fenced-brokers") {
        return Err(given.wrong("The option --include-fenced-brokers is only supported with --bootstrap-server option"));
    }
    let id = given.number::<i32>("id")?;
    let client = cluster.connect("describeCluster").await.map_err(failed)?;
    match given.command {
        "cluster-id" => {
            io.line(format!("Cluster ID: {}", client.cluster_id()));
            Ok(())
        }
        "unregister" => unregister(&client, id.unwrap_or_default(), io).await,
        _ => endpoints(&given, &client, is_controller, io).await.map_err(failed),
    }
}

async fn unregister(client: &Client, id: i32, io: &mut Io) -> Result<(), Failed> {
    match client.unregister_broker(id).await {
        Ok(true) => {
            io.line(format!("Broker {id} is no longer registered."));
            Ok(())
        }
        Ok(false) => Err(Failed::on_stderr(Throwable::of_code(102, None))),
        Err(client::ClientError::UnsupportedApi { .. }) => {
            let text = "The target cluster does not support the broker unregistration API.";
            Err(Failed::on_stdout(text).apache_exits_with_0())
        }
        Err(error) => Err(Failed::on_stderr(Throwable::from(error))),
    }
}

async fn endpoints(given: &Given, client: &Client, is_controller: bool, io: &mut Io) -> Result<(), Throwable> {
    let nodes = client.cluster_nodes(given.has("include-fenced-brokers")).await?.nodes;
    let racks = nodes
        .iter()
        .map(|node| node.rack.as_ref().map_or("null", |rack| rack.as_str()));
    let racks: Vec<&str> = racks.collect();
    let host_width = nodes
        .iter()
        .map(|node| node.host.chars().count())
        .max()
        .unwrap_or(0)
        .max(4);
    let rack_width = racks.iter().map(|rack| rack.chars().count()).max().unwrap_or(0).max(10);
    let mut line = |cells: [&str; 6]| {
        let [id, host, port, rack, state, kind] = cells;
        let state = if is_controller {
            String::new()
        } else {
            format!(" {state:<10}")
        };
        io.line(format!(
            "{id:<10} {host:<host_width$} {port:<10} {rack:<rack_width$}{state} {kind:<15}"
        ));
    };
    line(["ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE"]);
    let kind = if is_controller { "controller" } else { "broker" };
    for (node, rack) in nodes.iter().zip(racks) {
        let state = if node.is_fenced { "fenced" } else { "unfenced" };
        let (id, port) = (node.broker_id.0.to_string(), node.port.to_string());
        line([&id, &node.host, &port, rack, state, kind]);
    }
    Ok(())
}
