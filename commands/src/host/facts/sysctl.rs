//! Values of sysctls. Keys are written as in sysctl.d: if the first separator is a dot, dots part the names and a slash stands
//! for a dot inside a name, as in `net.ipv4.conf.eth0/100.forwarding`; if it is a slash, it is the other way round.

use std::collections::{BTreeMap, BTreeSet};

use sysctl::Sysctl as _;

use super::fact::Fact;
use super::root::{Root, Seen};

/// Values by key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sysctls(BTreeMap<String, Fact<String>>);

impl Sysctls {
    /// Reads keys.
    pub(crate) fn read<'a>(root: &Root, keys: impl IntoIterator<Item = &'a str>) -> Self {
        let read = |key: &str| (normal(key), read_one(root, key));
        Self(keys.into_iter().map(read).collect())
    }

    /// A value, with one blank between its fields.
    pub(crate) fn get(&self, key: &str) -> Fact<&str> {
        match self.0.get(&normal(key)) {
            Some(fact) => fact.as_ref().map(String::as_str),
            None => Fact::Absent,
        }
    }

    /// A number: the whole value, or one of its fields.
    pub(crate) fn number(&self, key: &str, field: usize) -> Fact<i64> {
        self.get(key).and_then(|text| {
            let number = text.split(' ').nth(field).and_then(|number| number.parse().ok());
            Fact::parsed(&format!("\"{}\"", super::root::shortened(text)), number)
        })
    }
}

/// A key as it is shown: with dots between names.
pub(crate) fn normal(key: &str) -> String {
    names(key)
        .map(|name| name.replace('.', "/"))
        .collect::<Vec<_>>()
        .join(".")
}

/// The path of a key below /.
pub(crate) fn path(key: &str) -> String {
    format!("proc/sys/{}", names(key).collect::<Vec<_>>().join("/"))
}

fn names(key: &str) -> impl Iterator<Item = String> {
    let by_dots = key.find(['.', '/']).is_some_and(|at| key[at..].starts_with('.'));
    let (separator, literal) = if by_dots { ('.', '/') } else { ('/', '.') };
    let name = move |name: &str| name.replace(literal, ".");
    // Names that lead elsewhere are none.
    let names: Vec<String> = key
        .split(separator)
        .map(name)
        .filter(|name| !matches!(name.as_str(), "" | "." | ".."))
        .collect();
    names.into_iter()
}

/// The fields of a value with one blank between them.
pub(crate) fn fields(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether two values are the same. The kernel writes a list of ports in its own way: 9092,9093 as 9092-9093.
pub(crate) fn is_same_value(now: &str, wanted: &str) -> bool {
    let ports = |list: &str| {
        let mut ports = BTreeSet::new();
        for part in list.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            ports.extend(first.parse::<u16>().ok()?..=last.parse().ok()?);
        }
        Some(ports).filter(|ports| !ports.is_empty())
    };
    now == wanted || ports(now).is_some_and(|now| ports(wanted) == Some(now))
}

fn read_one(root: &Root, key: &str) -> Fact<String> {
    let path = path(key);
    let through_crate = root.is_live().then(|| live(&path)).flatten();
    let text = match through_crate {
        Some(text) => {
            root.remember(&path, Seen::File(format!("{text}\n").into_bytes()));
            Fact::Present(text)
        }
        // The crate takes every failure for a key that does not exist; the file tells them apart.
        None => root.text(&path),
    };
    text.and_then(|text| match fields(&text) {
        empty if empty.is_empty() => Fact::Unreadable("is empty".to_owned()),
        value => Fact::Present(value),
    })
}

/// A value of this machine. The crate cannot reach names with dots in them.
fn live(path: &str) -> Option<String> {
    let name = path.strip_prefix("proc/sys/").filter(|name| !name.contains('.'))?;
    sysctl::Ctl::new(name).ok()?.value_string().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::facts::root::{Node, Tree};

    #[test]
    fn names_with_dots_are_reached_in_both_spellings() {
        for (key, expected) in [
            ("vm.swappiness", "proc/sys/vm/swappiness"),
            ("vm/swappiness", "proc/sys/vm/swappiness"),
            (
                "net.ipv4.conf.eth0/100.forwarding",
                "proc/sys/net/ipv4/conf/eth0.100/forwarding",
            ),
            (
                "net/ipv4/conf/eth0.100/forwarding",
                "proc/sys/net/ipv4/conf/eth0.100/forwarding",
            ),
            ("net.//.x..../y", "proc/sys/net/x/.y"),
            ("swappiness", "proc/sys/swappiness"),
        ] {
            assert_eq!(path(key), expected);
        }
        assert_eq!(
            normal("net/ipv4/conf/eth0.100/forwarding"),
            "net.ipv4.conf.eth0/100.forwarding"
        );
        assert_eq!(
            normal("net.ipv4.conf.eth0/100.forwarding"),
            "net.ipv4.conf.eth0/100.forwarding"
        );
    }

    #[test]
    fn this_machine_answers_as_its_files_do() {
        let live = Sysctls::read(&Root::live(), ["kernel.ostype", "no.such.key"]);
        assert_eq!(live.get("kernel/ostype"), Fact::Present("Linux"));
        assert_eq!(live.get("no.such.key"), Fact::Absent);
    }

    #[test]
    fn a_value_that_is_no_number_is_unreadable() {
        let node = |text: &str| Node::File(text.as_bytes().to_vec());
        let tree: Tree = [
            ("proc/sys/vm/swappiness".to_owned(), node("many\n")),
            ("proc/sys/net/ipv4/tcp_rmem".to_owned(), node("4096\t131072\t6291456\n")),
            ("proc/sys/vm/dirty_ratio".to_owned(), node("")),
            ("proc/sys/vm/dirty_bytes".to_owned(), node("99999999999999999999")),
        ]
        .into();
        let keys = ["vm.swappiness", "net.ipv4.tcp_rmem", "vm.dirty_ratio", "vm.dirty_bytes"];
        let read = Sysctls::read(&Root::memory(tree), keys);
        assert_eq!(read.number("net.ipv4.tcp_rmem", 2), Fact::Present(6_291_456));
        for (key, field) in [
            ("vm.swappiness", 0),
            ("vm.dirty_ratio", 0),
            ("vm.dirty_bytes", 0),
            ("net.ipv4.tcp_rmem", 3),
        ] {
            assert!(matches!(read.number(key, field), Fact::Unreadable(_)), "{key}");
        }
    }

    #[test]
    fn lists_of_ports_are_the_same_however_they_are_written() {
        for (now, wanted, same) in [
            ("9092-9093", "9092,9093", true),
            ("9092-9094", "9092,9094", false),
            ("7071,9092-9093", "9093,9092,7071", true),
            ("", "9092", false),
            ("1", "10", false),
            ("4096 1 2", "4096 1 3", false),
            ("4096 1 2", "4096 1 2", true),
        ] {
            assert_eq!(is_same_value(now, wanted), same, "{now} {wanted}");
        }
    }
}
