//! UnregisterBroker (64), version 0.

use protocol::api::messages::unregister_broker_request::UnregisterBrokerRequest;
use protocol::api::messages::unregister_broker_response::UnregisterBrokerResponse;
use protocol::api::{ErrorCode, StrBytes};

use super::draft::Draft;
use super::{Controller, Handled, Plan};
use crate::call::Call;

impl Controller {
    pub(super) fn unregister_broker(&mut self, call: &Call) -> Handled {
        let request: UnregisterBrokerRequest = call.decode()?;
        let id = request.broker_id.0;
        let response = UnregisterBrokerResponse::default();
        let Some(epoch) = self.latest.brokers().get(id).map(|broker| broker.epoch) else {
            let message = StrBytes::from_string(format!("Broker ID {id} is not currently registered"));
            let response = response
                .with_error_code(ErrorCode::BrokerIdNotRegistered.code())
                .with_error_message(Some(message));
            return Ok(Plan::answer(call.reply(&response)?));
        };
        let mut draft = Draft::new(self);
        draft.unregister(id, epoch);
        let records = draft.into_records();
        self.sessions.remove(id);
        let reply = call.reply(&response)?;
        Ok(Plan { records, reply })
    }
}
