//! Block devices: how their queues are set, and software RAID.

use super::fact::Fact;
use super::mounts::Mount;
use super::root::Root;
use super::thp::choice;

/// Deepest stack of devices, as in a partition on RAID on LVM.
const DEPTH_MAX: usize = 8;
/// Beginnings of names of devices that are no disks.
const NO_DISKS: [&str; 7] = ["loop", "ram", "zram", "sr", "fd", "nbd", "md"];

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disk {
    /// Its name, as in sda.
    pub(crate) name: String,
    /// Numbers of it and its partitions, and of what is built on it.
    pub(crate) devices: Vec<String>,
    /// Names of it and its partitions, and of what is built on it.
    pub(crate) names: Vec<String>,
    /// The scheduler of its queue.
    pub(crate) scheduler: Fact<String>,
    /// Read-ahead.
    pub(crate) read_ahead_kib: Fact<i64>,
    /// 1 if it turns.
    pub(crate) rotational: Fact<i64>,
    /// Requests its queue takes.
    pub(crate) nr_requests: Fact<i64>,
    /// Whether it has a cache of its own for writes.
    pub(crate) write_cache: Fact<String>,
}

/// A RAID of the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Raid {
    /// Its name.
    pub(crate) name: String,
    /// Members, as in UU or U_.
    pub(crate) members: String,
    /// What it is busy with: resync, recovery, reshape or check.
    pub(crate) busy: Option<String>,
}

/// All disks, with what is built on them.
pub(crate) fn read(root: &Root) -> Fact<Vec<Disk>> {
    root.names("sys/block").map(|names| {
        let is_disk =
            |name: &&String| !NO_DISKS.iter().any(|start| is_of_kind(name, start)) && !name.starts_with("dm-");
        let mut disks: Vec<Disk> = names.iter().filter(is_disk).map(|name| disk(root, name)).collect();
        for name in names
            .iter()
            .filter(|name| name.starts_with("dm-") || is_of_kind(name, "md"))
        {
            let below = below(root, name, 0);
            let mut known = vec![name.clone()];
            known.extend(root.line(&format!("sys/block/{name}/dm/name")).value().cloned());
            let numbers = root.line(&format!("sys/block/{name}/dev"));
            for disk in disks
                .iter_mut()
                .filter(|disk| disk.names.iter().any(|part| below.contains(part)))
            {
                disk.names.extend(known.iter().cloned());
                disk.devices.extend(numbers.value().cloned());
            }
        }
        disks
    })
}

/// The disks that a mount lies on; none for what lies on no disk.
pub(crate) fn behind<'a>(disks: &'a [Disk], mount: &Mount) -> Vec<&'a Disk> {
    let source = mount.source.trim_start_matches("/dev/").trim_start_matches("mapper/");
    let holds = |disk: &&Disk| disk.devices.contains(&mount.device) || disk.names.iter().any(|name| name == source);
    disks.iter().filter(holds).collect()
}

fn is_of_kind(name: &str, start: &str) -> bool {
    name.strip_prefix(start)
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn disk(root: &Root, name: &str) -> Disk {
    let queue = |file: &str| format!("sys/block/{name}/queue/{file}");
    let inner = root.scan(&format!("sys/block/{name}"));
    let mut names = vec![name.to_owned()];
    names.extend(
        inner
            .value()
            .into_iter()
            .flatten()
            .filter(|part| part.starts_with(name))
            .cloned(),
    );
    let dev_file = |part: &String| {
        if part == name {
            format!("sys/block/{name}/dev")
        } else {
            format!("sys/block/{name}/{part}/dev")
        }
    };
    let devices = names
        .iter()
        .filter_map(|part| root.line(&dev_file(part)).value().cloned());
    Disk {
        devices: devices.collect(),
        scheduler: choice(root, &queue("scheduler")),
        read_ahead_kib: root.number(&queue("read_ahead_kb")),
        rotational: root.number(&queue("rotational")),
        nr_requests: root.number(&queue("nr_requests")),
        write_cache: root.line(&queue("write_cache")),
        name: name.to_owned(),
        names,
    }
}

/// Names of all devices that a device is built on.
fn below(root: &Root, name: &str, depth: usize) -> Vec<String> {
    let slaves = root.names(&format!("sys/block/{name}/slaves"));
    let slaves: Vec<String> = slaves.value().cloned().unwrap_or_default();
    let mut all = slaves.clone();
    if depth < DEPTH_MAX {
        for slave in slaves
            .iter()
            .filter(|slave| slave.starts_with("dm-") || is_of_kind(slave, "md"))
        {
            all.extend(below(root, slave, depth + 1));
        }
    }
    all
}

/// The RAIDs of /proc/mdstat.
pub(crate) fn read_raids(root: &Root) -> Fact<Vec<Raid>> {
    root.text("proc/mdstat").map(|text| {
        let mut raids: Vec<Raid> = Vec::new();
        for line in text.lines() {
            if let Some((name, _)) = line.split_once(" : ").filter(|(name, _)| is_of_kind(name, "md")) {
                raids.push(Raid {
                    name: name.to_owned(),
                    members: String::new(),
                    busy: None,
                });
            }
            let Some(raid) = raids.last_mut() else {
                continue;
            };
            if let Some(members) = members(line) {
                members.clone_into(&mut raid.members);
            }
            let busy = ["recovery", "resync", "reshape", "check"].into_iter();
            if let Some(word) = busy
                .into_iter()
                .find(|word| line.contains(&format!("{word} =")) || line.contains(&format!("{word}=")))
            {
                raid.busy = Some(word.to_owned());
            }
        }
        raids
    })
}

/// The `[U_]` at the end of a line.
fn members(line: &str) -> Option<&str> {
    let inner = line.trim_end().strip_suffix(']')?.rsplit_once('[')?.1;
    (!inner.is_empty() && inner.chars().all(|c| matches!(c, 'U' | '_'))).then_some(inner)
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
    fn what_is_built_on_a_disk_leads_to_it() {
        let root = tree(&[
            ("sys/block/sda/dev", "8:0\n"),
            ("sys/block/sda/sda1/dev", "8:1\n"),
            ("sys/block/sdb/dev", "8:16\n"),
            ("sys/block/md0/dev", "9:0\n"),
            ("sys/block/md0/slaves/sda1", ""),
            ("sys/block/dm-0/dev", "253:0\n"),
            ("sys/block/dm-0/dm/name", "vg-kafka\n"),
            ("sys/block/dm-0/slaves/md0", ""),
            ("sys/block/loop0/dev", "7:0\n"),
        ]);
        let Fact::Present(disks) = read(&root) else {
            panic!("no disks");
        };
        assert_eq!(
            disks.iter().map(|disk| disk.name.as_str()).collect::<Vec<_>>(),
            ["sda", "sdb"]
        );
        let mount = |device: &str, source: &str| Mount {
            point: "/data".to_owned(),
            device: device.to_owned(),
            source: source.to_owned(),
            fs_type: "xfs".to_owned(),
            options: vec![],
        };
        for (device, source) in [
            ("253:0", "x"),
            ("9:0", "x"),
            ("8:1", "x"),
            ("0:99", "/dev/mapper/vg-kafka"),
            ("0:99", "/dev/sda1"),
        ] {
            let found = behind(&disks, &mount(device, source));
            assert_eq!(
                found.iter().map(|disk| disk.name.as_str()).collect::<Vec<_>>(),
                ["sda"],
                "{device} {source}"
            );
        }
        assert!(behind(&disks, &mount("0:44", "tmpfs")).is_empty());
    }

    #[test]
    fn a_raid_tells_its_members_and_what_it_does() {
        let root = tree(&[(
            "proc/mdstat",
            "Personalities : [raid1]\nmd0 : active raid1 sdb1[1] sda1[0]\n      976630336 blocks super 1.2 [2/1] [U_]\n      \
             [==>..................]  recovery = 12.6% (37043392/292945152) finish=127.5min\n\nunused devices: <none>\n",
        )]);
        let raid = Raid {
            name: "md0".to_owned(),
            members: "U_".to_owned(),
            busy: Some("recovery".to_owned()),
        };
        assert_eq!(read_raids(&root), Fact::Present(vec![raid]));
        assert_eq!(
            read_raids(&tree(&[("proc/mdstat", "Personalities : \nunused devices: <none>\n")])),
            Fact::Present(vec![])
        );
    }
}
