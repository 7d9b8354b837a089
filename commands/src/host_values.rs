//! What a Kafka host is set to, as data: kernel parameters and limits with their reasons and who recommends them.
//!
//! Values that are below some kernel's own default are not here, although books name them
//! (net.core.rmem_default 131072, tcp_rmem up to 2048000): a file in sysctl.d cannot say "at least".

use serde::Serialize;

use crate::host::Baseline;

/// A kernel parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct SysctlValue {
    /// Its name, with dots.
    pub(crate) key: &'static str,
    /// What it is set to.
    pub(crate) value: &'static str,
    /// Why that matters to Kafka.
    pub(crate) reason: &'static str,
    /// Who says so.
    pub(crate) authority: &'static str,
}

/// A limit of the broker's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct ProcessLimit {
    /// Its name in limits.d.
    pub(crate) item: &'static str,
    /// The least that a broker needs.
    pub(crate) value: u64,
    /// Why that matters to Kafka.
    pub(crate) reason: &'static str,
    /// Who says so.
    pub(crate) authority: &'static str,
}

struct Row {
    key: &'static str,
    /// Values with the baselines that have them.
    values: &'static [(&'static [Baseline], &'static str, &'static str)],
    reason: &'static str,
}

use Baseline::{Confluent, Latency, Minimal, Throughput, Tutorial};

const ALL: &[Baseline] = &[Throughput, Latency, Confluent, Tutorial, Minimal];
const TUNED: &[Baseline] = &[Throughput, Latency];
const NETWORK: &[Baseline] = &[Throughput, Latency, Tutorial];

/// In the order in which they are applied: background before dirty, core before tcp.
const SYSCTL: &[Row] = &[
    Row {
        key: "vm.swappiness",
        values: &[(ALL, "1", "Kafka: The Definitive Guide; cp-ansible; rpk")],
        reason: "a broker that is swapped out pauses for longer than its session; 0 invites the OOM killer",
    },
    Row {
        key: "vm.dirty_background_ratio",
        values: &[
            (
                &[Throughput, Confluent, Tutorial],
                "5",
                "Kafka: The Definitive Guide; cp-ansible",
            ),
            (&[Latency], "3", "tuned's profile latency-performance"),
        ],
        reason: "write-back starts early, so that no write has to wait for it",
    },
    Row {
        key: "vm.dirty_ratio",
        values: &[
            (&[Throughput, Tutorial], "60", "Kafka: The Definitive Guide, 60 to 80"),
            (&[Latency], "10", "tuned's profile latency-performance"),
            (&[Confluent], "80", "cp-ansible"),
        ],
        reason: "appends go on while write-back catches up with a burst; little of it to wait for, where latency counts",
    },
    Row {
        key: "vm.max_map_count",
        values: &[
            (
                &[Throughput, Latency, Confluent, Minimal],
                "262144",
                "cp-ansible; Kafka's documentation asks for two maps a segment",
            ),
            (&[Tutorial], "400000", "Kafka: The Definitive Guide, 400000 to 600000"),
        ],
        reason: "Apache Kafka maps two indexes of each segment and stops when it cannot map one more",
    },
    Row {
        key: "vm.zone_reclaim_mode",
        values: &[(TUNED, "0", "Linux: Documentation/admin-guide/sysctl/vm.rst")],
        reason: "the page cache may use the memory of all NUMA nodes",
    },
    Row {
        key: "net.core.rmem_max",
        values: &[
            (TUNED, "16777216", "Intel's Kafka tuning guide"),
            (
                &[Tutorial],
                "4194304",
                "Linux 6.18's default; the tutorials' 2097152 would lower it",
            ),
        ],
        reason: "socket.receive.buffer.bytes above it is capped without a word",
    },
    Row {
        key: "net.core.wmem_max",
        values: &[
            (TUNED, "16777216", "Intel's Kafka tuning guide"),
            (
                &[Tutorial],
                "4194304",
                "Linux 6.18's default; the tutorials' 2097152 would lower it",
            ),
        ],
        reason: "socket.send.buffer.bytes above it is capped without a word",
    },
    Row {
        key: "net.ipv4.tcp_rmem",
        values: &[(TUNED, "4096 131072 33554432", "Linux 6.16's default")],
        reason: "replication over a long way needs a window of bandwidth times delay",
    },
    Row {
        key: "net.ipv4.tcp_wmem",
        values: &[(TUNED, "4096 16384 16777216", "tuned's profile network-throughput")],
        reason: "replication over a long way needs a window of bandwidth times delay",
    },
    Row {
        key: "net.ipv4.tcp_window_scaling",
        values: &[(NETWORK, "1", "Kafka: The Definitive Guide; RFC 7323")],
        reason: "without it a window ends at 64 KiB",
    },
    Row {
        key: "net.ipv4.tcp_max_syn_backlog",
        values: &[
            (TUNED, "4096", "rpk"),
            (&[Tutorial], "2048", "Kafka: The Definitive Guide, above 1024"),
        ],
        reason: "all clients reconnect at once when a broker comes back",
    },
    Row {
        key: "net.core.somaxconn",
        values: &[(TUNED, "4096", "rpk; Linux 5.4's default")],
        reason: "socket.listen.backlog.size above it is capped without a word",
    },
    Row {
        key: "net.core.netdev_max_backlog",
        values: &[(NETWORK, "2000", "Kafka: The Definitive Guide, above 1000")],
        reason: "packets of a burst wait and are not dropped",
    },
    Row {
        key: "net.ipv4.tcp_slow_start_after_idle",
        values: &[(TUNED, "0", "tuned's profile network-throughput")],
        reason: "a connection that was idle sends at full speed at once",
    },
];

/// What limits.d and the units grant.
pub(crate) const LIMITS: &[ProcessLimit] = &[
    ProcessLimit {
        item: "nofile",
        value: 102_400,
        reason: "each segment and each connection is an open file",
        authority: "cp-ansible; Kafka's documentation, at least 100000",
    },
    ProcessLimit {
        item: "nproc",
        value: 32_768,
        reason: "each thread counts as a process",
        authority: "Intel's Kafka tuning guide",
    },
];

/// The kernel parameters of a baseline, in the order in which they are applied.
pub(crate) fn sysctl_values(baseline: Baseline) -> Vec<SysctlValue> {
    let of = |row: &Row| {
        let (_, value, authority) = row.values.iter().find(|(of, _, _)| of.contains(&baseline))?;
        Some(SysctlValue {
            key: row.key,
            value,
            reason: row.reason,
            authority,
        })
    };
    SYSCTL.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(baseline: Baseline) -> Vec<&'static str> {
        sysctl_values(baseline).iter().map(|value| value.key).collect()
    }

    #[test]
    fn no_baseline_names_a_key_twice() {
        for baseline in ALL {
            let mut once = keys(*baseline);
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), keys(*baseline).len(), "{baseline:?}");
        }
    }

    #[test]
    fn background_is_applied_before_dirty_and_lies_below_it() {
        for baseline in ALL {
            let values = sysctl_values(*baseline);
            let at = |key: &str| values.iter().position(|value| value.key == key);
            if let (Some(background), Some(dirty)) = (at("vm.dirty_background_ratio"), at("vm.dirty_ratio")) {
                assert!(background < dirty, "{baseline:?}");
                let percent = |at: usize| values[at].value.parse::<u32>().unwrap();
                assert!(percent(background) < percent(dirty), "{baseline:?}");
            }
        }
    }

    #[test]
    fn the_minimum_is_part_of_every_baseline() {
        for baseline in ALL {
            let all = keys(*baseline);
            assert!(keys(Minimal).iter().all(|key| all.contains(key)), "{baseline:?}");
        }
    }
}
