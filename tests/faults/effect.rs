//! What shows that a fault had effect: what nodes said while it lasted, and what writers and readers met with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use client::PartitionDescription;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::load::Met;
use super::view::{View, Watch, partitions};

/// How often each node is asked while a fault lasts.
const SAMPLE: Duration = Duration::from_millis(25);
/// Longest that effects may come after a fault has been taken back.
const LATE_MAX: Duration = Duration::from_secs(5);
/// A write that takes so long has met with a fault: others take a few milliseconds.
const GAP_MIN: Duration = Duration::from_millis(300);

/// Changes that any of the nodes told of.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Partitions, and epochs in which they had another leader, or none, than before.
    epochs: BTreeSet<(i32, i32)>,
    /// Partitions, and replicas that left their ISRs.
    left: BTreeSet<(i32, i32)>,
}

impl Seen {
    fn add(&mut self, before: &View, now: &BTreeMap<i32, PartitionDescription>) {
        for (at, now) in now {
            let before = &before.partitions[at];
            // A node may lag behind what is known already.
            if now.leader_epoch < before.leader_epoch {
                continue;
            }
            if now.leader_epoch > before.leader_epoch {
                self.epochs.insert((*at, now.leader_epoch));
            }
            let gone = before.isr.iter().filter(|id| !now.isr.contains(id));
            self.left.extend(gone.map(|id| (*at, *id)));
        }
    }

    /// Whether the cluster's metadata changed.
    pub(super) fn is_noticed(&self) -> bool {
        !self.epochs.is_empty() || !self.left.is_empty()
    }
}

/// Asks the nodes, each by itself, for as long as a fault lasts.
#[derive(Debug)]
pub(super) struct Sampler {
    seen: Arc<Mutex<Seen>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Sampler {
    pub(super) fn start(runtime: &Runtime, watch: &Watch<'_>, before: &View) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let sample = |address: &String| runtime.spawn(sample(address.clone(), before.clone(), seen.clone()));
        let tasks = watch.addresses().values().map(sample).collect();
        Self { seen, tasks }
    }

    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn sample(address: String, before: View, seen: Arc<Mutex<Seen>>) {
    loop {
        // It may be gone, or hang: that is what faults are for.
        let _gone = partitions(&address, SAMPLE, |now| seen.lock().unwrap().add(&before, &now)).await;
        tokio::time::sleep(SAMPLE).await;
    }
}

/// What a fault did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Effect {
    /// Processes that ended.
    pub(super) ended: u64,
    /// Epochs of leadership that began.
    pub(super) leaders_moved: u64,
    /// Replicas that left ISRs.
    pub(super) left_isrs: u64,
    /// Epochs of active controllers that began.
    pub(super) controllers: u64,
    /// How often the network held something up.
    pub(super) held_up: u64,
    /// Errors that writers and readers were told.
    pub(super) errors: u64,
    pub(super) longest_write: Duration,
}

impl Effect {
    /// What has been seen until now.
    fn of(ended: u64, held_up: u64, seen: &Seen, controllers: u64, met: Met) -> Self {
        Self {
            ended,
            leaders_moved: seen.epochs.len() as u64,
            left_isrs: seen.left.len() as u64,
            controllers,
            held_up,
            errors: met.errors,
            longest_write: met.longest_write,
        }
    }

    /// Both together.
    pub(super) fn add(&mut self, other: &Self) {
        self.ended += other.ended;
        self.leaders_moved += other.leaders_moved;
        self.left_isrs += other.left_isrs;
        self.controllers += other.controllers;
        self.held_up += other.held_up;
        self.errors += other.errors;
        self.longest_write = self.longest_write.max(other.longest_write);
    }

    /// Whether anything shows that there was a fault, to anybody but whoever made it.
    pub(super) fn is_shown(&self) -> bool {
        self.leaders_moved + self.left_isrs + self.controllers + self.errors > 0 || self.longest_write >= GAP_MIN
    }

    /// What there is to see of a fault that has been taken back, as soon as there is anything.
    pub(super) fn wait(
        (ended, held_up): (u64, u64),
        before: &View,
        sampler: &Sampler,
        watch: &Watch<'_>,
        met: impl Fn() -> Met,
    ) -> Self {
        let deadline = Instant::now() + LATE_MAX;
        loop {
            let controllers = watch.now().controller_epoch - before.controller_epoch;
            let effect = Self::of(ended, held_up, &sampler.seen(), controllers.max(0) as u64, met());
            if effect.is_shown() || Instant::now() >= deadline {
                return effect;
            }
            std::thread::sleep(SAMPLE);
        }
    }
}
