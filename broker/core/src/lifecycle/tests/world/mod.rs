//! Brokers and a controller in simulated time, with messages that are late, lost or repeated.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use broker_log::disk::SimDisk;

use super::server::Server;
use super::*;
use log::History;

pub(super) use process::Process;
pub(super) use tally::Tally;

mod faults;
mod log;
mod network;
mod process;
mod tally;

/// One run of a broker's process.
pub(super) type Life = u64;

pub(super) const IDS: [i32; 3] = [1, 2, 3];
const REQUEST_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
enum Asked {
    Register(BrokerRegistrationRequest),
    Beat(BrokerHeartbeatRequest),
}

#[derive(Debug, Clone)]
enum Answer {
    Registered(BrokerRegistrationResponse),
    Beaten(BrokerHeartbeatResponse),
    Nothing,
}

#[derive(Debug)]
enum Event {
    Request {
        life: Life,
        token: u64,
        over: u64,
        asked: Asked,
    },
    Ended {
        connection: u64,
    },
    Probed {
        id: u64,
        all_refused: bool,
    },
    Answer {
        token: u64,
        answer: Answer,
    },
    Published(MetadataImage),
    StartedUp,
    ControllerChanged,
    Wake,
    Launch {
        id: i32,
        previous_epoch: i64,
    },
    ControllerUp,
    Resume,
    Chaos,
}

pub(super) struct World {
    seed: u64,
    /// A seed that runs alone says what happens.
    tells_story: bool,
    pub(super) chance: Chance,
    pub(super) now: Duration,
    pub(super) is_calm: bool,
    server: Option<Server>,
    disk: SimDisk,
    queue: BinaryHeap<Reverse<(Duration, u64)>>,
    events: BTreeMap<u64, (Life, Event)>,
    next_key: u64,
    next_life: Life,
    pub(super) processes: BTreeMap<Life, Process>,
    /// Connections that the controller has seen ending.
    ended: BTreeSet<u64>,
    histories: BTreeMap<i32, History>,
    broadcast_offset: i64,
    has_topic: bool,
    pub(super) tally: Tally,
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!(
                "broker lifecycle: KFLEET_SEED={} failed at {:?} after {:?}",
                self.seed, self.now, self.tally
            );
            for (life, process) in &self.processes {
                let Process {
                    id,
                    leads,
                    over,
                    leaving,
                    epochs,
                    ..
                } = process;
                println!("broker {id}, process {life}: epochs {epochs:?}, {leads} {leaving} {over:?}");
                println!("{:?}", process.lifecycle);
            }
        }
    }
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let server = Server::start(SimDisk::default(), Duration::ZERO);
        let mut world = Self {
            seed,
            tells_story: std::env::var("KFLEET_SEED").is_ok(),
            chance: Chance::new(seed),
            now: Duration::ZERO,
            is_calm: false,
            server: Some(server),
            disk: SimDisk::default(),
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            next_key: 0,
            next_life: 1,
            processes: BTreeMap::new(),
            ended: BTreeSet::new(),
            histories: BTreeMap::new(),
            broadcast_offset: -1,
            has_topic: false,
            tally: Tally::default(),
        };
        for id in IDS {
            world.launch_in(Duration::ZERO, id, -1);
        }
        world.push(Duration::from_secs(2), 0, Event::Chaos);
        world
    }

    fn push(&mut self, at: Duration, life: Life, event: Event) {
        let key = self.next_key;
        self.next_key += 1;
        self.queue.push(Reverse((at, key)));
        self.events.insert(key, (life, event));
    }

    fn launch_in(&mut self, wait: Duration, id: i32, previous_epoch: i64) {
        self.push(self.now + wait, 0, Event::Launch { id, previous_epoch });
    }

    /// Everything that happens until then.
    pub(super) fn run_until(&mut self, until: Duration) {
        loop {
            let timer = self.server.as_ref().and_then(Server::next_timer);
            let next = self.queue.peek().map(|Reverse((at, _))| *at);
            let at = timer.into_iter().chain(next).min().unwrap_or(until);
            if at > until {
                break;
            }
            self.now = self.now.max(at);
            if timer.is_some_and(|timer| timer <= self.now) {
                let now = self.now;
                self.server.iter_mut().for_each(|server| server.tick(now));
                self.observe();
                self.try_endpoints();
                continue;
            }
            let Some(Reverse((_, key))) = self.queue.pop() else {
                break;
            };
            let (life, event) = self.events.remove(&key).unwrap();
            self.take(life, event);
            self.try_endpoints();
        }
        self.now = until;
    }

    fn take(&mut self, life: Life, event: Event) {
        match event {
            Event::Request {
                life,
                token,
                over,
                asked,
            } => self.serve(life, (token, over), &asked),
            Event::Ended { connection } => self.connection_ended(connection),
            Event::Probed { id, all_refused } => self.probed(id, all_refused),
            Event::Launch { id, previous_epoch } => self.launch(id, previous_epoch),
            Event::ControllerUp => self.controller_up(),
            Event::Chaos => self.chaos(),
            Event::Resume => self.resume(life),
            event => self.reach(life, event),
        }
    }

    fn probed(&mut self, id: u64, all_refused: bool) {
        if let Some(server) = &mut self.server {
            server.probed(id, all_refused, self.now);
        }
        self.observe();
    }

    /// Something reaches a process.
    fn reach(&mut self, life: Life, event: Event) {
        let now = self.mono();
        let Some(process) = self.processes.get_mut(&life) else {
            return;
        };
        if let Some(stalled) = &mut process.stalled {
            stalled.push(event);
            return;
        }
        let lifecycle = &mut process.lifecycle;
        match event {
            Event::Answer { token, answer } => {
                if process.token != Some(token) {
                    return;
                }
                process.token = None;
                // An answer that is handed over twice counts once.
                for _ in 0..2 {
                    match &answer {
                        Answer::Registered(response) => lifecycle.on_registration(response, now),
                        Answer::Beaten(response) => lifecycle.on_heartbeat(response, now),
                        Answer::Nothing => lifecycle.on_failure(now),
                    }
                }
                self.tally.repeated += 1;
            }
            Event::Published(image) => lifecycle.published(&image),
            Event::StartedUp => lifecycle.startup_finished(),
            Event::ControllerChanged => lifecycle.controller_changed(),
            _ => {}
        }
        self.drive(life);
    }

    fn mono(&self) -> Now {
        Now {
            wall_ms: 0,
            mono: self.now,
        }
    }

    pub(super) fn drive(&mut self, life: Life) {
        let now = self.mono();
        loop {
            let Some(process) = self.processes.get_mut(&life) else {
                return;
            };
            let step = process.lifecycle.next(now);
            self.notices(life);
            let asked = match step {
                BrokerStep::Register(request) => Asked::Register(request),
                BrokerStep::Heartbeat(request) => Asked::Beat(request),
                BrokerStep::Wait(Some(at)) => {
                    assert!(at > self.now, "it waits for what is past");
                    return self.push(at, life, Event::Wake);
                }
                BrokerStep::Wait(None) => return,
            };
            self.send(life, asked);
        }
    }

    /// Processes of an id that believe that they may lead.
    pub(super) fn leaders(&self, id: i32) -> Vec<Life> {
        let mine = self
            .processes
            .iter()
            .filter(|(_, process)| process.id == id && process.stalled.is_none());
        mine.filter(|(_, process)| process.leads)
            .map(|(life, _)| *life)
            .collect()
    }

    /// The process of an id that leads, if the committed metadata says so too.
    pub(super) fn holder(&self, id: i32) -> Option<Life> {
        let [life] = self.leaders(id)[..] else { return None };
        let epoch = self.processes[&life].lifecycle.epoch();
        let image = self.server.as_ref()?.image();
        let broker = image.brokers().get(id)?;
        (!broker.fenced && Some(broker.epoch) == epoch).then_some(life)
    }

    /// Whether a broker leads any partition.
    pub(super) fn leads_anything(&self, id: i32) -> bool {
        let image = self.server.as_ref().unwrap().image();
        image
            .topics()
            .iter()
            .any(|topic| topic.partitions().any(|(_, partition)| partition.leader == id))
    }
}
