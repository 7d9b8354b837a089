//! ControllerRegistration (70), version 0.

use protocol::api::ErrorCode;
use protocol::api::StrBytes;
use protocol::api::messages::controller_registration_request::ControllerRegistrationRequest;
use protocol::api::messages::controller_registration_response::ControllerRegistrationResponse;
use protocol::messages::metadata::{
    RegisterControllerControllerEndpoint, RegisterControllerControllerFeature, RegisterControllerRecord,
};

use super::{Controller, Handled, Plan};
use crate::call::Call;
use crate::features::METADATA_VERSION;

/// First level at which controllers register.
pub(super) const CONTROLLERS_FROM: i16 = 15;

impl Controller {
    pub(super) fn register_controller(&self, call: &Call) -> Handled {
        let request: ControllerRegistrationRequest = call.decode()?;
        let response = ControllerRegistrationResponse::default();
        if self.latest.features().level(METADATA_VERSION) < CONTROLLERS_FROM {
            let message = "The current MetadataVersion is too old to support controller registrations.";
            let response = response
                .with_error_code(ErrorCode::UnsupportedVersion.code())
                .with_error_message(Some(StrBytes::from_static_str(message)));
            return Ok(Plan::answer(call.reply(&response)?));
        }
        let endpoints = request
            .listeners
            .iter()
            .map(|listener| RegisterControllerControllerEndpoint {
                name: listener.name.to_string(),
                host: listener.host.to_string(),
                port: listener.port,
                security_protocol: listener.security_protocol,
                ..Default::default()
            });
        let features = request
            .features
            .iter()
            .map(|feature| RegisterControllerControllerFeature {
                name: feature.name.to_string(),
                min_supported_version: feature.min_supported_version,
                max_supported_version: feature.max_supported_version,
                ..Default::default()
            });
        let record = RegisterControllerRecord {
            controller_id: request.controller_id,
            incarnation_id: request.incarnation_id.into(),
            end_points: endpoints.collect(),
            features: features.collect(),
            ..Default::default()
        };
        let reply = call.reply(&response)?;
        Ok(Plan {
            records: vec![record.into()],
            reply,
        })
    }
}
