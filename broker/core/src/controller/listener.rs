//! The controller's own listener: which APIs it serves, and those about the listener itself.

use protocol::api::messages::describe_cluster_request::DescribeClusterRequest;
use protocol::api::messages::describe_cluster_response::{DescribeClusterBroker, DescribeClusterResponse};
use protocol::api::{ApiKey, BrokerId, DecodeError, ErrorCode, StrBytes};

use super::{Controller, ControllerCx, ControllerError, api, envelope};
use crate::api_versions;
use crate::call::{Call, Served};
use crate::cx::Ticket;
use crate::raft::wire;
use crate::reply::{Refused, Reply};

const API_VERSIONS: Served = api_versions::SERVED;
/// Version 1 tells controllers from brokers (KIP-919).
const DESCRIBE_CLUSTER: Served = Served::new(ApiKey::DescribeCluster, 1, 2);
/// `endpoint_type` of controllers.
const CONTROLLERS: i8 = 2;

/// Everything the listener serves.
fn served() -> impl Iterator<Item = Served> {
    let own = [API_VERSIONS, DESCRIBE_CLUSTER, envelope::SERVED];
    let of_quorum = wire::served().iter().chain(wire::served_changes()).copied();
    let of_controller = api::served().iter().chain(api::served_to_nodes()).copied();
    let mut all: Vec<Served> = own.into_iter().chain(of_quorum).chain(of_controller).collect();
    all.sort_by_key(|served| served.key as i16);
    // Brokers hand on changes of the voters, which are the quorum's.
    all.dedup_by_key(|served| served.key as i16);
    all.into_iter()
}

impl Controller {
    /// A request, of whichever listener.
    pub(super) fn on_listener_call(
        &mut self,
        ticket: Ticket,
        call: Call,
        cx: &mut ControllerCx<'_>,
    ) -> Result<(), ControllerError> {
        let key = ApiKey::try_from(call.header.api_key).ok();
        let known = served().find(|served| Some(served.key) == key);
        let answers = known.is_some_and(|served| served.answers(call.header.api_version));
        match key {
            Some(ApiKey::ApiVersions) if !answers => cx.out.reply(ticket, api_versions::unsupported(&call)),
            _ if !answers => {
                let (api_key, api_version) = (call.header.api_key, call.header.api_version);
                tracing::warn!(
                    host = call.peer.host,
                    api_key,
                    api_version,
                    "a controller does not serve this"
                );
                cx.out.reply(ticket, Reply::Refused(Refused::NotServed));
            }
            Some(ApiKey::ApiVersions) => {
                let reply = api_versions::answer(&call, served(), &self.committed);
                cx.out.reply(ticket, readable(&call, reply));
            }
            Some(ApiKey::DescribeCluster) => {
                let reply = self.describe_controllers(&call);
                cx.out.reply(ticket, readable(&call, reply));
            }
            Some(ApiKey::Envelope) => return self.on_envelope(ticket, &call, cx),
            Some(key) if wire::served().iter().any(|served| served.key == key) => {
                return self.on_member_call(ticket, &call, cx);
            }
            _ => return self.on_call(ticket, call, cx),
        }
        Ok(())
    }

    fn describe_controllers(&self, call: &Call) -> Result<Reply, DecodeError> {
        let request: DescribeClusterRequest = call.decode()?;
        let response = DescribeClusterResponse::default().with_endpoint_type(CONTROLLERS);
        if request.endpoint_type != CONTROLLERS {
            let message = format!(
                "The request was sent to an endpoint of type CONTROLLER, but we wanted an endpoint of type {}",
                request.endpoint_type
            );
            let response = response
                .with_error_code(ErrorCode::MismatchedEndpointType.code())
                .with_error_message(Some(StrBytes::from_string(message)));
            return call.reply(&response);
        }
        let voters = self.raft.voters().iter().filter_map(|voter| {
            let (_, host, port) = voter.endpoints.first()?;
            Some(
                DescribeClusterBroker::default()
                    .with_broker_id(BrokerId(voter.id))
                    .with_host(StrBytes::from_string(host.clone()))
                    .with_port(i32::from(*port)),
            )
        });
        let response = response
            .with_cluster_id(StrBytes::from_string(self.cluster_id.clone()))
            .with_controller_id(BrokerId(self.raft.leader_id().unwrap_or(-1)))
            .with_brokers(voters.collect());
        call.reply(&response)
    }
}

fn readable(call: &Call, reply: Result<Reply, DecodeError>) -> Reply {
    reply.unwrap_or_else(|error| {
        tracing::warn!(host = call.peer.host, %error, "refused a request");
        Reply::Refused(Refused::Malformed)
    })
}
