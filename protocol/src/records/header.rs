//! The 61-byte header of a record batch.
//!
//! Layout: base_offset i64 @0, batch_length i32 @8 (bytes after this field), partition_leader_epoch i32
//! @12, magic i8 @16, crc u32 @17 (CRC-32C of everything from attributes on), attributes i16 @21,
//! last_offset_delta i32 @23, base_timestamp i64 @27, max_timestamp i64 @35, producer_id i64 @43,
//! producer_epoch i16 @51, base_sequence i32 @53, record_count i32 @57.

/// Bytes of a batch before its records.
pub const HEADER_BYTES: usize = 61;
/// Bytes of a batch that `batch_length` does not count: base offset and the length itself.
pub const LENGTH_OVERHEAD_BYTES: usize = 12;
/// Where the checksummed part starts.
pub const ATTRIBUTES_AT: usize = 21;

/// How the records of a batch are compressed (attribute bits 0 to 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not compressed.
    None,
    /// RFC 1952.
    Gzip,
    /// Snappy in xerial framing or raw.
    Snappy,
    /// LZ4 frames.
    Lz4,
    /// Zstandard.
    Zstd,
}

/// Whose clock a batch's max timestamp is from (attribute bit 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimestampType {
    /// The producer's.
    CreateTime,
    /// The broker's, at append.
    LogAppendTime,
}

/// Why bytes are not a record batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// Fewer bytes than a header, or than the length field promises.
    #[error("batch is cut short: {have} bytes of {need}")]
    Truncated {
        /// Bytes present.
        have: usize,
        /// Bytes the batch needs.
        need: usize,
    },
    /// The length field cannot hold a header.
    #[error("batch length {length} is less than a header")]
    BadLength {
        /// The length field.
        length: i32,
    },
    /// Not magic 2.
    #[error("unsupported magic {magic}")]
    UnsupportedMagic {
        /// The magic byte.
        magic: i8,
    },
    /// The checksum does not match.
    #[error("checksum {computed:#010x} of the batch at offset {base_offset} differs from the stored {stored:#010x}")]
    Corrupt {
        /// Base offset of the batch.
        base_offset: i64,
        /// CRC in the header.
        stored: u32,
        /// CRC of the bytes.
        computed: u32,
    },
    /// Attribute bits 0 to 2 name no codec.
    #[error("unknown compression type {code}")]
    UnknownCompression {
        /// The attribute bits.
        code: i16,
    },
}

/// A decoded copy of the header fields: 61 bytes, cheap to take, never allocates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchHeader {
    /// Offset of the first record slot.
    pub base_offset: i64,
    /// Bytes after the length field.
    pub batch_length: i32,
    /// Epoch of the leader that appended it, -1 before that.
    pub leader_epoch: i32,
    /// CRC-32C as stored.
    pub crc: u32,
    /// Raw attribute bits.
    pub attributes: i16,
    /// Offset of the last record slot, from the base offset.
    pub last_offset_delta: i32,
    /// Timestamp the records' deltas count from; the delete horizon if bit 6 is set.
    pub base_timestamp: i64,
    /// Largest timestamp in the batch.
    pub max_timestamp: i64,
    /// -1 if not idempotent.
    pub producer_id: i64,
    /// -1 if not idempotent.
    pub producer_epoch: i16,
    /// Sequence of the first record, -1 if not idempotent.
    pub base_sequence: i32,
    /// Records present (fewer than slots after compaction).
    pub record_count: i32,
}

impl BatchHeader {
    /// Reads the header at the start of `bytes`. Checks magic and length, not the checksum, and not
    /// that the whole batch is there.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        let Some(header) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Err(HeaderError::Truncated {
                have: bytes.len(),
                need: HEADER_BYTES,
            });
        };
        let magic = header[16] as i8;
        if magic != 2 {
            return Err(HeaderError::UnsupportedMagic { magic });
        }
        let parsed = Self {
            base_offset: i64::from_be_bytes(field(header, 0)),
            batch_length: i32::from_be_bytes(field(header, 8)),
            leader_epoch: i32::from_be_bytes(field(header, 12)),
            crc: u32::from_be_bytes(field(header, 17)),
            attributes: i16::from_be_bytes(field(header, 21)),
            last_offset_delta: i32::from_be_bytes(field(header, 23)),
            base_timestamp: i64::from_be_bytes(field(header, 27)),
            max_timestamp: i64::from_be_bytes(field(header, 35)),
            producer_id: i64::from_be_bytes(field(header, 43)),
            producer_epoch: i16::from_be_bytes(field(header, 51)),
            base_sequence: i32::from_be_bytes(field(header, 53)),
            record_count: i32::from_be_bytes(field(header, 57)),
        };
        if parsed.batch_length < (HEADER_BYTES - LENGTH_OVERHEAD_BYTES) as i32 {
            return Err(HeaderError::BadLength {
                length: parsed.batch_length,
            });
        }
        Ok(parsed)
    }

    /// Parses the header and checks that the whole batch is present and its checksum holds.
    /// Returns the header; the batch is `bytes[..header.size_bytes()]`.
    pub fn parse_checked(bytes: &[u8]) -> Result<Self, HeaderError> {
        let header = Self::parse(bytes)?;
        let Some(batch) = bytes.get(..header.size_bytes()) else {
            return Err(HeaderError::Truncated {
                have: bytes.len(),
                need: header.size_bytes(),
            });
        };
        let computed = crc32c::crc32c(batch.get(ATTRIBUTES_AT..).unwrap_or_default());
        if computed != header.crc {
            return Err(HeaderError::Corrupt {
                base_offset: header.base_offset,
                stored: header.crc,
                computed,
            });
        }
        Ok(header)
    }

    /// The whole batch, header included.
    pub const fn size_bytes(&self) -> usize {
        self.batch_length as usize + LENGTH_OVERHEAD_BYTES
    }

    /// Offset of the last record slot.
    pub const fn last_offset(&self) -> i64 {
        self.base_offset.saturating_add(self.last_offset_delta as i64)
    }

    /// Offset of the slot after the last.
    pub const fn next_offset(&self) -> i64 {
        self.last_offset().saturating_add(1)
    }

    /// Sequence of the last record; sequences wrap from `i32::MAX` to 0.
    pub const fn last_sequence(&self) -> i32 {
        if self.base_sequence < 0 {
            return self.base_sequence;
        }
        ((self.base_sequence as i64 + self.last_offset_delta as i64) & i32::MAX as i64) as i32
    }

    /// The codec, from attribute bits 0 to 2.
    pub const fn compression(&self) -> Result<Compression, HeaderError> {
        Ok(match self.attributes & 0x07 {
            0 => Compression::None,
            1 => Compression::Gzip,
            2 => Compression::Snappy,
            3 => Compression::Lz4,
            4 => Compression::Zstd,
            code => return Err(HeaderError::UnknownCompression { code }),
        })
    }

    /// Attribute bit 3.
    pub const fn timestamp_type(&self) -> TimestampType {
        if self.attributes & 0x08 == 0 {
            TimestampType::CreateTime
        } else {
            TimestampType::LogAppendTime
        }
    }

    /// Attribute bit 4: part of a transaction.
    pub const fn is_transactional(&self) -> bool {
        self.attributes & 0x10 != 0
    }

    /// Attribute bit 5: a control batch (transaction marker or KRaft control record).
    pub const fn is_control(&self) -> bool {
        self.attributes & 0x20 != 0
    }

    /// Attribute bit 6: the base timestamp is a delete horizon.
    pub const fn has_delete_horizon(&self) -> bool {
        self.attributes & 0x40 != 0
    }
}

/// Copies `N` bytes at `at`; `at + N` is within the header by the callers' constants.
fn field<const N: usize>(header: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    let mut out = [0; N];
    if let Some(bytes) = header.get(at..at + N) {
        out.copy_from_slice(bytes);
    }
    out
}

/// Stamps base offset and partition leader epoch, which lie outside the checksum. Does nothing to a
/// slice shorter than a header.
pub fn stamp(batch: &mut [u8], base_offset: i64, leader_epoch: i32) {
    if let Some(header) = batch.first_chunk_mut::<HEADER_BYTES>() {
        header[..8].copy_from_slice(&base_offset.to_be_bytes());
        header[12..16].copy_from_slice(&leader_epoch.to_be_bytes());
    }
}

/// Sets the broker's append time: attribute bit 3, the max timestamp, and the checksum they are under.
pub fn restamp(batch: &mut [u8], log_append_time_ms: i64) {
    let Some(header) = batch.first_chunk_mut::<HEADER_BYTES>() else {
        return;
    };
    header[22] |= 0x08;
    header[35..43].copy_from_slice(&log_append_time_ms.to_be_bytes());
    let crc = crc32c::crc32c(batch.get(ATTRIBUTES_AT..).unwrap_or_default());
    if let Some(field) = batch.get_mut(17..ATTRIBUTES_AT) {
        field.copy_from_slice(&crc.to_be_bytes());
    }
}
