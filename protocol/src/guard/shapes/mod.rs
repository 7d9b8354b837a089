//! Generated tables, one module for each direction.

pub(super) mod requests;
pub(super) mod responses;
