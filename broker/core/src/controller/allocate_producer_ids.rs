//! AllocateProducerIds (67), version 0: blocks of producer ids (KIP-730).

use protocol::api::ErrorCode;
use protocol::api::messages::allocate_producer_ids_request::AllocateProducerIdsRequest;
use protocol::api::messages::allocate_producer_ids_response::AllocateProducerIdsResponse;
use protocol::messages::metadata::{ProducerIdsRecord, Record};

use super::{Controller, Handled, Plan};
use crate::call::Call;

/// Ids in a block, as Kafka hands them out.
const BLOCK: i64 = 1000;

impl Controller {
    pub(super) fn allocate_producer_ids(&self, call: &Call) -> Handled {
        let request: AllocateProducerIdsRequest = call.decode()?;
        let response = AllocateProducerIdsResponse::default();
        let (id, epoch) = (request.broker_id.0, request.broker_epoch);
        let block = self.check_broker_epoch(id, epoch);
        let block = block.and_then(|_| self.next_block(id, epoch).ok_or(ErrorCode::UnknownServerError));
        let (first, record) = match block {
            Ok(block) => block,
            Err(code) => return Ok(Plan::answer(call.reply(&response.with_error_code(code.code()))?)),
        };
        let response = response
            .with_producer_id_start(first.into())
            .with_producer_id_len(BLOCK as i32);
        let reply = call.reply(&response)?;
        Ok(Plan {
            records: vec![record],
            reply,
        })
    }

    /// The first id of a block, and the record that takes it; none if there are no ids left.
    fn next_block(&self, broker_id: i32, broker_epoch: i64) -> Option<(i64, Record)> {
        let first = self.latest.next_producer_id();
        let record = ProducerIdsRecord {
            broker_id,
            broker_epoch,
            next_producer_id: first.checked_add(BLOCK)?,
            ..Default::default()
        };
        Some((first, record.into()))
    }
}
