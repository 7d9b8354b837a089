//! Plans of moves: made, looked at, carried out.

pub(crate) mod asked;
pub(crate) mod file;
