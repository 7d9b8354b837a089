//! Snapshots that nodes take, load and hand to others; and NoOp records.

use protocol::messages::metadata::{BeginTransactionRecord, EndTransactionRecord, NoOpRecord};

use super::cluster::on;
use super::*;

mod quorum;

const SECOND: Duration = Duration::from_secs(1);
const OFTEN: [(&str, &str); 2] = [
    ("metadata.log.max.record.bytes.between.snapshots", "1000"),
    ("metadata.max.idle.interval.ms", "0"),
];

fn names(image: &MetadataImage) -> Vec<&str> {
    image.topics().iter().map(|topic| topic.name.as_str()).collect()
}

#[test]
fn a_snapshot_comes_with_enough_bytes_and_a_node_starts_from_it() {
    let mut node = Node::configured(SimDisk::default(), None, &OFTEN);
    node.join(&[1]);
    let first = (0..100).find(|index| {
        node.create(on(&format!("t{index}"), &[1]));
        node.controller.quorum().snapshot().is_some()
    });
    assert!(first.is_some_and(|index| index > 1), "{first:?}");
    for index in 100..130 {
        node.create(on(&format!("t{index}"), &[1]));
    }
    let id = node.controller.quorum().snapshot().unwrap();
    assert!(id.end_offset <= node.controller.quorum().high_watermark());
    assert_eq!(
        node.controller.quorum().log_start_offset(),
        0,
        "the log stays for a while"
    );
    let before = node.controller.image().clone();
    let again = Node::configured(node.disk.crash(|_, _| 0), None, &OFTEN);
    let after = again.controller.image();
    assert_eq!((after.topics(), after.features()), (before.topics(), before.features()));
    assert!(after.configs().eq(before.configs()));
}

#[test]
fn a_snapshot_comes_after_a_while_if_there_is_anything_new() {
    let keys = [("metadata.max.idle.interval.ms", "0")];
    let mut node = Node::configured(SimDisk::default(), None, &keys);
    node.join(&[1]);
    let stays = |node: &mut Node, time: Duration| {
        let before = node.controller.quorum().snapshot();
        node.wait_beating(time, &[1]);
        node.controller.quorum().snapshot() == before
    };
    assert!(stays(&mut node, 3540 * SECOND));
    assert!(!stays(&mut node, 120 * SECOND), "an hour is over");
    assert!(stays(&mut node, 7300 * SECOND), "nothing is new");
    let before = node.controller.quorum().snapshot();
    node.create(on("t", &[1]));
    assert!(node.controller.quorum().snapshot() > before);
}

#[test]
fn a_snapshot_waits_for_the_end_of_a_metadata_transaction_and_for_the_one_in_work() {
    let mut node = Node::configured(SimDisk::default(), None, &OFTEN);
    node.join(&[1]);
    let mut append = |records: Vec<Record>| {
        let mut job = None;
        node.take(|controller, cx| {
            controller.append(records, cx).unwrap();
            controller.commit(cx).unwrap();
            job = controller.snapshot_due(cx.now).unwrap();
        });
        job
    };
    let much = || vec![Record::from(NoOpRecord::default()); 200];
    assert!(append(vec![BeginTransactionRecord::default().into()]).is_none());
    assert!(append(much()).is_none());
    let job = append(vec![EndTransactionRecord::default().into()]).unwrap();
    assert!(append(much()).is_none(), "one is in work");
    let bytes = Some(job.bytes().unwrap());
    node.event(Event::SnapshotMade { id: job.id, bytes });
    assert!(
        node.controller.quorum().snapshot() > Some(job.id),
        "the next one came at once"
    );
}

#[test]
fn the_log_starts_at_a_later_snapshot_when_there_is_too_much_or_it_is_too_old() {
    let large = [("metadata.max.retention.bytes", "3000")];
    let old = [("metadata.max.retention.ms", "100000")];
    let neither = [
        ("metadata.max.retention.bytes", "-1"),
        ("metadata.max.retention.ms", "-1"),
    ];
    for (keys, starts_later) in [(&large[..], true), (&old, true), (&neither, false)] {
        let mut node = Node::configured(SimDisk::default(), None, &[&OFTEN, keys].concat());
        node.join(&[1]);
        for index in 0..60 {
            node.create(on(&format!("t{index}"), &[1]));
        }
        node.wait_beating(200 * SECOND, &[1]);
        let files =
            broker_log::disk::Disk::list(&node.disk, std::path::Path::new("/meta/__cluster_metadata-0")).unwrap();
        let ids: Vec<SnapshotId> = files.iter().filter_map(|file| SnapshotId::parse(&file.name)).collect();
        let start = node.controller.quorum().log_start_offset();
        assert_eq!(node.controller.quorum().snapshot(), ids.last().copied());
        if starts_later {
            assert_eq!(start, ids[0].end_offset, "{keys:?}");
            assert!(start > 0 && node.controller.quorum().snapshot().is_some());
        } else {
            assert!(start == 0 && ids.len() > 2, "{keys:?}: {ids:?}");
        }
        let again = Node::configured(node.disk.crash(|_, _| 0), None, &OFTEN);
        assert_eq!(names(again.controller.image()).len(), 60);
    }
}

#[test]
fn an_idle_controller_writes_a_record_now_and_then() {
    let mut node = Node::alone(SimDisk::default(), None);
    let end = |node: &Node| node.controller.quorum().log_end_offset();
    let before = end(&node);
    node.wait(10 * SECOND - Duration::from_millis(1));
    assert_eq!(end(&node) - before, 19);
    let content = node.controller.image().clone();
    node.wait(SECOND);
    assert!(node.controller.image().is_same_as(&content) && node.controller.image().offset() > content.offset());
    node.join(&[1]);
    let before = end(&node);
    for index in 0..10 {
        node.create(on(&format!("t{index}"), &[1]));
        node.wait(Duration::from_millis(300));
    }
    assert!(!node.controller.image().is_same_as(&content));
    assert_eq!(
        end(&node) - before,
        20,
        "a topic and its partition each time, and nothing else"
    );
    node.take(Controller::resign);
    let before = end(&node);
    node.wait(10 * SECOND);
    assert_eq!(end(&node), before, "only the active controller does");
    let mut silent = Node::configured(SimDisk::default(), None, &OFTEN[1..]);
    let before = end(&silent);
    silent.wait(10 * SECOND);
    assert_eq!(end(&silent), before);
}

/// How long a large image takes; it is made away from the quorum's thread.
#[test]
#[ignore = "a measurement"]
fn measure_a_snapshot_of_20_000_partitions() {
    let mut node = Node::with_brokers(&[1, 2, 3]);
    for index in 0..20 {
        let (code, message, _) = node.create(topic(&format!("t{index}"), 1000, 3));
        assert_eq!((code, message.as_str()), (ErrorCode::Unknown(0), ""));
    }
    node.controller.snapshots.note(1 << 30);
    let mut job = None;
    let started = std::time::Instant::now();
    node.take(|controller, cx| job = controller.snapshot_due(cx.now).unwrap());
    let (job, handed_out) = (job.unwrap(), started.elapsed());
    let bytes = job.bytes().unwrap();
    println!(
        "{} bytes; handed out in {handed_out:?}, made in {:?}",
        bytes.len(),
        started.elapsed()
    );
    let started = std::time::Instant::now();
    let (id, bytes) = (job.id, Some(bytes));
    node.take(|controller, cx| controller.on(Event::SnapshotMade { id, bytes }, cx).unwrap());
    println!("kept in {:?}", started.elapsed());
}
