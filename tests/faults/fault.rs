//! What is done to the nodes, and what shows that it was.

use std::fmt;
use std::time::Duration;

use super::nodes::{IDS, Nodes};
use super::view::{View, Watch};
use crate::support::random::Random;

/// Longest until a node that is gone, or hangs, leads nothing and is in no ISR any more.
const MISSED_MAX: Duration = Duration::from_secs(60);
/// A full disk is one on which no file grows beyond so much at most; segments are a MiB.
const FULL_MAX_BYTES: u64 = 512 << 10;

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// SIGKILL, and started again when the others have missed it.
    Kill,
    /// SIGKILL, and started again at once.
    KillBriefly,
    /// SIGKILL of two at once, so that for a while nobody can decide anything.
    KillTwo,
    /// SIGSTOP until the others have missed it, and some time more.
    Pause,
    /// SIGSTOP for less than anybody misses it.
    PauseBriefly,
    /// Each node in turn is stopped cleanly and started again.
    Rolling,
    /// Its disk is full; when it has ended, there is room again.
    FullDisk,
}

const KINDS: [Kind; 7] = [
    Kind::Kill,
    Kind::Pause,
    Kind::Rolling,
    Kind::FullDisk,
    Kind::KillBriefly,
    Kind::KillTwo,
    Kind::PauseBriefly,
];

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kill => "kill",
            Self::KillBriefly => "brief kill",
            Self::KillTwo => "kill of two",
            Self::Pause => "pause",
            Self::PauseBriefly => "brief pause",
            Self::Rolling => "rolling restart",
            Self::FullDisk => "full disk",
        })
    }
}

/// A fault of one node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    node: i32,
    /// Whether the node was the active controller.
    pub(super) on_active: bool,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let active = if self.on_active { ", the active controller" } else { "" };
        write!(f, "{} of node {}{active}", self.kind, self.node)
    }
}

/// What a fault did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Effect {
    /// Processes that ended.
    pub(super) ended: u64,
    /// Partitions that got another leader, or leaders of another epoch.
    pub(super) leaders_moved: u64,
    /// Partitions whose ISRs the node left.
    pub(super) left_isrs: u64,
}

impl Fault {
    /// The next fault: all kinds in turn, half of them on the active controller.
    pub(super) fn draw(random: &mut Random, at: u64, watch: &Watch<'_>) -> Self {
        let active = watch.now().controller;
        let node = if random.below(2) == 0 {
            active
        } else {
            IDS[random.below(IDS.len() as u64) as usize]
        };
        Self {
            kind: KINDS[(at % KINDS.len() as u64) as usize],
            node,
            on_active: node == active,
        }
    }

    /// Does it, shows that it had effect, and takes it back.
    pub(super) fn inflict(&self, nodes: &mut Nodes, watch: &Watch<'_>, random: &mut Random) -> Effect {
        let node = self.node;
        let before = watch.now();
        match self.kind {
            Kind::Kill => {
                nodes.kill(node);
                let effect = missed(watch, &before, node, 1);
                nodes.start_again(node);
                effect
            }
            Kind::KillBriefly => {
                nodes.kill(node);
                nodes.start_again(node);
                Effect {
                    ended: 1,
                    ..Effect::default()
                }
            }
            Kind::KillTwo => {
                let other = IDS[(random.below(2) as usize + node as usize) % IDS.len()];
                nodes.kill(node);
                nodes.kill(other);
                std::thread::sleep(Duration::from_millis(random.below(5000)));
                nodes.start_again(node);
                nodes.start_again(other);
                Effect {
                    ended: 2,
                    ..Effect::default()
                }
            }
            Kind::Pause => {
                nodes.pause(node);
                let effect = missed(watch, &before, node, 0);
                std::thread::sleep(Duration::from_millis(random.below(3000)));
                nodes.go_on(node);
                effect
            }
            Kind::PauseBriefly => {
                nodes.pause(node);
                std::thread::sleep(Duration::from_millis(random.below(2500)));
                nodes.go_on(node);
                Effect::default()
            }
            Kind::Rolling => {
                let mut sum = Effect::default();
                for node in IDS {
                    let before = watch.now();
                    nodes.terminate(node);
                    let effect = missed(watch, &before, node, 1);
                    nodes.start_again(node);
                    watch.wait_until_healed(super::HEAL_MAX);
                    sum.ended += effect.ended;
                    sum.leaders_moved += effect.leaders_moved;
                    sum.left_isrs += effect.left_isrs;
                }
                sum
            }
            Kind::FullDisk => {
                nodes.fill_disk(node, random.below(FULL_MAX_BYTES));
                let effect = missed(watch, &before, node, 1);
                nodes.start_again(node);
                effect
            }
        }
    }
}

/// Waits until the others have noticed that a node is gone: it leads nothing, and is in no ISR but where it is the only
/// one that could lead.
fn missed(watch: &Watch<'_>, before: &View, node: i32, ended: u64) -> Effect {
    let after = watch.wait(&format!("node {node} being missed"), MISSED_MAX, Some(node), |view| {
        let alone = |partition: i32| view.partitions[&partition].isr == [node];
        !view.alive.contains(&node)
            && view.led_by(node).is_empty()
            && view.in_sync(node).into_iter().all(alone)
            && view.controller != node
    });
    let moved = before.led_by(node).into_iter();
    let left = before.in_sync(node);
    Effect {
        ended,
        leaders_moved: moved.filter(|at| after.epoch(*at) > before.epoch(*at)).count() as u64,
        left_isrs: left.difference(&after.in_sync(node)).count() as u64,
    }
}
