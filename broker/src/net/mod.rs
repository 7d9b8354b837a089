//! Sockets: accepting connections, reading request frames, writing responses in order.

mod connection;
mod frames;
mod listener;
mod writer;

pub use connection::{Answer, Service};
pub use frames::{FrameError, FrameReader};
pub use listener::{Listener, ListenerConfig};
