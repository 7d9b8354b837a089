//! What the quorum's thread sends to other nodes.

use broker_core::controller::{Event, Probe, QuorumRequest};
use broker_core::raft::Peer;
use broker_core::raft::wire::{Message, write_request};

use super::quorum::Mail;
use super::start::bootstrap_servers;
use super::{Purpose, Running, Tag};
use crate::caller::{Ask, api_versions, ask};
use crate::cluster::node_of;
use crate::world::{What, World};

impl Running {
    pub(super) fn ask_member(&mut self, world: &mut World, asked: QuorumRequest) {
        let QuorumRequest { id, to, request } = asked;
        let raft = self.quorum.controller.quorum();
        let of_node = |id| raft.address_of(id).map(|(host, _)| node_of(host));
        let (server, purpose) = match to {
            Peer::Node(id) => (of_node(id), Purpose::Raft),
            Peer::Leader(id) => (of_node(id), Purpose::ChangeVoters),
            Peer::Bootstrap(at) => {
                let servers = bootstrap_servers(&self.config);
                let host = servers.get(at).and_then(|server| server.split(':').next());
                (host.map(node_of), Purpose::Bootstrap)
            }
        };
        let Some(server) = server else {
            self.quorum
                .mail
                .push_back(Mail::Event(Event::QuorumResponse { id, response: None }));
            return;
        };
        let message = write_request(&request, &self.quorum.own);
        let min = message.version_min();
        let ask = message_ask(message, min);
        let max = self.quorum.request_max;
        let tag = Tag::Raft {
            id,
            request: Box::new(request),
        };
        self.ask(world, purpose, server, tag, ask, max);
    }

    /// Tries a broker's endpoints.
    pub(super) fn probe(&self, world: &mut World, probe: &Probe) {
        let mut all_refused = !probe.endpoints.is_empty();
        for endpoint in &probe.endpoints {
            let server = node_of(&endpoint.host);
            let ways = [(self.id, server), (server, self.id)];
            let is_reached = !ways.iter().any(|way| world.network.cut.contains(way));
            all_refused &= is_reached && world.refuses.contains(&server);
        }
        let what = What::Probed {
            node: self.id,
            life: self.life,
            id: probe.id,
            all_refused,
        };
        let wait = world.random.us(200, 3000);
        world.after(wait, what);
    }
}

fn message_ask(message: Message, min: i16) -> Ask {
    match message {
        Message::Vote(typed) => ask(typed, None, min),
        Message::BeginQuorumEpoch(typed) => ask(typed, None, min),
        Message::EndQuorumEpoch(typed) => ask(typed, None, min),
        Message::Fetch(typed) => ask(typed, None, min),
        Message::FetchSnapshot(typed) => ask(typed, None, min),
        Message::AddRaftVoter(typed) => ask(typed, None, min),
        Message::RemoveRaftVoter(typed) => ask(typed, None, min),
        Message::UpdateRaftVoter(typed) => ask(typed, None, min),
        Message::ApiVersions => ask(api_versions(), None, min),
    }
}
