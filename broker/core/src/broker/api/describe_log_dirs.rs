//! DescribeLogDirs (key 35), versions 1 to 4: directories and the replicas in them (KIP-113, KIP-827).

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::api::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use protocol::api::messages::{DescribeLogDirsRequest, DescribeLogDirsResponse};
use protocol::api::{ApiKey, DecodeError, ErrorCode, StrBytes, TopicName};

use crate::broker::{Broker, OpenLogDir};
use crate::call::{Call, Outcome, Served};

pub(super) const SERVED: Served = Served::new(ApiKey::DescribeLogDirs, 1, 4);

pub(super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: DescribeLogDirsRequest = call.decode()?;
    let asked = |topic: &str, partition: i32| {
        let topics = request.topics.as_ref();
        topics.is_none_or(|topics| {
            topics
                .iter()
                .any(|t| t.topic.as_str() == topic && t.partitions.contains(&partition))
        })
    };
    let results = broker.log_dirs().iter().map(|dir| describe(broker, dir, asked));
    let response = DescribeLogDirsResponse::default().with_results(results.collect());
    Ok(call.reply(&response)?.into())
}

fn describe(broker: &Broker, home: &OpenLogDir, asked: impl Fn(&str, i32) -> bool) -> DescribeLogDirsResult {
    let path = StrBytes::from_string(home.dir.path().display().to_string());
    if home.health.is_failed() {
        return DescribeLogDirsResult::default()
            .with_log_dir(path)
            .with_error_code(ErrorCode::KafkaStorageError.code());
    }
    let mut topics: BTreeMap<String, Vec<DescribeLogDirsPartition>> = BTreeMap::new();
    for partition in broker.partitions() {
        let here = partition.log_dir_id() == home.id;
        if !asked(partition.topic(), partition.index()) {
            continue;
        }
        let mut push = |size_bytes: u64, lag: i64, is_future: bool| {
            let replica = DescribeLogDirsPartition::default()
                .with_partition_index(partition.index())
                .with_partition_size(i64::try_from(size_bytes).unwrap_or(i64::MAX))
                .with_offset_lag(lag)
                .with_is_future_key(is_future);
            topics.entry(partition.topic().to_owned()).or_default().push(replica);
        };
        if here {
            push(partition.size().0, 0, false);
        }
        if let Some(moved) = partition.moved().filter(|moved| moved.to == home.id) {
            push(moved.size_bytes, moved.lag, true);
        }
    }
    let topics = topics.into_iter().map(|(name, partitions)| {
        DescribeLogDirsTopic::default()
            .with_name(TopicName(StrBytes::from_string(name)))
            .with_partitions(partitions)
    });
    let (total_bytes, usable_bytes) = broker.disk_space(home).map_or((-1, -1), |(total, usable)| {
        (
            i64::try_from(total).unwrap_or(i64::MAX),
            i64::try_from(usable).unwrap_or(i64::MAX),
        )
    });
    DescribeLogDirsResult::default()
        .with_log_dir(path)
        .with_topics(topics.collect())
        .with_total_bytes(total_bytes)
        .with_usable_bytes(usable_bytes)
}
