//! File systems under the log directories.

use super::given::bytes;
use super::log_dirs::dirs;
use super::{Area, Fix, Given, Judged, Known, Needed as _, Rule, Status, by, rule, says};
use crate::host::facts::{Mount, mount_of};
use planner::counted::counted;

const DIRS: Area = Area::LogDirs;
/// File systems that lose data, or on which mapped indexes and deleted files break.
const UNSAFE: [&str; 9] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "tmpfs",
    "ramfs",
    "overlay",
    "9p",
    "fuse.sshfs",
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        subject: "the file system of each log directory, in /proc/self/mountinfo",
        severity: Status::Critical,
        is_essential: true,
        safe: "xfs or ext4; never a network, memory or overlay file system",
        reason: "Mapped indexes break on network file systems, and memory and overlay file systems lose the log with the host or the container.",
        authorities: &[
            says(
                by::APACHE,
                "XFS: 160 ms local request time where ext4 has 250 ms and more",
            ),
            says(by::TUTORIAL, "EXT4 or XFS"),
            says(by::CLOUDERA, "XFS or ext4"),
            says(
                "Hortonworks documentation",
                "no network file systems: indexes are mapped",
            ),
        ],
        fix: Fix::Mount("mkfs.xfs on a disk of its own, mounted noatime"),
        judge: fs_type,
        ..rule("fs.type", "FS01", DIRS)
    },
    Rule {
        subject: "mount options of each log directory",
        safe: "noatime",
        reason: "With neither noatime nor relatime, every read of a segment writes an inode.",
        authorities: &[
            says(by::TUTORIAL, "noatime"),
            says(by::APACHE, "noatime"),
            says(by::CLOUDERA, "noatime"),
            says(by::KERNEL, "relatime by default, which writes at most once a day"),
        ],
        dispute: "relatime costs little and is only worth knowing; a mount that has neither is a warning.",
        fix: Fix::Mount("add noatime to the options in /etc/fstab, then mount -o remount,noatime DIR"),
        judge: atime,
        ..rule("fs.atime", "FS02", DIRS)
    },
    Rule {
        subject: "statvfs of each log directory",
        severity: Status::Critical,
        is_essential: true,
        safe: "more than 20 %; below 10 % is critical",
        reason: "A full disk takes the log directory offline, and all its partitions with it.",
        authorities: &[
            says(by::RPK, "at least 10 GB"),
            says(by::OURS, "20 % and 10 %, and two segments for each partition"),
        ],
        dispute: "Room for two full segments of every partition is a warning and not more: quiet partitions never fill theirs.",
        fix: Fix::Note(
            "lower retention.bytes or retention.ms of the largest topics, move partitions away (kfleet rebalance), or enlarge the disk",
        ),
        judge: free_space,
        ..rule("fs.free_space", "FS04", DIRS)
    },
    Rule {
        subject: "statvfs of each log directory",
        severity: Status::Critical,
        is_essential: true,
        safe: "more than 10 %; below 2 % is critical",
        reason: "Every segment is three or four files; without inodes no segment is rolled although there is space.",
        authorities: &[says(by::OURS, "10 % and 2 %")],
        fix: Fix::Note("make the file system again with more inodes (mkfs.ext4 -i), or use XFS"),
        judge: free_inodes,
        ..rule("fs.free_inodes", "FS04", DIRS)
    },
    Rule {
        subject: "mount options of each log directory",
        is_essential: true,
        safe: "neither nobarrier nor barrier=0",
        reason: "Without barriers, what was flushed may be lost with the power, unless the controller has a battery.",
        authorities: &[
            says(by::APACHE, "unsafe in a failure"),
            says(by::KERNEL, "barriers are on by default"),
        ],
        fix: Fix::Mount("take nobarrier out of the options in /etc/fstab and mount again"),
        judge: barriers,
        ..rule("fs.barriers", "FS05", DIRS)
    },
    Rule {
        subject: "mount options data= and commit= of ext4",
        severity: Status::Info,
        safe: "data=ordered, commit up to 5",
        reason: "Writeback and long commit intervals are fast, and leave more to recover, or stale blocks, after a crash.",
        authorities: &[
            says(
                by::APACHE,
                "data=writeback and commit=num are fast and unsafe in a failure",
            ),
            says(by::TUTORIAL, "delayed allocation of ext4 is risky"),
        ],
        fix: Fix::Mount("remove data=writeback and commit= unless replication covers a crash of several hosts at once"),
        judge: journal,
        ..rule("fs.journal", "FS05", DIRS)
    },
];

fn mounts<'a>(given: &Given<'a>, judge: impl Fn(&Mount) -> Judged) -> Known<Judged> {
    let mounts = given.facts.mounts.as_ref();
    dirs(given, |_, dir| {
        let all = mounts.clone().needed("/proc/self/mountinfo")?;
        let mount = mount_of(all, &dir.path);
        let none = || Box::new(Judged::unknown(format!("{} is on no mount", dir.path)));
        Ok(judge(mount.ok_or_else(none)?))
    })
}

fn fs_type(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    mounts(given, |mount| {
        let status = match mount.fs_type.as_str() {
            "xfs" | "ext4" => Status::Ok,
            kind if UNSAFE.contains(&kind) => Status::Critical,
            _ => Status::Warning,
        };
        Judged::new(status, format!("{} on {}", mount.fs_type, mount.point)).expected("xfs or ext4")
    })
}

fn atime(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    mounts(given, |mount| {
        let (status, value) = if mount.has("noatime") {
            (Status::Ok, "noatime")
        } else if mount.has("relatime") {
            (Status::Info, "relatime")
        } else {
            (Status::Warning, "strictatime")
        };
        Judged::new(status, format!("{value} on {}", mount.point)).expected("noatime")
    })
}

fn barriers(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    mounts(given, |mount| {
        let off = ["nobarrier", "barrier=0"].into_iter().find(|option| mount.has(option));
        match off {
            Some(option) => {
                Judged::new(Status::Warning, format!("{option} on {}", mount.point)).expected("barriers on")
            }
            None => Judged::ok("on"),
        }
    })
}

fn journal(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    mounts(given, |mount| {
        if mount.fs_type != "ext4" {
            return Judged::not_applicable(format!("{} is no ext4", mount.point));
        }
        let data = mount.value("data").unwrap_or("ordered");
        let commit = mount
            .value("commit")
            .and_then(|seconds| seconds.parse().ok())
            .unwrap_or(5);
        let status = if data == "writeback" || commit > 5 {
            Status::Info
        } else {
            Status::Ok
        };
        Judged::new(status, format!("data={data}, commit={commit} on {}", mount.point))
            .expected("data=ordered, commit up to 5")
    })
}

fn percent(part: u64, whole: u64) -> u64 {
    if whole == 0 {
        0
    } else {
        (u128::from(part) * 100 / u128::from(whole)) as u64
    }
}

fn free_space(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    dirs(given, |broker, dir| {
        let space = dir.space.clone().needed(&format!("the space of {}", dir.path))?;
        if space.total_bytes == 0 {
            return Err(Box::new(Judged::unknown(format!(
                "the file system of {} tells no size",
                dir.path
            ))));
        }
        let share = percent(space.free_bytes, space.total_bytes);
        let value = format!("{share} % ({}) free in {}", bytes(space.free_bytes), dir.path);
        let segment = broker
            .config
            .value()
            .and_then(|config| config.number("log.segment.bytes").value().copied())
            .unwrap_or(1 << 30);
        let partitions = dir.counts().value().map_or(0, |counts| counts.partitions);
        let wanted = partitions
            .saturating_mul(2)
            .saturating_mul(u64::try_from(segment).unwrap_or(0));
        let judged = |status| Judged::new(status, value.clone()).expected("more than 20 %");
        if share < 10 {
            return Ok(judged(Status::Critical));
        }
        if share < 20 {
            return Ok(judged(Status::Warning));
        }
        if space.free_bytes < wanted {
            let note = format!(
                "{} with two segments each may take {}",
                counted(partitions, "partition"),
                bytes(wanted)
            );
            return Ok(judged(Status::Warning).note(note));
        }
        Ok(judged(Status::Ok))
    })
}

fn free_inodes(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    dirs(given, |_, dir| {
        let space = dir.space.clone().needed(&format!("the inodes of {}", dir.path))?;
        if space.inodes == 0 {
            return Ok(Judged::not_applicable(format!(
                "the file system of {} does not count inodes",
                dir.path
            )));
        }
        let share = percent(space.free_inodes, space.inodes);
        let status = match share {
            0..2 => Status::Critical,
            2..10 => Status::Warning,
            _ => Status::Ok,
        };
        Ok(Judged::new(status, format!("{share} % free in {}", dir.path)).expected("more than 10 %"))
    })
}
