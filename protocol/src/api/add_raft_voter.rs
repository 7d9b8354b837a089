//! AddRaftVoter (80) as Kafka 4.2 has it: version 1 says whether the answer waits for the commit. kafka-protocol stops at
//! version 0, which has all else.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use kafka_protocol::messages::AddRaftVoterRequest;
use kafka_protocol::protocol::Request as _;

use super::{DecodeError, decode_request, decode_request_as};
use crate::guard::{self, skip_tagged_fields};

/// The newest version that is read here.
pub const VERSION_MAX: i16 = 1;
/// The newest version that kafka-protocol has. Answers of all versions are alike.
pub const TYPED_MAX: i16 = 0;
/// Timeout, id and directory of the voter.
const FIXED_BYTES: usize = 4 + 4 + 16;
/// Of a listener.
const PORT_BYTES: usize = 2;

/// A request in any version, and whether its answer is to wait until the new voters are committed.
pub fn decode(version: i16, body: Bytes, budget_bytes: usize) -> Result<(AddRaftVoterRequest, bool), DecodeError> {
    if version <= TYPED_MAX {
        return Ok((decode_request(version, body, budget_bytes)?, true));
    }
    guard::check_request(AddRaftVoterRequest::KEY, version, &body, budget_bytes)?;
    let mut rest = body.clone();
    // The guard has walked all that is stepped over here.
    let waits = step_to_flag(&mut rest)
        .filter(|()| !rest.is_empty())
        .map(|()| rest.get_u8() != 0);
    let before_flag = body.len() - rest.len() - usize::from(waits.is_some());
    let mut typed = BytesMut::with_capacity(body.len());
    typed.put_slice(body.get(..before_flag).unwrap_or_default());
    typed.put_slice(&rest);
    let request = decode_request_as(TYPED_MAX, TYPED_MAX, typed.freeze(), budget_bytes)?;
    Ok((request, waits.unwrap_or(true)))
}

/// Steps over the fields before the flag.
fn step_to_flag(rest: &mut Bytes) -> Option<()> {
    skip(rest, 0, true)?;
    skip(rest, FIXED_BYTES, false)?;
    for _ in 0..varint(rest)?.saturating_sub(1) {
        skip(rest, 0, true)?;
        skip(rest, 0, true)?;
        skip(rest, PORT_BYTES, false)?;
        skip_tagged_fields(rest).ok()?;
    }
    Some(())
}

/// Steps over so many bytes, or over a compact string.
fn skip(rest: &mut Bytes, bytes: usize, is_string: bool) -> Option<()> {
    let bytes = if is_string {
        varint(rest)?.saturating_sub(1)
    } else {
        bytes
    };
    (bytes <= rest.len()).then(|| rest.advance(bytes))
}

fn varint(rest: &mut Bytes) -> Option<usize> {
    let (mut value, mut shift) = (0usize, 0);
    while !rest.is_empty() && shift < 35 {
        let byte = rest.get_u8();
        value |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::add_raft_voter_request::Listener;
    use kafka_protocol::protocol::{Encodable as _, StrBytes};

    use super::*;
    use crate::api::DECODE_BUDGET_BYTES;

    fn request(listeners: u16) -> AddRaftVoterRequest {
        let listener = |port| {
            Listener::default()
                .with_name(StrBytes::from_static_str("CONTROLLER"))
                .with_host(StrBytes::from_string("h".repeat(usize::from(port))))
                .with_port(port)
        };
        AddRaftVoterRequest::default()
            .with_cluster_id(Some(StrBytes::from_static_str("fMCL8kv1SWm87L_Md-I2hg")))
            .with_timeout_ms(2000)
            .with_voter_id(3)
            .with_voter_directory_id(crate::Uuid::from_u128(7).into())
            .with_listeners((1..=listeners).map(|at| listener(at * 100)).collect())
    }

    /// A body of version 1: the flag stands before the tagged fields.
    fn body(request: &AddRaftVoterRequest, flag: u8, tagged: &[u8]) -> Bytes {
        let mut body = BytesMut::new();
        request.encode(&mut body, 0).unwrap();
        body.truncate(body.len() - 1);
        body.put_u8(flag);
        body.put_slice(tagged);
        body.freeze()
    }

    #[test]
    fn version_1_says_whether_the_answer_waits() {
        for listeners in [0, 1, 3] {
            for without_id in [false, true] {
                let mut request = request(listeners);
                if without_id {
                    request.cluster_id = None;
                }
                for flag in [0, 1] {
                    for tagged in [&[0][..], &[1, 9, 2, 5, 5]] {
                        let (read, waits) = decode(1, body(&request, flag, tagged), DECODE_BUDGET_BYTES).unwrap();
                        assert_eq!((&read.listeners, read.voter_id), (&request.listeners, 3));
                        assert_eq!((read.cluster_id, waits), (request.cluster_id.clone(), flag == 1));
                    }
                }
            }
        }
        let mut old = BytesMut::new();
        request(2).encode(&mut old, 0).unwrap();
        assert_eq!(
            decode(0, old.freeze(), DECODE_BUDGET_BYTES).unwrap(),
            (request(2), true)
        );
    }

    #[test]
    fn what_is_cut_short_is_refused_at_every_byte() {
        let whole = body(&request(2), 0, &[0]);
        for end in 0..whole.len() {
            assert!(decode(1, whole.slice(..end), DECODE_BUDGET_BYTES).is_err(), "{end}");
        }
    }
}
