//! Partitions of several brokers wired together in memory.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use broker_log::disk::{Disk, SimDisk};
use broker_log::{Log, LogConfig, LogContext, OpenOptions};
use bytes::{Bytes, BytesMut};
use protocol::Uuid;
use protocol::api::ErrorCode;
use protocol::messages::metadata::{PartitionRecord, RegisterBrokerRecord};
use protocol::records::{BatchBuilder, Batches, Compression, NewRecord, Records, records_of};

use super::*;
use crate::broker::partition::{
    Appended, FollowError, FollowerPosition, FromLeader, Isolation, OffsetSpec, Partition, PartitionError, Read,
    ReadRequest, ReplicaFetch, Replicated,
};
use crate::cx::Now;
use crate::image::{MetadataImage, PartitionImage};
use crate::reply::ReplyPart;

pub(crate) mod chaos;
mod controller;
mod follower;
mod leader;
#[cfg(feature = "mutations")]
mod mutations;
mod wire;

const TOPIC: Uuid = Uuid::from_u128(900);
const LAG_MAX: Duration = Duration::from_secs(30);

fn seconds(count: u64) -> Now {
    Now {
        wall_ms: 1_000_000 + count as i64 * 1000,
        mono: Duration::from_secs(count),
    }
}

fn dir() -> PathBuf {
    PathBuf::from("/data/t-0")
}

/// A broker with one partition.
struct Node {
    id: i32,
    context: Arc<ReplicaContext>,
    partition: Partition,
}

impl Node {
    fn start(id: i32, disk: &SimDisk, state: &PartitionImage, min_isr: usize, image: &MetadataImage, now: Now) -> Self {
        Self::with_lag(LAG_MAX, id, disk, state, min_isr, image, now)
    }

    fn with_lag(
        lag_max: Duration,
        id: i32,
        disk: &SimDisk,
        state: &PartitionImage,
        min_isr: usize,
        image: &MetadataImage,
        now: Now,
    ) -> Self {
        let context = Arc::new(ReplicaContext::new(id, lag_max));
        context.set_brokers(image.brokers().clone());
        disk.create_dir_all(&dir()).unwrap();
        let options = OpenOptions {
            clean: false,
            ..OpenOptions::default()
        };
        let logs = LogContext::new(Arc::new(disk.clone()), 16, 1 << 16);
        let (log, _) = Log::open(&logs, &dir(), config(), options).unwrap();
        let identity = ("t".to_owned(), TOPIC, 0);
        let partition = Partition::new(
            identity,
            Uuid::from_u128(1),
            Arc::clone(&context),
            log,
            state.clone(),
            min_isr,
            now,
        );
        Self { id, context, partition }
    }

    fn update(&self, state: &PartitionImage, min_isr: usize, image: &MetadataImage, now: Now) {
        self.context.set_brokers(image.brokers().clone());
        self.partition.update(state.clone(), config(), min_isr, now);
    }
}

fn config() -> Arc<LogConfig> {
    Arc::new(LogConfig {
        segment_bytes: 700,
        index_interval_bytes: 100,
        timestamp_after_max_ms: i64::MAX,
        ..LogConfig::default()
    })
}

/// Brokers 1 to `count`, with their number times 100 as epoch.
fn brokers(count: i32) -> MetadataImage {
    let mut image = MetadataImage::empty();
    for id in 1..=count {
        register(&mut image, id, i64::from(id) * 100, false);
    }
    image
}

fn register(image: &mut MetadataImage, broker_id: i32, broker_epoch: i64, fenced: bool) {
    let registration = RegisterBrokerRecord {
        broker_id,
        broker_epoch,
        fenced,
        rack: Some(format!("rack-{broker_id}")),
        ..Default::default()
    };
    image.apply(registration.into()).unwrap();
}

fn state(replicas: &[i32], isr: &[i32], leader: i32, (leader_epoch, partition_epoch): (i32, i32)) -> PartitionImage {
    let record = PartitionRecord {
        topic_id: TOPIC,
        replicas: replicas.to_vec(),
        isr: isr.to_vec(),
        leader,
        leader_epoch,
        partition_epoch,
        ..Default::default()
    };
    PartitionImage::from(&record)
}

fn batch(values: &[String]) -> Bytes {
    let mut builder = BatchBuilder::new(0, Compression::None);
    for value in values {
        builder.push(&NewRecord {
            timestamp: 1000,
            value: Some(value.as_bytes()),
            ..NewRecord::default()
        });
    }
    builder.build().unwrap().into()
}

fn produce(node: &Node, value: &str, acks: i16, now: Now) -> Result<Appended, PartitionError> {
    node.partition.append_as_leader(&batch(&[value.to_owned()]), acks, now)
}

fn replicated(node: &Node, appended: &Appended) -> Replicated {
    node.partition.replicated_to(appended, 1, Waker::noop())
}

fn gather(records: &[(ReplyPart, usize)]) -> Bytes {
    let mut out = BytesMut::new();
    for (part, _) in records {
        match part {
            ReplyPart::Bytes(bytes) => out.extend_from_slice(bytes),
            ReplyPart::File {
                file,
                position,
                size_bytes,
            } => {
                let mut range = vec![0; *size_bytes];
                file.read_at(&mut range, *position).unwrap();
                out.extend_from_slice(&range);
            }
        }
    }
    out.freeze()
}

/// A follower's question.
#[derive(Debug, Clone, Copy)]
struct Question {
    broker_id: i32,
    broker_epoch: i64,
    asked: FollowerPosition,
}

/// A leader's answer.
#[derive(Debug, Clone)]
enum Answer {
    Records {
        records: Bytes,
        high_watermark: i64,
        log_start_offset: i64,
    },
    Diverged((i32, i64)),
    OutOfRange {
        start_offset: i64,
        end_offset: i64,
    },
    Failed,
}

fn question(node: &Node, broker_epoch: i64) -> Option<Question> {
    let asked = node.partition.follower_position()?;
    Some(Question {
        broker_id: node.id,
        broker_epoch,
        asked,
    })
}

fn ask(leader: &Node, question: &Question, now: Now) -> Result<Read, PartitionError> {
    let request = ReadRequest {
        offset: question.asked.log_end_offset,
        max_bytes: 300,
        at_least_one_batch: true,
        isolation: Isolation::LogEndOffset,
        current_leader_epoch: question.asked.leader_epoch,
        last_fetched_epoch: question.asked.last_epoch.unwrap_or(-1),
        leader_only: true,
    };
    let fetch = ReplicaFetch {
        broker_id: question.broker_id,
        broker_epoch: question.broker_epoch,
        log_start_offset: question.asked.log_start_offset,
        at: now.mono,
        is_news: true,
    };
    leader.partition.read_as_replica(&request, &fetch, None)
}

fn answer(leader: &Node, question: &Question, now: Now) -> Answer {
    match ask(leader, question, now) {
        Ok(read) => match read.head.diverging_epoch {
            Some(diverged) => Answer::Diverged(diverged),
            None => Answer::Records {
                records: gather(&read.records),
                high_watermark: read.head.high_watermark,
                log_start_offset: read.head.log_start_offset,
            },
        },
        Err(error) if error.code == ErrorCode::OffsetOutOfRange => {
            let (start_offset, _, end_offset) = leader.partition.offsets();
            Answer::OutOfRange {
                start_offset,
                end_offset,
            }
        }
        Err(_) => Answer::Failed,
    }
}

fn take(follower: &Node, question: &Question, answer: &Answer, now: Now) -> Result<(), FollowError> {
    let (partition, asked) = (&follower.partition, &question.asked);
    match answer {
        Answer::Records {
            records,
            high_watermark,
            log_start_offset,
        } => {
            let sent = FromLeader {
                records,
                high_watermark: *high_watermark,
                log_start_offset: *log_start_offset,
            };
            partition.append_as_follower(asked, sent, now).map(drop)
        }
        Answer::Diverged(diverged) => partition.truncate_to_divergence(asked, *diverged).map(drop),
        Answer::OutOfRange {
            start_offset,
            end_offset,
        } => partition.start_over(asked, *start_offset, *end_offset).map(drop),
        Answer::Failed => Ok(()),
    }
}

/// One fetch, there and back.
fn fetch(follower: &Node, leader: &Node, now: Now) -> Answer {
    let question = question(follower, i64::from(follower.id) * 100).unwrap();
    let answer = answer(leader, &question, now);
    take(follower, &question, &answer, now).unwrap();
    answer
}

/// Fetches until there is nothing more to get.
fn catch_up(follower: &Node, leader: &Node, now: Now) {
    for _ in 0..200 {
        if let Answer::Records { records, .. } = fetch(follower, leader, now)
            && records.is_empty()
        {
            return;
        }
    }
    panic!("it never catches up");
}

/// (offset, leader epoch, value) of all records from the log start to the high watermark or to the end.
fn records(node: &Node, from: i64, isolation: Isolation) -> Vec<(i64, i32, String)> {
    records_of_partition(&node.partition, from, isolation)
}

fn records_of_partition(partition: &Partition, from: i64, isolation: Isolation) -> Vec<(i64, i32, String)> {
    let (start, high_watermark, end) = partition.offsets();
    let until = if isolation == Isolation::LogEndOffset {
        end
    } else {
        high_watermark
    };
    let mut offset = from.max(start);
    let mut out = Vec::new();
    while offset < until {
        let request = ReadRequest {
            offset,
            max_bytes: 1 << 20,
            at_least_one_batch: true,
            isolation,
            current_leader_epoch: -1,
            last_fetched_epoch: -1,
            leader_only: false,
        };
        let bytes = gather(&partition.read(&request, None).unwrap().records);
        let before = offset;
        for found in Batches::new(&bytes) {
            let (header, batch) = found.unwrap();
            let unpacked = records_of(&header, batch, 1 << 20).unwrap();
            for record in Records::new(header, &unpacked).map(Result::unwrap) {
                if record.offset >= offset && record.offset < until {
                    let value = String::from_utf8(record.value.unwrap().to_vec()).unwrap();
                    out.push((record.offset, header.leader_epoch, value));
                }
            }
            offset = offset.max(header.next_offset());
        }
        assert!(offset > before, "nothing at {offset} of {until}");
    }
    out
}

fn pair(min_isr: usize) -> (Node, Node, MetadataImage) {
    let image = brokers(2);
    let state = state(&[1, 2], &[1, 2], 1, (5, 7));
    let start = |id| Node::start(id, &SimDisk::default(), &state, min_isr, &image, seconds(0));
    (start(1), start(2), image)
}
