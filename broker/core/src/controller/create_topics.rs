//! CreateTopics (19), versions 2 to 7.

use std::collections::BTreeSet;

use protocol::Uuid;
use protocol::api::messages::create_topics_request::{CreatableTopic, CreateTopicsRequest};
use protocol::api::messages::create_topics_response::{
    CreatableTopicConfigs, CreatableTopicResult, CreateTopicsResponse,
};
use protocol::api::{ErrorCode, StrBytes, TopicName};
use protocol::config::{self, Layers, Scope, Values};
use protocol::messages::metadata::{ConfigRecord, Record, TopicRecord};

use super::new_partitions::{nobody_active, wrong_replicas};
use super::{Controller, ControllerCx, Handled, Plan, Refusal, placement};
use crate::broker::topic_names::{is_valid, why_invalid};
use crate::call::Call;
use crate::image::{MetadataImage, ResourceType};

/// Most partitions one request may create (Kafka's `MAX_PARTITIONS_PER_BATCH`).
const PARTITIONS_MAX: usize = 10_000;

/// A topic that can be created.
struct Planned {
    id: Uuid,
    partitions: Vec<Vec<i32>>,
    replication_factor: i16,
    configs: Values,
    records: Vec<Record>,
}

impl Controller {
    pub(super) fn create_topics(&self, call: &Call, cx: &mut ControllerCx<'_>) -> Handled {
        let request: CreateTopicsRequest = call.decode()?;
        let mut records = Vec::new();
        let mut results = Vec::with_capacity(request.topics.len());
        let mut created = BTreeSet::new();
        for topic in &request.topics {
            let twice = request.topics.iter().filter(|other| other.name == topic.name).count() > 1;
            let planned = if twice {
                Err((ErrorCode::InvalidRequest, "Duplicate topic name.".to_owned()))
            } else {
                self.plan_topic(topic, &created, records.len(), cx)
            };
            results.push(match planned {
                Ok(planned) => {
                    created.insert(topic.name.to_string());
                    let result = self.described(topic, &planned);
                    records.extend(planned.records);
                    result
                }
                Err((code, message)) => refused(topic.name.clone(), code, message),
            });
        }
        if request.validate_only {
            records.clear();
        }
        let reply = call.reply(&CreateTopicsResponse::default().with_topics(results))?;
        Ok(Plan { records, reply })
    }

    fn plan_topic(
        &self,
        topic: &CreatableTopic,
        created: &BTreeSet<String>,
        records_so_far: usize,
        cx: &mut ControllerCx<'_>,
    ) -> Result<Planned, Refusal> {
        check_name(&self.latest, created, &topic.name)?;
        let configs = topic_configs(topic)?;
        let partitions = self.replicas_of(topic, records_so_far, cx)?;
        let id = Uuid::generate(|| cx.random.next_u128());
        let name = topic.name.to_string();
        let mut records = vec![
            TopicRecord {
                name: name.clone(),
                topic_id: id,
                ..Default::default()
            }
            .into(),
        ];
        records.extend(configs.iter().map(|(key, value)| {
            let record = ConfigRecord {
                resource_type: ResourceType::Topic as i8,
                resource_name: name.clone(),
                name: key.clone(),
                value: Some(value.clone()),
                ..Default::default()
            };
            Record::from(record)
        }));
        let placed = topic.assignments.is_empty();
        for (index, replicas) in (0..).zip(&partitions) {
            let record = self.new_partition(id, index, replicas);
            records.push(record.ok_or_else(|| nobody_active(placed, index, replicas.len()))?);
        }
        let replication_factor = partitions.first().map_or(0, |replicas| replicas.len() as i16);
        Ok(Planned {
            id,
            partitions,
            replication_factor,
            configs,
            records,
        })
    }

    fn replicas_of(
        &self,
        topic: &CreatableTopic,
        records_so_far: usize,
        cx: &mut ControllerCx<'_>,
    ) -> Result<Vec<Vec<i32>>, Refusal> {
        if !topic.assignments.is_empty() {
            return self.manual_assignment(topic);
        }
        let default = |name: &str| self.config.number(name);
        let partitions = match topic.num_partitions {
            -1 => default("num.partitions") as i32,
            count => count,
        };
        if partitions <= 0 {
            let message = "Number of partitions was set to an invalid non-positive value.".to_owned();
            return Err((ErrorCode::InvalidPartitions, message));
        }
        let replication_factor = match topic.replication_factor {
            -1 => default("default.replication.factor") as i16,
            count => count,
        };
        if replication_factor <= 0 {
            let message = "Replication factor must be larger than 0, or -1 to use the default value.".to_owned();
            return Err((ErrorCode::InvalidReplicationFactor, message));
        }
        if partitions as usize + records_so_far > PARTITIONS_MAX {
            let message = format!(
                "Excessively large number of partitions per request: at most {PARTITIONS_MAX} are created at a time."
            );
            return Err((ErrorCode::PolicyViolation, message));
        }
        placement::place(
            &self.latest,
            partitions as usize,
            replication_factor as usize,
            cx.random,
        )
        .map_err(|why| {
            let message = format!("Unable to replicate the partition {replication_factor} time(s): {why}");
            (ErrorCode::InvalidReplicationFactor, message)
        })
    }

    fn manual_assignment(&self, topic: &CreatableTopic) -> Result<Vec<Vec<i32>>, Refusal> {
        if topic.replication_factor != -1 {
            let message = "A manual partition assignment was specified, but replication factor was not set to -1.";
            return Err((ErrorCode::InvalidRequest, message.to_owned()));
        }
        if topic.num_partitions != -1 {
            let message = "A manual partition assignment was specified, but numPartitions was not set to -1.";
            return Err((ErrorCode::InvalidRequest, message.to_owned()));
        }
        let mut assignments: Vec<_> = topic.assignments.iter().collect();
        assignments.sort_by_key(|assignment| assignment.partition_index);
        let mut partitions: Vec<Vec<i32>> = Vec::with_capacity(assignments.len());
        for (index, assignment) in assignments.iter().enumerate() {
            let replicas: Vec<i32> = assignment.broker_ids.iter().map(|id| id.0).collect();
            let wrong = if assignment.partition_index != index as i32 {
                Some("partitions should be a consecutive 0-based integer sequence.".to_owned())
            } else {
                wrong_replicas(&self.latest, &replicas, partitions.first().map(Vec::len))
            };
            if let Some(message) = wrong {
                return Err((ErrorCode::InvalidReplicaAssignment, message));
            }
            partitions.push(replicas);
        }
        Ok(partitions)
    }

    fn described(&self, topic: &CreatableTopic, planned: &Planned) -> CreatableTopicResult {
        let (own, all) = self.broker_layers();
        let layers = Layers {
            dynamic: &own,
            dynamic_default: &all,
            file: &self.config.values,
        };
        let entries = config::describe_topic(&planned.configs, layers);
        let configs = entries.into_iter().map(|entry| {
            CreatableTopicConfigs::default()
                .with_name(StrBytes::from_static_str(entry.key.name))
                .with_value(entry.value.map(StrBytes::from_string))
                .with_config_source(entry.source as i8)
                .with_is_sensitive(entry.key.is_sensitive())
        });
        CreatableTopicResult::default()
            .with_name(topic.name.clone())
            .with_topic_id(planned.id.into())
            .with_num_partitions(planned.partitions.len() as i32)
            .with_replication_factor(planned.replication_factor)
            .with_configs(Some(configs.collect()))
    }

    /// Keys set for this broker and for all brokers.
    pub(super) fn broker_layers(&self) -> (Values, Values) {
        let set = |name: &str| {
            self.latest
                .config(ResourceType::Broker, name)
                .cloned()
                .unwrap_or_default()
        };
        (set(&self.config.node_id.to_string()), set(""))
    }
}

fn refused(name: TopicName, code: ErrorCode, message: String) -> CreatableTopicResult {
    CreatableTopicResult::default()
        .with_name(name)
        .with_error_code(code.code())
        .with_error_message(Some(StrBytes::from_string(message)))
        .with_num_partitions(-1)
        .with_replication_factor(-1)
        .with_configs(None)
}

fn check_name(image: &MetadataImage, created: &BTreeSet<String>, name: &str) -> Result<(), Refusal> {
    if !is_valid(name) {
        return Err((
            ErrorCode::InvalidTopicException,
            format!("Topic name is invalid: {}", why_invalid(name)),
        ));
    }
    if image.topics().by_name(name).is_some() {
        return Err((ErrorCode::TopicAlreadyExists, format!("Topic '{name}' already exists.")));
    }
    // Metrics cannot tell a dot from an underscore.
    let folded = name.replace('.', "_");
    let collides = |other: &str| other.replace('.', "_") == folded;
    let existing = if folded.contains('_') {
        let known = image.topics().iter().map(|topic| topic.name.as_str());
        known
            .chain(created.iter().map(String::as_str))
            .find(|other| collides(other))
    } else {
        None
    };
    match existing {
        Some(other) => Err((
            ErrorCode::InvalidTopicException,
            format!("Topic '{name}' collides with existing topic: {other}"),
        )),
        None => Ok(()),
    }
}

fn topic_configs(topic: &CreatableTopic) -> Result<Values, Refusal> {
    let mut values = Values::new();
    for asked in &topic.configs {
        let invalid = |message: String| (ErrorCode::InvalidConfig, message);
        let name = asked.name.to_string();
        let key =
            config::lookup(Scope::Topic, &name).ok_or_else(|| invalid(format!("Unknown topic config name: {name}")))?;
        let text = asked
            .value
            .as_ref()
            .ok_or_else(|| invalid(format!("Null value not supported for topic configs: {name}")))?;
        values.insert(name, key.parse(text).map_err(|error| invalid(error.to_string()))?);
    }
    Ok(values)
}
