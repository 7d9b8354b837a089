//! Records that are deleted from the beginnings of logs (KIP-107).

use std::collections::BTreeMap;

use protocol::api::messages::DeleteRecordsRequest;
use protocol::api::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use protocol::api::{StrBytes, TopicName};

use crate::admin::group_offsets::PartitionKey;
use crate::cluster::Client;
use crate::error::ClientError;
use crate::together;

/// Partitions of topics, with the offset of the first record that stays.
type Topics<'a> = BTreeMap<&'a str, Vec<(i32, i64)>>;

impl Client {
    /// Deletes the records before an offset of each partition, all of its leader's; -1 for the high watermark. Where each
    /// log begins afterwards, which is the low watermark of all its replicas. Nothing is asked twice.
    pub async fn delete_records(
        &self,
        offsets: &BTreeMap<PartitionKey, i64>,
        leaders: &BTreeMap<PartitionKey, i32>,
    ) -> BTreeMap<PartitionKey, Result<i64, ClientError>> {
        let mut by_leader: BTreeMap<i32, Topics<'_>> = BTreeMap::new();
        for ((topic, partition), offset) in offsets {
            if let Some(leader) = leaders.get(&(topic.clone(), *partition)) {
                let topics = by_leader.entry(*leader).or_default();
                topics.entry(topic).or_default().push((*partition, *offset));
            }
        }
        let asked = by_leader.into_iter().map(async |(leader, topics)| {
            let request = DeleteRecordsRequest::default()
                .with_topics(topics.iter().map(|(topic, offsets)| asked(topic, offsets)).collect())
                .with_timeout_ms(self.request_timeout_ms());
            (topics, self.send_to(leader, &request).await)
        });
        let mut results = BTreeMap::new();
        for (topics, answer) in together::all(asked).await {
            let keys = topics
                .iter()
                .flat_map(|(topic, offsets)| offsets.iter().map(|(partition, _)| ((*topic).to_owned(), *partition)));
            match answer {
                Err(error) => results.extend(keys.map(|key| (key, Err(error.clone())))),
                Ok(response) => {
                    for topic in response.topics {
                        for p in topic.partitions {
                            let key = (topic.name.to_string(), p.partition_index);
                            let result = match p.error_code {
                                0 => Ok(p.low_watermark),
                                code => Err(ClientError::rejected(format!("{}-{}", key.0, key.1), code, None)),
                            };
                            results.insert(key, result);
                        }
                    }
                }
            }
        }
        results
    }
}

fn asked(topic: &str, offsets: &[(i32, i64)]) -> DeleteRecordsTopic {
    let partition = |(index, offset): &(i32, i64)| {
        DeleteRecordsPartition::default()
            .with_partition_index(*index)
            .with_offset(*offset)
    };
    DeleteRecordsTopic::default()
        .with_name(TopicName(StrBytes::from_string(topic.to_owned())))
        .with_partitions(offsets.iter().map(partition).collect())
}
