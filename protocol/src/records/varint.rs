//! Zigzag varints of records (the same as Protocol Buffers').

/// Takes an unsigned varint of at most ten bytes off the front.
pub(super) fn take_unsigned(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..70).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Takes a signed varint off the front.
pub(super) fn take_signed(bytes: &mut &[u8]) -> Option<i64> {
    let raw = take_unsigned(bytes)?;
    Some((raw >> 1) as i64 ^ -((raw & 1) as i64))
}

/// Takes a signed varint that has to fit 32 bits.
pub(super) fn take_i32(bytes: &mut &[u8]) -> Option<i32> {
    i32::try_from(take_signed(bytes)?).ok()
}

/// Appends a signed varint.
pub(super) fn put_signed(out: &mut Vec<u8>, value: i64) {
    let mut raw = ((value << 1) ^ (value >> 63)) as u64;
    while raw >= 0x80 {
        out.push(raw as u8 | 0x80);
        raw >>= 7;
    }
    out.push(raw as u8);
}

/// Bytes that [`put_signed`] appends.
pub(super) const fn signed_size_bytes(value: i64) -> usize {
    let raw = ((value << 1) ^ (value >> 63)) as u64;
    (64 - (raw | 1).leading_zeros() as usize).div_ceil(7)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn signed_round_trips_in_the_size_foretold(value: i64) {
            let mut out = Vec::new();
            put_signed(&mut out, value);
            prop_assert_eq!(out.len(), signed_size_bytes(value));
            prop_assert_eq!(take_signed(&mut out.as_slice()), Some(value));
        }

        #[test]
        fn any_bytes_are_read_within_their_length(bytes: Vec<u8>) {
            let mut rest = bytes.as_slice();
            take_signed(&mut rest);
            prop_assert!(bytes.len() - rest.len() <= 10);
        }
    }
}
