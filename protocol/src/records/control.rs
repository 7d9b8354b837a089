//! Control batches: markers that end transactions.

use super::{BatchHeader, RecordError, Records, records_of};

/// A marker's key begins with its version and its type, of two bytes each.
const KEY_BYTES: usize = 4;

/// Whether a control batch is the end of an aborted transaction; it may unpack to so many bytes.
pub fn is_abort(header: &BatchHeader, batch: &[u8], unpack_max_bytes: usize) -> Result<bool, RecordError> {
    let unpacked = records_of(header, batch, unpack_max_bytes)?;
    let Some(marker) = Records::new(*header, &unpacked).next() else {
        return Ok(false);
    };
    let key = marker?.key.and_then(<[u8]>::first_chunk::<KEY_BYTES>);
    Ok(key.is_some_and(|[_, _, high, low]| (*high, *low) == (0, 0)))
}
