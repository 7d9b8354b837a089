//! JoinGroup (key 11), versions 0 to 9.

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use protocol::Uuid;
use protocol::api::messages::join_group_response::JoinGroupResponseMember;
use protocol::api::messages::{JoinGroupRequest, JoinGroupResponse};
use protocol::api::{ApiKey, DecodeError, ErrorCode, StrBytes};

use crate::broker::Broker;
use crate::broker::coordinator::OpenShard;
use crate::call::{Call, Outcome, Pending, ReplyTarget, Served};
use crate::cx::Now;
use crate::groups::{JoinAnswer, JoinRequest, Joined};
use crate::reply::Reply;

pub(in super::super) const SERVED: Served = Served::new(ApiKey::JoinGroup, 0, 9);

/// First version with a rebalance timeout of its own.
const REBALANCE_TIMEOUT_FROM: i16 = 1;
/// First version whose new members come back with the id they are given (KIP-394).
const KNOWN_MEMBER_FROM: i16 = 4;
/// First version that knows static members (KIP-345).
const INSTANCES_FROM: i16 = 5;
/// First version that tells the protocol type, and whose protocol may be null.
const PROTOCOL_TYPE_FROM: i16 = 7;
/// First version whose leader may be told that its assignment stands (KIP-814).
const SKIP_FROM: i16 = 9;
/// What a client waits beyond its own timeouts.
const GRACE: Duration = Duration::from_secs(5);

pub(in super::super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: JoinGroupRequest = call.decode()?;
    let version = call.header.api_version;
    let member_id = request.member_id.to_string();
    let answer = |answer: &JoinAnswer| Ok(call.reply(&response(answer, None, version))?.into());
    let shard = match broker.shard_of(&request.group_id) {
        Ok(shard) => shard,
        Err(error) => return answer(&JoinAnswer::refused(&member_id, error)),
    };
    let join = asked(request, call);
    let wait = Duration::from_millis(join.rebalance_timeout_ms.max(join.session_timeout_ms).max(0) as u64);
    let (group_id, protocol_type) = (join.group_id.clone(), join.protocol_type.clone());
    let unique = uuid_text(Uuid::from_u128(
        (u128::from(broker.random()) << 64) | u128::from(broker.random()),
    ));
    let settings = broker.group_settings();
    let joined = match shard.hold(call.now) {
        Ok(mut held) => held.shard().join(join, &unique, call.now.mono, &settings),
        Err(error) => return answer(&JoinAnswer::refused(&member_id, error)),
    };
    match joined {
        Joined::Now(now) => Ok(call.reply(&response(&now, Some(&protocol_type), version))?.into()),
        Joined::Later(member_id) => {
            let mut pending = PendingJoin {
                id: broker.next_waiter_id(),
                shard,
                group_id,
                member_id,
                protocol_type,
                target: call.target(),
                deadline: call.now.mono + settings.initial_delay + wait + GRACE,
            };
            Ok(match pending.poll(call.now, Waker::noop()) {
                Poll::Ready(reply) => reply.into(),
                Poll::Pending => Outcome::Wait(Box::new(pending)),
            })
        }
    }
}

/// Sixteen bytes as Java writes a UUID.
fn uuid_text(id: Uuid) -> String {
    let hex: Vec<String> = id.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().concat();
    format!(
        "{}-{}-{}-{}-{}",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 16)
    )
}

fn asked(request: JoinGroupRequest, call: &Call) -> JoinRequest {
    let version = call.header.api_version;
    let protocols = request
        .protocols
        .into_iter()
        .map(|protocol| (protocol.name.to_string(), protocol.metadata));
    JoinRequest {
        group_id: request.group_id.to_string(),
        member_id: request.member_id.to_string(),
        instance_id: request.group_instance_id.map(|id| id.to_string()),
        client_id: call
            .header
            .client_id
            .as_ref()
            .map_or(String::new(), ToString::to_string),
        client_host: format!("/{}", call.peer.host),
        session_timeout_ms: request.session_timeout_ms,
        rebalance_timeout_ms: if version >= REBALANCE_TIMEOUT_FROM {
            request.rebalance_timeout_ms
        } else {
            request.session_timeout_ms
        },
        protocol_type: request.protocol_type.to_string(),
        protocols: protocols.collect(),
        requires_known_member_id: version >= KNOWN_MEMBER_FROM,
        supports_skip: version >= SKIP_FROM,
    }
}

fn response(answer: &JoinAnswer, protocol_type: Option<&str>, version: i16) -> JoinGroupResponse {
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let member = |(id, instance_id, metadata): &(String, Option<String>, bytes::Bytes)| {
        let member = JoinGroupResponseMember::default()
            .with_member_id(text(id))
            .with_metadata(metadata.clone());
        match instance_id {
            Some(instance_id) if version >= INSTANCES_FROM => member.with_group_instance_id(Some(text(instance_id))),
            _ => member,
        }
    };
    let protocol = match &answer.protocol {
        Some(protocol) => Some(text(protocol)),
        None if version >= PROTOCOL_TYPE_FROM => None,
        None => Some(StrBytes::default()),
    };
    let mut response = JoinGroupResponse::default()
        .with_error_code(answer.error.map_or(0, |error| error.code()))
        .with_generation_id(answer.generation)
        .with_protocol_name(protocol)
        .with_leader(text(&answer.leader))
        .with_member_id(text(&answer.member_id))
        .with_members(answer.members.iter().map(member).collect());
    if version >= PROTOCOL_TYPE_FROM && answer.error.is_none() {
        response.protocol_type = protocol_type.map(text);
    }
    if version >= SKIP_FROM {
        response.skip_assignment = answer.skip_assignment;
    }
    response
}

#[derive(Debug)]
struct PendingJoin {
    id: u64,
    shard: Arc<OpenShard>,
    group_id: String,
    member_id: String,
    protocol_type: String,
    target: ReplyTarget,
    deadline: Duration,
}

impl Pending for PendingJoin {
    fn poll(&mut self, now: Now, waker: &Waker) -> Poll<Reply> {
        let answer = match self.shard.hold(now) {
            Ok(mut held) => held.shard().poll_join(&self.group_id, &self.member_id, self.id, waker),
            Err(error) => Some(JoinAnswer::refused(&self.member_id, error)),
        };
        let late = || JoinAnswer::refused(&self.member_id, ErrorCode::RebalanceInProgress);
        let Some(answer) = answer.or_else(|| (now.mono >= self.deadline).then(late)) else {
            return Poll::Pending;
        };
        let response = response(&answer, Some(&self.protocol_type), self.target.api_version);
        Poll::Ready(self.target.encode(&response).unwrap_or(Reply::Close))
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }
}

impl Drop for PendingJoin {
    fn drop(&mut self) {
        self.shard.forget(&self.group_id, self.id);
    }
}
