//! BrokerHeartbeat (63) as Kafka 4.3 has it: version 2 adds the cordoned log directories (KIP-1066). kafka-protocol stops
//! at version 1, which differs in nothing but that tagged field.

use bytes::Bytes;
use kafka_protocol::messages::{BrokerHeartbeatRequest, BrokerHeartbeatResponse};
use kafka_protocol::protocol::Request as _;

use super::{DecodeError, decode_request_as, encode_response};
use crate::Uuid;

/// The newest version that is read here.
pub const VERSION_MAX: i16 = 2;
/// The newest version that kafka-protocol has.
const TYPED_MAX: i16 = 1;
/// The tag of the cordoned directories.
const CORDONED_TAG: i32 = 1;
const UUID_BYTES: usize = 16;

/// A request in any version, and its cordoned directories, if it tells them.
pub fn decode(
    version: i16,
    body: Bytes,
    budget_bytes: usize,
) -> Result<(BrokerHeartbeatRequest, Option<Vec<Uuid>>), DecodeError> {
    let request: BrokerHeartbeatRequest = decode_request_as(version, version.min(TYPED_MAX), body, budget_bytes)?;
    let cordoned = request
        .unknown_tagged_fields
        .get(&CORDONED_TAG)
        .filter(|_| version > TYPED_MAX);
    let cordoned = cordoned.and_then(|field| uuids(field));
    Ok((request, cordoned))
}

/// An answer in any version: they are all alike.
pub fn encode(version: i16, correlation_id: i32, response: &BrokerHeartbeatResponse) -> Result<Bytes, DecodeError> {
    let key = BrokerHeartbeatRequest::KEY;
    encode_response(key, version.min(TYPED_MAX), correlation_id, response)
}

/// A compact array: its length and one more as a varint, then the ids. The guard has walked it.
fn uuids(field: &[u8]) -> Option<Vec<Uuid>> {
    let (mut count, mut shift, mut at) = (0usize, 0, 0);
    loop {
        let byte = *field.get(at)?;
        at += 1;
        count |= usize::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let ids = field.get(at..)?;
    if ids.len() != count.checked_sub(1)?.checked_mul(UUID_BYTES)? {
        return None;
    }
    let ids = ids.chunks_exact(UUID_BYTES);
    ids.map(|id| id.try_into().ok().map(Uuid::from_bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::DECODE_BUDGET_BYTES;

    /// Broker 3, epoch 17, offset 17, neither fence nor shutdown, and tagged fields.
    fn body(tagged: &[u8]) -> Bytes {
        let mut body = 3i32.to_be_bytes().to_vec();
        body.extend(17i64.to_be_bytes());
        body.extend(17i64.to_be_bytes());
        body.extend([0, 0]);
        body.extend(tagged);
        body.into()
    }

    #[test]
    fn version_2_tells_cordoned_directories_and_none_is_not_the_same_as_no_answer() {
        let mut one = vec![1, 1, 17, 2];
        one.extend([7; 16]);
        let cases: [(&[u8], Option<Vec<Uuid>>); 4] = [
            (&[0], None),
            (&[1, 1, 1, 0], None),
            (&[1, 1, 1, 1], Some(vec![])),
            (&one, Some(vec![Uuid::from_bytes([7; 16])])),
        ];
        for (tagged, expected) in cases {
            let (request, cordoned) = decode(2, body(tagged), DECODE_BUDGET_BYTES).unwrap();
            assert_eq!((request.broker_id.0, request.broker_epoch), (3, 17));
            assert_eq!(cordoned, expected, "{tagged:?}");
        }
    }

    #[test]
    fn what_is_not_an_array_of_ids_is_refused_or_left_out() {
        for tagged in [
            &[1, 1, 2, 9, 9][..],
            &[1, 1, 1, 5],
            &[1, 1, 5, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            let decoded = decode(2, body(tagged), DECODE_BUDGET_BYTES);
            assert!(decoded.is_err() || decoded.unwrap().1.is_none(), "{tagged:?}");
        }
    }
}
