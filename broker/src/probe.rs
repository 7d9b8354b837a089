//! Whether a broker's endpoints refuse connections.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use broker_core::controller::{Event, Probe};
use broker_core::image::ListenerEndpoint;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::peers::address_of;
use crate::quorum_thread::QuorumHandle;

/// How long all endpoints may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(1);

/// Tries the endpoints, and tells the quorum's thread.
pub(crate) async fn run(probe: Probe, quorum: QuorumHandle) {
    let Probe { id, endpoints } = probe;
    let all_refused = timeout(ANSWER_MAX, all_refuse(endpoints)).await.unwrap_or(false);
    quorum.send(Event::Probed { id, all_refused });
}

async fn all_refuse(endpoints: Vec<ListenerEndpoint>) -> bool {
    let mut tries: JoinSet<bool> = endpoints.into_iter().map(refuses).collect();
    while let Some(refused) = tries.join_next().await {
        if !matches!(refused, Ok(true)) {
            return false;
        }
    }
    true
}

/// A name may stand for several addresses: each has to refuse.
async fn refuses(endpoint: ListenerEndpoint) -> bool {
    let ListenerEndpoint { host, port, .. } = &endpoint;
    address_refuses(&address_of(host, *port)).await
}

/// Whether host:port refuses connections.
pub(crate) async fn address_refuses(at: &str) -> bool {
    let addresses: Vec<SocketAddr> = match lookup_host(at).await {
        Ok(addresses) => addresses.collect(),
        Err(error) => return proves_nothing(at, &error),
    };
    for address in &addresses {
        match TcpStream::connect(address).await {
            Ok(_) => return false,
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
            Err(error) => return proves_nothing(at, &error),
        }
    }
    !addresses.is_empty()
}

fn proves_nothing(address: &str, error: &io::Error) -> bool {
    tracing::debug!(address, %error, "a node that may be gone does not refuse a connection");
    false
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    fn endpoint(host: &str, port: u16) -> ListenerEndpoint {
        ListenerEndpoint {
            name: "PLAINTEXT".to_owned(),
            host: host.to_owned(),
            port,
            security_protocol: 0,
        }
    }

    async fn refused_port() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    }

    #[tokio::test]
    async fn only_if_every_endpoint_refuses_all_refuse() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // Nobody accepts: a process that is stopped answers so, too.
        let open = listener.local_addr().unwrap().port();
        let (first, second) = (refused_port().await, refused_port().await);
        assert!(all_refuse(vec![endpoint("127.0.0.1", first), endpoint("localhost", second)]).await);
        assert!(!all_refuse(vec![endpoint("127.0.0.1", first), endpoint("127.0.0.1", open)]).await);
        assert!(!all_refuse(vec![endpoint("127.0.0.1", open)]).await);
    }

    #[tokio::test]
    async fn a_name_that_is_not_known_and_an_address_that_is_not_reached_prove_nothing() {
        let port = refused_port().await;
        assert!(!all_refuse(vec![endpoint("no-such-host.invalid", port)]).await);
        // Broadcast: connect fails at once, and not because it was refused.
        assert!(!all_refuse(vec![endpoint("255.255.255.255", port)]).await);
    }
}
