//! When a node serves.

use std::collections::BTreeSet;
use std::time::Duration;

use client::conn::{Connection, deadline_in};
use protocol::api::messages::{MetadataRequest, MetadataResponse};
use tokio::time::{Instant, sleep};

const CLIENT_ID: &str = "kfleet-sandbox";
/// How often a starting node is asked at first: ours starts in less than a tenth of a second.
const POLL: Duration = Duration::from_millis(5);
/// How often it is asked later, when it is one that takes its time, and the processor for it.
const POLL_LATER: Duration = Duration::from_millis(20);
/// What counts as later.
const LATER: Duration = Duration::from_secs(1);
/// How long a node may take to answer before it is asked anew.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// A node that is waited for.
#[derive(Debug, Clone)]
pub(super) enum Awaited {
    /// A broker, until it counts these among the live ones of its cluster. Only who is registered and not fenced is alive.
    Broker {
        address: String,
        cluster_id: String,
        alive: BTreeSet<i32>,
    },
    /// A controller that is nothing else, until it answers.
    Controller { address: String },
}

impl Awaited {
    /// Ends when it serves, and not before.
    pub(super) async fn serves(&self) {
        let since = Instant::now();
        while !self.answers(since).await {
            pause(since).await;
        }
    }

    /// Asks on one connection for as long as it is answered there; whether the answer was ever the right one.
    async fn answers(&self, since: Instant) -> bool {
        let address = match self {
            Self::Broker { address, .. } | Self::Controller { address } => address,
        };
        let Ok(connection) = Connection::open(address, CLIENT_ID, deadline_in(ANSWER_MAX)).await else {
            return false;
        };
        let Self::Broker { cluster_id, alive, .. } = self else {
            return true;
        };
        let request = MetadataRequest::default()
            .with_topics(Some(vec![]))
            .with_allow_auto_topic_creation(false);
        while let Ok(metadata) = connection.send(&request, deadline_in(ANSWER_MAX)).await {
            if knows(&metadata, cluster_id, alive) {
                return true;
            }
            pause(since).await;
        }
        false
    }
}

fn knows(metadata: &MetadataResponse, cluster_id: &str, alive: &BTreeSet<i32>) -> bool {
    let told: BTreeSet<i32> = metadata.brokers.iter().map(|broker| broker.node_id.0).collect();
    metadata.cluster_id.as_ref().is_some_and(|id| id.as_str() == cluster_id) && told.is_superset(alive)
}

/// Waits before it is time to ask again.
pub(super) async fn pause(since: Instant) {
    sleep(if since.elapsed() < LATER { POLL } else { POLL_LATER }).await;
}

#[cfg(test)]
mod tests {
    use protocol::api::messages::metadata_response::MetadataResponseBroker;
    use protocol::api::{BrokerId, StrBytes};

    use super::*;

    #[test]
    fn a_broker_serves_once_it_knows_all_of_its_own_cluster() {
        let metadata = |id: &'static str, brokers: &[i32]| {
            let broker = |id: &i32| MetadataResponseBroker::default().with_node_id(BrokerId(*id));
            MetadataResponse::default()
                .with_cluster_id(Some(StrBytes::from_static_str(id)))
                .with_brokers(brokers.iter().map(broker).collect())
        };
        let alive = BTreeSet::from([1, 2]);
        assert!(knows(&metadata("c", &[1, 2]), "c", &alive));
        assert!(knows(&metadata("c", &[3, 2, 1]), "c", &alive));
        assert!(!knows(&metadata("c", &[2]), "c", &alive));
        assert!(!knows(&metadata("other", &[1, 2]), "c", &alive));
        assert!(!knows(&MetadataResponse::default(), "c", &alive));
    }
}
