//! Log directories over crashes and failures.

use super::*;

#[test]
fn a_topic_made_again_begins_at_offset_zero_also_after_a_crash() {
    use protocol::files::names;
    let key = ("again".to_owned(), 0);
    let disk = Arc::new(SimDisk::default());
    disk.create_dir_all(std::path::Path::new("/data")).unwrap();
    let dir = || LogDir::new("/data".into(), disk.clone());
    // What an earlier topic of the name left behind; a crash kept it from being taken out.
    for file in [names::RECOVERY_POINTS, names::LOG_START_OFFSETS, names::HIGH_WATERMARKS] {
        let offsets = Offsets::from([(key.clone(), 100), (("other".to_owned(), 0), 7)]);
        dir().write_offsets(file, &offsets).unwrap();
    }
    let id = Uuid::from_u128(702);
    for expected in [0, 3] {
        let lone = Lone::on(disk.clone());
        let mut image = (*lone.broker.image()).clone();
        let topic = TopicRecord {
            name: key.0.clone(),
            topic_id: id,
            ..Default::default()
        };
        image.apply(topic.into()).unwrap();
        image.apply(led_by_1(id).into()).unwrap();
        lone.broker.publish(image, Now::default());
        let partition = lone.broker.partition_by_id(id, 0).unwrap();
        assert_eq!(partition.offsets(), (0, expected, expected));
        for _ in 0..3 {
            partition.append_as_leader(&batch(), 1, Now::default()).unwrap();
        }
    }
    let left = dir().read_offsets(names::LOG_START_OFFSETS).unwrap();
    assert_eq!(left, Offsets::from([(("other".to_owned(), 0), 7)]));
}

#[test]
fn a_failed_write_takes_all_partitions_of_its_log_directory_offline() {
    let lone = Lone::start();
    let home = &lone.broker.log_dirs()[0];
    lone.call(9, &produce("t", Uuid::ZERO, 1));
    assert!(lone.broker.poll_offline(home, Waker::noop()).is_pending());
    lone.disk.fail_writes(true);
    let storage_error = |response: ProduceResponse| {
        let partition = &response.responses[0].partition_responses[0];
        assert_eq!(partition.error_code, ErrorCode::KafkaStorageError.code());
    };
    storage_error(lone.call(9, &produce("t", Uuid::ZERO, 1)));
    lone.disk.fail_writes(false);
    storage_error(lone.call(9, &produce("t", Uuid::ZERO, 1)));
    storage_error(lone.call(9, &produce("__consumer_offsets", Uuid::ZERO, 1)));
    assert_eq!(
        lone.call(12, &fetch(12, 0, 1)).responses[0].partitions[0].error_code,
        ErrorCode::KafkaStorageError.code()
    );
    let Poll::Ready(offline) = lone.broker.poll_offline(home, Waker::noop()) else {
        panic!("nobody is told")
    };
    assert!(offline.stops_node, "it is the only one");
    assert!(offline.message.contains("/data"), "{}", offline.message);
    lone.broker.write_checkpoints().unwrap();
}

/// A partition's log of two records that nobody closed, and the directory that it is in.
fn left_open(lone: &Lone) -> LogDir {
    let partition = lone.broker.partition_by_id(TOPIC, 0).unwrap();
    for _ in 0..2 {
        partition.append_as_leader(&batch(), 1, Now::default()).unwrap();
    }
    lone.broker.write_checkpoints().unwrap();
    LogDir::new("/data".into(), lone.disk.clone())
}

fn damage_last_record(lone: &Lone) {
    let path = lone.broker.partition_by_id(TOPIC, 0).unwrap().dir();
    let segment = path.join("00000000000000000000.log");
    lone.disk.damage(&segment, |bytes| *bytes.last_mut().unwrap() ^= 1);
}

#[test]
fn a_broker_that_ends_before_it_has_metadata_leaves_its_directories_as_they_were() {
    use protocol::files::names;
    let first = Lone::start();
    let dir = left_open(&first);
    let points = dir.read_offsets(names::RECOVERY_POINTS).unwrap();
    assert!(points.contains_key(&("t".to_owned(), 0)));
    for clean in [false, true] {
        let second = Lone::with_dirs(1, first.disk.clone(), &[], &["/data"], clean);
        second.broker.write_checkpoints().unwrap();
        second.broker.close(3).unwrap();
        assert_eq!(dir.read_offsets(names::RECOVERY_POINTS).unwrap(), points);
        assert_eq!(dir.take_clean_shutdown().unwrap().is_some(), clean);
    }
}

/// In the simulation a process led by the registration of the one before, and counted records as committed which a
/// follower did not have that the earlier process had let into the ISR.
#[test]
fn a_process_opens_nothing_before_the_metadata_has_its_own_registration() {
    let lone = Lone::start();
    let is_open = |lone: &Lone| lone.broker.partition_by_id(TOPIC, 0).is_ok();
    assert!(is_open(&lone));

    let mut image = (*lone.broker.image()).clone();
    let process = |id: u128| registered(1, Uuid::from_u128(id));
    image.apply(process(1).into()).unwrap();
    image.advance(20, 1, 0);
    lone.broker.publish(image.clone(), Now::default());
    assert!(
        is_open(&lone),
        "whose registration it is now is the lifecycle's to judge"
    );

    let again = Lone::without_image(1, lone.disk.clone(), &[]);
    again.broker.publish(image.clone(), Now::default());
    assert!(!is_open(&again), "another process is registered");
    assert_eq!(again.broker.image().offset(), 20, "what is served all the same");
    image.apply(registered(1, Uuid::ZERO).into()).unwrap();
    image.advance(21, 1, 0);
    again.broker.publish(image, Now::default());
    assert!(is_open(&again));
}

#[test]
fn a_log_that_was_not_open_when_its_directory_was_closed_is_recovered() {
    let first = Lone::start();
    let dir = left_open(&first);
    damage_last_record(&first);
    let mut without = MetadataImage::empty();
    without.apply(registered(1, Uuid::ZERO).into()).unwrap();
    without.advance(20, 1, 0);
    let second = Lone::without_image(1, first.disk.clone(), &[]);
    second.broker.publish(without, Now::default());
    second.broker.close(3).unwrap();
    assert!(dir.take_clean_shutdown().unwrap().is_some());
    let third = Lone::with_dirs(1, first.disk.clone(), &[], &["/data"], true);
    third.broker.publish((*first.broker.image()).clone(), Now::default());
    let (_, _, end) = third.broker.partition_by_id(TOPIC, 0).unwrap().offsets();
    assert_eq!(end, 1);
}
