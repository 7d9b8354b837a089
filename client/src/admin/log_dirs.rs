//! Log directories, as the brokers that have them tell of them.

use std::collections::{BTreeMap, BTreeSet};

use protocol::api::messages::describe_log_dirs_request::DescribableLogDirTopic;
use protocol::api::messages::describe_log_dirs_response::DescribeLogDirsResult;
use protocol::api::messages::{DescribeLogDirsRequest, DescribeLogDirsResponse};
use protocol::api::{ErrorCode, StrBytes, TopicName};

use crate::cluster::Client;
use crate::error::ClientError;
use crate::sharded::Sharded;
use crate::together;

/// A broker's log directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDir {
    /// Its path.
    pub path: String,
    /// Why it is offline, if it is.
    pub error: Option<ErrorCode>,
    /// Bytes of its volume; none where the broker does not say (KIP-827).
    pub total_bytes: Option<u64>,
    /// Bytes of its volume that are free for it; none where the broker does not say.
    pub usable_bytes: Option<u64>,
}

/// A log directory with what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDirContents {
    /// The directory.
    pub dir: LogDir,
    /// Replicas by topic and partition, and whether they are to take the place of another.
    pub replicas: BTreeMap<(String, i32, bool), LogDirReplica>,
}

/// A replica in a log directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogDirReplica {
    /// Bytes of its segments.
    pub size_bytes: i64,
    /// Records it lacks: of the high watermark, or, if it is to take another's place, of that one's end.
    pub offset_lag: i64,
}

/// Topics with those of their partitions that are meant.
pub type TopicPartitionSets = BTreeMap<String, BTreeSet<i32>>;

impl Client {
    /// Log directories of these brokers with the replicas in them, or with those of some partitions alone, asked of all
    /// brokers at the same time; by broker.
    pub async fn log_dir_contents(
        &self,
        brokers: &[i32],
        topics: Option<&TopicPartitionSets>,
    ) -> Sharded<(i32, Vec<LogDirContents>)> {
        let asked = topics.map(|topics| topics.iter().map(asked).collect::<Vec<_>>());
        let answers = brokers.iter().map(async |broker| {
            let request = DescribeLogDirsRequest::default().with_topics(asked.clone());
            (*broker, self.ask_log_dirs(*broker, &request).await)
        });
        let mut results = Sharded::default();
        for (broker, answer) in together::all(answers).await {
            match answer {
                Ok(response) => {
                    let mut dirs: Vec<LogDirContents> = response.results.iter().map(contents).collect();
                    dirs.sort_by(|a, b| a.dir.path.cmp(&b.dir.path));
                    results.ok.push((broker, dirs));
                }
                Err(error) => results.fail(format!("broker {broker}"), error),
            }
        }
        results
    }

    /// Log directories of these brokers without what is in them, asked of all of them at the same time; by broker.
    pub async fn log_dirs(&self, brokers: &[i32]) -> Sharded<(i32, Vec<LogDir>)> {
        let asked = brokers
            .iter()
            .map(async |broker| (*broker, self.log_dirs_of(*broker).await));
        let mut results = Sharded::default();
        for (broker, answer) in together::all(asked).await {
            match answer {
                Ok(dirs) => results.ok.push((broker, dirs)),
                Err(error) => results.fail(format!("broker {broker}"), error),
            }
        }
        results
    }

    async fn log_dirs_of(&self, broker: i32) -> Result<Vec<LogDir>, ClientError> {
        // No partition is asked for, as their list may be long.
        let none: Option<Vec<DescribableLogDirTopic>> = Some(Vec::new());
        let request = DescribeLogDirsRequest::default().with_topics(none);
        let response = self.ask_log_dirs(broker, &request).await?;
        Ok(response.results.iter().map(log_dir).collect())
    }

    async fn ask_log_dirs(
        &self,
        broker: i32,
        request: &DescribeLogDirsRequest,
    ) -> Result<DescribeLogDirsResponse, ClientError> {
        let response = self.send_to(broker, request).await?;
        if response.error_code != 0 {
            return Err(ClientError::rejected(
                format!("broker {broker}"),
                response.error_code,
                None,
            ));
        }
        Ok(response)
    }
}

fn log_dir(told: &DescribeLogDirsResult) -> LogDir {
    let known = |bytes: i64| u64::try_from(bytes).ok();
    let code = told.error_code;
    LogDir {
        path: told.log_dir.to_string(),
        error: (code != 0).then(|| ErrorCode::try_from_code(code).unwrap_or(ErrorCode::Unknown(code))),
        total_bytes: known(told.total_bytes),
        usable_bytes: known(told.usable_bytes),
    }
}

fn contents(told: &DescribeLogDirsResult) -> LogDirContents {
    let mut replicas = BTreeMap::new();
    for topic in &told.topics {
        for p in &topic.partitions {
            let replica = LogDirReplica {
                size_bytes: p.partition_size,
                offset_lag: p.offset_lag,
            };
            replicas.insert((topic.name.to_string(), p.partition_index, p.is_future_key), replica);
        }
    }
    LogDirContents {
        dir: log_dir(told),
        replicas,
    }
}

fn asked((topic, partitions): (&String, &BTreeSet<i32>)) -> DescribableLogDirTopic {
    DescribableLogDirTopic::default()
        .with_topic(TopicName(StrBytes::from_string(topic.clone())))
        .with_partitions(partitions.iter().copied().collect())
}
