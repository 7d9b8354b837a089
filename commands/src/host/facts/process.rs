//! A running broker: Apache Kafka's JVM, or `kfleet broker run`.

use std::fs;
use std::io::{BufRead as _, BufReader};

use super::cgroup::Cgroup;
use super::fact::Fact;
use super::measured::ProcessState;
use super::memory::kib_of;
use super::root::{Root, as_text, of_error};

/// The class of Apache Kafka's broker.
const MAIN_CLASS: &str = "kafka.Kafka";
/// Most areas that are counted; the kernel allows no more by far.
const MAPS_MAX: u64 = 10_000_000;

/// Who wrote the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// Apache Kafka.
    Apache,
    /// The broker in this binary.
    Kfleet,
}

/// A limit of a process; none for unlimited.
pub(crate) type Limit = Option<u64>;

/// A running broker.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Process {
    /// Its id.
    pub(crate) pid: u32,
    /// Who wrote it.
    pub(crate) engine: Engine,
    /// Its command line.
    pub(crate) args: Vec<String>,
    /// The user it runs as.
    pub(crate) uid: Fact<u32>,
    /// Memory of it that is in swap.
    pub(crate) swap_bytes: Fact<u64>,
    /// Its threads.
    pub(crate) threads: Fact<u64>,
    /// Open files it may have.
    pub(crate) files_max: Fact<Limit>,
    /// Processes and threads its user may have.
    pub(crate) processes_max: Fact<Limit>,
    /// What only a walk tells.
    pub(crate) state: ProcessState,
    /// What its control groups allow it.
    pub(crate) cgroup: Fact<Cgroup>,
    /// The version of Java, as in 17.
    pub(crate) java: Fact<u32>,
}

/// All brokers that run.
pub(crate) fn read(root: &Root) -> Fact<Vec<Process>> {
    root.scan("proc").map(|names| {
        let pids = names.iter().filter_map(|name| name.parse::<u32>().ok());
        pids.filter_map(|pid| process(root, pid)).collect()
    })
}

/// What a command line is, if it is a broker's.
fn engine_of(args: &[String]) -> Option<Engine> {
    let program = args.first()?.rsplit('/').next()?;
    // Whoever looks for a broker, as with pgrep, names the class, too.
    if program == "java" && args.iter().any(|arg| arg == MAIN_CLASS) {
        return Some(Engine::Apache);
    }
    let words: Vec<&String> = args
        .iter()
        .skip(1)
        .take(8)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let runs = words
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if *a == "broker" && *b == "run"));
    (program == "kfleet" && runs).then_some(Engine::Kfleet)
}

fn args_of(bytes: &[u8]) -> Vec<String> {
    let args = bytes.split(|byte| *byte == 0).filter(|arg| !arg.is_empty());
    args.map(|arg| String::from_utf8_lossy(arg).into_owned()).collect()
}

fn process(root: &Root, pid: u32) -> Option<Process> {
    let dir = format!("proc/{pid}");
    let cmdline = format!("{dir}/cmdline");
    // Other programs' command lines are nobody's business, and must not be in a capture.
    let args = args_of(root.peek(&cmdline).value()?);
    let engine = engine_of(&args)?;
    let _remembered = root.read(&cmdline);
    let ended = |fact: Fact<String>| fact.or(|| Fact::Unreadable("the process ended while it was read".to_owned()));
    let status = ended(root.text(&format!("{dir}/status")));
    let limits = ended(root.text(&format!("{dir}/limits")));
    let of_status = |what: &str, value: &dyn Fn(&str) -> Option<u64>| {
        let text = status.as_ref();
        text.and_then(|text| Fact::parsed(&format!("{what} in /{dir}/status"), value(text)))
    };
    let limit = |name: &str| {
        let text = limits.as_ref();
        text.and_then(|text| Fact::parsed(&format!("{name} in /{dir}/limits"), limit_of(text, name)))
    };
    let field = |text: &str, name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name))?
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    };
    let state = measured(root, pid, &args);
    Some(Process {
        pid,
        engine,
        uid: of_status("Uid", &|text| field(text, "Uid:")).map(|uid| uid as u32),
        swap_bytes: of_status("VmSwap", &|text| kib_of(text, "VmSwap:")),
        threads: of_status("Threads", &|text| field(text, "Threads:")),
        files_max: limit("Max open files"),
        processes_max: limit("Max processes"),
        cgroup: Cgroup::read(root, &format!("{dir}/cgroup")),
        java: java_version(root, &args, &state, engine),
        state,
        args,
    })
}

/// The soft limit, which is the one that counts.
fn limit_of(text: &str, name: &str) -> Option<Limit> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(None),
        number => Some(Some(number.parse().ok()?)),
    }
}

fn measured(root: &Root, pid: u32, args: &[String]) -> ProcessState {
    let ask = || {
        let link = |name: &str| match fs::read_link(format!("/proc/{pid}/{name}")) {
            Ok(target) => Fact::Present(target.to_string_lossy().into_owned()),
            Err(error) => of_error(&error),
        };
        let open_files = match fs::read_dir(format!("/proc/{pid}/fd")) {
            Ok(entries) => Fact::Present(entries.count() as u64),
            Err(error) => of_error(&error),
        };
        Fact::Present(ProcessState {
            open_files,
            maps: count_maps(pid),
            cwd: link("cwd"),
            exe: link("exe"),
            jar: jar_of(root, args),
        })
    };
    let keep = |measured: &mut super::measured::Measured, state: Fact<ProcessState>| {
        if let Fact::Present(state) = state {
            measured.processes.insert(pid, state);
        }
    };
    let kept = |measured: &super::measured::Measured| measured.processes.get(&pid).cloned().map(Fact::Present);
    match root.measure(ask, keep, kept) {
        Fact::Present(state) => state,
        Fact::Absent => ProcessState::default(),
        Fact::Unreadable(reason) => ProcessState {
            open_files: Fact::Unreadable(reason.clone()),
            maps: Fact::Unreadable(reason),
            ..ProcessState::default()
        },
    }
}

/// Most class paths name a folder of jars as `libs/*`.
fn jar_of(root: &Root, args: &[String]) -> Fact<String> {
    let folders = args
        .iter()
        .flat_map(|arg| arg.split(':'))
        .filter_map(|path| path.strip_suffix("/*"));
    for folder in folders.filter(|folder| folder.starts_with('/')) {
        let names = root.scan(folder);
        let jar = names
            .value()
            .into_iter()
            .flatten()
            .find(|name| release_of(name).is_some());
        if let Some(jar) = jar {
            return Fact::Present(jar.clone());
        }
    }
    Fact::Absent
}

/// (4, 3) of kafka-clients-4.3.1.jar.
fn release_of(name: &str) -> Option<(u32, u32)> {
    let version = name.strip_suffix(".jar")?.strip_prefix("kafka-clients-")?;
    let mut numbers = version.split(['.', '-']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn count_maps(pid: u32) -> Fact<u64> {
    let file = match fs::File::open(format!("/proc/{pid}/maps")) {
        Ok(file) => file,
        Err(error) => return of_error(&error),
    };
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut count = 0;
    loop {
        match reader.fill_buf() {
            Ok([]) => return Fact::Present(count),
            Ok(bytes) => {
                count += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
                let len = bytes.len();
                reader.consume(len);
            }
            Err(error) => return of_error(&error),
        }
        if count > MAPS_MAX {
            return Fact::Unreadable(format!("has more than {MAPS_MAX} lines"));
        }
    }
}

/// The version in the file `release` of the Java that runs it.
fn java_version(root: &Root, args: &[String], state: &ProcessState, engine: Engine) -> Fact<u32> {
    if engine == Engine::Kfleet {
        return Fact::Absent;
    }
    let started_as = args.first().filter(|program| program.starts_with('/'));
    let Some(exe) = state.exe.value().or(started_as) else {
        return Fact::Unreadable("where its java lies cannot be seen".to_owned());
    };
    let mut home = exe.as_str();
    for _ in 0..3 {
        home = home.rsplit_once('/').map_or("", |(up, _)| up);
        if let Fact::Present(text) = as_text(root.read(&format!("{home}/release"))) {
            return Fact::parsed(&format!("{home}/release"), feature_version(&text));
        }
    }
    Fact::Unreadable(format!("no file release beside {exe}"))
}

/// 17 of `JAVA_VERSION="17.0.9"`, and 8 of `JAVA_VERSION="1.8.0_392"`.
fn feature_version(text: &str) -> Option<u32> {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("JAVA_VERSION="))?
        .trim()
        .trim_matches('"');
    let value = value.strip_prefix("1.").unwrap_or(value);
    value.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

impl Process {
    /// The value of a JVM option such as -Xmx; the last one counts.
    pub(crate) fn jvm_option(&self, name: &str) -> Option<&str> {
        self.args.iter().rev().find_map(|arg| arg.strip_prefix(name))
    }

    /// The value of a JVM option that is a size.
    pub(crate) fn jvm_bytes(&self, name: &str) -> Option<u64> {
        let text = self.jvm_option(name)?;
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let shift = match unit {
            "" => 0,
            "k" | "K" => 10,
            "m" | "M" => 20,
            "g" | "G" => 30,
            "t" | "T" => 40,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(1 << shift)
    }

    /// The release of Apache Kafka by its jars, as in (4, 3).
    pub(crate) fn kafka_version(&self) -> Option<(u32, u32)> {
        let paths = self.args.iter().flat_map(|arg| arg.split(':'));
        let names = paths.filter_map(|path| path.rsplit('/').next());
        names
            .chain(self.state.jar.value().map(String::as_str))
            .find_map(release_of)
    }

    /// The configuration it was started with: the file, and keys that count instead of the file's.
    pub(crate) fn config_args(&self) -> (Option<String>, Vec<(String, String)>) {
        let own: Vec<&str> = match self.engine {
            Engine::Apache => self
                .args
                .iter()
                .skip_while(|arg| *arg != MAIN_CLASS)
                .skip(1)
                .map(String::as_str)
                .collect(),
            Engine::Kfleet => self.args.iter().skip(1).map(String::as_str).collect(),
        };
        let mut file = None;
        let mut overrides = Vec::new();
        let mut at = own.iter().copied().peekable();
        while let Some(arg) = at.next() {
            let (name, inline) = arg
                .split_once('=')
                .map_or((arg, None), |(name, value)| (name, Some(value)));
            match name {
                "--override" => {
                    let pair = inline.or_else(|| at.next()).and_then(|pair| pair.split_once('='));
                    overrides.extend(pair.map(|(key, value)| (key.to_owned(), value.to_owned())));
                }
                "-c" | "--config" if self.engine == Engine::Kfleet => {
                    file = inline.or_else(|| at.next()).map(str::to_owned);
                }
                _ if self.engine == Engine::Apache && file.is_none() && !arg.starts_with('-') => {
                    file = Some(arg.to_owned());
                }
                _ => {}
            }
        }
        let cwd = self.state.cwd.value().map(String::as_str);
        (file.map(|file| absolute(&file, cwd)), overrides)
    }
}

fn absolute(file: &str, cwd: Option<&str>) -> String {
    match cwd {
        Some(cwd) if !file.starts_with('/') => format!("{}/{file}", cwd.trim_end_matches('/')),
        _ => file.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::facts::Node;

    fn run(line: &str) -> Option<Process> {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Some(Process {
            pid: 7,
            engine: engine_of(&args)?,
            args,
            uid: Fact::Absent,
            swap_bytes: Fact::Absent,
            threads: Fact::Absent,
            files_max: Fact::Absent,
            processes_max: Fact::Absent,
            state: ProcessState {
                cwd: Fact::Present("/opt/kafka".to_owned()),
                ..ProcessState::default()
            },
            cgroup: Fact::Absent,
            java: Fact::Absent,
        })
    }

    #[test]
    fn brokers_are_known_by_their_command_lines() {
        let apache = run(
            "java -Xms1g -Xmx1G -Xmx6g -cp /opt/kafka/libs/kafka-clients-4.3.1.jar:/x.jar kafka.Kafka config/server.properties \
             --override log.dirs=/data",
        )
        .unwrap();
        assert_eq!(
            (apache.engine, apache.jvm_bytes("-Xmx")),
            (Engine::Apache, Some(6 << 30))
        );
        assert_eq!(apache.kafka_version(), Some((4, 3)));
        let (file, overrides) = apache.config_args();
        assert_eq!(file.as_deref(), Some("/opt/kafka/config/server.properties"));
        assert_eq!(overrides, [("log.dirs".to_owned(), "/data".to_owned())]);
        for line in [
            "/usr/bin/kfleet broker run -c /etc/kfleet/server.properties --override a=b=c",
            "kfleet -v broker run --override=a=b=c --config=/etc/kfleet/server.properties",
        ] {
            let ours = run(line).unwrap();
            let (file, overrides) = ours.config_args();
            assert_eq!(
                (ours.engine, file.as_deref()),
                (Engine::Kfleet, Some("/etc/kfleet/server.properties"))
            );
            assert_eq!(overrides, [("a".to_owned(), "b=c".to_owned())], "{line}");
        }
        for line in [
            "pgrep -f kafka.Kafka",
            "kfleet host audit",
            "sh -c true",
            "kfleet produce broker",
        ] {
            assert_eq!(run(line), None, "{line}");
        }
    }

    #[test]
    fn a_release_is_known_by_the_jars_in_a_folder() {
        let file = (
            "opt/kafka/libs/kafka-clients-3.9.1.jar".to_owned(),
            Node::File(Vec::new()),
        );
        let root = Root::memory([file].into());
        let args = ["java", "-cp", "/x:/opt/kafka/libs/*", MAIN_CLASS].map(str::to_owned);
        let jar = jar_of(&root, &args);
        assert_eq!(jar.value().and_then(|jar| release_of(jar)), Some((3, 9)));
        for name in [
            "kafka-clients-x.jar",
            "kafka-clients-4.jar",
            "kafka-clients-4.3.1",
            "clients-4.3.1.jar",
        ] {
            assert_eq!(release_of(name), None, "{name}");
        }
    }

    #[test]
    fn versions_of_java_are_read_in_both_spellings() {
        for (text, version) in [
            ("IMPLEMENTOR=x\nJAVA_VERSION=\"17.0.9\"\n", Some(17)),
            ("JAVA_VERSION=\"1.8.0_392\"\n", Some(8)),
            ("JAVA_VERSION=\"25\"\n", Some(25)),
            ("JAVA_VERSION=\"\"\n", None),
            ("", None),
        ] {
            assert_eq!(feature_version(text), version, "{text}");
        }
    }

    #[test]
    fn limits_are_numbers_or_unlimited() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max open files            1024                 524288               files     \n\
                    Max processes             unlimited            unlimited            processes \n";
        assert_eq!(limit_of(text, "Max open files"), Some(Some(1024)));
        assert_eq!(limit_of(text, "Max processes"), Some(None));
        assert_eq!(limit_of(text, "Max sorrow"), None);
        assert_eq!(limit_of("Max open files many", "Max open files"), None);
    }
}
