//! An image is the same once it went through the records that make it.

use protocol::messages::framing::{decode_metadata, encode_metadata};
use protocol::messages::metadata::*;

use super::*;
use crate::controller::record_version;

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn id(&mut self) -> Uuid {
        Uuid::from_u128(u128::from(100 + self.below(4)))
    }

    fn name(&mut self) -> String {
        ["a", "b", "c", ""][self.below(4) as usize].to_owned()
    }

    fn nodes(&mut self) -> Vec<i32> {
        (0..self.below(4)).map(|_| self.below(5) as i32).collect()
    }

    fn ids(&mut self) -> Vec<Uuid> {
        (0..self.below(3)).map(|_| self.id()).collect()
    }

    fn perhaps<T>(&mut self, draw: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.one_in(2).then(|| draw(self))
    }

    fn bytes(&mut self) -> bytes::Bytes {
        vec![self.below(256) as u8; 8].into()
    }

    /// A record as this level writes it.
    fn record(&mut self, level: i16, offset: i64) -> Record {
        match self.below(22) {
            0 => FeatureLevelRecord {
                name: ["group.version", "eligible.leader.replicas.version"][self.below(2) as usize].into(),
                feature_level: self.below(2) as i16,
                ..Default::default()
            }
            .into(),
            1 | 2 => self.register_broker(level, offset).into(),
            3 => BrokerRegistrationChangeRecord {
                broker_id: self.below(5) as i32,
                broker_epoch: 1,
                fenced: self.below(3) as i8 - 1,
                in_controlled_shutdown: self.below(2) as i8,
                log_dirs: self.ids(),
                cordoned_log_dirs: self.perhaps(Self::ids).filter(|_| level >= 30),
                ..Default::default()
            }
            .into(),
            4 => UnregisterBrokerRecord {
                broker_id: self.below(5) as i32,
                ..Default::default()
            }
            .into(),
            5 => RegisterControllerRecord {
                controller_id: self.below(3) as i32,
                incarnation_id: self.id(),
                ..Default::default()
            }
            .into(),
            6..=8 => {
                // A topic keeps its id, and its name.
                let topic_id = self.id();
                TopicRecord {
                    name: format!("t{topic_id}"),
                    topic_id,
                    ..Default::default()
                }
                .into()
            }
            9 => RemoveTopicRecord {
                topic_id: self.id(),
                ..Default::default()
            }
            .into(),
            10..=12 => self.partition(level).into(),
            13 | 14 => self.partition_change(level).into(),
            15 => ConfigRecord {
                resource_type: [2, 4, 16, 32][self.below(4) as usize],
                resource_name: self.name(),
                name: self.name(),
                value: self.perhaps(Self::name),
                ..Default::default()
            }
            .into(),
            16 => ProducerIdsRecord {
                next_producer_id: 1000 * self.below(5) as i64,
                ..Default::default()
            }
            .into(),
            17 => ClientQuotaRecord {
                entity: vec![ClientQuotaEntityData {
                    entity_type: "user".into(),
                    entity_name: self.perhaps(Self::name),
                    ..Default::default()
                }],
                key: self.name(),
                value: self.below(9) as f64 / 2.0,
                remove: self.one_in(3),
                ..Default::default()
            }
            .into(),
            18 => AccessControlEntryRecord {
                id: self.id(),
                principal: self.name(),
                operation: self.below(9) as i8,
                ..Default::default()
            }
            .into(),
            19 => UserScramCredentialRecord {
                name: self.name(),
                mechanism: 1 + self.below(2) as i8,
                salt: self.bytes(),
                stored_key: self.bytes(),
                server_key: self.bytes(),
                iterations: 4096,
                ..Default::default()
            }
            .into(),
            20 => DelegationTokenRecord {
                owner: self.name(),
                token_id: self.name(),
                max_timestamp: self.below(99) as i64,
                ..Default::default()
            }
            .into(),
            _ => self.removal(level),
        }
    }

    fn removal(&mut self, level: i16) -> Record {
        match self.below(6) {
            0 => RemoveAccessControlEntryRecord {
                id: self.id(),
                ..Default::default()
            }
            .into(),
            1 => RemoveUserScramCredentialRecord {
                name: self.name(),
                mechanism: 1 + self.below(2) as i8,
                ..Default::default()
            }
            .into(),
            2 => RemoveDelegationTokenRecord {
                token_id: self.name(),
                ..Default::default()
            }
            .into(),
            3 if level >= 23 => ClearElrRecord::default().into(),
            4 => FenceBrokerRecord {
                id: self.below(5) as i32,
                ..Default::default()
            }
            .into(),
            _ => NoOpRecord::default().into(),
        }
    }

    fn register_broker(&mut self, level: i16, offset: i64) -> RegisterBrokerRecord {
        RegisterBrokerRecord {
            broker_id: self.below(5) as i32,
            broker_epoch: offset,
            incarnation_id: self.id(),
            end_points: vec![RegisterBrokerBrokerEndpoint {
                name: "PLAINTEXT".into(),
                host: self.name(),
                port: 9092,
                ..Default::default()
            }],
            features: vec![RegisterBrokerBrokerFeature {
                name: self.name(),
                max_supported_version: self.below(9) as i16,
                ..Default::default()
            }],
            rack: self.perhaps(Self::name),
            fenced: self.one_in(2),
            log_dirs: self.ids(),
            cordoned_log_dirs: self.perhaps(Self::ids).filter(|_| level >= 30),
            ..Default::default()
        }
    }

    fn partition(&mut self, level: i16) -> PartitionRecord {
        PartitionRecord {
            topic_id: self.id(),
            partition_id: self.below(4) as i32,
            replicas: self.nodes(),
            isr: self.nodes(),
            removing_replicas: self.nodes(),
            adding_replicas: self.nodes(),
            leader: self.below(5) as i32 - 1,
            leader_recovery_state: self.below(2) as i8,
            leader_epoch: self.below(9) as i32,
            partition_epoch: self.below(9) as i32,
            directories: self.ids(),
            eligible_leader_replicas: self.perhaps(Self::nodes).filter(|_| level >= 23),
            last_known_elr: self.perhaps(Self::nodes).filter(|_| level >= 23),
            ..Default::default()
        }
    }

    fn partition_change(&mut self, level: i16) -> PartitionChangeRecord {
        PartitionChangeRecord {
            topic_id: self.id(),
            partition_id: self.below(4) as i32,
            isr: self.perhaps(Self::nodes),
            leader: self.below(5) as i32 - 2,
            replicas: self.perhaps(Self::nodes),
            removing_replicas: self.perhaps(Self::nodes),
            adding_replicas: self.perhaps(Self::nodes),
            leader_recovery_state: self.below(3) as i8 - 1,
            directories: self.perhaps(Self::ids),
            eligible_leader_replicas: self.perhaps(Self::nodes).filter(|_| level >= 23),
            last_known_elr: self.perhaps(Self::nodes).filter(|_| level >= 23),
            ..Default::default()
        }
    }
}

/// An image that came of random records, and how many of them it took.
fn drawn(seed: u64, level: i16) -> (MetadataImage, usize) {
    let mut dice = Dice(seed);
    let mut image = MetadataImage::empty();
    let first = FeatureLevelRecord {
        name: crate::features::METADATA_VERSION.into(),
        feature_level: level,
        ..Default::default()
    };
    image.apply(first.into()).unwrap();
    let mut taken = 0;
    for offset in 1..1 + dice.below(300) as i64 {
        image.advance(offset, 1, 1);
        let record = dice.record(level, offset);
        // What cannot be written at this level is in no log.
        let bytes = encode_metadata(&record, record_version(&record, level)).expect("records of the level");
        let (record, _) = decode_metadata(&bytes).unwrap();
        // A partition of no topic.
        taken += usize::from(image.apply(record).is_ok());
    }
    (image, taken)
}

/// All that a snapshot keeps.
fn content(image: &MetadataImage) -> impl PartialEq + std::fmt::Debug + use<> {
    // From a snapshot a registration counts as being as new as all of it.
    let brokers: Vec<BrokerImage> = image
        .brokers
        .iter()
        .map(|broker| BrokerImage {
            registered_at: 0,
            ..broker.clone()
        })
        .collect();
    (
        (image.offset, image.epoch, image.timestamp_ms),
        brokers,
        image.topics.clone(),
        image.features.clone(),
        image.configs.clone(),
        image.next_producer_id,
        image.stored.clone(),
    )
}

fn through_records(image: &MetadataImage) -> MetadataImage {
    let mut again = MetadataImage::empty();
    again.advance(image.offset, image.epoch, image.timestamp_ms);
    for (record, version) in image.records() {
        let bytes = encode_metadata(&record, version).unwrap();
        let (read, read_version) = decode_metadata(&bytes).unwrap();
        assert_eq!((&read, read_version), (&record, version));
        again.apply(read).unwrap();
    }
    again
}

#[test]
fn an_image_is_the_same_once_it_went_through_its_records() {
    let mut applied = 0;
    for level in 17..=30 {
        for seed in 0..150 {
            let seed = seed * 100 + level as u64;
            let (image, taken) = drawn(seed, level);
            applied += taken;
            let again = through_records(&image);
            assert_eq!(content(&image), content(&again), "level {level}, seed {seed}");
            let known = |image: &MetadataImage| image.brokers.iter().map(|broker| broker.registered_at).max();
            assert!(
                known(&again) >= known(&image),
                "level {level}, seed {seed}: nothing is older than it was"
            );
        }
    }
    assert!(applied > 100_000, "{applied} records");
}

#[test]
fn features_come_first_and_then_the_rest_in_kafkas_order() {
    let (image, _) = (0..)
        .map(|seed| drawn(seed, 30))
        .find(|(image, _)| image.stored.size() > 12 && image.topics.len() > 2 && image.next_producer_id > 0)
        .unwrap();
    let order = |record: &Record| match record {
        Record::FeatureLevel(record) if record.name == crate::features::METADATA_VERSION => 0,
        Record::FeatureLevel(_) => 1,
        Record::RegisterBroker(_) => 2,
        Record::RegisterController(_) => 3,
        Record::Topic(_) | Record::Partition(_) => 4,
        Record::Config(_) => 5,
        Record::ClientQuota(_) => 6,
        Record::ProducerIds(_) => 7,
        Record::AccessControlEntry(_) => 8,
        Record::UserScramCredential(_) => 9,
        Record::DelegationToken(_) => 10,
        other => panic!("{other:?} has no place in a snapshot"),
    };
    let found: Vec<i32> = image.records().map(|(record, _)| order(&record)).collect();
    assert!(found.is_sorted(), "{found:?}");
    assert_eq!(found.iter().filter(|kind| **kind == 0).count(), 1);
}

/// An unsafe downgrade leaves the image with what the lower level cannot say.
#[test]
fn what_a_lower_level_has_no_room_for_is_left_out() {
    let (mut image, _) = drawn(7, 30);
    for level in [16, 10, 7] {
        let lower = FeatureLevelRecord {
            name: crate::features::METADATA_VERSION.into(),
            feature_level: level,
            ..Default::default()
        };
        image.apply(lower.into()).unwrap();
        let again = through_records(&image);
        assert_eq!(again.topics.len(), image.topics.len());
        let mut partitions = again.topics.iter().flat_map(TopicImage::partitions);
        assert!(partitions.all(|(_, partition)| partition.elr.is_empty() && partition.directories.is_empty()));
    }
}
