//! One request on its way through the broker, and what becomes of it.

use std::collections::BTreeMap;
use std::fmt;
use std::task::{Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use protocol::api::{
    ApiKey, DECODE_BUDGET_BYTES, DecodeError, Encodable, HeaderVersion, Request, RequestHeader, decode_request,
    encode_response,
};

use crate::cx::Now;
use crate::reply::Reply;

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peer {
    /// The address requests come from, without the port.
    pub host: String,
    /// The listener that accepted the connection.
    pub listener: String,
    /// The connection's number, where a listener gives numbers; they start from 1.
    pub connection: u64,
    /// What ApiVersions v3 said of the client's library, empty before that.
    pub software_name: String,
    /// Its version.
    pub software_version: String,
}

/// A request whose header has been read.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its header.
    pub header: RequestHeader,
    /// Its body, not yet walked by the guard.
    pub body: Bytes,
    /// Who sent it.
    pub peer: Peer,
    /// When it was read.
    pub now: Now,
}

impl Call {
    /// The guarded, typed body.
    pub fn decode<R: Request>(&self) -> Result<R, DecodeError> {
        decode_request(self.header.api_version, self.body.clone(), DECODE_BUDGET_BYTES)
    }

    /// A response to this call.
    pub fn reply<T: Encodable + HeaderVersion>(&self, response: &T) -> Result<Reply, DecodeError> {
        self.target().encode(response)
    }

    /// What is needed to answer later, without the request's bytes.
    pub fn target(&self) -> ReplyTarget {
        ReplyTarget {
            api_key: self.header.api_key,
            api_version: self.header.api_version,
            correlation_id: self.header.correlation_id,
        }
    }
}

/// Where an answer goes and in which version it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyTarget {
    /// The API that was called.
    pub api_key: i16,
    /// In this version.
    pub api_version: i16,
    /// Echoed to the client.
    pub correlation_id: i32,
}

impl ReplyTarget {
    /// Writes the response frame.
    pub fn encode<T: Encodable + HeaderVersion>(&self, response: &T) -> Result<Reply, DecodeError> {
        encode_response(self.api_key, self.api_version, self.correlation_id, response).map(Reply::from)
    }
}

/// What a handler makes of a call.
#[derive(Debug)]
pub enum Outcome {
    /// The answer.
    Reply(Reply),
    /// The answer comes when something happens, or at a deadline.
    Wait(Box<dyn Pending>),
    /// The active controller answers it.
    Forward(Call),
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}

/// An answer that has to wait: a long poll, acks=all, a group join.
///
/// The shell polls it once at the start, whenever the waker it gave is woken, and at the deadline.
pub trait Pending: Send + fmt::Debug {
    /// The answer, if it is due. Otherwise the operation has left `waker` with whatever it waits for.
    fn poll(&mut self, now: Now, waker: &Waker) -> Poll<Reply>;

    /// When to poll it again even if nothing happens; at that time it must answer.
    fn deadline(&self) -> Duration;
}

/// Tasks to wake once something happened. Each waits under a number of its own, so that one that gives
/// up leaves nothing behind.
#[derive(Debug, Default)]
pub struct Waiters {
    wakers: BTreeMap<u64, Waker>,
}

impl Waiters {
    /// Leaves a waker under `id`, replacing the one left before.
    pub fn register(&mut self, id: u64, waker: &Waker) {
        self.wakers.insert(id, waker.clone());
    }

    /// Takes back what `id` left.
    pub fn forget(&mut self, id: u64) {
        self.wakers.remove(&id);
    }

    /// Wakes and forgets all.
    pub fn wake_all(&mut self) {
        for (_, waker) in std::mem::take(&mut self.wakers) {
            waker.wake();
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.wakers.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.wakers.is_empty()
    }
}

/// An API as one listener serves it.
#[derive(Debug, Clone, Copy)]
pub struct Served {
    /// Which API.
    pub key: ApiKey,
    /// Lowest version that ApiVersions advertises.
    pub advertised_min: i16,
    /// Lowest version that is answered.
    pub min: i16,
    /// Highest version.
    pub max: i16,
}

impl Served {
    /// Versions `min` to `max`, advertised as they are.
    pub const fn new(key: ApiKey, min: i16, max: i16) -> Self {
        Self {
            key,
            advertised_min: min,
            min,
            max,
        }
    }

    /// Whether this version is answered.
    pub const fn answers(&self, version: i16) -> bool {
        self.min <= version && version <= self.max
    }
}
