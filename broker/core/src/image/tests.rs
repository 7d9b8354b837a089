use protocol::Uuid;
use protocol::messages::metadata::{
    AbortTransactionRecord, BeginTransactionRecord, ConfigRecord, EndTransactionRecord, PartitionChangeRecord,
    PartitionRecord, RegisterBrokerRecord, RemoveTopicRecord, TopicRecord,
};

use super::*;

mod snapshot;

const TOPIC: Uuid = Uuid::from_u128(1000);

fn with_topic() -> MetadataImage {
    let mut image = MetadataImage::empty();
    let broker = RegisterBrokerRecord {
        broker_id: 1,
        fenced: false,
        ..Default::default()
    };
    let topic = TopicRecord {
        name: "t".into(),
        topic_id: TOPIC,
        ..Default::default()
    };
    let partition = PartitionRecord {
        topic_id: TOPIC,
        partition_id: 0,
        replicas: vec![1, 2],
        isr: vec![1, 2],
        leader: 1,
        leader_epoch: 0,
        partition_epoch: 0,
        ..Default::default()
    };
    image.apply(broker.into()).unwrap();
    image.apply(topic.into()).unwrap();
    image.apply(partition.into()).unwrap();
    image
}

fn config(name: &str, value: Option<&str>) -> Record {
    let record = ConfigRecord {
        resource_type: ResourceType::Topic as i8,
        resource_name: "t".into(),
        name: name.into(),
        value: value.map(str::to_owned),
        ..Default::default()
    };
    record.into()
}

#[test]
fn changes_move_epochs_and_copies_stay_as_they_were() {
    let mut image = with_topic();
    let before = image.clone();
    let change = PartitionChangeRecord {
        topic_id: TOPIC,
        partition_id: 0,
        isr: Some(vec![2]),
        leader: 2,
        ..Default::default()
    };
    image.apply(change.into()).unwrap();
    let partition = image.topics().by_name("t").unwrap().partition(0).unwrap().clone();
    assert_eq!(
        (partition.leader, partition.leader_epoch, partition.partition_epoch),
        (2, 1, 1)
    );
    assert_eq!(before.topics().by_id(TOPIC).unwrap().partition(0).unwrap().leader, 1);
    let shrink = PartitionChangeRecord {
        topic_id: TOPIC,
        partition_id: 0,
        replicas: Some(vec![2]),
        ..Default::default()
    };
    image.apply(shrink.into()).unwrap();
    let partition = image.topics().by_name("t").unwrap().partition(0).unwrap();
    assert_eq!(
        (partition.leader_epoch, partition.partition_epoch),
        (1, 2),
        "the leader stayed"
    );
}

#[test]
fn a_topic_goes_with_its_configuration() {
    let mut image = with_topic();
    image.apply(config("retention.ms", Some("5"))).unwrap();
    image.apply(config("segment.ms", Some("6"))).unwrap();
    image.apply(config("segment.ms", None)).unwrap();
    assert_eq!(image.config(ResourceType::Topic, "t").unwrap().len(), 1);
    image
        .apply(
            RemoveTopicRecord {
                topic_id: TOPIC,
                ..Default::default()
            }
            .into(),
        )
        .unwrap();
    assert!(image.topics().is_empty() && image.configs().next().is_none());
}

#[test]
fn a_transaction_counts_when_it_ends_and_not_at_all_when_it_is_aborted() {
    for ends in [true, false] {
        let mut image = with_topic();
        image.apply(BeginTransactionRecord::default().into()).unwrap();
        image.apply(config("retention.ms", Some("5"))).unwrap();
        assert!(image.config(ResourceType::Topic, "t").is_none());
        let end = if ends {
            EndTransactionRecord::default().into()
        } else {
            AbortTransactionRecord::default().into()
        };
        image.apply(end).unwrap();
        assert_eq!(image.config(ResourceType::Topic, "t").is_some(), ends);
    }
}

#[test]
fn records_that_do_not_fit_are_errors() {
    let mut image = with_topic();
    let stray = PartitionRecord {
        topic_id: Uuid::from_u128(5),
        partition_id: 3,
        ..Default::default()
    };
    assert!(matches!(
        image.apply(stray.into()),
        Err(ApplyError::UnknownPartition { partition: 3, .. })
    ));
    assert_eq!(
        image.apply(EndTransactionRecord::default().into()),
        Err(ApplyError::NoTransaction)
    );
}
