//! `storage` against Apache Kafka's StorageTool: the same arguments on equal directories print, write and mean the same.

mod cases;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use cases::{CASES, Case, Differs};

use crate::support::files::{Masks, tree};
use crate::support::{KFLEET, Ran, isolated, kafka_libs, quick_java, run_with_input};

/// As kafka-storage.sh has it: what is logged goes to stderr.
const LOG_TO_STDERR: &str = "appender.stderr.type=Console\nappender.stderr.name=STDERR\nappender.stderr.target=SYSTEM_ERR\n\
     appender.stderr.layout.type=PatternLayout\nappender.stderr.layout.pattern=[%d] %p %m (%c)%n\n\
     rootLogger.level=WARN\nrootLogger.appenderRef.stderr.ref=STDERR\n";

/// Apache's tool.
struct Apache<'a> {
    dir: &'a Path,
}

impl Apache<'_> {
    fn run(&self, args: &[String], dir: &Path) -> Ran {
        let mut command = Command::new("timeout");
        command
            .args(["60", "java", "-Xmx256m"])
            .args(quick_java("4.3.1"))
            .arg(format!(
                "-Dlog4j2.configurationFile={}/log4j2.properties",
                self.dir.display()
            ))
            .arg("-cp")
            .arg(kafka_libs().join("*"))
            .arg("kafka.tools.StorageTool")
            .args(args)
            .current_dir(dir);
        run_with_input(&mut command, "")
    }
}

/// What a run printed and left behind, without what differs from run to run.
struct Outcome {
    ran: Ran,
    files: BTreeMap<String, String>,
}

/// Prepares a directory as the case wants it, runs, and looks at what is there. The directory is the same for both
/// tools, since its name is part of what they print and of the order they do it in.
fn outcome(case: &Case, dir: &Path, run: impl FnOnce(&[String]) -> Ran) -> Outcome {
    let place = |text: &str| text.replace("{D}", dir.to_str().unwrap());
    if dir.exists() {
        std::fs::remove_dir_all(dir).unwrap();
    }
    std::fs::create_dir_all(dir).unwrap();
    std::fs::write(dir.join("server.properties"), place(case.config)).unwrap();
    for (name, text) in case.prepared {
        let path = dir.join(name);
        if name.ends_with('/') {
            std::fs::create_dir_all(path).unwrap();
        } else {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, place(text)).unwrap();
        }
    }
    let args: Vec<String> = case.args.iter().map(|arg| place(arg)).collect();
    let ran = run(&args);
    let known: String = args
        .iter()
        .map(String::as_str)
        .chain(case.prepared.iter().map(|(_, text)| *text))
        .collect();
    let in_files = case.prepared.iter().flat_map(|(_, text)| text.lines());
    let is_standalone = |arg: &str| arg == "-s" || arg.starts_with("--stand");
    let masks = Masks {
        voter_ids: case.args.iter().copied().chain(in_files).any(is_standalone),
        salts: has_random_salts(case),
    };
    Outcome {
        files: tree(dir, &known, masks),
        ran,
    }
}

fn has_random_salts(case: &Case) -> bool {
    case.args
        .iter()
        .any(|arg| arg.starts_with("SCRAM-") && !arg.contains("salt="))
}

/// What was printed, without stack traces, and without made-up salts and what follows from them.
fn masked_stdout(case: &Case, text: &str) -> String {
    let is_trace = |line: &&str| {
        line.starts_with("\tat ")
            || line.starts_with("\t... ")
            || line.starts_with("Caused by: ")
            || line.starts_with("java.")
    };
    let mut text: String = text
        .lines()
        .filter(|line| !is_trace(line))
        .map(|line| format!("{line}\n"))
        .collect();
    if has_random_salts(case) {
        for field in ["salt=[", "storedKey=[", "serverKey=["] {
            let mut parts = text.split(field);
            let mut masked = parts.next().unwrap().to_owned();
            for part in parts {
                masked.push_str(field);
                masked.push_str(&part[part.find(']').unwrap()..]);
            }
            text = masked;
        }
    }
    if case.args[0] == "random-uuid" {
        let is_id = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        return format!(
            "{} characters, all good: {}",
            text.len(),
            text.trim_end().chars().all(is_id)
        );
    }
    text
}

/// The sentence in which Apache's tool says why it fails.
fn sentence(stderr: &str) -> String {
    let is_told =
        |line: &&str| !line.starts_with(['\t', '[']) && !line.starts_with("Caused by: ") && !line.starts_with("java.");
    let told: Vec<&str> = stderr.lines().filter(is_told).collect();
    let said = told.last().copied().unwrap_or_default();
    let said = match said.strip_prefix("Exception in thread \"main\" ") {
        Some(exception) => exception.split_once(": ").map_or(exception, |(_, message)| message),
        None => said,
    };
    let said = said.strip_prefix("requirement failed: ").unwrap_or(said);
    match said.split_once("]': ") {
        Some((start, cause)) if start.starts_with("Error creating broker listeners") => cause.to_owned(),
        _ => said.to_owned(),
    }
}

fn compare(case: &Case, apache: &Outcome, ours: &Outcome) -> Vec<String> {
    let mut problems = Vec::new();
    let differs = |what: &dyn Fn(&Differs) -> bool| case.accepted.iter().any(|(differs, _)| what(differs));
    let may_exit = differs(&|d| matches!(d, Differs::Exit));
    if (apache.ran.code == 0) != (ours.ran.code == 0) && !may_exit {
        problems.push(format!("exit {} and {}", apache.ran.code, ours.ran.code));
    }
    let by_design = [0, 64, 65, 66, 74, 77];
    if !by_design.contains(&ours.ran.code) {
        problems.push(format!("exit code {} is none of {by_design:?}", ours.ran.code));
    }
    let [theirs, own] = [apache, ours].map(|outcome| masked_stdout(case, &outcome.ran.stdout));
    if theirs != own && !differs(&|d| matches!(d, Differs::Stdout)) {
        problems.push(format!("stdout:\n{theirs}--- and ---\n{own}"));
    }
    if apache.files != ours.files && !differs(&|d| matches!(d, Differs::Files)) {
        problems.push(format!("files:\n{:#?}\n--- and ---\n{:#?}", apache.files, ours.files));
    }
    let is_usage = apache.ran.stderr.starts_with("usage: ");
    if is_usage && ours.ran.code != 64 {
        problems.push(format!("a fault of the command line exits {}", ours.ran.code));
    }
    // What the parser of arguments says is worded by the parser.
    if apache.ran.code != 0 && !is_usage && !may_exit {
        let of_case = case.accepted.iter().find_map(|(differs, _)| match differs {
            Differs::Sentence(own) => Some((*own).to_owned()),
            _ => None,
        });
        let expected = of_case.unwrap_or_else(|| sentence(&apache.ran.stderr));
        if !ours.ran.stderr.contains(&expected) {
            problems.push(format!("\"{expected}\" is not in: {}", ours.ran.stderr));
        }
    }
    problems
}

fn run_case(case: &Case, dir: &Path, apache: &Apache<'_>) -> Vec<String> {
    let theirs = outcome(case, dir, |args| apache.run(args, dir));
    let ours = outcome(case, dir, |args| {
        let mut command = isolated(KFLEET);
        run_with_input(command.arg("storage").args(args).current_dir(dir), "")
    });
    let problems = compare(case, &theirs, &ours);
    std::fs::remove_dir_all(dir).unwrap();
    problems
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn storage_is_as_apaches_tool_has_it() {
    let temporary = tempfile::Builder::new().prefix("kfleet-test-").tempdir().unwrap();
    let dir = temporary.path();
    std::fs::write(dir.join("log4j2.properties"), LOG_TO_STDERR).unwrap();
    let apache = Apache { dir };
    let failed = Mutex::new(Vec::new());
    let check = |case: &Case, place: &Path| {
        for problem in run_case(case, place, &apache) {
            failed
                .lock()
                .unwrap()
                .push(format!("## {} {:?}\n{problem}", case.name, case.args));
        }
    };
    let waiting = Mutex::new(CASES.iter());
    std::thread::scope(|scope| {
        for worker in ["one", "two"] {
            let (waiting, check) = (&waiting, &check);
            scope.spawn(move || {
                loop {
                    let next = waiting.lock().unwrap().next();
                    let Some(case) = next else { break };
                    check(case, &dir.join(worker));
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} differ:\n{}", failed.len(), failed.join("\n"));
}
