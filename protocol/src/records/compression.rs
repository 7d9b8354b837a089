//! The four codecs as Java's and C's clients write them, with a bound on what bytes may unpack to.

use std::io::{self, Read, Write as _};

use super::header::Compression;

/// The 16 bytes before xerial's snappy blocks: magic, version 1, compatible from 1.
const XERIAL_HEADER: [u8; 16] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1];
/// Unpacked bytes in one block of xerial's framing (Java's default).
const XERIAL_BLOCK_BYTES: usize = 32 * 1024;

/// Why bytes could not be packed or unpacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompressionError {
    /// The codec refused the bytes.
    #[error("{codec:?} data cannot be unpacked: {source}")]
    Corrupt {
        /// The codec.
        codec: Compression,
        /// Its complaint.
        source: io::Error,
    },
    /// They unpack to more than allowed.
    #[error("{codec:?} data unpacks to more than {max_bytes} bytes")]
    TooLarge {
        /// The codec.
        codec: Compression,
        /// The bound.
        max_bytes: usize,
    },
}

/// Unpacks `packed` to at most `max_bytes`.
pub fn decompress(codec: Compression, packed: &[u8], max_bytes: usize) -> Result<Vec<u8>, CompressionError> {
    let unpacked = match codec {
        Compression::None => Ok(packed.to_vec()),
        Compression::Gzip => read_capped(flate2::read::MultiGzDecoder::new(packed), max_bytes),
        Compression::Snappy => snappy(packed, max_bytes),
        Compression::Lz4 => read_capped(lz4_flex::frame::FrameDecoder::new(packed), max_bytes),
        Compression::Zstd => zstd::stream::read::Decoder::with_buffer(packed).and_then(|d| read_capped(d, max_bytes)),
    };
    match unpacked {
        Ok(bytes) if bytes.len() > max_bytes => Err(CompressionError::TooLarge { codec, max_bytes }),
        Ok(bytes) => Ok(bytes),
        Err(source) => Err(CompressionError::Corrupt { codec, source }),
    }
}

/// Reads one byte more than allowed, by which the caller sees that there is more.
fn read_capped(reader: impl Read, max_bytes: usize) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    reader.take(max_bytes as u64 + 1).read_to_end(&mut out)?;
    Ok(out)
}

fn snappy(packed: &[u8], max_bytes: usize) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let Some(mut blocks) = packed.strip_prefix(&XERIAL_HEADER[..8]).and_then(|rest| rest.get(8..)) else {
        unpack_block(packed, max_bytes, &mut out)?;
        return Ok(out);
    };
    while !blocks.is_empty() && out.len() <= max_bytes {
        let cut_short = || io::Error::new(io::ErrorKind::UnexpectedEof, "a snappy block is cut short");
        let (length, rest) = blocks.split_first_chunk::<4>().ok_or_else(cut_short)?;
        let (block, rest) = rest
            .split_at_checked(u32::from_be_bytes(*length) as usize)
            .ok_or_else(cut_short)?;
        unpack_block(block, max_bytes - out.len(), &mut out)?;
        blocks = rest;
    }
    Ok(out)
}

fn unpack_block(block: &[u8], max_bytes: usize, out: &mut Vec<u8>) -> io::Result<()> {
    let size_bytes = snap::raw::decompress_len(block)?;
    // A byte of snappy unpacks to at most 64 (a copy of three bytes), so a length beyond that is a lie.
    if size_bytes > block.len().saturating_mul(64) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the announced length is impossible",
        ));
    }
    if size_bytes > max_bytes {
        out.resize(out.len() + max_bytes + 1, 0);
        return Ok(());
    }
    let start = out.len();
    out.resize(start + size_bytes, 0);
    let written = snap::raw::Decoder::new().decompress(block, out.get_mut(start..).unwrap_or_default())?;
    out.truncate(start + written);
    Ok(())
}

/// Packs `plain` as Kafka's clients do.
pub fn compress(codec: Compression, plain: &[u8]) -> io::Result<Vec<u8>> {
    match codec {
        Compression::None => Ok(plain.to_vec()),
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(plain)?;
            encoder.finish()
        }
        Compression::Snappy => xerial(plain),
        Compression::Lz4 => {
            let info = lz4_flex::frame::FrameInfo::new()
                .block_size(lz4_flex::frame::BlockSize::Max64KB)
                .block_mode(lz4_flex::frame::BlockMode::Independent);
            let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
            encoder.write_all(plain)?;
            encoder.finish().map_err(io::Error::other)
        }
        Compression::Zstd => zstd::stream::encode_all(plain, zstd::DEFAULT_COMPRESSION_LEVEL),
    }
}

fn xerial(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = XERIAL_HEADER.to_vec();
    let mut encoder = snap::raw::Encoder::new();
    for block in plain.chunks(XERIAL_BLOCK_BYTES) {
        let packed = encoder.compress_vec(block)?;
        out.extend_from_slice(&(packed.len() as u32).to_be_bytes());
        out.extend_from_slice(&packed);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CODECS: [Compression; 5] = [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];

    #[test]
    fn what_is_packed_unpacks() {
        let plain: Vec<u8> = (0..200_000u32).flat_map(|i| (i / 7).to_le_bytes()).collect();
        for codec in CODECS {
            let packed = compress(codec, &plain).unwrap();
            assert_eq!(decompress(codec, &packed, plain.len()).unwrap(), plain, "{codec:?}");
        }
    }

    #[test]
    fn a_bomb_is_refused_at_the_bound() {
        let plain = vec![0; 10 << 20];
        for codec in CODECS {
            let packed = compress(codec, &plain).unwrap();
            let result = decompress(codec, &packed, 1 << 20);
            assert!(matches!(result, Err(CompressionError::TooLarge { .. })), "{codec:?}");
        }
    }

    #[test]
    fn raw_snappy_without_framing_unpacks() {
        let packed = snap::raw::Encoder::new().compress_vec(b"abcabcabcabc").unwrap();
        assert_eq!(decompress(Compression::Snappy, &packed, 100).unwrap(), b"abcabcabcabc");
    }

    proptest! {
        #[test]
        fn any_bytes_unpack_or_fail_within_the_bound(bytes: Vec<u8>, codec in 1usize..5) {
            if let Ok(out) = decompress(CODECS[codec], &bytes, 4096) {
                prop_assert!(out.len() <= 4096);
            }
        }
    }
}
