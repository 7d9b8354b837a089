//! Where a key goes, as Java's producer and librdkafka decide.

/// The partition of a key: murmur2, made positive, modulo the number of partitions.
pub fn murmur2_partition(key: &[u8], partitions: u32) -> u32 {
    if partitions == 0 {
        0
    } else {
        (murmur2(key) & 0x7fff_ffff) % partitions
    }
}

/// The partition of a key as librdkafka has it, and with it kcat: CRC-32 modulo the number of partitions.
pub fn crc32_partition(key: &[u8], partitions: u32) -> u32 {
    if partitions == 0 { 0 } else { crc32(key) % partitions }
}

/// CRC-32 as in zip files.
fn crc32(data: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let mut crc = u32::MAX;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (POLYNOMIAL & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c ^ data.len() as u32;
    let (chunks, rest) = data.as_chunks::<4>();
    for chunk in chunks {
        let mut word = u32::from_le_bytes(*chunk).wrapping_mul(M);
        word ^= word >> 24;
        hash = hash.wrapping_mul(M) ^ word.wrapping_mul(M);
    }
    if !rest.is_empty() {
        for (at, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * at);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that Kafka's own tests of `Utils.murmur2` expect.
    #[test]
    fn hashes_are_javas() {
        let cases: [(&[u8], i32); 5] = [
            (b"21", -973_932_308),
            (b"foobar", -790_332_482),
            (b"a-little-bit-long-string", -985_981_536),
            (b"a-little-bit-longer-string", -1_486_304_829),
            (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ];
        for (key, hash) in cases {
            assert_eq!(murmur2(key) as i32, hash, "{}", String::from_utf8_lossy(key));
        }
        assert_eq!(murmur2_partition(b"x", 0), 0);
    }

    /// The check value of CRC-32/ISO-HDLC.
    #[test]
    fn checksums_are_those_of_zip() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32_partition(b"123456789", 10), 0xcbf4_3926 % 10);
        assert_eq!(crc32_partition(b"x", 0), 0);
    }
}
