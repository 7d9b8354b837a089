//! The records of a batch.

use protocol::messages::framing::ControlType;
use protocol::records::{BatchHeader, Records, records_of};

/// Reads all records of a batch; what is wrong with them.
pub(super) fn unpack(header: &BatchHeader, bytes: &[u8], max_bytes: usize) -> Option<String> {
    let unpacked = match records_of(header, bytes, max_bytes) {
        Ok(unpacked) => unpacked,
        Err(error) => return Some(error.to_string()),
    };
    let mut least = header.base_offset;
    for record in Records::new(*header, &unpacked) {
        let record = match record {
            Ok(record) => record,
            Err(error) => return Some(error.to_string()),
        };
        if record.offset < least || record.offset > header.last_offset() {
            return Some(format!(
                "a record has offset {}, which does not belong into the batch of {} to {}",
                record.offset,
                header.base_offset,
                header.last_offset()
            ));
        }
        if header.is_control()
            && let Err(error) = ControlType::decode(record.key.unwrap_or_default())
        {
            return Some(format!("a control record has no key of such: {error}"));
        }
        least = record.offset + 1;
    }
    None
}
