//! Connections to other nodes, opened when they are needed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use client::ClientError;
use client::conn::{Connection, deadline_in};
use tokio::time::{Instant, timeout_at};

/// How long a connection may take until the other side has told what it serves.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Most connections that are kept. Beyond it the one that was not asked for for longest goes.
const KEPT_MAX: usize = 1024;

/// What a connection is for. Each purpose has its own to an address, so that a long poll holds up nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    /// The metadata quorum's requests to this voter.
    Raft(i32),
    /// Changes of the voters, which the leader makes.
    ChangeVoters,
    /// The broker's registration and heartbeats.
    Lifecycle,
    /// The controller's registration.
    RegisterController,
    /// In which log directories the broker's replicas are.
    AssignDirectories,
    /// ISR proposals.
    AlterPartition,
    /// Producer ids.
    ProducerIds,
    /// Topics that clients ask for without creating them.
    CreateTopics,
    /// Requests of clients that the active controller answers.
    Forward,
    /// One of the fetchers for a leader.
    Fetch(usize),
}

impl Purpose {
    /// What the node calls itself, as Apache Kafka's nodes do.
    fn client_id(self, node_id: i32) -> String {
        match self {
            Self::Raft(_) | Self::ChangeVoters => format!("raft-client-{node_id}"),
            Self::Fetch(number) => format!("broker-{node_id}-fetcher-{number}"),
            _ => node_id.to_string(),
        }
    }
}

/// host:port, with an IPv6 address in brackets.
pub(crate) fn address_of(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// Connections to other nodes by purpose and address. Each takes one request at a time.
#[derive(Debug, Clone)]
pub(crate) struct Peers {
    node_id: i32,
    kept: Arc<Mutex<BTreeMap<(Purpose, String), Kept>>>,
}

/// Where a connection is, once it is open; locked while it is being opened.
type Slot = Arc<tokio::sync::Mutex<Option<Arc<Connection>>>>;

#[derive(Debug)]
struct Kept {
    slot: Slot,
    asked_at: Instant,
}

impl Kept {
    /// Nobody is opening it, and it is of no use.
    fn is_lost(&self) -> bool {
        let Ok(held) = self.slot.try_lock() else { return false };
        held.as_ref().is_none_or(|connection| connection.is_lost())
    }
}

impl Peers {
    /// None yet.
    pub(crate) fn new(node_id: i32) -> Self {
        Self {
            node_id,
            kept: Arc::default(),
        }
    }

    /// The connection to an address for a purpose; it is opened if there is none, or if the one there was is lost.
    pub(crate) async fn connection(&self, purpose: Purpose, address: &str) -> Result<Arc<Connection>, ClientError> {
        let slot = self.slot(purpose, address);
        let deadline = deadline_in(CONNECT_MAX);
        let work = async {
            let mut held = slot.lock().await;
            if let Some(known) = held.take().filter(|known| !known.is_lost()) {
                return Ok(Arc::clone(held.insert(known)));
            }
            let opened = Connection::open(address, &purpose.client_id(self.node_id), deadline).await?;
            Ok(Arc::clone(held.insert(Arc::new(opened))))
        };
        timeout_at(deadline, work)
            .await
            .unwrap_or_else(|_| Err(timed_out(address)))
    }

    /// Closes the connection to an address for a purpose, as soon as nobody uses it.
    pub(crate) fn forget(&self, purpose: Purpose, address: &str) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(&(purpose, address.to_owned()));
    }

    fn slot(&self, purpose: Purpose, address: &str) -> Slot {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (key, now) = ((purpose, address.to_owned()), Instant::now());
        if let Some(known) = kept.get_mut(&key) {
            known.asked_at = now;
            return Arc::clone(&known.slot);
        }
        kept.retain(|_, other| !other.is_lost());
        while kept.len() >= KEPT_MAX {
            let oldest = kept.iter().min_by_key(|(_, other)| other.asked_at);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                break;
            };
            kept.remove(&oldest);
        }
        let slot = Slot::default();
        let new = Kept {
            slot: Arc::clone(&slot),
            asked_at: now,
        };
        kept.insert(key, new);
        slot
    }
}

fn timed_out(address: &str) -> ClientError {
    ClientError::TimedOut {
        address: address.to_owned(),
        what: "a connection".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use protocol::api::ApiKey;
    use protocol::api::messages::{ApiVersionsResponse, MetadataRequest, MetadataResponse};
    use tokio::net::TcpListener;

    use super::*;
    use crate::fake_node::{Asked, Fake, FakeNode};

    const METADATA: (ApiKey, i16, i16) = (ApiKey::Metadata, 0, 12);

    fn answers(asked: &Asked) -> Fake {
        asked.answer(&MetadataResponse::default())
    }

    async fn ask(connection: &Connection) -> Result<MetadataResponse, ClientError> {
        connection
            .send(&MetadataRequest::default(), deadline_in(Duration::from_secs(5)))
            .await
    }

    #[test]
    fn an_ipv6_address_is_put_in_brackets() {
        assert_eq!(address_of("broker-1", 9092), "broker-1:9092");
        assert_eq!(address_of("::1", 9092), "[::1]:9092");
    }

    #[tokio::test]
    async fn each_purpose_has_a_connection_of_its_own_and_keeps_it() {
        let mut node = FakeNode::start(&[METADATA], answers).await;
        let peers = Peers::new(7);
        let purposes = [
            (Purpose::Raft(1), "raft-client-7"),
            (Purpose::ChangeVoters, "raft-client-7"),
            (Purpose::Lifecycle, "7"),
            (Purpose::RegisterController, "7"),
            (Purpose::AssignDirectories, "7"),
            (Purpose::AlterPartition, "7"),
            (Purpose::ProducerIds, "7"),
            (Purpose::CreateTopics, "7"),
            (Purpose::Forward, "7"),
            (Purpose::Fetch(2), "broker-7-fetcher-2"),
        ];
        for (at, (purpose, client_id)) in purposes.into_iter().enumerate() {
            let first = peers.connection(purpose, &node.address).await.unwrap();
            let again = peers.connection(purpose, &node.address).await.unwrap();
            assert!(Arc::ptr_eq(&first, &again), "{purpose:?}");
            ask(&again).await.unwrap();
            let asked = node.next().await;
            assert_eq!(asked.connection, at, "{purpose:?}");
            assert_eq!(asked.header.client_id.as_deref(), Some(client_id));
        }
        assert_eq!(node.accepted(), purposes.len());
    }

    #[tokio::test]
    async fn a_node_that_is_down_is_reached_once_it_is_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let peers = Peers::new(1);
        let refused = peers.connection(Purpose::Lifecycle, &address.to_string()).await;
        assert!(matches!(refused, Err(ClientError::Unreachable { .. })), "{refused:?}");
        let listener = TcpListener::bind(address).await.unwrap();
        let node = FakeNode::on(listener, &[METADATA], answers);
        let connection = peers.connection(Purpose::Lifecycle, &node.address).await.unwrap();
        ask(&connection).await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_that_ended_in_a_request_is_opened_anew() {
        let node = FakeNode::start(&[METADATA], |asked| match asked.connection {
            0 => Fake::Close,
            _ => answers(asked),
        })
        .await;
        let peers = Peers::new(1);
        let first = peers.connection(Purpose::Lifecycle, &node.address).await.unwrap();
        let ended = ask(&first).await;
        assert!(matches!(ended, Err(ClientError::Closed { .. })), "{ended:?}");
        let second = peers.connection(Purpose::Lifecycle, &node.address).await.unwrap();
        ask(&second).await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_that_the_other_side_closed_in_a_pause_is_opened_anew() {
        let node = FakeNode::start(&[METADATA], answers).await;
        let peers = Peers::new(1);
        let first = peers.connection(Purpose::Lifecycle, &node.address).await.unwrap();
        ask(&first).await.unwrap();
        assert!(!first.is_lost());
        node.close_connections();
        let lost = async {
            while !first.is_lost() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), lost).await.unwrap();
        let second = peers.connection(Purpose::Lifecycle, &node.address).await.unwrap();
        ask(&second).await.unwrap();
        assert_eq!(node.accepted(), 2);
    }

    #[tokio::test]
    async fn a_node_that_accepts_and_says_nothing_holds_up_one_purpose_only_and_not_for_ever() {
        let apis = [METADATA, (ApiKey::ApiVersions, 0, 4)];
        let node = FakeNode::start(&apis, |asked| match (asked.connection, asked.header.api_key) {
            (0, _) => Fake::Silence,
            (_, 18) => asked.answer(&ApiVersionsResponse::default()),
            _ => answers(asked),
        })
        .await;
        let peers = Peers::new(1);
        let (slow, address) = (peers.clone(), node.address.clone());
        let slow = tokio::spawn(async move { slow.connection(Purpose::Forward, &address).await });
        while node.accepted() == 0 {
            tokio::task::yield_now().await;
        }
        let other = peers.connection(Purpose::Lifecycle, &node.address).await;
        assert!(other.is_ok(), "{other:?}");
        assert!(!slow.is_finished());
        tokio::time::pause();
        let timed_out = slow.await.unwrap();
        assert!(matches!(timed_out, Err(ClientError::TimedOut { .. })), "{timed_out:?}");
    }

    #[tokio::test]
    async fn what_is_forgotten_is_closed_once_nobody_uses_it() {
        let node = FakeNode::start(&[METADATA], answers).await;
        let peers = Peers::new(1);
        let first = peers.connection(Purpose::Fetch(0), &node.address).await.unwrap();
        peers.forget(Purpose::Fetch(0), &node.address);
        ask(&first).await.unwrap();
        assert_eq!(Arc::strong_count(&first), 1);
        let second = peers.connection(Purpose::Fetch(0), &node.address).await.unwrap();
        assert!(!Arc::ptr_eq(&first, &second));
    }

    #[tokio::test]
    async fn connections_are_kept_up_to_a_bound_and_the_oldest_go_first() {
        let peers = Peers::new(1);
        let address = |port: usize| format!("127.0.0.1:{port}");
        let mut open = Vec::new();
        for port in 0..=KEPT_MAX {
            // As if they were being opened: none of them is lost.
            let slot = peers.slot(Purpose::Forward, &address(port));
            open.push(slot.lock_owned().await);
        }
        let kept = peers.kept.lock().unwrap();
        assert_eq!(kept.len(), KEPT_MAX);
        assert!(!kept.contains_key(&(Purpose::Forward, address(0))));
        assert!(kept.contains_key(&(Purpose::Forward, address(KEPT_MAX))));
    }
}
