//! Records inside a batch, borrowed. Header keys keep their order and duplicates (KIP-82), and are bytes.

use std::borrow::Cow;

use super::compression::{CompressionError, decompress};
use super::header::{BatchHeader, Compression, HEADER_BYTES, HeaderError, TimestampType};
use super::varint::{take_i32, take_signed};

/// Why the records of a batch cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The header is unusable.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The codec refused the bytes, or they unpack to more than allowed.
    #[error(transparent)]
    Compression(#[from] CompressionError),
    /// A record's own bytes make no sense.
    #[error("record {index} of the batch at offset {base_offset} is malformed: {what}")]
    Malformed {
        /// Base offset of the batch.
        base_offset: i64,
        /// Position of the record, from 0.
        index: i32,
        /// What is wrong.
        what: &'static str,
    },
    /// Bytes remain after the last record, or records are missing.
    #[error("the batch at offset {base_offset} announces {announced} records and holds another number")]
    Count {
        /// Base offset of the batch.
        base_offset: i64,
        /// The header's count.
        announced: i32,
    },
}

/// One record. Key, value and headers point into the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its offset in the log.
    pub offset: i64,
    /// Milliseconds since 1970; the batch's append time where the broker's clock counts.
    pub timestamp: i64,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value; none is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Its headers.
    pub headers: Headers<'a>,
}

/// A record header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// The key; UTF-8 by convention only.
    pub key: &'a [u8],
    /// The value.
    pub value: Option<&'a [u8]>,
}

/// The headers of a record, validated, read on demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Headers<'a> {
    bytes: &'a [u8],
    count: u32,
}

impl Headers<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        self.count = self.count.checked_sub(1)?;
        take_header(&mut self.bytes)
    }
}

fn take_header<'a>(bytes: &mut &'a [u8]) -> Option<Header<'a>> {
    let key = take_nullable(bytes)??;
    Some(Header {
        key,
        value: take_nullable(bytes)?,
    })
}

/// A length and as many bytes; -1 is null.
fn take_nullable<'a>(bytes: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let length = take_i32(bytes)?;
    if length < 0 {
        return (length == -1).then_some(None);
    }
    let (taken, rest) = bytes.split_at_checked(length as usize)?;
    *bytes = rest;
    Some(Some(taken))
}

/// The unpacked records part of a batch; `max_bytes` bounds what compressed records may unpack to.
pub fn records_of<'a>(header: &BatchHeader, batch: &'a [u8], max_bytes: usize) -> Result<Cow<'a, [u8]>, RecordError> {
    let truncated = HeaderError::Truncated {
        have: batch.len(),
        need: header.size_bytes(),
    };
    let packed = batch.get(HEADER_BYTES..header.size_bytes()).ok_or(truncated)?;
    Ok(match header.compression()? {
        Compression::None => Cow::Borrowed(packed),
        codec => Cow::Owned(decompress(codec, packed, max_bytes)?),
    })
}

/// Walks the unpacked records of a batch. Memory is never taken by what the bytes announce.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    header: BatchHeader,
    rest: &'a [u8],
    index: i32,
    failed: bool,
}

impl<'a> Records<'a> {
    /// Walks `unpacked`, which [`records_of`] returned for this header.
    pub fn new(header: BatchHeader, unpacked: &'a [u8]) -> Self {
        Self {
            header,
            rest: unpacked,
            index: 0,
            failed: false,
        }
    }

    fn malformed(&self, what: &'static str) -> RecordError {
        RecordError::Malformed {
            base_offset: self.header.base_offset,
            index: self.index,
            what,
        }
    }

    fn take(&mut self) -> Result<Record<'a>, RecordError> {
        let length = take_i32(&mut self.rest).ok_or_else(|| self.malformed("its length is cut short"))?;
        let length = usize::try_from(length).map_err(|_| self.malformed("its length is negative"))?;
        let (mut body, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| self.malformed("it is longer than the batch"))?;
        self.rest = rest;
        let record = parse(&self.header, &mut body).ok_or_else(|| self.malformed("a field is cut short"))?;
        if body.is_empty() {
            Ok(record)
        } else {
            Err(self.malformed("bytes are left after its headers"))
        }
    }
}

fn parse<'a>(header: &BatchHeader, body: &mut &'a [u8]) -> Option<Record<'a>> {
    let (_attributes, rest) = body.split_first()?;
    *body = rest;
    let timestamp_delta = take_signed(body)?;
    let offset_delta = take_i32(body)?;
    let key = take_nullable(body)?;
    let value = take_nullable(body)?;
    let count = u32::try_from(take_i32(body)?).ok()?;
    let start = *body;
    for _ in 0..count {
        take_header(body)?;
    }
    let timestamp = match header.timestamp_type() {
        TimestampType::LogAppendTime => header.max_timestamp,
        TimestampType::CreateTime => header.base_timestamp.wrapping_add(timestamp_delta),
    };
    Some(Record {
        offset: header.base_offset.checked_add(i64::from(offset_delta))?,
        timestamp,
        key,
        value,
        headers: Headers { bytes: start, count },
    })
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let announced = self.header.record_count;
        if self.index >= announced {
            self.failed = true;
            let count = RecordError::Count {
                base_offset: self.header.base_offset,
                announced,
            };
            return (announced < 0 || !self.rest.is_empty()).then_some(Err(count));
        }
        let record = self.take();
        self.failed = record.is_err();
        self.index += 1;
        Some(record)
    }
}
