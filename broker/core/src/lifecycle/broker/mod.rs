//! A broker's way from its start to its end (KIP-631, Kafka's `BrokerLifecycleManager`).
//!
//! It registers, sends heartbeats, is unfenced once it knows of its registration, and asks for permission to stop. The
//! metadata log decides what has become of a registration: where it was removed, or another process has registered under
//! its id, the broker may not lead, since two processes would both lead what the metadata gives to their id. It registers
//! again, as a new start would, and fails if the other process stays alive. An answer of STALE_BROKER_EPOCH alone decides
//! nothing, for it may come from a controller that does not know yet that it leads no more; until the log tells, the broker
//! counts as fenced.

mod answers;
mod judgement;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use protocol::Uuid;
use protocol::api::BrokerId;
use protocol::api::messages::broker_heartbeat_request::BrokerHeartbeatRequest;
use protocol::api::messages::broker_registration_request::BrokerRegistrationRequest;

use super::backoff::Backoff;
use super::config::BrokerLifecycleConfig;
use super::requests::register_broker;
use crate::cx::{Now, Random};
use state::{InFlight, Published, Schedule, State};

/// The wait after the first request that failed.
const BACKOFF_FIRST: Duration = Duration::from_millis(20);
/// The longest wait after requests that failed.
const BACKOFF_MAX: Duration = Duration::from_secs(1);
/// Between heartbeats that ask for permission to stop: at first, and at last.
const SHUTDOWN_FIRST: Duration = Duration::from_millis(10);
const SHUTDOWN_MAX: Duration = Duration::from_millis(500);

/// What a broker wants next.
#[derive(Debug)]
pub enum BrokerStep {
    /// A registration for the active controller.
    Register(BrokerRegistrationRequest),
    /// A heartbeat for the active controller.
    Heartbeat(BrokerHeartbeatRequest),
    /// Nothing until then; nothing until it is told something, if there is no time.
    Wait(Option<Duration>),
}

/// What has become true of a broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LifecycleNotice {
    /// It is registered, and fenced.
    Registered {
        /// Its epoch from here on.
        epoch: i64,
    },
    /// It may lead.
    Unfenced,
    /// It may not lead: what the metadata gives to its id may be another process's.
    Fenced,
    /// It may stop. The last notice.
    MayStop {
        /// Whether the controller agreed, or had nothing to agree to.
        clean: bool,
    },
    /// It has to stop, and why. The last notice.
    Failed(String),
}

/// A broker's registration, heartbeats and controlled shutdown.
#[derive(Debug)]
pub struct BrokerLifecycle {
    config: BrokerLifecycleConfig,
    random: Box<dyn Random>,
    state: State,
    schedule: Schedule,
    backoff: Backoff,
    in_flight: Option<InFlight>,
    /// Whether the broker's start is over, and it can serve.
    started_up: bool,
    fenced: bool,
    published: Published,
    /// Log directories that have failed.
    offline: BTreeSet<Uuid>,
    /// Those that the controller has not heard of, and until when it has to.
    untold: BTreeMap<Uuid, Duration>,
    /// When a controlled shutdown ends without permission, and how long to wait between asking for it.
    shutdown: Option<(Duration, Backoff)>,
    /// When the controller answered last, until silence is logged.
    heard_at: Option<Duration>,
    /// The epoch that was told last.
    told_epoch: Option<i64>,
    /// It has sent a heartbeat under this epoch that did not ask to be fenced: it may lead something.
    has_asked_to_lead: bool,
    notices: Vec<LifecycleNotice>,
}

impl BrokerLifecycle {
    /// A broker that starts now.
    pub fn new(config: BrokerLifecycleConfig, random: Box<dyn Random>, now: Now) -> Self {
        let longest = BACKOFF_MAX.min(config.timeouts.heartbeat_interval);
        let deadline = Some(now.mono + config.timeouts.registration);
        Self {
            config,
            random,
            state: State::Registering {
                deadline,
                is_duplicate: false,
            },
            schedule: Schedule::default(),
            backoff: Backoff::new(BACKOFF_FIRST.min(longest), longest),
            in_flight: None,
            started_up: false,
            fenced: true,
            published: Published::default(),
            offline: BTreeSet::new(),
            untold: BTreeMap::new(),
            shutdown: None,
            heard_at: None,
            told_epoch: None,
            has_asked_to_lead: false,
            notices: Vec::new(),
        }
    }

    /// What is to be done next.
    pub fn next(&mut self, now: Now) -> BrokerStep {
        self.meet_deadlines(now.mono);
        if matches!(self.state, State::Over) {
            return BrokerStep::Wait(None);
        }
        let due = self.schedule.due();
        if self.in_flight.is_some() {
            return BrokerStep::Wait(self.deadline());
        }
        if due > now.mono {
            return BrokerStep::Wait(Some(self.deadline().map_or(due, |deadline| deadline.min(due))));
        }
        self.schedule.sent(now.mono);
        match &self.state {
            State::Registered(r) if !r.has_to_amend || self.shutdown.is_some() => {
                BrokerStep::Heartbeat(self.heartbeat())
            }
            _ => BrokerStep::Register(self.registration()),
        }
    }

    fn registration(&mut self) -> BrokerRegistrationRequest {
        self.in_flight = Some(InFlight::Registration);
        // Once it was registered, an earlier start's end says nothing any more.
        let first = self.told_epoch.is_none();
        let previous = if first { self.config.previous_broker_epoch } else { -1 };
        register_broker(&self.config, previous)
    }

    fn heartbeat(&mut self) -> BrokerHeartbeatRequest {
        let (want_fence, want_shut_down) = (self.wants_fence(), self.shutdown.is_some());
        let State::Registered(registration) = &mut self.state else {
            return BrokerHeartbeatRequest::default();
        };
        self.has_asked_to_lead |= !want_fence;
        registration.reported_offset = self.published.offset;
        self.in_flight = Some(InFlight::Heartbeat {
            want_shut_down,
            offline: self.offline.clone(),
        });
        BrokerHeartbeatRequest::default()
            .with_broker_id(BrokerId(self.config.node_id))
            .with_broker_epoch(registration.epoch)
            .with_current_metadata_offset(self.published.offset)
            .with_want_fence(want_fence)
            .with_want_shut_down(want_shut_down)
            .with_offline_log_dirs(self.offline.iter().copied().map(Into::into).collect())
    }

    /// A broker does not want to lead before it can, and knows that it is registered.
    fn wants_fence(&self) -> bool {
        let knows = matches!(&self.state, State::Registered(registration) if registration.is_seen);
        !(self.started_up && knows)
    }

    /// The broker's start is over: it can serve.
    pub fn startup_finished(&mut self) {
        self.started_up = true;
        self.schedule.hurry();
    }

    /// A log directory has failed.
    pub fn directory_failed(&mut self, directory: Uuid, now: Now) {
        if self.offline.insert(directory) {
            let deadline = now.mono + self.config.timeouts.directory_failure;
            self.untold.insert(directory, deadline);
            self.schedule.hurry();
        }
    }

    /// Another controller is active. It knows neither that this broker is alive nor what it has.
    pub fn controller_changed(&mut self) {
        self.backoff.reset();
        self.schedule.forget_failures();
        self.schedule.hurry();
    }

    /// The broker wants to stop. It may at once if it cannot lead anything; otherwise the controller is asked for so long.
    pub fn begin_shutdown(&mut self, now: Now) {
        if self.shutdown.is_some() {
            return;
        }
        match &self.state {
            State::Over => {}
            State::Registered(_) if self.has_asked_to_lead => {
                let pace = Backoff::new(SHUTDOWN_FIRST, SHUTDOWN_MAX);
                self.shutdown = Some((now.mono + self.config.timeouts.shutdown, pace));
                self.schedule.hurry();
            }
            State::Registered(_) => self.may_stop(true),
            State::Registering { .. } => self.may_stop(self.told_epoch.is_none()),
        }
    }

    /// The epoch under which it is registered.
    pub fn epoch(&self) -> Option<i64> {
        match &self.state {
            State::Registered(registration) => Some(registration.epoch),
            State::Registering { .. } | State::Over => None,
        }
    }

    /// What became true since the last time.
    pub fn take_notices(&mut self) -> Vec<LifecycleNotice> {
        std::mem::take(&mut self.notices)
    }

    /// When time alone ends something.
    fn deadline(&self) -> Option<Duration> {
        let registering = match self.state {
            State::Registering { deadline, .. } => deadline,
            State::Registered(_) | State::Over => None,
        };
        let stopping = self.shutdown.as_ref().map(|(deadline, _)| *deadline);
        let untold = self.untold.values().copied();
        registering.into_iter().chain(stopping).chain(untold).min()
    }

    fn meet_deadlines(&mut self, now: Duration) {
        if matches!(self.state, State::Over) {
            return;
        }
        if let State::Registering {
            deadline: Some(at),
            is_duplicate,
        } = self.state
            && at <= now
        {
            return self.fail(self.why_not_registered(is_duplicate));
        }
        if self.shutdown.as_ref().is_some_and(|(deadline, _)| *deadline <= now) {
            tracing::warn!("stops without the controller's permission, which did not come in time");
            return self.may_stop(false);
        }
        let untold = self.untold.iter().find(|(_, deadline)| **deadline <= now);
        if let Some(directory) = untold.map(|(directory, _)| *directory) {
            self.fail(format!(
                "no controller could be told within {} ms (log.dir.failure.timeout.ms) that log directory {directory} \
                 has failed: what is in it would stay led by this broker",
                self.config.timeouts.directory_failure.as_millis()
            ));
        }
    }

    fn why_not_registered(&self, is_duplicate: bool) -> String {
        let (id, ms) = (self.config.node_id, self.config.timeouts.registration.as_millis());
        let why = if is_duplicate {
            "another process is registered under this id and alive: two nodes must not have one node.id"
        } else {
            "is controller.quorum.voters or controller.quorum.bootstrap.servers right, and a majority of them up?"
        };
        format!(
            "broker {id} could not register with the controllers within {ms} ms \
             (initial.broker.registration.timeout.ms): {why}"
        )
    }

    fn may_stop(&mut self, clean: bool) {
        self.state = State::Over;
        self.notices.push(LifecycleNotice::MayStop { clean });
    }

    fn fail(&mut self, reason: String) {
        tracing::error!(reason, "the broker has to stop");
        self.state = State::Over;
        self.notices.push(LifecycleNotice::Failed(reason));
    }

    fn set_fenced(&mut self, fenced: bool) {
        if std::mem::replace(&mut self.fenced, fenced) != fenced {
            tracing::info!(
                broker = self.config.node_id,
                fenced,
                "the broker's right to lead changes"
            );
            self.notices.push(if fenced {
                LifecycleNotice::Fenced
            } else {
                LifecycleNotice::Unfenced
            });
        }
    }
}
