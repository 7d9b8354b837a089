//! Files that set sysctls at boot: keys that no kernel has, values that are not the running ones, pairs that were swapped,
//! and profiles of tuned that set them again.

use super::{Area, Fix, Given, Judged, Known, Rule, Status, by, rule, says};
use crate::host::facts::{Fact, fields, is_same_value};
use crate::host::sources::{Setting, SysctlFiles, suggest};

const FILES: Area = Area::Files;

pub(super) const RULES: &[Rule] = &[
    Rule {
        subject: "keys in files of sysctl.d",
        safe: "every key exists",
        reason: "A key that is misspelled is skipped at boot with one line in a log, and the value that was meant never holds.",
        authorities: &[
            says("sysctl.d(5)", "keys are paths below /proc/sys"),
            says(by::TUTORIAL, "net.core.wmem.default and others, which do not exist"),
        ],
        fix: Fix::Note("correct the key in its file, then sysctl --system"),
        judge: keys,
        ..rule("sysctl.keys", "SRC01", FILES)
    },
    Rule {
        subject: "values in files of sysctl.d, against the running ones",
        safe: "the same",
        reason: "What was changed by hand is gone after the next boot, and what was written and not applied comes with it.",
        authorities: &[
            says(
                "sysctl.d(5)",
                "files are sorted by name, the last one counts, /etc hides /run and /usr/lib",
            ),
            says(by::RPK, "sets values again at every boot, by a unit"),
        ],
        fix: Fix::Note("sysctl --system applies the files; or write the running value to /etc/sysctl.d/90-kfleet.conf"),
        judge: boot_values,
        ..rule("sysctl.boot_values", "SRC02", FILES)
    },
    Rule {
        subject: "vm.dirty_background_ratio and vm.dirty_ratio in files of sysctl.d",
        safe: "the background value is the smaller one",
        reason: "With the two swapped, the writer is stopped before the background flush has begun, from the next boot on.",
        authorities: &[
            says(by::TUTORIAL, "background about 5, ratio 60 to 80"),
            says(by::KERNEL, "the background value must be the smaller one"),
        ],
        fix: Fix::Note("swap the two values in the file, then sysctl --system"),
        judge: pairs,
        ..rule("sysctl.pairs", "SRC03", FILES)
    },
    Rule {
        subject: "/etc/tuned/active_profile, and reapply_sysctl in /etc/tuned/tuned-main.conf",
        severity: Status::Info,
        safe: "none, or one that was meant for Kafka",
        reason: "A profile sets values at boot as sysctl.d does, and where both set one it depends on tuned which of them lasts.",
        authorities: &[
            says(by::INTEL, "latency-performance"),
            says(
                by::TUNED,
                "throughput-performance sets dirty ratios, swappiness 10 and read-ahead",
            ),
            says(
                "tuned-main.conf",
                "reapply_sysctl = 1, the default, applies sysctl.d again after the profile; with 0 the profile wins",
            ),
        ],
        dispute: "A profile is fine where it is the only one that sets these values; what only it sets, as read-ahead, lasts in any case.",
        fix: Fix::Note(
            "keep reapply_sysctl = 1 in /etc/tuned/tuned-main.conf, so that sysctl.d wins; or put the values into a profile of your own; or tuned-adm off",
        ),
        judge: tuned,
        ..rule("tuned.profile", "SRC04", FILES)
    },
];

/// The files; not known if any cannot be read.
fn files<'a>(given: &Given<'a>) -> Known<&'a SysctlFiles> {
    let files = &given.facts.files;
    if let Some(unreadable) = files.unreadable.first() {
        return Err(Box::new(Judged::unknown(unreadable.clone())));
    }
    if !files.any {
        return Err(Box::new(Judged::not_applicable("no file sets a sysctl")));
    }
    Ok(files)
}

/// A line, as people look it up.
fn place(setting: &Setting) -> String {
    format!("{}:{}", setting.file, setting.line)
}

fn keys(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let files = &given.facts.files;
    let unknown = files.unknown();
    // A key that is like none may belong to a module that is not loaded, and one with a hyphen may be missing.
    let misspelled: Vec<(&&Setting, &str)> = unknown
        .iter()
        .filter_map(|setting| Some((setting, suggest(&setting.key)?)))
        .collect();
    if let Some((first, _)) = misspelled.first() {
        let sentence = |(setting, meant): &(&&Setting, &str)| {
            format!(
                "{} at {}: no such key; did you mean {meant}?",
                setting.written,
                place(setting)
            )
        };
        let sentences: Vec<String> = misspelled.iter().map(sentence).collect();
        let judged = Judged::new(Status::Warning, first.written.clone()).expected("keys that exist");
        return Ok(judged.note(sentences.join(" ")));
    }
    self::files(given)?;
    match unknown.iter().find(|setting| !setting.is_optional) {
        None => Ok(Judged::ok("every key exists")),
        Some(first) => {
            let note = format!(
                "{} at {}: no such key here; its module may not be loaded",
                first.written,
                place(first)
            );
            Ok(Judged::new(Status::Info, first.written.clone())
                .expected("keys that exist")
                .note(note))
        }
    }
}

fn boot_values(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let files = files(given)?;
    let mut all: Vec<&str> = super::all().flat_map(|rule| rule.keys.iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    let differs = |key: &str| {
        let boot = *files.of(key).last()?;
        let running = *given.facts.sysctls.get(key).value()?;
        (!is_same_value(running, &fields(&boot.value)))
            .then(|| format!("{key} is {running}, and {} sets {}", place(boot), boot.value))
    };
    let different: Vec<String> = all.into_iter().filter_map(differs).collect();
    if !different.is_empty() {
        let value = match different.len() {
            1 => "1 differs".to_owned(),
            many => format!("{many} differ"),
        };
        let judged = Judged::new(Status::Warning, value).expected("the same");
        return Ok(judged.note(different.join("; ")));
    }
    if let Some(old) = files.old.first() {
        let note = format!(
            "{} is read by procps' sysctl --system and not by systemd, and nothing in sysctl.d links to it",
            old.file
        );
        return Ok(Judged::new(Status::Warning, old.file.clone())
            .expected("a file in /etc/sysctl.d")
            .note(note));
    }
    Ok(Judged::ok("the running ones"))
}

fn pairs(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let files = files(given)?;
    for (background, most) in [
        ("vm.dirty_background_ratio", "vm.dirty_ratio"),
        ("vm.dirty_background_bytes", "vm.dirty_bytes"),
    ] {
        let last = |key: &str| {
            files
                .of(key)
                .last()
                .and_then(|setting| Some((place(setting), setting.value.parse::<i64>().ok()?)))
        };
        if let (Some((at, small)), Some((other, large))) = (last(background), last(most))
            && small > 0
            && small >= large
            && large > 0
        {
            let note = format!("{at} sets {background}={small}, and {other} sets {most}={large}: were they swapped?");
            return Ok(Judged::new(Status::Warning, format!("{small} and {large}"))
                .expected("the background value smaller")
                .note(note));
        }
    }
    Ok(Judged::ok("in order"))
}

fn tuned(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    match &given.facts.tuned {
        Fact::Absent => Err(Box::new(Judged::not_applicable("tuned is not installed"))),
        Fact::Unreadable(reason) if reason == "is empty" => Ok(Judged::ok("none")),
        Fact::Unreadable(reason) => Err(Box::new(Judged::unknown(format!(
            "/etc/tuned/active_profile: {reason}"
        )))),
        Fact::Present(profile) => {
            let judged = Judged::new(Status::Info, profile.clone()).expected("none, or one that was meant for Kafka");
            Ok(judged.note(if given.facts.tuned_reapplies {
                format!("{profile} sets values, and the files of sysctl.d are applied again after it")
            } else {
                format!("{profile} sets values after the files of sysctl.d, for tuned has reapply_sysctl = 0")
            }))
        }
    }
}
