//! The broker and controller as state machines: no sockets, threads, clocks, random maps or file system.
//! `docs/ARCHITECTURE.md` tells how they fit together.

pub mod call;
pub mod cx;
pub mod reply;
