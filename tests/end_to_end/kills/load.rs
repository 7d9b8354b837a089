//! Writers, readers, a group that commits, and topics that come and go, on a node that is killed again and again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use client::{Client, ClientConfig, ClientError, FetchSpec, Limit, Producer};
use protocol::api::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use protocol::api::messages::delete_topics_request::DeleteTopicState;
use protocol::api::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use protocol::api::messages::{CreateTopicsRequest, DeleteTopicsRequest, OffsetCommitRequest};
use protocol::api::{ErrorCode, GroupId, StrBytes, TopicName};
use protocol::records::{Batches, Compression, NewRecord, Records, records_of};

use super::history::{Commits, History, Id, Read, Topics};
use super::random::Random;

/// The topic everybody writes to.
pub(super) const TOPIC: &str = "load";
const GROUP: &str = "g";
/// Longest any request may take, kills included.
const REQUEST_MAX: Duration = Duration::from_secs(60);
/// Longest value.
const VALUE_MAX_BYTES: u64 = 1500;
/// Most a batch unpacks to.
const UNPACK_MAX_BYTES: usize = 1 << 20;
const CODECS: [Compression; 5] = [
    Compression::None,
    Compression::Gzip,
    Compression::Snappy,
    Compression::Lz4,
    Compression::Zstd,
];
/// Topics that come and go.
const CHURNING: u64 = 4;

/// What all share.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) address: String,
    pub(super) seed: u64,
    stop: AtomicBool,
    history: Mutex<History>,
    topics: Mutex<Topics>,
    commits: Mutex<Commits>,
}

impl Load {
    pub(super) fn new(address: &str, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            address: address.to_owned(),
            seed,
            stop: AtomicBool::new(false),
            history: Mutex::default(),
            topics: Mutex::default(),
            commits: Mutex::default(),
        })
    }

    pub(super) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap()
    }

    pub(super) fn topics(&self) -> MutexGuard<'_, Topics> {
        self.topics.lock().unwrap()
    }

    pub(super) fn commits(&self) -> MutexGuard<'_, Commits> {
        self.commits.lock().unwrap()
    }

    /// Ends all work once what is under way has its answer.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// Connects, however often that takes.
    pub(super) async fn connect(&self) -> Client {
        loop {
            let config = ClientConfig {
                bootstrap: vec![self.address.clone()],
                client_id: "kfleet-test".to_owned(),
                limit: Limit::Each(REQUEST_MAX),
            };
            match Client::connect(config).await {
                Ok(client) => return client,
                Err(error) => wait(&error).await,
            }
        }
    }
}

/// Waits a moment after a failure that a kill explains; every other one is a fault.
async fn wait(error: &ClientError) {
    assert!(error.is_retriable(), "{error}");
    tokio::time::sleep(Duration::from_millis(5)).await;
}

/// A value that tells which record it is, and is of its own length and content.
fn value_of(id: Id) -> Vec<u8> {
    let mut random = Random::new(u64::from(id.writer) << 32 | u64::from(id.number));
    let mut value = format!("{} {} ", id.writer, id.number).into_bytes();
    let filler = random.below(VALUE_MAX_BYTES);
    // Half of it can be packed.
    value.extend((0..filler).map(|at| if at % 2 == 0 { b'.' } else { random.next() as u8 }));
    value
}

/// The record a value is, if it is as it was sent.
pub(super) fn id_of(value: &[u8]) -> Option<Id> {
    let mut words = value.splitn(3, |byte| *byte == b' ');
    let mut number = || std::str::from_utf8(words.next()?).ok()?.parse().ok();
    let id = Id {
        writer: number()?,
        number: number()?,
    };
    (value_of(id) == value).then_some(id)
}

/// Writes batches of one producer, each when the one before is acknowledged.
pub(super) async fn write(load: Arc<Load>, writer: u32, partitions: u64) {
    let client = load.connect().await;
    let mut random = Random::new(load.seed ^ u64::from(writer + 1));
    let codec = CODECS[writer as usize % CODECS.len()];
    let mut producer = Producer::new(&client, codec).await.unwrap();
    let mut number = 0;
    while load.goes_on() {
        let partition = random.below(partitions) as i32;
        let ids: Vec<Id> = (0..=random.below(8))
            .map(|at| Id {
                writer,
                number: number + at as u32,
            })
            .collect();
        number += ids.len() as u32;
        let values: Vec<Vec<u8>> = ids.iter().map(|id| value_of(*id)).collect();
        let record = |value| NewRecord {
            timestamp: now_ms(),
            value: Some(value),
            ..NewRecord::default()
        };
        let records: Vec<NewRecord<'_>> = values.iter().map(|value| record(value.as_slice())).collect();
        for id in &ids {
            load.history().sends(*id, partition);
        }
        let first = producer.write(TOPIC, partition, &records).await;
        let first = first.unwrap_or_else(|error| panic!("writer {writer}, records from {}: {error}", ids[0].number));
        let mut history = load.history();
        for (id, offset) in ids.iter().zip(first..) {
            history.acknowledges(*id, offset);
        }
    }
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_millis() as i64
}

/// Follows a partition and tells what it sees.
pub(super) async fn follow(load: Arc<Load>, partition: i32) {
    let client = load.connect().await;
    let mut offset = 0;
    while load.goes_on() {
        for (at, value) in fetch(&client, TOPIC, partition, offset, 100).await {
            load.history().sees(partition, at, id_of(&value));
            offset = at + 1;
        }
    }
}

/// All of a partition; `id_of` tells which record a value is.
pub(super) async fn read_all(client: &Client, partition: i32, id_of: fn(&[u8]) -> Option<Id>) -> Read {
    let mut log = Read::new();
    loop {
        let offset = log.last().map_or(0, |(offset, _)| offset + 1);
        let records = fetch(client, TOPIC, partition, offset, 0).await;
        if records.is_empty() {
            return log;
        }
        log.extend(records.into_iter().map(|(offset, value)| (offset, id_of(&value))));
    }
}

/// Records from an offset on, those of some batches.
async fn fetch(client: &Client, topic: &str, partition: i32, offset: i64, max_wait_ms: i32) -> Vec<(i64, Vec<u8>)> {
    let spec = FetchSpec {
        topic,
        partition,
        offset,
        max_bytes: 1 << 20,
        max_wait_ms,
        committed_only: false,
    };
    let fetched = client.fetch(&spec).await;
    let fetched = fetched.unwrap_or_else(|error| panic!("reading {topic}-{partition} from {offset}: {error}"));
    let mut records = Vec::new();
    // The last one may be cut off.
    for (header, batch) in Batches::new(&fetched.records).map_while(Result::ok) {
        let unpacked = records_of(&header, batch, UNPACK_MAX_BYTES).unwrap();
        for record in Records::new(header, &unpacked).map(Result::unwrap) {
            if record.offset >= offset {
                records.push((record.offset, record.value.unwrap_or_default().to_vec()));
            }
        }
    }
    records
}

/// Commits ever greater offsets, and asks in between what is committed.
pub(super) async fn commit(load: Arc<Load>) {
    let client = load.connect().await;
    while load.goes_on() {
        let offset = load.commits().next();
        while let Err(error) = commit_once(&client, offset).await {
            wait(&error).await;
        }
        load.commits().acknowledges(offset);
        if offset % 8 == 0 {
            see_committed(&load, &client).await;
        }
    }
}

/// Asks what is committed.
pub(super) async fn see_committed(load: &Load, client: &Client) {
    let key = (TOPIC.to_owned(), 0);
    let found = loop {
        let coordinator = client.coordinator(GROUP).await.unwrap();
        match client.committed_offsets(coordinator, GROUP).await {
            Ok(offsets) => break offsets.get(&key).copied().unwrap_or(0),
            Err(error) => wait(&error).await,
        }
    };
    load.commits().sees(found);
}

async fn commit_once(client: &Client, offset: i64) -> Result<(), ClientError> {
    let coordinator = client.coordinator(GROUP).await?;
    let partition = OffsetCommitRequestPartition::default()
        .with_partition_index(0)
        .with_committed_offset(offset);
    let topic = OffsetCommitRequestTopic::default()
        .with_name(TopicName(StrBytes::from_static_str(TOPIC)))
        .with_partitions(vec![partition]);
    let request = OffsetCommitRequest::default()
        .with_group_id(GroupId(StrBytes::from_static_str(GROUP)))
        .with_topics(vec![topic]);
    // Version 10 names topics by their ids.
    let broker = client.broker(coordinator).await?;
    let response = broker.exchange(9, &request, client.deadline()).await?;
    match response.topics[0].partitions[0].error_code {
        0 => Ok(()),
        code => Err(ClientError::rejected(GROUP, code, None)),
    }
}

/// Creates and deletes topics under few names, and looks whether they are as they must be.
pub(super) async fn churn(load: Arc<Load>) {
    let client = load.connect().await;
    let mut random = Random::new(load.seed ^ 0xc4_07_11);
    let mut generations: BTreeMap<String, u32> = BTreeMap::new();
    while load.goes_on() {
        let name = format!("churn-{}", random.below(CHURNING));
        let there = see_topic(&load, &client, &name).await;
        load.topics().changes(&name);
        let changed = if there {
            delete(&client, &name).await
        } else {
            create(&client, &name, 1, &[]).await
        };
        if let Err(error) = changed {
            // It may have happened or not, which the next look tells.
            wait(&error).await;
            continue;
        }
        load.topics().acknowledges(&name, !there);
        if there {
            continue;
        }
        let generation = generations.entry(name.clone()).or_insert(0);
        *generation += 1;
        let mut producer = Producer::new(&client, Compression::None).await.unwrap();
        let value = generation.to_string();
        let record = NewRecord {
            timestamp: now_ms(),
            value: Some(value.as_bytes()),
            ..NewRecord::default()
        };
        producer.write(&name, 0, &[record]).await.unwrap();
        let records = fetch(&client, &name, 0, 0, 0).await;
        let records = records
            .into_iter()
            .map(|(offset, value)| (offset, String::from_utf8_lossy(&value).into_owned()));
        load.topics().reads(&name, *generation, &records.collect::<Vec<_>>());
    }
}

/// Looks whether a topic is there.
pub(super) async fn see_topic(load: &Load, client: &Client, name: &str) -> bool {
    let found = loop {
        match client.metadata(Some(&[name.to_owned()])).await {
            Ok(metadata) => break metadata.topics[0].error_code,
            Err(error) => wait(&error).await,
        }
    };
    let there = found != ErrorCode::UnknownTopicOrPartition.code();
    load.topics().sees(name, there);
    there
}

/// Creates a topic.
pub(super) async fn create(
    client: &Client,
    name: &str,
    partitions: i32,
    configs: &[(&'static str, &'static str)],
) -> Result<(), ClientError> {
    let config = |(key, value): &(&'static str, &'static str)| {
        CreatableTopicConfig::default()
            .with_name(StrBytes::from_static_str(key))
            .with_value(Some(StrBytes::from_static_str(value)))
    };
    let topic = CreatableTopic::default()
        .with_name(TopicName(StrBytes::from_string(name.to_owned())))
        .with_num_partitions(partitions)
        .with_replication_factor(1)
        .with_configs(configs.iter().map(config).collect());
    let request = CreateTopicsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(10_000);
    let response = client.send_any(&request).await?;
    accepted(name, response.topics[0].error_code)
}

async fn delete(client: &Client, name: &str) -> Result<(), ClientError> {
    let topic = DeleteTopicState::default().with_name(Some(TopicName(StrBytes::from_string(name.to_owned()))));
    let request = DeleteTopicsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(10_000);
    let response = client.send_any(&request).await?;
    accepted(name, response.responses[0].error_code)
}

fn accepted(name: &str, code: i16) -> Result<(), ClientError> {
    if code == 0 {
        Ok(())
    } else {
        Err(ClientError::rejected(name, code, None))
    }
}
