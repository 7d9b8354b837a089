//! What the control groups of a process allow it, and pressure.

use super::fact::Fact;
use super::root::Root;

/// More memory than any machine has: how version 1 writes "no limit".
const NO_LIMIT: i64 = 1 << 60;

/// Limits of a control group; none where nothing is limited.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Cgroup {
    /// Memory.
    pub(crate) memory_bytes: Fact<Option<u64>>,
    /// Processors, as in 1.5.
    pub(crate) cpus: Fact<Option<f64>>,
}

impl Cgroup {
    /// The limits of a process, by what is in its /proc/PID/cgroup: the least on the way up counts.
    pub(crate) fn read(root: &Root, file: &str) -> Fact<Self> {
        root.text(file).map(|text| Self {
            memory_bytes: memory(root, &text),
            cpus: cpus(root, &text),
        })
    }
}

/// The path of a controller's group: version 2 has one for all, in the line that starts with `0::`.
fn path_of<'a>(text: &'a str, controller: &str) -> Option<(bool, &'a str)> {
    let fields = |line: &'a str| -> Option<(&'a str, &'a str)> {
        let (_, rest) = line.split_once(':')?;
        rest.split_once(':')
    };
    let first = text
        .lines()
        .filter_map(fields)
        .find(|(names, _)| names.split(',').any(|name| name == controller));
    let second = || text.lines().find_map(|line| line.strip_prefix("0::"));
    first
        .map(|(_, path)| (false, path))
        .or_else(|| second().map(|path| (true, path)))
}

/// Directories from a group up to the top.
fn upward(base: &str, path: &str) -> Vec<String> {
    let mut path = path.trim_matches('/').to_owned();
    let mut dirs = Vec::new();
    while !path.is_empty() && dirs.len() < 32 {
        dirs.push(format!("{base}/{path}"));
        path = path.rsplit_once('/').map_or(String::new(), |(up, _)| up.to_owned());
    }
    dirs.push(base.to_owned());
    dirs
}

fn least<T: PartialOrd + Copy>(dirs: &[String], limit: impl Fn(&str) -> Fact<Option<T>>) -> Fact<Option<T>> {
    let mut least = Fact::Absent;
    for dir in dirs {
        match limit(dir) {
            Fact::Absent => {}
            Fact::Unreadable(reason) => return Fact::Unreadable(reason),
            Fact::Present(found) => {
                let before = match least {
                    Fact::Present(before) => before,
                    _ => None,
                };
                let smaller = match (before, found) {
                    (Some(a), Some(b)) => Some(if b < a { b } else { a }),
                    (a, b) => a.or(b),
                };
                least = Fact::Present(smaller);
            }
        }
    }
    least
}

fn memory(root: &Root, text: &str) -> Fact<Option<u64>> {
    let Some((is_second, path)) = path_of(text, "memory") else {
        return Fact::Absent;
    };
    let (base, file) = if is_second {
        ("sys/fs/cgroup", "memory.max")
    } else {
        ("sys/fs/cgroup/memory", "memory.limit_in_bytes")
    };
    least(&upward(base, path), |dir| {
        let name = format!("{dir}/{file}");
        root.line(&name).and_then(|line| match line.as_str() {
            "max" => Fact::Present(None),
            _ => Fact::parsed(&name, line.parse::<i64>().ok())
                .map(|limit| u64::try_from(limit).ok().filter(|_| limit < NO_LIMIT)),
        })
    })
}

fn cpus(root: &Root, text: &str) -> Fact<Option<f64>> {
    let Some((is_second, path)) = path_of(text, "cpu") else {
        return Fact::Absent;
    };
    if !is_second {
        return least(&upward("sys/fs/cgroup/cpu", path), |dir| {
            let quota = root.number(&format!("{dir}/cpu.cfs_quota_us"));
            let period = root.number(&format!("{dir}/cpu.cfs_period_us"));
            quota.and_then(|quota| period.map(|period| (quota > 0 && period > 0).then(|| quota as f64 / period as f64)))
        });
    }
    least(&upward("sys/fs/cgroup", path), |dir| {
        let name = format!("{dir}/cpu.max");
        root.line(&name).and_then(|line| {
            let limit = || {
                let (quota, period) = line.split_once(' ')?;
                if quota == "max" {
                    return Some(None);
                }
                let (quota, period): (u64, u64) = (quota.parse().ok()?, period.parse().ok()?);
                (period > 0).then(|| Some(quota as f64 / period as f64))
            };
            Fact::parsed(&name, limit())
        })
    })
}

/// The share of the last ten seconds in which all (`full`) or some (`some`) work waited for a resource, in percent.
pub(crate) fn pressure(root: &Root, resource: &str, who: &str) -> Fact<f64> {
    let path = format!("proc/pressure/{resource}");
    root.text(&path).and_then(|text| {
        let line = text.lines().find(|line| line.split(' ').next() == Some(who));
        let share = line.and_then(|line| line.split(' ').find_map(|field| field.strip_prefix("avg10=")));
        Fact::parsed(&path, share.and_then(|share| share.parse().ok()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::facts::root::{Node, Tree};

    fn tree(files: &[(&str, &str)]) -> Root {
        let node = |(path, text): &(&str, &str)| ((*path).to_owned(), Node::File(text.as_bytes().to_vec()));
        Root::memory(files.iter().map(node).collect::<Tree>())
    }

    #[test]
    fn the_least_limit_on_the_way_up_counts() {
        let root = tree(&[
            ("proc/7/cgroup", "0::/a.slice/kafka.service\n"),
            ("sys/fs/cgroup/a.slice/memory.max", "4096\n"),
            ("sys/fs/cgroup/a.slice/kafka.service/memory.max", "max\n"),
            ("sys/fs/cgroup/a.slice/kafka.service/cpu.max", "150000 100000\n"),
        ]);
        let expected = Cgroup {
            memory_bytes: Fact::Present(Some(4096)),
            cpus: Fact::Present(Some(1.5)),
        };
        assert_eq!(Cgroup::read(&root, "proc/7/cgroup"), Fact::Present(expected));
    }

    #[test]
    fn version_1_has_a_number_for_no_limit() {
        let root = tree(&[
            ("proc/7/cgroup", "5:memory:/x\n3:cpu,cpuacct:/\n0::/\n"),
            ("sys/fs/cgroup/memory/x/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
        ]);
        let expected = Cgroup {
            memory_bytes: Fact::Present(None),
            cpus: Fact::Present(None),
        };
        assert_eq!(Cgroup::read(&root, "proc/7/cgroup"), Fact::Present(expected));
        let bad = tree(&[("proc/7/cgroup", "0::/x\n"), ("sys/fs/cgroup/x/memory.max", "lots\n")]);
        let Fact::Present(read) = Cgroup::read(&bad, "proc/7/cgroup") else {
            panic!("not read");
        };
        assert!(matches!(read.memory_bytes, Fact::Unreadable(_)));
    }
}
