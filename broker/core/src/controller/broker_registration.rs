//! BrokerRegistration (62), versions 0 to 4.

use std::collections::BTreeSet;

use protocol::Uuid;
use protocol::api::ErrorCode;
use protocol::api::messages::broker_registration_request::BrokerRegistrationRequest;
use protocol::api::messages::broker_registration_response::BrokerRegistrationResponse;
use protocol::messages::metadata::{RegisterBrokerBrokerEndpoint, RegisterBrokerBrokerFeature, RegisterBrokerRecord};

use super::draft::Draft;
use super::{Controller, ControllerCx, Handled, Plan, Refusal};
use crate::call::Call;
use crate::features::{KRAFT_VERSION, METADATA_VERSION};
use crate::image::BrokerImage;

/// First level whose registrations name log directories.
pub(super) const DIRECTORIES_FROM: i16 = 17;
/// First version that tells whether the broker stopped cleanly (KIP-966).
const CLEAN_FROM: i16 = 3;

impl Controller {
    pub(super) fn register_broker(&mut self, call: &Call, cx: &ControllerCx<'_>) -> Handled {
        let request: BrokerRegistrationRequest = call.decode()?;
        let response = BrokerRegistrationResponse::default();
        if let Err((code, reason)) = self.check_registration(&request, call, cx) {
            tracing::warn!(broker = request.broker_id.0, reason, "refused a broker's registration");
            let response = response.with_error_code(code.code()).with_broker_epoch(-1);
            return Ok(Plan::answer(call.reply(&response)?));
        }
        let (id, incarnation) = (request.broker_id.0, Uuid::from(request.incarnation_id));
        let existing = self.latest.brokers().get(id).cloned();
        let same = existing.filter(|broker| broker.incarnation_id == incarnation);
        if same.is_none() {
            // Nobody is elected uncleanly because of it before its session would have been over.
            self.sessions.suspect(id);
        }
        let mut draft = Draft::new(self);
        if same.is_none() {
            let stored = draft.image().brokers().get(id).map(|broker| broker.epoch);
            let clean = call.header.api_version >= CLEAN_FROM && stored == Some(request.previous_broker_epoch);
            draft.forget_incarnation(id, clean);
        }
        let offset = self.raft.log_end_offset() + draft.len() as i64;
        let record = self.registration(&request, same.as_ref(), offset);
        let epoch = record.broker_epoch;
        // Last, so that the broker registers again if not all of it gets through.
        draft.push(record);
        let records = draft.into_records();
        if same.is_none() {
            self.sessions.register(id);
        }
        self.heard_of_broker(&call.peer, id, epoch);
        tracing::info!(broker = id, epoch, again = same.is_some(), "registers a broker");
        let reply = call.reply(&response.with_broker_epoch(epoch))?;
        Ok(Plan { records, reply })
    }

    fn check_registration(
        &self,
        request: &BrokerRegistrationRequest,
        call: &Call,
        cx: &ControllerCx<'_>,
    ) -> Result<(), Refusal> {
        if request.cluster_id.as_str() != self.cluster_id {
            let message = format!(
                "Expected cluster ID {}, but got cluster ID {}",
                self.cluster_id, request.cluster_id
            );
            return Err((ErrorCode::InconsistentClusterId, message));
        }
        let id = request.broker_id.0;
        let incarnation = Uuid::from(request.incarnation_id);
        let other = self
            .latest
            .brokers()
            .get(id)
            .filter(|broker| broker.incarnation_id != incarnation);
        let is_alive = |before: &BrokerImage| {
            self.sessions.is_alive(id, before.epoch, cx.now.mono) && !self.is_restart(request, &call.peer, before, cx)
        };
        if other.is_some_and(is_alive) {
            let message = "Another broker is registered with that broker id. If the broker was recently restarted \
                           this should self-resolve once the heartbeat manager expires the broker's session.";
            return Err((ErrorCode::DuplicateBrokerRegistration, message.to_owned()));
        }
        if request.is_migrating_zk_broker {
            let message = "Controller does not support registering ZK brokers.".to_owned();
            return Err((ErrorCode::BrokerIdNotRegistered, message));
        }
        if self.latest.features().level(METADATA_VERSION) >= DIRECTORIES_FROM {
            let dirs: Vec<Uuid> = request.log_dirs.iter().copied().map(Uuid::from).collect();
            self.check_directories(id, &dirs)
                .map_err(|message| (ErrorCode::InvalidRegistration, message))?;
        }
        self.check_features(request)
    }

    fn check_directories(&self, id: i32, dirs: &[Uuid]) -> Result<(), String> {
        if dirs.is_empty() {
            return Err("No directories specified in request".to_owned());
        }
        if dirs.iter().any(Uuid::is_reserved) {
            return Err("Reserved directory ID in request".to_owned());
        }
        if dirs.iter().collect::<BTreeSet<_>>().len() != dirs.len() {
            return Err("Duplicate directory ID in request".to_owned());
        }
        let others = self.latest.brokers().iter().filter(|broker| broker.id != id);
        for broker in others {
            if let Some(taken) = broker.log_dirs.iter().find(|dir| dirs.contains(dir)) {
                return Err(format!(
                    "Broker {} is already registered with directory {taken}",
                    broker.id
                ));
            }
        }
        Ok(())
    }

    /// A broker has to know every level that is finalised.
    fn check_features(&self, request: &BrokerRegistrationRequest) -> Result<(), Refusal> {
        let asked = |name: &str| request.features.iter().find(|feature| feature.name.as_str() == name);
        if asked(METADATA_VERSION).is_none() {
            let message = format!("Request features do not contain '{METADATA_VERSION}'");
            return Err((ErrorCode::InvalidRegistration, message));
        }
        let supported = request.features.iter().map(|feature| feature.name.as_str());
        let finalized = self.latest.features().iter().map(|(name, _)| name);
        for name in supported.chain(finalized) {
            let level = match name {
                // The quorum's own business: its level is not in the metadata.
                KRAFT_VERSION => 0,
                name => self.latest.features().level(name),
            };
            let (min, max) = asked(name).map_or((0, 0), |f| (f.min_supported_version, f.max_supported_version));
            if !(min..=max).contains(&level) {
                let message = format!(
                    "Unable to register because the broker does not support finalized version {level} of {name}. \
                     The broker wants a version between {min} and {max}, inclusive."
                );
                return Err((ErrorCode::UnsupportedVersion, message));
            }
        }
        Ok(())
    }

    fn registration(
        &self,
        request: &BrokerRegistrationRequest,
        same: Option<&BrokerImage>,
        offset: i64,
    ) -> RegisterBrokerRecord {
        let endpoints = request.listeners.iter().map(|listener| RegisterBrokerBrokerEndpoint {
            name: listener.name.to_string(),
            host: listener.host.to_string(),
            port: listener.port,
            security_protocol: listener.security_protocol,
            ..Default::default()
        });
        let features = request.features.iter().map(|feature| RegisterBrokerBrokerFeature {
            name: feature.name.to_string(),
            min_supported_version: feature.min_supported_version,
            max_supported_version: feature.max_supported_version,
            ..Default::default()
        });
        let directories = self.latest.features().level(METADATA_VERSION) >= DIRECTORIES_FROM;
        let log_dirs = request.log_dirs.iter().copied().map(Uuid::from);
        RegisterBrokerRecord {
            broker_id: request.broker_id.0,
            incarnation_id: request.incarnation_id.into(),
            broker_epoch: same.map_or(offset, |broker| broker.epoch),
            end_points: endpoints.collect(),
            features: features.collect(),
            rack: request.rack.as_ref().map(ToString::to_string),
            fenced: same.is_none_or(|broker| broker.fenced),
            in_controlled_shutdown: same.is_some_and(|broker| broker.in_controlled_shutdown),
            log_dirs: log_dirs.filter(|_| directories).collect(),
            ..Default::default()
        }
    }
}
