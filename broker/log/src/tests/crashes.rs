//! Power cuts on a disk that does what was not synced in any order: what was flushed is there, what is there was
//! written, and everything that is kept beside the batches fits them.

use std::path::Path;

use proptest::prelude::*;
use protocol::files::names;

use super::*;
use crate::{LogDir, Offsets};

/// A record that was written, or may have been.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    value: Vec<u8>,
    timestamp: i64,
    epoch: i32,
}

/// Numbers that decide everything that is left to chance.
struct Chance(std::iter::Cycle<std::vec::IntoIter<u32>>);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0.next().unwrap_or(0) as usize % bound.max(1)
    }
}

/// A log directory with one log, started, stopped and cut off as a broker does it.
struct Life {
    disk: SimDisk,
    config: Arc<LogConfig>,
    log: Option<Log>,
    written: Vec<Written>,
    /// Offset of the first record in `written`.
    first: i64,
    flushed: i64,
    epoch: i32,
    chance: Chance,
}

const PRODUCER: i64 = 4;
const TOPIC: protocol::Uuid = protocol::Uuid::from_u128(5);

impl Life {
    fn new(chance: Vec<u32>) -> Self {
        let disk = SimDisk::default();
        disk.create_dir_all(Path::new("/logs")).unwrap();
        Self {
            disk,
            config: small_config(),
            log: None,
            written: Vec::new(),
            first: 0,
            flushed: 0,
            epoch: 1,
            chance: Chance(chance.into_iter().cycle()),
        }
    }

    fn dir(&self) -> LogDir {
        LogDir::new("/logs".into(), Arc::new(self.disk.clone()))
    }

    fn end(&self) -> i64 {
        self.first + self.written.len() as i64
    }

    /// Starts as a broker does; an error only if the power is cut.
    fn start(&mut self) -> Result<(), LogError> {
        let dir = self.dir();
        if dir.topic_id(&super::dir())?.is_none() {
            assert_eq!(
                self.flushed, 0,
                "a directory with durable records says of which topic they are"
            );
            dir.create_partition("t", 0, TOPIC)?;
        }
        let clean = dir.take_clean_shutdown()?.is_some();
        let points = dir.read_offsets(names::RECOVERY_POINTS)?;
        let recovery_point = points.get(&("t".to_owned(), 0)).copied().unwrap_or(0);
        let options = OpenOptions {
            clean,
            recovery_point,
            ..OpenOptions::default()
        };
        let (log, _) = Log::open(&context(&self.disk), &super::dir(), Arc::clone(&self.config), options)?;
        self.log = Some(log);
        Ok(())
    }

    fn append(&mut self, size: usize) -> Result<(), AppendError> {
        if self.chance.below(8) == 0 {
            self.epoch += 1;
        }
        let timestamp = 1_000_000 + self.chance.below(1000) as i64;
        let value = vec![self.end() as u8; size];
        let stamp = ProducerStamp {
            id: PRODUCER,
            epoch: 0,
            base_sequence: self.end() as i32,
        };
        let mut batch = BatchBuilder::new(0, Compression::None).producer(stamp);
        batch.push(&NewRecord {
            timestamp,
            value: Some(&value),
            ..NewRecord::default()
        });
        let epoch = self.epoch;
        // It may reach the disk even if the append fails.
        self.written.push(Written {
            value,
            timestamp,
            epoch,
        });
        let batch = Bytes::from(batch.build().unwrap());
        let log = self.log.as_mut().unwrap();
        log.append_as_leader(&batch, epoch, Origin::Client, timestamp).map(drop)
    }

    fn flush(&mut self) -> Result<(), LogError> {
        self.log.as_mut().unwrap().flush()?;
        self.flushed = self.end();
        Ok(())
    }

    fn flush_sealed(&mut self) -> Result<(), LogError> {
        let log = self.log.as_mut().unwrap();
        if let Some(sealed) = log.unsynced_sealed() {
            log.note_synced(&sealed, sealed.sync())?;
        }
        self.flushed = self.flushed.max(log.recovery_point());
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<(), LogError> {
        let point = self.log.as_ref().unwrap().recovery_point();
        let points = Offsets::from([(("t".to_owned(), 0), point)]);
        self.dir().write_offsets(names::RECOVERY_POINTS, &points)
    }

    fn restart(&mut self) -> Result<(), LogError> {
        self.log.as_mut().unwrap().close()?;
        self.flushed = self.end();
        self.checkpoint()?;
        self.dir().write_clean_shutdown(-1)?;
        self.log = None;
        self.start()
    }

    fn step(&mut self, step: u8, size: usize) -> Result<(), AppendError> {
        match step {
            0..=7 => self.append(size)?,
            8 => self.flush()?,
            12 => self.flush_sealed()?,
            9 => self.checkpoint()?,
            10 => self.restart()?,
            _ => self.disk.cut_power_after(0),
        }
        Ok(())
    }

    /// After a power cut: starts, perhaps into the next one, and looks.
    fn recover(&mut self) {
        loop {
            self.log = None;
            let chance = &mut self.chance;
            self.disk = self.disk.crash_in_any_order(|bound| chance.below(bound));
            if self.chance.below(3) == 0 {
                self.disk.cut_power_after(self.chance.below(12));
            }
            match self.start() {
                Ok(()) => break,
                Err(error) => assert!(self.disk.is_power_cut(), "{error}"),
            }
        }
        self.check();
    }

    /// Everything that was flushed is there, and everything that is there was written.
    fn check(&mut self) {
        let log = self.log.as_ref().unwrap();
        let (start, end) = (log.log_start_offset(), log.log_end_offset());
        assert!(end >= self.flushed, "{end} of {} flushed", self.flushed);
        assert!(
            start <= self.first || self.flushed <= self.first,
            "{start} after {}",
            self.first
        );
        assert!(end <= self.end(), "{end} after {}", self.end());
        self.written.drain(..(start - self.first) as usize);
        self.written.truncate((end - start) as usize);
        self.first = start;
        let expected = (start..).zip(self.written.iter().map(|record| record.value.clone()));
        assert_eq!(read_all(log, start), expected.collect::<Vec<_>>());
        self.check_times();
        self.check_state();
    }

    /// Timestamps lead where a walk from the start leads.
    fn check_times(&self) {
        let log = self.log.as_ref().unwrap();
        for timestamp in (999_990..1_001_010).step_by(17) {
            let walked = self.written.iter().position(|record| record.timestamp >= timestamp);
            let walked = walked.map(|at| self.first + at as i64);
            let found = log.offset_for_timestamp(timestamp, log.log_end_offset()).unwrap();
            assert_eq!(found.map(|found| found.offset), walked, "timestamp {timestamp}");
        }
    }

    /// Epochs and the producer are those of the batches.
    fn check_state(&self) {
        let log = self.log.as_ref().unwrap();
        for (offset, record) in (self.first..).zip(&self.written) {
            assert_eq!(log.epochs().epoch_of(offset), Some(record.epoch), "offset {offset}");
        }
        let last = log
            .active_producers()
            .first()
            .map(|producer| i64::from(producer.last_sequence));
        let expected = Some(self.end() - 1).filter(|_| !self.written.is_empty());
        assert_eq!(last, expected, "the producer's last sequence");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("KFLEET_CRASHES").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
    ))]

    #[test]
    fn a_power_cut_loses_nothing_below_the_last_flush_whatever_order_the_disk_wrote_in(
        steps in prop::collection::vec((0u8..13, 1usize..60), 1..80),
        chance in prop::collection::vec(any::<u32>(), 300),
    ) {
        let mut life = Life::new(chance);
        life.start().unwrap();
        for (step, size) in steps {
            if life.chance.below(10) == 0 {
                let changes = life.chance.below(15);
                life.disk.cut_power_after(changes);
            }
            if let Err(error) = life.step(step, size) {
                assert!(life.disk.is_power_cut(), "{error}");
            }
            if life.disk.is_power_cut() {
                life.recover();
            }
        }
    }
}

/// Found by an earlier form of the property above: a tail cut off by recovery came back in the next crash, and everything
/// written and flushed since was thrown away as lying behind it.
#[test]
fn a_torn_tail_that_was_cut_off_does_not_come_back() {
    let disk = SimDisk::default();
    let config = small_config();
    let mut log = open(&disk, &config, OpenOptions::default());
    for size in [19, 20, 55, 16, 52, 31, 25, 17, 59, 33] {
        append(&mut log, 1, &[&vec![1; size]]);
    }
    log.flush().unwrap();
    append(&mut log, 1, &[b"xy"]);
    drop(log);
    let disk = disk.crash(|path, _| usize::from(path.extension().is_some_and(|suffix| suffix == "log")));
    let mut log = open(&disk, &config, crashed(10));
    append(&mut log, 1, &[&[1; 27]]);
    log.flush().unwrap();
    drop(log);
    let disk = disk.crash(|_, _| 1);
    assert_eq!(read_all(&open(&disk, &config, crashed(11)), 0).len(), 11);
}
