//! --create, --alter, --delete

use protocol::api::messages::create_partitions_request::{CreatePartitionsAssignment, CreatePartitionsTopic};
use protocol::api::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use protocol::api::messages::{CreatePartitionsRequest, CreateTopicsRequest, create_topics_response};
use protocol::api::{BrokerId, ErrorCode, StrBytes, TopicName};
use protocol::config::{self, Scope};

use super::existing;
use crate::shims::cluster::Where;
use crate::shims::failed::Throwable;
use crate::shims::io::Io;
use crate::shims::options::Parsed;

const COLLISIONS: &str = "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') \
                          could collide. To avoid issues it is best to use either, but not both.";

pub(super) async fn create(parsed: &Parsed, cluster: &Where, io: &mut Io) -> Result<(), Throwable> {
    let name = parsed.value("topic")?.unwrap_or_default();
    let partitions = parsed.number::<i32>("partitions")?;
    let replication_factor = parsed.number::<i32>("replication-factor")?;
    let assignment = assignment(parsed)?;
    let configs = configs(parsed)?;
    if name.contains(['.', '_']) {
        io.line(COLLISIONS);
    }
    if replication_factor.is_some_and(|factor| !(1..=i32::from(i16::MAX)).contains(&factor)) {
        return Err(Throwable::illegal(format!(
            "The replication factor must be between 1 and {} inclusive",
            i16::MAX
        )));
    }
    if partitions.is_some_and(|count| count < 1) {
        return Err(Throwable::illegal("The partitions must be greater than 0"));
    }
    let assigned = assignment.iter().zip(0..).map(|(brokers, partition)| {
        CreatableReplicaAssignment::default()
            .with_partition_index(partition)
            .with_broker_ids(brokers.iter().copied().map(BrokerId).collect())
    });
    let topic = CreatableTopic::default()
        .with_name(topic_name(name))
        .with_num_partitions(partitions.unwrap_or(-1))
        .with_replication_factor(replication_factor.map_or(-1, |factor| factor as i16))
        .with_assignments(assigned.collect())
        .with_configs(configs);
    let client = cluster.connect("createTopics").await?;
    let request = CreateTopicsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(client.request_timeout_ms());
    let code_of = |response: &create_topics_response::CreateTopicsResponse| {
        response.topics.first().map_or(0, |topic| topic.error_code)
    };
    let response = client.send_active(&request, code_of).await?;
    for result in response.topics {
        let exists = result.error_code == ErrorCode::TopicAlreadyExists.code();
        if exists && parsed.has("if-not-exists") {
            return Ok(());
        }
        if result.error_code != 0 {
            return Err(Throwable::of_code(result.error_code, result.error_message.as_deref()));
        }
    }
    io.line(format!("Created topic {name}."));
    Ok(())
}

pub(super) async fn alter(parsed: &Parsed, cluster: &Where) -> Result<(), Throwable> {
    let partitions = parsed.number::<i32>("partitions")?.unwrap_or(-1);
    let assignment = assignment(parsed)?;
    let client = cluster.connect("listTopics").await?;
    let topics = existing(parsed, &client).await?;
    if topics.is_empty() {
        return Ok(());
    }
    let mut asked = Vec::new();
    for name in &topics {
        let mut topic = CreatePartitionsTopic::default()
            .with_name(topic_name(name))
            .with_count(partitions)
            .with_assignments(None);
        if !assignment.is_empty() {
            // The list has all partitions, those that there are already included.
            let has = client.partition_count(name).await? as usize;
            let added = assignment.iter().skip(has).map(|brokers| {
                CreatePartitionsAssignment::default().with_broker_ids(brokers.iter().copied().map(BrokerId).collect())
            });
            topic = topic.with_assignments(Some(added.collect()));
        }
        asked.push(topic);
    }
    let request = CreatePartitionsRequest::default()
        .with_topics(asked)
        .with_timeout_ms(client.request_timeout_ms());
    let response = client.send_active(&request, |_| 0).await?;
    match response.results.iter().find(|result| result.error_code != 0) {
        Some(refused) => Err(Throwable::of_code(refused.error_code, refused.error_message.as_deref())),
        None => Ok(()),
    }
}

pub(super) async fn delete(parsed: &Parsed, cluster: &Where) -> Result<(), Throwable> {
    let client = cluster.connect("listTopics").await?;
    let topics = existing(parsed, &client).await?;
    if topics.is_empty() {
        return Ok(());
    }
    client.delete_topics(&topics).await?.into_result()?;
    Ok(())
}

fn topic_name(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_owned()))
}

/// --replica-assignment: brokers of each partition.
fn assignment(parsed: &Parsed) -> Result<Vec<Vec<i32>>, Throwable> {
    let Some(text) = parsed.value("replica-assignment")?.filter(|text| !text.is_empty()) else {
        return Ok(Vec::new());
    };
    let mut partitions: Vec<Vec<i32>> = Vec::new();
    for (text, partition) in text.split(',').zip(0..) {
        let broker = |id: &str| {
            let not_a_number =
                || Throwable::new("java.lang.NumberFormatException", format!("For input string: \"{id}\""));
            id.trim().parse::<i32>().map_err(|_| not_a_number())
        };
        let brokers = text.split(':').map(broker).collect::<Result<Vec<i32>, Throwable>>()?;
        let mut twice: Vec<i32> = Vec::new();
        for (at, id) in brokers.iter().enumerate() {
            if brokers.iter().take(at).any(|before| before == id) && !twice.contains(id) {
                twice.push(*id);
            }
        }
        if !twice.is_empty() {
            let twice: Vec<String> = twice.iter().map(ToString::to_string).collect();
            return Err(Throwable::new(
                "org.apache.kafka.tools.AdminCommandFailedException",
                format!(
                    "Partition replica lists may not contain duplicate entries: {}",
                    twice.join(",")
                ),
            ));
        }
        if partitions.first().is_some_and(|first| first.len() != brokers.len()) {
            return Err(Throwable::new(
                "org.apache.kafka.tools.AdminOperationException",
                format!("Partition {partition} has different replication factor: {brokers:?}"),
            ));
        }
        partitions.push(brokers);
    }
    Ok(partitions)
}

/// --config, held against what a topic can have, as Apache's tool does before it asks the cluster.
fn configs(parsed: &Parsed) -> Result<Vec<CreatableTopicConfig>, Throwable> {
    let mut pairs = Vec::new();
    for text in parsed.values("config") {
        let mut parts = text.split('=').map(str::trim);
        let (Some(name), Some(value), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad_pair());
        };
        if value.is_empty() {
            return Err(bad_pair());
        }
        pairs.push((name, value));
    }
    for (name, value) in &pairs {
        let Some(key) = config::lookup(Scope::Topic, name) else {
            return Err(Throwable::new(
                "org.apache.kafka.common.errors.InvalidConfigurationException",
                format!("Unknown topic config name: {name}"),
            ));
        };
        key.parse(value)
            .map_err(|wrong| Throwable::new("org.apache.kafka.common.config.ConfigException", wrong.to_string()))?;
    }
    let config = |(name, value): (&str, &str)| {
        CreatableTopicConfig::default()
            .with_name(StrBytes::from_string(name.to_owned()))
            .with_value(Some(StrBytes::from_string(value.to_owned())))
    };
    Ok(pairs.into_iter().map(config).collect())
}

fn bad_pair() -> Throwable {
    Throwable::illegal(
        "requirement failed: Invalid topic config: all configs to be added must be in the format \"key=val\".",
    )
}
