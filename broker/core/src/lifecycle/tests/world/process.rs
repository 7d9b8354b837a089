//! A broker's process: what starts it, and what it is told.

use super::network::port_of;
use super::*;

pub(in super::super) struct Process {
    pub(in super::super) id: i32,
    incarnation_id: Uuid,
    pub(in super::super) lifecycle: BrokerLifecycle,
    pub(super) token: Option<u64>,
    /// Its connection to the controller.
    pub(super) connection: u64,
    /// Under which epoch and when the controller last had a heartbeat of it, and over which connection.
    pub(super) heard: Option<(i64, Duration, u64)>,
    /// What it was told last: whether it may lead.
    pub(in super::super) leads: bool,
    pub(super) epochs: Vec<i64>,
    pub(in super::super) over: Option<LifecycleNotice>,
    pub(in super::super) leaving: bool,
    /// Under this epoch it asked to lead.
    pub(super) asked_to_lead: Option<i64>,
    /// What happens to it while it is stopped (SIGSTOP).
    pub(super) stalled: Option<Vec<Event>>,
    /// Another start takes its place.
    is_gone: bool,
    /// Images reach it in order.
    pub(super) published_at: Duration,
    pub(in super::super) requests: usize,
}

/// A broker's log directories.
pub(super) fn directory(id: i32, index: u128) -> Uuid {
    Uuid::from_u128(5000 + 10 * id as u128 + index)
}

impl World {
    pub(super) fn launch(&mut self, id: i32, previous_epoch: i64) {
        let life = self.next_life;
        self.next_life += 1;
        let incarnation_id = Uuid::from_u128(1_000_000 + u128::from(life));
        let config = BrokerLifecycleConfig {
            incarnation_id,
            endpoints: vec![ListenerEndpoint {
                port: port_of(id),
                ..endpoint("PLAINTEXT")
            }],
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
            connection: self.next_connection(),
            heard: None,
            leads: false,
            epochs: Vec::new(),
            over: None,
            leaving: false,
            asked_to_lead: None,
            stalled: None,
            is_gone: false,
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

    fn next_connection(&mut self) -> u64 {
        self.next_key += 1;
        self.next_key
    }

    /// A process is gone.
    pub(in super::super) fn kill(&mut self, life: Life) -> Option<i32> {
        let process = self.processes.remove(&life)?;
        self.disconnect(process.connection);
        Some(process.id)
    }

    /// The network ends the connection of a process, which makes another with its next request.
    pub(super) fn lose_connection(&mut self, life: Life) {
        let connection = self.next_connection();
        if let Some(process) = self.processes.get_mut(&life) {
            let before = std::mem::replace(&mut process.connection, connection);
            self.disconnect(before);
        }
    }

    /// Another start, unless a process of this id is there.
    pub(in super::super) fn launch_if_alone(&mut self, id: i32, previous_epoch: i64, within_ms: u64) {
        let wait = self.chance.up_to_ms(within_ms);
        let mut others = self.processes.values();
        if !others.any(|other| other.id == id && other.over.is_none()) {
            self.launch_in(wait, id, previous_epoch);
        }
    }

    /// Checks what a process is told.
    pub(super) fn notices(&mut self, life: Life) {
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
                    self.tally.unclean_stops += usize::from(!*clean);
                    process.over = Some(notice);
                }
                LifecycleNotice::Failed(reason) => {
                    let expected = ["initial.broker.registration.timeout.ms", "log.dir.failure.timeout.ms"];
                    assert!(expected.iter().any(|cause| reason.contains(cause)), "{reason}");
                    self.tally.gave_up += 1;
                    process.over = Some(notice);
                }
            }
        }
        if process.over.is_some() && !std::mem::replace(&mut process.is_gone, true) {
            process.leads = false;
            let connection = process.connection;
            let stopped = matches!(process.over, Some(LifecycleNotice::MayStop { .. }));
            let last = process.epochs.last().copied().filter(|_| stopped);
            self.disconnect(connection);
            self.launch_if_alone(id, last.unwrap_or(-1), 2000);
        }
    }
}
