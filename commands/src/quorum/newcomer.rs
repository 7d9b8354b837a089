//! The controller that is to become a voter: as its own files have it, or as the command line says.

use std::path::Path;

use clap::Args;
use client::{ListenerAddress, Voter};
use protocol::Uuid;
use protocol::config::{Endpoint, NodeConfig};
use protocol::files::{MetaProperties, names};
use std::path::PathBuf;

use crate::error::CommandError;
use crate::storage::read_config;

/// Who is to join.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub(super) struct NewcomerArgs {
    /// The new controller's server.properties, on its own machine: its id, directory and endpoints are read there
    #[arg(
        short,
        long,
        value_name = "FILE",
        required_unless_present = "controller_id",
        conflicts_with_all = ["controller_id", "directory_id", "endpoint"]
    )]
    config: Option<PathBuf>,
    /// The new controller's id
    #[arg(
        short = 'i',
        long,
        value_name = "ID",
        requires = "directory_id",
        requires = "endpoint"
    )]
    controller_id: Option<i32>,
    /// The id of its metadata directory, as its meta.properties has it
    #[arg(short = 'd', long, value_name = "ID", requires = "controller_id")]
    directory_id: Option<Uuid>,
    /// Where a controller listener of it is reached; may be repeated
    #[arg(long, value_name = "NAME://HOST:PORT", requires = "controller_id")]
    endpoint: Vec<String>,
}

/// A voter, and the cluster that its directory belongs to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Newcomer {
    pub(super) voter: Voter,
    /// None if the command line says who it is.
    pub(super) cluster_id: Option<String>,
}

impl NewcomerArgs {
    /// Who is to join.
    pub(super) fn read(&self) -> Result<Newcomer, CommandError> {
        match (&self.config, self.controller_id, self.directory_id) {
            (Some(file), _, _) => of_files(file),
            (None, Some(id), Some(directory_id)) => {
                let endpoints = self.endpoint.iter().map(|text| endpoint(text));
                let voter = Voter {
                    id,
                    directory_id,
                    endpoints: endpoints.collect::<Result<_, _>>()?,
                };
                Ok(Newcomer {
                    voter,
                    cluster_id: None,
                })
            }
            _ => Err(CommandError::usage("which controller is to join?")
                .hint("give --config FILE, or --controller-id, --directory-id and --endpoint")),
        }
    }
}

fn endpoint(text: &str) -> Result<ListenerAddress, CommandError> {
    let wrong = || CommandError::usage(format!("\"{text}\" is not NAME://HOST:PORT"));
    let (listener, address) = text.split_once("://").ok_or_else(wrong)?;
    let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    if listener.is_empty() || host.is_empty() {
        return Err(wrong());
    }
    Ok(ListenerAddress {
        listener: listener.to_ascii_uppercase(),
        host: host.to_owned(),
        port: port.parse().map_err(|_| wrong())?,
    })
}

/// The voter that a controller's own files describe.
pub(crate) fn voter_of_files(file: &Path) -> Result<Voter, CommandError> {
    Ok(of_files(file)?.voter)
}

fn of_files(file: &Path) -> Result<Newcomer, CommandError> {
    let config = read_config(file)?;
    let shown = file.display();
    if !config.is_controller {
        return Err(CommandError::data(format!(
            "{shown} is not of a controller: process.roles has no controller"
        )));
    }
    let meta_file = config.metadata_log_dir.join(names::META_PROPERTIES);
    let meta_shown = meta_file.display();
    let bytes = std::fs::read(&meta_file).map_err(|error| {
        CommandError::io(&format!("reading {meta_shown}"), &error)
            .hint("format it with kfleet storage format --no-initial-controllers, and start the controller")
    })?;
    let meta = MetaProperties::parse(&bytes).map_err(|error| CommandError::data(format!("{meta_shown}: {error}")))?;
    if meta.node_id.is_some_and(|id| id != config.node_id) {
        return Err(CommandError::data(format!(
            "{meta_shown} is of another node than {shown}"
        )));
    }
    let directory_id = meta
        .directory_id
        .ok_or_else(|| CommandError::data(format!("{meta_shown} has no directory.id")))?;
    let voter = Voter {
        id: config.node_id,
        directory_id,
        endpoints: endpoints(&config)?,
    };
    Ok(Newcomer {
        voter,
        cluster_id: meta.cluster_id,
    })
}

/// Where each controller listener is reached by others.
fn endpoints(config: &NodeConfig) -> Result<Vec<ListenerAddress>, CommandError> {
    let reached = |name: &String| {
        let named = |endpoint: &&Endpoint| endpoint.name == *name;
        // What is advertised may be no more than the listeners themselves, with a host made up.
        let listener = config.listeners.iter().find(named);
        let advertised = config.advertised_listeners.iter().find(named);
        let made_up = config.get("advertised.listeners").is_none_or(str::is_empty);
        let found = advertised
            .filter(|_| !made_up)
            .or(listener)
            .ok_or_else(|| CommandError::data(format!("controller listener {name} is not among the listeners")))?;
        if matches!(found.host.as_str(), "" | "0.0.0.0" | "::") {
            let message = format!("controller listener {name} has no host that others could reach");
            return Err(CommandError::data(message)
                .hint("name it in advertised.listeners, or give --controller-id, --directory-id and --endpoint"));
        }
        Ok(ListenerAddress {
            listener: found.name.clone(),
            host: found.host.clone(),
            port: found.port,
        })
    };
    config.controller_listener_names.iter().map(reached).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<ListenerAddress>, CommandError> {
        let base = [
            ("process.roles", "controller"),
            ("node.id", "3"),
            ("controller.listener.names", "CONTROLLER"),
            ("controller.quorum.bootstrap.servers", "a:9093"),
        ];
        let more = text.lines().filter_map(|line| line.split_once('='));
        endpoints(&NodeConfig::parse(base.into_iter().chain(more)).unwrap())
    }

    #[test]
    fn a_controller_is_reached_where_it_says() {
        let found = of("listeners=CONTROLLER://10.0.0.3:9093").unwrap();
        assert_eq!((found[0].host.as_str(), found[0].port), ("10.0.0.3", 9093));
        let found = of("listeners=CONTROLLER://:9093\nadvertised.listeners=CONTROLLER://c3:19093").unwrap();
        assert_eq!((found[0].host.as_str(), found[0].port), ("c3", 19093));
        for nowhere in ["listeners=CONTROLLER://:9093", "listeners=CONTROLLER://0.0.0.0:9093"] {
            assert_eq!(of(nowhere).unwrap_err().code, crate::exit_codes::DATA, "{nowhere}");
        }
    }

    #[test]
    fn endpoints_are_read_as_kafka_writes_them() {
        let found = endpoint("controller://[::1]:9093").unwrap();
        assert_eq!(
            (found.listener.as_str(), found.host.as_str(), found.port),
            ("CONTROLLER", "::1", 9093)
        );
        for wrong in [
            "a:9093",
            "CONTROLLER://a",
            "CONTROLLER://:1",
            "://a:1",
            "CONTROLLER://a:x",
        ] {
            assert_eq!(endpoint(wrong).unwrap_err().code, crate::exit_codes::USAGE, "{wrong}");
        }
    }
}
