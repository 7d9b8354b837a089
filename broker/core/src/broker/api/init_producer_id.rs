//! InitProducerId (key 22), versions 0 to 5, for idempotent producers; transactional ones wait for the
//! transaction coordinator.

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use protocol::api::messages::{InitProducerIdRequest, InitProducerIdResponse};
use protocol::api::{ApiKey, DecodeError, ErrorCode, ProducerId};

use crate::broker::Broker;
use crate::call::{Call, Outcome, Pending, ReplyTarget, Served};
use crate::cx::Now;
use crate::reply::Reply;

pub(super) const SERVED: Served = Served::new(ApiKey::InitProducerId, 0, 5);

/// How long a producer waits for the controller to give this broker ids.
const WAIT_MAX: Duration = Duration::from_secs(5);

pub(super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: InitProducerIdRequest = call.decode()?;
    if request.transactional_id.is_some() {
        return Ok(call.reply(&failed(ErrorCode::NotCoordinator))?.into());
    }
    let mut pending = PendingId {
        id: broker.next_waiter_id(),
        broker: Arc::clone(broker),
        target: call.target(),
        deadline: call.now.mono + WAIT_MAX,
    };
    Ok(match pending.poll(call.now, Waker::noop()) {
        Poll::Ready(reply) => reply.into(),
        Poll::Pending => Outcome::Wait(Box::new(pending)),
    })
}

fn failed(code: ErrorCode) -> InitProducerIdResponse {
    InitProducerIdResponse::default()
        .with_error_code(code.code())
        .with_producer_id(ProducerId(-1))
        .with_producer_epoch(-1)
}

#[derive(Debug)]
struct PendingId {
    id: u64,
    broker: Arc<Broker>,
    target: ReplyTarget,
    deadline: Duration,
}

impl Pending for PendingId {
    fn poll(&mut self, now: Now, waker: &Waker) -> Poll<Reply> {
        let response = match self.broker.next_producer_id(self.id, waker) {
            Some(id) => InitProducerIdResponse::default()
                .with_producer_id(ProducerId(id))
                .with_producer_epoch(0),
            None if now.mono >= self.deadline => failed(ErrorCode::CoordinatorLoadInProgress),
            None => return Poll::Pending,
        };
        Poll::Ready(self.target.encode(&response).unwrap_or(Reply::Close))
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }
}

impl Drop for PendingId {
    fn drop(&mut self) {
        self.broker.forget_producer_id(self.id);
    }
}
