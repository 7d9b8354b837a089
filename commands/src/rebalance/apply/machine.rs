//! What is to be done next: from how far a plan has been carried out, and what is seen of the cluster. It does nothing itself,
//! and what it does not write into the journal it may forget.

use std::collections::{BTreeMap, BTreeSet};

use client::{PartitionKey, Reassignment, ReplicaKey};

use super::batch::{self, Short};
use super::limits;
use super::state::{Entry, Mode, Part, State, Status};
use super::view::{Seen, Settings, ThrottleKey, View};
use super::work::Heading;

/// After so long without effect a request is sent again.
const AGAIN_MS: i64 = 15_000;
/// So often.
const TRIES_MAX: u32 = 8;
/// After so long without effect a leader is elected again.
const ELECT_AGAIN_MS: i64 = 1_000;
/// So often a preferred leader is elected before the partition is left with another.
pub(super) const ELECTIONS_MAX: u32 = 3;
/// Between two steps back.
const BACK_OFF_MS: i64 = 10_000;

/// A replica list, or the end of a reassignment.
pub(crate) type Targets = BTreeMap<PartitionKey, Option<Vec<i32>>>;

/// Something to be sent to the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Settings; none are taken away.
    Set(Settings),
    /// Replica lists.
    Reassign(Targets),
    /// Log directories of replicas.
    MoveDirs(BTreeMap<ReplicaKey, String>),
    /// Preferred leaders.
    Elect(BTreeSet<PartitionKey>),
}

/// Why nothing more is begun for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Somebody asked for it.
    Paused,
    /// Somebody else moves partitions.
    Others(Vec<PartitionKey>),
    /// Brokers that are needed are not alive.
    Lost(Vec<i32>),
    /// Partitions outside of the plan are below their minimum of in-sync replicas.
    BelowMinimum(Vec<PartitionKey>),
}

/// What is next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// To be written down before anything else.
    Record(Vec<Entry>),
    /// To be done, and the cluster to be looked at again.
    Act(Action),
    /// The cluster is to be looked at again: not everything was seen.
    Look,
    /// There is nothing to do for now.
    Wait(Option<Hold>),
    /// It cannot go on by itself.
    Stuck(String),
    /// It is over.
    Ended,
}

/// What is remembered between looks, and may be forgotten.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    /// When partitions were asked for last, and how often.
    asked: BTreeMap<PartitionKey, (i64, u32)>,
    /// The same of reassignments that were to be undone.
    undone: BTreeMap<PartitionKey, (i64, u32)>,
    /// The same of replicas' log directories.
    asked_dirs: BTreeMap<ReplicaKey, (i64, u32)>,
    /// The same of elections.
    elected: BTreeMap<PartitionKey, (i64, u32)>,
    /// What the cluster refused, and why.
    refused: BTreeMap<PartitionKey, String>,
    /// Partitions outside of the plan that lacked replicas at first.
    degraded_before: Option<BTreeSet<PartitionKey>>,
    /// How many replicas a broker may receive at a time, for now.
    window: u32,
    backed_off_ms: Option<i64>,
    /// What had been done when there was progress last, and when that was.
    progress: Option<(Progress, i64)>,
}

/// Tells whether there was progress.
type Progress = (usize, u64, usize);

impl Memory {
    /// The cluster refused to move a partition.
    pub(crate) fn refuse(&mut self, key: &PartitionKey, why: String) {
        self.refused.insert(key.clone(), why);
    }

    /// How many replicas a broker may receive at a time, for now.
    pub(crate) fn window(&self) -> u32 {
        self.window.max(1)
    }
}

/// Whether enough time has gone by since something was asked for.
fn is_time(asked: Option<&(i64, u32)>, again_ms: i64, now_ms: i64) -> bool {
    asked.is_none_or(|(at_ms, _)| now_ms.saturating_sub(*at_ms) >= again_ms)
}

/// How often something was asked for.
fn tries(asked: Option<&(i64, u32)>) -> u32 {
    asked.map_or(0, |(_, tries)| *tries)
}

fn count(asked: &mut (i64, u32), now_ms: i64) {
    *asked = (now_ms, asked.1.saturating_add(1));
}

/// Where a partition stands.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// It is where it is to be.
    There,
    /// It has yet to be asked for.
    NotAsked,
    /// It is on its way.
    UnderWay,
    /// It is on its way to where it is no longer to be.
    Astray,
    /// What is seen is older than what was done.
    Unclear,
    /// Others have had it moved, or deleted.
    Taken(String),
}

fn set(ids: &[i32]) -> BTreeSet<i32> {
    ids.iter().copied().collect()
}

/// Where a reassignment leads, and where it comes from.
fn ends(running: &Reassignment) -> (BTreeSet<i32>, BTreeSet<i32>) {
    let all = set(&running.replicas);
    (
        all.difference(&set(&running.removing)).copied().collect(),
        all.difference(&set(&running.adding)).copied().collect(),
    )
}

fn standing(key: &PartitionKey, part: &Part, view: &View) -> Standing {
    let Some(seen) = view.partitions.get(key) else {
        return Standing::Taken("it is gone".to_owned());
    };
    let (from, to, goal) = (set(&part.job.from), set(&part.job.to), set(part.goal()));
    if let Some(running) = view.reassignments.get(key) {
        let (target, _) = ends(running);
        return if target == goal {
            Standing::UnderWay
        } else if target == from || target == to {
            Standing::Astray
        } else {
            Standing::Taken(format!("others move it to {}", super::shown(&running.replicas)))
        };
    }
    if seen.replicas == part.goal() {
        return Standing::There;
    }
    let now = set(&seen.replicas);
    if now == from || now == to {
        Standing::NotAsked
    } else if now.is_subset(&from.union(&to).copied().collect()) {
        Standing::Unclear
    } else {
        Standing::Taken(format!("others moved it to {}", super::shown(&seen.replicas)))
    }
}

/// Decides.
pub(crate) fn next(state: &State, view: &View, memory: &mut Memory, now_ms: i64) -> Next {
    if state.ended_ms.is_some() {
        return Next::Ended;
    }
    let look = Machine {
        state,
        view,
        memory,
        now_ms,
    };
    look.decide()
}

struct Machine<'a> {
    state: &'a State,
    view: &'a View,
    memory: &'a mut Memory,
    now_ms: i64,
}

impl Machine<'_> {
    fn decide(mut self) -> Next {
        let ended = self.ended();
        if !ended.is_empty() {
            return Next::Record(ended);
        }
        if let Some(next) = self.throttles() {
            return next;
        }
        let dirs = self.dirs();
        if !dirs.is_empty() {
            return Next::Act(Action::MoveDirs(dirs));
        }
        let targets = self.targets();
        if !targets.is_empty() {
            return Next::Act(Action::Reassign(targets));
        }
        let leaders = self.leaders();
        if !leaders.is_empty() {
            return Next::Act(Action::Elect(leaders));
        }
        if self.state.unfinished().next().is_none() && self.throttled_and_lost().is_empty() {
            return Next::Record(vec![Entry::Ended { at_ms: self.now_ms }]);
        }
        self.begin()
    }

    /// Partitions that have arrived, or that are not ours any more.
    fn ended(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (key, part) in self.state.active() {
            let (topic, partition) = key.clone();
            let dropped = |why: String| Entry::Dropped {
                topic: key.0.clone(),
                partition,
                why,
            };
            let refused = self.memory.refused.get(key).cloned();
            if self.is_kept(key, part) {
                entries.push(Entry::Kept { topic, partition });
                continue;
            }
            match standing(key, part, self.view) {
                Standing::There if self.is_complete(key, part) => entries.push(Entry::Settled {
                    topic,
                    partition,
                    at_ms: self.now_ms,
                    bytes: self.copied_bytes(key, part),
                }),
                Standing::There => {}
                Standing::Taken(why) => entries.push(dropped(why)),
                _ if refused.is_some() => entries.extend(refused.map(dropped)),
                Standing::NotAsked if tries(self.memory.asked.get(key)) >= TRIES_MAX => {
                    entries.push(dropped("the cluster takes the request and moves nothing".to_owned()));
                }
                _ => {}
            }
        }
        entries
    }

    /// Bytes that were copied to get it there; none where it was only stopped.
    fn copied_bytes(&self, key: &PartitionKey, part: &Part) -> u64 {
        if self.state.mode == Mode::Cancel {
            return 0;
        }
        part.adding().map(|broker| self.view.size_bytes(broker, key)).sum()
    }

    /// Whether it had arrived before it could be cancelled. What is there stays there.
    fn is_kept(&self, key: &PartitionKey, part: &Part) -> bool {
        let is_cancelled = self.state.mode == Mode::Cancel && part.heading == Heading::From;
        let is_there = self.seen(key).is_some_and(|seen| seen.replicas == part.job.to);
        is_cancelled && is_there && part.job.from != part.job.to && !self.view.reassignments.contains_key(key)
    }

    /// Whether directories and leader are right as well, as far as they can be.
    fn is_complete(&self, key: &PartitionKey, part: &Part) -> bool {
        let misplaced = self
            .misplaced(key, part)
            .any(|(replica, _)| tries(self.memory.asked_dirs.get(&replica)) < TRIES_MAX);
        !misplaced && !self.needs_leader(key, part)
    }

    fn seen(&self, key: &PartitionKey) -> Option<&Seen> {
        self.view.partitions.get(key)
    }

    fn needs_leader(&self, key: &PartitionKey, part: &Part) -> bool {
        let (Some(seen), Some(first)) = (self.seen(key), part.goal().first()) else {
            return false;
        };
        seen.leader != Some(*first) && seen.isr.contains(first) && tries(self.memory.elected.get(key)) < ELECTIONS_MAX
    }

    /// Replicas that are in other log directories than they are to be in, as far as brokers have them.
    fn misplaced<'b>(
        &'b self,
        key: &'b PartitionKey,
        part: &'b Part,
    ) -> impl Iterator<Item = (ReplicaKey, &'b String)> + 'b {
        let on_goal = part
            .goal_dirs()
            .iter()
            .filter(|(broker, _)| part.goal().contains(broker));
        on_goal.filter_map(|(broker, wanted)| {
            let partition = key.clone();
            let replica = ReplicaKey {
                broker: *broker,
                partition,
            };
            let found = self.view.replica(*broker, key);
            let is_there = found.is_some_and(|found| found.dir.as_ref() == Some(wanted) && found.future.is_none());
            (!is_there).then_some((replica, wanted))
        })
    }

    /// Sets throttles that are not as they have to be, once it is written down what they were.
    fn throttles(&self) -> Option<Next> {
        let keys = limits::keys(self.state);
        if keys
            .iter()
            .any(|key| self.is_told(key) && !self.view.settings.contains_key(key))
        {
            return Some(Next::Look);
        }
        let wanted = limits::wanted(self.state, self.view);
        let differs =
            |(key, value): &(&_, &Option<String>)| self.is_told(key) && self.view.settings.get(key) != Some(*value);
        let changes: Settings = wanted
            .iter()
            .filter(differs)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if changes.is_empty() {
            return None;
        }
        let untouched = changes.keys().filter(|key| !self.state.before.contains_key(*key));
        let touching: Vec<Entry> = untouched
            .map(|key| Entry::Touching {
                key: key.clone(),
                before: self.view.settings.get(key).cloned().flatten(),
            })
            .collect();
        if touching.is_empty() {
            Some(Next::Act(Action::Set(changes)))
        } else {
            Some(Next::Record(touching))
        }
    }

    /// Whether somebody tells what is set there. A broker that is not alive neither tells nor takes anything.
    fn is_told(&self, key: &ThrottleKey) -> bool {
        key.broker().is_none_or(|broker| self.view.alive.contains(&broker))
    }

    /// Brokers that are not alive and have throttles of ours.
    fn throttled_and_lost(&self) -> Vec<i32> {
        let of_brokers = self.state.before.keys().filter(|key| !self.is_told(key));
        let lost: BTreeSet<i32> = of_brokers.filter_map(ThrottleKey::broker).collect();
        lost.into_iter().collect()
    }

    /// Log directories: of replicas that are there, and, before it is asked for, of those that are to come.
    fn dirs(&mut self) -> BTreeMap<ReplicaKey, String> {
        let mut wanted = BTreeMap::new();
        for (key, part) in self.state.active() {
            if !matches!(standing(key, part, self.view), Standing::There | Standing::NotAsked) {
                continue;
            }
            for (replica, dir) in self.misplaced(key, part) {
                let found = self.view.replica(replica.broker, key);
                let is_moving = found.is_some_and(|found| found.future.as_ref() == Some(dir));
                let is_alive = self.view.alive.contains(&replica.broker);
                if !is_moving && is_alive && is_time(self.memory.asked_dirs.get(&replica), AGAIN_MS, self.now_ms) {
                    wanted.insert(replica, dir.clone());
                }
            }
        }
        for replica in wanted.keys() {
            count(self.memory.asked_dirs.entry(replica.clone()).or_default(), self.now_ms);
        }
        wanted
    }

    /// Replica lists that have to be asked for.
    fn targets(&mut self) -> Targets {
        let mut targets = Targets::new();
        for (key, part) in self.state.active() {
            let is_time = |asked: &BTreeMap<_, _>| is_time(asked.get(key), AGAIN_MS, self.now_ms);
            match standing(key, part, self.view) {
                // A broker that is not alive has no throttle, either.
                Standing::NotAsked | Standing::Unclear
                    if is_time(&self.memory.asked) && part.adding().all(|id| self.view.alive.contains(&id)) =>
                {
                    targets.insert(key.clone(), Some(part.goal().to_vec()));
                }
                // What goes astray is undone, and asked for when it is back.
                Standing::Astray if is_time(&self.memory.undone) => {
                    targets.insert(key.clone(), None);
                }
                _ => {}
            }
        }
        for (key, target) in &targets {
            if target.is_some() {
                count(self.memory.asked.entry(key.clone()).or_default(), self.now_ms);
            } else {
                count(self.memory.undone.entry(key.clone()).or_default(), self.now_ms);
                self.memory.asked.remove(key);
            }
        }
        targets
    }

    /// Partitions that are there and are led by another than their first replica.
    fn leaders(&mut self) -> BTreeSet<PartitionKey> {
        let needed = self.state.active().filter(|(key, part)| {
            standing(key, part, self.view) == Standing::There
                && self.needs_leader(key, part)
                && is_time(self.memory.elected.get(*key), ELECT_AGAIN_MS, self.now_ms)
        });
        let needed: BTreeSet<PartitionKey> = needed.map(|(key, _)| key.clone()).collect();
        for key in &needed {
            count(self.memory.elected.entry(key.clone()).or_default(), self.now_ms);
        }
        needed
    }

    /// Begins more, if that is safe.
    fn begin(mut self) -> Next {
        self.adjust();
        if let Some(stalled) = self.stalled() {
            return Next::Stuck(stalled);
        }
        if let Some(hold) = self.hold() {
            return Next::Wait(Some(hold));
        }
        let chosen = batch::choose(self.state, self.view, self.memory.window());
        let mut entries = Vec::new();
        for key in &chosen.keys {
            if let Some(part) = self.state.parts.get(key) {
                entries.push(self.start(key, part));
            }
        }
        if !entries.is_empty() {
            return Next::Record(entries);
        }
        if self.state.active().next().is_none()
            && let Some(Short::Room { broker, lacking_bytes }) = chosen.short
        {
            return Next::Stuck(format!(
                "broker {broker} has not room enough: it lacks {lacking_bytes} bytes below its limit"
            ));
        }
        Next::Wait(None)
    }

    fn start(&self, key: &PartitionKey, part: &Part) -> Entry {
        let (topic, partition) = key.clone();
        // One that is elsewhere, or that others move, is not begun.
        let why = match standing(key, part, self.view) {
            Standing::Taken(why) => Some(why),
            Standing::NotAsked | Standing::There => None,
            Standing::UnderWay | Standing::Astray | Standing::Unclear => Some("others move it".to_owned()),
        };
        if let Some(why) = why {
            return Entry::Dropped { topic, partition, why };
        }
        let moves_dirs = part.job.dirs.keys();
        let dirs = moves_dirs.filter_map(|broker| {
            let dir = self.view.replica(*broker, key)?.dir.clone()?;
            Some((*broker, dir))
        });
        Entry::Started {
            topic,
            partition,
            at_ms: self.now_ms,
            dirs: if part.heading == Heading::To {
                dirs.collect()
            } else {
                BTreeMap::new()
            },
        }
    }

    /// Why nothing more is begun.
    fn hold(&self) -> Option<Hold> {
        if self.state.is_paused {
            return Some(Hold::Paused);
        }
        let others = self.view.reassignments.keys().filter(|key| {
            let ours = self.state.parts.get(*key);
            ours.is_none_or(|part| part.status != Status::Active)
        });
        let others: Vec<PartitionKey> = others.cloned().collect();
        if !others.is_empty() {
            return Some(Hold::Others(others));
        }
        let mut lost: Vec<i32> = self.needed().difference(&self.view.alive).copied().collect();
        if self.state.unfinished().next().is_none() {
            lost = self.throttled_and_lost();
        }
        if !lost.is_empty() {
            return Some(Hold::Lost(lost));
        }
        let below = self.view.degraded.iter().filter(|(_, is_below)| **is_below);
        let below: Vec<PartitionKey> = below
            .map(|(key, _)| key.clone())
            .filter(|key| !self.degraded_before().is_some_and(|before| before.contains(key)))
            .collect();
        (!below.is_empty()).then_some(Hold::BelowMinimum(below))
    }

    /// Brokers that are to receive something.
    fn needed(&self) -> BTreeSet<i32> {
        let unfinished = self.state.unfinished();
        unfinished.flat_map(|(_, part)| part.adding()).collect()
    }

    fn degraded_before(&self) -> Option<&BTreeSet<PartitionKey>> {
        self.memory.degraded_before.as_ref()
    }

    /// Half as much at a time when partitions outside of the plan lose replicas, one more with each look when all is well.
    fn adjust(&mut self) {
        let now: BTreeSet<PartitionKey> = self.view.degraded.keys().cloned().collect();
        let before = self.memory.degraded_before.get_or_insert_with(|| now.clone());
        let has_lost = !now.is_subset(before);
        let most = self.state.options.moves_per_broker.max(1);
        let window = self.memory.window.clamp(1, most);
        let last = self
            .memory
            .backed_off_ms
            .map_or(i64::MAX, |at_ms| self.now_ms.saturating_sub(at_ms));
        self.memory.window = if has_lost && last >= BACK_OFF_MS {
            self.memory.backed_off_ms = Some(self.now_ms);
            (window / 2).max(1)
        } else if has_lost {
            window
        } else {
            (window + 1).min(most)
        };
    }

    /// Why it is given up for now, if nothing has moved for too long.
    fn stalled(&mut self) -> Option<String> {
        let settled = self
            .state
            .count(|part| matches!(part.status, Status::Settled | Status::Dropped(_)));
        let active = self.state.active();
        let bytes = active.map(|(key, part)| part.adding().map(|id| self.view.size_bytes(id, key)).sum::<u64>());
        let progress = (settled, bytes.sum(), self.state.active().count());
        match &self.memory.progress {
            Some((before, at_ms)) if *before == progress && !self.state.is_paused => {
                let stalled_ms = u64::try_from(self.now_ms.saturating_sub(*at_ms)).unwrap_or(0);
                (stalled_ms >= self.state.options.stall_ms).then(|| match self.hold() {
                    Some(hold) => hold.to_string(),
                    None => format!("nothing has moved for {} s", stalled_ms / 1000),
                })
            }
            _ => {
                self.memory.progress = Some((progress, self.now_ms));
                None
            }
        }
    }
}

impl std::fmt::Display for Hold {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let some = |keys: &[PartitionKey]| {
            let names: Vec<String> = keys
                .iter()
                .take(3)
                .map(|(topic, partition)| format!("{topic}-{partition}"))
                .collect();
            let more = keys.len().saturating_sub(names.len());
            match more {
                0 => names.join(", "),
                more => format!("{} and {more} more", names.join(", ")),
            }
        };
        match self {
            Self::Paused => out.write_str("paused"),
            Self::Others(keys) => write!(out, "somebody else moves {}", some(keys)),
            Self::Lost(ids) => write!(out, "not alive, and needed: broker {}", super::shown(ids)),
            Self::BelowMinimum(keys) => write!(out, "below min.insync.replicas: {}", some(keys)),
        }
    }
}

/// What is under way in a mode, for people.
pub(crate) const fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Forward => "apply",
        Mode::Cancel => "cancel",
        Mode::Rollback => "rollback",
    }
}
