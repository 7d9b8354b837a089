//! Plans of moves: made, looked at, carried out.

pub(crate) mod apply;
pub(crate) mod asked;
pub(crate) mod file;
