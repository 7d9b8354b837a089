//! Two to four replicas with messages that are late, lost or repeated, networks that part, leaders that change and
//! brokers that crash and lose what they had not synced: what is below a high watermark is the same everywhere and never
//! lost, high watermarks do not go back, what was acknowledged survives.
//!
//! A failure prints its seed; `KFLEET_SEED` runs that seed alone, `KFLEET_SEEDS` that many.

use std::collections::BTreeMap;

use super::controller::Controller;
use super::*;
use producer::Producer;

pub(crate) use chance::Chance;

mod chance;
mod producer;

#[derive(Debug, Clone)]
enum Message {
    Ask(Question),
    Answer(Question, Answer),
    Alter(ProposeIsr),
    Altered(ProposeIsr, IsrOutcome),
}

/// A message on its way; 0 is the controller. `life` is the receiver's, none where the receiver may have changed.
#[derive(Debug, Clone)]
struct Flight {
    from: i32,
    to: i32,
    to_life: Option<usize>,
    message: Message,
}

struct Slot {
    /// None while it is down.
    node: Option<Node>,
    disk: SimDisk,
    life: usize,
    /// Up to where its high watermark was checked, in this life.
    checked: i64,
    fetching: bool,
    /// Of the state it has seen.
    partition_epoch: i32,
}

struct Write {
    slot: usize,
    life: usize,
    value: String,
    appended: Appended,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    acknowledged: usize,
    repeated: usize,
    crashes: usize,
    elections: usize,
    truncations: usize,
    restarts_over: usize,
    isr_changes: usize,
    refused: usize,
}

struct World {
    seed: u64,
    chance: Chance,
    lag_max: Duration,
    now: Duration,
    controller: Controller,
    slots: Vec<Slot>,
    flights: Vec<Flight>,
    /// Fetches that come once more, when their epoch may be over.
    late: Vec<Flight>,
    /// (from, to) that lose everything.
    cut: BTreeSet<(i32, i32)>,
    writes: Vec<Write>,
    producer: Producer,
    next_value: usize,
    /// What was ever below a high watermark: epoch and value by offset.
    committed: BTreeMap<i64, (i32, String)>,
    acknowledged: BTreeMap<i64, String>,
    deleted_to: i64,
    tally: Tally,
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("replication chaos: seed {} failed after {:?}", self.seed, self.tally);
        }
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let count = 2 + chance.below(3) as i32;
        let lag_max = Duration::from_secs(if chance.one_in(2) { 5 } else { 30 });
        let controller = Controller::new(count, 2);
        let slots = (1..=count).map(|id| {
            let disk = SimDisk::default();
            let node = Node::with_lag(lag_max, id, &disk, &controller.state, 2, &controller.image, seconds(0));
            Slot {
                node: Some(node),
                disk,
                life: 0,
                checked: 0,
                fetching: false,
                partition_epoch: 1,
            }
        });
        Self {
            seed,
            chance,
            lag_max,
            now: Duration::ZERO,
            slots: slots.collect(),
            controller,
            flights: Vec::new(),
            late: Vec::new(),
            cut: BTreeSet::new(),
            writes: Vec::new(),
            producer: Producer::default(),
            next_value: 0,
            committed: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            deleted_to: 0,
            tally: Tally::default(),
        }
    }

    fn now(&self) -> Now {
        Now {
            wall_ms: 1000,
            mono: self.now,
        }
    }

    fn node(&self, id: i32) -> Option<&Node> {
        self.slots[id as usize - 1].node.as_ref()
    }

    fn any(&mut self) -> i32 {
        1 + self.chance.below(self.slots.len()) as i32
    }

    fn send(&mut self, from: i32, to: i32, message: Message) {
        let to_life = match message {
            Message::Answer(..) | Message::Altered(..) => Some(self.slots[to as usize - 1].life),
            _ => None,
        };
        self.flights.push(Flight {
            from,
            to,
            to_life,
            message,
        });
    }

    fn step(&mut self) {
        match self.chance.below(1010) {
            0..430 => self.deliver(),
            430..640 => self.ask(),
            640..700 => self.produce(),
            700..720 => self.send_sequence(),
            720..800 => self.publish(),
            800..840 => self.pass_time(),
            840..844 => self.toggle_cut(),
            844..849 => {
                let choose = self.chance.below(9);
                self.controller.move_leader(choose);
            }
            849..853 => self.crash(),
            853..885 => self.restart(),
            885..888 => self.fence(),
            888..920 => self.unfence(),
            920..930 => self.flush(),
            930..935 => self.delete(),
            935..1000 => self.acknowledge(),
            _ => self.deliver_late(),
        }
        self.check();
    }

    fn deliver(&mut self) {
        if self.flights.is_empty() {
            return;
        }
        let at = self.chance.below(self.flights.len());
        let flight = if self.chance.one_in(30) {
            self.flights[at].clone()
        } else {
            self.flights.swap_remove(at)
        };
        if matches!(flight.message, Message::Ask(_)) && self.chance.one_in(20) {
            self.late.push(flight.clone());
        }
        if self.chance.one_in(20) || self.cut.contains(&(flight.from, flight.to)) {
            self.lose(flight);
        } else {
            self.receive(flight);
        }
    }

    fn deliver_late(&mut self) {
        if !self.late.is_empty() {
            let at = self.chance.below(self.late.len());
            let flight = self.late.swap_remove(at);
            self.receive(flight);
        }
    }

    /// Who asks the controller notices that no answer comes.
    fn lose(&mut self, flight: Flight) {
        let (id, proposal) = match flight.message {
            Message::Alter(proposal) => (flight.from, proposal),
            Message::Altered(proposal, _) => (flight.to, proposal),
            _ => return,
        };
        if let Some(node) = self.node(id) {
            let lost = IsrOutcome::Refused(ErrorCode::NetworkException);
            node.partition.isr_outcome(&proposal, lost, self.now());
        }
    }

    fn receive(&mut self, flight: Flight) {
        let now = self.now();
        if let Message::Alter(proposal) = flight.message {
            let before = self.controller.state.partition_epoch;
            let outcome = self.controller.alter(flight.from, &proposal);
            self.tally.isr_changes += usize::from(self.controller.state.partition_epoch > before);
            return self.send(0, flight.from, Message::Altered(proposal, outcome));
        }
        let slot = &mut self.slots[flight.to as usize - 1];
        if flight.to_life.is_some_and(|life| life != slot.life) {
            return;
        }
        let Some(node) = &slot.node else { return };
        match flight.message {
            Message::Ask(question) => {
                let answer = answer(node, &question, now);
                self.send(flight.to, flight.from, Message::Answer(question, answer));
            }
            Message::Answer(question, answer) => {
                slot.fetching = false;
                match take(node, &question, &answer, now) {
                    Ok(()) => {
                        self.tally.truncations += usize::from(matches!(answer, Answer::Diverged(_)));
                        self.tally.restarts_over += usize::from(matches!(answer, Answer::OutOfRange { .. }));
                    }
                    Err(FollowError::Outdated { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            Message::Altered(proposal, outcome) => node.partition.isr_outcome(&proposal, outcome, now),
            Message::Alter(_) => {}
        }
    }

    fn ask(&mut self) {
        let id = self.any();
        if self.slots[id as usize - 1].fetching && !self.chance.one_in(6) {
            return;
        }
        let Some(node) = self.node(id) else { return };
        let epoch = node.context.this_member().broker_epoch;
        let (Some(question), Some(position)) = (question(node, epoch), node.partition.follower_position()) else {
            return;
        };
        self.slots[id as usize - 1].fetching = true;
        self.send(id, position.leader, Message::Ask(question));
    }

    fn produce(&mut self) {
        let id = self.any();
        let slot = &self.slots[id as usize - 1];
        let Some(node) = &slot.node else { return };
        let value = self.next_value.to_string();
        match produce(node, &value, -1, self.now()) {
            Ok(appended) => {
                let (slot, life) = (id as usize - 1, slot.life);
                self.writes.push(Write {
                    slot,
                    life,
                    value,
                    appended,
                });
                self.next_value += 1;
            }
            Err(error) => {
                let expected = [ErrorCode::NotLeaderOrFollower, ErrorCode::NotEnoughReplicas];
                assert!(expected.contains(&error.code), "{error}");
                self.tally.refused += usize::from(error.code == ErrorCode::NotEnoughReplicas);
            }
        }
    }

    fn acknowledge(&mut self) {
        self.acknowledge_sequence();
        for write in std::mem::take(&mut self.writes) {
            let slot = &self.slots[write.slot];
            let Some(node) = slot.node.as_ref().filter(|_| slot.life == write.life) else {
                continue;
            };
            match replicated(node, &write.appended) {
                Replicated::Yes => {
                    self.tally.acknowledged += 1;
                    self.acknowledged.insert(write.appended.first_offset, write.value);
                }
                Replicated::NotYet => self.writes.push(write),
                Replicated::Failed(_) => {}
            }
        }
    }

    /// A broker takes the newest metadata.
    fn publish(&mut self) {
        let id = self.any();
        self.publish_to(id);
    }

    fn publish_to(&mut self, id: i32) {
        let now = self.now();
        let slot = &mut self.slots[id as usize - 1];
        let Some(node) = &slot.node else { return };
        if slot.partition_epoch != self.controller.state.partition_epoch {
            slot.fetching = false;
        }
        slot.partition_epoch = self.controller.state.partition_epoch;
        node.update(&self.controller.state, 2, &self.controller.image, now);
    }

    fn pass_time(&mut self) {
        self.now += Duration::from_secs(1 + self.chance.below(12) as u64);
        let now = self.now();
        let mut proposals = Vec::new();
        for node in self.slots.iter().filter_map(|slot| slot.node.as_ref()) {
            node.partition.check_isr(now);
            proposals.extend(node.context.take_proposals().into_iter().map(|p| (node.id, p)));
        }
        for (id, proposal) in proposals {
            self.send(id, 0, Message::Alter(proposal));
        }
    }

    fn toggle_cut(&mut self) {
        if self.chance.one_in(3) {
            return self.cut.clear();
        }
        let way = (self.any(), self.chance.below(self.slots.len() + 1) as i32);
        let way = if self.chance.one_in(2) { way } else { (way.1, way.0) };
        if !self.cut.remove(&way) {
            self.cut.insert(way);
        }
    }

    /// Crashes a broker if another has all that is committed; one at a time, as many crashes at once can lose anything.
    fn crash(&mut self) {
        let id = self.any();
        let mut others = self.controller.complete();
        others.remove(&id);
        if others.is_empty() || self.slots.iter().any(|slot| slot.node.is_none()) {
            return;
        }
        self.tally.crashes += 1;
        let (slot, chance) = (&mut self.slots[id as usize - 1], &mut self.chance);
        let keep_all = chance.one_in(3);
        slot.disk = slot.disk.crash(
            |_, at_stake| {
                if keep_all { at_stake } else { chance.below(at_stake + 1) }
            },
        );
        slot.node = None;
        slot.life += 1;
        slot.fetching = false;
    }

    fn restart(&mut self) {
        let id = self.any();
        if self.node(id).is_some() {
            return;
        }
        let choose = self.chance.below(9);
        self.controller.register_after_crash(id, choose);
        let now = self.now();
        let slot = &mut self.slots[id as usize - 1];
        let node = Node::with_lag(
            self.lag_max,
            id,
            &slot.disk,
            &self.controller.state,
            2,
            &self.controller.image,
            now,
        );
        slot.checked = node.partition.offsets().1;
        slot.partition_epoch = self.controller.state.partition_epoch;
        slot.node = Some(node);
    }

    fn fence(&mut self) {
        let (id, choose) = (self.any(), self.chance.below(9));
        if self.controller.is_alive(id) {
            self.controller.fence(id, choose);
        }
    }

    fn unfence(&mut self) {
        let (id, choose) = (self.any(), self.chance.below(9));
        if !self.controller.is_alive(id) && self.node(id).is_some() {
            self.controller.unfence(id, choose);
        }
    }

    fn flush(&mut self) {
        let id = self.any();
        if let Some(node) = self.node(id) {
            node.partition.flush().unwrap();
        }
    }

    fn delete(&mut self) {
        let id = self.any();
        let Some(node) = self.node(id) else { return };
        let (start, high_watermark, _) = node.partition.offsets();
        let to = start + (high_watermark - start) / 4;
        if node.partition.delete_records(to).is_ok() {
            self.deleted_to = self.deleted_to.max(to);
        }
    }

    /// High watermarks do not go back in a life, and what is below them is what has always been there.
    fn check(&mut self) {
        for slot in &mut self.slots {
            let Some(node) = &slot.node else { continue };
            let (_, high_watermark, _) = node.partition.offsets();
            assert!(
                high_watermark >= slot.checked,
                "the high watermark of {} went from {} to {high_watermark}",
                node.id,
                slot.checked
            );
            if high_watermark == slot.checked {
                continue;
            }
            for (offset, epoch, value) in records(node, slot.checked, Isolation::HighWatermark) {
                let known = self.committed.entry(offset).or_insert((epoch, value.clone()));
                assert_eq!(*known, (epoch, value), "offset {offset} on broker {}", node.id);
            }
            slot.checked = high_watermark;
        }
    }

    /// Where two logs have the same offset in the same epoch, they are the same there.
    fn check_logs_match(&self) {
        let mut seen: BTreeMap<(i64, i32), String> = BTreeMap::new();
        for node in self.slots.iter().filter_map(|slot| slot.node.as_ref()) {
            for (offset, epoch, value) in records(node, 0, Isolation::LogEndOffset) {
                let known = seen.entry((offset, epoch)).or_insert_with(|| value.clone());
                assert_eq!(*known, value, "offset {offset} of epoch {epoch} on broker {}", node.id);
            }
        }
    }

    /// The network is whole, everybody is up and nothing more is written.
    fn heal(&mut self) {
        self.cut.clear();
        for flight in std::mem::take(&mut self.flights) {
            self.lose(flight);
        }
        for id in 1..=self.slots.len() as i32 {
            while self.node(id).is_none() {
                self.restart();
            }
            if !self.controller.is_alive(id) {
                self.controller.unfence(id, 0);
            }
        }
        for _ in 0..400 {
            for id in 1..=self.slots.len() as i32 {
                self.publish_to(id);
                let Some(node) = self.node(id) else { continue };
                let epoch = node.context.this_member().broker_epoch;
                if let (Some(asked), Some(position)) = (question(node, epoch), node.partition.follower_position()) {
                    let Some(leader) = self.node(position.leader) else {
                        continue;
                    };
                    take(node, &asked, &answer(leader, &asked, self.now()), self.now()).unwrap();
                }
            }
            self.now += Duration::from_secs(1);
            self.pass_time();
            for flight in std::mem::take(&mut self.flights) {
                self.receive(flight);
            }
            for flight in std::mem::take(&mut self.flights) {
                self.receive(flight);
            }
            self.check();
        }
    }

    fn check_end(&mut self) {
        assert_eq!(
            self.controller.state.isr.len(),
            self.slots.len(),
            "everybody is back in the ISR: {:?}",
            self.controller.state
        );
        let logs = self.slots.iter().map(|slot| {
            let node = slot.node.as_ref().unwrap();
            let (_, high_watermark, end) = node.partition.offsets();
            assert_eq!(high_watermark, end, "broker {}", node.id);
            records(node, self.deleted_to, Isolation::LogEndOffset)
        });
        let logs: Vec<_> = logs.collect();
        for log in &logs {
            assert_eq!(log, &logs[0]);
        }
        let held: BTreeMap<i64, &String> = logs[0].iter().map(|(offset, _, value)| (*offset, value)).collect();
        for (offset, value) in self.acknowledged.range(self.deleted_to..) {
            assert_eq!(held.get(offset), Some(&value), "offset {offset} was acknowledged");
        }
        for (offset, (_, value)) in self.committed.range(self.deleted_to..) {
            assert_eq!(held.get(offset), Some(&value), "offset {offset} was committed");
        }
        let twice: BTreeSet<&&String> = held.values().collect();
        assert_eq!(twice.len(), held.len(), "a value is there twice");
    }
}

pub(super) fn run(seed: u64) -> Tally {
    let mut world = World::new(seed);
    for step in 0..3000 {
        world.step();
        if step % 100 == 0 {
            world.check_logs_match();
        }
    }
    world.check_logs_match();
    world.acknowledge();
    world.heal();
    world.check_end();
    world.tally.elections = world.controller.elections;
    std::mem::take(&mut world.tally)
}

pub(crate) fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn what_is_committed_is_never_lost_whatever_happens_to_brokers_and_networks() {
    let seeds = match number("KFLEET_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("KFLEET_SEEDS").unwrap_or(60),
    };
    let count = seeds.end - seeds.start;
    let mut sum = Tally::default();
    for tally in seeds.map(run) {
        sum.acknowledged += tally.acknowledged;
        sum.repeated += tally.repeated;
        sum.crashes += tally.crashes;
        sum.elections += tally.elections;
        sum.truncations += tally.truncations;
        sum.restarts_over += tally.restarts_over;
        sum.isr_changes += tally.isr_changes;
        sum.refused += tally.refused;
    }
    println!("{count} seeds: {sum:?}");
    if count >= 60 {
        let rare = [
            sum.acknowledged,
            sum.repeated,
            sum.crashes,
            sum.elections,
            sum.truncations,
            sum.isr_changes,
            sum.refused,
        ];
        assert!(rare.iter().all(|times| *times >= 60), "it tests too little: {sum:?}");
    }
}
