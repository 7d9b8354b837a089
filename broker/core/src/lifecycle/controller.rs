//! A controller's registration (KIP-919): every other node learns from it where the controller is and what it supports.

use std::time::Duration;

use protocol::api::ErrorCode;
use protocol::api::messages::controller_registration_request::ControllerRegistrationRequest;
use protocol::api::messages::controller_registration_response::ControllerRegistrationResponse;

use super::AnnouncementStep;
use super::CONTROLLERS_FROM;
use super::backoff::Backoff;
use super::config::ControllerLifecycleConfig;
use super::requests::register_controller;
use crate::cx::{Now, Random};
use crate::features::METADATA_VERSION;
use crate::image::MetadataImage;

const BACKOFF_FIRST: Duration = Duration::from_millis(20);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// After a registration the metadata has so long to show it. Two processes under one id do not write more often than this.
const SETTLE: Duration = Duration::from_secs(10);

/// A controller's registration.
#[derive(Debug)]
pub struct ControllerLifecycle {
    config: ControllerLifecycleConfig,
    random: Box<dyn Random>,
    backoff: Backoff,
    /// The published metadata allows a registration, and has not this one.
    is_wanted: bool,
    in_flight: bool,
    not_before: Duration,
}

impl ControllerLifecycle {
    /// A controller that has not registered yet.
    pub fn new(config: ControllerLifecycleConfig, random: Box<dyn Random>) -> Self {
        Self {
            config,
            random,
            backoff: Backoff::new(BACKOFF_FIRST, BACKOFF_MAX),
            is_wanted: false,
            in_flight: false,
            not_before: Duration::ZERO,
        }
    }

    /// The node knows this metadata now.
    pub fn published(&mut self, image: &MetadataImage) {
        let mut known = image.controllers();
        let own = known.find(|controller| controller.controller_id == self.config.node_id);
        let is_registered = own.is_some_and(|own| own.incarnation_id == self.config.incarnation_id);
        self.is_wanted = !is_registered && image.features().level(METADATA_VERSION) >= CONTROLLERS_FROM;
    }

    /// What is to be done next.
    pub fn next(&mut self, now: Now) -> AnnouncementStep<ControllerRegistrationRequest> {
        if !self.is_wanted || self.in_flight {
            return AnnouncementStep::Wait(None);
        }
        if self.not_before > now.mono {
            return AnnouncementStep::Wait(Some(self.not_before));
        }
        self.in_flight = true;
        AnnouncementStep::Send(register_controller(&self.config))
    }

    /// The answer to a registration.
    pub fn on_response(&mut self, response: &ControllerRegistrationResponse, now: Now) {
        if !std::mem::take(&mut self.in_flight) {
            return;
        }
        match ErrorCode::try_from_code(response.error_code) {
            None => {
                tracing::info!(controller = self.config.node_id, "registered as a controller");
                self.backoff.reset();
                self.not_before = now.mono + SETTLE;
            }
            Some(code) => self.failed(&code.to_string(), now),
        }
    }

    /// The request on its way gets no answer.
    pub fn on_failure(&mut self, now: Now) {
        if std::mem::take(&mut self.in_flight) {
            self.failed("no answer", now);
        }
    }

    /// Another controller is active.
    pub fn controller_changed(&mut self, now: Now) {
        self.backoff.reset();
        self.not_before = self.not_before.min(now.mono + BACKOFF_FIRST);
    }

    fn failed(&mut self, reason: &str, now: Now) {
        tracing::debug!(
            controller = self.config.node_id,
            reason,
            "is not registered as a controller yet"
        );
        self.not_before = now.mono + self.backoff.next(self.random.as_mut());
    }
}
