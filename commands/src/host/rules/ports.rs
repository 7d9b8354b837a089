//! Ephemeral ports: enough of them for the connections that a host opens, and none that a listener needs.

use super::given::held_against;
use super::{Area, Baseline, Fix, Given, Judged, Known, Ranges, Rule, Status, at_least, by, rule, says, sysctl};
use crate::host::facts::Fact;

/// The range.
pub(crate) const RANGE: &str = "net.ipv4.ip_local_port_range";
/// Ports that stay out of it.
const RESERVED: &str = "net.ipv4.ip_local_reserved_ports";
/// What a range that is too narrow is set to: the kernel's default.
pub(crate) const RANGE_SET: &str = "32768 60999";
/// Ports of a range that is wide enough.
const PORTS_MIN: i64 = 16_384;
/// Ports that tutorials use: listeners, JMX, and exporters of metrics.
const KNOWN_PORTS: [u16; 5] = [9092, 9093, 9999, 7071, 9308];

pub(super) const RULES: &[Rule] = &[
    Rule {
        safe: "counted from the first port to the last",
        reason: "Each connection out of this host holds a port of the range, some for a minute after its end; when none is free, \
                 fetchers of replicas, mirrors and exporters cannot connect.",
        authorities: &[
            says(by::KERNEL, "32768 60999 by default, which are 28232"),
            says("RFC 6335", "49152 to 65535 are for this, which are 16384"),
            says(by::TUNED, "9000 65499 in oracle, which has 9092 in it"),
        ],
        dispute: "A wide range has listeners in it, and a narrow one runs out: no range is made narrower, and the ports of \
                  listeners are reserved instead (net.ipv4.ip_local_reserved_ports).",
        judge: port_range,
        ..sysctl(
            RANGE,
            "NET12",
            Area::Network,
            &[RANGE],
            Ranges::all(at_least(PORTS_MIN, 28_232)),
        )
    },
    Rule {
        keys: &[RESERVED, RANGE],
        subject: "net.ipv4.ip_local_reserved_ports, against net.ipv4.ip_local_port_range and the listeners",
        is_essential: true,
        safe: "every listener outside the ephemeral range, or its port reserved",
        reason: "A port inside the ephemeral range may be taken by an outgoing connection, and then the broker cannot start.",
        authorities: &[
            says(
                by::KERNEL,
                "ports that are listed are not given to outgoing connections; a program may still bind them",
            ),
            says(by::TUNED, "9000 65499 as the range in oracle, which has 9092 in it"),
        ],
        fix: Fix::Sysctl(RESERVED),
        judge: reserved_ports,
        ..rule(RESERVED, "NET12", Area::Network)
    },
];

/// How many ports a range such as `32768 60999` has.
pub(crate) fn count(range: &str) -> Option<i64> {
    let (first, last) = range.split_once(' ')?;
    let (first, last) = (first.parse::<i64>().ok()?, last.parse::<i64>().ok()?);
    Some(last.saturating_sub(first).saturating_add(1))
}

/// The first and the last ephemeral port.
fn bounds(given: &Given<'_>) -> Known<(i64, i64)> {
    Ok((given.number(RANGE, 0)?, given.number(RANGE, 1)?))
}

fn port_range(rule: &Rule, given: &Given<'_>) -> Known<Judged> {
    let (first, last) = bounds(given)?;
    let value = format!("{first} {last}");
    let ports = count(&value).unwrap_or_default();
    let mut judged = held_against(rule, given, ports).expected(format!("at least {PORTS_MIN} ports"));
    if judged.status > Status::Ok {
        judged.note = Some(format!("{ports} ports for all connections out of this host"));
    }
    judged.value = Some(value);
    judged.set = judged.set.map(|_| RANGE_SET.to_owned());
    Ok(judged)
}

/// Whether a list such as `8080,9090-9099` has a port.
fn lists(list: &str, port: u16) -> bool {
    list.split(',').any(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let bounds = first.trim().parse::<u16>().ok().zip(last.trim().parse::<u16>().ok());
        bounds.is_some_and(|(first, last)| (first..=last).contains(&port))
    })
}

/// Ports that must stay free, and whose they are.
fn needed_ports(given: &Given<'_>) -> (Vec<u16>, &'static str) {
    let configs: Vec<_> = given
        .brokers
        .iter()
        .filter_map(|broker| broker.config.value())
        .collect();
    let mut ports: Vec<u16> = configs.iter().flat_map(|config| config.ports()).collect();
    let mut of_whom = "listeners";
    if configs.is_empty() {
        ports.extend(KNOWN_PORTS);
        of_whom = "ports that Kafka is known by";
    }
    ports.sort_unstable();
    ports.dedup();
    (ports, of_whom)
}

fn reserved_ports(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let (first, last) = bounds(given)?;
    let reserved = match given.facts.sysctls.get(RESERVED) {
        Fact::Present(list) => list.to_owned(),
        Fact::Unreadable(reason) if reason != "is empty" => {
            return Err(Box::new(Judged::unknown(format!("{RESERVED}: {reason}"))));
        }
        _ => String::new(),
    };
    let range = format!("{first} {last}");
    // Where the range will be made wider, what it will have in it counts too.
    let is_narrow = count(&range).is_none_or(|ports| ports < PORTS_MIN) && given.baseline != Baseline::Minimal;
    let after = if is_narrow { RANGE_SET } else { range.as_str() };
    let is_inside = |port: u16| {
        let within = |list: &str| lists(&list.replacen(' ', "-", 1), port);
        within(&range) || within(after)
    };
    let (mut ports, of_whom) = needed_ports(given);
    ports.retain(|port| is_inside(*port) && !lists(&reserved, *port));
    let value = if reserved.is_empty() { "none" } else { &reserved };
    if ports.is_empty() {
        return Ok(Judged::ok(value));
    }
    let shown: Vec<String> = ports.iter().map(u16::to_string).collect();
    let shown = shown.join(",");
    let ranges = if is_narrow {
        format!("{range}, or {after}, which it is to be")
    } else {
        range
    };
    let set = [reserved.as_str(), shown.as_str()]
        .into_iter()
        .filter(|list| !list.is_empty());
    Ok(Judged::new(Status::Warning, value)
        .expected(format!("with {shown}"))
        .note(format!("{of_whom} inside the ephemeral range {ranges}: {shown}"))
        .set(set.collect::<Vec<_>>().join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_ports_are_lists_of_ranges() {
        for (list, port, has) in [
            ("9092", 9092, true),
            ("80,9000-9100", 9092, true),
            ("", 9092, false),
            ("9093-x", 9093, false),
        ] {
            assert_eq!(lists(list, port), has, "{list}");
        }
    }

    #[test]
    fn ports_of_a_range_are_counted_with_both_ends() {
        assert_eq!(count(RANGE_SET), Some(28_232));
        assert_eq!(count("49152 65535"), Some(PORTS_MIN));
        assert_eq!(count("-9223372036854775808 9223372036854775807"), Some(i64::MAX));
        assert_eq!((count("1024"), count("1024 x")), (None, None));
    }
}
