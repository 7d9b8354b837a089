//! Segments and snapshots, batch by batch.

use std::borrow::Cow;
use std::path::Path;

use broker_log::disk::RealDisk;
use broker_log::offline::{FaultKind, SegmentStep, SegmentWalk, WalkedBatch};
use protocol::messages::WireError;
use protocol::messages::framing::ControlType;
use protocol::records::{
    BatchHeader, Compression, CompressionError, HeaderError, Record, RecordError, Records, TimestampType, records_of,
};

use super::content::{Content, control, decode, decoder_of, raw};
use super::element::{self, Element, RecordHeader};
use super::format::Format;
use super::{Decoder, Dump, Sink, Stop};

impl<S: Sink> Dump<'_, S> {
    /// A `.log`, or a `.checkpoint`, which is a snapshot of the metadata.
    pub(super) fn segment(&mut self, path: &Path, is_snapshot: bool) -> Result<(), Stop> {
        let in_directory = if is_snapshot {
            Decoder::Metadata
        } else {
            decoder_of(path)
        };
        let asked = self.args.decoder();
        let decoder = asked.unwrap_or(in_directory);
        let records = self.args.shows_records();
        let mut walk = SegmentWalk::open(&RealDisk, path, true)?;
        let mut last = None;
        while let Some(step) = walk.next()? {
            let batch = match step {
                SegmentStep::Batch(batch) => batch,
                SegmentStep::End(fault) => {
                    self.push(Element::Fault {
                        position: Some(fault.position),
                        message: fault.kind.to_string(),
                        cut_off_bytes: cut_off_bytes(&fault.kind),
                    })?;
                    return Ok(());
                }
            };
            if self.args.max_bytes.is_some_and(|max| batch.position >= max) {
                return Ok(());
            }
            self.batch(&mut walk, &batch, records.then_some(decoder))?;
            last = Some(batch);
        }
        if is_snapshot {
            self.snapshot_end(&walk, last.as_ref())?;
        }
        Ok(())
    }

    fn batch(&mut self, walk: &mut SegmentWalk, batch: &WalkedBatch, decoder: Option<Decoder>) -> Result<(), Stop> {
        let header = &batch.header;
        let max_bytes = self.args.max_message_size;
        let is_sound = batch.faults.is_empty();
        let (mut left_out, mut bytes) = (None, Cow::default());
        if decoder.is_some() {
            if !is_sound && !self.args.as_kafka {
                left_out = Some("the batch is damaged".to_owned());
            } else if header.size_bytes() > max_bytes {
                left_out = Some(format!("the batch has more than {max_bytes} bytes"));
            } else {
                bytes = walk.bytes(batch)?;
            }
        }
        let mut unpacked = None;
        let mut fault = None;
        if left_out.is_none() && decoder.is_some() {
            match records_of(header, &bytes, max_bytes) {
                Ok(records) => unpacked = Some(records),
                Err(RecordError::Compression(error @ CompressionError::TooLarge { .. })) => {
                    left_out = Some(error.to_string());
                }
                Err(error) => fault = Some(error),
            }
        }
        if !self.args.skip_record_metadata {
            self.push(Element::Batch(shown(batch, left_out)))?;
        }
        for fault in &batch.faults {
            self.fault(Some(fault.position), &fault.kind)?;
        }
        if let Some(fault) = fault {
            self.fault(Some(batch.position), &fault)?;
        }
        if let (Some(unpacked), Some(decoder)) = (unpacked, decoder) {
            self.records(batch, &unpacked, decoder)?;
        }
        Ok(())
    }

    fn records(&mut self, batch: &WalkedBatch, unpacked: &[u8], decoder: Decoder) -> Result<(), Stop> {
        for (index, record) in Records::new(batch.header, unpacked).enumerate() {
            match record {
                Ok(record) => self.record(batch, index, &record, decoder)?,
                Err(error) => self.fault(Some(batch.position), &error)?,
            }
        }
        Ok(())
    }

    fn record(&mut self, batch: &WalkedBatch, index: usize, record: &Record<'_>, decoder: Decoder) -> Result<(), Stop> {
        let (key, value) = (record.key, record.value);
        let decoded = if batch.header.is_control() {
            if self.args.skip_record_metadata {
                return Ok(());
            }
            control(key, value)
        } else if decoder == Decoder::Plain {
            let (key_format, value_format) = (self.args.key_format, self.args.value_format);
            let show = |format: Format, bytes| {
                if self.args.as_kafka && format == Format::Text {
                    Content::lossy(bytes)
                } else {
                    format.show(bytes)
                }
            };
            Ok((
                key.map(|key| show(key_format, key)),
                value.map(|value| show(value_format, value)),
            ))
        } else {
            decode(decoder, key, value)
        };
        let (pair, undecoded) = match decoded {
            Ok(pair) => (pair, None),
            Err(error) => (raw(key, value), Some(error)),
        };
        let size_bytes = |bytes: Option<&[u8]>| bytes.map_or(-1, |bytes| bytes.len() as i64);
        self.push(Element::Record(element::Record {
            skips_metadata: self.args.skip_record_metadata,
            offset: record.offset,
            timestamp: record.timestamp,
            sequence: sequence(&batch.header, index),
            key_size_bytes: size_bytes(key),
            value_size_bytes: size_bytes(value),
            key: pair.0,
            value: pair.1,
            headers: record
                .headers
                .map(|header| RecordHeader {
                    key: Content::of(header.key),
                    value: header.value.map(Content::of),
                })
                .collect(),
            undecoded: undecoded.as_ref().map(ToString::to_string),
            unknown_type: match &undecoded {
                Some(WireError::UnknownKey { key }) => Some(*key),
                _ => None,
            },
        }))?;
        match undecoded {
            // What a later release writes is not damage.
            None
            | Some(
                WireError::UnknownKey { .. } | WireError::UnsupportedVersion { .. } | WireError::FrameVersion { .. },
            ) => Ok(()),
            Some(error) => {
                let what = format!(
                    "the record at offset {} is not what it should be: {error}",
                    record.offset
                );
                self.fault(Some(batch.position), &what)
            }
        }
    }

    /// A snapshot is whole if its footer is there.
    fn snapshot_end(&mut self, walk: &SegmentWalk, last: Option<&WalkedBatch>) -> Result<(), Stop> {
        let has_footer = match last {
            Some(batch) if batch.header.is_control() && batch.header.size_bytes() <= self.args.max_message_size => {
                let bytes = walk.read(batch)?;
                let unpacked = records_of(&batch.header, &bytes, self.args.max_message_size).unwrap_or_default();
                Records::new(batch.header, &unpacked)
                    .filter_map(Result::ok)
                    .last()
                    .is_some_and(|record| {
                        ControlType::decode(record.key.unwrap_or_default()) == Ok(ControlType::SnapshotFooter)
                    })
            }
            _ => false,
        };
        if has_footer {
            return Ok(());
        }
        self.fault(
            Some(walk.size_bytes()),
            &"the snapshot ends without its footer: it was not written to its end",
        )
    }
}

/// Bytes at the end of a segment that are too few for a batch.
fn cut_off_bytes(fault: &FaultKind) -> Option<u64> {
    /// Bytes up to the field that tells the format.
    const TO_MAGIC: u64 = 17;
    match fault {
        FaultKind::NoBatch {
            source: HeaderError::Truncated { .. },
            left_bytes,
        } => Some(*left_bytes),
        FaultKind::ZeroTail { left_bytes } => Some(*left_bytes).filter(|left_bytes| *left_bytes <= TO_MAGIC),
        _ => None,
    }
}

/// Sequences of a batch wrap from `i32::MAX` to 0.
fn sequence(header: &BatchHeader, index: usize) -> i32 {
    if header.base_sequence < 0 {
        return header.base_sequence;
    }
    ((i64::from(header.base_sequence) + index as i64) & i64::from(i32::MAX)) as i32
}

fn shown(batch: &WalkedBatch, records_left_out: Option<String>) -> element::Batch {
    let header = &batch.header;
    element::Batch {
        position: batch.position,
        size_bytes: header.size_bytes(),
        base_offset: header.base_offset,
        last_offset: header.last_offset(),
        count: header.record_count,
        partition_leader_epoch: header.leader_epoch,
        producer_id: header.producer_id,
        producer_epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
        last_sequence: header.last_sequence(),
        codec: codec(header),
        timestamp_type: match header.timestamp_type() {
            TimestampType::CreateTime => "CreateTime",
            TimestampType::LogAppendTime => "LogAppendTime",
        },
        base_timestamp: header.base_timestamp,
        max_timestamp: header.max_timestamp,
        delete_horizon_ms: header.has_delete_horizon().then_some(header.base_timestamp),
        is_transactional: header.is_transactional(),
        is_control: header.is_control(),
        crc: header.crc,
        is_valid: batch.is_valid.unwrap_or(false),
        records_left_out,
    }
}

fn codec(header: &BatchHeader) -> &'static str {
    match header.compression() {
        Ok(Compression::None) => "none",
        Ok(Compression::Gzip) => "gzip",
        Ok(Compression::Snappy) => "snappy",
        Ok(Compression::Lz4) => "lz4",
        Ok(Compression::Zstd) => "zstd",
        Err(_) => "unknown",
    }
}
