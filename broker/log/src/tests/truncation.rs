//! Truncation: what goes with the records, and what a follower writes afterwards.

use super::*;

fn produced(log: &mut Log, sequence: i32, records: usize, epoch: i32) {
    let stamp = ProducerStamp {
        id: 9,
        epoch: 0,
        base_sequence: sequence,
    };
    let mut builder = BatchBuilder::new(0, Compression::None).producer(stamp);
    for _ in 0..records {
        builder.push(&NewRecord {
            timestamp: 1,
            value: Some(b"v"),
            ..NewRecord::default()
        });
    }
    log.append_as_leader(&builder.build().unwrap().into(), epoch, Origin::Client, 1)
        .unwrap();
}

/// Batches of 3 records each, every one in an epoch of its own.
fn four_batches(disk: &SimDisk) -> Log {
    let mut log = open(disk, &small_config(), OpenOptions::default());
    for at in 0..4 {
        produced(&mut log, at * 3, 3, at + 1);
    }
    log.set_high_watermark(12);
    log
}

#[test]
fn an_offset_inside_a_batch_cuts_the_whole_batch_and_the_log_ends_where_it_began() {
    let disk = SimDisk::default();
    let mut log = four_batches(&disk);
    log.truncate_to(7).unwrap();
    assert_eq!((log.log_end_offset(), log.high_watermark()), (6, 6));
    assert_eq!(read_all(&log, 0).len(), 6);
    drop(log);
    let reopened = open(&disk, &small_config(), crashed(0));
    assert_eq!(reopened.log_end_offset(), 6, "what is told is what is in the file");
}

#[test]
fn epochs_and_producers_are_cut_with_the_records() {
    let mut log = four_batches(&SimDisk::default());
    log.truncate_to(8).unwrap();
    assert_eq!(log.epochs().latest(), Some(2));
    assert_eq!(log.end_offset_for_epoch(2), Some((2, 6)));
    assert_eq!(log.active_producers()[0].last_sequence, 5);
    produced(&mut log, 6, 2, 7);
    assert_eq!((log.log_end_offset(), log.epochs().latest()), (8, Some(7)));
}

#[test]
fn a_log_that_is_cut_below_its_start_starts_there_also_after_a_crash() {
    for (target, start) in [(8, 6), (7, 6), (6, 6), (4, 3), (0, 0)] {
        let disk = SimDisk::default();
        let mut log = four_batches(&disk);
        log.delete_records(7).unwrap();
        log.truncate_to(target).unwrap();
        assert_eq!(
            (log.log_start_offset(), log.log_end_offset()),
            (start, start),
            "cut at {target}"
        );
        let batch = {
            let mut leader = four_batches(&SimDisk::default());
            leader.truncate_to(start).unwrap();
            produced(&mut leader, start as i32, 1, 9);
            crate::gather(leader.read(start, start + 1, 1 << 20, true).unwrap()).unwrap()
        };
        log.append_as_follower(&batch, 1).unwrap();
        drop(log);
        // Where it starts is in a checkpoint that was not written.
        let reopened = open(&disk, &small_config(), crashed(0));
        let written_in = reopened.epochs().epoch_of(start);
        assert_eq!(
            (reopened.log_end_offset(), written_in),
            (start + 1, Some(9)),
            "cut at {target}"
        );
    }
}

#[test]
fn an_epoch_without_a_batch_is_forgotten_even_if_no_record_goes() {
    let mut log = four_batches(&SimDisk::default());
    log.begin_epoch(8);
    assert_eq!(log.epochs().latest(), Some(8));
    log.truncate_to(12).unwrap();
    assert_eq!((log.epochs().latest(), log.log_end_offset()), (Some(4), 12));
}

#[test]
fn what_a_follower_appends_is_read_after_what_it_wrote_as_a_leader() {
    let mut leader = four_batches(&SimDisk::default());
    produced(&mut leader, 12, 3, 5);
    let mut follower = four_batches(&SimDisk::default());
    let sent = bytes_of(&leader.read(12, 15, 1 << 20, true).unwrap());
    follower.append_as_follower(&sent.into(), 1).unwrap();
    assert_eq!(read_all(&follower, 0), read_all(&leader, 0));
    assert_eq!(follower.epochs(), leader.epochs());
}
