//! Ports for nodes that are told theirs before they start.

use std::net::TcpListener;
use std::ops::Range;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Below the ports that the system gives to outgoing connections: a client that keeps trying the address of a
/// dead node could be given that very port, and talk to itself.
const PORTS: Range<u16> = 10_000..30_000;

/// A port, kept from others while no node listens on it: it is claimed as sandboxes claim theirs, so that no sandbox
/// gets it.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) number: u16,
    _claim: UnixDatagram,
}

impl Port {
    fn claim(number: u16) -> Option<Self> {
        let name = SocketAddr::from_abstract_name(format!("kfleet-port-{number}")).unwrap();
        let claim = UnixDatagram::bind_addr(&name).ok()?;
        let is_free = TcpListener::bind(("127.0.0.1", number)).is_ok();
        is_free.then_some(Self { number, _claim: claim })
    }
}

/// Ports that nobody listens on; tests of one process look from different places.
pub(crate) fn free_ports<const N: usize>() -> [Port; N] {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let start = u64::from(clock.unwrap().subsec_nanos());
    let span = u64::from(PORTS.end - PORTS.start);
    let mut candidates = (0..span).map(|at| PORTS.start + ((start + at) % span) as u16);
    [(); N].map(|()| {
        let free = candidates.find_map(Port::claim);
        free.unwrap_or_else(|| panic!("no free port in {PORTS:?}"))
    })
}
