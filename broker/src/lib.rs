//! The server around `broker_core`: sockets, frames, timers, fsync threads and signals. It carries out
//! what the machines ask for and decides nothing.

pub mod clock;
pub mod net;
