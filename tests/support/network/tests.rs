//! The network does what it is told.

use tokio::time::timeout;

use super::*;
use crate::support::ports::{Port, free_ports};

/// Longest that something takes that is bound to happen.
const SOON: Duration = Duration::from_secs(20);
/// So long it is looked for what must not happen.
const A_WHILE: Duration = Duration::from_millis(100);

#[test]
fn nodes_are_known_by_what_they_call_themselves() {
    for id in ["2", "raft-client-2", "broker-2-fetcher-0", "broker-2-txn-marker-sender"] {
        assert_eq!(node_of(id), Some(2), "{id}");
    }
    for id in ["", "kfleet-test", "producer-2", "broker-x"] {
        assert_eq!(node_of(id), None, "{id}");
    }
}

/// The beginning of a request.
fn request(client_id: &str) -> Vec<u8> {
    let mut bytes = vec![0; BEFORE_CLIENT_ID - 2];
    bytes.extend((client_id.len() as i16).to_be_bytes());
    bytes.extend(client_id.as_bytes());
    bytes
}

/// Opens a connection to node 1 and has a request echoed, so that it is known who opened it.
async fn open(port: u16, client_id: &str) -> TcpStream {
    let open = async {
        let mut opened = loop {
            match TcpStream::connect(("127.0.0.1", port)).await {
                Ok(opened) => break opened,
                Err(_) => tokio::time::sleep(POLL).await,
            }
        };
        let sent = request(client_id);
        opened.write_all(&sent).await.unwrap();
        let mut echo = vec![0; sent.len()];
        opened.read_exact(&mut echo).await.unwrap();
        assert_eq!(echo, sent);
        opened
    };
    timeout(SOON, open).await.unwrap()
}

/// What comes back of a byte: it, or 0 if the connection ends; nothing as long as it is on its way.
async fn echo(opened: &mut TcpStream, longest: Duration) -> Option<u8> {
    let mut byte = [0];
    let read = timeout(longest, opened.read(&mut byte)).await.ok()?;
    Some(if matches!(read, Ok(1)) { byte[0] } else { 0 })
}

/// Node 1 behind a port; it sends back whatever it is sent, until the sender is told otherwise.
async fn node_1() -> (Network, u16, oneshot::Sender<()>, [Port; 2]) {
    let ports: [Port; 2] = free_ports();
    let [target, port] = ports.each_ref().map(|port| port.number);
    let (stop, mut stopped) = oneshot::channel();
    let listener = TcpListener::bind(("127.0.0.1", target)).await.unwrap();
    tokio::spawn(async move {
        let mut echoes = tokio::task::JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let (mut from, mut to) = accepted.unwrap().0.into_split();
                    echoes.spawn(async move { tokio::io::copy(&mut from, &mut to).await });
                }
                _ = &mut stopped => break,
            }
        }
    });
    let network = Network::new();
    tokio::spawn(network.clone().connect(1, port, target));
    (network, port, stop, ports)
}

#[tokio::test]
async fn what_is_cut_comes_late_or_never_and_others_are_left_alone() {
    let (network, port, _stop, _ports) = node_1().await;
    // Requests to node 1, then its answers.
    for (way, end) in [((2, 1), End::Late), ((1, 2), End::Late), ((1, 2), End::Reset)] {
        let (mut cut, mut other) = (open(port, "raft-client-2").await, open(port, "3").await);
        network.trouble(way.0, way.1, Trouble::Cut);
        let held_up = network.held_up();
        cut.write_all(b"a").await.unwrap();
        other.write_all(b"b").await.unwrap();
        assert_eq!(echo(&mut other, SOON).await, Some(b'b'));
        assert_eq!(echo(&mut cut, A_WHILE).await, None, "{way:?}");
        assert!(network.held_up() > held_up);
        network.heal(end);
        let expected = if end == End::Late { b'a' } else { 0 };
        assert_eq!(echo(&mut cut, SOON).await, Some(expected), "{way:?} {end:?}");
    }
}

#[tokio::test]
async fn what_is_slow_comes_later() {
    let (network, port, _stop, _ports) = node_1().await;
    let mut slow = open(port, "2").await;
    network.trouble(1, 2, Trouble::Slow(A_WHILE * 2));
    slow.write_all(b"a").await.unwrap();
    assert_eq!(echo(&mut slow, A_WHILE).await, None);
    assert_eq!(echo(&mut slow, SOON).await, Some(b'a'));
}

#[tokio::test]
async fn who_sees_the_end_of_a_node_finds_its_port_closed() {
    let (_network, port, stop, _ports) = node_1().await;
    let mut opened = open(port, "kfleet-test").await;
    stop.send(()).unwrap();
    assert_eq!(echo(&mut opened, SOON).await, Some(0));
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}
