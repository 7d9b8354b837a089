//! What reading and writing records have in common.

pub(crate) mod envelope;
pub(crate) mod escapes;
