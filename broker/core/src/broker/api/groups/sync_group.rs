//! SyncGroup (key 14), versions 0 to 5.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use protocol::api::messages::{SyncGroupRequest, SyncGroupResponse};
use protocol::api::{ApiKey, DecodeError, ErrorCode, StrBytes};

use crate::broker::Broker;
use crate::broker::coordinator::{Held, OpenShard};
use crate::call::{Call, Outcome, Pending, ReplyTarget, Served};
use crate::cx::Now;
use crate::groups::{Change, SyncAnswer, Synced, group_record};
use crate::reply::Reply;

pub(in super::super) const SERVED: Served = Served::new(ApiKey::SyncGroup, 0, 5);

/// First version that tells protocol type and name.
const PROTOCOL_FROM: i16 = 5;
/// How long a member waits for its leader at most; the leader is given up long before.
const WAIT_MAX: Duration = Duration::from_secs(3600);

pub(in super::super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: SyncGroupRequest = call.decode()?;
    let group_id = request.group_id.to_string();
    let member_id = request.member_id.to_string();
    let answer = |answer: SyncAnswer, protocol: (Option<String>, Option<String>)| {
        Ok(call.reply(&response(answer, protocol, call.header.api_version))?.into())
    };
    let shard = match broker.shard_of(&group_id) {
        Ok(shard) => shard,
        Err(error) => return answer(Err(error), (None, None)),
    };
    let mut held = match shard.hold(call.now) {
        Ok(held) => held,
        Err(error) => return answer(Err(error), (None, None)),
    };
    let Some(group) = held.shard().group_mut(&group_id) else {
        return answer(Err(ErrorCode::UnknownMemberId), (None, None));
    };
    let protocol = (group.protocol_type.clone(), group.protocol.clone());
    let differs = |said: &Option<StrBytes>, known: &Option<String>| {
        said.as_deref().is_some_and(|said| Some(said) != known.as_deref())
    };
    if differs(&request.protocol_type, &protocol.0) || differs(&request.protocol_name, &protocol.1) {
        return answer(Err(ErrorCode::InconsistentGroupProtocol), (None, None));
    }
    let assignments = request
        .assignments
        .into_iter()
        .map(|a| (a.member_id.to_string(), a.assignment))
        .collect();
    let instance_id = request.group_instance_id.as_deref();
    match group.sync(
        &member_id,
        instance_id,
        request.generation_id,
        assignments,
        call.now.mono,
    ) {
        Synced::Now(now) => return answer(now, protocol),
        Synced::Later => {}
        Synced::Assigned(assignments) => write(broker, &shard, &mut held, &group_id, assignments, call.now),
    }
    drop(held);
    let mut pending = PendingSync {
        id: broker.next_waiter_id(),
        shard,
        group_id,
        member_id,
        protocol,
        target: call.target(),
        deadline: call.now.mono + WAIT_MAX,
    };
    Ok(match pending.poll(call.now, Waker::noop()) {
        Poll::Ready(reply) => reply.into(),
        Poll::Pending => Outcome::Wait(Box::new(pending)),
    })
}

/// Puts the assignment into the log; once it is committed it comes into force. Falls back to a rebalance if it cannot be
/// written. Nothing is to be done if the leader repeats itself.
fn write(
    broker: &Broker,
    shard: &OpenShard,
    held: &mut Held<'_>,
    group_id: &str,
    assignments: BTreeMap<String, Bytes>,
    now: Now,
) {
    let repeated = held.shard().assigning(group_id).is_some();
    let Some(group) = held.shard().group_mut(group_id).filter(|_| !repeated) else {
        return;
    };
    let record = group_record(group, &assignments, now.wall_ms).map_err(|_| ErrorCode::UnknownServerError);
    match record.and_then(|record| shard.append(&[record], now)) {
        Ok(written) => {
            let generation = group.generation;
            let change = Change::Assigned {
                generation,
                assignments,
            };
            let due = now.mono + broker.commit_timeout();
            held.shard().await_commit(group_id, written.last_offset(), due, change);
        }
        Err(error) => group.assignment_failed(error, now.mono, &broker.group_settings()),
    }
}

fn response(answer: SyncAnswer, protocol: (Option<String>, Option<String>), version: i16) -> SyncGroupResponse {
    match answer {
        Err(error) => SyncGroupResponse::default().with_error_code(error.code()),
        Ok(assignment) => {
            let response = SyncGroupResponse::default().with_assignment(assignment);
            if version < PROTOCOL_FROM {
                return response;
            }
            response
                .with_protocol_type(protocol.0.map(StrBytes::from_string))
                .with_protocol_name(protocol.1.map(StrBytes::from_string))
        }
    }
}

#[derive(Debug)]
struct PendingSync {
    id: u64,
    shard: Arc<OpenShard>,
    group_id: String,
    member_id: String,
    protocol: (Option<String>, Option<String>),
    target: ReplyTarget,
    deadline: Duration,
}

impl PendingSync {
    fn answer(&self, now: Now, waker: &Waker) -> Option<SyncAnswer> {
        loop {
            let mut held = match self.shard.hold(now) {
                Ok(held) => held,
                Err(error) => return Some(Err(error)),
            };
            if let Some(answer) = held.shard().poll_sync(&self.group_id, &self.member_id, self.id, waker) {
                return Some(answer);
            }
            // The assignment may have been committed since the shard was taken hold of.
            let awaited = held.shard().assigning(&self.group_id)?;
            if !self.shard.partition.is_settled(awaited, self.id, waker) {
                return None;
            }
        }
    }
}

impl Pending for PendingSync {
    fn poll(&mut self, now: Now, waker: &Waker) -> Poll<Reply> {
        let answer = self.answer(now, waker);
        let late = || Err(ErrorCode::RebalanceInProgress);
        let Some(answer) = answer.or_else(|| (now.mono >= self.deadline).then(late)) else {
            return Poll::Pending;
        };
        let response = response(answer, self.protocol.clone(), self.target.api_version);
        Poll::Ready(self.target.encode(&response).unwrap_or(Reply::Close))
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }
}

impl Drop for PendingSync {
    fn drop(&mut self) {
        self.shard.forget(&self.group_id, self.id);
    }
}
