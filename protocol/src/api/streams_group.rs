//! StreamsGroupDescribe (89, KIP-1071), which kafka-protocol does not have: our own types, in its traits.

use anyhow::Result;
use kafka_protocol::protocol::buf::{ByteBuf, ByteBufMut};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Message, Request, VersionRange};

pub use crate::messages::requests::{
    StreamsGroupDescribeRequest, StreamsGroupDescribeResponse, StreamsGroupDescribeResponseAssignment,
    StreamsGroupDescribeResponseDescribedGroup, StreamsGroupDescribeResponseMember,
    StreamsGroupDescribeResponseSubtopology, StreamsGroupDescribeResponseTaskIds,
    StreamsGroupDescribeResponseTopicInfo, StreamsGroupDescribeResponseTopology,
};

macro_rules! message {
    ($name:ident, $header_version:literal) => {
        impl Message for $name {
            const VERSIONS: VersionRange = VersionRange {
                min: $name::MIN_VERSION,
                max: $name::MAX_VERSION,
            };
            const DEPRECATED_VERSIONS: Option<VersionRange> = None;
        }

        impl HeaderVersion for $name {
            fn header_version(_version: i16) -> i16 {
                $header_version
            }
        }

        impl Encodable for $name {
            fn encode<B: ByteBufMut>(&self, buffer: &mut B, version: i16) -> Result<()> {
                let mut bytes = Vec::new();
                $name::encode(self, version, &mut bytes)?;
                buffer.put_slice(&bytes);
                Ok(())
            }

            fn compute_size(&self, version: i16) -> Result<usize> {
                let mut bytes = Vec::new();
                $name::encode(self, version, &mut bytes)?;
                Ok(bytes.len())
            }
        }

        impl Decodable for $name {
            fn decode<B: ByteBuf>(buffer: &mut B, version: i16) -> Result<Self> {
                let bytes = buffer.copy_to_bytes(buffer.remaining());
                Ok($name::decode(&bytes, version)?)
            }
        }
    };
}

message!(StreamsGroupDescribeRequest, 2);
message!(StreamsGroupDescribeResponse, 1);

impl Request for StreamsGroupDescribeRequest {
    const KEY: i16 = StreamsGroupDescribeRequest::KEY;
    type Response = StreamsGroupDescribeResponse;
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::api::{DECODE_BUDGET_BYTES, decode_request, decode_response};

    /// Bytes of an answer, field by field: no other decoder of it is at hand.
    fn answer() -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 0]; // throttle_time_ms
        bytes.extend([2, 0, 0, 0]); // one group; error_code; no error_message
        bytes.extend(b"\x02g\x07Stable");
        bytes.extend([0, 0, 0, 3, 0, 0, 0, 2]); // epochs of the group and of the assignment
        bytes.extend([1, 0, 0, 0, 1, 2]); // a topology of epoch 1 with one subtopology
        bytes.extend(b"\x020\x02\x02t\x01\x01\x01\0\0"); // "0", source topic t, nothing else
        bytes.extend([2]); // one member
        bytes.extend(b"\x02m\0\0\0\x03\0\0\x02c\x05host"); // id, epoch 3, no instance, no rack, client, host
        bytes.extend([0, 0, 0, 1]); // topology epoch
        bytes.extend(b"\x02p\xff\x01\x01\x01"); // process, no endpoint, no tags, no offsets, no end offsets
        bytes.extend(b"\x02\x020\x03\0\0\0\0\0\0\0\x01\0\x01\x01\0"); // active tasks 0 and 1 of "0"
        bytes.extend(b"\x01\x01\x01\0"); // no target
        bytes.extend([0, 0]); // not classic; the member's end
        bytes.extend([0x80, 0, 0, 0, 0]); // authorized_operations; the group's end
        bytes.push(0);
        bytes
    }

    #[test]
    fn an_answer_is_read_field_by_field() {
        let read =
            decode_response::<StreamsGroupDescribeRequest>(0, Bytes::from(answer()), DECODE_BUDGET_BYTES).unwrap();
        let group = &read.groups[0];
        assert_eq!((group.group_id.as_str(), group.group_state.as_str()), ("g", "Stable"));
        assert_eq!((group.group_epoch, group.assignment_epoch), (3, 2));
        let topology = group.topology.as_ref().unwrap();
        let subtopologies = topology.subtopologies.as_ref().unwrap();
        assert_eq!(subtopologies[0].source_topics, ["t"]);
        let member = &group.members[0];
        assert_eq!((member.member_id.as_str(), member.client_host.as_str()), ("m", "host"));
        assert_eq!(member.assignment.active_tasks[0].partitions, [0, 1]);
        let mut again = Vec::new();
        read.encode(0, &mut again).unwrap();
        assert_eq!(again, answer());
    }

    #[test]
    fn an_answer_that_is_cut_short_is_refused() {
        let whole = answer();
        for end in 0..whole.len() {
            let cut = Bytes::copy_from_slice(&whole[..end]);
            let read = decode_response::<StreamsGroupDescribeRequest>(0, cut, DECODE_BUDGET_BYTES);
            assert!(read.is_err(), "{end} bytes");
        }
    }

    #[test]
    fn a_request_is_what_it_was() {
        let request = StreamsGroupDescribeRequest {
            group_ids: vec!["g".to_owned(), "h".to_owned()],
            include_authorized_operations: true,
            ..StreamsGroupDescribeRequest::default()
        };
        let mut bytes = Vec::new();
        request.encode(0, &mut bytes).unwrap();
        assert_eq!(bytes, b"\x03\x02g\x02h\x01\0");
        let read = decode_request::<StreamsGroupDescribeRequest>(0, Bytes::from(bytes), DECODE_BUDGET_BYTES).unwrap();
        assert_eq!(read, request);
    }
}
