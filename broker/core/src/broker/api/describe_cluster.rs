//! DescribeCluster (key 60), versions 0 to 2: nodes, cluster id, and from version 2 fenced brokers.

use std::sync::Arc;

use protocol::api::messages::describe_cluster_response::DescribeClusterBroker;
use protocol::api::messages::{DescribeClusterRequest, DescribeClusterResponse};
use protocol::api::{ApiKey, BrokerId, DecodeError, ErrorCode, StrBytes};

use super::operations;
use crate::broker::Broker;
use crate::call::{Call, Outcome, Served};

pub(super) const SERVED: Served = Served::new(ApiKey::DescribeCluster, 0, 2);

/// `endpoint_type` of brokers; 2 asks for controllers, which a broker listener does not answer (KIP-919).
const BROKERS: i8 = 1;

pub(super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: DescribeClusterRequest = call.decode()?;
    if request.endpoint_type != BROKERS {
        let message = format!(
            "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type {}",
            request.endpoint_type
        );
        let response = DescribeClusterResponse::default()
            .with_error_code(ErrorCode::MismatchedEndpointType.code())
            .with_error_message(Some(StrBytes::from_string(message)));
        return Ok(call.reply(&response)?.into());
    }
    let image = broker.image();
    let known = image
        .brokers()
        .iter()
        .filter(|node| !node.fenced || request.include_fenced_brokers);
    let brokers = known.filter_map(|node| {
        let endpoint = node.endpoint(&call.peer.listener)?;
        Some(
            DescribeClusterBroker::default()
                .with_broker_id(BrokerId(node.id))
                .with_host(StrBytes::from_string(endpoint.host.clone()))
                .with_port(i32::from(endpoint.port))
                .with_rack(node.rack.clone().map(StrBytes::from_string))
                .with_is_fenced(node.fenced),
        )
    });
    let mut response = DescribeClusterResponse::default()
        .with_cluster_id(StrBytes::from_string(broker.cluster_id().to_owned()))
        .with_controller_id(BrokerId(broker.node_id()))
        .with_brokers(brokers.collect());
    if request.include_cluster_authorized_operations {
        response.cluster_authorized_operations = operations::CLUSTER;
    }
    Ok(call.reply(&response)?.into())
}
