//! What nodes ask each other for, and what becomes of the answers.

use broker_core::controller::Event;
use broker_core::raft::wire::{Answer as _, unsupported};
use broker_core::raft::{Request, Response, VoterChange};
use broker_core::replication::fetcher::{FetcherRequest, FetcherResponse};
use protocol::api::messages::{
    AddRaftVoterRequest, AlterPartitionRequest, ApiVersionsRequest, AssignReplicasToDirsRequest,
    BeginQuorumEpochRequest, BrokerHeartbeatRequest, BrokerRegistrationRequest, ControllerRegistrationRequest,
    EndQuorumEpochRequest, FetchRequest, FetchSnapshotRequest, ListOffsetsRequest, RemoveRaftVoterRequest,
    UpdateRaftVoterRequest, VoteRequest,
};

use super::Running;
use super::quorum::Mail;
use crate::caller::Answer;
use crate::world::World;

/// What a connection is for: each purpose has its own, as in the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    Raft,
    /// One of controller.quorum.bootstrap.servers, whose id is not known.
    Bootstrap,
    ChangeVoters,
    Lifecycle,
    RegisterController,
    AssignDirectories,
    AlterPartition,
    ProducerIds,
    CreateTopics,
    Forward,
    /// One of the fetchers for a leader.
    Fetch(usize),
}

impl Purpose {
    /// Those whose requests are given up when another controller becomes active.
    pub(crate) const TO_ACTIVE: [Self; 7] = [
        Self::Lifecycle,
        Self::RegisterController,
        Self::AssignDirectories,
        Self::AlterPartition,
        Self::ProducerIds,
        Self::CreateTopics,
        Self::Forward,
    ];
}

/// What was asked.
#[derive(Debug)]
pub(crate) enum Tag {
    Raft {
        id: u64,
        request: Box<Request>,
    },
    Register,
    Heartbeat,
    RegisterController,
    AssignDirectories,
    AlterPartition,
    ProducerIds,
    CreateTopics,
    /// A client's request, by its number.
    Forward(u64),
    /// Records, or offsets, for a fetcher.
    Fetch {
        fetcher: (i32, usize),
        is_lookup: bool,
    },
}

impl Running {
    /// Hands out answers that have come; whether there were any.
    pub(super) fn take_answers(&mut self, world: &mut World) -> bool {
        let mut is_news = false;
        while let Some((tag, answer)) = self.caller.done() {
            is_news = true;
            self.take_answer(world, tag, &answer);
        }
        is_news
    }

    fn take_answer(&mut self, world: &mut World, tag: Tag, answer: &Answer) {
        let now = self.clock.now(world.now);
        match tag {
            Tag::Raft { id, request } => {
                let event = if matches!(answer, Answer::Refused) {
                    world.totals.members_refused += 1;
                    Event::QuorumRefused { id }
                } else {
                    let response = self.member_answer(&request, answer);
                    Event::QuorumResponse { id, response }
                };
                self.quorum.mail.push_back(Mail::Event(event));
            }
            Tag::RegisterController => {
                let Some((machine, _)) = &mut self.registration else {
                    return;
                };
                match answer.read::<ControllerRegistrationRequest>() {
                    Some(response) => machine.on_response(&response, now),
                    None => machine.on_failure(now),
                }
                self.quorum.announce_at = Some(now.mono);
            }
            Tag::Forward(number) => self.forward_answered(world, number, answer),
            tag => self.take_brokers_answer(world, &tag, answer),
        }
    }

    fn take_brokers_answer(&mut self, world: &mut World, tag: &Tag, answer: &Answer) {
        let now = self.clock.now(world.now);
        let id = self.id;
        let Some(side) = &mut self.broker else { return };
        side.is_stirred = true;
        match tag {
            Tag::Register => match answer.read::<BrokerRegistrationRequest>() {
                Some(response) => side.lifecycle.on_registration(&response, now),
                None => side.lifecycle.on_failure(now),
            },
            Tag::Heartbeat => match answer.read::<BrokerHeartbeatRequest>() {
                Some(response) => side.lifecycle.on_heartbeat(&response, now),
                None => side.lifecycle.on_failure(now),
            },
            Tag::AssignDirectories => {
                side.is_telling_dirs = false;
                match answer.read::<AssignReplicasToDirsRequest>() {
                    Some(response) => side.dirs.on_response(&response, now),
                    None => side.dirs.on_failure(now),
                }
            }
            Tag::AlterPartition => {
                let response = answer.read::<AlterPartitionRequest>();
                for (proposal, outcome) in side.proposer.on_answer(response.as_ref()) {
                    world.tell(|| format!("broker {id}: {proposal:?} came to {outcome:?}"));
                    if let Ok(partition) = side.broker.partition_by_id(proposal.topic_id, proposal.partition) {
                        partition.isr_outcome(&proposal, outcome, now);
                    }
                }
            }
            Tag::ProducerIds => side.producer_ids_answered(answer, now),
            Tag::CreateTopics => side.topics_answered(answer, now),
            Tag::Fetch { fetcher, is_lookup } => {
                let response = if *is_lookup {
                    answer.read::<ListOffsetsRequest>().map(FetcherResponse::Offsets)
                } else {
                    answer.read::<FetchRequest>().map(FetcherResponse::Fetch)
                };
                side.fetched(*fetcher, response, now);
            }
            Tag::Raft { .. } | Tag::RegisterController | Tag::Forward(_) => {}
        }
    }

    fn member_answer(&self, request: &Request, answer: &Answer) -> Option<Response> {
        let own = &self.quorum.own;
        if matches!(answer, Answer::Unsupported) {
            return Some(unsupported(request));
        }
        let read = match request {
            Request::Vote(_) => answer.read::<VoteRequest>()?.read(own),
            Request::BeginQuorumEpoch { .. } => answer.read::<BeginQuorumEpochRequest>()?.read(own),
            Request::EndQuorumEpoch { .. } => answer.read::<EndQuorumEpochRequest>()?.read(own),
            Request::Fetch(_) => answer.read::<FetchRequest>()?.read(own),
            Request::FetchSnapshot(_) => answer.read::<FetchSnapshotRequest>()?.read(own),
            Request::Change(VoterChange::Add { .. }) => answer.read::<AddRaftVoterRequest>()?.read(own),
            Request::Change(VoterChange::Remove(_)) => answer.read::<RemoveRaftVoterRequest>()?.read(own),
            Request::Change(VoterChange::Update { .. }) => answer.read::<UpdateRaftVoterRequest>()?.read(own),
            Request::KRaftVersions => answer.read::<ApiVersionsRequest>()?.read(own),
        };
        read.ok()
    }
}

/// Whether a fetcher asks for offsets.
pub(super) const fn is_lookup(request: &FetcherRequest) -> bool {
    matches!(request, FetcherRequest::Offsets(_))
}
