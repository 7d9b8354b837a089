//! Brokers that are alive, and those that ought to be.

use std::collections::BTreeSet;

use client::{Client, ClientError};

use crate::error::CommandError;
use crate::failure::{Failure, together};

/// Insists that brokers are alive; those that are not are told apart from those that never were.
pub(crate) async fn check_alive(
    client: &Client,
    ids: &BTreeSet<i32>,
    alive: &BTreeSet<i32>,
) -> Result<(), CommandError> {
    let missing: Vec<i32> = ids.difference(alive).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let registered: BTreeSet<i32> = match client.cluster_nodes(true).await {
        Ok(found) => found.nodes.iter().map(|node| node.broker_id.0).collect(),
        Err(_) => BTreeSet::new(),
    };
    let there: Vec<String> = alive.iter().map(ToString::to_string).collect();
    let failures = missing.into_iter().map(|id| {
        let error = if registered.contains(&id) {
            CommandError::unreachable(format!("broker {id} is not alive"))
        } else {
            CommandError::not_found(format!("broker {id} does not exist"))
        };
        Failure::new(
            format!("broker {id}"),
            error.hint(format!("brokers that are alive: {}", there.join(", "))),
        )
    });
    let failures: Vec<Failure> = failures.collect();
    together(&failures).map_or(Ok(()), Err)
}

/// Brokers that are registered and not alive: they belong to all brokers, and cannot tell of themselves.
pub(crate) async fn absent(client: &Client, alive: &BTreeSet<i32>) -> Vec<Failure> {
    // Clusters that do not tell of them know of no others than the living.
    let Ok(found) = client.cluster_nodes(true).await else {
        return Vec::new();
    };
    let registered = found.nodes.iter().map(|node| node.broker_id.0);
    let gone = registered.filter(|id| !alive.contains(id)).map(|id| {
        let what = format!("broker {id}");
        let error = ClientError::Unreachable {
            address: what.clone(),
            reason: "it is not alive".to_owned(),
        };
        Failure::of(what, error)
    });
    gone.collect()
}
