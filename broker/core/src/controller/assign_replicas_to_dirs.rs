//! AssignReplicasToDirs (73), version 0: a broker tells in which of its directories replicas are (KIP-858).

use protocol::Uuid;
use protocol::api::ErrorCode;
use protocol::api::messages::assign_replicas_to_dirs_request::AssignReplicasToDirsRequest;
use protocol::api::messages::assign_replicas_to_dirs_response::{
    AssignReplicasToDirsResponse, DirectoryData, PartitionData, TopicData,
};

use super::broker_registration::DIRECTORIES_FROM;
use super::draft::{Draft, PartitionId};
use super::{Controller, Handled, Plan};
use crate::call::Call;
use crate::features::METADATA_VERSION;

impl Controller {
    pub(super) fn assign_replicas_to_dirs(&self, call: &Call) -> Handled {
        let request: AssignReplicasToDirsRequest = call.decode()?;
        let response = AssignReplicasToDirsResponse::default();
        let id = request.broker_id.0;
        let broker = if self.latest.features().level(METADATA_VERSION) < DIRECTORIES_FROM {
            Err(ErrorCode::UnsupportedVersion)
        } else {
            self.check_broker_epoch(id, request.broker_epoch)
        };
        let broker = match broker {
            Ok(broker) => broker,
            Err(code) => return Ok(Plan::answer(call.reply(&response.with_error_code(code.code()))?)),
        };
        let mut draft = Draft::new(self);
        let mut offline = Vec::new();
        let mut directories = Vec::with_capacity(request.directories.len());
        for directory in &request.directories {
            let dir = Uuid::from(directory.id);
            let is_offline = !broker.has_online_dir(dir);
            let topics = directory.topics.iter().map(|topic| {
                let partitions = topic.partitions.iter().map(|partition| {
                    let at = (Uuid::from(topic.topic_id), partition.partition_index);
                    let result = PartitionData::default().with_partition_index(at.1);
                    match assign(&mut draft, at, id, dir) {
                        Ok(()) => {
                            offline.extend(is_offline.then_some(at));
                            result
                        }
                        Err(code) => result.with_error_code(code.code()),
                    }
                });
                let partitions = partitions.collect();
                TopicData::default()
                    .with_topic_id(topic.topic_id)
                    .with_partitions(partitions)
            });
            let topics = topics.collect();
            directories.push(DirectoryData::default().with_id(directory.id).with_topics(topics));
        }
        draft.update(offline, Some(id), None);
        let reply = call.reply(&response.with_directories(directories))?;
        Ok(Plan {
            records: draft.into_records(),
            reply,
        })
    }
}

fn assign(draft: &mut Draft<'_>, at: PartitionId, broker: i32, directory: Uuid) -> Result<(), ErrorCode> {
    let topic = draft.image().topics().by_id(at.0).ok_or(ErrorCode::UnknownTopicId)?;
    let partition = topic.partition(at.1).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    if !partition.replicas.contains(&broker) {
        return Err(ErrorCode::NotLeaderOrFollower);
    }
    draft.change_partition(at, None, |_, _, change| change.set_directory(broker, directory));
    Ok(())
}
