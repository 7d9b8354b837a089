//! A broker that was killed and is started again before anybody has proved that it was gone.
//!
//! Apache Kafka refuses to register another process under an id whose session is not over, for up to nine seconds. Here
//! two processes of one id are told apart sooner. The one before has no connection to the active controller, where a
//! living one always has one: the last has been seen to end, or none was made since this controller became active. And
//! the new one is in its place: it has its log directories, which a process locks before it registers, and its
//! endpoint, which it listens on by then. Whoever is wrongly taken for gone all the same loses its epoch, and with it
//! all say in who leads and who is in sync, as one whose session is over.

use std::time::Duration;

use protocol::Uuid;
use protocol::api::messages::broker_registration_request::BrokerRegistrationRequest;

use super::{Controller, ControllerCx, is_of_ours};
use crate::call::Peer;
use crate::image::BrokerImage;

/// A new active controller is found by those who are alive within this time, even if they are busy.
const SHOW_THEMSELVES_WITHIN: Duration = Duration::from_secs(1);

impl Controller {
    /// Whether a registration is that of the next start of a broker whose process is gone.
    pub(super) fn is_restart(
        &self,
        request: &BrokerRegistrationRequest,
        peer: &Peer,
        before: &BrokerImage,
        cx: &ControllerCx<'_>,
    ) -> bool {
        is_of_ours(peer)
            && self.fences_fast()
            && self.sessions.may_suspect(before.id, before.epoch, cx.now.mono)
            && self.is_disconnected(before, cx)
            && self.is_in_place_of(request, before)
    }

    fn is_disconnected(&self, broker: &BrokerImage, cx: &ControllerCx<'_>) -> bool {
        match self.sessions.is_awaited_since(broker.id) {
            Some(since) if cx.now.mono >= since + SHOW_THEMSELVES_WITHIN => true,
            _ => self.contacts.is_lost(broker.id, broker.epoch),
        }
    }

    fn is_in_place_of(&self, request: &BrokerRegistrationRequest, before: &BrokerImage) -> bool {
        let mut dirs: Vec<Uuid> = request.log_dirs.iter().copied().map(Uuid::from).collect();
        let mut dirs_before = before.log_dirs.clone();
        dirs.sort_unstable();
        dirs_before.sort_unstable();
        let name = self.config.inter_broker_listener();
        let mut here = request.listeners.iter();
        let is_there = before.endpoint(&name).is_some_and(|there| {
            here.any(|here| here.name.as_str() == name && here.host.as_str() == there.host && here.port == there.port)
        });
        is_there && !dirs.is_empty() && dirs == dirs_before
    }
}
