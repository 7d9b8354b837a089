//! A partition directory with any bytes in its files, on a disk in memory. After a crash the log is the valid
//! prefix of what is there, and opening it again changes nothing; after a clean stop, whatever the files hold is
//! read or refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use broker_log::disk::{Disk as _, OpenMode, SimDisk};
use broker_log::{Log, LogConfig, LogContext, LogError, OpenOptions, Origin, Slice};
use bytes::Bytes;
use protocol::records::{BatchBuilder, BatchHeader, Batches, Compression, NewRecord};

use crate::allocator::bounded;
use crate::input::{Input, mend_checksums};

const DIR: &str = "/logs/t-0";
/// Files in one input.
const FILES_MAX: usize = 8;
/// Held for each byte of the files, of which the disk itself keeps three, and always.
const HELD_PER_BYTE: usize = 256;
const HELD_ALWAYS_BYTES: usize = 256 << 10;

/// A partition directory: base offsets and segments, and all other files by name.
#[derive(Debug, Default)]
struct Content {
    segments: BTreeMap<i64, Vec<u8>>,
    others: BTreeMap<String, Vec<u8>>,
    options: OpenOptions,
    small_segments: bool,
}

/// Flags and offsets, then files: kind, base offset, length, content.
pub(crate) fn run(bytes: &[u8]) {
    let content = take_apart(bytes);
    let held_bytes = HELD_ALWAYS_BYTES + bytes.len() * HELD_PER_BYTE;
    bounded(held_bytes, || after_a_crash(&content));
    bounded(held_bytes, || after_a_stop(&content));
}

fn take_apart(bytes: &[u8]) -> Content {
    let mut input = Input::new(bytes);
    let flags = input.byte();
    let mut content = Content {
        small_segments: flags & 2 != 0,
        ..Content::default()
    };
    content.options = OpenOptions {
        clean: true,
        recovery_point: offset(&mut input),
        log_start_offset: offset(&mut input),
        high_watermark: offset(&mut input),
    };
    for _ in 0..FILES_MAX {
        if input.is_empty() {
            break;
        }
        let (kind, base) = (input.byte(), offset(&mut input));
        let len = usize::from(input.u16());
        let mut bytes = input.bytes(len).to_vec();
        if kind % 8 < 3 && base >= 0 {
            if flags & 1 == 0 {
                mend_checksums(&mut bytes);
            }
            content.segments.insert(base, bytes);
            continue;
        }
        if kind % 8 == 6 && flags & 1 == 0 {
            mend_snapshot(&mut bytes);
        }
        content.others.insert(name(kind, base), bytes);
    }
    content
}

/// Mostly small; any number if it must be.
fn offset(input: &mut Input<'_>) -> i64 {
    match input.byte() {
        255 => input.i64(),
        byte => i64::from(byte),
    }
}

fn name(kind: u8, base: i64) -> String {
    match kind % 8 {
        3 => format!("{base:020}.index"),
        4 => format!("{base:020}.timeindex"),
        5 => format!("{base:020}.txnindex"),
        6 => format!("{base:020}.snapshot"),
        7 if kind & 8 == 0 => "leader-epoch-checkpoint".to_owned(),
        // Names that are nearly a segment's, and leftovers of interrupted operations.
        _ => {
            let suffixes = [".log", ".log.swap", ".log.deleted", ".snapshot", ".index"];
            format!("{base}{}", suffixes[usize::from(kind >> 4) % suffixes.len()])
        }
    }
}

fn mend_snapshot(bytes: &mut [u8]) {
    if let Some((head, body)) = bytes.split_at_mut_checked(6) {
        head[2..].copy_from_slice(&crc32c::crc32c(body).to_be_bytes());
    }
}

impl Content {
    fn disk(&self) -> SimDisk {
        let disk = SimDisk::default();
        disk.create_dir_all(Path::new(DIR)).expect("a directory");
        let segments = self
            .segments
            .iter()
            .map(|(base, bytes)| (format!("{base:020}.log"), bytes));
        for (name, bytes) in segments.chain(self.others.iter().map(|(name, bytes)| (name.clone(), bytes))) {
            let file = disk.open(&Path::new(DIR).join(name), OpenMode::Write).expect("a file");
            file.write_at(&[bytes], 0).expect("written");
        }
        disk
    }

    fn open(&self, disk: &SimDisk, options: OpenOptions) -> Result<(Log, Option<u64>), LogError> {
        let context = LogContext::new(Arc::new(disk.clone()), 4, 4096);
        let config = LogConfig {
            segment_bytes: if self.small_segments { 200 } else { 1 << 20 },
            index_interval_bytes: 64,
            ..LogConfig::default()
        };
        let (log, report) = Log::open(&context, Path::new(DIR), Arc::new(config), options)?;
        Ok((log, report.truncated.map(|truncated| truncated.cut_bytes)))
    }

    /// The segments up to the first byte that is not part of a whole, sound batch that follows the one before.
    fn valid_prefix(&self) -> (BTreeMap<i64, Vec<u8>>, Vec<BatchHeader>) {
        let (mut kept, mut headers, mut end_offset) = (BTreeMap::new(), Vec::new(), 0);
        for (base, bytes) in &self.segments {
            if end_offset != *base && !kept.is_empty() {
                break;
            }
            end_offset = *base;
            let mut at = 0;
            while let Ok(header) = BatchHeader::parse_checked(&bytes[at..]) {
                let fits = header.last_offset() - base <= i64::from(i32::MAX) && header.next_offset() < i64::MAX;
                if header.base_offset < end_offset || header.last_offset_delta < 0 || !fits {
                    break;
                }
                end_offset = header.next_offset();
                headers.push(header);
                at += header.size_bytes();
            }
            kept.insert(*base, bytes[..at].to_vec());
            if at < bytes.len() {
                break;
            }
        }
        (kept, headers)
    }
}

/// What counts of a log that was opened.
#[derive(Debug, PartialEq)]
struct State {
    offsets: (i64, i64, i64),
    epochs: Vec<(i32, i64)>,
    producers: Vec<broker_log::ActiveProducer>,
    aborted: Vec<broker_log::AbortedTxn>,
    size_bytes: u64,
    segments: usize,
}

impl State {
    fn of(log: &Log) -> Self {
        let (start, end) = (log.log_start_offset(), log.log_end_offset());
        assert!(start <= log.high_watermark() && log.high_watermark() <= end, "{log:?}");
        assert!((start..=end).contains(&log.last_stable_offset()));
        assert!((start..=end).contains(&log.recovery_point()));
        let epochs = log.epochs().entries();
        Self {
            offsets: (start, end, log.last_stable_offset()),
            epochs: epochs.iter().map(|entry| (entry.epoch, entry.start_offset)).collect(),
            producers: log.active_producers(),
            aborted: log.aborted_transactions(start, end).expect("aborted transactions"),
            size_bytes: log.size_bytes(),
            segments: log.segment_count(),
        }
    }
}

fn after_a_crash(content: &Content) {
    let disk = content.disk();
    let crashed = OpenOptions {
        clean: false,
        recovery_point: 0,
        ..content.options
    };
    // A segment that was to replace others changes what is the valid prefix, or is refused.
    let swapped = content.others.keys().any(|name| name.ends_with(".swap"));
    let (log, cut_bytes) = match content.open(&disk, crashed) {
        Ok(opened) => opened,
        // Only the epochs' file can stand in the way.
        Err(LogError::File { .. }) => return,
        Err(LogError::Corrupt { .. }) if swapped => return,
        Err(error) => panic!("recovery failed: {error}"),
    };
    if swapped {
        return;
    }
    let (kept, headers) = content.valid_prefix();
    let on_disk: BTreeMap<i64, Vec<u8>> = kept.keys().map(|base| (*base, segment_bytes(&disk, *base))).collect();
    assert_eq!(on_disk, kept, "what is kept is the valid prefix");
    let lost = content.segments.values().map(Vec::len).sum::<usize>() != kept.values().map(Vec::len).sum::<usize>();
    assert!(!lost || cut_bytes.is_some(), "what was cut is told");
    let state = State::of(&log);
    read_everything(&log, &headers);
    drop(log);

    let (mut log, cut_bytes) = content.open(&disk, crashed).expect("a recovered log opens");
    assert_eq!(
        (State::of(&log), cut_bytes),
        (state, None),
        "a second recovery changes nothing"
    );
    let state = State::of(&log);
    log.close().expect("closed");
    drop(log);
    let stopped = OpenOptions {
        clean: true,
        recovery_point: state.offsets.1,
        ..content.options
    };
    let (mut log, _) = content.open(&disk, stopped).expect("a closed log opens");
    assert_eq!(State::of(&log), state, "a clean stop keeps everything");
    read_everything(&log, &headers);
    append(&mut log);
}

fn segment_bytes(disk: &SimDisk, base: i64) -> Vec<u8> {
    let path: PathBuf = Path::new(DIR).join(format!("{base:020}.log"));
    disk.read(&path, u64::MAX).expect("a segment")
}

/// Reads as a client does, from the start and from each batch on.
fn read_everything(log: &Log, headers: &[BatchHeader]) {
    let (start, end) = (log.log_start_offset(), log.log_end_offset());
    let visible: Vec<_> = headers.iter().filter(|header| header.last_offset() >= start).collect();
    let mut from = start;
    for header in visible {
        let slices = log.read(from, end, 1, true).expect("a batch");
        let bytes = bytes_of(&slices);
        let found = Batches::new(&bytes).next().and_then(Result::ok).map(|(found, _)| found);
        assert_eq!(found, Some(*header), "the batch with offset {from}: {bytes:?}, {log:?}");
        from = header.next_offset();
    }
    assert!(log.read(from, end, 1, true).expect("nothing").is_empty());
}

fn bytes_of(slices: &[Slice]) -> Vec<u8> {
    let mut out = Vec::new();
    for slice in slices {
        match slice {
            Slice::Bytes(bytes) => out.extend_from_slice(bytes),
            Slice::File {
                file,
                position,
                size_bytes,
            } => {
                let start = out.len();
                out.resize(start + size_bytes, 0);
                assert_eq!(file.read_at(&mut out[start..], *position).expect("read"), *size_bytes);
            }
        }
    }
    out
}

fn append(log: &mut Log) {
    let mut builder = BatchBuilder::new(0, Compression::None);
    builder.push(&NewRecord {
        timestamp: 5,
        value: Some(b"value"),
        ..NewRecord::default()
    });
    let batch: Bytes = builder.build().expect("a batch").into();
    let before = log.log_end_offset();
    let Ok(appended) = log.append_as_leader(&batch, i32::MAX, Origin::Client, 5) else {
        assert!(before > i64::MAX - 3, "an append fails only at the end of all offsets");
        return;
    };
    assert_eq!((appended.first_offset, log.log_end_offset()), (before, before + 1));
    let slices = log.read(before, before + 1, 1, true).expect("read back");
    assert!(bytes_of(&slices).ends_with(&batch[16..]));
}

/// Indexes and checkpoints are believed; where they lie, an error is an answer, a panic is not.
fn after_a_stop(content: &Content) {
    let disk = content.disk();
    let Ok((mut log, _)) = content.open(&disk, content.options) else {
        return;
    };
    let (start, end) = (log.log_start_offset(), log.log_end_offset());
    assert!(start <= end && (start..=end).contains(&log.last_stable_offset()));
    let probes = content
        .segments
        .keys()
        .copied()
        .chain([start, end, start.midpoint(end), end.saturating_sub(1)]);
    for offset in probes.collect::<Vec<_>>() {
        let _ = log.read(offset, end, 100, true).map(|slices| slices.len());
        let _ = log.aborted_transactions(offset, end);
        let _ = log.end_offset_for_epoch(offset as i32);
    }
    for timestamp in [i64::MIN, -1, 0, content.options.recovery_point, i64::MAX] {
        // Records that unpack to more than this input may hold are looked at elsewhere.
        if content.segments.values().all(|bytes| uncompressed(bytes)) {
            let _ = log.offset_for_timestamp(timestamp, end);
            let _ = log.offset_of_max_timestamp();
        }
    }
    append_anyway(&mut log);
    log.set_high_watermark(i64::MAX);
    let _ = log.delete_records(content.options.recovery_point);
    let _ = log.roll_if_old(i64::MAX);
    let _ = log.remove_before(content.options.high_watermark);
    let _ = log.last_stable_offset();
    let _ = log.apply_retention(content.options.recovery_point);
    let _ = log.last_stable_offset();
    let _ = log.truncate_to(content.options.recovery_point);
    append_anyway(&mut log);
    let _ = log.close();
}

fn uncompressed(segment: &[u8]) -> bool {
    Batches::new(segment)
        .map_while(Result::ok)
        .all(|(header, _)| matches!(header.compression(), Ok(Compression::None)))
}

/// One batch of ours, and those that lie in the first segment as a follower would get them.
fn append_anyway(log: &mut Log) {
    let batch = BatchBuilder::new(log.log_end_offset(), Compression::None);
    let mut batch = batch.leader_epoch(3);
    batch.push(&NewRecord::default());
    let batch: Bytes = batch.build().expect("a batch").into();
    let _ = log.append_as_follower(&batch, 0);
    let _ = log.append_as_leader(&batch, 4, Origin::Coordinator, 0);
}
