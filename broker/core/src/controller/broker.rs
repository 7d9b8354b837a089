//! The node's own broker: registration at its start, fencing at its end.

use protocol::messages::metadata::{
    BrokerRegistrationChangeRecord, PartitionChangeRecord, Record, RegisterBrokerBrokerEndpoint,
    RegisterBrokerBrokerFeature, RegisterBrokerRecord,
};

use super::{BrokerStart, Controller, ControllerCx, ControllerError, Notice};
use crate::features::{KRAFT_VERSION, METADATA_VERSION, SUPPORTED_FEATURES};

/// `fenced` in a change record: the broker is fenced.
const FENCE: i8 = 1;
/// `fenced` in a change record: the broker is no longer fenced.
const UNFENCE: i8 = -1;
/// First level whose registrations name log directories.
const DIRECTORIES: i16 = 17;

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
            log_dirs: if level >= DIRECTORIES {
                start.log_dirs.clone()
            } else {
                Vec::new()
            },
            ..Default::default()
        };
        self.append(vec![registration.into()], cx)?;
        let mut records: Vec<Record> = vec![change(id, epoch, UNFENCE, 0)];
        records.extend(self.elections_for(id));
        let offset = self.append(records, cx)?;
        self.notify(offset, Notice::BrokerStarted { epoch });
        Ok(())
    }

    /// Elects the broker where a partition has no leader and it is in sync.
    fn elections_for(&self, id: i32) -> Vec<Record> {
        let mut elections = Vec::new();
        for topic in self.latest.topics().iter() {
            for (index, partition) in topic.partitions() {
                if partition.leader < 0 && (partition.isr.contains(&id) || partition.elr.contains(&id)) {
                    let isr = (!partition.isr.contains(&id)).then(|| vec![id]);
                    let election = PartitionChangeRecord {
                        topic_id: topic.id,
                        partition_id: index,
                        leader: id,
                        eligible_leader_replicas: isr.as_ref().map(|_| Vec::new()),
                        isr,
                        ..Default::default()
                    };
                    elections.push(election.into());
                }
            }
        }
        elections
    }

    pub(super) fn stop_broker(&mut self, cx: &mut ControllerCx<'_>) -> Result<(), ControllerError> {
        let id = self.config.node_id;
        let Some(broker) = self.latest.brokers().get(id) else {
            self.notices.push(Notice::BrokerStopped);
            return Ok(());
        };
        let epoch = broker.epoch;
        let offset = self.append(vec![change(id, epoch, FENCE, 1)], cx)?;
        self.notify(offset, Notice::BrokerStopped);
        Ok(())
    }
}

fn change(broker_id: i32, broker_epoch: i64, fenced: i8, in_controlled_shutdown: i8) -> Record {
    BrokerRegistrationChangeRecord {
        broker_id,
        broker_epoch,
        fenced,
        in_controlled_shutdown,
        ..Default::default()
    }
    .into()
}
