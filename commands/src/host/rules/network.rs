//! The network as the kernel sees it.

use super::given::{held_against, worst};
use super::{
    Area, Fix, Given, Judged, Known, Needed as _, Ranges, Rule, Status, at_least, by, rule, says, sysctl, within,
};

const NETWORK: Area = Area::Network;
/// From this speed on the default backlog of a card overflows.
const FAST_MBIT: i64 = 10_000;

/// A rule that is only worth knowing.
const fn info(id: &'static str, group: &'static str, keys: &'static [&'static str], ranges: Ranges) -> Rule {
    Rule {
        severity: Status::Info,
        ..sysctl(id, group, NETWORK, keys, ranges)
    }
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        reason: "TCP does not use it (tcp_wmem does); it is listed because tutorials set it, under a wrong name.",
        authorities: &[
            says(by::BOOK, "131072"),
            says(by::TUTORIAL, "131072, written net.core.wmem.default"),
            says(by::KERNEL, "212992 by default; tcp_wmem overrides it for TCP"),
        ],
        dispute: "Tutorials mix up default (131072 both ways) and max (2097152 both ways); a larger value is never lowered.",
        ..info(
            "net.core.wmem_default",
            "NET02",
            &["net.core.wmem_default"],
            Ranges::all(at_least(131_072, 131_072)),
        )
    },
    Rule {
        reason: "TCP does not use it (tcp_rmem does); it is listed because tutorials set it.",
        authorities: &[
            says(by::BOOK, "131072"),
            says(by::TUTORIAL, "2097152, which is the book's value for the maximum"),
            says(by::KERNEL, "212992 by default; tcp_rmem overrides it for TCP"),
        ],
        dispute: "Tutorials mix up default (131072 both ways) and max (2097152 both ways); a larger value is never lowered.",
        ..info(
            "net.core.rmem_default",
            "NET02",
            &["net.core.rmem_default"],
            Ranges::all(at_least(131_072, 131_072)),
        )
    },
    Rule {
        severity: Status::Critical,
        is_essential: true,
        reason: "Without window scaling no connection has more than 64 KiB on the way, and replication between racks or sites crawls.",
        authorities: &[
            says(by::TUTORIAL, "1"),
            says(by::BOOK, "1"),
            says(by::KERNEL, "1 by default"),
        ],
        ..sysctl(
            "net.ipv4.tcp_window_scaling",
            "NET05",
            NETWORK,
            &["net.ipv4.tcp_window_scaling"],
            Ranges::all(within(1, 1, 1)),
        )
    },
    Rule {
        reason: "When a broker comes back, all its clients connect at once; those that find the backlog full wait a second or more to try again.",
        authorities: &[
            says(by::TUTORIAL, "more than 1024"),
            says(by::BOOK, "2048"),
            says(by::RPK, "at least 4096"),
        ],
        ..sysctl(
            "net.ipv4.tcp_max_syn_backlog",
            "NET06",
            NETWORK,
            &["net.ipv4.tcp_max_syn_backlog"],
            Ranges::all(at_least(2048, 4096)).tutorial(at_least(1025, 2048)),
        )
    },
    Rule {
        reason: "It caps the listen backlog of every listener; clients that reconnect after a restart find it full.",
        authorities: &[
            says(by::RPK, "at least 4096"),
            says(by::TUNED, "at least 2048"),
            says(by::KERNEL, "4096 by default since 5.4, 128 before"),
        ],
        ..sysctl(
            "net.core.somaxconn",
            "NET07",
            NETWORK,
            &["net.core.somaxconn"],
            Ranges::all(at_least(1024, 4096)),
        )
    },
    Rule {
        safe: "and less is a warning only with cards of 10 Gbit/s or more",
        reason: "Packets that arrive faster than they are taken off this queue are dropped and sent again.",
        authorities: &[
            says(by::TUTORIAL, "more than 1000"),
            says(by::BOOK, "2000"),
            says(by::CLOUDERA, "250000"),
            says(by::KERNEL, "1000 by default"),
        ],
        dispute: "2000 or 250000: whatever is above the default is taken.",
        judge: netdev_max_backlog,
        ..sysctl(
            "net.core.netdev_max_backlog",
            "NET08",
            NETWORK,
            &["net.core.netdev_max_backlog"],
            Ranges::all(at_least(1001, 2000)),
        )
    },
    Rule {
        reason: "A connection that was idle for a moment begins again with a small window, which holds up replication and consumers of topics that pause.",
        authorities: &[
            says(by::TUNED, "0 in network-throughput"),
            says(by::KERNEL, "1 by default"),
        ],
        ..info(
            "net.ipv4.tcp_slow_start_after_idle",
            "NET09",
            &["net.ipv4.tcp_slow_start_after_idle"],
            Ranges::all(within(0, 0, 0)),
        )
    },
    Rule {
        reason: "Timestamps guard fast connections against old segments whose sequence numbers have come round again.",
        authorities: &[says(by::CLOUDERA, "0 is an option"), says(by::KERNEL, "1 by default")],
        dispute: "Off saves 12 bytes a segment; we keep it on for the guard.",
        ..info(
            "net.ipv4.tcp_timestamps",
            "NET10",
            &["net.ipv4.tcp_timestamps"],
            Ranges::all(within(1, 2, 1)),
        )
    },
    Rule {
        reason: "Without selective acknowledgements one lost segment makes everything after it be sent again.",
        authorities: &[says(by::CLOUDERA, "1"), says(by::KERNEL, "1 by default")],
        ..info(
            "net.ipv4.tcp_sack",
            "NET10",
            &["net.ipv4.tcp_sack"],
            Ranges::all(within(1, 1, 1)),
        )
    },
    Rule {
        reason: "Connections of clients that are gone are found after this many seconds; until then they count against max.connections.",
        authorities: &[says(by::INTEL, "60"), says(by::KERNEL, "7200 by default")],
        ..info(
            "net.ipv4.tcp_keepalive_time",
            "NET11",
            &["net.ipv4.tcp_keepalive_time"],
            Ranges::all(within(1, 600, 60)),
        )
    },
    Rule {
        reason: "After the first probe, a client that is gone is held on to for these seconds times tcp_keepalive_probes.",
        authorities: &[says(by::INTEL, "10"), says(by::KERNEL, "75 by default")],
        ..info(
            "net.ipv4.tcp_keepalive_intvl",
            "NET11",
            &["net.ipv4.tcp_keepalive_intvl"],
            Ranges::all(within(1, 60, 10)),
        )
    },
    Rule {
        reason: "So many probes stay without an answer before a client that is gone is given up, tcp_keepalive_intvl seconds apart.",
        authorities: &[says(by::INTEL, "3"), says(by::KERNEL, "9 by default")],
        ..info(
            "net.ipv4.tcp_keepalive_probes",
            "NET11",
            &["net.ipv4.tcp_keepalive_probes"],
            Ranges::all(within(1, 6, 3)),
        )
    },
    Rule {
        reason: "Cookies keep a listener open when its backlog overflows.",
        authorities: &[says(
            by::KERNEL,
            "1 by default; its warnings mean that a backlog is too small",
        )],
        ..info(
            "net.ipv4.tcp_syncookies",
            "NET13",
            &["net.ipv4.tcp_syncookies"],
            Ranges::all(within(1, 2, 1)),
        )
    },
    Rule {
        subject: "ListenOverflows in /proc/net/netstat",
        severity: Status::Info,
        safe: "0",
        reason: "Each overflow is a connection that was lost because a listener's backlog was full.",
        authorities: &[says(by::KERNEL, "counted since the host started")],
        fix: Fix::Broker("raise socket.listen.backlog.size, and net.core.somaxconn above it"),
        judge: listen_overflows,
        ..rule("net.listen_overflows", "NET13", NETWORK)
    },
    Rule {
        subject: "rx_missed_errors of each network card",
        severity: Status::Info,
        safe: "0",
        reason: "Packets that find the card's ring full are lost before the kernel sees them.",
        authorities: &[says(by::CLOUDERA, "raise the rings to their maximum")],
        fix: Fix::Note("ethtool -g NIC shows the ring, ethtool -G NIC rx N enlarges it"),
        judge: ring,
        ..rule("nic.ring", "NET14", NETWORK)
    },
    Rule {
        subject: "queues of each network card, and their rps_cpus",
        severity: Status::Info,
        safe: "more than one queue, or rps_cpus set, on hosts with more than one processor",
        reason: "A card with one queue keeps one processor busy with all packets while the others wait.",
        authorities: &[
            says(by::RPK, "spreads interrupts, RPS and XPS"),
            says(by::CLOUDERA, "spread interrupts"),
        ],
        fix: Fix::Note(
            "ethtool -L NIC combined N, or write a mask of processors to /sys/class/net/NIC/queues/rx-0/rps_cpus",
        ),
        judge: steering,
        ..rule("nic.steering", "NET14", NETWORK)
    },
    Rule {
        subject: "whether irqbalance runs",
        severity: Status::Info,
        safe: "it runs, on hosts with more than one processor",
        reason: "Without irqbalance, and without affinities set by hand, the interrupts of all cards and disks may end on one processor.",
        authorities: &[
            says(by::RPK, "bans the interrupts that it places itself"),
            says(by::CLOUDERA, "spread interrupts"),
        ],
        fix: Fix::Note("systemctl enable --now irqbalance, unless interrupts are placed by hand"),
        judge: irqbalance,
        ..rule("nic.irqbalance", "NET14", NETWORK)
    },
];

fn netdev_max_backlog(rule: &Rule, given: &Given<'_>) -> Known<Judged> {
    let value = given.number("net.core.netdev_max_backlog", 0)?;
    let mut judged = held_against(rule, given, value);
    let speeds = given
        .facts
        .nics
        .value()
        .into_iter()
        .flatten()
        .filter_map(|nic| nic.speed_mbit.value());
    let fastest = speeds.max().copied();
    if judged.status == Status::Warning && fastest.is_none_or(|speed| speed < FAST_MBIT) {
        judged.status = Status::Info;
    }
    Ok(judged)
}

fn listen_overflows(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let count = given.facts.listen_overflows.clone().needed("/proc/net/netstat")?;
    let status = if count == 0 { Status::Ok } else { Status::Info };
    Ok(Judged::new(status, count.to_string()).expected("0"))
}

fn ring(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let nics = given.facts.nics.clone().needed("/sys/class/net")?;
    worst(
        &nics,
        "no network card",
        |nic| nic.name.as_str(),
        |nic| {
            let missed = nic.missed.clone().needed("rx_missed_errors")?;
            let status = if missed == 0 { Status::Ok } else { Status::Info };
            Ok(Judged::new(status, format!("{missed} on {}", nic.name)).expected("0"))
        },
    )
}

fn steering(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let nics = given.facts.nics.clone().needed("/sys/class/net")?;
    let processors = given
        .facts
        .cpu
        .online
        .clone()
        .needed("/sys/devices/system/cpu/online")?;
    worst(
        &nics,
        "no network card",
        |nic| nic.name.as_str(),
        |nic| {
            let value = format!(
                "{}: {} queues{}",
                nic.name,
                nic.rx_queues,
                if nic.is_steered { ", rps_cpus set" } else { "" }
            );
            let is_spread = processors == 1 || nic.rx_queues > 1 || nic.is_steered;
            let status = if is_spread { Status::Ok } else { Status::Info };
            Ok(Judged::new(status, value).expected("more than one queue, or rps_cpus set"))
        },
    )
}

fn irqbalance(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let daemons = given.facts.daemons.clone().needed("the list of processes")?;
    let processors = given
        .facts
        .cpu
        .online
        .clone()
        .needed("/sys/devices/system/cpu/online")?;
    let runs = daemons.iter().any(|name| name == "irqbalance");
    let status = if runs || processors == 1 {
        Status::Ok
    } else {
        Status::Info
    };
    Ok(Judged::new(status, if runs { "runs" } else { "does not run" }).expected("runs"))
}
