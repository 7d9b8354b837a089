//! Ports for listeners, each for one sandbox at a time.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::ops::Range;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The first port that is given away.
const FIRST: u16 = 10_000;
/// Where the kernel says which ports it gives to outgoing connections.
const EPHEMERAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// Fewest ports below those that are worth looking through.
const SPAN_MIN: u16 = 1_000;

/// A port of this process's. Nodes come and go on it, and while none listens, no other sandbox gets it: whoever looks for
/// a port takes its name in the abstract namespace of Unix sockets first, which ends with the process and is as wide
/// as a network is.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) number: u16,
    _claim: UnixDatagram,
}

impl Port {
    /// Takes this port, unless another sandbox has it or somebody listens on it.
    pub(crate) fn take(number: u16) -> io::Result<Option<Self>> {
        let name = SocketAddr::from_abstract_name(format!("kfleet-port-{number}"))?;
        let claim = match UnixDatagram::bind_addr(&name) {
            Ok(claim) => claim,
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Ok(None),
            Err(error) => return Err(error),
        };
        let is_free = TcpListener::bind(("127.0.0.1", number)).is_ok();
        Ok(is_free.then_some(Self { number, _claim: claim }))
    }
}

/// Looks for ports, each once.
#[derive(Debug)]
pub(crate) struct Ports {
    candidates: std::iter::Take<std::iter::Skip<std::iter::Cycle<Range<u16>>>>,
}

impl Ports {
    /// Looks from anywhere on: two sandboxes that start at the same time would only get in each other's way.
    pub(crate) fn new() -> Self {
        let range = listening_range(&fs::read_to_string(EPHEMERAL).unwrap_or_default());
        let span = range.end - range.start;
        let [.., high, low] = *::broker::random_uuid().as_bytes();
        let start = u16::from_be_bytes([high, low]) % span;
        Self {
            candidates: range.cycle().skip(usize::from(start)).take(usize::from(span)),
        }
    }

    /// The next that is free.
    pub(crate) fn next_free(&mut self) -> io::Result<Port> {
        for number in &mut self.candidates {
            if let Some(port) = Port::take(number)? {
                return Ok(port);
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrNotAvailable, "no port is free"))
    }
}

/// Ports below those for outgoing connections. A client that keeps trying the address of a dead node could be given that
/// very port otherwise, and keep the node from coming back.
fn listening_range(ephemeral: &str) -> Range<u16> {
    let low = ephemeral.split_whitespace().next().and_then(|low| low.parse().ok());
    let end = low.filter(|low: &u16| low.saturating_sub(FIRST) >= SPAN_MIN);
    FIRST..end.unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_outgoing_connections_are_left_alone_where_there_are_others() {
        assert_eq!(listening_range("32768\t60999\n"), 10_000..32_768);
        assert_eq!(listening_range("10500\t65535\n"), 10_000..u16::MAX);
        assert_eq!(listening_range("1024\t65535\n"), 10_000..u16::MAX);
        assert_eq!(listening_range(""), 10_000..u16::MAX);
    }

    #[test]
    fn a_port_is_nobody_elses_while_it_is_held_whether_somebody_listens_or_not() {
        let mut ports = Ports::new();
        let (first, second) = (ports.next_free().unwrap(), ports.next_free().unwrap());
        assert_ne!(first.number, second.number);
        let number = first.number;
        let is_taken = || Port::take(number).unwrap().is_none();
        assert!(is_taken());
        drop(first);
        // Only a sandbox of another test could have taken it in the meantime, or somebody listens.
        let listener = TcpListener::bind(("127.0.0.1", number));
        assert!(is_taken());
        drop(listener);
    }

    #[test]
    fn many_that_look_at_the_same_time_find_different_ports() {
        let look = || -> Vec<Port> {
            let mut ports = Ports::new();
            (0..50).map(|_| ports.next_free().unwrap()).collect()
        };
        let found: Vec<Port> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(look)).collect();
            all.into_iter().flat_map(|one| one.join().unwrap()).collect()
        });
        let mut numbers: Vec<u16> = found.iter().map(|port| port.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 400);
    }
}
