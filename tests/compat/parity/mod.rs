//! Apache's scripts and the shims under their names, side by side: the same invocations on the same cluster print the
//! same and exit with the same code. `cases/` has the invocations, `masks.txt` what differs from run to run anyway, and
//! docs/SHIMS.md the differences that are meant. `KFLEET_PARITY` names the scripts to compare, if not all of them.

mod apache;
mod case;
mod docs;
mod masks;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use apache::Apache;
use case::{Case, Step};
use docs::{Difference, Differs};
use masks::Masks;

use crate::support::nodes::wait_until;
use crate::support::{Cluster, KFLEET, Ran, isolated, run_with_input};

/// What those call their topics and groups who run Apache's script and the shim. They are equally long, for columns' sake,
/// and have the same hash in Java, which the order of much that it prints depends on.
const NAMES: [&str; 2] = ["Aa", "BB"];

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat/parity")
}

/// A cluster, and who is asked about it.
struct Stage<'a> {
    cluster: &'a Cluster,
    engine: &'static str,
    apache: Apache,
    shims: tempfile::TempDir,
    dir: tempfile::TempDir,
    masks: Masks,
    differences: Vec<Difference>,
    running: Vec<Running>,
}

/// A program that ends with the file of cases.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

impl<'a> Stage<'a> {
    fn new(cluster: &'a Cluster, engine: &'static str) -> Self {
        let shims = tempfile::Builder::new().prefix("kfleet-shims-").tempdir().unwrap();
        let dir = shims.path().to_str().unwrap();
        crate::support::kfleet(&["shims", "install", dir, "--yes"]).exits(0);
        Self {
            cluster,
            engine,
            apache: Apache::start(),
            dir: tempfile::Builder::new().prefix("kfleet-parity-").tempdir().unwrap(),
            shims,
            masks: Masks::read(&here().join("masks.txt")),
            differences: docs::differences(),
            running: Vec::new(),
        }
    }

    /// Puts what a word stands for in its place.
    fn fill(&self, text: &str, me: &str) -> String {
        let node = &self.cluster.nodes()[0];
        let log_dir = |at: usize| node["log_dirs"][at].as_str().unwrap_or_default();
        let controller = node["listeners"]["CONTROLLER"].as_str().unwrap_or_default();
        text.replace("BOOT", &self.cluster.bootstrap)
            .replace("CONTROLLER", controller)
            .replace("LOGDIR2", log_dir(1))
            .replace("LOGDIR", log_dir(0))
            .replace("DIR", self.dir.path().to_str().unwrap())
            .replace("ME", me)
    }

    fn words(&self, words: &[String], me: &str) -> Vec<String> {
        words.iter().map(|word| self.fill(word, me)).collect()
    }

    /// Once, or for each side if words are about a side.
    fn sides(words: &[String]) -> &'static [&'static str] {
        if words.iter().any(|word| word.contains("ME")) {
            &NAMES
        } else {
            &NAMES[..1]
        }
    }

    fn kfleet(&self, words: &[String], me: &str) -> Command {
        let mut command = isolated(KFLEET);
        command.args(self.words(words, me));
        command.env("KFLEET_BOOTSTRAP_SERVER", &self.cluster.bootstrap);
        command
    }

    fn set_up(&self, words: &[String], input: &str) {
        for me in Self::sides(words) {
            let ran = run_with_input(&mut self.kfleet(words, me), &self.fill(input, me));
            assert_eq!(ran.code, 0, "{words:?}: {}{}", ran.stdout, ran.stderr);
        }
    }

    fn start(&mut self, script: Option<&str>, words: &[String]) {
        for me in Self::sides(words) {
            let child = match script {
                Some(script) => apache::start(script, &self.words(words, me)),
                None => {
                    let mut command = self.kfleet(words, me);
                    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
                    quiet.spawn().unwrap()
                }
            };
            self.running.push(Running(child));
        }
    }

    fn wait(&self, text: &str, words: &[String]) {
        for me in Self::sides(words) {
            wait_until(&format!("{words:?} prints {text}"), || {
                let ran = run_with_input(&mut self.kfleet(words, me), "");
                ran.stdout.contains(&self.fill(text, me))
            });
        }
    }

    fn shim(&self, case: &Case, as_apache: bool) -> Ran {
        let mut command = isolated("timeout");
        command
            .arg("60")
            .arg(self.shims.path().join(format!("{}.sh", case.script)));
        command.args(self.words(&case.args, NAMES[1]));
        if as_apache {
            command.env("KFLEET_SHIM_EXIT", "apache");
        }
        run_with_input(&mut command, &self.fill(&case.input, NAMES[1]))
    }

    /// Runs a case on both sides; what is wrong with it.
    fn compare(&mut self, case: &Case) -> Option<String> {
        let words = self.words(&case.args, NAMES[0]);
        let input = self.fill(&case.input, NAMES[0]);
        let theirs = if apache::ends_with_its_jvm(&case.script) {
            apache::alone(&case.script, &input, &words)
        } else {
            self.apache.run(&case.script, &input, &words)
        };
        let ours = self.shim(case, false);
        let masked = |ran: &Ran| {
            let text = self.masks.apply(&case.script, &ran.stdout, &NAMES);
            if case.in_any_order { sorted(&text) } else { text }
        };
        let (theirs_out, ours_out) = (masked(&theirs), masked(&ours));
        let found = Differs {
            text: theirs_out != ours_out,
            exit: theirs.code != ours.code,
        };
        let allowed = match &case.differs {
            None => Differs::default(),
            Some(id) => match self.differences.iter().find(|known| known.id == *id) {
                Some(known) => known.differs,
                None => return Some(format!("docs/SHIMS.md does not list the difference {id}")),
            },
        };
        if found == allowed {
            return None;
        }
        let mut told = String::new();
        writeln!(told, "expected {allowed:?}, found {found:?}").unwrap();
        writeln!(told, "-- Apache, exit {}:\n{theirs_out}", theirs.code).unwrap();
        writeln!(
            told,
            "   (stderr) {}",
            theirs.stderr.lines().take(6).collect::<Vec<_>>().join("\n   ")
        )
        .unwrap();
        writeln!(told, "-- kfleet, exit {}:\n{ours_out}", ours.code).unwrap();
        writeln!(
            told,
            "   (stderr) {}",
            ours.stderr.lines().take(6).collect::<Vec<_>>().join("\n   ")
        )
        .unwrap();
        Some(told)
    }

    /// Goes through a file of cases; how many there were, and what is wrong.
    fn go_through(&mut self, script: &str, path: &Path, wrong: &mut Vec<String>) -> usize {
        let mut count = 0;
        for line in case::read(path) {
            if !line.is_on(self.engine) {
                continue;
            }
            match line.step {
                Step::SetUp { words, input } => self.set_up(&words, &input),
                Step::Start { script, words } => self.start(script.as_deref(), &words),
                Step::Until { text, words } => self.wait(&text, &words),
                Step::File { name, text } => self.write(&name, &text),
                Step::Copy { from, name, position } => self.copy(&from, &name, position),
                Step::Case(case) => {
                    count += 1;
                    if let Some(told) = self.compare(&case) {
                        wrong.push(format!("{script}.txt:{}: {}\n{told}", case.line, case.shown()));
                    }
                }
            }
        }
        self.running.clear();
        count
    }

    /// Copies a file, with another byte at a position.
    fn copy(&self, from: &str, name: &str, position: Option<usize>) {
        let mut bytes = std::fs::read(self.fill(from, NAMES[0])).unwrap();
        if let Some(position) = position {
            bytes[position] ^= 1;
        }
        std::fs::write(self.dir.path().join(name), bytes).unwrap();
    }

    /// Writes a file for each of the two.
    fn write(&self, name: &str, text: &str) {
        for me in NAMES {
            let path = self.dir.path().join(name.replace("ME", me));
            std::fs::write(path, self.fill(text, me)).unwrap();
        }
    }
}

/// Lines in an order of their own; how far they are set in does not count.
fn sorted(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// Scripts with cases in a directory, or those that were asked for, with their files.
fn files(directory: &str) -> Vec<(String, PathBuf)> {
    let asked = std::env::var("KFLEET_PARITY").unwrap_or_default();
    let entries = std::fs::read_dir(here().join(directory)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let named = paths.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path));
    let mut files: Vec<(String, PathBuf)> = named
        .filter(|(name, _)| asked.is_empty() || asked.split(',').any(|asked| asked == name))
        .collect();
    files.sort_unstable();
    files
}

fn agree(cluster: &Cluster, engine: &'static str, directory: &str) {
    let mut stage = Stage::new(cluster, engine);
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (script, path) in files(directory) {
        let of_script = stage.go_through(&script, &path, &mut wrong);
        say!("{of_script} invocations of {script}");
        count += of_script;
    }
    say!("{count} invocations on {engine}");
    assert!(
        wrong.is_empty(),
        "{} of {count} differ:\n\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn scripts_and_shims_agree_on_apache() {
    // It knows of ACLs, and they keep us from nothing.
    let settings = [
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users=User:ANONYMOUS",
    ];
    agree(
        &Cluster::with(crate::support::Engine::Apache, &settings),
        "apache",
        "cases",
    );
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn scripts_and_shims_agree_on_kfleet() {
    agree(&Cluster::start(crate::support::Engine::Kfleet), "kfleet", "cases");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn scripts_and_shims_agree_on_three_nodes_of_apache() {
    let cluster = Cluster::three(crate::support::Engine::Apache, &[]);
    agree(&cluster, "apache", "cases/three");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn scripts_and_shims_agree_on_three_nodes_of_kfleet() {
    let cluster = Cluster::three(crate::support::Engine::Kfleet, &[]);
    agree(&cluster, "kfleet", "cases/three");
}

/// A node with two log directories, in which a partition may be.
fn agree_on_two_dirs(engine: crate::support::Engine, name: &'static str) {
    let home = tempfile::Builder::new().prefix("kfleet-parity-").tempdir().unwrap();
    let setting = format!("log.dirs={0}/one,{0}/two", home.path().display());
    let cluster = Cluster::in_dir(engine, &home.path().join("sandbox"), &[&setting]);
    agree(&cluster, name, "cases/dirs");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn scripts_and_shims_agree_on_two_dirs_of_apache() {
    agree_on_two_dirs(crate::support::Engine::Apache, "apache");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn scripts_and_shims_agree_on_two_dirs_of_kfleet() {
    agree_on_two_dirs(crate::support::Engine::Kfleet, "kfleet");
}

/// Many tools in one JVM tell nothing else than each in a JVM of its own.
#[test]
#[ignore = "needs tests/compat/setup"]
fn tools_in_one_jvm_do_as_they_do_alone() {
    let cluster = Cluster::start(crate::support::Engine::Kfleet);
    cluster
        .kfleet(&["topics", "create", "a", "--partitions", "2", "--yes"])
        .exits(0);
    let mut apache = Apache::start();
    let boot = cluster.bootstrap.as_str();
    for (script, args, input) in [
        ("kafka-topics", &["--bootstrap-server", boot, "--list"][..], ""),
        (
            "kafka-topics",
            &["--bootstrap-server", boot, "--describe", "--topic", "b"],
            "",
        ),
        ("kafka-topics", &["--nope"], ""),
        (
            "kafka-configs",
            &["--bootstrap-server", boot, "--describe", "--topic", "a", "--all"],
            "",
        ),
        ("kafka-cluster", &["-h"], ""),
        (
            "kafka-consumer-groups",
            &["--bootstrap-server", boot, "--describe", "--group", "g"],
            "",
        ),
        (
            "kafka-console-producer",
            &["--bootstrap-server", boot, "--topic", "a"],
            "x\ny\n",
        ),
    ] {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let together = apache.run(script, input, &args);
        let alone = apache::alone(script, input, &args);
        assert_eq!(
            (together.code, &together.stdout),
            (alone.code, &alone.stdout),
            "{script} {args:?}"
        );
    }
}

/// What `KFLEET_SHIM_EXIT=apache` restores.
#[test]
#[ignore = "needs tests/compat/setup"]
fn exit_codes_are_apaches_if_they_are_to_be() {
    let cluster = Cluster::start(crate::support::Engine::Kfleet);
    let mut stage = Stage::new(&cluster, "kfleet");
    let mut count = 0;
    for (_, path) in files("cases") {
        for line in case::read(&path).into_iter().filter(|line| line.is_on("kfleet")) {
            let case = match line.step {
                Step::Case(case) => case,
                Step::File { name, text } => {
                    stage.write(&name, &text);
                    continue;
                }
                Step::Copy { from, name, position } => {
                    stage.copy(&from, &name, position);
                    continue;
                }
                Step::SetUp { words, input } => {
                    stage.set_up(&words, &input);
                    continue;
                }
                Step::Start { .. } | Step::Until { .. } => continue,
            };
            if case.differs.as_deref() != Some("exit-truth") {
                continue;
            }
            let words = stage.words(&case.args, NAMES[0]);
            let theirs = stage.apache.run(&case.script, &case.input, &words);
            let ours = stage.shim(&case, true);
            assert_eq!((theirs.code, ours.code), (0, 0), "{}", case.shown());
            count += 1;
        }
    }
    assert!(count > 0, "no case has the difference exit-truth");
}
