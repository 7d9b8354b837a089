//! AlterReplicaLogDirs (key 34), versions 1 and 2: moves replicas to other log directories of this broker (KIP-113).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use protocol::api::messages::alter_replica_log_dirs_response::{
    AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult,
};
use protocol::api::messages::{AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse};
use protocol::api::{ApiKey, DecodeError, TopicName};

use crate::broker::Broker;
use crate::call::{Call, Outcome, Served};

pub(super) const SERVED: Served = Served::new(ApiKey::AlterReplicaLogDirs, 1, 2);

pub(super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: AlterReplicaLogDirsRequest = call.decode()?;
    let mut results: BTreeMap<TopicName, Vec<AlterReplicaLogDirPartitionResult>> = BTreeMap::new();
    for dir in request.dirs {
        let path = Path::new(dir.path.as_str());
        for topic in dir.topics {
            let partitions = results.entry(topic.name.clone()).or_default();
            for index in topic.partitions {
                let moved = broker.move_replica(&topic.name, index, path);
                let code = moved.map_or_else(|error| error.code.code(), |()| 0);
                let result = AlterReplicaLogDirPartitionResult::default()
                    .with_partition_index(index)
                    .with_error_code(code);
                partitions.push(result);
            }
        }
    }
    let results = results.into_iter().map(|(name, partitions)| {
        AlterReplicaLogDirTopicResult::default()
            .with_topic_name(name)
            .with_partitions(partitions)
    });
    let response = AlterReplicaLogDirsResponse::default().with_results(results.collect());
    Ok(call.reply(&response)?.into())
}
