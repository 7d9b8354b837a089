//! Requests to the active controller, whoever that is.

use std::time::Duration;

use client::ClientError;
use client::conn::deadline_in;
use protocol::api::{ApiKey, Decodable, HeaderVersion, Request};
use tokio::sync::watch;

use crate::backoff::Backoff;
use crate::peers::{Peers, Purpose};

/// How long the active controller may take over what clients asked for: as Kafka's controller.socket.timeout.ms.
const FORWARDED_MAX: Duration = Duration::from_secs(30);

/// Who is active, as this node's raft knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ActiveController {
    /// Its node id; none while nobody is known to lead the quorum.
    pub(crate) id: Option<i32>,
    /// The quorum's epoch.
    pub(crate) epoch: i32,
    /// host:port of its controller listener; none while it is not known.
    pub(crate) address: Option<String>,
    /// There can be none: the controllers that are gone leave no majority.
    pub(crate) is_gone: bool,
}

/// Why there is no answer of the active controller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ChannelError {
    /// Nobody is known to be active.
    #[error("no active controller is known")]
    NoController,
    /// Another became active before the answer came.
    #[error("another controller became active before {api:?} was answered")]
    Replaced {
        /// What was asked.
        api: ApiKey,
    },
    /// It was not reached, or did not answer well or in time.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// The way to the active controller.
#[derive(Debug, Clone)]
pub(crate) struct ControllerChannel {
    active: watch::Receiver<ActiveController>,
    peers: Peers,
    purpose: Purpose,
    answer_max: Duration,
}

impl ControllerChannel {
    /// For what clients ask and brokers hand on.
    pub(crate) fn new(active: watch::Receiver<ActiveController>, peers: Peers) -> Self {
        Self {
            active,
            peers,
            purpose: Purpose::Forward,
            answer_max: FORWARDED_MAX,
        }
    }

    /// The same way for another purpose, with a connection of its own and `answer_max` for each answer.
    pub(crate) fn with(&self, purpose: Purpose, answer_max: Duration) -> Self {
        Self {
            purpose,
            answer_max,
            ..self.clone()
        }
    }

    /// Who is active now.
    pub(crate) fn active(&self) -> ActiveController {
        self.active.borrow().clone()
    }

    /// Sends a request to the active controller in the newest version that both know, up to `version_max`. It is one
    /// try. NOT_CONTROLLER is an answer like any other.
    pub(crate) async fn send<R: Request>(
        &self,
        request: &R,
        version_max: Option<i16>,
    ) -> Result<R::Response, ChannelError>
    where
        R::Response: Decodable + HeaderVersion,
    {
        let active = self.active();
        let address = active.address.as_deref().ok_or(ChannelError::NoController)?;
        tokio::select! {
            biased;
            answer = self.exchange(address, request, version_max) => Ok(answer?),
            () = self.replaced(active.epoch) => Err(ChannelError::Replaced {
                api: ApiKey::try_from(R::KEY).unwrap_or(ApiKey::ApiVersions),
            }),
        }
    }

    async fn exchange<R: Request>(
        &self,
        address: &str,
        request: &R,
        version_max: Option<i16>,
    ) -> Result<R::Response, ClientError>
    where
        R::Response: Decodable + HeaderVersion,
    {
        let connection = self.peers.connection(self.purpose, address).await?;
        let version = match version_max {
            Some(max) => connection.version_up_to::<R>(max)?,
            None => connection.version_of::<R>()?,
        };
        connection
            .exchange(version, request, deadline_in(self.answer_max))
            .await
    }

    /// Waits until the quorum is in another epoch. An epoch has one leader, which may be unknown for a while.
    async fn replaced(&self, epoch: i32) {
        self.wait_for(|now| now.epoch != epoch).await;
    }

    /// Waits until another controller than `seen` is known to be active, and where.
    pub(crate) async fn another(&self, seen: &ActiveController) {
        self.wait_for(|now| now != seen && now.address.is_some()).await;
    }

    /// Waits before another attempt, after one at `seen`: until another controller is active, and no longer than the
    /// backoff says.
    pub(crate) async fn pause(&self, seen: &ActiveController, backoff: &mut Backoff) {
        // A node that stops tells nothing more; then the time is waited for.
        let _early = tokio::time::timeout(backoff.next(), self.another(seen)).await;
    }

    async fn wait_for(&self, mut is_so: impl FnMut(&ActiveController) -> bool) {
        let mut active = self.active.clone();
        let gone = active.wait_for(|now| is_so(now)).await.is_err();
        if gone {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::api::ErrorCode;
    use protocol::api::messages::{AllocateProducerIdsRequest, AllocateProducerIdsResponse, BrokerHeartbeatRequest};
    use protocol::api::messages::{AlterPartitionRequest, AlterPartitionResponse, BrokerHeartbeatResponse};
    use tokio::net::TcpListener;

    use super::*;
    use crate::fake_node::{Asked, Fake, FakeNode};

    const APIS: [(ApiKey, i16, i16); 3] = [
        (ApiKey::AlterPartition, 2, 3),
        (ApiKey::BrokerHeartbeat, 0, 1),
        (ApiKey::AllocateProducerIds, 0, 0),
    ];

    fn active(id: i32, epoch: i32, address: &str) -> ActiveController {
        ActiveController {
            id: Some(id),
            epoch,
            address: Some(address.to_owned()),
            is_gone: false,
        }
    }

    fn channel(now: ActiveController) -> (watch::Sender<ActiveController>, ControllerChannel) {
        let (sender, receiver) = watch::channel(now);
        let channel = ControllerChannel::new(receiver, Peers::new(4));
        (sender, channel.with(Purpose::ProducerIds, Duration::from_secs(20)))
    }

    /// Ids of which the first tells which connection they came on.
    fn ids(asked: &Asked) -> Fake {
        let first = (asked.connection as i64).into();
        asked.answer(&AllocateProducerIdsResponse::default().with_producer_id_start(first))
    }

    async fn allocate(channel: &ControllerChannel) -> Result<i64, ChannelError> {
        let request = AllocateProducerIdsRequest::default();
        let answer = channel.send(&request, None).await;
        answer.map(|answer| answer.producer_id_start.0)
    }

    #[tokio::test]
    async fn nobody_is_asked_while_nobody_is_known() {
        let (active_now, channel) = channel(ActiveController::default());
        assert!(matches!(allocate(&channel).await, Err(ChannelError::NoController)));
        let node = FakeNode::start(&APIS, ids).await;
        let seen = channel.active();
        let told = async { active_now.send(active(1, 3, &node.address)).unwrap() };
        tokio::join!(channel.another(&seen), told);
        assert_eq!(allocate(&channel).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_controller_that_is_not_there_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let (_active_now, channel) = channel(active(1, 3, &address));
        let error = allocate(&channel).await.unwrap_err();
        assert!(
            matches!(error, ChannelError::Client(ClientError::Unreachable { .. })),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_controller_that_closes_midway_is_asked_anew_on_another_connection() {
        let node = FakeNode::start(&APIS, |asked| match asked.connection {
            0 => Fake::Close,
            _ => ids(asked),
        })
        .await;
        let (_active_now, channel) = channel(active(1, 3, &node.address));
        let error = allocate(&channel).await.unwrap_err();
        assert!(
            matches!(error, ChannelError::Client(ClientError::Closed { .. })),
            "{error}"
        );
        assert_eq!(allocate(&channel).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn an_answer_that_is_none_is_an_error_and_the_connection_of_no_more_use() {
        let node = FakeNode::start(&APIS, |asked| match asked.connection {
            0 => Fake::Answer(bytes::Bytes::from_static(&[0, 0, 0, 5, 0, 0, 0, 1, 0])),
            _ => ids(asked),
        })
        .await;
        let (_active_now, channel) = channel(active(1, 3, &node.address));
        let error = allocate(&channel).await.unwrap_err();
        assert!(
            matches!(error, ChannelError::Client(ClientError::Malformed { .. })),
            "{error}"
        );
        assert_eq!(allocate(&channel).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_slow_controller_is_waited_for_so_long_and_holds_up_no_other_purpose() {
        let mut node = FakeNode::start(&APIS, |asked| {
            if asked.is::<BrokerHeartbeatRequest>() {
                asked.answer(&BrokerHeartbeatResponse::default())
            } else {
                Fake::Silence
            }
        })
        .await;
        let (_active_now, channel) = channel(active(1, 3, &node.address));
        let slow = tokio::spawn({
            let channel = channel.clone();
            async move { allocate(&channel).await }
        });
        assert!(node.next().await.is::<AllocateProducerIdsRequest>());
        let heartbeats = channel.with(Purpose::Lifecycle, Duration::from_secs(5));
        let beat = heartbeats.send(&BrokerHeartbeatRequest::default(), None).await;
        assert_eq!(beat.unwrap().error_code, 0);
        assert!(!slow.is_finished());
        tokio::time::pause();
        let error = slow.await.unwrap().unwrap_err();
        assert!(
            matches!(error, ChannelError::Client(ClientError::TimedOut { .. })),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_silent_controller_is_given_up_when_the_quorum_has_another_epoch() {
        let mut silent = FakeNode::start(&APIS, |_| Fake::Silence).await;
        let node = FakeNode::start(&APIS, ids).await;
        let (active_now, channel) = channel(active(1, 3, &silent.address));
        let asking = tokio::spawn({
            let channel = channel.clone();
            async move { allocate(&channel).await }
        });
        silent.next().await;
        // That its leader is not known for a while does not end an epoch.
        let unknown = ActiveController {
            epoch: 3,
            ..ActiveController::default()
        };
        active_now.send(unknown).unwrap();
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(!asking.is_finished());
        active_now.send(active(2, 4, &node.address)).unwrap();
        let error = asking.await.unwrap().unwrap_err();
        assert!(matches!(error, ChannelError::Replaced { .. }), "{error}");
        assert_eq!(allocate(&channel).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn not_controller_is_an_answer_and_the_wait_after_it_ends_with_another_controller() {
        let code = ErrorCode::NotController.code();
        let old = FakeNode::start(&APIS, move |asked| {
            asked.answer(&AllocateProducerIdsResponse::default().with_error_code(code))
        })
        .await;
        let new = FakeNode::start(&APIS, ids).await;
        let (active_now, channel) = channel(active(1, 3, &old.address));
        let seen = channel.active();
        let answer = channel.send(&AllocateProducerIdsRequest::default(), None).await;
        assert_eq!(answer.unwrap().error_code, code);
        // Much longer than the test may take.
        let mut backoff = Backoff::new(Duration::from_secs(3600), Duration::from_secs(3600));
        let told = async { active_now.send(active(2, 4, &new.address)).unwrap() };
        tokio::join!(channel.pause(&seen, &mut backoff), told);
        assert_eq!(allocate(&channel).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn the_version_is_the_newest_of_both_up_to_the_one_that_is_asked_for() {
        let mut node = FakeNode::start(&APIS, |asked| asked.answer(&AlterPartitionResponse::default())).await;
        let (_active_now, channel) = channel(active(1, 3, &node.address));
        for (version_max, sent) in [(None, 3), (Some(2), 2), (Some(9), 3)] {
            channel
                .send(&AlterPartitionRequest::default(), version_max)
                .await
                .unwrap();
            assert_eq!(node.next().await.header.api_version, sent, "{version_max:?}");
        }
        let error = channel.send(&AlterPartitionRequest::default(), Some(1)).await;
        assert!(
            matches!(error, Err(ChannelError::Client(ClientError::UnsupportedApi { .. }))),
            "{error:?}"
        );
    }
}
