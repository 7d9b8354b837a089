//! Log directories: where they are, whose, and what they say they are.

use super::given::worst;
use super::{Area, Fix, Given, Judged, Known, Needed as _, Rule, Status, by, rule, says};
use crate::host::facts::{Broker, Fact, LogDir, mount_of};

const DIRS: Area = Area::LogDirs;
/// Below these nothing outlasts a restart or a cleaner.
const PASSING: [&str; 4] = ["/tmp", "/var/tmp", "/dev/shm", "/run"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        subject: "log.dirs and metadata.log.dir of server.properties",
        severity: Status::Critical,
        is_essential: true,
        safe: "not below /tmp, /var/tmp, /dev/shm or /run",
        reason: "Whatever lies below /tmp and its like is deleted by the next boot or cleaner, and with it every record that this broker has.",
        authorities: &[
            says(by::APACHE_SOURCE, "/tmp/kafka-logs by default"),
            says(by::TUTORIAL, "/tmp/kafka-logs in the examples"),
            says(by::OURS, "data never goes there"),
        ],
        fix: Fix::Broker(
            "log.dirs=/var/lib/kafka/data on a disk of its own; move the directories while the broker is stopped",
        ),
        judge: passing,
        ..rule("log.dirs.location", "FS03", DIRS)
    },
    Rule {
        subject: "devices of the log directories",
        safe: "each on a device of its own, none on the root file system",
        reason: "Two directories on one device share its throughput and its failure, and a full log on the root file system stops the whole host.",
        authorities: &[
            says(
                by::APACHE,
                "several drives, not shared with logs of applications or the system",
            ),
            says(by::CONFLUENT_DOC, "own drives"),
            says(by::BOOK, "several disks, used in parallel"),
        ],
        fix: Fix::Mount("give each directory of log.dirs a disk of its own"),
        judge: shared_device,
        ..rule("log.dirs.device", "FS03", DIRS)
    },
    Rule {
        subject: "owner and permissions of each log directory",
        severity: Status::Critical,
        is_essential: true,
        safe: "it exists, belongs to the broker's user, and not everybody may write",
        reason: "A directory that the broker cannot write is offline from the start; one that everybody can write is everybody's log.",
        authorities: &[says(by::OURS, "the directory must be the broker's")],
        fix: Fix::Note("install -d -o kafka -g kafka -m 0750 DIR"),
        judge: access,
        ..rule("log.dirs.access", "FS06", DIRS)
    },
    Rule {
        subject: "meta.properties in each log directory",
        severity: Status::Critical,
        is_essential: true,
        safe: "one cluster.id and one node.id in all",
        reason: "A broker whose directories belong to different clusters or nodes does not start.",
        authorities: &[says(by::APACHE_SOURCE, "refuses to start")],
        fix: Fix::Note(
            "kfleet storage info -c server.properties tells which directory is whose; take the foreign one out of log.dirs",
        ),
        judge: identity,
        ..rule("log.dirs.identity", "FS06", DIRS)
    },
];

/// What is found with the log directories of all brokers; the worst counts.
pub(super) fn dirs<'a>(given: &Given<'a>, judge: impl Fn(&'a Broker, &'a LogDir) -> Known<Judged>) -> Known<Judged> {
    given.worst_broker(|broker| {
        broker.config.as_ref().needed("server.properties")?;
        worst(
            &broker.dirs,
            "no log directory",
            |dir| dir.path.as_str(),
            |dir| judge(broker, dir),
        )
    })
}

fn passing(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    given.worst_broker(|broker| {
        let config = broker.config.as_ref().needed("server.properties")?;
        let all = config
            .log_dirs()
            .into_iter()
            .chain(config.set("metadata.log.dir").map(str::to_owned));
        let all: Vec<String> = all.collect();
        let below = |dir: &&String| {
            PASSING.iter().any(|top| {
                dir.strip_prefix(top)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        let bad: Vec<&str> = all.iter().filter(below).map(String::as_str).collect();
        if bad.is_empty() {
            return Ok(Judged::ok(all.join(", ")));
        }
        Ok(Judged::new(Status::Critical, bad.join(", ")).expected("a place that lasts"))
    })
}

fn shared_device(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let mounts = given.facts.mounts.as_ref();
    let root = mounts
        .value()
        .and_then(|mounts| mount_of(mounts, "/"))
        .map(|mount| mount.device.clone());
    let device = |path: &str| {
        mounts
            .value()
            .and_then(|mounts| mount_of(mounts, path))
            .map(|mount| mount.device.clone())
    };
    let all: Vec<&LogDir> = given.brokers.iter().flat_map(|broker| &broker.dirs).collect();
    dirs(given, |_, dir| {
        let mounts = mounts.clone().needed("/proc/self/mountinfo")?;
        let mount = mount_of(mounts, &dir.path)
            .ok_or_else(|| Box::new(Judged::unknown(format!("{} is on no mount", dir.path))))?;
        let value = format!("{} on {} ({})", dir.path, mount.source, mount.device);
        let twin = all
            .iter()
            .find(|other| other.path != dir.path && device(&other.path).as_ref() == Some(&mount.device));
        let judged = |note: String| {
            Ok(Judged::new(Status::Warning, value.clone())
                .expected("a device of its own")
                .note(note))
        };
        match twin {
            Some(twin) => judged(format!("{} and {} share a device", dir.path, twin.path)),
            None if root.as_ref() == Some(&mount.device) => judged(format!("{} is on the root file system", dir.path)),
            None => Ok(Judged::ok(value)),
        }
    })
}

/// A share in percent.
fn access(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    dirs(given, |broker, dir| {
        let critical =
            |what: String| Ok(Judged::new(Status::Critical, what).expected("a directory of the broker's user, 0750"));
        let state = match dir.state.clone() {
            Fact::Absent => return critical(format!("{} does not exist", dir.path)),
            state => state.needed(&dir.path)?,
        };
        let value = format!("{} is uid {}, mode {:o}", dir.path, state.uid, state.mode);
        if !state.is_dir {
            return critical(format!("{} is no directory", dir.path));
        }
        let uid = broker.process.as_ref().and_then(|process| process.uid.value().copied());
        // The group may help another user than the owner, which cannot be seen from here.
        let may_write = |uid: u32| uid == 0 || state.mode & 0o022 != 0 || (uid == state.uid && state.mode & 0o200 != 0);
        match uid {
            Some(uid) if !may_write(uid) => critical(format!("{value}, and the broker's uid {uid} may not write")),
            _ if state.mode & 0o002 != 0 => Ok(Judged::new(Status::Warning, value).expected("0750")),
            _ => Ok(Judged::ok(value)),
        }
    })
}

fn identity(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    given.worst_broker(|broker| {
        broker.config.as_ref().needed("server.properties")?;
        let mut first = None;
        for dir in &broker.dirs {
            let meta = match dir.meta.clone() {
                // A directory that is not formatted yet has none; a disk that was added is formatted at the next start.
                Fact::Absent => continue,
                meta => meta.needed(&format!("{}/meta.properties", dir.path))?,
            };
            let (path, known) = first.get_or_insert_with(|| (dir.path.clone(), meta.clone()));
            if known.cluster_id != meta.cluster_id || known.node_id != meta.node_id {
                let name = |meta: &protocol::files::MetaProperties| {
                    format!(
                        "{}/{}",
                        meta.cluster_id.as_deref().unwrap_or("?"),
                        meta.node_id.map_or_else(|| "?".to_owned(), |id| id.to_string())
                    )
                };
                let value = format!("{path} is {}, {} is {}", name(known), dir.path, name(&meta));
                return Ok(Judged::new(Status::Critical, value).expected("one cluster.id and one node.id"));
            }
        }
        match first {
            None => Ok(Judged::not_applicable("no log directory is formatted")),
            Some((_, meta)) => Ok(Judged::ok(meta.cluster_id.unwrap_or_default())),
        }
    })
}
