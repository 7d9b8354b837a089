//! CreatePartitions (37), versions 0 to 3.

use protocol::api::messages::create_partitions_request::{CreatePartitionsRequest, CreatePartitionsTopic};
use protocol::api::messages::create_partitions_response::{CreatePartitionsResponse, CreatePartitionsTopicResult};
use protocol::api::{ErrorCode, StrBytes};
use protocol::messages::metadata::Record;

use super::new_partitions::{nobody_active, wrong_replicas};
use super::{Controller, ControllerCx, Handled, Plan, Refusal, placement};
use crate::call::Call;

impl Controller {
    pub(super) fn create_partitions(&self, call: &Call, cx: &mut ControllerCx<'_>) -> Handled {
        let request: CreatePartitionsRequest = call.decode()?;
        let mut records = Vec::new();
        let mut results = Vec::new();
        for topic in &request.topics {
            let result = CreatePartitionsTopicResult::default().with_name(topic.name.clone());
            results.push(match self.more_partitions(topic, cx) {
                Ok(new) => {
                    records.extend(new);
                    result
                }
                Err((code, message)) => result
                    .with_error_code(code.code())
                    .with_error_message(Some(StrBytes::from_string(message))),
            });
        }
        if request.validate_only {
            records.clear();
        }
        let reply = call.reply(&CreatePartitionsResponse::default().with_results(results))?;
        Ok(Plan { records, reply })
    }

    fn more_partitions(
        &self,
        asked: &CreatePartitionsTopic,
        cx: &mut ControllerCx<'_>,
    ) -> Result<Vec<Record>, Refusal> {
        let topic = self.latest.topics().by_name(&asked.name);
        let topic = topic.ok_or_else(|| {
            (
                ErrorCode::UnknownTopicOrPartition,
                ErrorCode::UnknownTopicOrPartition.to_string(),
            )
        })?;
        let count = topic.partition_count() as i32;
        let invalid = |message: String| Err((ErrorCode::InvalidPartitions, message));
        if asked.count == count {
            return invalid(format!("Topic already has {count} partition(s)."));
        }
        if asked.count < count {
            return invalid(format!(
                "The topic {} currently has {count} partition(s); {} would not be an increase.",
                topic.name, asked.count
            ));
        }
        let added = (asked.count - count) as usize;
        let replication_factor = topic.partition(0).map_or(1, |partition| partition.replicas.len());
        let replicas = match &asked.assignments {
            None => placement::place(&self.latest, added, replication_factor, cx.random)
                .map_err(|message| (ErrorCode::InvalidReplicationFactor, message))?,
            Some(assignments) if assignments.len() != added => {
                let message = format!(
                    "Attempted to add {added} additional partition(s), but only {} assignment(s) were specified.",
                    assignments.len()
                );
                return Err((ErrorCode::InvalidReplicaAssignment, message));
            }
            Some(assignments) => assignments
                .iter()
                .map(|a| a.broker_ids.iter().map(|id| id.0).collect::<Vec<i32>>())
                .collect(),
        };
        if let Some(message) = replicas
            .iter()
            .find_map(|r| wrong_replicas(&self.latest, r, Some(replication_factor)))
        {
            return Err((ErrorCode::InvalidReplicaAssignment, message));
        }
        let placed = asked.assignments.is_none();
        let records = (count..).zip(&replicas).map(|(index, replicas)| {
            let record = self.new_partition(topic.id, index, replicas);
            record.ok_or_else(|| nobody_active(placed, index, replicas.len()))
        });
        records.collect()
    }
}
