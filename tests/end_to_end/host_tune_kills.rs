//! The process that sets a host is killed at every step, and what it leaves is put back, or carried on: on a real kernel, in a
//! network namespace of its own.
//!
//! The product has nothing to be stopped by, so the test watches for a step and kills at once. The steps of `tune` are lines
//! of its journal, of which one is on disk before each change and one after it; those of `undo` are the values themselves. A
//! watcher may come a step late, and the disk and the scheduler decide how often. So where a run really ended is counted from
//! what it left, and runs go on until every step has been hit.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::host_tune::{namespaces, ran};
use crate::support::{KFLEET, Ran, isolated};

/// Set for the test itself when it runs again in namespaces of its own: a folder for the journal.
const INSIDE: &str = "KFLEET_TEST_INSIDE";
const FOLDER: &str = "/etc/sysctl.d";
/// Rounds after which a step that was not hit yet is taken for one that cannot be.
const ROUNDS_MAX: usize = 400;

/// Values that a network namespace has of its own, so weak that tune sets them; the ports are set because of the range.
const WEAK: [(&str, &str); 5] = [
    ("net/ipv4/tcp_rmem", "4096\t87380\t1000000"),
    ("net/ipv4/tcp_wmem", "4096\t16384\t1000000"),
    ("net/core/somaxconn", "128"),
    ("net/ipv4/ip_local_port_range", "9000\t9999"),
    ("net/ipv4/ip_local_reserved_ports", ""),
];
const ONLY: &str = "net.ipv4.tcp_rmem,net.ipv4.tcp_wmem,net.core.somaxconn,net.ipv4.ip_local_port_range,\
                    net.ipv4.ip_local_reserved_ports";

/// Sysctls, and all files in sysctl.d.
type State = (Vec<String>, BTreeMap<PathBuf, Vec<u8>>);

/// The machine, which is the test's own.
struct Host {
    dir: PathBuf,
    /// Sysctls, open: undo is quick, and whoever watches it has to be quicker.
    sysctls: Vec<File>,
}

impl Host {
    fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            sysctls: WEAK.iter().map(|(key, _)| File::open(path(key)).unwrap()).collect(),
        }
    }

    fn command(&self, command: &str) -> Command {
        let mut kfleet = isolated(KFLEET);
        kfleet.args(["host", command, "--yes", "-o", "json"]);
        if command == "tune" {
            kfleet.args(["--only", ONLY]);
        }
        kfleet.env("XDG_STATE_HOME", self.dir.join("state"));
        kfleet
    }

    fn run(&self, command: &str) -> Ran {
        ran(&mut self.command(command)).exits(0)
    }

    fn start(&self, command: &str) -> Child {
        let mut kfleet = self.command(command);
        kfleet.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn journal(&self) -> PathBuf {
        self.dir.join("state/kfleet/host/this-host.journal")
    }

    /// Whole lines of the journal.
    fn lines(&self) -> usize {
        let journal = fs::read(self.journal()).unwrap_or_default();
        journal.iter().filter(|byte| **byte == b'\n').count()
    }

    /// How far undo is: values and the file that are back, and the journal that is gone.
    fn back(&self) -> usize {
        let is_back = |(file, (_, value)): &(&File, (&str, &str))| {
            let mut now = [0; 64];
            let len = file.read_at(&mut now, 0).unwrap();
            now[..len].trim_ascii_end() == value.as_bytes()
        };
        let values = self.sysctls.iter().zip(WEAK).filter(is_back).count();
        if values < WEAK.len() {
            return values;
        }
        let file = !Path::new(FOLDER).join("90-kfleet.conf").exists();
        values + usize::from(file) + usize::from(!self.journal().exists())
    }
}

fn path(key: &str) -> PathBuf {
    Path::new("/proc/sys").join(key)
}

fn read(key: &str) -> String {
    fs::read_to_string(path(key)).unwrap().trim_end().to_owned()
}

fn state() -> State {
    let files = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let files = files.map(|path| (path.clone(), fs::read(&path).unwrap()));
    (WEAK.iter().map(|(key, _)| read(key)).collect(), files.collect())
}

/// Kills a process as soon as it has come so far, or lets it end before that.
fn kill_at(mut child: Child, step: usize, progress: impl Fn() -> usize) {
    while (0..100).all(|_| progress() < step) && child.try_wait().unwrap().is_none() {}
    // One that has ended cannot be killed.
    let _ended = child.kill();
    child.wait().unwrap();
}

/// Runs that end at every step, until each has been hit; how often each was.
fn until_all_are_hit(steps: usize, mut run: impl FnMut(usize, usize) -> usize) -> BTreeMap<usize, usize> {
    let mut hits = BTreeMap::new();
    for round in 0..ROUNDS_MAX {
        for step in 0..=steps {
            // A step that was hit is aimed at no more after the first rounds.
            if round < 2 || !hits.contains_key(&step) {
                *hits.entry(run(round, step)).or_default() += 1;
            }
        }
        if round > 0 && (0..=steps).all(|step| hits.contains_key(&step)) {
            return hits;
        }
    }
    panic!("steps 0 to {steps} were not all hit: {hits:?}");
}

/// How often each step was hit.
fn inside(dir: &Path) -> String {
    for (key, value) in WEAK {
        fs::write(path(key), format!("{value}\n")).unwrap();
    }
    let host = Host::new(dir);
    let before = state();
    host.run("tune");
    let (tuned, lines) = (state(), host.lines());
    assert!(before.0.iter().zip(&tuned.0).all(|(before, after)| before != after));
    host.run("undo");
    assert_eq!((state(), host.lines()), (before.clone(), 0));

    let hits = until_all_are_hit(lines, |round, step| {
        kill_at(host.start("tune"), step, || host.lines());
        let ended = host.lines();
        if round % 2 == 1 {
            host.run("tune");
            assert_eq!(state(), tuned, "tune was killed at {ended} of {lines}, and run again");
        }
        host.run("undo");
        assert_eq!(
            (state(), host.lines()),
            (before.clone(), 0),
            "tune was killed at {ended} of {lines}"
        );
        ended
    });
    let tunes = format!("tune, by lines in its journal: {hits:?}");

    let hits = until_all_are_hit(WEAK.len() + 2, |round, step| {
        host.run("tune");
        assert_eq!(state(), tuned);
        kill_at(host.start("undo"), step, || host.back());
        let ended = host.back();
        if round % 2 == 1 {
            host.run("tune");
            assert_eq!(state(), tuned, "undo was killed at {ended}");
        }
        host.run("undo");
        assert_eq!(
            (state(), host.lines()),
            (before.clone(), 0),
            "undo was killed at {ended}"
        );
        ended
    });
    format!("{tunes}\nundo, by values that were back, the file and the journal: {hits:?}")
}

#[test]
fn killed_at_every_step_all_is_put_back_or_carried_on() {
    if let Some(dir) = std::env::var_os(INSIDE) {
        println!("{}", inside(Path::new(&dir)));
        return;
    }
    let Some(spaces) = namespaces() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut unshare = Command::new("unshare");
    unshare
        .args(spaces)
        .args(["sh", "-c", "mount -t tmpfs tmpfs /etc/sysctl.d && exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg(
            concat!(module_path!(), "::killed_at_every_step_all_is_put_back_or_carried_on")
                .trim_start_matches("integration::"),
        )
        .env(INSIDE, dir.path());
    let ran = ran(&mut unshare);
    assert!(ran.stdout.contains("1 passed"), "{}\n{}", ran.stdout, ran.stderr);
    println!("{}", ran.stdout);
}
