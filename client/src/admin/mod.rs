//! Admin calls that need more than one request.

pub(crate) mod groups;
pub(crate) mod offsets;
