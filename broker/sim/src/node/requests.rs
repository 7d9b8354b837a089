//! What a broker asks of the active controller on its own account: producer ids, and topics that are not there.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use broker_core::broker::{ControllerLink, ControllerRequest, NewTopic};
use broker_core::cx::Now;
use protocol::api::messages::allocate_producer_ids_request::AllocateProducerIdsRequest;
use protocol::api::messages::create_topics_request::{CreatableTopic, CreateTopicsRequest};
use protocol::api::{BrokerId, ErrorCode};

use super::{BrokerSide, Purpose, Running, Tag};
use crate::caller::{Answer, ask};
use crate::world::World;

const ANSWER_MAX: Duration = Duration::from_secs(10);
const CREATE_MAX: Duration = Duration::from_secs(30);
const RETRY_FIRST: Duration = Duration::from_millis(20);
const RETRY_LONGEST: Duration = Duration::from_secs(1);

/// Where the broker puts what it asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Link {
    asked: Arc<Mutex<Vec<ControllerRequest>>>,
}

impl ControllerLink for Link {
    fn send(&self, request: ControllerRequest) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    }
}

impl Link {
    fn take(&self) -> Vec<ControllerRequest> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// When something is tried again.
#[derive(Debug, Clone, Copy)]
struct Tries {
    at: Duration,
    wait: Duration,
    is_asking: bool,
}

const FRESH: Tries = Tries {
    at: Duration::ZERO,
    wait: RETRY_FIRST,
    is_asking: false,
};

impl Tries {
    fn failed(&mut self, now: Duration) {
        self.is_asking = false;
        self.at = now + self.wait;
        self.wait = (self.wait * 2).min(RETRY_LONGEST);
    }
}

/// What is wanted of the active controller.
#[derive(Debug)]
pub(super) struct Wanted {
    link: Link,
    /// Producer ids.
    ids: Option<Tries>,
    /// Topics, and until when they are asked for.
    topics: Vec<NewTopic>,
    creating: Option<(Vec<NewTopic>, Tries, Duration)>,
}

impl Wanted {
    pub(super) fn new(link: Link) -> Self {
        Self {
            link,
            ids: None,
            topics: Vec::new(),
            creating: None,
        }
    }

    pub(super) fn controller_changed(&mut self, now: Now) {
        if let Some(tries) = &mut self.ids {
            tries.at = now.mono;
        }
        if let Some((_, tries, _)) = &mut self.creating {
            tries.at = now.mono;
        }
    }

    fn take_new(&mut self, now: Now) {
        for request in self.link.take() {
            match request {
                ControllerRequest::AllocateProducerIds => self.ids = Some(FRESH),
                ControllerRequest::CreateTopics(topics) => self.topics.extend(topics),
            }
        }
        if self.creating.is_none() && !self.topics.is_empty() {
            let topics = std::mem::take(&mut self.topics);
            self.creating = Some((topics, FRESH, now.mono + CREATE_MAX));
        }
    }
}

impl BrokerSide {
    pub(super) fn producer_ids_answered(&mut self, answer: &Answer, now: Now) {
        let response = answer.read::<AllocateProducerIdsRequest>();
        match response.filter(|response| response.error_code == 0) {
            Some(response) => {
                self.wanted.ids = None;
                let count = i64::from(response.producer_id_len);
                self.broker.add_producer_ids(response.producer_id_start.0, count);
            }
            None => {
                if let Some(tries) = &mut self.wanted.ids {
                    tries.failed(now.mono);
                }
            }
        }
    }

    pub(super) fn topics_answered(&mut self, answer: &Answer, now: Now) {
        let refused = ErrorCode::NotController.code();
        let response = answer.read::<CreateTopicsRequest>();
        let response = response.filter(|response| response.topics.iter().all(|topic| topic.error_code != refused));
        let Some((topics, tries, until)) = &mut self.wanted.creating else {
            return;
        };
        if response.is_some() || now.mono >= *until {
            self.broker
                .forget_requested_topics(topics.iter().map(|topic| topic.name.as_str()));
            self.wanted.creating = None;
        } else {
            tries.failed(now.mono);
        }
    }
}

impl Running {
    pub(super) fn drive_wanted(&mut self, world: &mut World, now: Now) -> (bool, Option<Duration>) {
        let Some(side) = &mut self.broker else {
            return (false, None);
        };
        side.wanted.take_new(now);
        let mut asks = Vec::new();
        let mut deadline = None;
        if let Some(tries) = &mut side.wanted.ids
            && !tries.is_asking
        {
            if tries.at <= now.mono {
                tries.is_asking = true;
                let broker_id = side.broker.node_id();
                let image = side.broker.image();
                let broker_epoch = image.brokers().get(broker_id).map_or(-1, |broker| broker.epoch);
                let request = AllocateProducerIdsRequest::default()
                    .with_broker_id(BrokerId(broker_id))
                    .with_broker_epoch(broker_epoch);
                asks.push((Purpose::ProducerIds, Tag::ProducerIds, ask(request, None, 0)));
            } else {
                deadline = Some(tries.at);
            }
        }
        if let Some((topics, tries, _)) = &mut side.wanted.creating
            && !tries.is_asking
        {
            if tries.at <= now.mono {
                tries.is_asking = true;
                let request = CreateTopicsRequest::default()
                    .with_topics(topics.iter().map(CreatableTopic::from).collect())
                    .with_timeout_ms(ANSWER_MAX.as_millis() as i32);
                asks.push((Purpose::CreateTopics, Tag::CreateTopics, ask(request, None, 0)));
            } else {
                deadline = deadline.into_iter().chain([tries.at]).min();
            }
        }
        let is_news = !asks.is_empty();
        for (purpose, tag, ask) in asks {
            let is_ids = purpose == Purpose::ProducerIds;
            if !self.ask_active(world, purpose, tag, ask, ANSWER_MAX)
                && let Some(side) = &mut self.broker
            {
                if is_ids {
                    side.producer_ids_answered(&Answer::Nothing, now);
                } else {
                    side.topics_answered(&Answer::Nothing, now);
                }
            }
        }
        (is_news, deadline)
    }
}
