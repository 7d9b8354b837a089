//! A reader of one partition, up to its high watermark, from the leader.

use bytes::Bytes;
use client::history::History;
use protocol::api::messages::FetchRequest;
use protocol::api::messages::fetch_request::{FetchPartition, FetchTopic};
use protocol::api::{BrokerId, ErrorCode};
use protocol::records::{Batches, Records, records_of};

use super::producer::id_of;
use super::{Asked, Place, Session, Work};
use crate::caller::{Answer, ask};
use crate::world::{EndId, World};

/// How long a leader waits for something new.
const WAIT_MS: i32 = 400;

/// A reader.
pub(crate) struct Reader {
    session: Session,
    place: Place,
    pub(crate) offset: i64,
    is_over: bool,
    /// The high watermark that it was told last, and whether it was told since the end began.
    caught_up: bool,
}

impl Reader {
    pub(crate) fn new(id: EndId, place: Place, history: &mut History) -> Self {
        history.seeks(id.unsigned_abs(), place.number, 0);
        Self {
            session: Session::new(id),
            place,
            offset: 0,
            is_over: false,
            caught_up: false,
        }
    }

    fn fetch(&mut self, world: &mut World, leader: (i32, i32)) {
        let Some(topic_id) = self.session.metadata.id(&self.place.topic) else {
            return self.session.ask_metadata(world, &[self.place.topic.as_str()]);
        };
        let partition = FetchPartition::default()
            .with_partition(self.place.partition)
            .with_current_leader_epoch(leader.1)
            .with_fetch_offset(self.offset)
            .with_last_fetched_epoch(-1)
            .with_log_start_offset(-1)
            .with_partition_max_bytes(1 << 16);
        let topic = FetchTopic::default()
            .with_topic_id(topic_id.into())
            .with_partitions(vec![partition]);
        let request = FetchRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_max_wait_ms(WAIT_MS)
            .with_min_bytes(1)
            .with_max_bytes(1 << 16)
            .with_isolation_level(0)
            .with_session_id(0)
            .with_session_epoch(-1)
            .with_topics(vec![topic]);
        self.session.ask(world, leader.0, Asked::Fetch, ask(request, None, 13));
    }

    fn fetched(&mut self, world: &mut World, history: &mut History, answer: &Answer) {
        let response = answer.read::<FetchRequest>();
        let answered = response.and_then(|response| {
            let mut topics = response.responses.into_iter();
            topics.find_map(|topic| topic.partitions.into_iter().next())
        });
        let code = answered
            .as_ref()
            .and_then(|answered| ErrorCode::try_from_code(answered.error_code));
        let (topic, index) = (self.place.topic.clone(), self.place.partition);
        match answered {
            Some(answered) if code.is_none() => {
                let records = answered.records.unwrap_or_default();
                self.take(world, history, &records);
                self.caught_up = self.is_over && self.offset >= answered.high_watermark;
                self.session.wait(world, 1, 30);
            }
            _ => {
                if code == Some(ErrorCode::OffsetOutOfRange) {
                    let (id, offset) = (self.session.id, self.offset);
                    world.wrong(format!(
                        "reader {id} of {topic}-{index} is out of range at {offset}, where it was"
                    ));
                }
                let leader = answered.map(|answered| {
                    let leader = answered.current_leader;
                    (leader.leader_id.0, leader.leader_epoch)
                });
                let learned =
                    leader.is_some_and(|(leader, epoch)| self.session.metadata.learn(&topic, index, leader, epoch));
                if !learned {
                    self.session.metadata.forget(&topic, index);
                }
                self.session.wait(world, 20, 100);
            }
        }
    }

    fn take(&mut self, world: &mut World, history: &mut History, bytes: &Bytes) {
        let reader = self.session.id.unsigned_abs();
        for (offset, value) in records_in(bytes) {
            if offset < self.offset {
                // The batch starts before what was asked for.
                continue;
            }
            world.totals.read += 1;
            history.polls(reader, self.place.number, offset, id_of(&value));
            self.offset = offset + 1;
        }
    }
}

/// The records of batches, the last of which may be cut short.
pub(crate) fn records_in(bytes: &Bytes) -> Vec<(i64, Vec<u8>)> {
    let mut found = Vec::new();
    for batch in Batches::new(bytes) {
        let Ok((header, batch)) = batch else { break };
        let Ok(unpacked) = records_of(&header, batch, 1 << 20) else {
            break;
        };
        for (record, offset) in Records::new(header, &unpacked).zip(header.base_offset..) {
            let Ok(record) = record else { break };
            found.push((offset, record.value.unwrap_or_default().to_vec()));
        }
    }
    found
}

impl Work for Reader {
    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    fn go_on(&mut self, world: &mut World, _: &mut History) {
        match self.session.metadata.leader(&self.place.topic, self.place.partition) {
            Some(leader) => self.fetch(world, leader),
            None => self.session.ask_metadata(world, &[self.place.topic.as_str()]),
        }
    }

    fn answered(&mut self, world: &mut World, history: &mut History, asked: Asked, answer: &Answer) {
        match asked {
            Asked::Metadata => {
                self.session.take_metadata(answer);
                self.session.wait(world, 5, 60);
            }
            Asked::Fetch => self.fetched(world, history, answer),
            _ => {}
        }
    }

    fn unfinished(&self) -> Option<String> {
        let (id, place, offset) = (self.session.id, &self.place, self.offset);
        (!self.caught_up).then(|| format!("reader {id} of {}-{} is at {offset}", place.topic, place.partition))
    }

    fn finish(&mut self) {
        self.is_over = true;
    }
}
