//! Ports for nodes that are told theirs before they start.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Ports below those that the system picks for listeners and connections, where nobody gets one by chance while it is
/// not bound yet.
const FIRST: u16 = 12_000;
const COUNT: u16 = 20_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// Ports that nobody listens on. No test gets one that another test of this process got.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    // Another run of the tests beside this one begins elsewhere.
    let offset = (std::process::id() % u32::from(COUNT)) as u16;
    [(); N].map(|()| {
        loop {
            let at = NEXT.fetch_add(1, Ordering::Relaxed);
            assert!(at < COUNT, "no port is free");
            let port = FIRST + offset.wrapping_add(at) % COUNT;
            if TcpListener::bind(("127.0.0.1", port)).is_ok() {
                return port;
            }
        }
    })
}
