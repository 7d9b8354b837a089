//! What was measured, as the script prints it.

use super::super::io::Io;
use crate::offsets::time::now_ms;

/// Latencies that are kept for percentiles.
const LATENCIES_MAX: u64 = 500_000;

/// Since the last line.
#[derive(Debug, Default)]
struct Window {
    start_ms: i64,
    count: u64,
    bytes: u64,
    latency_ms: i64,
    latency_max_ms: i32,
}

/// Records that were written.
#[derive(Debug)]
pub(super) struct Stats {
    start_ms: i64,
    interval_ms: i64,
    is_steady: bool,
    is_silent: bool,
    /// Of so many records one latency is kept.
    sampling: u64,
    latencies_ms: Vec<i32>,
    count: u64,
    bytes: u64,
    latency_ms: i64,
    latency_max_ms: i32,
    window: Window,
}

fn per_second(amount: f64, elapsed_ms: i64) -> f64 {
    1000.0 * amount / elapsed_ms.max(1) as f64
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn average(total_ms: i64, count: u64) -> f64 {
    total_ms as f64 / count.max(1) as f64
}

impl Stats {
    /// Of so many records at most.
    pub(super) fn new(records: u64, interval_ms: i64, is_steady: bool) -> Self {
        let start_ms = now_ms();
        Self {
            start_ms,
            interval_ms,
            is_steady,
            is_silent: false,
            sampling: records / records.clamp(1, LATENCIES_MAX),
            latencies_ms: Vec::new(),
            count: 0,
            bytes: 0,
            latency_ms: 0,
            latency_max_ms: 0,
            window: Window {
                start_ms,
                ..Window::default()
            },
        }
    }

    /// From here on others tell how it goes.
    pub(super) const fn be_silent(&mut self) {
        self.is_silent = true;
    }

    /// Counts a record.
    pub(super) fn record(&mut self, latency_ms: i32, size_bytes: usize, now_ms: i64, io: &mut Io) {
        if self.count.is_multiple_of(self.sampling.max(1)) {
            self.latencies_ms.push(latency_ms);
        }
        let size_bytes = size_bytes as u64;
        self.count += 1;
        self.bytes += size_bytes;
        self.latency_ms += i64::from(latency_ms);
        self.latency_max_ms = self.latency_max_ms.max(latency_ms);
        let window = &mut self.window;
        window.count += 1;
        window.bytes += size_bytes;
        window.latency_ms += i64::from(latency_ms);
        window.latency_max_ms = window.latency_max_ms.max(latency_ms);
        if now_ms - window.start_ms >= self.interval_ms {
            if self.is_steady && self.count == self.window.count {
                io.line("In steady state.");
            }
            if !self.is_silent {
                self.print_window(now_ms, io);
            }
            self.window = Window {
                start_ms: now_ms,
                ..Window::default()
            };
        }
    }

    fn print_window(&self, now_ms: i64, io: &mut Io) {
        let window = &self.window;
        let elapsed_ms = now_ms - window.start_ms;
        io.line(format!(
            "{} records sent, {:.1} records/sec ({:.2} MB/sec), {:.1} ms avg latency, {:.1} ms max latency.",
            window.count,
            per_second(window.count as f64, elapsed_ms),
            per_second(megabytes(window.bytes), elapsed_ms),
            average(window.latency_ms, window.count),
            f64::from(window.latency_max_ms)
        ));
        io.write_out();
    }

    pub(super) fn print_total(&mut self, io: &mut Io) {
        let elapsed_ms = now_ms() - self.start_ms;
        self.latencies_ms.sort_unstable();
        let percentile = |share: f64| {
            let index = (share * self.latencies_ms.len() as f64) as usize;
            self.latencies_ms.get(index).copied().unwrap_or(0)
        };
        io.line(format!(
            "{}{} records sent, {:.6} records/sec ({:.2} MB/sec), {:.2} ms avg latency, {:.2} ms max latency, {} ms 50th, {} ms 95th, {} ms 99th, {} ms 99.9th.",
            self.count,
            if self.is_steady { " steady state" } else { "" },
            per_second(self.count as f64, elapsed_ms),
            per_second(megabytes(self.bytes), elapsed_ms),
            average(self.latency_ms, self.count),
            f64::from(self.latency_max_ms),
            percentile(0.5),
            percentile(0.95),
            percentile(0.99),
            percentile(0.999)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_sampled_and_added_up() {
        let mut stats = Stats::new(1_000_000, i64::MAX, false);
        let mut io = Io::default();
        let now_ms = now_ms();
        for latency_ms in 1..=10 {
            stats.record(latency_ms, 100, now_ms, &mut io);
        }
        assert_eq!(
            (stats.count, stats.bytes, stats.latency_ms, stats.latency_max_ms),
            (10, 1000, 55, 10)
        );
        assert_eq!(stats.latencies_ms, [1, 3, 5, 7, 9], "one of two is kept");
    }
}
