//! The network as a broker uses it: buffers of the kernel held against server.properties.

use super::given::held_against;
use super::{Area, Fix, Given, Judged, Known, Needed as _, Ranges, Rule, Status, at_least, by, rule, says, sysctl};
use crate::host::facts::Broker;

const NETWORK: Area = Area::Network;
/// Sockets of brokers that send.
const SENDERS: &[&str] = &["socket.send.buffer.bytes"];
/// Sockets of brokers that receive.
const RECEIVERS: &[&str] = &["socket.receive.buffer.bytes", "replica.socket.receive.buffer.bytes"];

/// A buffer of a broker held against the kernel's cap.
const fn buffer(id: &'static str, keys: &'static [&'static str]) -> Rule {
    Rule {
        keys,
        severity: Status::Warning,
        safe: "-1, or no more than the kernel's maximum",
        reason: "The kernel caps a buffer above its maximum without a word, and the throughput it was computed for never comes.",
        fix: Fix::Sysctl(""),
        judge: broker_buffer,
        ..rule(id, "NET04", NETWORK)
    }
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        safe: "and no less than socket.send.buffer.bytes",
        reason: "It caps the buffer a broker asks for; too small a buffer leaves a long or fast link idle.",
        authorities: &[
            says(by::BOOK, "2097152"),
            says(by::CLOUDERA, "4194304"),
            says(by::INTEL, "16777216 for 40 Gbit/s"),
            says(by::KERNEL, "212992 by default before 6.18, 4194304 since"),
        ],
        dispute: "2 MiB or 16 MiB: 2 MiB is the least that is taken, and 4 MiB is set.",
        judge: core_max,
        ..sysctl(
            "net.core.wmem_max",
            "NET01",
            NETWORK,
            &["net.core.wmem_max"],
            Ranges::all(at_least(2_097_152, 4_194_304)).tutorial(at_least(2_097_152, 2_097_152)),
        )
    },
    Rule {
        safe: "and no less than socket.receive.buffer.bytes and replica.socket.receive.buffer.bytes",
        reason: "It caps the buffer a broker asks for; too small a buffer leaves a long or fast link idle.",
        authorities: &[
            says(by::BOOK, "2097152"),
            says(by::CLOUDERA, "4194304"),
            says(by::INTEL, "16777216 for 40 Gbit/s"),
            says(by::KERNEL, "212992 by default before 6.18, 4194304 since"),
        ],
        dispute: "2 MiB or 16 MiB: 2 MiB is the least that is taken, and 4 MiB is set.",
        judge: core_max,
        ..sysctl(
            "net.core.rmem_max",
            "NET01",
            NETWORK,
            &["net.core.rmem_max"],
            Ranges::all(at_least(2_097_152, 4_194_304)).tutorial(at_least(2_097_152, 2_097_152)),
        )
    },
    Rule {
        safe: "for the third number",
        reason: "The third number is how far the kernel lets a connection's receive buffer grow by itself.",
        authorities: &[
            says(by::BOOK, "4096 65536 2048000"),
            says(by::TUNED, "4096 131072 16777216 in network-throughput"),
            says(by::KERNEL, "6 MiB by default, 32 MiB since 6.16"),
        ],
        dispute: "The book's 2048000 is below today's defaults, and is taken under the tutorial baseline only; a larger value is never lowered.",
        judge: tcp_memory,
        ..sysctl(
            "net.ipv4.tcp_rmem",
            "NET03",
            NETWORK,
            &["net.ipv4.tcp_rmem"],
            Ranges::all(at_least(2_097_152, 16_777_216)).tutorial(at_least(2_048_000, 2_048_000)),
        )
    },
    Rule {
        safe: "for the third number",
        reason: "The third number is how far the kernel lets a connection's send buffer grow by itself.",
        authorities: &[
            says(by::BOOK, "4096 65536 2048000"),
            says(by::TUNED, "4096 16384 16777216 in network-throughput"),
            says(by::KERNEL, "4 MiB by default"),
        ],
        dispute: "The book's 2048000 is below today's defaults, and is taken under the tutorial baseline only; a larger value is never lowered.",
        judge: tcp_memory,
        ..sysctl(
            "net.ipv4.tcp_wmem",
            "NET03",
            NETWORK,
            &["net.ipv4.tcp_wmem"],
            Ranges::all(at_least(2_097_152, 16_777_216)).tutorial(at_least(2_048_000, 2_048_000)),
        )
    },
    Rule {
        subject: "socket.send.buffer.bytes of server.properties, against net.core.wmem_max",
        fix: Fix::Sysctl("net.core.wmem_max"),
        authorities: &[
            says(by::APACHE_SOURCE, "102400 by default; -1 leaves it to the kernel"),
            says(by::BOOK, "raise it for links between sites"),
        ],
        ..buffer("socket.send.buffer.bytes", &["net.core.wmem_max"])
    },
    Rule {
        subject: "socket.receive.buffer.bytes of server.properties, against net.core.rmem_max",
        fix: Fix::Sysctl("net.core.rmem_max"),
        authorities: &[
            says(by::APACHE_SOURCE, "102400 by default; -1 leaves it to the kernel"),
            says(by::BOOK, "raise it for links between sites"),
        ],
        ..buffer("socket.receive.buffer.bytes", &["net.core.rmem_max"])
    },
    Rule {
        subject: "replica.socket.receive.buffer.bytes of server.properties, against net.core.rmem_max",
        fix: Fix::Sysctl("net.core.rmem_max"),
        authorities: &[
            says(by::APACHE_SOURCE, "65536 by default; -1 leaves it to the kernel"),
            says(by::BOOK, "raise it for links between sites"),
        ],
        ..buffer("replica.socket.receive.buffer.bytes", &["net.core.rmem_max"])
    },
    Rule {
        subject: "socket.listen.backlog.size of server.properties",
        severity: Status::Info,
        safe: "at least 512",
        reason: "Kafka's own backlog of 50 is full long before the kernel's when all clients reconnect at once.",
        authorities: &[says(by::APACHE_SOURCE, "50 by default"), says(by::OURS, "512")],
        fix: Fix::Broker("socket.listen.backlog.size=1024"),
        judge: listen_backlog,
        ..rule("socket.listen.backlog.size", "NET07", NETWORK)
    },
];

/// The largest buffer that a broker asks for, by any of these keys.
fn asked(given: &Given<'_>, keys: &[&str]) -> i64 {
    let configs = given.brokers.iter().filter_map(|broker| broker.config.value());
    let values = configs.flat_map(|config| keys.iter().filter_map(|key| config.number(key).value().copied()));
    values.max().unwrap_or(0)
}

fn core_max(rule: &Rule, given: &Given<'_>) -> Known<Judged> {
    let value = given.number(rule.id, 0)?;
    let asked = asked(
        given,
        if rule.id == "net.core.wmem_max" {
            SENDERS
        } else {
            RECEIVERS
        },
    );
    if value < asked {
        let judged = Judged::new(Status::Warning, value.to_string()).expected(format!("at least {asked}"));
        return Ok(judged
            .note(format!(
                "a broker here asks for {asked} bytes and silently gets {value}"
            ))
            .set(asked.to_string()));
    }
    Ok(held_against(rule, given, value))
}

fn tcp_memory(rule: &Rule, given: &Given<'_>) -> Known<Judged> {
    let most = given.number(rule.id, 2)?;
    let (least, usual) = (given.number(rule.id, 0)?, given.number(rule.id, 1)?);
    let mut judged = held_against(rule, given, most);
    judged.value = Some(format!("{least} {usual} {most}"));
    judged.set = judged.set.map(|set| format!("{least} {usual} {set}"));
    let key = if rule.id == "net.ipv4.tcp_wmem" {
        SENDERS
    } else {
        RECEIVERS
    }
    .first()
    .copied()
    .unwrap_or_default();
    let fixed = |broker: &Broker| {
        broker
            .config
            .value()
            .and_then(|config| config.number(key).value().copied())
            .filter(|bytes| *bytes >= 0)
    };
    if let Some(bytes) = given.brokers.iter().find_map(fixed) {
        judged.note = Some(format!(
            "{key}={bytes} switches this off for the broker's sockets; -1 leaves them to the kernel"
        ));
    }
    Ok(judged)
}

fn broker_buffer(rule: &Rule, given: &Given<'_>) -> Known<Judged> {
    let key = rule.keys.first().copied().unwrap_or_default();
    given.worst_broker(|broker| {
        let config = broker.config.as_ref().needed("server.properties")?;
        let asked = config.number(rule.id).needed(rule.id)?;
        if asked < 0 {
            return Ok(Judged::ok("-1").note("the kernel sizes it"));
        }
        let most = given.number(key, 0)?;
        let judged = |status| Judged::new(status, asked.to_string()).expected(format!("-1, or at most {key}={most}"));
        if asked <= most {
            return Ok(judged(Status::Ok));
        }
        Ok(judged(Status::Warning)
            .note(format!("the kernel caps it at {most} without a word"))
            .set(asked.to_string()))
    })
}

fn listen_backlog(rule: &Rule, given: &Given<'_>) -> Known<Judged> {
    given.worst_broker(|broker| {
        let config = broker.config.as_ref().needed("server.properties")?;
        let backlog = config.number(rule.id).needed(rule.id)?;
        let status = if backlog >= 512 { Status::Ok } else { Status::Info };
        Ok(Judged::new(status, backlog.to_string()).expected("at least 512"))
    })
}
