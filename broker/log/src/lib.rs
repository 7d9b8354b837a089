//! The log engine: Kafka's segments, indexes, leader epochs and producer state on any [`disk::Disk`].
//! No threads, clocks, sockets or random maps; `std::fs` is used in `disk/real.rs` alone.

pub mod disk;
