//! DescribeLogDirs (key 35), versions 1 to 4: directories and the replicas in them (KIP-113, KIP-827).

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::api::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use protocol::api::messages::{DescribeLogDirsRequest, DescribeLogDirsResponse};
use protocol::api::{ApiKey, DecodeError, StrBytes, TopicName};

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
    let mut topics: BTreeMap<String, Vec<DescribeLogDirsPartition>> = BTreeMap::new();
    for partition in broker.partitions() {
        if partition.log_dir_id() == home.id && asked(partition.topic(), partition.index()) {
            let (size_bytes, _) = partition.size();
            let replica = DescribeLogDirsPartition::default()
                .with_partition_index(partition.index())
                .with_partition_size(i64::try_from(size_bytes).unwrap_or(i64::MAX));
            topics.entry(partition.topic().to_owned()).or_default().push(replica);
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
        .with_log_dir(StrBytes::from_string(home.dir.path().display().to_string()))
        .with_topics(topics.collect())
        .with_total_bytes(total_bytes)
        .with_usable_bytes(usable_bytes)
}
