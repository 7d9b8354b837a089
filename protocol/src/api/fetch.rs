//! The Fetch response, written by hand: records are handed over as they lie, in memory or in a file,
//! and never copied into the frame. Versions 4 to 18 (KIP-74, 98, 227, 320, 392, 516, 903, 951, 1166).

use bytes::{BufMut, Bytes, BytesMut};

use super::StrBytes;
use crate::Uuid;

/// The first version with compact lengths and tagged fields.
const FLEXIBLE_FROM: i16 = 12;

/// A frame made of bytes and of payloads `P` that stand where records go.
#[derive(Debug)]
pub enum FetchPart<P> {
    /// Bytes of the response itself.
    Inline(Bytes),
    /// Records, as the caller holds them.
    Records(P),
}

/// What a Fetch response says of one partition, besides its records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchPartition {
    /// Partition number.
    pub partition: i32,
    /// Kafka error code, 0 for none.
    pub error_code: i16,
    /// -1 if unknown.
    pub high_watermark: i64,
    /// -1 if unknown.
    pub last_stable_offset: i64,
    /// -1 if unknown.
    pub log_start_offset: i64,
    /// (producer id, first offset) of aborted transactions in the range; none under read_uncommitted.
    pub aborted_transactions: Option<Vec<(i64, i64)>>,
    /// -1 for "read from me".
    pub preferred_read_replica: i32,
    /// (epoch, end offset) when the reader's log diverged (KIP-595).
    pub diverging_epoch: Option<(i32, i64)>,
    /// (leader id, leader epoch) with NOT_LEADER or FENCED errors (KIP-951).
    pub current_leader: Option<(i32, i32)>,
    /// (end offset, epoch) of the snapshot to fetch instead.
    pub snapshot_id: Option<(i64, i32)>,
}

impl FetchPartition {
    /// A partition that failed: no offsets, no records.
    pub fn failed(partition: i32, error_code: i16) -> Self {
        Self {
            partition,
            error_code,
            high_watermark: -1,
            last_stable_offset: -1,
            log_start_offset: -1,
            preferred_read_replica: -1,
            ..Self::default()
        }
    }
}

/// A topic of a Fetch response: name up to version 12, id from 13.
#[derive(Debug, Clone)]
pub struct FetchTopic<P> {
    /// The topic's name.
    pub name: StrBytes,
    /// The topic's id.
    pub id: Uuid,
    /// Partitions with their records, if there are any: payloads and their total size in bytes.
    pub partitions: Vec<(FetchPartition, Vec<(P, usize)>)>,
}

/// The head of a Fetch response.
#[derive(Debug, Clone, Copy, Default)]
pub struct FetchHead {
    /// Milliseconds the client is asked to wait.
    pub throttle_time_ms: i32,
    /// Top-level error code.
    pub error_code: i16,
    /// Fetch session, 0 for none.
    pub session_id: i32,
}

/// (node id, host, port, rack) of leaders named in `current_leader`, version 16 and later.
pub type NodeEndpoint = (i32, StrBytes, i32, Option<StrBytes>);

/// Writes a whole frame, length bytes included.
pub fn write_response<P>(
    version: i16,
    correlation_id: i32,
    head: FetchHead,
    topics: Vec<FetchTopic<P>>,
    endpoints: &[NodeEndpoint],
) -> Vec<FetchPart<P>> {
    let mut w = Writer {
        version,
        flexible: version >= FLEXIBLE_FROM,
        out: BytesMut::new(),
        parts: vec![],
        size: 0,
    };
    w.out.put_i32(correlation_id);
    w.tags(0);
    w.out.put_i32(head.throttle_time_ms);
    if version >= 7 {
        w.out.put_i16(head.error_code);
        w.out.put_i32(head.session_id);
    }
    w.array(topics.len());
    for topic in topics {
        w.topic(topic);
    }
    if version >= 16 && !endpoints.is_empty() {
        w.tags(1);
        w.tagged(0, |w| w.endpoints(endpoints));
    } else {
        w.tags(0);
    }
    w.finish()
}

struct Writer<P> {
    version: i16,
    flexible: bool,
    out: BytesMut,
    parts: Vec<FetchPart<P>>,
    size: usize,
}

impl<P> Writer<P> {
    fn uvarint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.out.put_u8(value as u8 | 0x80);
            value >>= 7;
        }
        self.out.put_u8(value as u8);
    }

    /// How many tagged fields follow; nothing in versions that have none.
    fn tags(&mut self, count: u32) {
        if self.flexible {
            self.uvarint(count);
        }
    }

    fn tagged(&mut self, tag: u32, body: impl FnOnce(&mut Self)) {
        self.uvarint(tag);
        let outer = std::mem::take(&mut self.out);
        body(self);
        let inner = std::mem::replace(&mut self.out, outer);
        self.uvarint(inner.len() as u32);
        self.out.put_slice(&inner);
    }

    fn array(&mut self, len: usize) {
        if self.flexible {
            self.uvarint(len as u32 + 1);
        } else {
            self.out.put_i32(len as i32);
        }
    }

    fn string(&mut self, text: &str) {
        if self.flexible {
            self.uvarint(text.len() as u32 + 1);
        } else {
            self.out.put_i16(text.len() as i16);
        }
        self.out.put_slice(text.as_bytes());
    }

    fn topic(&mut self, topic: FetchTopic<P>) {
        if self.version >= 13 {
            self.out.put_slice(topic.id.as_bytes());
        } else {
            self.string(&topic.name);
        }
        self.array(topic.partitions.len());
        for (partition, records) in topic.partitions {
            self.partition(&partition);
            self.records(records);
            self.partition_tags(&partition);
        }
        self.tags(0);
    }

    fn partition(&mut self, p: &FetchPartition) {
        self.out.put_i32(p.partition);
        self.out.put_i16(p.error_code);
        self.out.put_i64(p.high_watermark);
        self.out.put_i64(p.last_stable_offset);
        if self.version >= 5 {
            self.out.put_i64(p.log_start_offset);
        }
        match &p.aborted_transactions {
            None if self.flexible => self.out.put_u8(0),
            None => self.out.put_i32(-1),
            Some(aborted) => {
                self.array(aborted.len());
                for (producer_id, first_offset) in aborted {
                    self.out.put_i64(*producer_id);
                    self.out.put_i64(*first_offset);
                    self.tags(0);
                }
            }
        }
        if self.version >= 11 {
            self.out.put_i32(p.preferred_read_replica);
        }
    }

    /// An empty set is written as length 0, never null: librdkafka refuses -1.
    fn records(&mut self, records: Vec<(P, usize)>) {
        let total: usize = records.iter().map(|(_, size)| size).sum();
        if self.flexible {
            self.uvarint(total as u32 + 1);
        } else {
            self.out.put_i32(total as i32);
        }
        if total == 0 {
            return;
        }
        self.flush();
        self.size += total;
        self.parts
            .extend(records.into_iter().map(|(payload, _)| FetchPart::Records(payload)));
    }

    fn partition_tags(&mut self, p: &FetchPartition) {
        if !self.flexible {
            return;
        }
        let count = [
            p.diverging_epoch.is_some(),
            p.current_leader.is_some(),
            p.snapshot_id.is_some(),
        ];
        self.tags(count.into_iter().map(u32::from).sum());
        if let Some((epoch, end_offset)) = p.diverging_epoch {
            self.tagged(0, |w| {
                w.out.put_i32(epoch);
                w.out.put_i64(end_offset);
                w.tags(0);
            });
        }
        if let Some((leader_id, leader_epoch)) = p.current_leader {
            self.tagged(1, |w| {
                w.out.put_i32(leader_id);
                w.out.put_i32(leader_epoch);
                w.tags(0);
            });
        }
        if let Some((end_offset, epoch)) = p.snapshot_id {
            self.tagged(2, |w| {
                w.out.put_i64(end_offset);
                w.out.put_i32(epoch);
                w.tags(0);
            });
        }
    }

    fn endpoints(&mut self, endpoints: &[NodeEndpoint]) {
        self.array(endpoints.len());
        for (node_id, host, port, rack) in endpoints {
            self.out.put_i32(*node_id);
            self.string(host);
            self.out.put_i32(*port);
            match rack {
                Some(rack) => self.string(rack),
                None => self.out.put_u8(0),
            }
            self.tags(0);
        }
    }

    fn flush(&mut self) {
        if !self.out.is_empty() {
            self.size += self.out.len();
            self.parts.push(FetchPart::Inline(self.out.split().freeze()));
        }
    }

    fn finish(mut self) -> Vec<FetchPart<P>> {
        self.flush();
        let length = Bytes::copy_from_slice(&(self.size as u32).to_be_bytes());
        let mut parts = Vec::with_capacity(self.parts.len() + 1);
        parts.push(FetchPart::Inline(length));
        parts.append(&mut self.parts);
        parts
    }
}

#[cfg(test)]
mod tests {
    use bytes::Buf as _;
    use kafka_protocol::messages::FetchResponse;
    use kafka_protocol::protocol::{Decodable as _, HeaderVersion as _};

    use super::*;

    fn sample(version: i16) -> Vec<FetchTopic<Bytes>> {
        let full = FetchPartition {
            partition: 3,
            high_watermark: 40,
            last_stable_offset: 39,
            log_start_offset: 2,
            aborted_transactions: Some(vec![(7, 11)]),
            preferred_read_replica: -1,
            ..FetchPartition::default()
        };
        let mut moved = FetchPartition::failed(4, 6);
        moved.current_leader = (version >= 12).then_some((2, 9));
        let records = vec![(Bytes::from_static(b"first"), 5), (Bytes::from_static(b"second"), 6)];
        let id = Uuid::from_u128(77);
        vec![FetchTopic {
            name: "t".into(),
            id,
            partitions: vec![(full, records), (moved, vec![])],
        }]
    }

    #[test]
    fn every_version_decodes_to_what_was_written() {
        for version in 4..=18 {
            let endpoints = [(2, StrBytes::from("h"), 9092, None)];
            let head = FetchHead {
                throttle_time_ms: 1,
                error_code: 0,
                session_id: 5,
            };
            let parts = write_response(version, 42, head, sample(version), &endpoints);
            let mut frame = BytesMut::new();
            for part in parts {
                match part {
                    FetchPart::Inline(bytes) | FetchPart::Records(bytes) => frame.put_slice(&bytes),
                }
            }
            let mut frame = frame.freeze();
            assert_eq!(frame.get_i32() as usize, frame.len(), "v{version}");
            assert_eq!(frame.get_i32(), 42);
            if FetchResponse::header_version(version) >= 1 {
                assert_eq!(frame.get_u8(), 0);
            }
            let response = FetchResponse::decode(&mut frame, version).unwrap();
            assert!(frame.is_empty(), "v{version}: {} bytes left", frame.len());
            let topic = &response.responses[0];
            let partition = &topic.partitions[0];
            assert_eq!(partition.high_watermark, 40);
            assert_eq!(partition.records.as_deref(), Some(&b"firstsecond"[..]));
            assert_eq!(partition.aborted_transactions.as_ref().unwrap()[0].first_offset, 11);
            assert_eq!(topic.partitions[1].error_code, 6);
            assert_eq!(topic.partitions[1].records.as_deref(), Some(&b""[..]));
            if version >= 12 {
                assert_eq!(topic.partitions[1].current_leader.leader_epoch, 9);
            }
            assert_eq!(response.node_endpoints.len(), usize::from(version >= 16));
        }
    }
}
