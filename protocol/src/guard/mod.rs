//! Walks bytes from a socket before anything is decoded from them: every array, string, bytes and tag
//! length is checked against what is left, and the memory that decoding would take against a budget.
//!
//! The typed decoders take array counts at their word and reserve memory for them; five bytes are enough
//! to abort a process. What the walk lets through decodes within the budget.

mod shape;
mod shapes;
mod walk;

use bytes::{Buf as _, Bytes};

use walk::Walker;

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
    /// A varint of more than five bytes or 32 bits.
    #[error("the length at byte {at} is malformed")]
    BadVarint {
        /// Offset in the body.
        at: usize,
    },
    /// A struct that may be null has neither of the bytes ahead of it that are known.
    #[error("the byte at {at} does not say whether a struct is there")]
    BadPresence {
        /// Offset in the body.
        at: usize,
    },
    /// Decoding would take too much memory.
    #[error("decoding would take more than {budget_bytes} bytes of memory")]
    OverBudget {
        /// The bound.
        budget_bytes: usize,
    },
    /// There is no such API, or not in this version.
    #[error("API key {api_key} has no version {version}")]
    UnknownVersion {
        /// The API key.
        api_key: i16,
        /// The version.
        version: i16,
    },
}

/// Walks a request body of this API key and version; decoding it may take `budget_bytes` of memory.
/// Bytes after the last field are let through, as Kafka does.
pub fn check_request(api_key: i16, version: i16, body: &[u8], budget_bytes: usize) -> Result<(), GuardError> {
    check(shapes::requests::find(api_key), api_key, version, body, budget_bytes)
}

/// Walks a response body of this API key and version.
pub fn check_response(api_key: i16, version: i16, body: &[u8], budget_bytes: usize) -> Result<(), GuardError> {
    check(shapes::responses::find(api_key), api_key, version, body, budget_bytes)
}

fn check(
    message: Option<&'static shape::Message>,
    api_key: i16,
    version: i16,
    body: &[u8],
    budget_bytes: usize,
) -> Result<(), GuardError> {
    match message {
        Some(message) if message.versions.contains(version) => {
            Walker::new(body, version, version >= message.flexible_from, budget_bytes).message(message.shape)
        }
        _ => Err(GuardError::UnknownVersion { api_key, version }),
    }
}

/// Steps over the tagged fields of a request or response header.
pub fn skip_tagged_fields(header: &mut Bytes) -> Result<(), GuardError> {
    let mut walker = Walker::new(header, 0, true, usize::MAX);
    walker.unknown_tags()?;
    let used = walker.position();
    header.advance(used);
    Ok(())
}

#[cfg(test)]
mod tests;
