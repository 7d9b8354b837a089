//! Where all chance in a run comes from.

use std::time::Duration;

use broker_core::cx::Random;

/// A xorshift generator: fast, seeded, and the same everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Seeded(u64);

impl Random for Seeded {
    fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

impl Seeded {
    /// The generator of a seed. Neighbouring seeds do not run alike.
    pub(crate) fn new(seed: u64) -> Self {
        let mixed = (seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mut random = Self(mixed | 1);
        for _ in 0..8 {
            random.next_u64();
        }
        random
    }

    /// Another generator, seeded by this one.
    pub(crate) fn fork(&mut self) -> Self {
        Self::new(self.next_u64())
    }

    /// True once in so many times; never for 0.
    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        n > 0 && self.below(n) == 0
    }

    /// A time between these, in milliseconds.
    pub(crate) fn ms(&mut self, from: u64, to: u64) -> Duration {
        self.us(from * 1000, to * 1000)
    }

    /// A time between these, in microseconds.
    pub(crate) fn us(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_micros(from + self.below(to.saturating_sub(from) + 1))
    }

    /// One of these.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.below(from.len() as u64) as usize).copied()
    }
}
