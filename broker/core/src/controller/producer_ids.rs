//! Blocks of producer ids (KIP-730).

use protocol::messages::metadata::ProducerIdsRecord;

use super::{Controller, ControllerCx, ControllerError, Notice};

/// Ids in a block, as Kafka hands them out.
const BLOCK: i64 = 1000;

impl Controller {
    pub(super) fn allocate_producer_ids(&mut self, cx: &mut ControllerCx<'_>) -> Result<(), ControllerError> {
        let first = self.latest.next_producer_id();
        let broker_id = self.config.node_id;
        let record = ProducerIdsRecord {
            broker_id,
            broker_epoch: self.latest.brokers().get(broker_id).map_or(-1, |broker| broker.epoch),
            next_producer_id: first + BLOCK,
            ..Default::default()
        };
        let offset = self.append(vec![record.into()], cx)?;
        self.notify(offset, Notice::ProducerIds { first, count: BLOCK });
        Ok(())
    }
}
