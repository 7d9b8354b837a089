//! Random plans on a cluster that is made up, with crashes at every step, requests that are lost and answers that are, people
//! who change their mind, and brokers that go away for a while: what is left is the plan or what was before, and nothing else.

mod random;

use std::collections::{BTreeMap, BTreeSet};

use client::{PartitionKey, Reassignment, ReplicaKey};

use super::journal::{Journal, KIND, Request};
use super::limits;
use super::machine::{Action, ELECTIONS_MAX, Hold, Memory, Next, next};
use super::state::{Entry, Mode, SCHEMA, State, Status};
use super::view::{Disk, Seen, SeenReplica, Settings, ThrottleKey, View};
use super::work::{Heading, Job, Options};

/// Numbers in an order that the seed gives.
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Different brokers.
    fn brokers(&mut self, count: usize, of: i32) -> Vec<i32> {
        let mut all: Vec<i32> = (1..=of).collect();
        let mut chosen = Vec::new();
        while chosen.len() < count {
            let at = self.below(all.len() as u64) as usize;
            chosen.push(all.remove(at));
        }
        chosen
    }
}

#[derive(Debug, Clone)]
struct Held {
    replicas: Vec<i32>,
    leader: i32,
    running: Option<Running>,
    size: u64,
    dirs: BTreeMap<i32, String>,
}

#[derive(Debug, Clone)]
struct Running {
    origin: Vec<i32>,
    target: Vec<i32>,
    copied: BTreeMap<i32, u64>,
}

/// A cluster.
#[derive(Debug, Clone)]
struct Cluster {
    brokers: i32,
    dead: BTreeSet<i32>,
    partitions: BTreeMap<PartitionKey, Held>,
    settings: Settings,
    wanted_dirs: BTreeMap<ReplicaKey, String>,
    room: BTreeMap<i32, u64>,
    /// What a move was begun without: throttles that were to be there.
    faults: Vec<String>,
}

impl Cluster {
    fn used(&self, broker: i32) -> u64 {
        let bytes = self.partitions.values().map(|held| {
            let copied = held.running.as_ref().and_then(|running| running.copied.get(&broker));
            match copied {
                Some(copied) => *copied,
                None if held.replicas.contains(&broker) => held.size,
                None => 0,
            }
        });
        bytes.sum()
    }

    fn view(&self, keys: &BTreeSet<ThrottleKey>) -> View {
        let mut view = View {
            alive: (1..=self.brokers).filter(|id| !self.dead.contains(id)).collect(),
            ..View::default()
        };
        for (key, held) in &self.partitions {
            let adding = |id: &&i32| {
                held.running
                    .as_ref()
                    .is_some_and(|running| running.copied.contains_key(id))
            };
            let isr = held.replicas.iter().filter(|id| !adding(id) && !self.dead.contains(id));
            view.partitions.insert(
                key.clone(),
                Seen {
                    leader: Some(held.leader),
                    replicas: held.replicas.clone(),
                    isr: isr.copied().collect(),
                },
            );
            for broker in &held.replicas {
                let copied = held.running.as_ref().and_then(|running| running.copied.get(broker));
                view.replicas.insert(
                    ReplicaKey {
                        broker: *broker,
                        partition: key.clone(),
                    },
                    SeenReplica {
                        dir: held.dirs.get(broker).cloned(),
                        future: None,
                        size_bytes: copied.copied().unwrap_or(held.size),
                    },
                );
            }
            if let Some(running) = &held.running {
                let minus = |a: &[i32], b: &[i32]| a.iter().copied().filter(|id| !b.contains(id)).collect();
                view.reassignments.insert(
                    key.clone(),
                    Reassignment {
                        replicas: held.replicas.clone(),
                        adding: minus(&running.target, &running.origin),
                        removing: minus(&running.origin, &running.target),
                    },
                );
            }
        }
        for (broker, room) in &self.room {
            let disk = Disk {
                total_bytes: Some(*room),
                usable_bytes: Some(room.saturating_sub(self.used(*broker))),
            };
            view.disks.insert(*broker, disk);
        }
        let told = keys
            .iter()
            .filter(|key| key.broker().is_none_or(|id| !self.dead.contains(&id)));
        view.settings = told
            .map(|key| (key.clone(), self.settings.get(key).cloned().flatten()))
            .collect();
        view
    }

    fn set(&mut self, settings: &Settings) {
        for (key, value) in settings {
            assert!(key.broker().is_none_or(|id| !self.dead.contains(&id)), "{key:?}");
            match value {
                Some(_) => drop(self.settings.insert(key.clone(), value.clone())),
                None => drop(self.settings.remove(key)),
            }
        }
    }

    fn reassign(&mut self, key: &PartitionKey, target: Option<&Vec<i32>>, throttle: Option<u64>) {
        let held = self.partitions.get_mut(key).unwrap();
        let running = held.running.take();
        let origin = running.map_or_else(|| held.replicas.clone(), |running| running.origin);
        let Some(target) = target else {
            held.replicas = origin;
            return;
        };
        let adding: Vec<i32> = target.iter().copied().filter(|id| !origin.contains(id)).collect();
        if adding.is_empty() {
            // Nothing is copied: it is there at once.
            held.replicas.clone_from(target);
            if !target.contains(&held.leader) {
                held.leader = target[0];
            }
            return;
        }
        let removing = origin.iter().filter(|id| !target.contains(id));
        held.replicas = target.iter().chain(removing).copied().collect();
        held.running = Some(Running {
            copied: adding.iter().map(|id| (*id, 0)).collect(),
            origin,
            target: target.clone(),
        });
        if throttle.is_some() {
            self.look_for_throttles(key, &adding);
        }
    }

    fn look_for_throttles(&mut self, (topic, partition): &PartitionKey, adding: &[i32]) {
        let value = |key: &ThrottleKey| self.settings.get(key).cloned().flatten().unwrap_or_default();
        let list = value(&ThrottleKey::of_topic(topic, client::FOLLOWER_REPLICAS_KEY));
        let has = |item: &str| list.split(',').any(|entry| entry == item || entry == "*");
        let mut faults: Vec<String> = Vec::new();
        for broker in adding {
            let rate = value(&ThrottleKey::of_broker(*broker, client::REPLICATION_RATE_KEYS[1]));
            if !has(&format!("{partition}:{broker}")) || rate.is_empty() {
                faults.push(format!("{topic}-{partition} goes to {broker} without a throttle"));
            }
        }
        self.faults.extend(faults);
    }

    fn act(&mut self, action: &Action, throttle: Option<u64>) {
        match action {
            Action::Set(settings) => self.set(settings),
            Action::Reassign(targets) => {
                for (key, target) in targets {
                    self.reassign(key, target.as_ref(), throttle);
                }
            }
            Action::MoveDirs(dirs) => {
                for (replica, dir) in dirs {
                    let held = self.partitions.get_mut(&replica.partition).unwrap();
                    match held
                        .dirs
                        .get_mut(&replica.broker)
                        .filter(|_| held.replicas.contains(&replica.broker))
                    {
                        Some(now) => now.clone_from(dir),
                        None => drop(self.wanted_dirs.insert(replica.clone(), dir.clone())),
                    }
                }
            }
            Action::Elect(keys) => {
                for key in keys {
                    let held = self.partitions.get_mut(key).unwrap();
                    held.leader = held.replicas[0];
                }
            }
        }
    }

    /// Some time goes by.
    fn copy(&mut self, random: &mut Random) {
        let dead = self.dead.clone();
        for (key, held) in &mut self.partitions {
            let Some(running) = &mut held.running else { continue };
            for (broker, copied) in &mut running.copied {
                if !dead.contains(broker) {
                    *copied = (*copied + random.below(held.size + 1)).min(held.size);
                }
            }
            if running.copied.values().all(|copied| *copied == held.size) {
                held.replicas.clone_from(&running.target);
                for broker in running.copied.keys() {
                    let replica = ReplicaKey {
                        broker: *broker,
                        partition: key.clone(),
                    };
                    let dir = self.wanted_dirs.remove(&replica).unwrap_or_else(|| "/a".to_owned());
                    held.dirs.insert(*broker, dir);
                }
                if !held.replicas.contains(&held.leader) {
                    held.leader = held.replicas[0];
                }
                held.running = None;
            }
        }
    }

    fn is_at(&self, key: &PartitionKey, replicas: &[i32]) -> bool {
        let held = &self.partitions[key];
        held.running.is_none() && held.replicas == replicas
    }
}

/// A cluster and a plan for it.
fn made(random: &mut Random) -> (Cluster, Vec<Job>, Options) {
    let brokers = 4 + random.below(4) as i32;
    let (mut partitions, mut jobs) = (BTreeMap::new(), Vec::new());
    for at in 0..2 + random.below(12) {
        let key = (format!("t{}", at % 3), at as i32);
        let (had, gets) = (1 + random.below(3) as usize, 1 + random.below(3) as usize);
        let from = random.brokers(had, brokers);
        let to = random.brokers(gets, brokers);
        let size = random.below(1000);
        let dirs: BTreeMap<i32, String> = match random.chance(30) {
            true => [(to[0], "/b".to_owned())].into(),
            false => BTreeMap::new(),
        };
        let held = Held {
            leader: from[0],
            replicas: from.clone(),
            running: None,
            size,
            dirs: (1..=brokers).map(|id| (id, "/a".to_owned())).collect(),
        };
        partitions.insert(key.clone(), held);
        if from != to && random.chance(80) {
            jobs.push(Job {
                topic: key.0,
                partition: key.1,
                from,
                to,
                dirs,
                size_bytes: size,
                write_bytes_per_s: 0,
            });
        }
    }
    let mut settings = Settings::new();
    if random.chance(40) {
        let key = ThrottleKey::of_topic("t0", client::LEADER_REPLICAS_KEY);
        let value = if random.chance(50) { "*" } else { "9:1,7:2" };
        settings.insert(key, Some(value.to_owned()));
        let key = ThrottleKey::of_broker(1, client::REPLICATION_RATE_KEYS[0]);
        settings.insert(key, Some("77".to_owned()));
    }
    let cluster = Cluster {
        brokers,
        dead: BTreeSet::new(),
        partitions,
        settings,
        wanted_dirs: BTreeMap::new(),
        room: (1..=brokers).map(|id| (id, 50_000)).collect(),
        faults: Vec::new(),
    };
    let options = Options {
        throttle_bytes_per_s: random.chance(70).then_some(1_000_000),
        log_dirs_throttle_bytes_per_s: random.chance(30).then_some(1_000),
        moves_per_broker: 1 + random.below(4) as u32,
        stall_ms: i64::MAX as u64,
        ..Options::default()
    };
    (cluster, jobs, options)
}

fn began(jobs: &[Job], options: &Options) -> Entry {
    Entry::Began {
        schema: SCHEMA.to_owned(),
        cluster_id: "c".to_owned(),
        digest: "d".to_owned(),
        at_ms: 0,
        options: options.clone(),
        jobs: jobs.to_vec(),
    }
}

/// One partition of ten bytes from broker 1 to broker 2, of three.
fn small() -> (Cluster, Vec<Job>, Options) {
    let key = ("t".to_owned(), 0);
    let job = Job {
        topic: "t".to_owned(),
        partition: 0,
        from: vec![1],
        to: vec![2],
        dirs: BTreeMap::new(),
        size_bytes: 10,
        write_bytes_per_s: 0,
    };
    let held = Held {
        replicas: vec![1],
        leader: 1,
        running: None,
        size: 10,
        dirs: (1..=3).map(|id| (id, "/a".to_owned())).collect(),
    };
    let cluster = Cluster {
        brokers: 3,
        dead: BTreeSet::new(),
        partitions: [(key, held)].into(),
        settings: Settings::new(),
        wanted_dirs: BTreeMap::new(),
        room: BTreeMap::new(),
        faults: Vec::new(),
    };
    (cluster, vec![job], Options::default())
}

fn first(cluster: &Cluster, state: &State, memory: &mut Memory, now_ms: i64) -> Next {
    next(state, &cluster.view(&limits::keys(state)), memory, now_ms)
}

fn state_of(jobs: &[Job], options: &Options) -> State {
    State::replay(&[began(jobs, options)]).unwrap()
}

#[test]
fn nothing_is_begun_while_others_move_partitions_or_a_broker_is_lost() {
    let (mut cluster, jobs, options) = small();
    let state = state_of(&jobs, &options);
    let mut memory = Memory::default();
    cluster.dead.insert(2);
    assert_eq!(
        first(&cluster, &state, &mut memory, 0),
        Next::Wait(Some(Hold::Lost(vec![2])))
    );
    cluster.dead.clear();
    let other = ("other".to_owned(), 3);
    let mut held = cluster.partitions.values().next().unwrap().clone();
    held.running = Some(Running {
        origin: vec![1],
        target: vec![3],
        copied: [(3, 0)].into(),
    });
    cluster.partitions.insert(other.clone(), held);
    assert_eq!(
        first(&cluster, &state, &mut memory, 0),
        Next::Wait(Some(Hold::Others(vec![other.clone()])))
    );
    cluster.partitions.remove(&other);
    let begun = first(&cluster, &state, &mut memory, 0);
    assert!(
        matches!(&begun, Next::Record(entries) if matches!(entries[..], [Entry::Started { .. }])),
        "{begun:?}"
    );
}

#[test]
fn a_full_disk_is_not_filled_further() {
    let (mut cluster, jobs, options) = small();
    cluster.room = [(2, 10)].into();
    let state = state_of(&jobs, &options);
    let told = first(&cluster, &state, &mut Memory::default(), 0);
    assert_eq!(
        told,
        Next::Stuck("broker 2 has not room enough: it lacks 1 bytes below its limit".to_owned())
    );
}

#[test]
fn a_partition_that_others_have_moved_is_left_alone() {
    let (mut cluster, jobs, options) = small();
    cluster.partitions.values_mut().next().unwrap().replicas = vec![3];
    let state = state_of(&jobs, &options);
    let told = first(&cluster, &state, &mut Memory::default(), 0);
    let Next::Record(entries) = told else {
        panic!("{told:?}")
    };
    assert!(
        matches!(&entries[..], [Entry::Dropped { why, .. }] if why == "others moved it to 3"),
        "{entries:?}"
    );
}

#[test]
fn without_progress_it_stops_and_says_why() {
    let (mut cluster, jobs, options) = small();
    let mut state = state_of(
        &jobs,
        &Options {
            stall_ms: 5_000,
            ..options
        },
    );
    cluster.dead.insert(2);
    let mut memory = Memory::default();
    assert!(matches!(first(&cluster, &state, &mut memory, 0), Next::Wait(Some(_))));
    assert!(matches!(
        first(&cluster, &state, &mut memory, 4_999),
        Next::Wait(Some(_))
    ));
    let told = first(&cluster, &state, &mut memory, 5_000);
    assert_eq!(told, Next::Stuck("not alive, and needed: broker 2".to_owned()));
    // Who has paused it waits as long as he likes.
    state.is_paused = true;
    assert_eq!(
        first(&cluster, &state, &mut memory, 99_000),
        Next::Wait(Some(Hold::Paused))
    );
}

#[test]
fn less_moves_at_a_time_while_others_lose_replicas_and_nothing_while_they_are_below_their_minimum() {
    let (cluster, jobs, options) = small();
    let state = state_of(&jobs, &options);
    let mut state = State {
        is_paused: true,
        ..state
    };
    let mut memory = Memory::default();
    let mut view = cluster.view(&limits::keys(&state));
    for now_ms in 0..9 {
        next(&state, &view, &mut memory, now_ms);
    }
    assert_eq!(memory.window(), 5);
    let key = ("other".to_owned(), 0);
    view.degraded.insert(key.clone(), false);
    next(&state, &view, &mut memory, 20_000);
    assert_eq!(memory.window(), 2);
    next(&state, &view, &mut memory, 20_001);
    assert_eq!(memory.window(), 2);
    next(&state, &view, &mut memory, 40_000);
    assert_eq!(memory.window(), 1);
    view.degraded.insert(key.clone(), true);
    state.is_paused = false;
    assert_eq!(
        next(&state, &view, &mut memory, 50_000),
        Next::Wait(Some(Hold::BelowMinimum(vec![key])))
    );
}

#[test]
fn a_throttle_that_never_ends_is_known() {
    let (_, mut jobs, _) = small();
    assert_eq!(limits::too_slow(&jobs, 1), None);
    jobs[0].write_bytes_per_s = 1_000;
    assert_eq!(limits::too_slow(&jobs, 1_249).map(|(_, least)| least), Some(1_250));
    assert_eq!(limits::too_slow(&jobs, 1_250), None);
    assert_eq!(limits::computed(&jobs), 50_000_000);
    jobs[0].write_bytes_per_s = 40_000_000;
    assert_eq!(limits::computed(&jobs), 80_000_000);
    assert_eq!(limits::least_ms(&jobs, 5), 2_000);
}

#[test]
fn another_throttle_is_set_while_partitions_move_and_none_is_as_it_was_before() {
    let (mut cluster, jobs, options) = small();
    let mut run = state_of(
        &jobs,
        &Options {
            throttle_bytes_per_s: Some(1_000),
            ..options
        },
    );
    let mut memory = Memory::default();
    let mut settled = |run: &mut State, cluster: &mut Cluster| loop {
        match first(cluster, run, &mut memory, 0) {
            Next::Record(entries) => entries.iter().for_each(|entry| run.apply(entry).unwrap()),
            Next::Act(action) => cluster.act(&action, run.options.throttle_bytes_per_s),
            _ => break,
        }
    };
    settled(&mut run, &mut cluster);
    let rate = ThrottleKey::of_broker(2, client::REPLICATION_RATE_KEYS[1]);
    assert_eq!(cluster.settings[&rate].as_deref(), Some("1000"));
    for (asked, is_set) in [(Some(2_000), Some("2000")), (None, None)] {
        let entry = Request::Throttle(asked).entry(&run);
        run.apply(&entry).unwrap();
        settled(&mut run, &mut cluster);
        let set = cluster.settings.get(&rate).cloned().flatten();
        assert_eq!(set.as_deref(), is_set);
    }
    assert!(cluster.settings.is_empty(), "{:?}", cluster.settings);
}

#[test]
fn a_journal_is_read_up_to_its_last_whole_line_and_goes_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::at(folder.path().join("kfleet/c"), KIND);
    let (_, jobs, options) = small();
    let lock = journal.lock().unwrap().unwrap();
    assert!(journal.lock().unwrap().is_none());
    assert!(journal.state().unwrap().is_none());
    journal.begin(&[began(&jobs, &options)]).unwrap();
    let one = std::fs::read(journal.path()).unwrap();
    let paused = Entry::Paused { paused: true };
    journal.append(std::slice::from_ref(&paused)).unwrap();
    let two = std::fs::read(journal.path()).unwrap();
    for cut in one.len()..two.len() {
        std::fs::write(journal.path(), &two[..cut]).unwrap();
        assert!(!journal.state().unwrap().unwrap().is_paused, "{cut}");
        journal.append(std::slice::from_ref(&paused)).unwrap();
        assert_eq!(std::fs::read(journal.path()).unwrap(), two, "{cut}");
    }
    assert!(journal.state().unwrap().unwrap().is_paused);
    std::fs::write(journal.path(), "{}\n").unwrap();
    assert_eq!(journal.read().unwrap_err().code, 65);
    for request in [
        Request::Cancel,
        Request::Throttle(None),
        Request::Throttle(Some(80_000_000)),
    ] {
        journal.ask(&request.text()).unwrap();
        assert_eq!(journal.request().unwrap(), Some(request));
    }
    journal.take_request().unwrap();
    assert_eq!(journal.request().unwrap(), None);
    drop(lock);
    assert!(journal.lock().unwrap().is_some());
}

#[test]
fn lines_are_read_as_they_were_written() {
    let key = ThrottleKey::of_broker(1, "leader.replication.throttled.rate");
    let (_, mut jobs, options) = small();
    jobs[0].dirs = [(2, "/b".to_owned())].into();
    for entry in [
        began(&jobs, &options),
        Entry::Touching { key, before: None },
        Entry::Started {
            topic: "t".to_owned(),
            partition: 1,
            at_ms: 5,
            dirs: [(1, "/a".to_owned())].into(),
        },
        Entry::Kept {
            topic: "t".to_owned(),
            partition: 1,
        },
        Entry::Cancelled,
        Entry::Ended { at_ms: 9 },
    ] {
        let line = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), entry, "{line}");
    }
}
