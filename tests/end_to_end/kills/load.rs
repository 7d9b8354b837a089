//! Writers, readers, a group that commits, and topics that come and go, on a node that is killed again and again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use client::history::{History, RecordId};
use client::{Client, ClientConfig, ClientError, Limit, Producer};
use protocol::api::messages::delete_topics_request::DeleteTopicState;
use protocol::api::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use protocol::api::messages::{DeleteTopicsRequest, OffsetCommitRequest};
use protocol::api::{ErrorCode, GroupId, StrBytes, TopicName};
use protocol::records::{Compression, NewRecord};

use super::known::{Commits, Topics};
use crate::support::random::Random;
use crate::support::records::{CODECS, create, fetch, id_of, record, value_of};

/// The topic everybody writes to.
pub(in crate::end_to_end) const TOPIC: &str = "load";
const GROUP: &str = "g";
/// Longest any request may take, kills included.
const REQUEST_MAX: Duration = Duration::from_secs(60);
/// Topics that come and go.
const CHURNING: u64 = 4;

/// What all share.
#[derive(Debug)]
pub(in crate::end_to_end) struct Load {
    pub(super) address: String,
    pub(super) seed: u64,
    stop: AtomicBool,
    history: Mutex<History>,
    topics: Mutex<Topics>,
    commits: Mutex<Commits>,
}

impl Load {
    pub(in crate::end_to_end) fn new(address: &str, seed: u64) -> Arc<Self> {
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

    /// What was seen until now.
    pub(in crate::end_to_end) fn take_history(&self) -> History {
        std::mem::take(&mut self.history())
    }

    pub(super) fn topics(&self) -> MutexGuard<'_, Topics> {
        self.topics.lock().unwrap()
    }

    pub(super) fn commits(&self) -> MutexGuard<'_, Commits> {
        self.commits.lock().unwrap()
    }

    /// Ends all work once what is under way has its answer.
    pub(in crate::end_to_end) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(in crate::end_to_end) fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// Connects, however often that takes.
    pub(in crate::end_to_end) async fn connect(&self) -> Client {
        loop {
            let config = ClientConfig {
                bootstrap: vec![self.address.clone()],
                client_id: "kfleet-test".to_owned(),
                security: client::Security::default(),
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

/// Writes batches of one producer, each when the one before is acknowledged.
pub(in crate::end_to_end) async fn write(load: Arc<Load>, writer: u32, partitions: u64) {
    let client = load.connect().await;
    let mut random = Random::new(load.seed ^ u64::from(writer + 1));
    let codec = CODECS[writer as usize % CODECS.len()];
    let mut producer = Producer::new(&client, codec).await.unwrap();
    while load.goes_on() {
        let partition = random.below(partitions) as i32;
        let count = random.below(8) + 1;
        let ids: Vec<RecordId> = {
            let mut history = load.history();
            (0..count).map(|_| history.sends(writer, partition)).collect()
        };
        let values: Vec<Vec<u8>> = ids.iter().map(|id| value_of(*id)).collect();
        let records: Vec<NewRecord<'_>> = values.iter().map(|value| record(value)).collect();
        let first = producer.write(TOPIC, partition, &records).await;
        let first = first.unwrap_or_else(|error| panic!("writer {writer}, records from {}: {error}", ids[0].number));
        let mut history = load.history();
        for (id, offset) in ids.iter().zip(first..) {
            history.acknowledges(*id, offset);
        }
    }
}

/// Follows a partition and tells what it sees.
pub(in crate::end_to_end) async fn follow(load: Arc<Load>, partition: i32) {
    let client = load.connect().await;
    let mut offset = 0;
    load.history().seeks(partition as u32, partition, offset);
    while load.goes_on() {
        let records = fetch(&client, TOPIC, partition, offset, 100).await;
        let records = records.unwrap_or_else(|error| panic!("following partition {partition} from {offset}: {error}"));
        for (at, value) in records {
            load.history().polls(partition as u32, partition, at, id_of(&value));
            offset = at + 1;
        }
    }
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
            create(&client, &name, 1, 1, &[]).await
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
        producer.write(&name, 0, &[record(value.as_bytes())]).await.unwrap();
        let records = fetch(&client, &name, 0, 0, 0).await.unwrap();
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

async fn delete(client: &Client, name: &str) -> Result<(), ClientError> {
    let topic = DeleteTopicState::default().with_name(Some(TopicName(StrBytes::from_string(name.to_owned()))));
    let request = DeleteTopicsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(10_000);
    let response = client.send_any(&request).await?;
    match response.responses[0].error_code {
        0 => Ok(()),
        code => Err(ClientError::rejected(name, code, None)),
    }
}
