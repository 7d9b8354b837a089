//! What is done to the nodes and to the network between them.

use std::fmt;
use std::time::{Duration, Instant};

use super::HEAL_MAX;
use super::effect::Sampler;
use super::nodes::{IDS, Nodes};
use super::view::{View, Watch};
use crate::support::network::{End, Trouble};
use crate::support::random::Random;

/// Longest until a node that is gone, or hangs, leads nothing and is in no ISR any more.
const MISSED_MAX: Duration = Duration::from_secs(60);
/// A full disk is one on which no file grows beyond so much at most; segments are full after twice that, or more.
const FULL_MAX_BYTES: u64 = 48 << 10;
/// How long the network is cut if nobody takes notice, which nobody need where a link is cut one way.
const CUT_MAX: Duration = Duration::from_secs(10);

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
    /// A clean stop; started again when the others have missed it, and some time more.
    Stop,
    /// Each node in turn is stopped cleanly and started again.
    Rolling,
    /// Its disk is full; when it has ended, there is room again.
    FullDisk,
    /// Nothing comes through between it and the others, or one of them.
    Cut,
    /// It gets nothing from the others, or they get nothing from it.
    CutOneWay,
    /// What it and the others send each other comes late.
    Slow,
}

/// All, in the order of their turns.
pub(super) const KINDS: [Kind; 11] = [
    Kind::Kill,
    Kind::Cut,
    Kind::Pause,
    Kind::Rolling,
    Kind::FullDisk,
    Kind::CutOneWay,
    Kind::KillBriefly,
    Kind::Slow,
    Kind::KillTwo,
    Kind::Stop,
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
            Self::Stop => "stop",
            Self::Rolling => "rolling restart",
            Self::FullDisk => "full disk",
            Self::Cut => "cut network",
            Self::CutOneWay => "network cut one way",
            Self::Slow => "slow network",
        })
    }
}

/// A fault of one node.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    node: i32,
    /// Whether the node was the active controller.
    pub(super) on_active: bool,
    /// What else is left to chance.
    random: Random,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let active = if self.on_active { ", the active controller" } else { "" };
        write!(f, "{} of node {}{active}", self.kind, self.node)
    }
}

impl Fault {
    /// The next fault: all kinds in turn, half of them on the active controller.
    pub(super) fn draw(mut random: Random, at: u64, watch: &Watch<'_>) -> Self {
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
            random,
        }
    }

    /// What is there before it, and at stake: a node that has just come back may do nothing yet that could be missed.
    pub(super) fn before(&self, watch: &Watch<'_>) -> View {
        watch.wait(&format!("node {} being in sync", self.node), HEAL_MAX, None, |view| {
            view.alive.contains(&self.node) && !view.in_sync(self.node).is_empty()
        })
    }

    fn some_time(&mut self, least_ms: u64, most_ms: u64) -> Duration {
        Duration::from_millis(least_ms + self.random.below(most_ms - least_ms))
    }

    /// Does it and takes it back; how many processes ended.
    pub(super) fn inflict(&mut self, nodes: &mut Nodes, watch: &Watch<'_>, sampler: &Sampler) -> u64 {
        let node = self.node;
        match self.kind {
            Kind::Kill | Kind::KillBriefly => {
                nodes.kill(node);
                if self.kind == Kind::Kill {
                    missed(watch, node);
                }
                nodes.start_again(node);
                1
            }
            Kind::KillTwo => {
                let other = IDS[(self.random.below(2) as usize + node as usize) % IDS.len()];
                nodes.kill(node);
                nodes.kill(other);
                std::thread::sleep(self.some_time(300, 5000));
                nodes.start_again(node);
                nodes.start_again(other);
                2
            }
            Kind::Pause => {
                nodes.pause(node);
                missed(watch, node);
                std::thread::sleep(self.some_time(0, 3000));
                nodes.go_on(node);
                0
            }
            Kind::PauseBriefly => {
                nodes.pause(node);
                std::thread::sleep(self.some_time(500, 2500));
                nodes.go_on(node);
                0
            }
            Kind::Stop => {
                nodes.terminate(node);
                missed(watch, node);
                std::thread::sleep(self.some_time(0, 2000));
                nodes.start_again(node);
                1
            }
            Kind::Rolling => {
                for node in IDS {
                    nodes.terminate(node);
                    missed(watch, node);
                    nodes.start_again(node);
                    watch.wait_until_healed(HEAL_MAX);
                }
                IDS.len() as u64
            }
            Kind::FullDisk => {
                nodes.fill_disk(node, self.random.below(FULL_MAX_BYTES));
                missed(watch, node);
                nodes.start_again(node);
                1
            }
            Kind::Cut | Kind::CutOneWay => {
                for (from, to) in self.ways() {
                    nodes.network.trouble(from, to, Trouble::Cut);
                }
                let until = Instant::now() + CUT_MAX;
                while Instant::now() < until && !sampler.seen().is_noticed() {
                    std::thread::sleep(Duration::from_millis(50));
                }
                std::thread::sleep(self.some_time(0, 2000));
                let end = if self.random.below(2) == 0 {
                    End::Late
                } else {
                    End::Reset
                };
                nodes.network.heal(end);
                0
            }
            Kind::Slow => {
                // One in three delays is longer than members of the quorum wait for an answer.
                let delay = match self.random.below(3) {
                    0 => self.some_time(800, 2500),
                    _ => self.some_time(150, 800),
                };
                for (from, to) in self.ways() {
                    nodes.network.trouble(from, to, Trouble::Slow(delay));
                }
                std::thread::sleep(self.some_time(2000, 6000));
                nodes.network.heal(End::Late);
                0
            }
        }
    }

    /// Who sends what to whom that does not come through, or late.
    fn ways(&mut self) -> Vec<(i32, i32)> {
        let node = self.node;
        let mut others: Vec<i32> = IDS.into_iter().filter(|id| *id != node).collect();
        let (hears, is_heard) = match self.kind {
            Kind::CutOneWay => [(true, false), (false, true)][self.random.below(2) as usize],
            _ => (false, false),
        };
        // A link to one of the others, and not to all.
        if self.kind == Kind::Cut && self.random.below(3) == 0 {
            others.remove(self.random.below(2) as usize);
        }
        let lost = |is_lost: bool, way: (i32, i32)| is_lost.then_some(way);
        let both = |other| [lost(!is_heard, (node, other)), lost(!hears, (other, node))];
        others.into_iter().flat_map(both).flatten().collect()
    }
}

/// Waits until the others have noticed that a node is gone: it leads nothing, and is in no ISR but where it is the only
/// one that could lead.
fn missed(watch: &Watch<'_>, node: i32) {
    watch.wait(&format!("node {node} being missed"), MISSED_MAX, Some(node), |view| {
        let alone = |partition: i32| view.partitions[&partition].isr == [node];
        !view.alive.contains(&node)
            && view.led_by(node).is_empty()
            && view.in_sync(node).into_iter().all(alone)
            && view.controller != node
    });
}
