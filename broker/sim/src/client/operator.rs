//! An operator of the quorum, who raises kraft.version, adds voters and removes them.

use client::history::History;
use protocol::Uuid;
use protocol::api::messages::RemoveRaftVoterRequest;
use protocol::api::messages::add_raft_voter_request::{AddRaftVoterRequest, Listener};
use protocol::api::messages::describe_quorum_request::{DescribeQuorumRequest, PartitionData, TopicData};
use protocol::api::messages::describe_quorum_response::ReplicaState;
use protocol::api::messages::update_features_request::{FeatureUpdateKey, UpdateFeaturesRequest};
use protocol::api::{StrBytes, TopicName};

use super::{Asked, Session, Work};
use crate::caller::{Answer, ask};
use crate::membership::{LISTENER, PORT, Quorum};
use crate::network::Port;
use crate::node::CLUSTER;
use crate::weather::Fault;
use crate::world::{EndId, What, World};

/// Voters that are left at least.
const VOTERS_MIN: usize = 2;
/// Voters beyond which one is removed first.
const VOTERS_ENOUGH: usize = 4;
/// First version of DescribeQuorum that tells directories.
const DIRECTORIES_FROM: i16 = 2;
/// How long a change may take before its answer.
const CHANGE_MAX_MS: i32 = 3000;
/// A voter that was removed is formatted anew within this time.
const REFORMAT_MAX_MS: u64 = 300;

/// What was asked for last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Raise,
    Describe,
    Add,
    Remove(EndId),
}

/// The operator.
pub(crate) struct Operator {
    session: Session,
    doing: Doing,
    has_begun: bool,
    /// kraft.version is 1 for all that is known.
    is_dynamic: bool,
    /// It is known what became of each request. One that is lost may be carried out later.
    is_sure: bool,
    change: Option<(Doing, Uuid)>,
    is_over: bool,
}

fn string(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn key_of(state: &ReplicaState) -> (EndId, Uuid) {
    (state.replica_id.0, state.replica_directory_id.into())
}

impl Operator {
    pub(crate) fn new(id: EndId) -> Self {
        Self {
            session: Session::new(id),
            doing: Doing::Describe,
            has_begun: false,
            is_dynamic: false,
            is_sure: true,
            change: None,
            is_over: false,
        }
    }

    /// Brokers hand on what they are asked, and controllers take it themselves.
    fn send(&mut self, world: &mut World, doing: Doing, ask: crate::caller::Ask) {
        self.doing = doing;
        let to_broker = doing == Doing::Raise || world.random.one_in(2);
        let (port, server) = if to_broker {
            (Port::Broker, self.session.any_broker(world))
        } else {
            let controllers = world.weather.controllers();
            (Port::Controller, world.random.pick(&controllers).unwrap_or(1))
        };
        self.session.ask_at(world, (port, server), Asked::Operator, ask);
    }

    fn raise(&mut self, world: &mut World) {
        let update = FeatureUpdateKey::default()
            .with_feature(string("kraft.version"))
            .with_max_version_level(1)
            .with_upgrade_type(1);
        let request = UpdateFeaturesRequest::default()
            .with_timeout_ms(CHANGE_MAX_MS)
            .with_feature_updates(vec![update]);
        self.send(world, Doing::Raise, ask(request, None, 1));
    }

    fn describe(&mut self, world: &mut World) {
        let partition = PartitionData::default().with_partition_index(0);
        let topic = TopicData::default()
            .with_topic_name(TopicName(string("__cluster_metadata")))
            .with_partitions(vec![partition]);
        let request = DescribeQuorumRequest::default().with_topics(vec![topic]);
        self.send(world, Doing::Describe, ask(request, None, DIRECTORIES_FROM));
    }

    /// Decides what to change, from who votes and who only follows.
    fn described(&mut self, world: &mut World, answer: &Answer) {
        let response = answer.read::<DescribeQuorumRequest>();
        let topic = response.and_then(|response| response.topics.into_iter().next());
        let partition = topic.and_then(|topic| topic.partitions.into_iter().next());
        let Some(partition) = partition.filter(|partition| partition.error_code == 0) else {
            return self.session.wait(world, 50, 500);
        };
        let voters: Vec<(EndId, Uuid)> = partition.current_voters.iter().map(key_of).collect();
        // What the directory of a node is now, whoever formatted it knows.
        let is_there = |(id, directory): &(EndId, Uuid)| world.directories.get(id) == Some(directory);
        let others = partition.observers.iter().map(key_of);
        let others: Vec<(EndId, Uuid)> = others
            .filter(is_there)
            .filter(|(id, _)| voters.iter().all(|(voter, _)| voter != id))
            .collect();
        let is_few = voters.len() <= VOTERS_MIN;
        let adds = !others.is_empty() && (is_few || (voters.len() < VOTERS_ENOUGH && world.random.one_in(2)));
        let picked = world.random.pick(if adds { &others } else { &voters });
        match picked {
            Some((id, directory)) if adds => self.change = Some((Doing::Add, directory)).filter(|_| id >= 0),
            Some((id, directory)) if !is_few => self.change = Some((Doing::Remove(id), directory)),
            _ => return self.session.wait(world, 200, 1000),
        }
        self.carry_out(world, picked.map_or(-1, |(id, _)| id));
    }

    fn carry_out(&mut self, world: &mut World, id: EndId) {
        let Some((doing, directory)) = self.change.take() else {
            return self.session.wait(world, 200, 1000);
        };
        world.tell(|| format!("the operator: {doing:?} {id} with {directory}"));
        let ask = if doing == Doing::Add {
            let listener = Listener::default()
                .with_name(string(LISTENER))
                .with_host(string(&format!("n{id}")))
                .with_port(PORT);
            let request = AddRaftVoterRequest::default()
                .with_cluster_id(Some(string(CLUSTER)))
                .with_timeout_ms(CHANGE_MAX_MS)
                .with_voter_id(id)
                .with_voter_directory_id(directory.into())
                .with_listeners(vec![listener]);
            ask(request, None, 0)
        } else {
            let request = RemoveRaftVoterRequest::default()
                .with_cluster_id(Some(string(CLUSTER)))
                .with_voter_id(id)
                .with_voter_directory_id(directory.into());
            ask(request, None, 0)
        };
        self.send(world, doing, ask);
    }

    fn raised(&mut self, world: &mut World, answer: &Answer) {
        let response = answer.read::<UpdateFeaturesRequest>();
        self.is_dynamic = response.is_some_and(|response| {
            response.error_code == 0 && response.results.iter().all(|result| result.error_code == 0)
        });
        let is_dynamic = self.is_dynamic;
        world.tell(|| format!("the operator has raised kraft.version: {is_dynamic}"));
        self.session.wait(world, 100, 800);
    }

    fn changed(&mut self, world: &mut World, code: Option<i16>) {
        let doing = self.doing;
        world.tell(|| format!("the operator: {doing:?} came to {code:?}"));
        self.is_sure &= code.is_some();
        self.session.wait(world, REFORMAT_MAX_MS + 50, 2500);
        let Doing::Remove(id) = doing else { return };
        let may_go = self.is_sure && world.weather.membership.reformats_removed();
        if code == Some(0) && may_go && world.random.one_in(2) {
            let wait = world.random.ms(0, REFORMAT_MAX_MS);
            world.after(wait, What::Fault(Fault::Reformat(id)));
        }
    }
}

impl Work for Operator {
    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    fn go_on(&mut self, world: &mut World, _: &mut History) {
        if !std::mem::replace(&mut self.has_begun, true) {
            return self.session.wait(world, 1500, 6000);
        }
        self.is_dynamic |= world.weather.membership.quorum == Quorum::Dynamic;
        if !self.is_dynamic {
            self.raise(world);
        } else if !self.is_over {
            self.describe(world);
        }
    }

    fn answered(&mut self, world: &mut World, _: &mut History, _: Asked, answer: &Answer) {
        match self.doing {
            Doing::Raise => self.raised(world, answer),
            Doing::Describe if self.is_over => {}
            Doing::Describe => self.described(world, answer),
            Doing::Add => {
                let response = answer.read::<AddRaftVoterRequest>();
                self.changed(world, response.map(|response| response.error_code));
            }
            Doing::Remove(_) => {
                let response = answer.read::<RemoveRaftVoterRequest>();
                self.changed(world, response.map(|response| response.error_code));
            }
        }
    }

    fn unfinished(&self) -> Option<String> {
        (!self.is_dynamic).then(|| "the operator has not raised kraft.version".to_owned())
    }

    fn finish(&mut self) {
        self.is_over = true;
    }
}
