//! The pass-through: a batch of one cluster becomes one that a broker of another takes from a producer. 61 bytes of
//! header change and the checksum with them; the records are neither read nor copied.

use bytes::{BufMut as _, Bytes, BytesMut};
use protocol::records::{ATTRIBUTES_AT, BatchHeader, HEADER_BYTES, HeaderError, ProducerStamp};

use crate::crc;

/// Attribute bit 3: the broker's clock.
pub(crate) const LOG_APPEND_TIME: i16 = 0x08;
/// Whose clock a timestamp is from, part of a transaction, a delete horizon: the target knows by itself.
const CLEARED_ATTRIBUTES: i16 = LOG_APPEND_TIME | 0x10 | 0x40;
/// Bytes of the header under the checksum.
const SUMMED_BYTES: usize = HEADER_BYTES - ATTRIBUTES_AT;

/// A batch to be appended: a header of its own before records that are shared with the answer they came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patched {
    /// The header.
    pub head: [u8; HEADER_BYTES],
    /// The records, as the source has them.
    pub payload: Bytes,
}

impl Patched {
    /// Bytes of the whole batch.
    pub fn size_bytes(&self) -> usize {
        HEADER_BYTES + self.payload.len()
    }

    /// The batch in one piece; this copies the records.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(self.size_bytes());
        out.put_slice(&self.head);
        out.put_slice(&self.payload);
        out.freeze()
    }
}

/// Makes a whole batch, whose checksum has been checked, one of `producer`'s at base offset 0. A payload that was damaged
/// in between fails the checksum afterwards as before.
pub fn pass(batch: &Bytes, producer: ProducerStamp) -> Result<Patched, HeaderError> {
    let header = BatchHeader::parse(batch)?;
    let size_bytes = header.size_bytes();
    let (Some(head), true) = (batch.first_chunk::<HEADER_BYTES>(), batch.len() >= size_bytes) else {
        return Err(HeaderError::Truncated {
            have: batch.len(),
            need: size_bytes,
        });
    };
    let payload = batch.slice(HEADER_BYTES..size_bytes);
    let mut new = *head;
    put(&mut new, 0, &0i64.to_be_bytes());
    put(&mut new, 12, &(-1i32).to_be_bytes());
    put(
        &mut new,
        ATTRIBUTES_AT,
        &(header.attributes & !CLEARED_ATTRIBUTES).to_be_bytes(),
    );
    put(&mut new, 43, &producer.id.to_be_bytes());
    put(&mut new, 51, &producer.epoch.to_be_bytes());
    put(&mut new, 53, &producer.base_sequence.to_be_bytes());
    let crc = crc::with_front_replaced(header.crc, summed(head), summed(&new), payload.len());
    put(&mut new, 17, &crc.to_be_bytes());
    Ok(Patched { head: new, payload })
}

/// The checksum of a batch's records, worked out from that of the batch without reading them. The batch has to be whole.
pub(crate) fn payload_crc(header: &BatchHeader, batch: &[u8]) -> Option<u32> {
    let head = batch.first_chunk::<HEADER_BYTES>()?;
    let rest_bytes = header.size_bytes().checked_sub(HEADER_BYTES)?;
    Some(crc::of_rest(header.crc, summed(head), rest_bytes))
}

fn summed(head: &[u8; HEADER_BYTES]) -> u32 {
    crc32c::crc32c(head.last_chunk::<SUMMED_BYTES>().map_or(&[], |bytes| bytes.as_slice()))
}

fn put(head: &mut [u8; HEADER_BYTES], at: usize, bytes: &[u8]) {
    if let Some(field) = head.get_mut(at..at + bytes.len()) {
        field.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn summed_again(mut batch: Vec<u8>) -> Vec<u8> {
        let crc = crc32c::crc32c(&batch[ATTRIBUTES_AT..]);
        batch[17..21].copy_from_slice(&crc.to_be_bytes());
        batch
    }

    /// A batch with any header fields, around any payload.
    fn batch() -> impl Strategy<Value = Vec<u8>> {
        let head = prop::collection::vec(any::<u8>(), HEADER_BYTES);
        let payload = prop::collection::vec(any::<u8>(), 0..3000);
        (head, payload).prop_map(|(mut batch, payload)| {
            let length = (HEADER_BYTES - 12 + payload.len()) as i32;
            batch.extend_from_slice(&payload);
            batch[8..12].copy_from_slice(&length.to_be_bytes());
            batch[16] = 2;
            summed_again(batch)
        })
    }

    /// All fields set one by one and the checksum worked out anew.
    fn naive(batch: &[u8], producer: ProducerStamp) -> Vec<u8> {
        let mut out = batch.to_vec();
        out[0..8].fill(0);
        out[12..16].fill(0xff);
        out[22] &= !0x58;
        out[43..51].copy_from_slice(&producer.id.to_be_bytes());
        out[51..53].copy_from_slice(&producer.epoch.to_be_bytes());
        out[53..57].copy_from_slice(&producer.base_sequence.to_be_bytes());
        summed_again(out)
    }

    proptest! {
        #[test]
        fn a_patched_batch_is_what_naive_patching_makes(
            batch in batch(), id: i64, epoch: i16, base_sequence: i32, flipped: usize,
        ) {
            let producer = ProducerStamp { id, epoch, base_sequence };
            let source = Bytes::from(batch.clone());
            let patched = pass(&source, producer).unwrap();
            prop_assert_eq!(&patched.to_bytes()[..], &naive(&batch, producer)[..]);
            prop_assert!(BatchHeader::parse_checked(&patched.to_bytes()).is_ok());
            let header = BatchHeader::parse(&batch).unwrap();
            prop_assert_eq!(payload_crc(&header, &batch), Some(crc32c::crc32c(&batch[HEADER_BYTES..])));
            if batch.len() > HEADER_BYTES {
                prop_assert_eq!(patched.payload.as_ptr(), source[HEADER_BYTES..].as_ptr(), "the payload was copied");
                let mut damaged = batch;
                let bit = flipped % ((damaged.len() - HEADER_BYTES) * 8);
                damaged[HEADER_BYTES + bit / 8] ^= 1 << (bit % 8);
                let patched = pass(&damaged.into(), producer).unwrap().to_bytes();
                prop_assert!(BatchHeader::parse_checked(&patched).is_err(), "a flipped bit got lost");
            }
        }

        #[test]
        fn any_bytes_are_patched_or_refused(bytes: Vec<u8>) {
            let producer = ProducerStamp { id: 1, epoch: 0, base_sequence: 0 };
            if let Ok(patched) = pass(&bytes.clone().into(), producer) {
                prop_assert!(patched.size_bytes() <= bytes.len());
            }
        }
    }
}
