//! A quorum on a network that loses, delays, doubles and reorders, on disks that forget what was not synced, in virtual
//! time. What is sent goes through the bytes of the wire, in the newest versions or the oldest. A seed replays exactly:
//! `KFLEET_SEED=N` with `KFLEET_SIMS=1`.
//!
//! What has to hold, as in Kafka's own simulation test and the public specifications: one leader an epoch; committed
//! records are the same everywhere and never lost; high watermarks and epochs do not go back while a node lives; logs that
//! have a record in common agree on all before it.

mod check;
mod weather;

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::Duration;

use super::*;
use crate::cx::{Cx, Outbox, Random};
use crate::raft::wire::ReplyTo;
use crate::raft::wire::tests::{carry, carry_back};
use weather::{Seeded, Weather};

const LENGTH: Duration = Duration::from_secs(20);
/// Faults end so long before the end, so that the quorum can show that it recovers.
const CALM: Duration = Duration::from_secs(8);
/// And nothing is proposed any more so long before it, so that all come to have all.
const QUIET: Duration = Duration::from_secs(2);

#[derive(Debug)]
enum What {
    /// A message arrives.
    Request {
        from: i32,
        from_life: u64,
        id: u64,
        request: Request,
        reply_to: ReplyTo,
    },
    Response {
        id: u64,
        response: Option<Response>,
    },
    /// A connection is refused.
    Refused {
        id: u64,
    },
    /// The node's timer.
    Timer,
    /// Its sync is through.
    Synced,
    /// Something is proposed to it, if it leads.
    Propose,
    /// It takes a snapshot.
    Snapshot,
    Crash,
    Start,
    Cut,
    Heal,
}

struct Scheduled {
    at: Duration,
    number: u64,
    to: i32,
    life: u64,
    what: What,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

struct Member {
    disk: SimDisk,
    raft: Option<Raft>,
    /// Which of its lives it is in: what was sent to an earlier one is lost.
    life: u64,
    timer_at: Option<Duration>,
    is_syncing: bool,
    /// Tickets of requests, with who sent them in which life under which number.
    owed: BTreeMap<u64, (i32, u64, u64, ReplyTo)>,
    high_watermark: i64,
    epoch: i32,
}

/// What happened in a run.
#[derive(Debug, Default, Clone, Copy)]
struct Totals {
    lost: u64,
    doubled: u64,
    delayed: u64,
    cuts: u64,
    crashes: u64,
    elections: u64,
    truncations: u64,
    snapshot_loads: u64,
    proposed: u64,
    committed: u64,
}

struct Sim {
    random: Seeded,
    weather: Weather,
    now: Duration,
    queue: BinaryHeap<Scheduled>,
    next_number: u64,
    members: BTreeMap<i32, Member>,
    /// Pairs whose messages are lost, by direction.
    cut: BTreeSet<(i32, i32)>,
    leaders: BTreeMap<i32, i32>,
    /// All that was ever committed, by offset: epoch and value.
    committed: BTreeMap<i64, (i32, Bytes)>,
    next_value: u64,
    totals: Totals,
    story: Option<Vec<String>>,
}

impl Sim {
    fn new(seed: u64, tells: bool) -> Self {
        let mut random = Seeded::new(seed);
        let weather = Weather::draw(&mut random);
        let mut sim = Self {
            random,
            weather,
            now: Duration::ZERO,
            queue: BinaryHeap::new(),
            next_number: 0,
            members: BTreeMap::new(),
            cut: BTreeSet::new(),
            leaders: BTreeMap::new(),
            committed: BTreeMap::new(),
            next_value: 0,
            totals: Totals::default(),
            story: tells.then(Vec::new),
        };
        for id in 1..=weather.nodes {
            let member = Member {
                disk: SimDisk::default(),
                raft: None,
                life: 0,
                timer_at: None,
                is_syncing: false,
                owed: BTreeMap::new(),
                high_watermark: 0,
                epoch: 0,
            };
            sim.members.insert(id, member);
            sim.push(Duration::ZERO, id, What::Start);
        }
        sim.plan_faults();
        sim
    }

    fn tell(&mut self, line: impl FnOnce() -> String) {
        let now = self.now;
        if let Some(story) = &mut self.story {
            story.push(format!("{:>10.3} {}", now.as_secs_f64() * 1e3, line()));
        }
    }

    fn push(&mut self, at: Duration, to: i32, what: What) {
        self.next_number += 1;
        let life = self.members.get(&to).map_or(0, |member| member.life);
        self.queue.push(Scheduled {
            at,
            number: self.next_number,
            to,
            life,
            what,
        });
    }

    fn run(&mut self) {
        while let Some(due) = self.queue.pop() {
            if due.at > LENGTH {
                break;
            }
            self.now = due.at;
            self.step(due);
        }
        self.assert_recovered();
        for member in self.members.values() {
            if let Some(raft) = &member.raft {
                let (truncations, loads) = raft.upheavals();
                self.totals.truncations += truncations;
                self.totals.snapshot_loads += loads;
            }
        }
        self.totals.committed = self.committed.len() as u64;
    }

    fn step(&mut self, due: Scheduled) {
        let id = due.to;
        match due.what {
            What::Propose => return self.propose(),
            What::Crash => return self.crash(id),
            What::Start => return self.start(id),
            What::Cut => return self.cut_off(id),
            What::Heal => {
                self.tell(|| "the network heals".to_owned());
                self.cut.clear();
                return;
            }
            What::Snapshot => return self.take_snapshot(id),
            _ => {}
        }
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        if member.raft.is_none() {
            return self.refuse(&due.what);
        }
        if member.life != due.life {
            return;
        }
        let event = match due.what {
            What::Request {
                from,
                from_life,
                id: number,
                request,
                reply_to,
            } => {
                self.next_number += 1;
                let ticket = Ticket(self.next_number);
                member.owed.insert(ticket.0, (from, from_life, number, reply_to));
                Event::Request { ticket, request }
            }
            What::Response { id, response } => Event::Response { id, response },
            What::Refused { id } => Event::Refused { id },
            What::Timer => {
                if member.timer_at.is_none_or(|at| at > self.now) {
                    return;
                }
                member.timer_at = None;
                Event::Tick
            }
            What::Synced => {
                member.is_syncing = false;
                let end_offset = member.raft.as_mut().unwrap().flush().unwrap();
                Event::Synced { end_offset }
            }
            _ => return,
        };
        self.feed(id, event);
    }

    /// Where no process is, connections are refused, unless the whole machine is away.
    fn refuse(&mut self, what: &What) {
        if let What::Request {
            from, from_life, id, ..
        } = what
            && self.members[from].life == *from_life
            && self.random.one_in(2)
        {
            self.push(self.now, *from, What::Refused { id: *id });
        }
    }

    fn feed(&mut self, id: i32, event: Event) {
        let now = Now {
            wall_ms: 1_700_000_000_000 + self.now.as_millis() as i64,
            mono: self.now,
        };
        if self.story.is_some() && !matches!(event, Event::Tick) {
            let line = format!("{id} <- {event:?}");
            self.tell(|| line);
        }
        let mut out = Outbox::default();
        let member = self.members.get_mut(&id).unwrap();
        let disk = member.disk.clone();
        let mut cx = Cx {
            now,
            random: &mut self.random,
            disk: &disk,
            out: &mut out,
        };
        member.raft.as_mut().unwrap().on(event, &mut cx).unwrap();
        self.carry_out(id, out);
        self.check(id);
    }

    fn carry_out(&mut self, id: i32, out: Outbox<Outgoing, Due>) {
        for outgoing in out.sends {
            match outgoing {
                Outgoing::Request {
                    id: number,
                    to,
                    request,
                } => {
                    let Peer::Node(to) = to else { continue };
                    // Something between them may refuse connections, too.
                    if !self.is_calm() && self.random.one_in(4 * self.weather.mishap) {
                        self.push(self.now, id, What::Refused { id: number });
                        continue;
                    }
                    let from_life = self.members[&id].life;
                    let (request, reply_to) = carry(&request, self.is_old(id) || self.is_old(to));
                    self.send(id, to, |()| What::Request {
                        from: id,
                        from_life,
                        id: number,
                        request: request.clone(),
                        reply_to: reply_to.clone(),
                    });
                }
                Outgoing::Response { ticket, response } => {
                    let owed = self.members.get_mut(&id).unwrap().owed.remove(&ticket.0);
                    let is_vote = matches!(response.body, Body::Vote { granted: true });
                    if is_vote && !self.is_calm() && self.random.one_in(self.weather.crash_after_vote) {
                        self.push(self.now, id, What::Crash);
                    }
                    // An answer to a process that is gone has no connection to come over.
                    let owed = owed.filter(|(to, life, ..)| self.members[to].life == *life);
                    if let Some((to, _, number, reply_to)) = owed {
                        let response = carry_back(&response, &reply_to);
                        self.send(id, to, |()| What::Response {
                            id: number,
                            response: Some(response.clone()),
                        });
                    }
                }
            }
        }
        let member = self.members.get_mut(&id).unwrap();
        if out.sync && !member.is_syncing {
            member.is_syncing = true;
            let took = self.random.millis(0, self.weather.sync_max_ms);
            self.push(self.now + took, id, What::Synced);
        }
        if let Some(at) = out.timers.get(&Due) {
            let member = self.members.get_mut(&id).unwrap();
            member.timer_at = *at;
            if let Some(at) = *at {
                self.push(at.max(self.now + Duration::from_micros(1)), id, What::Timer);
            }
        }
    }

    fn is_calm(&self) -> bool {
        self.now > LENGTH - CALM
    }

    /// Whether a node speaks only the oldest versions of the wire.
    fn is_old(&self, id: i32) -> bool {
        id <= self.weather.old_nodes
    }

    /// Puts a message on the network, which does with it what it likes.
    fn send(&mut self, from: i32, to: i32, what: impl Fn(()) -> What) {
        if self.cut.contains(&(from, to)) {
            self.totals.lost += 1;
            return;
        }
        let (is_calm, mishap) = (self.is_calm(), self.weather.mishap);
        if !is_calm && self.random.one_in(2 * mishap) {
            self.totals.lost += 1;
            return;
        }
        let mut delay = self.random.millis(0, 3);
        if !is_calm && self.random.one_in(mishap) {
            delay += self.random.millis(0, self.weather.late_max_ms);
            self.totals.delayed += 1;
        }
        if !is_calm && self.random.one_in(mishap) {
            self.totals.doubled += 1;
            let again = delay + self.random.millis(0, self.weather.late_max_ms);
            self.push(self.now + again, to, what(()));
        }
        self.push(self.now + delay, to, what(()));
    }

    fn start(&mut self, id: i32) {
        let member = self.members.get_mut(&id).unwrap();
        if member.raft.is_some() {
            return;
        }
        let context = LogContext::new(Arc::new(member.disk.clone()), 8, 1 << 16);
        let config = RaftConfig {
            node_id: id,
            directory_id: Uuid::from_u128(100 + id as u128),
            metadata_dir: "/meta".into(),
            static_voters: (1..=self.weather.nodes).map(voter).collect(),
            bootstrap_servers: 0,
            clean: false,
            timeouts: self.weather.timeouts(),
        };
        member.raft = Some(Raft::open(&context, config).unwrap().0);
        member.life += 1;
        member.timer_at = None;
        member.is_syncing = false;
        member.owed.clear();
        member.high_watermark = 0;
        self.tell(|| format!("{id} starts"));
        self.feed(id, Event::Start);
    }

    fn crash(&mut self, id: i32) {
        if self.members[&id].raft.is_none() {
            return;
        }
        self.tell(|| format!("{id} crashes"));
        self.totals.crashes += 1;
        let is_power_cut = self.random.one_in(2);
        let mut random = self.random.clone();
        self.random.next_u64();
        let member = self.members.get_mut(&id).unwrap();
        let raft = member.raft.take().unwrap();
        let (truncations, loads) = raft.upheavals();
        drop(raft);
        if is_power_cut {
            member.disk = member
                .disk
                .crash_in_any_order(|bound| random.below(bound as u64) as usize);
        }
        member.life += 1;
        self.totals.truncations += truncations;
        self.totals.snapshot_loads += loads;
        let away = [10, 300, 4000][self.random.below(3) as usize];
        let away = self.random.millis(1, away);
        self.push((self.now + away).min(LENGTH - CALM), id, What::Start);
    }

    /// A leader that falls before others have what it has is what elections are hard for.
    fn perhaps_crash_leader(&mut self, id: i32) {
        if !self.is_calm() && self.random.one_in(self.weather.crash_new_leader) {
            let after = self.random.millis(0, 12);
            self.push(self.now + after, id, What::Crash);
        }
    }

    /// Cuts a node off from all or some others, in one direction or both.
    fn cut_off(&mut self, id: i32) {
        self.totals.cuts += 1;
        let kind = self.random.below(4);
        for other in (1..=self.weather.nodes).filter(|other| *other != id) {
            if kind == 3 && self.random.one_in(2) {
                continue;
            }
            if kind != 1 {
                self.cut.insert((id, other));
            }
            if kind != 2 {
                self.cut.insert((other, id));
            }
        }
        let cut = format!("{:?}", self.cut);
        self.tell(|| format!("the network is cut: {cut}"));
    }

    fn propose(&mut self) {
        let leaders: Vec<i32> = self
            .members
            .iter()
            .filter(|(_, member)| member.raft.as_ref().is_some_and(Raft::is_leader))
            .map(|(id, _)| *id)
            .collect();
        for id in leaders {
            self.next_value += 1;
            let value = self.next_value.to_string().into_bytes();
            let now = Now {
                wall_ms: 1_700_000_000_000,
                mono: self.now,
            };
            let raft = self.members.get_mut(&id).unwrap().raft.as_mut().unwrap();
            raft.propose(&[value], now).unwrap();
            self.totals.proposed += 1;
            let member = self.members.get_mut(&id).unwrap();
            if !member.is_syncing {
                member.is_syncing = true;
                let took = self.random.millis(0, self.weather.sync_max_ms);
                self.push(self.now + took, id, What::Synced);
            }
            self.feed(id, Event::Tick);
        }
    }

    fn take_snapshot(&mut self, id: i32) {
        let Some(raft) = self.members.get_mut(&id).and_then(|member| member.raft.as_mut()) else {
            return;
        };
        let end_offset = raft.high_watermark();
        if end_offset <= 2 {
            return;
        }
        // The log moves to a snapshot that is not the first.
        for end_offset in [end_offset - 1, end_offset] {
            let Some(id_of) = raft.snapshot_id(end_offset) else {
                continue;
            };
            let writer = protocol::files::SnapshotWriter::new(id_of.epoch, 0, 0, Vec::new()).unwrap();
            raft.snapshot_taken(id_of, &writer.finish().unwrap()).unwrap();
        }
        // Most nodes keep nothing below their latest snapshot.
        if self.random.below(4) > 0 {
            let now = Now {
                wall_ms: 1_700_000_000_000,
                mono: self.now,
            };
            let retention = Retention {
                size_bytes: Some(0),
                age_ms: None,
            };
            raft.clean(&retention, now).unwrap();
        }
        self.tell(|| format!("{id} takes a snapshot up to {end_offset}"));
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

#[test]
fn a_quorum_keeps_what_is_committed_whatever_goes_wrong() {
    let (first, count) = (number("KFLEET_SEED", 1), number("KFLEET_SIMS", 100));
    let mut totals = Totals::default();
    for seed in first..first + count {
        let run = std::panic::catch_unwind(|| {
            let mut sim = Sim::new(seed, false);
            sim.run();
            sim.totals
        });
        let Ok(run) = run else {
            if count == 1 {
                let mut sim = Sim::new(seed, true);
                let _again = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sim.run()));
                println!("{}", sim.story.unwrap().join("\n"));
            }
            panic!("KFLEET_SEED={seed} KFLEET_SIMS=1 tells the story");
        };
        totals.add(&run);
    }
    println!("{count} runs from seed {first}: {totals:?}");
    assert!(
        totals.elections > count && totals.crashes > 0 && totals.truncations > 0 && totals.snapshot_loads > 0,
        "the runs did not go through enough: {totals:?}"
    );
}

impl Totals {
    fn add(&mut self, other: &Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.delayed += other.delayed;
        self.cuts += other.cuts;
        self.crashes += other.crashes;
        self.elections += other.elections;
        self.truncations += other.truncations;
        self.snapshot_loads += other.snapshot_loads;
        self.proposed += other.proposed;
        self.committed += other.committed;
    }
}
