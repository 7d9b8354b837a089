//! A quorum of controllers and observers, with nothing between them but the bytes of the wire.

use super::*;
use crate::call::ReplyTarget;
use crate::raft::Peer;
use crate::raft::wire::tests::{answer_in, call_of, cluster_id};

/// Voters 1 to 3; others observe.
struct Quorum {
    nodes: BTreeMap<i32, Node>,
    now: Duration,
    /// Requests that are not answered: who sent them under which number.
    owed: BTreeMap<Ticket, (i32, u64, ReplyTarget)>,
    next_ticket: u64,
    keys: Vec<(&'static str, &'static str)>,
}

impl Quorum {
    fn new(keys: &[(&'static str, &'static str)]) -> Self {
        Self {
            nodes: BTreeMap::new(),
            now: Duration::ZERO,
            owed: BTreeMap::new(),
            next_ticket: 0,
            keys: keys.to_vec(),
        }
    }

    fn start(&mut self, id: i32) {
        let mut node = Node::seated(SimDisk::default(), None, &self.keys, (id, 3), &cluster_id());
        // It was born at the time 0 of its own clock.
        for at in node.timers.values_mut() {
            *at += self.now;
        }
        node.now = self.now;
        self.nodes.insert(id, node);
    }

    /// Starts a node on the disk of its earlier life.
    fn restart(&mut self, id: i32) {
        let disk = self.nodes.remove(&id).unwrap().disk;
        let mut node = Node::seated(disk, None, &self.keys, (id, 3), &cluster_id());
        for at in node.timers.values_mut() {
            *at += self.now;
        }
        node.now = self.now;
        self.nodes.insert(id, node);
    }

    fn event(&mut self, id: i32, event: Event) {
        let node = self.nodes.get_mut(&id).unwrap();
        node.now = self.now;
        let replies = node.event(event);
        self.hand_back(replies);
    }

    fn hand_back(&mut self, replies: Vec<(Ticket, Reply)>) {
        for (ticket, reply) in replies {
            if let Some((from, number, target)) = self.owed.remove(&ticket) {
                let response = Some(answer_in(target, reply));
                self.event(from, Event::QuorumResponse { id: number, response });
            }
        }
    }

    fn carry(&mut self) {
        loop {
            let nodes = self.nodes.iter_mut();
            let sends: Vec<(i32, QuorumRequest)> = nodes
                .flat_map(|(id, node)| node.sends.drain(..).map(|sent| (*id, sent)))
                .collect();
            if sends.is_empty() {
                return;
            }
            for (from, QuorumRequest { id, to, request }) in sends {
                let Peer::Node(to) = to else {
                    panic!("{to:?} is not known")
                };
                if !self.nodes.contains_key(&to) {
                    self.event(from, Event::QuorumResponse { id, response: None });
                    continue;
                }
                let call = call_of(&request);
                self.next_ticket += 1;
                let ticket = Ticket(1_000_000 + self.next_ticket);
                self.owed.insert(ticket, (from, id, call.target()));
                self.event(to, Event::Call { ticket, call });
            }
        }
    }

    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            self.carry();
            let timers = self
                .nodes
                .iter()
                .flat_map(|(id, node)| node.timers.iter().map(|(timer, at)| (*at, *id, *timer)));
            let Some((at, id, timer)) = timers.min().filter(|(at, ..)| *at <= until) else {
                break;
            };
            // Time goes on with each step, so that nobody is called for ever at one time.
            self.now = (self.now + Duration::from_micros(10)).max(at);
            self.nodes.get_mut(&id).unwrap().timers.remove(&timer);
            self.event(id, Event::Timer(timer));
        }
        self.now = self.now.max(until);
    }

    fn leader(&mut self) -> &mut Node {
        let leader = self.nodes.values_mut().find(|node| node.controller.active);
        leader.expect("one is active")
    }

    /// Appends as the active controller, all committed.
    fn append(&mut self, records: Vec<Record>) {
        let now = self.now;
        let leader = self.leader();
        leader.now = now;
        let replies = leader.take(|controller, cx| {
            controller.append(records, cx).unwrap();
            controller.commit(cx).unwrap();
            controller.spread(cx).unwrap();
        });
        self.hand_back(replies);
        self.wait(Duration::from_millis(20));
    }
}

fn topic_record(number: u128) -> Record {
    let record = protocol::messages::metadata::TopicRecord {
        name: format!("t{number}"),
        topic_id: Uuid::from_u128(5000 + number),
        ..Default::default()
    };
    record.into()
}

#[test]
fn a_fresh_voter_and_an_observer_load_the_snapshot_of_a_leader_whose_log_starts_later() {
    let keep_little = [("metadata.max.retention.bytes", "1000")];
    let mut quorum = Quorum::new(&[&OFTEN[..], &keep_little].concat());
    quorum.start(1);
    quorum.start(2);
    quorum.wait(5 * SECOND);
    for number in 0..200 {
        quorum.append(vec![topic_record(number)]);
    }
    for id in [1, 2] {
        let raft = quorum.nodes[&id].controller.quorum();
        assert!(
            raft.log_start_offset() > 0 && raft.snapshot().is_some(),
            "{id} takes its own"
        );
    }
    quorum.start(3);
    quorum.start(9);
    quorum.wait(5 * SECOND);
    for number in 200..203 {
        quorum.append(vec![topic_record(number)]);
    }
    quorum.wait(SECOND);
    let image = quorum.leader().controller.image().clone();
    assert_eq!(image.topics().len(), 203);
    for (id, node) in &quorum.nodes {
        let found = node.controller.image();
        assert_eq!((found.offset(), found.epoch()), (image.offset(), image.epoch()), "{id}");
        assert_eq!(
            (found.topics(), found.features()),
            (image.topics(), image.features()),
            "{id}"
        );
        assert!(found.configs().eq(image.configs()), "{id}");
        let (_, loads) = node.controller.quorum().upheavals();
        assert_eq!(loads > 0, *id == 3 || *id == 9, "{id} loaded {loads} snapshots");
    }
    let observer = &quorum.nodes[&9].controller.quorum();
    assert!(!observer.voters().contains(9) && observer.log_start_offset() > 0);
}

#[test]
fn what_a_node_has_from_an_earlier_life_is_given_out_only_with_what_came_since() {
    let mut quorum = Quorum::new(&OFTEN);
    for id in 1..=3 {
        quorum.start(id);
    }
    quorum.wait(5 * SECOND);
    for number in 0..50 {
        quorum.append(vec![topic_record(number)]);
    }
    quorum.wait(SECOND);
    let leader = quorum.leader().controller.quorum().node_id();
    let id = if leader == 3 { 2 } else { 3 };
    let known = quorum.leader().controller.image().offset();
    quorum.restart(id);
    let node = &quorum.nodes[&id].controller;
    assert!(node.quorum().snapshot().is_some(), "it has metadata");
    assert_eq!(node.published, None, "and gives nothing of it out");
    for _ in 0..5000 {
        quorum.wait(Duration::from_millis(1));
        if quorum.nodes[&id].controller.published.is_some() {
            break;
        }
    }
    let first = quorum.nodes[&id].controller.published;
    assert!(first.is_some_and(|first| first >= known), "{first:?} after {known}");
}
