//! The node's own broker: registration at its start, fencing at its end.

use protocol::messages::metadata::{
    BrokerRegistrationChangeRecord, RegisterBrokerBrokerEndpoint, RegisterBrokerBrokerFeature, RegisterBrokerRecord,
};

use super::broker_registration::DIRECTORIES_FROM;
use super::draft::{Draft, FENCE, SHUTTING_DOWN};
use super::{BrokerStart, Controller, ControllerCx, ControllerError, Notice};
use crate::features::{KRAFT_VERSION, METADATA_VERSION, SUPPORTED_FEATURES};

impl Controller {
    pub(super) fn start_broker(
        &mut self,
        start: &BrokerStart,
        cx: &mut ControllerCx<'_>,
    ) -> Result<(), ControllerError> {
        let id = self.config.node_id;
        let epoch = self.raft.log_end_offset();
        let level = self.latest.features().level(METADATA_VERSION);
        let endpoint = |endpoint: &crate::image::ListenerEndpoint| RegisterBrokerBrokerEndpoint {
            name: endpoint.name.clone(),
            host: endpoint.host.clone(),
            port: endpoint.port,
            security_protocol: endpoint.security_protocol,
            ..Default::default()
        };
        let feature = |feature: &crate::features::SupportedFeature| RegisterBrokerBrokerFeature {
            name: feature.name.into(),
            min_supported_version: feature.min,
            max_supported_version: feature.max,
            ..Default::default()
        };
        let registration = RegisterBrokerRecord {
            broker_id: id,
            incarnation_id: start.incarnation_id,
            broker_epoch: epoch,
            end_points: start.endpoints.iter().map(endpoint).collect(),
            features: SUPPORTED_FEATURES
                .iter()
                .filter(|f| f.name != KRAFT_VERSION)
                .map(feature)
                .collect(),
            rack: start.rack.clone(),
            fenced: true,
            log_dirs: if level >= DIRECTORIES_FROM {
                start.log_dirs.clone()
            } else {
                Vec::new()
            },
            ..Default::default()
        };
        self.append(vec![registration.into()], cx)?;
        self.sessions.set_resident(id);
        let mut draft = Draft::new(self);
        draft.unfence(id, epoch);
        let records = draft.into_records();
        let offset = self.append(records, cx)?;
        self.notify(offset, Notice::BrokerStarted { epoch });
        Ok(())
    }

    pub(super) fn stop_broker(&mut self, cx: &mut ControllerCx<'_>) -> Result<(), ControllerError> {
        let id = self.config.node_id;
        let Some(broker) = self.latest.brokers().get(id) else {
            self.notices.push(Notice::BrokerStopped);
            return Ok(());
        };
        let change = BrokerRegistrationChangeRecord {
            broker_id: id,
            broker_epoch: broker.epoch,
            fenced: FENCE,
            in_controlled_shutdown: SHUTTING_DOWN,
            ..Default::default()
        };
        let offset = self.append(vec![change.into()], cx)?;
        self.notify(offset, Notice::BrokerStopped);
        Ok(())
    }
}
