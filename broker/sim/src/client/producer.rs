//! Producers. One that is idempotent sends a batch again, with the same sequence, until it is acknowledged; one that is
//! content with its leader sends each once.

use bytes::Bytes;
use client::history::{History, RecordId};
use protocol::api::messages::InitProducerIdRequest;
use protocol::api::messages::produce_request::{PartitionProduceData, ProduceRequest, TopicProduceData};
use protocol::api::messages::produce_response::PartitionProduceResponse;
use protocol::api::{ErrorCode, ProducerId, StrBytes, TopicName};
use protocol::records::{BatchBuilder, Compression, NewRecord, ProducerStamp};

use super::{Asked, Place, Session, Work};
use crate::caller::{Answer, ask};
use crate::world::{EndId, World};
use broker_core::cx::Random as _;

/// How long a leader may wait for its in-sync replicas.
const ACKS_TIMEOUT_MS: i32 = 2000;

/// A batch that is being sent.
#[derive(Debug)]
struct Batch {
    ids: Vec<RecordId>,
    bytes: Bytes,
    base_sequence: i32,
    tries: u32,
}

/// A producer of one partition.
pub(crate) struct Producer {
    session: Session,
    place: Place,
    writer: u32,
    /// Whether all in-sync replicas acknowledge, and nothing is given up.
    is_idempotent: bool,
    id: Option<(i64, i16)>,
    sequence: i32,
    batch: Option<Batch>,
    is_over: bool,
}

/// The bytes of a record: who wrote it and as which one.
pub(crate) fn value_of(id: RecordId) -> [u8; 8] {
    (u64::from(id.writer) << 32 | u64::from(id.number)).to_be_bytes()
}

/// The record that has these bytes.
pub(crate) fn id_of(value: &[u8]) -> Option<RecordId> {
    let value = u64::from_be_bytes(*value.first_chunk::<8>()?);
    Some(RecordId {
        writer: (value >> 32) as u32,
        number: value as u32,
    })
}

impl Producer {
    pub(crate) fn new(id: EndId, place: Place, is_idempotent: bool) -> Self {
        Self {
            session: Session::new(id),
            place,
            writer: id.unsigned_abs(),
            is_idempotent,
            id: None,
            sequence: 0,
            batch: None,
            is_over: false,
        }
    }

    fn ask_id(&mut self, world: &mut World) {
        let request = InitProducerIdRequest::default()
            .with_transactional_id(None)
            .with_transaction_timeout_ms(60_000)
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1);
        let server = self.session.any_broker(world);
        self.session
            .ask(world, server, Asked::ProducerId, ask(request, None, 0));
    }

    fn make_batch(&mut self, world: &mut World, history: &mut History) -> Option<Batch> {
        let count = 1 + world.random.below(3);
        let ids: Vec<RecordId> = (0..count)
            .map(|_| history.sends(self.writer, self.place.number))
            .collect();
        let mut batch = BatchBuilder::new(0, Compression::None);
        if let Some((id, epoch)) = self.id.filter(|_| self.is_idempotent) {
            batch = batch.producer(ProducerStamp {
                id,
                epoch,
                base_sequence: self.sequence,
            });
        }
        for id in &ids {
            let value = value_of(*id);
            batch.push(&NewRecord {
                timestamp: 1_790_000_000_000,
                key: None,
                value: Some(&value),
                headers: &[],
            });
        }
        world.totals.batches += 1;
        let made = Batch {
            ids,
            bytes: batch.build().ok()?.into(),
            base_sequence: self.sequence,
            tries: 0,
        };
        self.sequence += count as i32;
        Some(made)
    }

    fn send(&mut self, world: &mut World) {
        let Some((leader, _)) = self.session.metadata.leader(&self.place.topic, self.place.partition) else {
            return self.session.ask_metadata(world, &[self.place.topic.as_str()]);
        };
        let Some(batch) = &mut self.batch else { return };
        batch.tries += 1;
        let data = PartitionProduceData::default()
            .with_index(self.place.partition)
            .with_records(Some(batch.bytes.clone()));
        let data = TopicProduceData::default()
            .with_name(TopicName(StrBytes::from_string(self.place.topic.clone())))
            .with_partition_data(vec![data]);
        let request = ProduceRequest::default()
            .with_acks(if self.is_idempotent { -1 } else { 1 })
            .with_timeout_ms(ACKS_TIMEOUT_MS)
            .with_topic_data(vec![data]);
        self.session
            .ask(world, leader, Asked::Produce, ask(request, Some(12), 0));
    }

    fn produced(&mut self, world: &mut World, history: &mut History, answer: &Answer) {
        let response = answer.read::<ProduceRequest>();
        let answered = response.and_then(|response| {
            let mut topics = response.responses.into_iter();
            topics.find_map(|topic| topic.partition_responses.into_iter().next())
        });
        if !self.is_idempotent {
            return self.sent_once(world, history, answered.as_ref());
        }
        match &answered {
            Some(answered) if answered.error_code == 0 => self.acknowledged(world, history, answered.base_offset),
            _ => self.failed(world, answered.as_ref()),
        }
    }

    fn acknowledged(&mut self, world: &mut World, history: &mut History, base_offset: i64) {
        let Some(batch) = self.batch.take() else { return };
        world.totals.acknowledged += batch.ids.len() as u64;
        for (id, offset) in batch.ids.iter().zip(base_offset..) {
            history.acknowledges(*id, offset);
        }
        let (id, place) = (self.session.id, &self.place);
        world.tell(|| {
            format!(
                "producer {id}: {}-{} has sequence {} at {base_offset} after {} tries",
                place.topic, place.partition, batch.base_sequence, batch.tries
            )
        });
        let every = world.weather.produce_every_ms;
        self.session.wait(world, every / 2, every * 3 / 2);
    }

    fn failed(&mut self, world: &mut World, answered: Option<&PartitionProduceResponse>) {
        let (id, place) = (self.session.id, &self.place);
        let code = answered.and_then(|answered| ErrorCode::try_from_code(answered.error_code));
        world.tell(|| format!("producer {id}: {}-{} {code:?}", place.topic, place.partition));
        if matches!(
            code,
            Some(
                ErrorCode::OutOfOrderSequenceNumber
                    | ErrorCode::UnknownProducerId
                    | ErrorCode::InvalidProducerEpoch
                    | ErrorCode::CorruptMessage
                    | ErrorCode::DuplicateSequenceNumber
            )
        ) {
            world.wrong(format!(
                "producer {id} of {}-{} is told {code:?} for a batch that it sends as it should",
                place.topic, place.partition
            ));
        }
        let leader = answered.map(|answered| {
            (
                answered.current_leader.leader_id.0,
                answered.current_leader.leader_epoch,
            )
        });
        let (topic, partition) = (self.place.topic.clone(), self.place.partition);
        let learned =
            leader.is_some_and(|(leader, epoch)| self.session.metadata.learn(&topic, partition, leader, epoch));
        if !learned && code != Some(ErrorCode::NotEnoughReplicas) {
            self.session.metadata.forget(&topic, partition);
        }
        self.session.wait(world, 10, 60);
    }

    fn sent_once(&mut self, world: &mut World, history: &mut History, answered: Option<&PartitionProduceResponse>) {
        let Some(batch) = self.batch.take() else { return };
        let code = answered.and_then(|answered| ErrorCode::try_from_code(answered.error_code));
        if code == Some(ErrorCode::NotLeaderOrFollower) {
            for id in batch.ids {
                history.refuses(id);
            }
        }
        // What got no answer may be written after what is sent next.
        self.writer += 1000;
        if answered.is_none_or(|answered| answered.error_code != 0) {
            let (topic, partition) = (self.place.topic.clone(), self.place.partition);
            self.session.metadata.forget(&topic, partition);
        }
        let every = world.weather.produce_every_ms;
        self.session.wait(world, every, every * 3);
    }
}

impl Work for Producer {
    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    fn go_on(&mut self, world: &mut World, history: &mut History) {
        if self.id.is_none() && self.is_idempotent {
            return self.ask_id(world);
        }
        let (topic, partition) = (self.place.topic.clone(), self.place.partition);
        if self.session.metadata.leader(&topic, partition).is_none() {
            return self.session.ask_metadata(world, &[topic.as_str()]);
        }
        if self.batch.is_none() && !self.is_over {
            self.batch = self.make_batch(world, history);
        }
        self.send(world);
    }

    fn answered(&mut self, world: &mut World, history: &mut History, asked: Asked, answer: &Answer) {
        match asked {
            Asked::Metadata => {
                self.session.take_metadata(answer);
                let known = self.session.metadata.leader(&self.place.topic, self.place.partition);
                if known.is_some() {
                    self.session.due = Some(world.now);
                } else {
                    self.session.wait(world, 30, 100);
                }
            }
            Asked::ProducerId => {
                let response = answer.read::<InitProducerIdRequest>();
                if let Some(response) = response.filter(|response| response.error_code == 0) {
                    self.id = Some((response.producer_id.0, response.producer_epoch));
                }
                self.session.wait(world, 10, 50);
            }
            Asked::Produce => self.produced(world, history, answer),
            _ => {}
        }
    }

    fn unfinished(&self) -> Option<String> {
        let is_waiting = self.is_idempotent && self.batch.is_some();
        is_waiting.then(|| {
            format!(
                "producer {} of {}-{} waits",
                self.session.id, self.place.topic, self.place.partition
            )
        })
    }

    fn finish(&mut self) {
        self.is_over = true;
    }
}
