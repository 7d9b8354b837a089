//! Admin calls that need more than one request.

pub(crate) mod offsets;
