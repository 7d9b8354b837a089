//! Sockets: accepting connections, reading request frames, writing responses in order.

mod budget;
mod connection;
mod frames;
mod listener;
mod workers;
mod writer;

pub use budget::{Exhausted, Lease, RequestBudget};
pub use connection::{Answer, Service, Surroundings};
pub use frames::{FrameError, FrameReader};
pub use listener::{Listener, ListenerConfig};
pub use workers::Workers;
