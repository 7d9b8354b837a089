//! Network cards and counters of the network.

use super::fact::Fact;
use super::root::Root;

/// A network card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Nic {
    /// Its name.
    pub(crate) name: String,
    /// Speed, where it tells one.
    pub(crate) speed_mbit: Fact<i64>,
    /// Queues for what comes in.
    pub(crate) rx_queues: usize,
    /// Whether packets of a queue are spread over processors.
    pub(crate) is_steered: bool,
    /// Packets that found its ring full.
    pub(crate) missed: Fact<i64>,
}

/// Cards that are devices, not bridges or tunnels.
pub(crate) fn read(root: &Root) -> Fact<Vec<Nic>> {
    root.scan("sys/class/net").map(|names| {
        let cards = names
            .iter()
            .filter(|name| root.has(&format!("sys/class/net/{name}/device")) || is_captured(root, name));
        cards.map(|name| nic(root, name)).collect()
    })
}

/// A capture has only files, and those of cards only.
fn is_captured(root: &Root, name: &str) -> bool {
    !root.is_live() && root.has(&format!("sys/class/net/{name}/queues"))
}

fn nic(root: &Root, name: &str) -> Nic {
    let file = |file: &str| format!("sys/class/net/{name}/{file}");
    let queues = root.names(&file("queues"));
    let queues = queues
        .value()
        .into_iter()
        .flatten()
        .filter(|queue| queue.starts_with("rx-"));
    let queues: Vec<&String> = queues.collect();
    let is_set = |mask: Fact<String>| {
        mask.value()
            .is_some_and(|mask| mask.chars().any(|c| !matches!(c, '0' | ',')))
    };
    // All are read, for a capture.
    let masks = queues
        .iter()
        .map(|queue| is_set(root.line(&file(&format!("queues/{queue}/rps_cpus")))));
    let masks: Vec<bool> = masks.collect();
    let speed = match root.number(&file("speed")) {
        // A card that is down, or of a virtual machine, has none.
        Fact::Present(speed) if speed > 0 => Fact::Present(speed),
        _ => Fact::Absent,
    };
    Nic {
        name: name.to_owned(),
        speed_mbit: speed,
        rx_queues: queues.len(),
        is_steered: masks.contains(&true),
        missed: root.number(&file("statistics/rx_missed_errors")),
    }
}

/// How often a connection was lost to a full backlog since the start.
pub(crate) fn read_listen_overflows(root: &Root) -> Fact<i64> {
    root.text("proc/net/netstat").and_then(|text| {
        let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("TcpExt:")).collect();
        let (Some(names), Some(values)) = (lines.first(), lines.get(1)) else {
            return Fact::Unreadable("/proc/net/netstat makes no sense".to_owned());
        };
        let mut pairs = names.split_whitespace().zip(values.split_whitespace());
        let value = pairs
            .find(|(name, _)| *name == "ListenOverflows")
            .map(|(_, value)| value.parse().ok());
        Fact::parsed("ListenOverflows in /proc/net/netstat", value.flatten())
    })
}
