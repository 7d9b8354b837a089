//! Disks behind the log directories; all disks where no log directory is known.

use super::given::worst;
use super::{Area, Fix, Given, Judged, Known, Needed as _, Rule, Status, by, rule, says};
use crate::host::facts::{Disk, Fact, behind, mount_of};

const DISKS: Area = Area::Disks;

pub(super) const RULES: &[Rule] = &[
    Rule {
        subject: "/sys/block/*/queue/scheduler",
        safe: "none or mq-deadline",
        reason: "A broker writes and reads in sequence already; a scheduler that shares fairly between processes only makes it wait.",
        authorities: &[
            says(by::RPK, "none or noop"),
            says(by::INTEL, "none for NVMe"),
            says(by::KERNEL, "mq-deadline suits disks that turn"),
        ],
        fix: Fix::Boot(
            "echo mq-deadline (none for NVMe) > /sys/block/DISK/queue/scheduler, and a udev rule with ATTR{queue/scheduler} that does it at boot",
        ),
        judge: scheduler,
        ..rule("disk.scheduler", "DSK01", DISKS)
    },
    Rule {
        subject: "/sys/block/*/queue/read_ahead_kb",
        severity: Status::Info,
        safe: "128 to 4096",
        reason: "Consumers that lag read segments in sequence, which read-ahead helps; with many of them on one disk it reads what nobody wants.",
        authorities: &[
            says(by::INTEL, "8 on NVMe"),
            says(by::TUNED, "at least 4096 in throughput-performance"),
            says(by::KERNEL, "128 by default"),
        ],
        dispute: "8 or 4096: the sources contradict each other, so this is never more than worth knowing; measure with your consumers.",
        fix: Fix::Boot("blockdev --setra SECTORS /dev/DISK, and a udev rule with ATTR{queue/read_ahead_kb}"),
        judge: read_ahead,
        ..rule("disk.read_ahead_kb", "DSK02", DISKS)
    },
    Rule {
        subject: "/sys/block/*/queue/rotational",
        severity: Status::Info,
        safe: "0",
        reason: "A disk that turns does some hundred seeks a second; many partitions, and consumers that lag, share them.",
        authorities: &[
            says(by::BOOK, "disks that turn are enough for much, SSDs for many clients"),
            says(by::CLOUDERA, "both"),
        ],
        fix: Fix::Note("nothing has to be done; plan few partitions for each such disk"),
        judge: rotational,
        ..rule("disk.rotational", "DSK03", DISKS)
    },
    Rule {
        subject: "/sys/block/*/queue/nr_requests",
        severity: Status::Info,
        safe: "at least 32",
        reason: "A short queue cannot merge and sort the flushes of many partitions.",
        authorities: &[
            says(by::KERNEL, "by the device, 64 to 1024 mostly"),
            says(by::OURS, "32"),
        ],
        fix: Fix::Boot("echo 256 > /sys/block/DISK/queue/nr_requests, and a udev rule with ATTR{queue/nr_requests}"),
        judge: nr_requests,
        ..rule("disk.nr_requests", "DSK03", DISKS)
    },
    Rule {
        subject: "/sys/block/*/queue/write_cache",
        severity: Status::Info,
        safe: "write through",
        reason: "A disk with a volatile cache of its own keeps what was flushed only after a second step, which fsync pays for.",
        authorities: &[
            says(by::RPK, "write through, on local SSDs of one cloud"),
            says(by::KERNEL, "the file tells the device's state and does not change it"),
        ],
        fix: Fix::Note(
            "nothing has to be done; never write to the file, which changes what the kernel believes and not the disk",
        ),
        judge: write_cache,
        ..rule("disk.write_cache", "DSK03", DISKS)
    },
    Rule {
        subject: "/proc/mdstat",
        is_essential: true,
        safe: "all members up, nothing rebuilt",
        reason: "A rebuild takes so much of the disks that the broker hardly works, and one more failure loses the directory.",
        authorities: &[says(
            by::APACHE,
            "a rebuild effectively disables the server; RAID and single disks both work",
        )],
        fix: Fix::Note(
            "mdadm --detail /dev/MD tells the failed member; move leaders away while it is rebuilt (kfleet leaders evacuate)",
        ),
        judge: raid,
        ..rule("disk.raid", "DSK04", DISKS)
    },
];

/// What is found with the disks of the log directories; the worst counts.
fn disks<'a>(given: &Given<'a>, judge: impl Fn(&Disk) -> Known<Judged>) -> Known<Judged> {
    let all = given.facts.disks.as_ref().needed("/sys/block")?;
    let mounts = given.facts.mounts.value().map(Vec::as_slice).unwrap_or_default();
    let dirs = given.brokers.iter().flat_map(|broker| &broker.dirs);
    let of_dirs = dirs
        .filter_map(|dir| mount_of(mounts, &dir.path))
        .flat_map(|mount| behind(all, mount));
    let mut chosen: Vec<&Disk> = of_dirs.collect();
    chosen.sort_by_key(|disk| &disk.name);
    chosen.dedup_by_key(|disk| &disk.name);
    if chosen.is_empty() && given.brokers.iter().all(|broker| broker.dirs.is_empty()) {
        chosen = all.iter().collect();
    }
    worst(
        chosen,
        "no disk is behind the log directories",
        |disk| disk.name.as_str(),
        judge,
    )
}

/// A number of a disk's queue held against bounds.
fn number(fact: &Fact<i64>, disk: &Disk, file: &str, least: i64, most: i64, expected: &str) -> Known<Judged> {
    let value = fact.clone().needed(&format!("{file} of {}", disk.name))?;
    let status = if (least..=most).contains(&value) {
        Status::Ok
    } else {
        Status::Info
    };
    Ok(Judged::new(status, format!("{value} on {}", disk.name)).expected(expected))
}

fn scheduler(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    disks(given, |disk| {
        let scheduler = disk
            .scheduler
            .clone()
            .needed(&format!("the scheduler of {}", disk.name))?;
        let status = match scheduler.as_str() {
            "none" | "noop" | "mq-deadline" | "deadline" => Status::Ok,
            "bfq" | "cfq" => Status::Warning,
            _ => Status::Info,
        };
        Ok(Judged::new(status, format!("{scheduler} on {}", disk.name)).expected("none or mq-deadline"))
    })
}

fn read_ahead(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    disks(given, |disk| {
        number(&disk.read_ahead_kib, disk, "read_ahead_kb", 128, 4096, "128 to 4096")
    })
}

fn rotational(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    disks(given, |disk| number(&disk.rotational, disk, "rotational", 0, 0, "0"))
}

fn nr_requests(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    disks(given, |disk| {
        number(&disk.nr_requests, disk, "nr_requests", 32, i64::MAX, "at least 32")
    })
}

fn write_cache(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    disks(given, |disk| {
        let cache = disk
            .write_cache
            .clone()
            .needed(&format!("write_cache of {}", disk.name))?;
        let status = if cache == "write through" {
            Status::Ok
        } else {
            Status::Info
        };
        Ok(Judged::new(status, format!("{cache} on {}", disk.name)).expected("write through"))
    })
}

fn raid(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let raids = given.facts.raids.clone().needed("/proc/mdstat")?;
    worst(
        &raids,
        "no software RAID",
        |raid| raid.name.as_str(),
        |raid| {
            let is_whole = !raid.members.contains('_');
            let is_rebuilt = raid.busy.as_deref().is_some_and(|busy| busy != "check");
            let status = match (is_whole, is_rebuilt, &raid.busy) {
                (true, false, None) => Status::Ok,
                (true, false, Some(_)) => Status::Info,
                _ => Status::Warning,
            };
            let busy = raid.busy.as_ref().map_or_else(String::new, |busy| format!(", {busy}"));
            Ok(Judged::new(status, format!("{} [{}]{busy}", raid.name, raid.members)).expected("all members up"))
        },
    )
}
