//! Finding the active one among controllers: whoever answers DescribeQuorum as its leader, and nobody else.

use std::collections::BTreeMap;

use protocol::api::ErrorCode;
use protocol::api::messages::{DescribeClusterRequest, DescribeQuorumResponse};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::admin::quorum::{describe_request, error_code};
use crate::cluster::{ClientConfig, address_of};
use crate::conn::Connection;
use crate::error::ClientError;
use crate::retry::Backoff;

/// `endpoint_type` of controllers in DescribeCluster (KIP-919).
pub(crate) const CONTROLLERS: i8 = 2;

/// Whether an error says that a node is not the active controller.
pub(crate) fn is_not_active(code: i16) -> bool {
    code == ErrorCode::NotController.code() || code == ErrorCode::NotLeaderOrFollower.code()
}

/// The cluster's id, and the addresses of the controllers that one of them knows.
pub(crate) async fn known_to(
    controller: &Connection,
    deadline: Instant,
) -> Result<(String, BTreeMap<i32, String>), ClientError> {
    let request = DescribeClusterRequest::default().with_endpoint_type(CONTROLLERS);
    let response = controller.send(&request, deadline).await?;
    if response.error_code != 0 {
        let message = response.error_message.as_deref();
        return Err(ClientError::rejected(
            controller.address(),
            response.error_code,
            message,
        ));
    }
    let nodes = response.brokers.iter();
    let addresses = nodes.map(|node| (node.broker_id.0, address_of(&node.host, node.port)));
    Ok((response.cluster_id.to_string(), addresses.collect()))
}

/// Asks all of them at once until one leads; while none does there may be an election.
pub(crate) async fn find_active(config: &ClientConfig, addresses: Vec<String>) -> Result<Connection, ClientError> {
    let mut backoff = Backoff::new(config.limit.deadline());
    loop {
        let mut attempts = JoinSet::new();
        for address in &addresses {
            attempts.spawn(if_active(config.clone(), address.clone()));
        }
        let mut best = None;
        while let Some(attempt) = attempts.join_next().await {
            match attempt {
                Ok(Ok(connection)) => return Ok(connection),
                // Whoever answers knows more than who does not.
                Ok(Err(error)) if error.code().is_some() || best.is_none() => best = Some(error),
                Ok(Err(_)) | Err(_) => {}
            }
        }
        let error = best.unwrap_or_else(|| nobody_leads(&addresses));
        if !error.code().is_some_and(|code| is_not_active(code.code())) {
            return Err(error);
        }
        if backoff.again(error).await.is_err() {
            return Err(nobody_leads(&addresses));
        }
    }
}

fn nobody_leads(addresses: &[String]) -> ClientError {
    ClientError::Unreachable {
        address: addresses.join(", "),
        reason: "none of them is the active controller".to_owned(),
    }
}

async fn if_active(config: ClientConfig, address: String) -> Result<Connection, ClientError> {
    let deadline = config.limit.deadline();
    let connection = config.open(&address).await?;
    let response: DescribeQuorumResponse = connection.send(&describe_request(), deadline).await?;
    match error_code(&response) {
        0 => Ok(connection),
        code => Err(ClientError::rejected(address, code, response.error_message.as_deref())),
    }
}

#[cfg(test)]
mod tests;
