//! Files that no broker wrote: what fuzzing found, and what it would find.

use super::*;

fn put(disk: &SimDisk, name: &str, bytes: &[u8]) {
    disk.create_dir_all(&dir()).unwrap();
    let file = disk.open(&dir().join(name), crate::disk::OpenMode::Write).unwrap();
    file.write_at(&[bytes], 0).unwrap();
}

fn batch_at(base_offset: i64, last_offset_delta: i32) -> Vec<u8> {
    let mut batch = batch(5, &[b"value"]).to_vec();
    batch[23..27].copy_from_slice(&last_offset_delta.to_be_bytes());
    protocol::records::restamp(&mut batch, 5);
    protocol::records::stamp(&mut batch, base_offset, 1);
    batch
}

#[test]
fn a_segment_that_starts_inside_the_one_before_is_no_part_of_the_log() {
    let disk = SimDisk::default();
    put(&disk, "00000000000000000000.log", &batch_at(0, 9));
    put(&disk, "00000000000000000006.log", &batch_at(6, 0));
    let (log, report) = Log::open(&context(&disk), &dir(), small_config(), crashed(0)).unwrap();
    assert_eq!((log.log_end_offset(), log.segment_count()), (10, 1));
    assert_eq!(report.truncated.unwrap().position, 0);
    assert_eq!(log.read(8, 10, 1, true).unwrap().len(), 1);
}

#[test]
fn offsets_that_no_index_can_hold_end_the_log() {
    for misplaced in [
        batch_at(1 << 40, 0),
        batch_at(1, -1),
        batch_at(0, 0),
        batch_at(i64::MAX, 0),
    ] {
        let disk = SimDisk::default();
        put(&disk, "00000000000000000000.log", &[batch_at(0, 0), misplaced].concat());
        let (log, report) = Log::open(&context(&disk), &dir(), small_config(), crashed(0)).unwrap();
        assert_eq!(log.log_end_offset(), 1);
        assert!(report.truncated.is_some());
    }
}

#[test]
fn files_whose_names_are_not_twenty_digits_are_no_segments() {
    let disk = SimDisk::default();
    for name in ["-5.log", "+5.log", "7.log", "7.snapshot", "-00000000000000000005.log"] {
        put(&disk, name, b"something");
    }
    let log = open(&disk, &small_config(), crashed(0));
    assert_eq!((log.log_start_offset(), log.log_end_offset()), (0, 0));
}

#[test]
fn a_log_start_offset_inside_the_last_segment_cuts_nothing() {
    let disk = SimDisk::default();
    put(&disk, "00000000000000000000.log", &batch_at(0, 4));
    put(&disk, "00000000000000000000.index", &[]);
    put(&disk, "00000000000000000000.timeindex", &[]);
    put(&disk, "00000000000000000005.log", &batch_at(5, 4));
    let options = OpenOptions {
        log_start_offset: 8,
        ..crashed(5)
    };
    let (log, report) = Log::open(&context(&disk), &dir(), small_config(), options).unwrap();
    assert_eq!((log.log_start_offset(), log.log_end_offset()), (8, 10));
    assert_eq!(report.truncated, None);
}

#[test]
fn an_aborted_transaction_of_a_segment_that_is_gone_is_not_found_again() {
    let disk = SimDisk::default();
    put(&disk, "00000000000000000000.txnindex", &[1; 34]);
    let log = open(&disk, &small_config(), crashed(0));
    assert_eq!(log.aborted_transactions(0, i64::MAX).unwrap(), []);
}

#[test]
fn timestamps_at_both_ends_of_time_are_compared_without_a_panic() {
    let disk = SimDisk::default();
    let mut log = open(&disk, &small_config(), OpenOptions::default());
    let now_ms = 1_700_000_000_000;
    append(&mut log, now_ms, &[b"a"]);
    // The oldest timestamp that message.timestamp.before.max.ms lets through by default.
    let oldest = batch(now_ms - i64::MAX, &[b"b"]);
    log.append_as_leader(&oldest, 1, Origin::Client, now_ms - 1).unwrap();
    assert_eq!(log.offset_for_timestamp(i64::MIN, 2).unwrap().unwrap().offset, 0);
}

#[test]
fn a_follower_takes_no_batch_out_of_order() {
    let disk = SimDisk::default();
    let mut log = open(&disk, &small_config(), OpenOptions::default());
    log.append_as_follower(&batch_at(3, 1).into(), 5).unwrap();
    for wrong in [
        batch_at(4, 0),
        batch_at(i64::MIN, 0),
        batch_at(9, -1),
        batch_at(i64::MAX - 1, 0),
    ] {
        assert!(log.append_as_follower(&wrong.into(), 5).is_err());
    }
    assert_eq!(log.log_end_offset(), 5);
}

#[test]
fn removing_what_a_snapshot_stands_for_moves_the_high_watermark_along() {
    let disk = SimDisk::default();
    let mut log = open(&disk, &small_config(), OpenOptions::default());
    append(&mut log, 5, &[b"a", b"b"]);
    log.remove_before(2).unwrap();
    assert_eq!((log.high_watermark(), log.last_stable_offset()), (2, 2));
}

#[test]
fn a_log_without_a_batch_has_no_epochs() {
    let disk = SimDisk::default();
    put(&disk, "00000000000000000042.log", b"torn");
    put(&disk, "leader-epoch-checkpoint", b"0\n1\n3 5\n");
    let log = open(&disk, &small_config(), crashed(0));
    assert_eq!((log.log_end_offset(), log.epochs().latest()), (42, None));
}

#[test]
fn epochs_that_fall_are_read_the_same_with_and_without_a_checkpoint() {
    let disk = SimDisk::default();
    let mut first = batch_at(0, 0);
    protocol::records::stamp(&mut first, 0, 9);
    put(&disk, "00000000000000000000.log", &[first, batch_at(1, 0)].concat());
    let without = open(&disk, &small_config(), crashed(0)).epochs().entries();
    let with = open(&disk, &small_config(), crashed(0)).epochs().entries();
    assert_eq!((without.len(), &without), (1, &with));
    assert_eq!((without[0].epoch, without[0].start_offset), (9, 0));
}
