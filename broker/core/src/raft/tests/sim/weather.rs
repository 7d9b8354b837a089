//! What goes wrong in a run, drawn from its seed.

use std::time::Duration;

use super::{CALM, LENGTH, QUIET, Sim, What};
use crate::cx::Random;
use crate::raft::Timeouts;

/// A xorshift generator: fast, seeded, and the same everywhere.
#[derive(Debug, Clone)]
pub(super) struct Seeded(u64);

impl Random for Seeded {
    fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

impl Seeded {
    pub(super) fn new(seed: u64) -> Self {
        // Neighbouring seeds must not run alike.
        let mixed = (seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mut random = Self(mixed | 1);
        for _ in 0..8 {
            random.next_u64();
        }
        random
    }

    pub(super) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(super) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_micros(from * 1000 + self.below((to - from) * 1000 + 1))
    }
}

/// What a run is like: each seed draws its own, so that some are rough in ways that others are not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weather {
    pub(super) nodes: i32,
    /// How many of them speak only the oldest versions of the wire.
    pub(super) old_nodes: i32,
    /// What Kafka's timeouts are divided by: with short ones a run goes through many elections.
    haste: u32,
    crashes: u64,
    /// Crashes of several nodes close together.
    storms: u64,
    clean_ends: u64,
    cuts: u64,
    /// Whether all cuts leave one node that reaches all others.
    pub(super) bridges: bool,
    snapshots: u64,
    /// One message in so many is lost, late or doubled.
    pub(super) mishap: u64,
    pub(super) late_max_ms: u64,
    pub(super) sync_max_ms: u64,
    /// One answer in so many to a fetch of several batches has only the first.
    pub(super) short_answers: u64,
    /// After one vote in so many the voter crashes.
    pub(super) crash_after_vote: u64,
    /// One follower in so many that a later epoch takes away from a sync crashes.
    pub(super) crash_turncoat: u64,
    /// One leader in so many crashes when its voters have all but what is of its own epoch.
    pub(super) crash_old_majority: u64,
    /// One new leader in so many crashes within its first milliseconds.
    pub(super) crash_new_leader: u64,
    propose_every_ms: u64,
}

impl Weather {
    pub(super) fn draw(random: &mut Seeded) -> Self {
        let kind = random.below(6);
        let haste = [1, 4, 10][random.below(3) as usize];
        let weather = Self {
            nodes: [3, 3, 5][random.below(3) as usize],
            haste,
            crashes: random.below(12),
            storms: random.below(8),
            clean_ends: random.below(8),
            cuts: random.below(10),
            bridges: false,
            snapshots: random.below(6),
            mishap: 5 + random.below(60),
            late_max_ms: [50, 900, 6000][random.below(3) as usize] / u64::from(haste),
            sync_max_ms: [2, 20, 300][random.below(3) as usize] / u64::from(haste),
            short_answers: [1, 3, 50][random.below(3) as usize],
            crash_after_vote: 2 + random.below(30),
            crash_turncoat: 1 + random.below(6),
            crash_old_majority: 1 + random.below(4),
            crash_new_leader: 1 + random.below(12),
            propose_every_ms: 25 + random.below(150),
            old_nodes: random.below(3) as i32,
        };
        match kind {
            0 => weather.with_short_reigns(),
            1 => weather.with_bridges(),
            _ => weather,
        }
    }

    /// Leaders fall one after the other, before and just after others have what they have (figure 8 of the Raft paper).
    fn with_short_reigns(self) -> Self {
        Self {
            nodes: 3,
            haste: 10,
            storms: 0,
            cuts: 0,
            mishap: 60,
            sync_max_ms: 2,
            short_answers: 1,
            crash_old_majority: 1,
            crash_new_leader: 2,
            ..self
        }
    }

    /// Two that do not reach each other ask the third for its votes, while it is between two epochs.
    fn with_bridges(self) -> Self {
        Self {
            nodes: 3,
            haste: 10,
            storms: 0,
            cuts: 16,
            bridges: true,
            mishap: 60,
            sync_max_ms: 30,
            crash_turncoat: 1,
            ..self
        }
    }

    pub(super) fn timeouts(self) -> Timeouts {
        let kafka = Timeouts::default();
        Timeouts {
            election: kafka.election / self.haste,
            fetch: kafka.fetch / self.haste,
            request: kafka.request / self.haste,
            ..kafka
        }
    }
}

impl Sim {
    fn any_node(&mut self) -> i32 {
        1 + self.random.below(self.weather.nodes as u64) as i32
    }

    /// Draws when what goes wrong.
    pub(super) fn plan_faults(&mut self) {
        let weather = self.weather;
        let until = (LENGTH - CALM).as_millis() as u64;
        for _ in 0..weather.crashes {
            let (at, id) = (self.random.millis(0, until), self.any_node());
            let away_max = self.any_away();
            self.push(at, id, What::Crash { away_max });
        }
        for _ in 0..weather.clean_ends {
            let (at, id) = (self.random.millis(0, until), self.any_node());
            self.push(at, id, What::Stop);
        }
        for _ in 0..weather.storms {
            let at = self.random.millis(0, until - 500);
            for _ in 0..weather.nodes {
                let (after, id) = (self.random.millis(0, 100), self.any_node());
                let away_max = self.any_away();
                self.push(at + after, id, What::Crash { away_max });
            }
        }
        for _ in 0..weather.cuts {
            let (at, id) = (self.random.millis(0, until), self.any_node());
            self.push(at, id, What::Cut);
            let length = self.random.millis(50, 6000);
            self.push((at + length).min(LENGTH - CALM), id, What::Heal);
        }
        let every = Duration::from_millis(weather.propose_every_ms.max(1));
        let mut at = every;
        while at < LENGTH - QUIET {
            self.push(at, 0, What::Propose);
            at += every;
        }
        for _ in 0..weather.snapshots {
            let (at, id) = (self.random.millis(0, LENGTH.as_millis() as u64), self.any_node());
            self.push(at, id, What::Snapshot);
        }
    }
}
