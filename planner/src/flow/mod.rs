//! Exact plans for counts: windows on replicas alone, with racks and topics, as a flow of least cost.

mod counts;
mod network;

pub use network::{EdgeIx, Network, NodeIx};

pub(crate) use counts::solve;
