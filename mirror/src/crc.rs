//! CRC-32C of two pieces put together, from the checksums of the pieces: no byte is read again.
//!
//! A checksum is linear over GF(2): appending zero bytes multiplies it by a matrix. The matrices for 2^k bytes are
//! worked out when this is compiled; those for other lengths are products of them.

/// The reversed polynomial of CRC-32C (Castagnoli).
const POLYNOMIAL: u32 = 0x82f6_3b78;
/// Lengths of batches fit 31 bits.
const POWERS: usize = 31;

/// Column k is what bit k becomes.
type Matrix = [u32; 32];

/// The matrix for 2^k zero bytes stands at k.
static SHIFTS: [Matrix; POWERS] = shifts();

#[expect(
    clippy::indexing_slicing,
    reason = "worked out by the compiler, which checks the bounds"
)]
const fn shifts() -> [Matrix; POWERS] {
    let mut one_bit: Matrix = [0; 32];
    one_bit[0] = POLYNOMIAL;
    let mut bit = 1;
    while bit < 32 {
        one_bit[bit] = 1 << (bit - 1);
        bit += 1;
    }
    let two_bits = squared(&one_bit);
    let four_bits = squared(&two_bits);
    let mut shifts = [squared(&four_bits); POWERS];
    let mut power = 1;
    while power < POWERS {
        shifts[power] = squared(&shifts[power - 1]);
        power += 1;
    }
    shifts
}

#[expect(
    clippy::indexing_slicing,
    reason = "worked out by the compiler, which checks the bounds"
)]
const fn squared(matrix: &Matrix) -> Matrix {
    let mut out = [0; 32];
    let mut column = 0;
    while column < 32 {
        out[column] = times(matrix, matrix[column]);
        column += 1;
    }
    out
}

/// The product of a matrix and a vector, without branches, so that it is done many columns at a time.
#[expect(clippy::indexing_slicing, reason = "both bounds are 32")]
const fn times(matrix: &Matrix, vector: u32) -> u32 {
    let mut product = 0;
    let mut bit = 0;
    while bit < 32 {
        product ^= matrix[bit] & 0u32.wrapping_sub((vector >> bit) & 1);
        bit += 1;
    }
    product
}

/// What a difference of checksums becomes when `size_bytes` bytes follow.
fn shift(difference: u32, size_bytes: usize) -> u32 {
    let used = SHIFTS.iter().enumerate();
    used.filter(|(power, _)| size_bytes >> power & 1 == 1)
        .fold(difference, |crc, (_, matrix)| times(matrix, crc))
}

/// The checksum of some bytes after those at their front, with checksum `old_front`, gave way to as many with checksum
/// `new_front`; `rest_bytes` follow them.
pub(crate) fn with_front_replaced(crc: u32, old_front: u32, new_front: u32, rest_bytes: usize) -> u32 {
    crc ^ shift(old_front ^ new_front, rest_bytes)
}

/// The checksum of the last `rest_bytes` of some bytes, by the checksum of those before them.
pub(crate) fn of_rest(crc: u32, front: u32, rest_bytes: usize) -> u32 {
    crc ^ shift(front, rest_bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_front_is_replaced_as_if_all_had_been_summed_again(
            old in prop::collection::vec(any::<u8>(), 40),
            new in prop::collection::vec(any::<u8>(), 40),
            rest in prop::collection::vec(any::<u8>(), 0..5000),
        ) {
            let sum = |front: &[u8]| crc32c::crc32c(&[front, &rest].concat());
            let (old_front, new_front) = (crc32c::crc32c(&old), crc32c::crc32c(&new));
            prop_assert_eq!(with_front_replaced(sum(&old), old_front, new_front, rest.len()), sum(&new));
            prop_assert_eq!(of_rest(sum(&old), old_front, rest.len()), crc32c::crc32c(&rest));
        }
    }
}
