//! A consumer that commits offsets and asks for them again, wherever its coordinator is.

use std::collections::BTreeSet;
use std::time::Duration;

use client::history::History;
use protocol::api::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use protocol::api::messages::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use protocol::api::messages::{FindCoordinatorRequest, OffsetCommitRequest, OffsetFetchRequest};
use protocol::api::{ErrorCode, GroupId, StrBytes, TopicName};

use super::{Asked, Place, Session, Work};
use crate::caller::{Answer, ask};
use crate::world::{EndId, World};

/// A member of a group of its own.
pub(crate) struct Group {
    session: Session,
    place: Place,
    name: String,
    coordinator: Option<i32>,
    /// What is committed for sure.
    committed: i64,
    /// What was so before.
    past: BTreeSet<i64>,
    /// What was sent last.
    sent: i64,
    asked_at: Duration,
    /// What got no answer that is certain: it may be committed, and late.
    unknown: BTreeSet<i64>,
    commits_next: bool,
    is_over: bool,
    /// It has asked once more at the end.
    has_asked: bool,
}

impl Group {
    pub(crate) fn new(id: EndId, place: Place) -> Self {
        Self {
            session: Session::new(id),
            place,
            name: format!("g{id}"),
            coordinator: None,
            committed: -1,
            past: BTreeSet::from([-1]),
            sent: -1,
            asked_at: Duration::ZERO,
            unknown: BTreeSet::new(),
            commits_next: true,
            is_over: false,
            has_asked: false,
        }
    }

    fn find(&mut self, world: &mut World) {
        let request = FindCoordinatorRequest::default()
            .with_key_type(0)
            .with_coordinator_keys(vec![StrBytes::from_string(self.name.clone())]);
        let server = self.session.any_broker(world);
        self.session
            .ask(world, server, Asked::Coordinator, ask(request, None, 4));
    }

    fn found(&mut self, world: &mut World, answer: &Answer) {
        let response = answer.read::<FindCoordinatorRequest>();
        let found = response.and_then(|response| response.coordinators.into_iter().next());
        self.coordinator = found.filter(|found| found.error_code == 0).map(|found| found.node_id.0);
        self.session.wait(world, 10, 80);
    }

    fn commit(&mut self, world: &mut World, coordinator: i32) {
        self.sent += 1;
        let partition = OffsetCommitRequestPartition::default()
            .with_partition_index(self.place.partition)
            .with_committed_offset(self.sent);
        let topic = OffsetCommitRequestTopic::default()
            .with_name(TopicName(StrBytes::from_string(self.place.topic.clone())))
            .with_partitions(vec![partition]);
        let request = OffsetCommitRequest::default()
            .with_group_id(GroupId(StrBytes::from_string(self.name.clone())))
            .with_generation_id_or_member_epoch(-1)
            .with_topics(vec![topic]);
        self.session
            .ask(world, coordinator, Asked::OffsetCommit, ask(request, Some(9), 0));
    }

    fn committed(&mut self, world: &mut World, answer: &Answer) {
        let response = answer.read::<OffsetCommitRequest>();
        let code = response.and_then(|response| {
            let topic = response.topics.into_iter().next()?;
            Some(topic.partitions.into_iter().next()?.error_code)
        });
        if code == Some(0) {
            self.past.insert(self.committed);
            self.committed = self.sent;
            world.totals.offsets_committed += 1;
            self.commits_next = false;
            self.session.wait(world, 100, 600);
        } else {
            self.unknown.insert(self.sent);
            self.coordinator = None;
            self.session.wait(world, 20, 100);
        }
        let (id, sent) = (self.session.id, self.sent);
        world.tell(|| format!("group {id}: the commit of {sent} came to {code:?}"));
    }

    fn fetch(&mut self, world: &mut World, coordinator: i32) {
        let topic = OffsetFetchRequestTopics::default()
            .with_name(TopicName(StrBytes::from_string(self.place.topic.clone())))
            .with_partition_indexes(vec![self.place.partition]);
        self.asked_at = world.now;
        let group = OffsetFetchRequestGroup::default()
            .with_group_id(GroupId(StrBytes::from_string(self.name.clone())))
            .with_topics(Some(vec![topic]));
        let request = OffsetFetchRequest::default().with_groups(vec![group]);
        self.session
            .ask(world, coordinator, Asked::OffsetFetch, ask(request, Some(9), 8));
    }

    fn fetched(&mut self, world: &mut World, answer: &Answer) {
        let response = answer.read::<OffsetFetchRequest>();
        let group = response.and_then(|response| response.groups.into_iter().next());
        let found = group.filter(|group| group.error_code == 0).and_then(|group| {
            let topic = group.topics.into_iter().next()?;
            topic.partitions.into_iter().next()
        });
        let Some(found) = found.filter(|found| ErrorCode::try_from_code(found.error_code).is_none()) else {
            self.coordinator = None;
            return self.session.wait(world, 20, 100);
        };
        let (id, offset) = (self.session.id, found.committed_offset);
        world.totals.offsets_fetched += 1;
        world.tell(|| format!("group {id}: fetched {offset}"));
        // One that has not heard that another took over tells what was committed when it coordinated, as Kafka's does.
        let known = world.offsets_leader;
        let is_replaced = known.is_none_or(|(leader, since)| Some(leader) != self.coordinator || since > self.asked_at);
        if is_replaced && self.past.contains(&offset) {
            self.coordinator = None;
            return self.session.wait(world, 20, 100);
        }
        if offset != self.committed && !self.unknown.contains(&offset) {
            let committed = self.committed;
            world.wrong(format!(
                "group {id} is told offset {offset}, having committed {committed}"
            ));
        }
        self.commits_next = true;
        self.has_asked = self.is_over;
        self.session.wait(world, 100, 600);
    }
}

impl Work for Group {
    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    fn go_on(&mut self, world: &mut World, _: &mut History) {
        match self.coordinator {
            None => self.find(world),
            Some(coordinator) if self.commits_next && !self.is_over => self.commit(world, coordinator),
            Some(coordinator) => self.fetch(world, coordinator),
        }
    }

    fn answered(&mut self, world: &mut World, _: &mut History, asked: Asked, answer: &Answer) {
        match asked {
            Asked::Coordinator => self.found(world, answer),
            Asked::OffsetCommit => self.committed(world, answer),
            Asked::OffsetFetch => self.fetched(world, answer),
            _ => {}
        }
    }

    fn unfinished(&self) -> Option<String> {
        (!self.has_asked).then(|| format!("group {} has not got its offset", self.session.id))
    }

    fn finish(&mut self) {
        self.is_over = true;
    }
}
