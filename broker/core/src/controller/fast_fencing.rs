//! Fencing a broker before its session is over: its last connection has ended, none came back, and its endpoints
//! refuse connections. That proves that the process is gone, but not that nobody will elect it wrongly: until the
//! session is over no unclean election makes up for it.

use super::draft::Draft;
use super::{Controller, ControllerCx, ControllerError, ControllerTimer};
use crate::api_versions;
use crate::call::{Call, Peer};
use crate::image::{BrokerImage, ListenerEndpoint};
use crate::raft;

/// Whether brokers are fenced before their sessions are over.
pub const FAST_FENCING_KEY: &str = "kfleet.fast.fencing.enable";
/// What our nodes call their software. Others are left to their sessions.
const OUR_SOFTWARE: &str = "kfleet";

/// A broker's endpoints that are to be tried: whether every one of them refuses a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Its number, under which the outcome comes back.
    pub id: u64,
    /// The endpoints, one at least.
    pub endpoints: Vec<ListenerEndpoint>,
}

/// Takes from a request to the controller's listener what it tells of the software at the other end.
pub fn note_software(call: &Call, peer: &mut Peer) {
    if call.header.api_key == api_versions::SERVED.key as i16 && api_versions::SERVED.answers(call.header.api_version) {
        api_versions::peer_software(call, peer);
    }
}

/// Whether the end of this connection is of interest.
pub fn is_of_ours(peer: &Peer) -> bool {
    peer.connection > 0 && peer.software_name == OUR_SOFTWARE
}

impl Controller {
    pub(super) fn fences_fast(&self) -> bool {
        let set = self.config.get(FAST_FENCING_KEY);
        set.is_none_or(|text| text.eq_ignore_ascii_case("true"))
    }

    /// A broker registered, or sent a heartbeat.
    pub(super) fn heard_of_broker(&mut self, peer: &Peer, id: i32, epoch: i64) {
        if is_of_ours(peer) {
            self.contacts.heard(peer.connection, id, epoch);
        }
    }

    /// Another member of the quorum sent a request: which, if it came over a new connection.
    pub(super) fn heard_of_member(&mut self, peer: &Peer, request: &raft::Request) -> Option<i32> {
        let sender = match request {
            raft::Request::Vote(vote) => vote.candidate.id,
            raft::Request::BeginQuorumEpoch { leader_id, .. } | raft::Request::EndQuorumEpoch { leader_id, .. } => {
                *leader_id
            }
            raft::Request::Fetch(fetch) => fetch.replica.id,
            raft::Request::FetchSnapshot(fetch) => fetch.replica.id,
            // People ask for changes too.
            raft::Request::Change(_) | raft::Request::KRaftVersions => return None,
        };
        let is_ours = is_of_ours(peer) && sender >= 0;
        (is_ours && self.contacts.heard_of_node(peer.connection, sender)).then_some(sender)
    }

    pub(super) fn connection_ended(&mut self, connection: u64, cx: &mut ControllerCx<'_>) {
        let image = if self.active { &self.latest } else { &self.committed };
        let registered = |id| image.brokers().get(id).map(|broker| broker.epoch);
        if let Some((id, epoch)) = self.contacts.ended(connection, registered)
            && self.active
            && self.is_looked_for(id, epoch, cx)
        {
            self.contacts.suspect(id, epoch, cx.now.mono);
            self.arm(ControllerTimer::Probes, cx);
        }
    }

    /// This controller is active now. It knows of brokers that have gone before.
    pub(super) fn suspect_lost(&mut self, cx: &ControllerCx<'_>) {
        let brokers = self.latest.brokers().iter();
        let lost: Vec<(i32, i64)> = brokers
            .map(|broker| (broker.id, broker.epoch))
            .filter(|(id, epoch)| self.contacts.is_lost(*id, *epoch) && self.is_looked_for(*id, *epoch, cx))
            .collect();
        for (id, epoch) in lost {
            self.contacts.suspect(id, epoch, cx.now.mono);
        }
    }

    /// Whether it would be fenced if it were gone.
    fn is_looked_for(&self, id: i32, epoch: i64, cx: &ControllerCx<'_>) -> bool {
        let unfenced = self.check_broker_epoch(id, epoch).is_ok_and(|broker| !broker.fenced);
        unfenced && self.fences_fast() && self.sessions.may_suspect(id, epoch, cx.now.mono)
    }

    pub(super) fn probe_due(&mut self, cx: &ControllerCx<'_>) {
        let mut contacts = std::mem::take(&mut self.contacts);
        let due = contacts.take_due(cx.now.mono, |id, epoch| self.is_looked_for(id, epoch, cx));
        self.contacts = contacts;
        for due in due {
            let broker = self.latest.brokers().get(due.broker_id);
            let endpoints = broker.map_or_else(Vec::new, |broker| self.inter_broker_endpoints(broker));
            if endpoints.is_empty() {
                // Nothing can be proved.
                self.contacts.tried(due.id, false, cx.now.mono);
            } else {
                self.probes.push(Probe { id: due.id, endpoints });
            }
        }
    }

    /// Where other brokers reach it; everywhere, if it does not name the listener as this node does.
    fn inter_broker_endpoints(&self, broker: &BrokerImage) -> Vec<ListenerEndpoint> {
        match broker.endpoint(&self.config.inter_broker_listener()) {
            Some(endpoint) => vec![endpoint.clone()],
            None => broker.endpoints.clone(),
        }
    }

    /// What is to be tried, once.
    pub fn take_probes(&mut self) -> Vec<Probe> {
        std::mem::take(&mut self.probes)
    }

    pub(super) fn probed(
        &mut self,
        id: u64,
        all_refused: bool,
        cx: &mut ControllerCx<'_>,
    ) -> Result<(), ControllerError> {
        if let Some((broker_id, epoch)) = self.contacts.tried(id, all_refused, cx.now.mono)
            && self.is_looked_for(broker_id, epoch, cx)
        {
            self.fence_unreachable(broker_id, epoch, cx)?;
        }
        self.arm(ControllerTimer::Probes, cx);
        Ok(())
    }

    fn fence_unreachable(&mut self, id: i32, epoch: i64, cx: &ControllerCx<'_>) -> Result<(), ControllerError> {
        tracing::warn!(
            broker = id,
            epoch,
            "fences a broker whose connections ended and whose endpoints refuse new ones"
        );
        self.sessions.suspect(id);
        let mut draft = Draft::new(self);
        draft.fence(id);
        let records = draft.into_records();
        self.sessions.fence(id);
        self.append(records, cx).map(drop)
    }

    /// How often a broker was fenced because it could not be reached, and was alive.
    pub fn false_fences(&self) -> u64 {
        self.sessions.false_suspicions()
    }
}
