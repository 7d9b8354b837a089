//! What follows from the controller's answers.

use std::collections::BTreeSet;
use std::time::Duration;

use protocol::Uuid;
use protocol::api::ErrorCode;
use protocol::api::messages::broker_heartbeat_response::BrokerHeartbeatResponse;
use protocol::api::messages::broker_registration_response::BrokerRegistrationResponse;

use super::state::{InFlight, Registration, State};
use super::{BrokerLifecycle, LifecycleNotice};
use crate::cx::Now;

impl BrokerLifecycle {
    /// The answer to a registration.
    pub fn on_registration(&mut self, response: &BrokerRegistrationResponse, now: Now) {
        let sent = self.in_flight.take_if(|sent| matches!(sent, InFlight::Registration));
        if sent.is_none() || matches!(self.state, State::Over) {
            return;
        }
        match ErrorCode::try_from_code(response.error_code) {
            None if response.broker_epoch >= 0 => self.registered(response.broker_epoch, now.mono),
            None => self.failed("an answer without an epoch", now.mono),
            Some(code) => self.refused_registration(code, now.mono),
        }
    }

    fn registered(&mut self, epoch: i64, now: Duration) {
        self.backoff.reset();
        self.heard_at = Some(now);
        self.schedule.succeeded(now);
        if self.told_epoch != Some(epoch) {
            tracing::info!(broker = self.config.node_id, epoch, "registered");
            self.told_epoch = Some(epoch);
            self.has_asked_to_lead = false;
            self.set_fenced(true);
            self.notices.push(LifecycleNotice::Registered { epoch });
        }
        let amended_at = match &self.state {
            State::Registered(before) => before.amended_at,
            State::Registering { .. } | State::Over => -1,
        };
        self.state = State::Registered(Registration {
            epoch,
            is_seen: false,
            is_caught_up: false,
            is_refused: false,
            has_to_amend: false,
            amended_at,
            reported_offset: -1,
        });
        self.judge();
    }

    fn refused_registration(&mut self, code: ErrorCode, now: Duration) {
        let id = self.config.node_id;
        match code {
            ErrorCode::InconsistentClusterId => self.fail(format!(
                "the controllers belong to another cluster than {}, which this broker's log directories were formatted \
                 for: check controller.quorum.voters or controller.quorum.bootstrap.servers",
                self.config.cluster_id
            )),
            ErrorCode::UnsupportedVersion => self.fail(format!(
                "the controllers do not take broker {id} because it does not support a feature level that the cluster has \
                 finalised: the active controller's log names it, and a version of this program that supports it is needed"
            )),
            ErrorCode::InvalidRegistration => self.fail(format!(
                "the controllers do not take the registration of broker {id}: the active controller's log says why; \
                 most often a directory.id in meta.properties is another broker's, because a log directory was copied"
            )),
            ErrorCode::DuplicateBrokerRegistration => {
                // The session of an earlier start ends some time; another process's may not.
                let limit = now + self.config.timeouts.registration;
                if let State::Registering { deadline, is_duplicate } = &mut self.state {
                    deadline.get_or_insert(limit);
                    *is_duplicate = true;
                }
                self.failed("another broker is registered under this id, and its session is not over", now);
            }
            code => self.failed(&code.to_string(), now),
        }
    }

    /// The answer to a heartbeat.
    pub fn on_heartbeat(&mut self, response: &BrokerHeartbeatResponse, now: Now) {
        let sent = self
            .in_flight
            .take_if(|sent| matches!(sent, InFlight::Heartbeat { .. }));
        let Some(InFlight::Heartbeat {
            want_shut_down,
            offline,
        }) = sent
        else {
            return;
        };
        let State::Registered(registration) = &mut self.state else {
            return;
        };
        let knows_more = registration.is_seen && self.published.offset > registration.reported_offset;
        match ErrorCode::try_from_code(response.error_code) {
            None => {
                registration.is_refused = false;
                registration.is_caught_up = response.is_caught_up;
                if knows_more && !response.is_caught_up {
                    self.schedule.hurry();
                }
                self.beaten(response, want_shut_down, &offline, now.mono);
            }
            Some(code @ (ErrorCode::StaleBrokerEpoch | ErrorCode::BrokerIdNotRegistered)) => {
                registration.is_refused = true;
                self.set_fenced(true);
                self.failed(&code.to_string(), now.mono);
                self.judge();
            }
            Some(code) => self.failed(&code.to_string(), now.mono),
        }
    }

    fn beaten(&mut self, response: &BrokerHeartbeatResponse, asked: bool, told: &BTreeSet<Uuid>, now: Duration) {
        self.backoff.reset();
        self.heard_at = Some(now);
        self.untold.retain(|directory, _| !told.contains(directory));
        self.set_fenced(response.is_fenced);
        if asked && response.should_shut_down {
            return self.may_stop(true);
        }
        let wait = match &mut self.shutdown {
            Some((_, pace)) => pace.next(self.random.as_mut()),
            None => self.config.timeouts.heartbeat_interval,
        };
        self.schedule.succeeded(now + wait);
    }

    /// The request on its way gets no answer: the controller was not reached, or did not answer in time.
    pub fn on_failure(&mut self, now: Now) {
        if self.in_flight.take().is_some() && !matches!(self.state, State::Over) {
            self.failed("no answer", now.mono);
        }
    }

    /// Most controllers are gone: nobody can let this broker go, and nobody can lead in its place.
    pub fn controllers_gone(&mut self) {
        if self.shutdown.is_some() && self.in_flight.take().is_some() {
            self.may_stop(false);
        }
    }

    fn failed(&mut self, reason: &str, now: Duration) {
        self.schedule.failed(now + self.backoff.next(self.random.as_mut()));
        let registering = matches!(self.state, State::Registering { .. });
        tracing::debug!(
            broker = self.config.node_id,
            registering,
            reason,
            "the controller is asked again"
        );
        let session = self.config.timeouts.session;
        if self.heard_at.take_if(|at| *at + session <= now).is_some() {
            let silent_ms = session.as_millis() as u64;
            tracing::warn!(
                silent_ms,
                reason,
                "no heartbeat has reached the controller for a session: others lead in this broker's place by now"
            );
        }
        // Whoever leads the quorum, if anybody does, has fenced it by now: there is nothing left to ask for. The last
        // nodes of a cluster that stops as a whole have no quorum any more.
        if self.shutdown.is_some() && self.heard_at.is_none() {
            self.may_stop(false);
        }
    }
}
