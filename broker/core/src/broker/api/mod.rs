//! The APIs of a broker's listener, one file each. What is advertised is what stands here.

mod alter_replica_log_dirs;
mod delete_records;
mod describe_cluster;
mod describe_configs;
mod describe_log_dirs;
mod describe_producers;
mod describe_topic_partitions;
mod fetch;
mod groups;
mod init_producer_id;
mod list_offsets;
mod metadata;
mod offset_for_leader_epoch;
mod operations;
mod produce;

use std::sync::Arc;

use protocol::api::{ApiKey, DecodeError};

use super::Broker;
use crate::api_versions;
use crate::call::{Call, Outcome, Peer, Served};
use crate::controller;
use crate::reply::{Refused, Reply};

type Handler = fn(&Arc<Broker>, &Call) -> Result<Outcome, DecodeError>;

const HANDLERS: &[(Served, Handler)] = &[
    (produce::SERVED, produce::handle),
    (fetch::SERVED, fetch::handle),
    (list_offsets::SERVED, list_offsets::handle),
    (metadata::SERVED, metadata::handle),
    (groups::offset_commit::SERVED, groups::offset_commit::handle),
    (groups::offset_fetch::SERVED, groups::offset_fetch::handle),
    (groups::find_coordinator::SERVED, groups::find_coordinator::handle),
    (groups::join_group::SERVED, groups::join_group::handle),
    (groups::heartbeat::SERVED, groups::heartbeat::handle),
    (groups::leave_group::SERVED, groups::leave_group::handle),
    (groups::sync_group::SERVED, groups::sync_group::handle),
    (groups::describe_groups::SERVED, groups::describe_groups::handle),
    (groups::list_groups::SERVED, groups::list_groups::handle),
    (groups::delete_groups::SERVED, groups::delete_groups::handle),
    (groups::offset_delete::SERVED, groups::offset_delete::handle),
    (api_versions::SERVED, api_versions),
    (delete_records::SERVED, delete_records::handle),
    (init_producer_id::SERVED, init_producer_id::handle),
    (offset_for_leader_epoch::SERVED, offset_for_leader_epoch::handle),
    (describe_configs::SERVED, describe_configs::handle),
    (alter_replica_log_dirs::SERVED, alter_replica_log_dirs::handle),
    (describe_log_dirs::SERVED, describe_log_dirs::handle),
    (describe_cluster::SERVED, describe_cluster::handle),
    (describe_producers::SERVED, describe_producers::handle),
    (describe_topic_partitions::SERVED, describe_topic_partitions::handle),
];

/// What ApiVersions tells, in the order of the keys: what is answered here and what the controller answers.
fn advertised() -> impl Iterator<Item = Served> {
    let mut all: Vec<Served> = HANDLERS
        .iter()
        .map(|(served, _)| *served)
        .chain(controller::served().iter().copied())
        .collect();
    all.sort_by_key(|served| served.key as i16);
    all.into_iter()
}

fn api_versions(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    Ok(api_versions::answer(call, advertised(), &broker.image())?.into())
}

/// Answers a request, or says who does. ApiVersions may tell more of the peer.
pub fn handle(broker: &Arc<Broker>, call: Call, peer: &mut Peer) -> Outcome {
    let key = ApiKey::try_from(call.header.api_key).ok();
    let version = call.header.api_version;
    if let Some((served, handler)) = HANDLERS.iter().find(|(served, _)| Some(served.key) == key) {
        if !served.answers(version) {
            return match key {
                Some(ApiKey::ApiVersions) => api_versions::unsupported(&call).into(),
                _ => refuse(&call, Refused::NotServed, "a version that is not served"),
            };
        }
        if key == Some(ApiKey::ApiVersions) {
            api_versions::peer_software(&call, peer);
        }
        return handler(broker, &call).unwrap_or_else(|error| refuse(&call, Refused::Malformed, &error.to_string()));
    }
    match controller::served().iter().find(|served| Some(served.key) == key) {
        Some(served) if served.answers(version) => Outcome::Forward(call),
        Some(_) => refuse(&call, Refused::NotServed, "a version that is not served"),
        None => refuse(&call, Refused::NotServed, "an API that is not served"),
    }
}

/// Closes the connection, as Kafka does with requests it cannot read.
fn refuse(call: &Call, kind: Refused, reason: &str) -> Outcome {
    let (api_key, api_version) = (call.header.api_key, call.header.api_version);
    tracing::warn!(host = call.peer.host, api_key, api_version, reason, "refused a request");
    Reply::Refused(kind).into()
}
