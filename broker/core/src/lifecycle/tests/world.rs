//! Brokers and a controller in simulated time, with messages that are late, lost or repeated.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use broker_log::disk::SimDisk;
use protocol::api::BrokerId;
use protocol::api::messages::UnregisterBrokerRequest;
use protocol::api::messages::create_topics_request::{CreatableTopic, CreateTopicsRequest};

use super::server::Server;
use super::*;

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
    Request { life: Life, token: u64, asked: Asked },
    Answer { token: u64, answer: Answer },
    Published(MetadataImage),
    StartedUp,
    ControllerChanged,
    Wake,
    Launch { id: i32, previous_epoch: i64 },
    ControllerUp,
    Resume,
    Chaos,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) lost: usize,
    pub(super) repeated: usize,
    pub(super) late: usize,
    pub(super) controller_crashes: usize,
    pub(super) swallowed: usize,
    pub(super) kills: usize,
    pub(super) stalls: usize,
    pub(super) doubles: usize,
    pub(super) stops: usize,
    pub(super) unregistered: usize,
    pub(super) failed_dirs: usize,
    pub(super) registered: usize,
    pub(super) re_registered: usize,
    pub(super) fenced: usize,
    pub(super) clean_stops: usize,
    pub(super) duplicates: usize,
    pub(super) gave_up: usize,
}

impl Tally {
    pub(super) fn each(&self) -> [usize; 17] {
        [
            self.lost,
            self.repeated,
            self.late,
            self.controller_crashes,
            self.swallowed,
            self.kills,
            self.stalls,
            self.doubles,
            self.stops,
            self.unregistered,
            self.failed_dirs,
            self.registered,
            self.re_registered,
            self.fenced,
            self.clean_stops,
            self.duplicates,
            self.gave_up,
        ]
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.lost += other.lost;
        self.repeated += other.repeated;
        self.late += other.late;
        self.controller_crashes += other.controller_crashes;
        self.swallowed += other.swallowed;
        self.kills += other.kills;
        self.stalls += other.stalls;
        self.doubles += other.doubles;
        self.stops += other.stops;
        self.unregistered += other.unregistered;
        self.failed_dirs += other.failed_dirs;
        self.registered += other.registered;
        self.re_registered += other.re_registered;
        self.fenced += other.fenced;
        self.clean_stops += other.clean_stops;
        self.duplicates += other.duplicates;
        self.gave_up += other.gave_up;
    }
}

pub(super) struct Process {
    pub(super) id: i32,
    incarnation_id: Uuid,
    pub(super) lifecycle: BrokerLifecycle,
    token: Option<u64>,
    /// What it was told last: whether it may lead.
    pub(super) leads: bool,
    epochs: Vec<i64>,
    pub(super) over: Option<LifecycleNotice>,
    pub(super) leaving: bool,
    /// Under this epoch it asked to lead.
    asked_to_lead: Option<i64>,
    /// What happens to it while it is stopped (SIGSTOP).
    stalled: Option<Vec<Event>>,
    /// Images reach it in order.
    published_at: Duration,
    pub(super) requests: usize,
}

/// What the log has ever said of a broker id.
#[derive(Default)]
struct History {
    last: Option<(i64, Uuid)>,
    epochs: BTreeMap<i64, Uuid>,
    unfenced: BTreeSet<i64>,
    /// The controller let the broker of this epoch go.
    released: BTreeSet<i64>,
}

pub(super) struct World {
    seed: u64,
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

    /// How long a message takes.
    fn delay(&mut self) -> Duration {
        if !self.is_calm && self.chance.one_in(20) {
            self.tally.late += 1;
            return self.chance.up_to_ms(3000);
        }
        self.chance.up_to_ms(20)
    }

    fn loses(&mut self) -> bool {
        let lost = !self.is_calm && self.chance.one_in(8);
        self.tally.lost += usize::from(lost);
        lost
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
                continue;
            }
            let Some(Reverse((_, key))) = self.queue.pop() else {
                break;
            };
            let (life, event) = self.events.remove(&key).unwrap();
            self.take(life, event);
        }
        self.now = until;
    }

    fn take(&mut self, life: Life, event: Event) {
        match event {
            Event::Request { life, token, asked } => self.serve(life, token, &asked),
            Event::Launch { id, previous_epoch } => self.launch(id, previous_epoch),
            Event::ControllerUp => self.controller_up(),
            Event::Chaos => self.chaos(),
            Event::Resume => self.resume(life),
            event => self.reach(life, event),
        }
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

    fn send(&mut self, life: Life, asked: Asked) {
        let token = self.next_key;
        let process = self.processes.get_mut(&life).unwrap();
        process.requests += 1;
        if let Asked::Beat(beat) = &asked
            && !beat.want_fence
        {
            process.asked_to_lead = Some(beat.broker_epoch);
        }
        assert_eq!(process.token.replace(token), None, "one request at a time");
        self.push(
            self.now + REQUEST_TIMEOUT,
            life,
            Event::Answer {
                token,
                answer: Answer::Nothing,
            },
        );
        if !self.is_calm && self.chance.one_in(12) {
            let at = self.now + self.chance.up_to_ms(3000);
            let asked = asked.clone();
            // Its answer comes too late for anybody.
            self.push(at, 0, Event::Request { life, token: 0, asked });
        }
        if !self.loses() {
            let at = self.now + self.delay();
            self.push(at, 0, Event::Request { life, token, asked });
        }
    }

    fn serve(&mut self, life: Life, token: u64, asked: &Asked) {
        let Some(server) = &mut self.server else {
            let answer = match asked {
                _ if self.chance.one_in(2) => Answer::Nothing,
                Asked::Register(_) => Answer::Registered(refused(ErrorCode::NotController)),
                Asked::Beat(_) => Answer::Beaten(beaten(false, false).with_error_code(ErrorCode::NotController.code())),
            };
            let at = self.now + self.delay();
            return self.push(at, life, Event::Answer { token, answer });
        };
        if !self.is_calm && self.chance.one_in(60) {
            self.tally.swallowed += 1;
            match asked {
                Asked::Register(request) => server.swallow(4, request, self.now),
                Asked::Beat(request) => server.swallow(1, request, self.now),
            }
            return self.crash_controller();
        }
        server.tick(self.now);
        let answer = match asked {
            Asked::Register(request) => {
                let response = server.call(4, request, self.now);
                let duplicate = response.error_code == ErrorCode::DuplicateBrokerRegistration.code();
                self.tally.duplicates += usize::from(duplicate);
                Answer::Registered(response)
            }
            Asked::Beat(request) => {
                let response = server.call(1, request, self.now);
                if response.error_code == 0 && response.should_shut_down {
                    let released = &mut self.histories.entry(request.broker_id.0).or_default().released;
                    released.insert(request.broker_epoch);
                }
                Answer::Beaten(response)
            }
        };
        if std::env::var("KFLEET_TRACE").is_ok() {
            println!(
                "{:?} life {life} {} -> {}",
                self.now,
                match asked {
                    Asked::Register(r) => format!("register {}", r.broker_id.0),
                    Asked::Beat(b) => format!(
                        "beat {} {} @{} fence {} stop {}",
                        b.broker_id.0, b.broker_epoch, b.current_metadata_offset, b.want_fence, b.want_shut_down
                    ),
                },
                match &answer {
                    Answer::Registered(r) => format!("{} {}", r.error_code, r.broker_epoch),
                    Answer::Beaten(b) => format!(
                        "{} up {} fenced {} stop {}",
                        b.error_code, b.is_caught_up, b.is_fenced, b.should_shut_down
                    ),
                    Answer::Nothing => String::new(),
                }
            );
        }
        self.observe();
        if !self.loses() {
            let at = self.now + self.delay();
            self.push(at, life, Event::Answer { token, answer });
        }
    }

    /// Checks what is committed, and publishes it.
    fn observe(&mut self) {
        let Some(server) = &self.server else { return };
        let image = server.image().clone();
        for id in IDS {
            let history = self.histories.entry(id).or_default();
            let now = image.brokers().get(id);
            if let Some(broker) = now.filter(|broker| !broker.fenced) {
                history.unfenced.insert(broker.epoch);
            }
            let found = now.map(|broker| (broker.epoch, broker.incarnation_id));
            let before = std::mem::replace(&mut history.last, found);
            let Some((epoch, incarnation_id)) = found.filter(|found| before != Some(*found)) else {
                continue;
            };
            if let Some((_, earlier)) = before {
                assert_ne!(
                    earlier, incarnation_id,
                    "broker {id}: a process that was not removed gets a second epoch"
                );
            }
            let highest = history.epochs.last_key_value().map(|(epoch, _)| *epoch);
            assert!(highest < Some(epoch), "broker {id}: epoch {epoch} after {highest:?}");
            history.epochs.insert(epoch, incarnation_id);
        }
        if image.offset() <= self.broadcast_offset {
            return;
        }
        self.broadcast_offset = image.offset();
        let lives: Vec<Life> = self.processes.keys().copied().collect();
        for life in lives {
            self.publish_to(life, image.clone());
        }
    }

    fn publish_to(&mut self, life: Life, image: MetadataImage) {
        let delay = self.delay();
        let Some(process) = self.processes.get_mut(&life) else {
            return;
        };
        process.published_at = process.published_at.max(self.now + delay);
        let at = process.published_at;
        self.push(at, life, Event::Published(image));
    }

    fn launch(&mut self, id: i32, previous_epoch: i64) {
        let life = self.next_life;
        self.next_life += 1;
        let incarnation_id = Uuid::from_u128(1_000_000 + u128::from(life));
        let config = BrokerLifecycleConfig {
            incarnation_id,
            log_dirs: vec![directory(id, 0), directory(id, 1)],
            previous_broker_epoch: previous_epoch,
            timeouts: LifecycleTimeouts {
                registration: Duration::from_secs(30),
                shutdown: Duration::from_secs(20),
                ..timeouts()
            },
            ..config(id)
        };
        let random = Chance::new(self.seed.wrapping_mul(1000) + life);
        let process = Process {
            id,
            incarnation_id,
            lifecycle: BrokerLifecycle::new(config, Box::new(random), self.mono()),
            token: None,
            leads: false,
            epochs: Vec::new(),
            over: None,
            leaving: false,
            asked_to_lead: None,
            stalled: None,
            published_at: self.now,
            requests: 0,
        };
        self.processes.insert(life, process);
        if let Some(server) = &self.server {
            let image = server.image().clone();
            self.publish_to(life, image);
        }
        let started = self.now + self.chance.up_to_ms(300);
        self.push(started, life, Event::StartedUp);
        self.drive(life);
    }

    fn notices(&mut self, life: Life) {
        let process = self.processes.get_mut(&life).unwrap();
        let id = process.id;
        let history = self.histories.entry(id).or_default();
        for notice in process.lifecycle.take_notices() {
            assert_eq!(process.over, None, "nothing comes after the last notice");
            match &notice {
                LifecycleNotice::Registered { epoch } => {
                    let owner = history.epochs.get(epoch);
                    assert_eq!(owner, Some(&process.incarnation_id), "epoch {epoch} is not its own");
                    self.tally.registered += 1;
                    self.tally.re_registered += usize::from(!process.epochs.is_empty());
                    process.epochs.push(*epoch);
                    assert!(!process.leads, "another epoch begins fenced");
                }
                LifecycleNotice::Unfenced => {
                    let epoch = process.lifecycle.epoch().unwrap();
                    assert!(history.unfenced.contains(&epoch), "nobody unfenced epoch {epoch}");
                    assert!(!process.leads, "it is told once");
                    process.leads = true;
                }
                LifecycleNotice::Fenced => {
                    assert!(process.leads, "it is told once");
                    self.tally.fenced += 1;
                    process.leads = false;
                }
                LifecycleNotice::MayStop { clean } => {
                    let epoch = process.epochs.last().copied();
                    let is_released = epoch.is_some_and(|epoch| history.released.contains(&epoch));
                    assert!(process.leaving);
                    let asked = process.asked_to_lead.is_some() && process.asked_to_lead == epoch;
                    assert!(!clean || is_released || !asked, "nobody let epoch {epoch:?} go");
                    self.tally.clean_stops += usize::from(*clean);
                    process.over = Some(notice);
                }
                LifecycleNotice::Failed(_) => {
                    self.tally.gave_up += 1;
                    process.over = Some(notice);
                }
            }
        }
        if let (Some(over), false) = (process.over.clone(), process.epochs.contains(&-2)) {
            // Once.
            process.epochs.push(-2);
            process.leads = false;
            let clean = matches!(over, LifecycleNotice::MayStop { .. });
            let last = process.epochs.iter().rev().nth(1).copied();
            let previous_epoch = last.filter(|_| clean).unwrap_or(-1);
            let wait = self.chance.up_to_ms(2000);
            // One that gave up to another process stays away.
            let is_alone = !self
                .processes
                .values()
                .any(|other| other.id == id && other.over.is_none());
            if is_alone {
                self.launch_in(wait, id, previous_epoch);
            }
        }
    }
}

/// A broker's log directories.
pub(super) fn directory(id: i32, index: u128) -> Uuid {
    Uuid::from_u128(5000 + 10 * id as u128 + index)
}

impl World {
    fn crash_controller(&mut self) {
        let Some(server) = self.server.take() else { return };
        self.tally.controller_crashes += 1;
        self.disk = server.crash();
        let wait = self.chance.up_to_ms(3000);
        self.push(self.now + wait, 0, Event::ControllerUp);
    }

    fn controller_up(&mut self) {
        let disk = std::mem::take(&mut self.disk);
        self.server = Some(Server::start(disk, self.now));
        self.observe();
        let lives: Vec<Life> = self.processes.keys().copied().collect();
        for life in lives {
            let at = self.now + self.delay();
            self.push(at, life, Event::ControllerChanged);
        }
    }

    fn any_process(&mut self) -> Option<Life> {
        let here = self.processes.iter().filter(|(_, process)| process.over.is_none());
        let lives: Vec<Life> = here.map(|(life, _)| *life).collect();
        let index = self.chance.below(lives.len() as u64) as usize;
        lives.get(index).copied()
    }

    fn chaos(&mut self) {
        if self.is_calm {
            return;
        }
        let wait = self.chance.up_to_ms(2500);
        self.push(self.now + wait, 0, Event::Chaos);
        self.create_topic();
        let Some(life) = self.any_process() else { return };
        let id = self.processes[&life].id;
        let now = self.mono();
        match self.chance.below(12) {
            0..=2 => self.crash_controller(),
            3..=4 => {
                self.tally.kills += 1;
                self.processes.remove(&life);
                if !self
                    .processes
                    .values()
                    .any(|other| other.id == id && other.over.is_none())
                {
                    let wait = self.chance.up_to_ms(6000);
                    self.launch_in(wait, id, -1);
                }
            }
            5..=6 => {
                self.tally.stalls += 1;
                self.stall(life);
                let wait = self.chance.up_to_ms(14_000);
                self.push(self.now + wait, life, Event::Resume);
            }
            // Somebody starts another process under its id, which thinks that this one is gone.
            7 if self.processes.len() < 5 => {
                self.tally.doubles += 1;
                self.stall(life);
                let wait = Duration::from_secs(9) + self.chance.up_to_ms(20_000);
                self.push(self.now + wait, life, Event::Resume);
                self.launch_in(Duration::ZERO, id, -1);
            }
            8..=9 => self.stop(life),
            10 => {
                let request = UnregisterBrokerRequest::default().with_broker_id(BrokerId(id));
                if let Some(server) = &mut self.server
                    && server.call(0, &request, self.now).error_code == 0
                {
                    self.tally.unregistered += 1;
                    self.observe();
                }
            }
            _ => {
                self.tally.failed_dirs += 1;
                let process = self.processes.get_mut(&life).unwrap();
                process.lifecycle.directory_failed(directory(id, 1), now);
                if process.stalled.is_none() {
                    self.drive(life);
                }
            }
        }
    }

    /// A controlled shutdown.
    pub(super) fn stop(&mut self, life: Life) {
        let now = self.mono();
        let process = self.processes.get_mut(&life).unwrap();
        if process.stalled.is_some() || process.over.is_some() {
            return;
        }
        self.tally.stops += 1;
        process.leaving = true;
        process.lifecycle.begin_shutdown(now);
        self.drive(life);
    }

    fn stall(&mut self, life: Life) {
        let process = self.processes.get_mut(&life).unwrap();
        process.stalled.get_or_insert_default();
    }

    fn resume(&mut self, life: Life) {
        let Some(process) = self.processes.get_mut(&life) else {
            return;
        };
        for event in process.stalled.take().unwrap_or_default() {
            self.reach(life, event);
        }
        self.drive(life);
    }

    fn create_topic(&mut self) {
        let alive = |server: &Server| IDS.iter().all(|id| server.image().brokers().is_active(*id));
        let Some(server) = self.server.as_mut().filter(|server| !self.has_topic && alive(server)) else {
            return;
        };
        let topic = CreatableTopic::default()
            .with_name(protocol::api::TopicName("t".into()))
            .with_num_partitions(6)
            .with_replication_factor(3);
        let request = CreateTopicsRequest::default().with_topics(vec![topic]);
        assert_eq!(server.call(7, &request, self.now).topics[0].error_code, 0);
        self.has_topic = true;
        self.observe();
    }

    /// Nothing fails from here on; whoever is stopped goes on.
    pub(super) fn heal(&mut self) {
        self.is_calm = true;
        let stalled: Vec<Life> = self.processes.keys().copied().collect();
        for life in stalled {
            self.resume(life);
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
