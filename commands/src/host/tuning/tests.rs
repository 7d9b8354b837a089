//! Tuning against a kernel that behaves as Linux does, and stops of it at every step.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::apply::{Applied, Outcome, apply};
use super::journal::{Entry, Journal, Pair};
use super::machine::{Below, Machine};
use super::plan::{Plan, Step, plan};
use super::restore::{Restore, Restored, restore};
use super::tuned::overriding;
use crate::host::facts::{self, Node, Root, Tree};
use crate::host::findings::of_host;
use crate::host::rules::{self, Baseline};

const FILE: &str = "etc/sysctl.d/90-kfleet.conf";
/// The least that vm.dirty_bytes takes: two pages.
const DIRTY_BYTES_MIN: u64 = 8192;

/// A kernel, with a folder for the file and the journal. It may be killed: then nothing that follows has an effect.
struct Kernel {
    values: BTreeMap<String, String>,
    /// Keys that nobody may write.
    forbidden: Vec<&'static str>,
    disk: Below,
    steps_left: Cell<usize>,
    steps: Cell<usize>,
}

fn killed() -> io::Error {
    io::Error::new(ErrorKind::Interrupted, "killed")
}

impl Kernel {
    fn new(dir: &Path, values: &[(&str, &str)]) -> Self {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let journal = Journal::at(dir.join("state/host.journal"));
        Self {
            values: values.iter().map(owned).collect(),
            forbidden: Vec::new(),
            disk: Below::new(dir.canonicalize().unwrap(), journal),
            steps_left: Cell::new(usize::MAX),
            steps: Cell::new(0),
        }
    }

    fn step(&self) -> io::Result<()> {
        self.steps.set(self.steps.get() + 1);
        let left = self.steps_left.get().checked_sub(1).ok_or_else(killed)?;
        self.steps_left.set(left);
        Ok(())
    }

    fn get(&self, key: &str) -> &str {
        &self.values[key]
    }

    /// What Linux makes of a value.
    fn take(&mut self, key: &str, value: &str) -> io::Result<()> {
        let invalid = || io::Error::from_raw_os_error(22);
        if self.forbidden.contains(&key) {
            return Err(io::Error::from_raw_os_error(13));
        }
        if !self.values.contains_key(key) {
            return Err(io::Error::from(ErrorKind::NotFound));
        }
        let number = value.parse::<u64>();
        let mut taken = value.to_owned();
        match key {
            "vm.dirty_ratio" | "vm.dirty_background_ratio" if !number.clone().is_ok_and(|n| n <= 100) => {
                return Err(invalid());
            }
            "vm.dirty_bytes" if !number.clone().is_ok_and(|n| n >= DIRTY_BYTES_MIN) => return Err(invalid()),
            "vm.dirty_background_bytes" if !number.clone().is_ok_and(|n| n >= 1) => return Err(invalid()),
            "vm.swappiness" if !number.clone().is_ok_and(|n| n <= 200) => return Err(invalid()),
            // Some kernels round, and some cap.
            "vm.max_map_count" => taken = number.map_err(|_| invalid())?.min(262_000).to_string(),
            _ => {}
        }
        if let Some(other) = super::plan::partner(key) {
            self.values.insert(other.to_owned(), "0".to_owned());
        }
        self.values.insert(key.to_owned(), taken);
        Ok(())
    }
}

impl Machine for Kernel {
    fn read(&self, key: &str) -> io::Result<String> {
        self.values
            .get(key)
            .cloned()
            .ok_or_else(|| io::Error::from(ErrorKind::NotFound))
    }

    fn write(&mut self, key: &str, value: &str) -> io::Result<()> {
        self.step()?;
        self.take(key, value)
    }

    fn file(&self) -> io::Result<Option<String>> {
        self.disk.file()
    }

    fn has_folder(&self) -> bool {
        self.disk.has_folder()
    }

    fn put_file(&mut self, text: Option<&str>, keep_folder: bool) -> io::Result<()> {
        self.step()?;
        self.disk.put_file(text, keep_folder)
    }

    fn tidy(&mut self) -> io::Result<()> {
        self.disk.tidy()
    }

    fn journal(&self) -> io::Result<Vec<Entry>> {
        self.disk.journal()
    }

    fn record(&mut self, entry: &Entry) -> io::Result<()> {
        self.step()?;
        self.disk.record(entry)
    }

    fn forget(&mut self) -> io::Result<()> {
        self.step()?;
        self.disk.forget()
    }
}

/// Kernel defaults, but for a background limit in bytes.
const VALUES: &[(&str, &str)] = &[
    ("vm.swappiness", "60"),
    ("vm.max_map_count", "65530"),
    ("vm.dirty_ratio", "0"),
    ("vm.dirty_bytes", "65536"),
    ("vm.dirty_background_ratio", "10"),
    ("vm.dirty_background_bytes", "0"),
    ("net.ipv4.tcp_rmem", "4096 131072 1048576"),
];

fn step(key: &str, wanted: &str) -> Step {
    let before = VALUES.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
    Step {
        rules: vec![key.to_owned()],
        key: key.to_owned(),
        before: before.unwrap_or_default().to_owned(),
        wanted: wanted.to_owned(),
    }
}

fn of(steps: Vec<Step>, file: Option<String>) -> Plan {
    Plan {
        steps,
        by_hand: Vec::new(),
        overridden: Vec::new(),
        unknown: Vec::new(),
        file,
    }
}

/// Steps of each kind: of a pair that switches, of one that does not, one that is capped, one with three numbers.
fn steps() -> Vec<Step> {
    vec![
        step("vm.dirty_background_ratio", "5"),
        step("vm.dirty_ratio", "60"),
        step("net.ipv4.tcp_rmem", "4096 131072 16777216"),
        step("vm.max_map_count", "262144"),
        step("vm.swappiness", "1"),
    ]
}

/// All files below a folder, with what is in them.
fn files(dir: &Path) -> BTreeMap<PathBuf, Option<String>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name == "state") {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
            found.insert(path, None);
        } else {
            found.insert(path.clone(), Some(fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

fn undo(kernel: &mut Kernel) -> Restored {
    let before = Restore::of(&kernel.journal().unwrap());
    before.check(kernel).unwrap();
    restore(&before, kernel)
}

fn tune(kernel: &mut Kernel) -> Option<Applied> {
    let plan = of(steps(), kernel.file().unwrap());
    apply(&plan, kernel).ok()
}

/// A folder with nothing in it, one with an empty sysctl.d, and one with our file and another.
fn folders() -> Vec<TempDir> {
    let all: Vec<TempDir> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    fs::create_dir_all(all[1].path().join("etc/sysctl.d")).unwrap();
    fs::create_dir_all(all[0].path().join("etc")).unwrap();
    let folder = all[2].path().join("etc/sysctl.d");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("90-kfleet.conf"),
        "# by hand\nvm.swappiness=10\nkernel.panic=1\n",
    )
    .unwrap();
    fs::write(folder.join("50-other.conf"), "kernel.panic=2\n").unwrap();
    all
}

#[test]
fn what_the_kernel_takes_is_read_back_and_undone() {
    for dir in folders() {
        let mut kernel = Kernel::new(dir.path(), VALUES);
        let (values, before) = (kernel.values.clone(), files(dir.path()));
        let applied = tune(&mut kernel).unwrap();
        assert!(applied.changed() && applied.file_changed && applied.stopped.is_none());
        let clamped: Vec<_> = applied
            .values
            .iter()
            .filter(|done| done.outcome == Outcome::Clamped)
            .map(|done| (done.key.as_str(), done.now.as_str()))
            .collect();
        assert_eq!(clamped, [("vm.max_map_count", "262000")]);
        assert_eq!(
            (kernel.get("vm.dirty_ratio"), kernel.get("vm.dirty_bytes")),
            ("60", "0")
        );
        let text = kernel.file().unwrap().unwrap();
        assert!(
            text.contains("vm.dirty_ratio = 60\n") && !text.contains("swappiness=10"),
            "{text}"
        );
        let again = tune(&mut kernel).unwrap();
        assert!(!again.changed(), "{again:?}");
        let restored = undo(&mut kernel);
        assert_eq!((restored.stopped.clone(), restored.changed()), (None, true));
        let written: Vec<&str> = restored.values.iter().map(|done| done.key.as_str()).collect();
        // Of the pair that was switched, only the member that was in force; it takes no 0.
        assert!(
            written.contains(&"vm.dirty_bytes") && !written.contains(&"vm.dirty_ratio"),
            "{written:?}"
        );
        assert_eq!((&kernel.values, files(dir.path())), (&values, before));
        assert_eq!(kernel.journal().unwrap(), []);
        assert!(!undo(&mut kernel).changed());
    }
}

#[test]
fn killed_after_any_step_undo_leaves_all_as_before() {
    // Without the folder, and with a file of ours in it.
    for (at, dir) in folders().into_iter().enumerate().step_by(2) {
        let mut whole = Kernel::new(dir.path(), VALUES);
        let before = files(dir.path());
        tune(&mut whole).unwrap();
        let tuning = whole.steps.get();
        undo(&mut whole);
        let undoing = whole.steps.get() - tuning;
        assert!(tuning > 10 && undoing > 5, "{tuning} {undoing}");
        // Each step of the one, with steps of the other in turn.
        let stops = (0..=tuning).map(|stop| (stop, stop % (undoing + 1)));
        let stops = stops.chain((0..=undoing).map(|undo_stop| (tuning, undo_stop)));
        for ((stop, undo_stop), tunes_again) in stops.flat_map(|stop| [(stop, false), (stop, true)]) {
            let case = format!("folder {at}, tune {stop}, undo {undo_stop}, again {tunes_again}");
            let mut kernel = Kernel::new(dir.path(), VALUES);
            let values = kernel.values.clone();
            kernel.steps_left.set(stop);
            let _killed = tune(&mut kernel);
            kernel.steps_left.set(usize::MAX);
            if tunes_again {
                tune(&mut kernel).unwrap();
            }
            kernel.steps_left.set(undo_stop);
            let _killed = undo(&mut kernel);
            kernel.steps_left.set(usize::MAX);
            assert_eq!(undo(&mut kernel).stopped, None, "{case}");
            assert_eq!((&kernel.values, &files(dir.path())), (&values, &before), "{case}");
            assert_eq!(kernel.journal().unwrap(), [], "{case}");
        }
    }
}

#[test]
fn the_draft_of_a_run_that_was_killed_is_taken_away() {
    for tunes_again in [false, true] {
        for dir in folders() {
            let before = files(dir.path());
            let mut kernel = Kernel::new(dir.path(), VALUES);
            // Killed when the file is written, with all values and the file's line in the journal.
            kernel.steps_left.set(steps().len() + 1);
            assert!(tune(&mut kernel).is_none());
            let folder = dir.path().join("etc/sysctl.d");
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(".90-kfleet.conf.draft"), "vm.swapp").unwrap();
            kernel.steps_left.set(usize::MAX);
            if tunes_again {
                tune(&mut kernel).unwrap();
                assert!(!folder.join(".90-kfleet.conf.draft").exists());
            }
            assert_eq!(undo(&mut kernel).stopped, None);
            assert_eq!(files(dir.path()), before);
        }
    }
}

#[test]
fn what_the_kernel_refuses_is_named_and_not_kept_for_the_next_boot() {
    let dir = tempfile::tempdir().unwrap();
    let mut kernel = Kernel::new(dir.path(), VALUES);
    let values = kernel.values.clone();
    kernel.forbidden.push("vm.swappiness");
    let steps = vec![
        step("vm.swappiness", "1"),
        step("vm.dirty_ratio", "600"),
        step("vm.max_map_count", "9"),
    ];
    let applied = apply(&of(steps, None), &mut kernel).unwrap();
    let refused: Vec<&str> = applied
        .values
        .iter()
        .filter(|done| done.is_refused())
        .map(|done| done.key.as_str())
        .collect();
    assert_eq!(refused, ["vm.swappiness", "vm.dirty_ratio"]);
    let text = kernel.file().unwrap().unwrap();
    assert!(
        text.ends_with("tune; kfleet host undo takes it back.\nvm.max_map_count = 9\n"),
        "{text}"
    );
    // What tune could not set is as it was, although undo cannot set it either.
    assert_eq!(undo(&mut kernel).stopped, None);
    assert_eq!((&kernel.values, kernel.journal().unwrap()), (&values, vec![]));
    // Where all is refused, no file is left.
    kernel.forbidden.push("vm.swappiness");
    let applied = apply(&of(vec![step("vm.swappiness", "1")], None), &mut kernel).unwrap();
    assert!(!applied.changed() && kernel.file().unwrap().is_none());
}

#[test]
fn a_file_that_was_edited_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut kernel = Kernel::new(dir.path(), VALUES);
    tune(&mut kernel).unwrap();
    fs::write(dir.path().join(FILE), "vm.swappiness = 7\n").unwrap();
    let before = Restore::of(&kernel.journal().unwrap());
    assert_eq!(before.check(&kernel).unwrap_err().kind, "refused");
    fs::remove_file(dir.path().join(FILE)).unwrap();
    assert_eq!(undo(&mut kernel).stopped, None);
}

/// The plan for a tree in memory.
fn plan_of(tree: &[(&str, &str)], baseline: Baseline) -> Plan {
    let node = |(path, text): &(&str, &str)| ((*path).to_owned(), Node::File(text.as_bytes().to_vec()));
    let root = Root::memory(tree.iter().map(node).collect::<Tree>());
    let (facts, brokers) = facts::read(&root, &[], None);
    let findings = of_host("/", &facts, &brokers, baseline, |_| true);
    let file = root.text(FILE).value().cloned();
    plan(&findings, &facts, baseline, file, &overriding(&root, &facts))
}

#[test]
fn steps_are_in_order_and_nothing_safe_is_touched() {
    let plan = plan_of(
        &[
            ("proc/sys/vm/dirty_ratio", "90"),
            ("proc/sys/vm/dirty_bytes", "0"),
            ("proc/sys/vm/dirty_background_ratio", "20"),
            ("proc/sys/vm/dirty_background_bytes", "0"),
            ("proc/sys/net/core/rmem_default", "1000"),
            ("proc/sys/net/core/rmem_max", "1000"),
            ("proc/sys/net/core/wmem_max", "99999999"),
            ("proc/sys/net/ipv4/tcp_rmem", "4096\t200000\t1000000"),
            ("proc/sys/net/ipv4/ip_local_port_range", "9000 9999"),
            ("proc/sys/net/ipv4/ip_local_reserved_ports", "\n"),
            ("proc/sys/vm/swappiness", "10"),
        ],
        Baseline::Throughput,
    );
    let steps: Vec<_> = plan
        .steps
        .iter()
        .map(|step| (step.key.as_str(), step.wanted.as_str()))
        .collect();
    assert_eq!(
        steps,
        [
            ("vm.dirty_background_ratio", "5"),
            ("vm.dirty_ratio", "60"),
            ("net.core.rmem_max", "4194304"),
            ("net.core.rmem_default", "131072"),
            ("net.ipv4.tcp_rmem", "4096 200000 16777216"),
            ("net.ipv4.ip_local_reserved_ports", "9092,9093,9308,9999"),
            ("net.ipv4.ip_local_port_range", "32768 60999"),
        ]
    );
}

#[test]
fn a_safe_value_of_the_next_boot_is_applied_and_not_hidden() {
    let plan = plan_of(
        &[
            ("proc/sys/vm/swappiness", "60"),
            ("proc/sys/net/core/rmem_max", "1000"),
            ("proc/sys/net/core/wmem_max", "1000"),
            ("proc/sys/net/ipv4/tcp_rmem", "4096 131072 1000000"),
            ("proc/sys/net/ipv4/tcp_wmem", "4096 16384 1000000"),
            ("proc/sys/net/ipv4/ip_local_port_range", "64000 65000"),
            (
                "etc/sysctl.d/50-kafka.conf",
                "vm.swappiness=10\nnet.core.rmem_max=16777216\nnet.core.wmem_max=2097152\n\
                 net.ipv4.tcp_rmem=4096 87380 33554432\nnet.ipv4.tcp_wmem=33554432\n\
                 net.ipv4.ip_local_port_range=10000 64999\n",
            ),
        ],
        Baseline::Throughput,
    );
    let steps: Vec<_> = plan
        .steps
        .iter()
        .map(|step| (step.key.as_str(), step.wanted.as_str()))
        .collect();
    assert_eq!(
        steps,
        [
            ("net.core.rmem_max", "16777216"),
            ("net.core.wmem_max", "4194304"),
            ("net.ipv4.tcp_rmem", "4096 87380 33554432"),
            ("net.ipv4.tcp_wmem", "4096 16384 16777216"),
            ("net.ipv4.ip_local_port_range", "10000 64999"),
            ("vm.swappiness", "10"),
        ]
    );
}

#[test]
fn every_sysctl_that_a_rule_sets_and_whose_order_matters_is_a_rule_s() {
    for key in super::plan::ORDER {
        let is_known = rules::all().any(|rule| rule.keys.contains(&key) || rule.id == key);
        assert!(is_known, "{key}");
    }
}

#[test]
fn what_sets_a_value_again_is_named() {
    let tree = [
        ("proc/sys/vm/swappiness", "60"),
        ("proc/sys/vm/dirty_ratio", "90"),
        ("proc/sys/vm/dirty_bytes", "0"),
        ("etc/sysctl.d/50-first.conf", "vm.swappiness=30\n"),
        ("etc/sysctl.d/99-last.conf", "vm.swappiness=40\nvm.dirty_bytes=100000\n"),
        ("etc/tuned/active_profile", "mine\n"),
        ("etc/tuned/mine/tuned.conf", "[main]\ninclude=base\n[vm]\nx=1\n"),
        (
            "usr/lib/tuned/base/tuned.conf",
            "[sysctl]\nvm.swappiness=10\nnet.core.rmem_max=>1\n",
        ),
    ];
    let by = |plan: &Plan| plan.overridden.iter().map(|row| row.by.clone()).collect::<Vec<_>>();
    // By default tuned applies sysctl.d after its profile.
    let later = ["/etc/sysctl.d/99-last.conf:2", "/etc/sysctl.d/99-last.conf:1"];
    assert_eq!(by(&plan_of(&tree, Baseline::Throughput)), later);
    let off = [&tree[..], &[("etc/tuned/tuned-main.conf", "reapply_sysctl = 0\n")]].concat();
    let tuned = "tuned's profile base (/usr/lib/tuned/base/tuned.conf)";
    assert_eq!(
        by(&plan_of(&off, Baseline::Throughput)),
        [&later[..], &[tuned]].concat()
    );
}

#[test]
fn of_a_pair_the_member_in_force_is_put_back() {
    let value = |key: &str, before: &str, other: &str, of_other: &str| Entry::Value {
        key: key.to_owned(),
        before: before.to_owned(),
        wanted: "1".to_owned(),
        partner: Some(Pair {
            key: other.to_owned(),
            value: of_other.to_owned(),
        }),
    };
    let entries = [
        value("vm.dirty_ratio", "20", "vm.dirty_bytes", "0"),
        value("vm.dirty_background_ratio", "0", "vm.dirty_background_bytes", "4096"),
        value("vm.dirty_ratio", "60", "vm.dirty_bytes", "0"),
    ];
    let values = Restore::of(&entries).values;
    let values: Vec<_> = values
        .iter()
        .map(|pair| (pair.key.as_str(), pair.value.as_str()))
        .collect();
    assert_eq!(
        values,
        [("vm.dirty_background_bytes", "4096"), ("vm.dirty_ratio", "20")]
    );
}
