//! Registrations as requests.

use protocol::api::messages::broker_registration_request as broker;
use protocol::api::messages::controller_registration_request as controller;
use protocol::api::{BrokerId, StrBytes};

use super::config::{BrokerLifecycleConfig, ControllerLifecycleConfig};

/// BrokerRegistration (62) in any of its versions: log directories travel from version 2 on, the previous epoch from 3 on.
/// Directories that have failed are among them: the heartbeat after it says so, and that is when others come to lead.
pub(super) fn register_broker(
    config: &BrokerLifecycleConfig,
    previous_broker_epoch: i64,
) -> broker::BrokerRegistrationRequest {
    let listeners = config.endpoints.iter().map(|endpoint| {
        broker::Listener::default()
            .with_name(StrBytes::from_string(endpoint.name.clone()))
            .with_host(StrBytes::from_string(endpoint.host.clone()))
            .with_port(endpoint.port)
            .with_security_protocol(endpoint.security_protocol)
    });
    let features = config.features.iter().map(|feature| {
        broker::Feature::default()
            .with_name(StrBytes::from_static_str(feature.name))
            .with_min_supported_version(feature.min)
            .with_max_supported_version(feature.max)
    });
    let mut log_dirs = config.log_dirs.clone();
    log_dirs.sort_unstable();
    broker::BrokerRegistrationRequest::default()
        .with_broker_id(BrokerId(config.node_id))
        .with_cluster_id(StrBytes::from_string(config.cluster_id.clone()))
        .with_incarnation_id(config.incarnation_id.into())
        .with_listeners(listeners.collect())
        .with_features(features.collect())
        .with_rack(config.rack.clone().map(StrBytes::from_string))
        .with_log_dirs(log_dirs.into_iter().map(Into::into).collect())
        .with_previous_broker_epoch(previous_broker_epoch)
}

/// ControllerRegistration (70), version 0.
pub(super) fn register_controller(config: &ControllerLifecycleConfig) -> controller::ControllerRegistrationRequest {
    let listeners = config.endpoints.iter().map(|endpoint| {
        controller::Listener::default()
            .with_name(StrBytes::from_string(endpoint.name.clone()))
            .with_host(StrBytes::from_string(endpoint.host.clone()))
            .with_port(endpoint.port)
            .with_security_protocol(endpoint.security_protocol)
    });
    let features = config.features.iter().map(|feature| {
        controller::Feature::default()
            .with_name(StrBytes::from_static_str(feature.name))
            .with_min_supported_version(feature.min)
            .with_max_supported_version(feature.max)
    });
    controller::ControllerRegistrationRequest::default()
        .with_controller_id(config.node_id)
        .with_incarnation_id(config.incarnation_id.into())
        .with_listeners(listeners.collect())
        .with_features(features.collect())
}
