//! Reading batches as they lie in a partition.

use bytes::Bytes;
use protocol::api::messages::FetchRequest;
use protocol::api::messages::fetch_request::{FetchPartition, FetchTopic};
use protocol::api::{BrokerId, StrBytes, TopicName};

use crate::cluster::Client;
use crate::error::ClientError;
use crate::retry::Backoff;

/// The newest version that names topics by name.
const VERSION: i16 = 12;

/// What to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchSpec<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
    /// From here on.
    pub offset: i64,
    /// About so much at a time; one batch is read in any case.
    pub max_bytes: i32,
    /// How long to wait for something to read.
    pub max_wait_ms: i32,
    /// Only what transactions have committed.
    pub committed_only: bool,
}

/// What was read.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// Whole batches and perhaps the beginning of one more, as they lie in the log.
    pub records: Bytes,
    /// Where readers must stop for now.
    pub high_watermark: i64,
    /// The first offset that is there.
    pub log_start_offset: i64,
}

impl Client {
    /// Reads from a partition's leader, and asks again where that may help.
    pub async fn fetch(&self, spec: &FetchSpec<'_>) -> Result<Fetched, ClientError> {
        let mut backoff = Backoff::new(self.deadline());
        loop {
            match self.fetch_once(spec).await {
                Ok(fetched) => return Ok(fetched),
                Err(error) => {
                    // Also before giving up: who asks again must not come to the same leader if that hangs.
                    self.forget_leaders().await;
                    backoff.again(error).await?;
                }
            }
        }
    }

    async fn fetch_once(&self, spec: &FetchSpec<'_>) -> Result<Fetched, ClientError> {
        let leader = self.leader(spec.topic, spec.partition).await?;
        let connection = self.broker(leader).await?;
        let version = connection.version_of::<FetchRequest>()?.min(VERSION);
        let response = connection.exchange(version, &asked(spec), self.deadline()).await?;
        let answer = response.responses.into_iter().flat_map(|topic| topic.partitions).next();
        let code = answer.as_ref().map_or(response.error_code, |answer| answer.error_code);
        if code != 0 {
            return Err(ClientError::rejected(
                format!("{}-{}", spec.topic, spec.partition),
                code,
                None,
            ));
        }
        let answer = answer.ok_or_else(|| ClientError::Malformed {
            address: connection.address().to_owned(),
            reason: "Fetch without an answer".to_owned(),
        })?;
        Ok(Fetched {
            records: answer.records.unwrap_or_default(),
            high_watermark: answer.high_watermark,
            log_start_offset: answer.log_start_offset,
        })
    }
}

fn asked(spec: &FetchSpec<'_>) -> FetchRequest {
    let partition = FetchPartition::default()
        .with_partition(spec.partition)
        .with_current_leader_epoch(-1)
        .with_fetch_offset(spec.offset)
        .with_last_fetched_epoch(-1)
        .with_log_start_offset(-1)
        .with_partition_max_bytes(spec.max_bytes);
    let topic = FetchTopic::default()
        .with_topic(TopicName(StrBytes::from_string(spec.topic.to_owned())))
        .with_partitions(vec![partition]);
    FetchRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_max_wait_ms(spec.max_wait_ms)
        .with_min_bytes(1)
        .with_max_bytes(spec.max_bytes)
        .with_isolation_level(i8::from(spec.committed_only))
        .with_session_epoch(-1)
        .with_topics(vec![topic])
}
