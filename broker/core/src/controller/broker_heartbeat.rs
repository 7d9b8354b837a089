//! BrokerHeartbeat (63), versions 0 to 2: who is alive, who may lead, who may stop.

use protocol::Uuid;
use protocol::api::messages::broker_heartbeat_request::BrokerHeartbeatRequest;
use protocol::api::messages::broker_heartbeat_response::BrokerHeartbeatResponse;
use protocol::api::{DECODE_BUDGET_BYTES, DecodeError, ErrorCode, heartbeat};

use super::broker_registration::DIRECTORIES_FROM;
use super::draft::Draft;
use super::{Controller, ControllerCx, ControllerTimer, Handled, Plan};
use crate::call::Call;
use crate::features::METADATA_VERSION;
use crate::image::BrokerImage;
use crate::reply::Reply;

/// First level at which records tell cordoned directories (KIP-1066): 4.3-IV0.
const CORDONED_FROM: i16 = 30;

fn reply(call: &Call, response: &BrokerHeartbeatResponse) -> Result<Reply, DecodeError> {
    let (version, correlation_id) = (call.header.api_version, call.header.correlation_id);
    heartbeat::encode(version, correlation_id, response).map(Reply::from)
}

/// Where a broker is between its start and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Fenced,
    Active,
    ShuttingDown,
    MayStop,
}

impl Controller {
    /// Refuses what an earlier incarnation of a broker, or one that is not registered, sends.
    pub(super) fn check_broker_epoch(&self, id: i32, epoch: i64) -> Result<&BrokerImage, ErrorCode> {
        let known = self.latest.brokers().get(id).filter(|broker| broker.epoch == epoch);
        known.ok_or(ErrorCode::StaleBrokerEpoch)
    }

    pub(super) fn broker_heartbeat(&mut self, call: &Call, cx: &mut ControllerCx<'_>) -> Handled {
        let (version, body) = (call.header.api_version, call.body.clone());
        let (request, cordoned) = heartbeat::decode(version, body, DECODE_BUDGET_BYTES)?;
        let response = BrokerHeartbeatResponse::default();
        let (id, epoch) = (request.broker_id.0, request.broker_epoch);
        let broker = match self.check_broker_epoch(id, epoch) {
            Ok(broker) => broker.clone(),
            Err(code) => {
                let response = response.with_error_code(code.code()).with_is_fenced(true);
                return Ok(Plan::answer(reply(call, &response)?));
            }
        };
        self.heard_of_broker(&call.peer, id, epoch);
        let is_caught_up = request.current_metadata_offset >= broker.registered_at;
        let mut draft = Draft::new(self);
        let current = self.broker_state(&broker);
        let next = self.next_state(current, &request, is_caught_up, &draft);
        if current != next {
            tracing::info!(broker = id, ?current, ?next, "a broker changes its state");
            match next {
                State::Fenced => draft.fence(id),
                State::MayStop if !broker.fenced => draft.fence(id),
                State::MayStop => {}
                State::Active => draft.unfence(id, epoch),
                State::ShuttingDown => draft.shut_down(id, epoch),
            }
        }
        if self.latest.features().level(METADATA_VERSION) >= DIRECTORIES_FROM {
            let offline: Vec<Uuid> = request.offline_log_dirs.iter().copied().map(Uuid::from).collect();
            draft.directories_offline(id, epoch, &offline);
        }
        if self.latest.features().level(METADATA_VERSION) >= CORDONED_FROM
            && let Some(cordoned) = cordoned
        {
            draft.directories_cordoned(id, epoch, cordoned);
        }
        let records = draft.into_records();
        self.sessions
            .touch(id, epoch, cx.now.mono, request.current_metadata_offset);
        match next {
            State::ShuttingDown => {
                let end = self.raft.log_end_offset() + records.len() as i64 - 1;
                self.sessions.shut_down(id, end);
            }
            State::Fenced => self.sessions.fence(id),
            State::MayStop => self.sessions.end(id),
            State::Active => {}
        }
        self.arm(ControllerTimer::Sessions, cx);
        let response = response
            .with_is_caught_up(is_caught_up)
            .with_is_fenced(matches!(next, State::Fenced | State::MayStop))
            .with_should_shut_down(next == State::MayStop);
        let reply = reply(call, &response)?;
        Ok(Plan { records, reply })
    }

    fn broker_state(&self, broker: &BrokerImage) -> State {
        if broker.fenced {
            State::Fenced
        } else if self.sessions.shutdown_offset(broker.id).is_some() {
            State::ShuttingDown
        } else {
            State::Active
        }
    }

    fn next_state(
        &self,
        current: State,
        request: &BrokerHeartbeatRequest,
        is_caught_up: bool,
        draft: &Draft<'_>,
    ) -> State {
        let id = request.broker_id.0;
        match current {
            State::Fenced if request.want_shut_down => State::MayStop,
            State::Fenced if request.want_fence || !is_caught_up => State::Fenced,
            State::Fenced => State::Active,
            State::Active if request.want_fence && request.want_shut_down => State::MayStop,
            State::Active if request.want_fence => State::Fenced,
            State::Active if !request.want_shut_down => State::Active,
            State::Active if draft.leads(id) => State::ShuttingDown,
            State::Active => State::MayStop,
            State::ShuttingDown | State::MayStop if draft.leads(id) => State::ShuttingDown,
            State::ShuttingDown | State::MayStop => {
                // Everybody knows that others lead now, so that nobody is sent here any more.
                let known = self.sessions.lowest_active_offset(self.latest.brokers());
                let moved = self.sessions.shutdown_offset(id).is_none_or(|offset| offset <= known);
                if moved { State::MayStop } else { State::ShuttingDown }
            }
        }
    }
}
