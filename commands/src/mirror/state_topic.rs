//! The topic at the target in which the mirror keeps how far each partition is.

use std::collections::BTreeMap;

use bytes::Bytes;
use client::{Acks, Client, ClientError, FetchSpec, NewTopic, OffsetSpec};
use mirror::state::{Key, State};
use protocol::records::{BatchBuilder, Batches, Compression, NewRecord, Records, records_of};

use super::topics::{create_all, once_known};
use crate::error::CommandError;

/// Most bytes read at a time, and most that a batch unpacks to.
const READ_MAX_BYTES: i32 = 4 << 20;
const UNPACK_MAX_BYTES: usize = 16 << 20;
/// About so many bytes of states go into a batch.
const BATCH_BYTES: usize = 512 * 1024;

/// The topic.
#[derive(Debug, Clone)]
pub(super) struct StateTopic {
    name: String,
}

/// What the topic is called for a source; other mirrors leave out what is called like this.
pub(super) fn name_of(source_cluster_id: &str) -> String {
    format!("kfleet-mirror.{source_cluster_id}.internal")
}

impl StateTopic {
    /// Creates it, if it is not there.
    pub(super) async fn open(target: &Client, source_cluster_id: &str) -> Result<Self, CommandError> {
        let name = name_of(source_cluster_id);
        if !target
            .metadata(None)
            .await?
            .topics
            .iter()
            .any(|topic| topic.name.as_ref().is_some_and(|known| known.as_str() == name))
        {
            let new = NewTopic {
                name: name.clone(),
                partitions: 1,
                replication_factor: -1,
                assignment: Vec::new(),
                configs: BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]),
            };
            create_all(target, &[new]).await?;
        }
        Ok(Self { name })
    }

    /// The last state of each partition of a flow.
    pub(super) async fn read(
        &self,
        target: &Client,
        flow: &str,
    ) -> Result<BTreeMap<(String, i32), State>, CommandError> {
        let leader = once_known(async || target.leader(&self.name, 0).await).await?;
        let partitions = BTreeMap::from([((self.name.clone(), 0), leader)]);
        let find = async |spec| {
            let found = once_known(async || target.list_offsets(&partitions, spec).await.into_result()).await?;
            Ok::<_, ClientError>(found.first().map_or(0, |found| found.offset))
        };
        let (mut next, end) = (find(OffsetSpec::Earliest).await?, find(OffsetSpec::Latest).await?);
        let mut states = BTreeMap::new();
        while next < end {
            let spec = FetchSpec {
                topic: &self.name,
                partition: 0,
                offset: next,
                max_bytes: READ_MAX_BYTES,
                max_wait_ms: 100,
                committed_only: false,
            };
            let fetched = target.fetch(&spec).await?;
            next = self.take(&fetched.records, next, flow, &mut states)?;
        }
        Ok(states)
    }

    /// Takes states from an answer; where to read on.
    fn take(
        &self,
        records: &Bytes,
        mut next: i64,
        flow: &str,
        states: &mut BTreeMap<(String, i32), State>,
    ) -> Result<i64, CommandError> {
        let bad = |offset: i64, why: &dyn std::fmt::Display| {
            CommandError::data(format!("{} at offset {offset}: {why}", self.name))
        };
        for batch in Batches::new(records) {
            let (header, batch) = batch.map_err(|error| bad(next, &error))?;
            next = next.max(header.next_offset());
            let unpacked = records_of(&header, batch, UNPACK_MAX_BYTES).map_err(|error| bad(next, &error))?;
            for record in Records::new(header, &unpacked) {
                let record = record.map_err(|error| bad(next, &error))?;
                let key = Key::decode(record.key.unwrap_or_default()).map_err(|error| bad(record.offset, &error))?;
                if key.flow != flow {
                    continue;
                }
                let at = (key.topic, key.partition);
                match record.value {
                    None => {
                        states.remove(&at);
                    }
                    Some(value) => {
                        let state = State::decode(value).map_err(|error| bad(record.offset, &error))?;
                        states.insert(at, state);
                    }
                }
            }
        }
        Ok(next)
    }

    /// Writes states, and waits until all in-sync replicas have them. One that is written again after a lost answer is there
    /// twice and no other.
    pub(super) async fn write(
        &self,
        target: &Client,
        flow: &str,
        states: &[((String, i32), State)],
        now_ms: i64,
    ) -> Result<(), ClientError> {
        let unwritable = |reason: String| ClientError::Unwritable {
            api: protocol::api::ApiKey::Produce,
            reason,
        };
        let mut left = states.iter().peekable();
        while left.peek().is_some() {
            let mut batch = BatchBuilder::new(0, Compression::None);
            while let Some(((topic, partition), state)) = left.next_if(|_| batch.size_bytes() < BATCH_BYTES) {
                let key = Key {
                    flow: flow.to_owned(),
                    topic: topic.clone(),
                    partition: *partition,
                };
                let key = key
                    .encode()
                    .ok_or_else(|| unwritable(format!("the name {topic} is too long")))?;
                batch.push(&NewRecord {
                    timestamp: now_ms,
                    key: Some(&key),
                    value: Some(&state.encode()),
                    headers: &[],
                });
            }
            let batch = batch.build().map_err(|error| unwritable(error.to_string()))?.into();
            target.produce(&self.name, 0, &batch, Acks::All).await?;
        }
        Ok(())
    }
}
