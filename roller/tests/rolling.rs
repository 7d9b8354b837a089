//! Rolls carried out on a fleet that is made up: killed at every record and at random, with executors that fail.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kfleet_roller as roller;
use planner::random::Random;
use roller::fleet::{Fleet, Quorum, Voter};
use roller::plan::{Request, plan};
use roller::run::{Action, Doubt, Event, Journal, Order, Outcome, Probe, Record, Roll, VOTER_MEMORY, View, Waits};

use super::cluster;

const BROKERS: [(i32, &str); 6] = [(1, "a"), (2, "b"), (3, "c"), (4, "a"), (5, "b"), (6, "c")];
const PARTITIONS: [[i32; 3]; 6] = [[1, 2, 3], [4, 5, 6], [2, 3, 4], [5, 6, 1], [3, 1, 5], [6, 4, 2]];
const CONTROLLERS: [i32; 3] = [101, 102, 103];

/// A fleet, its executor and its clock.
struct Stage {
    random: Random,
    now: Duration,
    /// How often each node's process was started.
    lives: BTreeMap<i32, u32>,
    running: BTreeSet<i32>,
    out_of_sync: BTreeSet<(usize, i32)>,
    leader: i32,
    /// Until when voters that stopped are taken for caught up, and from when on those that started are.
    remembered: BTreeMap<i32, Duration>,
    caught_up: BTreeMap<i32, Duration>,
    journal: Vec<Record>,
    coming: Vec<(Duration, Effect)>,
    has_probe: bool,
    /// Nodes whose stop does nothing, whose start fails, that come back as the same process.
    stuck: Option<i32>,
    broken: Option<i32>,
    lying: Option<i32>,
    /// The node that ends again soon after it was started.
    dying: Option<i32>,
}

#[derive(Debug, Clone)]
enum Effect {
    Tell(Event),
    Do(Action),
    InSync(usize, i32),
    /// A stop that takes its time, of the process that was started so often.
    StopLate(i32, u32),
    Die(i32),
}

impl Stage {
    fn new(seed: u64) -> Self {
        let nodes = BROKERS.iter().map(|(id, _)| *id).chain(CONTROLLERS);
        Self {
            random: Random::new(seed),
            now: Duration::ZERO,
            lives: nodes.clone().map(|id| (id, 1)).collect(),
            running: nodes.collect(),
            out_of_sync: BTreeSet::new(),
            leader: 102,
            remembered: BTreeMap::new(),
            caught_up: BTreeMap::new(),
            journal: Vec::new(),
            coming: Vec::new(),
            has_probe: true,
            stuck: None,
            broken: None,
            lying: None,
            dying: None,
        }
    }

    fn view(&self) -> View {
        let in_sync: Vec<Vec<i32>> = PARTITIONS
            .iter()
            .enumerate()
            .map(|(at, replicas)| self.in_sync(at, replicas))
            .collect();
        let rows: Vec<(&[i32], &[i32], u16)> = PARTITIONS
            .iter()
            .zip(&in_sync)
            .map(|(replicas, in_sync)| (&replicas[..], &in_sync[..], 2))
            .collect();
        let voters = CONTROLLERS.iter().map(|id| Voter {
            id: *id,
            is_caught_up: self.has_caught_up(*id) || self.remembered.get(id).is_some_and(|until| self.now < *until),
        });
        View {
            cluster: cluster(&BROKERS, &rows),
            quorum: Quorum {
                voters: voters.collect(),
                leader: Some(self.leader),
            },
            alive: self.running.iter().copied().filter(|id| *id < 100).collect(),
            reassigning: Vec::new(),
        }
    }

    fn has_caught_up(&self, id: i32) -> bool {
        self.running.contains(&id) && self.caught_up.get(&id).is_none_or(|from| self.now >= *from)
    }

    fn in_sync(&self, at: usize, replicas: &[i32]) -> Vec<i32> {
        let is_in = |id: &i32| self.running.contains(id) && !self.out_of_sync.contains(&(at, *id));
        replicas.iter().copied().filter(is_in).collect()
    }

    fn later(&mut self, below_ms: usize, effect: Effect) {
        let at = self.now + Duration::from_millis(1 + self.random.below(below_ms) as u64);
        self.coming.push((at, effect));
    }

    /// What an action does to the fleet, and what is told of it then.
    fn act(&mut self, action: &Action) -> Option<Event> {
        match action {
            Action::Look => Some(Event::Saw(Box::new(self.view()))),
            Action::Probe(id) => Some(Event::Probed(*id, Ok(self.identity(*id)))),
            Action::Write(record) => {
                self.journal.push(record.clone());
                Some(Event::Written)
            }
            Action::Stop(id) => Some(Event::Stopped(*id, self.stop(*id))),
            Action::Start(id) => Some(Event::Started(*id, self.start(*id))),
            Action::Elect(_) => Some(Event::Elected(Ok(()))),
            Action::WakeAt(_) | Action::End(_) => None,
        }
    }

    fn identity(&self, id: i32) -> Probe {
        match (self.has_probe, self.running.contains(&id)) {
            (false, _) => Probe::Unknown,
            (true, false) => Probe::NotRunning,
            (true, true) => Probe::Is(self.lives[&id].to_string()),
        }
    }

    fn stop(&mut self, id: i32) -> Result<(), String> {
        if self.stuck == Some(id) {
            return Err("still running after 360 s".to_owned());
        }
        if self.lying == Some(id) {
            return Ok(());
        }
        self.running.remove(&id);
        self.remembered.insert(id, self.now + VOTER_MEMORY);
        let held = PARTITIONS
            .iter()
            .enumerate()
            .filter(|(_, replicas)| replicas.contains(&id));
        self.out_of_sync.extend(held.map(|(at, _)| (at, id)));
        if id == self.leader {
            self.leader = CONTROLLERS
                .into_iter()
                .find(|other| self.running.contains(other))
                .unwrap();
        }
        self.promise_is_kept();
        Ok(())
    }

    fn promise_is_kept(&self) {
        for (at, replicas) in PARTITIONS.iter().enumerate() {
            assert!(
                self.in_sync(at, replicas).len() >= 2,
                "t-{at} of {replicas:?} with {:?}",
                self.running
            );
        }
        assert!(CONTROLLERS.iter().filter(|id| self.has_caught_up(**id)).count() >= 2);
    }

    fn start(&mut self, id: i32) -> Result<(), String> {
        if self.broken == Some(id) {
            return Err("the unit failed".to_owned());
        }
        if self.running.insert(id) {
            let takes = Duration::from_millis(self.random.below(20_000) as u64);
            self.caught_up.insert(id, self.now + takes);
            *self.lives.get_mut(&id).unwrap() += 1;
            if self.dying == Some(id) {
                self.later(20_000, Effect::Die(id));
                return Ok(());
            }
            for at in 0..PARTITIONS.len() {
                if self.out_of_sync.contains(&(at, id)) {
                    self.later(20_000, Effect::InSync(at, id));
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, actions: Vec<Action>) -> Option<Outcome> {
        for action in actions {
            match action {
                Action::End(outcome) => return Some(outcome),
                Action::WakeAt(at) => self.coming.push((at.max(self.now), Effect::Tell(Event::Tick))),
                // Records become durable in the order in which they were written.
                Action::Write(_) => self
                    .coming
                    .push((self.now + Duration::from_millis(1), Effect::Do(action))),
                _ => self.later(3_000, Effect::Do(action)),
            }
        }
        None
    }

    /// Runs until it ends; or until so many records are durable, and then it is killed.
    fn run(&mut self, roll: &mut Roll, killed_at: Option<usize>) -> Option<Outcome> {
        let mut ended = self.take(roll.on(Event::Begin, self.now));
        while ended.is_none() {
            let next = self
                .coming
                .iter()
                .enumerate()
                .min_by_key(|(at, (when, _))| (*when, *at))
                .map(|(at, _)| at);
            let (when, effect) = self.coming.remove(next.expect("it waits for something"));
            self.now = when.max(self.now);
            assert!(self.now < Duration::from_secs(100_000), "it goes on for ever");
            let told = match effect {
                Effect::Tell(event) => Some(event),
                Effect::InSync(at, id) => {
                    if self.running.contains(&id) {
                        self.out_of_sync.remove(&(at, id));
                    }
                    None
                }
                Effect::StopLate(id, life) => {
                    if self.running.contains(&id) && self.lives[&id] == life {
                        self.stop(id).unwrap();
                    }
                    None
                }
                Effect::Die(id) => {
                    self.running.remove(&id);
                    None
                }
                Effect::Do(action) => self.act(&action),
            };
            if killed_at.is_some_and(|killed_at| self.journal.len() >= killed_at) {
                self.kill();
                return None;
            }
            if let Some(event) = told {
                ended = self.take(roll.on(event, self.now));
            }
        }
        ended
    }

    /// What is under way ends somehow: a command that was sent is carried out, or never arrives, and a node may take its
    /// time to stop.
    fn kill(&mut self) {
        for (at, effect) in std::mem::take(&mut self.coming) {
            match effect {
                Effect::InSync(..) | Effect::StopLate(..) | Effect::Die(_) => self.coming.push((at, effect)),
                Effect::Do(Action::Stop(id)) if self.random.below(3) == 0 => {
                    let life = self.lives[&id];
                    self.later(60_000, Effect::StopLate(id, life));
                }
                Effect::Do(action @ (Action::Stop(_) | Action::Start(_))) if self.random.below(2) == 0 => {
                    self.act(&action);
                }
                _ => {}
            }
        }
    }
}

fn order() -> Order {
    Order {
        spare: 0,
        accepted: Vec::new(),
        accept_quorum: false,
        elect_preferred: true,
        waits: Waits::default(),
    }
}

fn steps(stage: &Stage) -> Vec<Vec<i32>> {
    let view = stage.view();
    let fleet = Fleet {
        cluster: &view.cluster,
        quorum: &view.quorum,
    };
    let request = Request {
        max_batch: Some(2),
        ..Request::new(fleet.nodes())
    };
    let plan = plan(fleet, &request).unwrap();
    assert!(plan.is_complete());
    plan.steps.into_iter().map(|step| step.nodes).collect()
}

fn begun(stage: &mut Stage) -> Roll {
    let (journal, first) = Journal::begin(steps(stage));
    stage.journal.push(first);
    Roll::new(order(), &journal)
}

fn resumed(stage: &Stage) -> Roll {
    Roll::new(order(), &Journal::read(&stage.journal).unwrap())
}

fn each_restarted_once(stage: &Stage) {
    assert!(stage.lives.values().all(|lives| *lives == 2), "{:?}", stage.lives);
    assert_eq!(stage.running.len(), 9);
    assert!(stage.out_of_sync.is_empty());
    let journal = Journal::read(&stage.journal).unwrap();
    assert!(journal.has_ended() && journal.restarted().len() == 9);
}

#[test]
fn every_node_restarts_once() {
    for seed in 1..=20 {
        let mut stage = Stage::new(seed);
        let mut roll = begun(&mut stage);
        assert_eq!(stage.run(&mut roll, None), Some(Outcome::Done));
        each_restarted_once(&stage);
    }
}

#[test]
fn a_voter_is_not_back_because_the_quorum_has_not_noticed_that_it_was_gone() {
    for seed in 1..=100 {
        let mut stage = Stage::new(seed);
        let (journal, first) = Journal::begin(steps(&stage));
        stage.journal.push(first);
        let hasty = Waits {
            poll: Duration::from_millis(50),
            before_election: Duration::ZERO,
            stable_looks: 1,
            ..Waits::default()
        };
        let mut roll = Roll::new(
            Order {
                waits: hasty,
                ..order()
            },
            &journal,
        );
        assert_eq!(stage.run(&mut roll, None), Some(Outcome::Done));
        each_restarted_once(&stage);
    }
}

#[test]
fn killed_at_every_record_it_goes_on_and_restarts_nothing_twice() {
    let mut stage = Stage::new(1);
    let mut roll = begun(&mut stage);
    stage.run(&mut roll, None);
    let records = stage.journal.len();
    assert!(records > 9 * 2);
    for killed_at in 2..records {
        for seed in 1..=10 {
            let mut stage = Stage::new(seed);
            let mut roll = begun(&mut stage);
            assert_eq!(stage.run(&mut roll, Some(killed_at)), None);
            let mut roll = resumed(&stage);
            assert_eq!(
                stage.run(&mut roll, None),
                Some(Outcome::Done),
                "killed at record {killed_at}, seed {seed}"
            );
            each_restarted_once(&stage);
        }
    }
}

#[test]
fn killed_again_and_again_it_comes_to_the_same_end() {
    for seed in 1..=200 {
        let mut stage = Stage::new(seed);
        let mut roll = begun(&mut stage);
        loop {
            let more = 1 + stage.random.below(6);
            let killed_at = Some(stage.journal.len() + more);
            if let Some(outcome) = stage.run(&mut roll, killed_at) {
                assert_eq!(outcome, Outcome::Done, "seed {seed}");
                break;
            }
            if Journal::read(&stage.journal).unwrap().has_ended() {
                break;
            }
            roll = resumed(&stage);
        }
        each_restarted_once(&stage);
    }
}

#[test]
fn without_a_probe_an_interrupted_step_is_asked_about() {
    let mut stage = Stage::new(1);
    stage.has_probe = false;
    let mut roll = begun(&mut stage);
    assert_eq!(stage.run(&mut roll, Some(2)), None);
    let mut roll = resumed(&stage);
    assert_eq!(
        stage.run(&mut roll, None),
        Some(Outcome::Halted(vec![Doubt::NoProbe(101)]))
    );
}

#[test]
fn a_node_that_does_not_stop_or_start_or_lies_ends_it_and_its_mates_are_started() {
    type Fault = fn(&mut Stage);
    let faults: [(Fault, &str); 3] = [
        (
            |stage| stage.stuck = Some(4),
            "node 4 did not stop: still running after 360 s",
        ),
        (|stage| stage.broken = Some(4), "node 4 did not start: the unit failed"),
        (
            |stage| stage.lying = Some(4),
            "node 4 was stopped and started, and is the same process as before",
        ),
    ];
    for (fault, expected) in faults {
        let mut stage = Stage::new(3);
        fault(&mut stage);
        let (journal, first) = Journal::begin(vec![vec![1, 4], vec![2, 5]]);
        stage.journal.push(first);
        let mut roll = Roll::new(order(), &journal);
        let Some(Outcome::Halted(doubts)) = stage.run(&mut roll, None) else {
            panic!("{expected}");
        };
        let said: Vec<String> = doubts.iter().map(ToString::to_string).collect();
        assert_eq!(said, [expected]);
        assert!(stage.running.contains(&1), "{expected}");
        assert_eq!((stage.lives[&2], stage.lives[&5]), (1, 1));
    }
}

#[test]
fn a_node_that_ends_again_is_not_waited_for() {
    let mut stage = Stage::new(7);
    stage.dying = Some(4);
    let (journal, first) = Journal::begin(vec![vec![1, 4], vec![2, 5]]);
    stage.journal.push(first);
    let mut roll = Roll::new(order(), &journal);
    let outcome = stage.run(&mut roll, None);
    assert_eq!(outcome, Some(Outcome::Halted(vec![Doubt::Died(4)])));
    assert!(stage.now < Duration::from_secs(60), "{:?}", stage.now);
    assert_eq!((stage.lives[&2], stage.lives[&5]), (1, 1));
    stage.dying = None;
    let mut roll = resumed(&stage);
    assert_eq!(stage.run(&mut roll, None), Some(Outcome::Done));
    assert_eq!(stage.running.len(), 9);
    let lives = [1, 4, 2, 5].map(|id| stage.lives[&id]);
    assert_eq!(
        lives,
        [2, 3, 2, 2],
        "it is started again, and nothing else is restarted twice"
    );
}

#[test]
fn an_abort_after_an_interruption_leaves_nothing_down() {
    for seed in 1..=200 {
        let mut stage = Stage::new(seed);
        let mut roll = begun(&mut stage);
        let killed_at = 2 + stage.random.below(20);
        assert_eq!(stage.run(&mut roll, Some(killed_at)), None);
        let mut roll = resumed(&stage);
        assert_eq!(roll.on(Event::Abort, stage.now), []);
        assert_eq!(stage.run(&mut roll, None), Some(Outcome::Aborted), "seed {seed}");
        while let Some(at) = stage
            .coming
            .iter()
            .position(|(_, effect)| matches!(effect, Effect::StopLate(..)))
        {
            let (_, effect) = stage.coming.remove(at);
            let Effect::StopLate(id, life) = effect else { continue };
            assert_ne!(stage.lives[&id], life, "seed {seed}: node {id} stops after the abort");
        }
        assert_eq!(stage.running.len(), 9, "seed {seed}");
        assert!(stage.lives.values().all(|lives| *lives <= 2), "{:?}", stage.lives);
    }
}

#[test]
fn a_step_that_is_not_safe_waits_and_then_ends_it_before_anything_stops() {
    let mut stage = Stage::new(4);
    stage.out_of_sync.insert((0, 2));
    let (journal, first) = Journal::begin(vec![vec![1]]);
    stage.journal.push(first);
    let mut roll = Roll::new(order(), &journal);
    let Some(Outcome::Halted(doubts)) = stage.run(&mut roll, None) else {
        panic!("it went on");
    };
    let said = doubts[0].to_string();
    assert!(said.contains("t-0") && said.contains("under-replicated"), "{said}");
    assert!(stage.now >= Waits::default().gate && stage.lives[&1] == 1);
}

#[test]
fn who_leads_the_quorum_when_its_step_comes_is_put_behind_the_other_voters() {
    let mut stage = Stage::new(5);
    stage.leader = 101;
    let (journal, first) = Journal::begin(vec![vec![101], vec![102], vec![103], vec![1]]);
    stage.journal.push(first);
    let mut roll = Roll::new(order(), &journal);
    assert_eq!(stage.run(&mut roll, None), Some(Outcome::Done));
    let intended = stage.journal.iter().filter_map(|record| match record {
        Record::Intended { node, .. } => Some(*node),
        _ => None,
    });
    assert_eq!(intended.collect::<Vec<_>>(), [102, 103, 101, 1]);
}

#[test]
fn an_abort_finishes_the_step_under_way() {
    let mut stage = Stage::new(6);
    let (journal, first) = Journal::begin(vec![vec![1, 4], vec![2, 5]]);
    stage.journal.push(first);
    let mut roll = Roll::new(order(), &journal);
    stage.coming.push((Duration::from_secs(4), Effect::Tell(Event::Abort)));
    assert_eq!(stage.run(&mut roll, None), Some(Outcome::Aborted));
    let restarted = [1, 4].iter().all(|id| stage.lives[id] == 2);
    let untouched = [1, 4].iter().all(|id| stage.lives[id] == 1);
    assert!(restarted || untouched);
    assert_eq!(stage.lives[&2], 1);
    assert_eq!(stage.running.len(), 9);
}
