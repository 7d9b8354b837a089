//! What a broker asks of the active controller on its own account: producer ids, and topics that are not there.

use std::sync::Arc;
use std::time::Duration;

use broker_core::broker::{Broker, ControllerLink, ControllerRequest, NewTopic};
use client::conn::deadline_in;
use protocol::api::messages::allocate_producer_ids_request::AllocateProducerIdsRequest;
use protocol::api::messages::create_topics_request::{CreatableTopic, CreateTopicsRequest};
use protocol::api::messages::create_topics_response::{CreatableTopicResult, CreateTopicsResponse};
use protocol::api::{BrokerId, ErrorCode};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::backoff::Backoff;
use crate::controller_channel::ControllerChannel;
use crate::peers::Purpose;

/// How long the controller may take over a request.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// How long topics are asked for that nobody can be asked for. Clients ask again.
const CREATE_MAX: Duration = Duration::from_secs(30);
/// Most topics in a request.
const TOPICS_MAX: usize = 100;
/// The first wait before another attempt.
const RETRY_FIRST: Duration = Duration::from_millis(20);
/// The longest.
const RETRY_LONGEST: Duration = Duration::from_secs(1);

/// The broker's end: it takes what the broker asks for. A broker has one request for producer ids on its way, and asks
/// for a bounded number of topics at a time.
#[derive(Debug)]
pub(crate) struct Requests {
    producer_ids: UnboundedSender<()>,
    topics: UnboundedSender<Vec<NewTopic>>,
}

/// The other end, to be started once there is a broker and a way to the controller.
#[derive(Debug)]
pub(crate) struct Requested {
    producer_ids: UnboundedReceiver<()>,
    topics: UnboundedReceiver<Vec<NewTopic>>,
}

/// Both ends.
pub(crate) fn controller_requests() -> (Requests, Requested) {
    let (producer_ids, producer_ids_asked) = unbounded_channel();
    let (topics, topics_asked) = unbounded_channel();
    let requested = Requested {
        producer_ids: producer_ids_asked,
        topics: topics_asked,
    };
    (Requests { producer_ids, topics }, requested)
}

impl ControllerLink for Requests {
    fn send(&self, request: ControllerRequest) {
        // Nobody is at the other end any more once the node stops.
        let _stopping = match request {
            ControllerRequest::AllocateProducerIds => self.producer_ids.send(()).is_ok(),
            ControllerRequest::CreateTopics(topics) => self.topics.send(topics).is_ok(),
        };
    }
}

impl Requested {
    /// Takes requests to the active controller until shutdown; each kind on its own.
    pub(crate) fn start(
        self,
        broker: &Arc<Broker>,
        channel: &ControllerChannel,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) {
        let producer_ids = Requester::new(broker, channel.with(Purpose::ProducerIds, ANSWER_MAX));
        let topics = Requester::new(broker, channel.with(Purpose::CreateTopics, ANSWER_MAX));
        let ends = [shutdown.clone(), shutdown.clone()];
        let [first, second] = ends.map(CancellationToken::cancelled_owned);
        tasks.spawn(async move {
            tokio::select! {
                () = first => {}
                () = producer_ids.allocate_when_asked(self.producer_ids) => {}
            }
        });
        tasks.spawn(async move {
            tokio::select! {
                () = second => {}
                () = topics.create_when_asked(self.topics) => {}
            }
        });
    }
}

#[derive(Debug)]
struct Requester {
    broker: Arc<Broker>,
    channel: ControllerChannel,
}

impl Requester {
    fn new(broker: &Arc<Broker>, channel: ControllerChannel) -> Self {
        Self {
            broker: Arc::clone(broker),
            channel,
        }
    }

    async fn allocate_when_asked(self, mut asked: UnboundedReceiver<()>) {
        while asked.recv().await.is_some() {
            let mut backoff = Backoff::new(RETRY_FIRST, RETRY_LONGEST);
            loop {
                let active = self.channel.active();
                match self.allocate().await {
                    Ok((first, count)) => {
                        self.broker.add_producer_ids(first, count);
                        break;
                    }
                    Err(reason) => tracing::debug!(reason, "producer ids are asked for again"),
                }
                self.channel.pause(&active, &mut backoff).await;
            }
        }
    }

    /// The first of a block of producer ids and how many it has, or why there is none.
    async fn allocate(&self) -> Result<(i64, i64), String> {
        let broker_id = self.broker.node_id();
        let image = self.broker.image();
        let broker_epoch = image.brokers().get(broker_id).map_or(-1, |broker| broker.epoch);
        let request = AllocateProducerIdsRequest::default()
            .with_broker_id(BrokerId(broker_id))
            .with_broker_epoch(broker_epoch);
        let sent = self.channel.send(&request, None).await;
        let response = sent.map_err(|error| error.to_string())?;
        if let Some(code) = ErrorCode::try_from_code(response.error_code) {
            return Err(code.to_string());
        }
        let (first, count) = (response.producer_id_start.0, i64::from(response.producer_id_len));
        let is_block = first >= 0 && count > 0 && first.checked_add(count).is_some();
        is_block
            .then_some((first, count))
            .ok_or_else(|| format!("{count} producer ids from {first} on are no block"))
    }

    async fn create_when_asked(self, mut asked: UnboundedReceiver<Vec<NewTopic>>) {
        while let Some(mut topics) = asked.recv().await {
            while let Ok(more) = asked.try_recv() {
                topics.extend(more);
            }
            for topics in topics.chunks(TOPICS_MAX) {
                self.create(topics).await;
                // There they come with the metadata; if they did not, clients ask again.
                let names = topics.iter().map(|topic| topic.name.as_str());
                self.broker.forget_requested_topics(names);
            }
        }
    }

    async fn create(&self, topics: &[NewTopic]) {
        let request = CreateTopicsRequest::default()
            .with_topics(topics.iter().map(CreatableTopic::from).collect())
            .with_timeout_ms(ANSWER_MAX.as_millis() as i32);
        let (end, mut backoff) = (deadline_in(CREATE_MAX), Backoff::new(RETRY_FIRST, RETRY_LONGEST));
        loop {
            let active = self.channel.active();
            let reason = match self.channel.send(&request, None).await {
                Ok(response) if was_not_controller(&response) => ErrorCode::NotController.to_string(),
                Ok(response) => return response.topics.iter().for_each(log_refusal),
                Err(error) => error.to_string(),
            };
            if Instant::now() >= end {
                let topics: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
                tracing::warn!(?topics, reason, "topics were not created on demand");
                return;
            }
            self.channel.pause(&active, &mut backoff).await;
        }
    }
}

/// CreateTopics has no error of its own, so it stands with each topic.
fn was_not_controller(response: &CreateTopicsResponse) -> bool {
    let code = ErrorCode::NotController.code();
    response.topics.iter().any(|topic| topic.error_code == code)
}

fn log_refusal(topic: &CreatableTopicResult) {
    match ErrorCode::try_from_code(topic.error_code) {
        None | Some(ErrorCode::TopicAlreadyExists) => {}
        Some(code) => {
            let reason = topic.error_message.as_deref().unwrap_or_default();
            tracing::warn!(topic = topic.name.as_str(), %code, reason, "a topic was not created on demand");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Poll, Waker};

    use protocol::api::messages::allocate_producer_ids_response::AllocateProducerIdsResponse;
    use protocol::api::{ApiKey, TopicName};
    use tokio::sync::watch;

    use super::*;
    use crate::controller_channel::ActiveController;
    use crate::fake_node::{Asked, Fake, FakeNode};
    use crate::peers::Peers;
    use crate::test_broker::{broker, epoch_of, image_of};

    const APIS: [(ApiKey, i16, i16); 2] = [(ApiKey::AllocateProducerIds, 0, 0), (ApiKey::CreateTopics, 2, 7)];

    struct Asking {
        broker: Arc<Broker>,
        controller: FakeNode,
        tasks: TaskTracker,
        shutdown: CancellationToken,
        _active: watch::Sender<ActiveController>,
    }

    impl Asking {
        async fn of(handle: impl FnMut(&Asked) -> Fake + Send + 'static) -> Self {
            let controller = FakeNode::start(&APIS, handle).await;
            let (requests, requested) = controller_requests();
            let settings = [("num.partitions", "3"), ("default.replication.factor", "2")];
            let broker = broker(1, Box::new(requests), &settings);
            broker.publish(image_of(&[(1, 9092)]), Default::default());
            let (active, active_now) = watch::channel(ActiveController {
                id: Some(9),
                epoch: 1,
                address: Some(controller.address.clone()),
                is_gone: false,
            });
            let channel = ControllerChannel::new(active_now, Peers::new(1));
            let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
            requested.start(&broker, &channel, &tasks, &shutdown);
            Self {
                broker,
                controller,
                tasks,
                shutdown,
                _active: active,
            }
        }

        async fn producer_id(&self) -> i64 {
            let waiter = self.broker.next_waiter_id();
            std::future::poll_fn(|cx| match self.broker.next_producer_id(waiter, cx.waker()) {
                Some(id) => Poll::Ready(id),
                None => Poll::Pending,
            })
            .await
        }

        async fn create_request(&mut self) -> CreateTopicsRequest {
            let asked = self.controller.next().await;
            assert!(asked.is::<CreateTopicsRequest>());
            asked.decode()
        }

        async fn stop(self) {
            self.shutdown.cancel();
            self.tasks.close();
            self.tasks.wait().await;
        }
    }

    fn block(code: i16, first: i64, count: i32) -> AllocateProducerIdsResponse {
        AllocateProducerIdsResponse::default()
            .with_error_code(code)
            .with_producer_id_start(first.into())
            .with_producer_id_len(count)
    }

    #[tokio::test]
    async fn producer_ids_are_asked_for_until_there_is_a_block() {
        let mut failures = vec![
            block(0, 7000, 0),
            block(0, i64::MAX, 10),
            block(ErrorCode::StaleBrokerEpoch.code(), -1, 0),
            block(ErrorCode::NotController.code(), -1, 0),
        ];
        let mut closes = 1;
        let mut asking = Asking::of(move |asked| {
            if closes > 0 {
                closes -= 1;
                return Fake::Close;
            }
            asked.answer(&failures.pop().unwrap_or(block(0, 5000, 2)))
        })
        .await;
        for expected in [5000, 5001, 5000] {
            assert_eq!(asking.producer_id().await, expected);
        }
        for _ in 0..7 {
            let request: AllocateProducerIdsRequest = asking.controller.next().await.decode();
            assert_eq!((request.broker_id.0, request.broker_epoch), (1, epoch_of(1)));
        }
        asking.stop().await;
    }

    fn result(name: &TopicName, code: i16) -> CreatableTopicResult {
        CreatableTopicResult::default()
            .with_name(name.clone())
            .with_error_code(code)
    }

    fn answer_all(asked: &Asked, code: i16) -> Fake {
        let request: CreateTopicsRequest = asked.decode();
        let results = request.topics.iter().map(|topic| result(&topic.name, code));
        asked.answer(&CreateTopicsResponse::default().with_topics(results.collect()))
    }

    #[tokio::test]
    async fn topics_are_asked_for_as_the_broker_is_configured_and_may_be_asked_for_again() {
        let code = ErrorCode::InvalidReplicationFactor.code();
        let mut asking = Asking::of(move |asked| answer_all(asked, code)).await;
        let names = ["a".to_owned(), "b".to_owned()];
        for attempt in 0..3 {
            // Until it is answered a topic is not asked for again.
            let again = async {
                loop {
                    asking.broker.create_missing_topics(&names);
                    tokio::task::yield_now().await;
                }
            };
            let asked = tokio::select! {
                () = again => continue,
                asked = tokio::time::timeout(Duration::from_secs(20), asking.controller.next()) => asked,
            };
            let request: CreateTopicsRequest = asked.unwrap().decode();
            let told = request
                .topics
                .iter()
                .map(|topic| (topic.name.as_str(), topic.num_partitions, topic.replication_factor));
            assert_eq!(told.collect::<Vec<_>>(), [("a", 3, 2), ("b", 3, 2)], "{attempt}");
        }
        asking.stop().await;
    }

    #[tokio::test]
    async fn topics_are_asked_of_the_controller_that_answers_for_them() {
        let mut refusals = 2;
        let mut asking = Asking::of(move |asked| {
            if refusals > 0 {
                refusals -= 1;
                return answer_all(asked, ErrorCode::NotController.code());
            }
            answer_all(asked, 0)
        })
        .await;
        let configs = vec![("cleanup.policy".to_owned(), "compact".to_owned())];
        asking.broker.request_topics(vec![NewTopic {
            name: "__consumer_offsets".to_owned(),
            partitions: 50,
            replication_factor: 3,
            configs,
        }]);
        for _ in 0..3 {
            let request = asking.create_request().await;
            let topic = &request.topics[0];
            assert_eq!((topic.num_partitions, topic.replication_factor), (50, 3));
            let config = &topic.configs[0];
            assert_eq!(
                (config.name.as_str(), config.value.as_deref()),
                ("cleanup.policy", Some("compact"))
            );
        }
        asking.stop().await;
    }

    #[tokio::test]
    async fn a_controller_that_is_silent_about_topics_holds_up_no_producer_ids() {
        let mut asking = Asking::of(|asked| {
            if asked.is::<CreateTopicsRequest>() {
                Fake::Silence
            } else {
                asked.answer(&block(0, 1000, 1000))
            }
        })
        .await;
        asking.broker.create_missing_topics(&["a".to_owned()]);
        asking.create_request().await;
        assert_eq!(asking.broker.next_producer_id(1, Waker::noop()), None);
        assert_eq!(asking.producer_id().await, 1000);
        asking.stop().await;
    }
}
