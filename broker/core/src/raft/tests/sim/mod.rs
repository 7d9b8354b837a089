//! A quorum on a network that loses, delays, doubles and reorders, on disks that forget what was not synced, in virtual
//! time. What is sent goes through the bytes of the wire, in the newest versions or the oldest. A seed replays exactly:
//! `KFLEET_SEED=N` with `KFLEET_SIMS=1`.
//!
//! What has to hold, as in Kafka's own simulation test and the public specifications: one leader an epoch, which has all
//! that was committed before it; committed records are the same everywhere and never lost; high watermarks and epochs do
//! not go back while a node lives; logs that have a record in common agree on all before it.

mod check;
mod faults;
mod membership;
#[cfg(feature = "mutations")]
mod mutations;
mod network;
mod weather;

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::Duration;

use super::*;
use crate::cx::{Cx, Outbox, Random};
use crate::raft::wire::ReplyTo;
use crate::raft::wire::tests::{carry, carry_back};
use network::NoAnswer;
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
    /// Somebody asks who leads to change the voters.
    Change,
    /// It falls, and comes back before long.
    Crash {
        away_max: Duration,
    },
    /// It is asked to end.
    Stop,
    /// It ends cleanly.
    Close,
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
    /// Up to where its log was compared with the others.
    checked_end: i64,
    /// Its last end was clean.
    is_clean: bool,
}

/// What happened in a run.
#[derive(Debug, Default, Clone, Copy)]
struct Totals {
    lost: u64,
    doubled: u64,
    delayed: u64,
    shortened: u64,
    cuts: u64,
    crashes: u64,
    fallen_voters: u64,
    fallen_turncoats: u64,
    fallen_old_majorities: u64,
    clean_ends: u64,
    elections: u64,
    truncations: u64,
    snapshot_loads: u64,
    proposed: u64,
    committed: u64,
    added: u64,
    removed: u64,
    refused: u64,
    left_leader: u64,
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
    /// The only node that reaches all others.
    bridge: Option<i32>,
    leaders: BTreeMap<i32, i32>,
    /// All that was ever committed, by offset: epoch and value.
    committed: BTreeMap<i64, (i32, Bytes)>,
    /// Up to where leaders committed, by their epochs.
    committed_by: BTreeMap<i32, i64>,
    /// All that was ever in a log, by offset and epoch: the epoch of what is before it, if there is something, and value.
    written: BTreeMap<(i64, i32), (Option<i32>, Bytes)>,
    next_value: u64,
    /// Whether voters are in the log, and come and go.
    is_dynamic: bool,
    /// Tickets of changes that were asked for.
    changes: BTreeMap<u64, VoterChange>,
    totals: Totals,
    story: Option<Vec<String>>,
}

impl Sim {
    fn new(seed: u64, tells: bool) -> Self {
        let mut random = Seeded::new(seed);
        let weather = Weather::draw(&mut random);
        Self::under(weather, random, tells)
    }

    fn under(weather: Weather, random: Seeded, tells: bool) -> Self {
        let mut sim = Self {
            random,
            weather,
            now: Duration::ZERO,
            queue: BinaryHeap::new(),
            next_number: 0,
            members: BTreeMap::new(),
            cut: BTreeSet::new(),
            bridge: None,
            leaders: BTreeMap::new(),
            committed: BTreeMap::new(),
            committed_by: BTreeMap::new(),
            written: BTreeMap::new(),
            next_value: 0,
            is_dynamic: false,
            changes: BTreeMap::new(),
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
                checked_end: 0,
                is_clean: false,
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
            What::Change => return self.change_voters(),
            What::Crash { away_max } => return self.crash(id, away_max),
            What::Stop => return self.stop(id),
            What::Start => return self.start(id),
            What::Cut => {
                let id = self
                    .current_leaders()
                    .pop()
                    .filter(|_| self.random.one_in(2))
                    .unwrap_or(id);
                return self.cut_off(id);
            }
            What::Heal => {
                self.tell(|| "the network heals".to_owned());
                self.cut.clear();
                self.bridge = None;
                return;
            }
            What::Snapshot => return self.take_snapshot(id),
            _ => {}
        }
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        let is_here = member.raft.is_some();
        if !is_here || member.life != due.life {
            if let What::Request {
                from,
                from_life,
                id: number,
                ..
            } = due.what
            {
                // What was sent to a process that is gone comes to the end of its connection.
                let end = if is_here { NoAnswer::End } else { NoAnswer::Refusal };
                self.give_no_answer(id, (from, from_life), number, end);
            }
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
            What::Close => return self.close(id),
            _ => return,
        };
        self.feed(id, event);
    }

    fn feed(&mut self, id: i32, event: Event) {
        let now = self.now();
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
        let raft = member.raft.as_mut().unwrap();
        let unsynced_in = match &raft.role {
            Role::Follower(following) if following.unsynced => Some(raft.epoch()),
            _ => None,
        };
        raft.on(event, &mut cx).unwrap();
        let is_turncoat = unsynced_in.is_some_and(|epoch| epoch < raft.epoch());
        self.carry_out(id, out);
        self.check(id);
        if is_turncoat {
            self.perhaps_crash_turncoat(id);
        }
        self.perhaps_crash_old_majority(id);
    }

    fn carry_out(&mut self, id: i32, out: Outbox<Outgoing, Due>) {
        for outgoing in out.sends {
            match outgoing {
                Outgoing::Request {
                    id: number,
                    to,
                    request,
                } => {
                    let Some(to) = self.place_of(to) else { continue };
                    if request == Request::KRaftVersions {
                        self.tell_versions(id, to, number);
                        continue;
                    }
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
                Outgoing::Response { ticket, mut response } => {
                    self.note_change(id, ticket, &response);
                    let owed = self.members.get_mut(&id).unwrap().owed.remove(&ticket.0);
                    if matches!(response.body, Body::Vote { granted: true }) {
                        self.perhaps_crash_voter(id);
                    }
                    self.perhaps_shorten(&mut response);
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

    fn now(&self) -> Now {
        Now {
            wall_ms: 1_700_000_000_000 + self.now.as_millis() as i64,
            mono: self.now,
        }
    }

    fn is_calm(&self) -> bool {
        self.now > LENGTH - CALM
    }

    /// Whether a node speaks only the oldest versions of the wire.
    fn is_old(&self, id: i32) -> bool {
        id <= self.weather.old_nodes
    }

    fn current_leaders(&self) -> Vec<i32> {
        let leads = |member: &Member| member.raft.as_ref().is_some_and(Raft::is_leader);
        let leaders = self.members.iter().filter(|(_, member)| leads(member));
        leaders.map(|(id, _)| *id).collect()
    }

    fn propose(&mut self) {
        for id in self.current_leaders() {
            self.next_value += 1;
            let value = self.next_value.to_string().into_bytes();
            let now = self.now();
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
    let rare = [
        totals.crashes,
        totals.clean_ends,
        totals.truncations,
        totals.snapshot_loads,
    ];
    assert!(
        totals.elections > count && rare.iter().all(|times| *times > 0),
        "the runs did not go through enough: {totals:?}"
    );
}

impl Totals {
    fn add(&mut self, other: &Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.delayed += other.delayed;
        self.shortened += other.shortened;
        self.cuts += other.cuts;
        self.crashes += other.crashes;
        self.fallen_voters += other.fallen_voters;
        self.fallen_turncoats += other.fallen_turncoats;
        self.fallen_old_majorities += other.fallen_old_majorities;
        self.clean_ends += other.clean_ends;
        self.elections += other.elections;
        self.truncations += other.truncations;
        self.snapshot_loads += other.snapshot_loads;
        self.proposed += other.proposed;
        self.committed += other.committed;
        self.added += other.added;
        self.removed += other.removed;
        self.refused += other.refused;
        self.left_leader += other.left_leader;
    }
}
