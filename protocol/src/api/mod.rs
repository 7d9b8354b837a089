//! Typed requests and responses, and the one door through which bytes become them.
//!
//! The types are `kafka-protocol`'s; nobody outside this module imports that crate. Its decoders trust
//! the lengths they read, so [`decode_request`] and [`decode_response`] walk the bytes with
//! [`crate::guard`] first.

pub mod add_raft_voter;
pub mod fetch;
mod frame;
pub mod heartbeat;
pub mod streams_group;

use frame::decode_request_as;
pub use frame::{
    DecodeError, RequestHeader, decode_request, decode_response, encode_request, encode_response, join_request,
    split_request, split_response,
};
pub use kafka_protocol::error::ResponseError as ErrorCode;
pub use kafka_protocol::messages::{
    self, ApiKey, BrokerId, GroupId, ProducerId, RequestHeader as RawRequestHeader, TopicName, TransactionalId,
};
pub use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Message, Request, StrBytes, VersionRange};

/// The default bound on the memory that decoding one frame may take, in bytes.
pub const DECODE_BUDGET_BYTES: usize = 256 * 1024 * 1024;
