//! Replicas that move between the log directories of a broker.

use protocol::api::messages::alter_replica_log_dirs_request::{AlterReplicaLogDir, AlterReplicaLogDirTopic};
use protocol::api::messages::describe_log_dirs_response::DescribeLogDirsPartition;
use protocol::messages::metadata::PartitionChangeRecord;

use super::trio::{at, follow};
use super::*;
use crate::broker::partition::{Isolation, Partition, ReadRequest};
use crate::replication::tests::chaos::{Chance, number};

const DIRS: [&str; 2] = ["/data", "/more"];

/// A broker with two log directories, and what is in the metadata.
struct Two {
    lone: Lone,
    image: MetadataImage,
}

impl Two {
    fn start() -> Self {
        let disk = Arc::new(SimDisk::default());
        for dir in DIRS {
            disk.create_dir_all(std::path::Path::new(dir)).unwrap();
        }
        let level = FeatureLevelRecord {
            name: "metadata.version".into(),
            feature_level: 30,
            ..Default::default()
        };
        let topic = TopicRecord {
            name: "t".into(),
            topic_id: TOPIC,
            ..Default::default()
        };
        let partition = PartitionRecord {
            directories: vec![Uuid::from_u128(8)],
            ..led_by_1(TOPIC)
        };
        let mut image = MetadataImage::empty();
        image.apply(level.into()).unwrap();
        image.apply(registered(1, Uuid::ZERO).into()).unwrap();
        image.apply(topic.into()).unwrap();
        image.apply(partition.into()).unwrap();
        let two = Self {
            lone: Lone::with_dirs(1, disk, &[], &DIRS, false),
            image,
        };
        two.publish();
        two
    }

    fn publish(&self) {
        self.lone.broker.publish(self.image.clone(), at(0));
    }

    /// The node starts again with what is on this disk.
    fn restart(&mut self, disk: SimDisk, clean: bool) {
        self.lone = Lone::with_dirs(1, Arc::new(disk), &[], &DIRS, clean);
        self.publish();
    }

    fn partition(&self) -> Arc<Partition> {
        self.lone.broker.partition_by_id(TOPIC, 0).unwrap()
    }

    fn append(&self, count: usize) {
        for _ in 0..count {
            self.partition().append_as_leader(&batch(), 1, at(0)).unwrap();
        }
    }

    /// The answer to a request to move `t-0`.
    fn ask_for(&self, path: &str) -> i16 {
        ask_for(&self.lone, "t", path)
    }

    /// The controller takes what it is told.
    fn assign(&mut self) {
        let change = PartitionChangeRecord {
            topic_id: TOPIC,
            directories: Some(vec![self.partition().assigned_dir_id()]),
            partition_id: 0,
            leader: -2,
            leader_recovery_state: -1,
            ..Default::default()
        };
        self.image.apply(change.into()).unwrap();
        self.publish();
    }

    /// Copies until there is nothing to do but wait.
    fn copy(&self) -> MoveStep {
        for _ in 0..1000 {
            match self.lone.broker.copy_moving(at(0)) {
                MoveStep::Again => {}
                other => return other,
            }
        }
        panic!("it copies without end")
    }

    /// Size and lag of the replica and of its copy, if there is one.
    fn described(&self) -> Vec<Vec<DescribeLogDirsPartition>> {
        let response: DescribeLogDirsResponse = self.lone.call(4, &DescribeLogDirsRequest::default().with_topics(None));
        let of = |topics: Vec<describe_log_dirs_response::DescribeLogDirsTopic>| {
            topics.into_iter().flat_map(|topic| topic.partitions).collect()
        };
        response.results.into_iter().map(|dir| of(dir.topics)).collect()
    }

    fn names(&self, dir: &str) -> Vec<String> {
        let entries = self.lone.disk.list(std::path::Path::new(dir)).unwrap();
        entries
            .into_iter()
            .filter(|entry| entry.is_dir)
            .map(|entry| entry.name)
            .collect()
    }
}

fn ask_for(lone: &Lone, topic: &'static str, path: &str) -> i16 {
    let topic = AlterReplicaLogDirTopic::default()
        .with_name(name(topic))
        .with_partitions(vec![0]);
    let dir = AlterReplicaLogDir::default()
        .with_path(StrBytes::from_string(path.to_owned()))
        .with_topics(vec![topic]);
    let request = AlterReplicaLogDirsRequest::default().with_dirs(vec![dir]);
    let response = lone.call(2, &request);
    response.results[0].partitions[0].error_code
}

/// All of a log, as it is.
fn bytes(partition: &Partition) -> Bytes {
    bytes_from(partition, partition.offsets().0)
}

fn bytes_from(partition: &Partition, mut offset: i64) -> Bytes {
    let (_, _, end) = partition.offsets();
    let mut out = BytesMut::new();
    while offset < end {
        let request = ReadRequest {
            offset,
            max_bytes: 1 << 20,
            at_least_one_batch: true,
            isolation: Isolation::LogEndOffset,
            current_leader_epoch: -1,
            last_fetched_epoch: -1,
            leader_only: false,
        };
        let read = partition.read(&request, None).unwrap();
        let parts: Vec<ReplyPart> = read.records.into_iter().map(|(part, _)| part).collect();
        let piece = bytes_of(&parts);
        let last = protocol::records::Batches::new(&piece)
            .map(|batch| batch.unwrap().0)
            .last()
            .unwrap();
        offset = last.next_offset();
        out.extend_from_slice(&piece);
    }
    out.freeze()
}

#[test]
fn a_replica_moves_once_its_copy_is_level_and_the_controller_knows() {
    let mut two = Two::start();
    two.append(40);
    let before = bytes(&two.partition());
    assert_eq!(two.ask_for("/more"), 0);
    assert!(two.lone.broker.poll_assigned_dirs(Waker::noop()).is_pending());
    assert!(two.lone.broker.poll_moves(Waker::noop()).is_ready());
    let [here, there] = &two.described()[..] else { panic!() };
    assert_eq!((here[0].offset_lag, here[0].is_future_key), (0, false));
    assert_eq!(
        (there[0].offset_lag, there[0].is_future_key, there[0].partition_size),
        (40, true, 0)
    );
    assert_eq!(two.partition().assigned_dir_id(), Uuid::from_u128(8));

    assert!(matches!(two.copy(), MoveStep::At(_)), "it waits for the controller");
    assert!(two.lone.broker.poll_assigned_dirs(Waker::noop()).is_ready());
    assert_eq!(two.partition().assigned_dir_id(), Uuid::from_u128(9));
    two.append(2);
    let [_, there] = &two.described()[..] else { panic!() };
    assert_eq!((there[0].offset_lag, there[0].partition_size), (2, before.len() as i64));
    assert_eq!(two.partition().log_dir_id(), Uuid::from_u128(8));

    two.assign();
    let all = bytes(&two.partition());
    assert_eq!(two.copy(), MoveStep::Done);
    assert_eq!(two.partition().log_dir_id(), Uuid::from_u128(9));
    assert_eq!(bytes(&two.partition()), all);
    let gone = two.lone.broker.take_discarded();
    assert_eq!(
        gone,
        [std::path::Path::new(
            "/data/t-0.0000000000000000000000000000004e-delete"
        )]
    );
    assert_eq!(two.names("/more"), ["t-0"]);
    let [here, there] = &two.described()[..] else { panic!() };
    assert_eq!((here.len(), there.len(), there[0].is_future_key), (0, 1, false));

    two.append(1);
    assert_eq!(two.partition().offsets(), (0, 43, 43));
    let disk = two.lone.disk.crash(|_, at_stake| at_stake);
    two.restart(disk, false);
    assert_eq!(
        (two.partition().log_dir_id(), two.partition().offsets().2),
        (Uuid::from_u128(9), 43)
    );
}

#[test]
fn a_move_is_refused_given_up_or_kept_in_mind() {
    let two = Two::start();
    two.append(3);
    assert_eq!(two.ask_for("/nowhere"), ErrorCode::LogDirNotFound.code());
    assert_eq!(two.ask_for("/more"), 0);
    assert_eq!(two.ask_for("/more"), 0, "it goes there already");
    assert_eq!(two.names("/more").len(), 1);
    assert_eq!(two.ask_for("/data"), 0, "it is to stay after all");
    assert_eq!(two.lone.broker.take_discarded().len(), 1);
    assert_eq!(two.copy(), MoveStep::Done);
    assert!(two.names("/more")[0].ends_with("-delete"), "{:?}", two.names("/more"));

    // What is created later is created where it was wanted.
    assert_eq!(
        ask_for(&two.lone, "later", "/more"),
        ErrorCode::ReplicaNotAvailable.code()
    );
    let mut image = two.image.clone();
    let topic = TopicRecord {
        name: "later".into(),
        topic_id: Uuid::from_u128(703),
        ..Default::default()
    };
    image.apply(topic.into()).unwrap();
    image.apply(led_by_1(Uuid::from_u128(703)).into()).unwrap();
    two.lone.broker.publish(image, at(0));
    let later = two.lone.broker.partition_by_id(Uuid::from_u128(703), 0).unwrap();
    assert_eq!(later.log_dir_id(), Uuid::from_u128(9));

    two.lone.broker.log_dirs()[1].health.fail("broken".into());
    assert_eq!(two.ask_for("/more"), ErrorCode::KafkaStorageError.code());
    let failed: DescribeLogDirsResponse = two.lone.call(4, &DescribeLogDirsRequest::default().with_topics(None));
    assert_eq!(failed.results[1].error_code, ErrorCode::KafkaStorageError.code());
}

#[test]
fn a_partition_that_goes_takes_its_copy_along() {
    let mut two = Two::start();
    assert_eq!(two.ask_for("/more"), 0);
    let change = PartitionChangeRecord {
        topic_id: TOPIC,
        partition_id: 0,
        replicas: Some(vec![2]),
        leader: 2,
        leader_recovery_state: -1,
        ..Default::default()
    };
    two.image.apply(change.into()).unwrap();
    two.publish();
    assert_eq!(two.lone.broker.take_discarded().len(), 1);
    assert_eq!(two.copy(), MoveStep::Done);
}

#[test]
fn copies_keep_to_the_rate() {
    let mut two = Two::start();
    let rate = protocol::messages::metadata::ConfigRecord {
        resource_type: 4,
        resource_name: "1".into(),
        name: "replica.alter.log.dirs.io.max.bytes.per.second".into(),
        value: Some("100".into()),
        ..Default::default()
    };
    two.append(10);
    two.image.apply(rate.into()).unwrap();
    two.publish();
    assert_eq!(two.ask_for("/more"), 0);
    two.copy();
    let size = two.described()[1][0].partition_size;
    two.append(1);
    assert!(matches!(two.lone.broker.copy_moving(at(1)), MoveStep::At(_)));
    assert_eq!(two.described()[1][0].partition_size, size, "the account is overdrawn");
    two.lone.broker.copy_moving(at(60));
    assert!(two.described()[1][0].partition_size > size);
}

#[test]
fn a_move_goes_on_after_a_restart_and_ends_where_the_one_before_stopped() {
    let mut two = Two::start();
    two.append(20);
    two.ask_for("/more");
    two.copy();
    two.append(5);
    two.lone.broker.close(3).unwrap();
    let disk = two.lone.disk.crash(|_, _| 0);
    two.restart(disk, true);
    assert_eq!(
        two.partition().moved().unwrap().lag,
        5,
        "what was copied need not be copied again"
    );
    two.copy();
    two.assign();

    // The power goes between the two renames of the swap.
    let whole = bytes(&two.partition());
    let before = two.lone.disk.crash(|_, at_stake| at_stake);
    let mut seen = 0;
    for changes in 0..60 {
        two.restart(before.crash(|_, at_stake| at_stake), false);
        two.lone.disk.cut_power_after(changes);
        let step = two.lone.broker.copy_moving(at(0));
        let moved = two.names("/data").iter().all(|name| name.ends_with("-delete"));
        seen += usize::from(moved && two.names("/more").iter().any(|name| name.ends_with("-future")));
        let disk = two.lone.disk.crash(|_, at_stake| at_stake);
        two.restart(disk, false);
        assert_eq!(bytes(&two.partition()), whole, "after {changes} changes and {step:?}");
    }
    assert!(seen > 0, "no cut came between the renames");
}

/// Two brokers that lead in turns, one of which moves its replica to and fro, and crashes.
struct World {
    seed: u64,
    chance: Chance,
    two: Two,
    other: Lone,
    leader: i32,
    wanted: usize,
    moved: usize,
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("moves between directories: seed {} failed", self.seed);
        }
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let mut two = Two::start();
        let disk = Arc::new(SimDisk::default());
        disk.create_dir_all(std::path::Path::new("/data")).unwrap();
        let change = PartitionChangeRecord {
            topic_id: TOPIC,
            partition_id: 0,
            replicas: Some(vec![1, 2]),
            directories: Some(vec![Uuid::from_u128(8), Uuid::from_u128(8)]),
            leader: 1,
            leader_recovery_state: -1,
            ..Default::default()
        };
        two.image.apply(change.into()).unwrap();
        two.image.apply(registered(2, Uuid::ZERO).into()).unwrap();
        let world = Self {
            seed,
            chance: Chance::new(seed),
            other: Lone::without_image(2, disk, &[]),
            two,
            leader: 1,
            wanted: 0,
            moved: 0,
        };
        world.publish();
        world
    }

    fn publish(&self) {
        self.two.publish();
        self.other.broker.publish(self.two.image.clone(), at(0));
    }

    fn pair(&self) -> (Arc<Partition>, Arc<Partition>) {
        let other = self.other.broker.partition_by_id(TOPIC, 0).unwrap();
        match self.leader {
            1 => (self.two.partition(), other),
            _ => (other, self.two.partition()),
        }
    }

    fn follow(&self) -> bool {
        let (leader, follower) = self.pair();
        follow(&leader, &follower, 3 - self.leader)
    }

    fn change(&mut self, leader: i32) {
        let change = PartitionChangeRecord {
            topic_id: TOPIC,
            partition_id: 0,
            directories: Some(vec![self.two.partition().assigned_dir_id(), Uuid::from_u128(8)]),
            leader,
            leader_recovery_state: -1,
            ..Default::default()
        };
        self.two.image.apply(change.into()).unwrap();
        self.publish();
    }

    fn step(&mut self) {
        match self.chance.below(100) {
            0..35 => {
                let (leader, _) = self.pair();
                leader.append_as_leader(&batch(), 1, at(0)).unwrap();
            }
            35..55 => {
                self.follow();
            }
            55..58 => {
                self.leader = 3 - self.leader;
                self.change(self.leader);
            }
            58..85 => {
                let before = self.two.partition().log_dir_id();
                self.two.lone.broker.copy_moving(at(0));
                self.moved += usize::from(self.two.partition().log_dir_id() != before);
                self.two.lone.broker.take_discarded();
            }
            85..90 => {
                self.wanted = self.chance.below(2);
                assert_eq!(self.two.ask_for(DIRS[self.wanted]), 0);
            }
            90..96 => self.change(-2),
            96..98 => {
                let (leader, _) = self.pair();
                leader.delete_records(-1).unwrap();
            }
            98 if self.leader == 2 => {
                let chance = &mut self.chance;
                let disk = self.two.lone.disk.crash(|_, at_stake| chance.below(at_stake + 1));
                self.two.restart(disk, false);
            }
            _ => {
                self.two.lone.broker.close(3).unwrap();
                let disk = self.two.lone.disk.crash(|_, _| 0);
                self.two.restart(disk, true);
            }
        }
    }

    fn settle(&mut self) {
        assert_eq!(self.two.ask_for(DIRS[self.wanted]), 0);
        for _ in 0..200 {
            self.follow();
            self.two.lone.broker.copy_moving(at(0));
            self.change(-2);
        }
        let (leader, follower) = self.pair();
        assert_eq!(
            self.two.partition().log_dir_id(),
            Uuid::from_u128(8 + self.wanted as u128)
        );
        let ((first, ..), (second, ..)) = (leader.offsets(), follower.offsets());
        assert_eq!(leader.offsets().2, follower.offsets().2);
        // A crash takes back what a checkpoint does not have: where a log starts.
        let start_offset = first.max(second);
        assert_eq!(bytes_from(&leader, start_offset), bytes_from(&follower, start_offset));
    }
}

#[test]
fn logs_that_move_stay_what_they_are() {
    let seeds = match number("KFLEET_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("KFLEET_SEEDS").unwrap_or(40),
    };
    let mut moved = 0;
    for seed in seeds {
        let mut world = World::new(seed);
        for _ in 0..600 {
            world.step();
        }
        world.settle();
        moved += world.moved;
    }
    println!("{moved} moves");
    assert!(moved > 50, "it tests too little");
}
