//! Limits of the running broker, and the system's limits above them.

use super::{Area, Fix, Given, Judged, Known, Needed as _, Ranges, Rule, Status, at_least, by, rule, says, sysctl};
use crate::host::facts::{Engine, Fact, Process};
use planner::counted::{counted, either};

const LIMITS: Area = Area::Limits;
/// Open files that any broker must be allowed.
const FILES_LEAST: u64 = 100_000;
/// Threads above those a broker has.
const THREADS_SPARE: u64 = 4096;

pub(super) const RULES: &[Rule] = &[
    Rule {
        subject: "Max open files in /proc/PID/limits of each broker",
        severity: Status::Critical,
        is_essential: true,
        safe: "at least 100000, and twice the files that are open",
        reason: "Every segment and every connection is an open file; a broker without any left cannot roll a segment and stops the log directory.",
        authorities: &[
            says(by::APACHE, "at least 100000"),
            says("Confluent cp-ansible", "LimitNOFILE=102400"),
            says(
                "HotSpot",
                "raises the soft limit to the hard one at its start, so the shell's ulimit tells nothing",
            ),
        ],
        fix: Fix::Limits("LimitNOFILE=1048576 in the unit (systemctl edit kafka), then restart the broker"),
        judge: nofile,
        ..rule("limits.nofile", "LIM01", LIMITS)
    },
    Rule {
        subject: "Max processes in /proc/PID/limits of each broker",
        safe: "at least 4096 above the threads that it has",
        reason: "A JVM that cannot start a thread dies of \"unable to create native thread\".",
        authorities: &[says(by::INTEL, "32768"), says(by::OURS, "4096 to spare")],
        fix: Fix::Limits("LimitNPROC=65536 in the unit (systemctl edit kafka), then restart the broker"),
        judge: nproc,
        ..rule("limits.nproc", "LIM02", LIMITS)
    },
    Rule {
        reason: "Each thread of each process takes one of these numbers, and without a free one a broker starts no thread.",
        authorities: &[
            says(by::INTEL, "32768"),
            says(by::KERNEL, "32768 by default, more with many processors"),
        ],
        ..sysctl(
            "kernel.pid_max",
            "LIM02",
            LIMITS,
            &["kernel.pid_max"],
            Ranges::all(at_least(32_768, 4_194_304)),
        )
    },
    Rule {
        reason: "It caps the threads of all processes together, and a broker that gets no thread dies.",
        authorities: &[
            says(by::OURS, "8192, twice what a broker needs"),
            says(by::KERNEL, "by memory"),
        ],
        ..sysctl(
            "kernel.threads-max",
            "LIM02",
            LIMITS,
            &["kernel.threads-max"],
            Ranges::all(at_least(8_192, 65_536)),
        )
    },
    Rule {
        reason: "It caps the open files of all processes together, whatever each is allowed; a broker above it takes no connection and rolls no segment.",
        authorities: &[
            says(by::KERNEL, "a tenth of memory by default"),
            says(by::OURS, "four brokers' files"),
        ],
        ..sysctl(
            "fs.file-max",
            "LIM03",
            LIMITS,
            &["fs.file-max"],
            Ranges::all(at_least(400_000, 2_097_152)),
        )
    },
    Rule {
        severity: Status::Critical,
        is_essential: true,
        safe: "and no less than the limit of each broker",
        reason: "No unit can be given more open files than this, and one that asks for more does not start.",
        authorities: &[
            says(by::KERNEL, "1048576 by default"),
            says("Confluent cp-ansible", "LimitNOFILE=102400, which must fit"),
        ],
        judge: nr_open,
        ..sysctl(
            "fs.nr_open",
            "LIM03",
            LIMITS,
            &["fs.nr_open"],
            Ranges::all(at_least(102_400, 1_048_576)),
        )
    },
];

fn running<'a>(given: &Given<'a>, judge: impl Fn(&'a Process) -> Known<Judged>) -> Known<Judged> {
    given.worst_broker(|broker| match &broker.process {
        None => Ok(Judged::not_applicable("the broker does not run")),
        Some(process) => judge(process),
    })
}

fn shown(limit: Option<u64>) -> String {
    limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string())
}

fn nofile(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    running(given, |process| {
        let limit = process.files_max.clone().needed("Max open files")?;
        let open = process.state.open_files.clone();
        let least = open
            .value()
            .map_or(FILES_LEAST, |open| FILES_LEAST.max(open.saturating_mul(2)));
        let is_enough = limit.is_none_or(|limit| limit >= least);
        let expected = format!("at least {least}");
        match open {
            _ if !is_enough => {
                let open = open.value().map_or_else(String::new, |open| {
                    format!("{} {} open", counted(*open, "file"), either(*open, "is", "are"))
                });
                // Our own broker keeps fewer files open than it is allowed; what it lacks are connections.
                let status = if process.engine == Engine::Apache {
                    Status::Critical
                } else {
                    Status::Warning
                };
                let judged = Judged::new(status, shown(limit)).expected(expected);
                Ok(if open.is_empty() { judged } else { judged.note(open) })
            }
            // Twice the open files may be more than is allowed, and that cannot be seen.
            Fact::Unreadable(reason) if limit.is_some() => {
                let unknown = Judged::unknown(format!(
                    "{} is allowed, and the open files cannot be counted: {reason}",
                    shown(limit)
                ));
                Err(Box::new(unknown.expected(expected)))
            }
            _ => Ok(Judged::ok(shown(limit)).expected(expected)),
        }
    })
}

fn nproc(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    running(given, |process| {
        let limit = process.processes_max.clone().needed("Max processes")?;
        let least = process.threads.clone().needed("Threads")?.saturating_add(THREADS_SPARE);
        let is_enough = limit.is_none_or(|limit| limit >= least);
        let status = if is_enough { Status::Ok } else { Status::Warning };
        Ok(Judged::new(status, shown(limit)).expected(format!("at least {least}")))
    })
}

fn nr_open(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let value = given.number("fs.nr_open", 0)?;
    let limits = given
        .brokers
        .iter()
        .filter_map(|broker| broker.process.as_ref()?.files_max.value().copied().flatten());
    let most = limits.max().and_then(|most| i64::try_from(most).ok()).unwrap_or(0);
    if value < most {
        let judged = Judged::new(Status::Critical, value.to_string()).expected(format!("at least {most}"));
        return Ok(judged
            .note("a broker has more, and will not start again with it")
            .set(most.max(1_048_576).to_string()));
    }
    let status = if value < 102_400 { Status::Warning } else { Status::Ok };
    let judged = Judged::new(status, value.to_string()).expected("at least 102400");
    Ok(if status == Status::Ok {
        judged
    } else {
        judged.set("1048576")
    })
}
