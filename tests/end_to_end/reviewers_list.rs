//! What makes a command line good in a runbook, item by item. Where the design or the command surface says otherwise
//! than the list that this follows, they count, and a comment says so. What other tests prove is named and not repeated.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::admin_mock::{AdminMock, Made};
use crate::support::json_schema::validate;
use crate::support::{Cluster, Engine, KFLEET, Ran, isolated, kfleet, signal};

fn on(mock: &AdminMock, args: &[&str]) -> Ran {
    kfleet(&[args, &["-b", &mock.address]].concat())
}

fn bash(line: &str) -> Ran {
    Ran::of(&isolated("timeout").args(["60", "bash", "-c", line]).output().unwrap())
}

/// Somebody at a terminal, who types this at the prompt.
fn on_a_terminal(args: &[&str], typed: &[u8]) -> Ran {
    let quoted: Vec<String> = [KFLEET].iter().chain(args).map(|word| format!("'{word}'")).collect();
    let mut command = isolated("script");
    command.args(["-qec", &quoted.join(" "), "/dev/null"]);
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains("[y/N]") {
        let mut chunk = [0; 1024];
        match std::io::Read::read(&mut stdout, &mut chunk).unwrap() {
            0 => panic!("it did not ask: {}", String::from_utf8_lossy(&shown)),
            read => shown.extend(&chunk[..read]),
        }
    }
    stdin.write_all(typed).unwrap();
    std::io::Read::read_to_end(&mut stdout, &mut shown).unwrap();
    let code = process.wait().unwrap().code().unwrap_or(-1);
    let stdout = String::from_utf8_lossy(&shown).into_owned();
    Ran {
        code,
        stdout,
        stderr: String::new(),
    }
}

/// Exit codes are documented in the README (`readme::the_table_of_exit_codes_is_the_one_in_the_code`), in --help, and in
/// the manual. One table goes for all commands, with 64 for usage; checks have 0 to 3 only
/// (`check::whatever_is_wrong_with_the_command_line_is_3_too`).
#[test]
fn exit_codes_are_in_help_and_manual() {
    let help = kfleet(&["--help"]).exits(0).stdout;
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/man/kfleet.1")).unwrap();
    for code in [
        "0", "1", "2, 3", "64", "65", "66", "69", "70", "74", "75", "76", "77", "78", "124", "130, 143",
    ] {
        let line = format!("  {code:<8}  ");
        assert!(help.contains(&line), "{code}: {help}");
        assert!(page.contains(&line), "{code}: {page}");
    }
}

/// Plans and diffs tell with 1 that something differs if they are asked to, as COMMANDS.md has it; unasked they do not.
#[test]
fn a_difference_is_1_where_it_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("topic.properties");
    std::fs::write(&file, "retention.ms=1\n").unwrap();
    let mock = AdminMock::start(Made::default());
    let diff = ["configs", "diff", "topic", "t", "--file", file.to_str().unwrap()];
    let rows = on(&mock, &[&diff[..], &["-o", "json"]].concat()).exits(0).data();
    assert!(!rows.as_array().unwrap().is_empty());
    on(&mock, &[&diff[..], &["--exit-code"]].concat()).exits(1);
}

/// A signal is 128 and its number. What else stops a command has codes of its own: time (`exit_codes::a_mute_server…`),
/// no connection (`exit_codes::nobody_there_is_69`), a safety rule and no yes (`*_on_a_mock`), a login (`compat::secure`).
#[test]
fn a_signal_ends_a_command_that_waits() {
    use std::os::unix::process::ExitStatusExt as _;
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        let mute = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = mute.local_addr().unwrap().to_string();
        let mut command = isolated(KFLEET);
        command.args(["topics", "delete", "t", "--yes", "--timeout", "5m", "-b", &address]);
        let mut process = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let (_connected, _) = mute.accept().unwrap();
        signal(process.id() as i32, name);
        let since = Instant::now();
        // A shell makes 130 or 143 of it.
        assert_eq!(process.wait().unwrap().signal(), Some(number));
        assert!(since.elapsed() < Duration::from_secs(5));
    }
}

/// Data on stdout and all else on stderr, which --quiet silences; no colour off a terminal is `color`'s.
#[test]
fn what_is_no_result_goes_to_stderr_and_quiet_keeps_it() {
    let mock = AdminMock::start(Made {
        has_failed_dir: true,
        ..Made::default()
    });
    let told = on(&mock, &["log-dirs", "describe", "--brokers", "1"]);
    assert!(
        told.stderr.contains("warning: ") && !told.stdout.contains("warning"),
        "{told:?}"
    );
    let quiet = on(&mock, &["log-dirs", "describe", "--brokers", "1", "--quiet"]);
    assert_eq!((&quiet.stdout, quiet.stderr.as_str()), (&told.stdout, ""));
    let planned = on(&mock, &["topics", "delete", "u", "--dry-run"]).exits(0);
    assert!(
        planned.stderr.contains("would") && !planned.stdout.contains("would"),
        "{planned:?}"
    );
    // An error is said all the same.
    assert!(
        on(&mock, &["topics", "describe", "nope", "-q"])
            .exits(66)
            .stderr
            .contains("nope")
    );
}

/// An envelope with schema, cluster_id, data, warnings and, if a part failed, errors (DESIGN.md), in place of the list's
/// fields; NDJSON lines have schema and data, and neither time nor number. `kfleet schema` is the list's `--format help`.
/// That schemas do not change is for `commands::schema`.
#[test]
fn json_validates_against_the_schema_that_is_told() {
    let mock = AdminMock::start(Made::default());
    for command in [
        &["topics", "list"][..],
        &["topics", "describe"],
        &["topics", "describe", "--summary"],
        &["configs", "describe", "topic", "t"],
        &["configs", "diff", "topic", "t", "u"],
        &["configs", "list"],
        &["log-dirs", "describe"],
        &["log-dirs", "describe", "--replicas"],
        &["offsets", "get", "u"],
        &["topics", "delete", "u", "--dry-run"],
        &["configs", "set", "topic", "t", "--set", "retention.ms=1", "--dry-run"],
        &["check", "offline", "under-replicated"],
    ] {
        let document = kfleet(&[command, &["-b", &mock.address, "-o", "json"]].concat()).json();
        let fields: Vec<&String> = document.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["cluster_id", "data", "schema", "warnings"], "{command:?}");
        let name = document["schema"]
            .as_str()
            .unwrap()
            .strip_prefix("kfleet/")
            .unwrap()
            .to_owned();
        let (_, version) = name.rsplit_once('/').unwrap();
        assert!(version.parse::<u32>().is_ok(), "{name}");
        let schema = kfleet(&["schema", &name]).exits(0).json();
        validate(&document["data"], &schema, &schema, &name);
        let lines = kfleet(&[command, &["-b", &mock.address, "-o", "ndjson"]].concat()).stdout;
        for line in lines.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["schema"], document["schema"]);
            validate(&line["data"], &schema["items"], &schema, &name);
        }
    }
}

/// The safety ladder: a prompt with No for an answer, --yes, --dry-run, --expect-cluster-id. Without a terminal it is 77
/// and names the flag (`*_on_a_mock`). Nothing asks for the name to be typed: DESIGN.md has one prompt for all changes.
#[test]
fn enter_is_no_and_ctrl_c_changes_nothing() {
    let mock = AdminMock::start(Made::default());
    let delete = ["topics", "delete", "u", "-b", &mock.address];
    for (typed, code) in [
        (&b"\n"[..], 1),
        (b"n\n", 1),
        (b"yep\n", 1),
        (b"\x04", 1),
        (b"\x03", 130),
    ] {
        let ran = on_a_terminal(&delete, typed);
        assert_eq!(ran.code, code, "{typed:?}: {}", ran.stdout);
        let changed: Vec<_> = mock.writes().into_iter().filter(|write| !write.validate_only).collect();
        assert_eq!(changed, [], "{typed:?}");
    }
    let ran = on_a_terminal(&delete, b"y\n");
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(mock.writes().iter().any(|write| !write.validate_only), "yes is yes");
}

/// `cmd </dev/null` on what asks: an error that names the flag, and nothing is read from there. `--dry-run` of each
/// command is `dry_runs`'.
#[test]
fn nobody_to_ask_is_77_and_the_flag_is_named() {
    let mock = AdminMock::start(Made::default());
    let line = format!("yes | {KFLEET} topics delete u -b {}", mock.address);
    for line in [line.clone(), format!("{line} </dev/null")] {
        let ran = bash(&line).exits(77);
        assert!(ran.stderr.contains("--yes"), "{}", ran.stderr);
    }
}

/// A second run changes nothing and says so: `admin_on_a_mock::what_is_as_it_is_to_be_is_not_sent_and_needs_no_yes`. Two
/// at a time: one of them does it.
#[test]
fn two_at_the_same_time_do_it_once() {
    let cluster = Cluster::start(Engine::Kfleet);
    let runs = |flags: &[&str]| -> Vec<Ran> {
        let start = || {
            let mut command = isolated(KFLEET);
            command
                .args([
                    "topics",
                    "create",
                    "same",
                    "--yes",
                    "-o",
                    "json",
                    "-b",
                    &cluster.bootstrap,
                ])
                .args(flags);
            command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let both = [start(), start()];
        both.map(|process| Ran::of(&process.wait_with_output().unwrap()))
            .into_iter()
            .collect()
    };
    let mut codes: Vec<i32> = runs(&[]).iter().map(|ran| ran.code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 76]);
    cluster.kfleet(&["topics", "delete", "same", "--yes"]).exits(0);
    let both = runs(&["--if-not-exists"]);
    assert!(both.iter().all(|ran| ran.code == 0), "{both:?}");
    let changed = both.iter().filter(|ran| ran.data()[0]["changed"] == true).count();
    assert_eq!(changed, 1, "{both:?}");
}

/// Every wait has an end and a code for it: `exit_codes::a_mute_server_is_124_within_the_timeout`,
/// `groups_on_a_mock` for --wait-empty. The first output comes at once: a debug build is given ten times as long.
#[test]
fn what_needs_no_cluster_is_there_at_once() {
    for command in [
        &["--version"][..],
        &["--help"],
        &["topics", "describe", "--help"],
        &["schema"],
    ] {
        let least = (0..3).map(|_| {
            let since = Instant::now();
            kfleet(command).exits(0);
            since.elapsed()
        });
        let least = least.min().unwrap();
        assert!(least < Duration::from_secs(1), "{command:?} takes {least:?}");
    }
}

/// Flag, environment, profile, client.properties: `profiles`, `command_config`. No flag takes a secret:
/// `access_on_a_mock::no_secret_is_told_or_sent_but_the_hmac_of_a_token_once`. What is changed is said with its cluster's
/// id in JSON; another cluster than expected is refused.
#[test]
fn no_flag_is_for_a_secret() {
    fn check(command: &mut Vec<String>, help: &str) {
        let secret = |word: &str| {
            let word = word.trim_start_matches('-');
            word.contains("password") || word.contains("secret") || word.contains("token-hmac")
        };
        let flags = help.split_whitespace().filter(|word| word.starts_with("--"));
        let flags: Vec<&str> = flags.filter(|flag| secret(flag) && !flag.contains("-file")).collect();
        assert_eq!(flags, Vec::<&str>::new(), "{command:?}");
        let inner: Vec<String> = help
            .split("Commands:\n")
            .nth(1)
            .into_iter()
            .flat_map(|commands| commands.lines().take_while(|line| !line.is_empty()))
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
            .collect();
        for name in inner {
            command.push(name);
            let words: Vec<&str> = command.iter().map(String::as_str).collect();
            let help = kfleet(&[&words[..], &["-h"]].concat()).exits(0).stdout;
            check(command, &help);
            command.pop();
        }
    }
    let help = kfleet(&["-h"]).exits(0).stdout;
    assert!(help.contains("Commands:\n"));
    check(&mut Vec::new(), &help);
}

/// Examples first in each --help (`commands::help`), manual pages for each command that are current (`commands::man`) and
/// clean (`manual`), completion (`completion`, `compat::shells`). A slip is answered with what may have been meant.
#[test]
fn slips_are_answered_with_what_may_be_meant() {
    let mock = AdminMock::start(Made::default());
    for (args, meant) in [
        (&["topcs", "list"][..], "topics"),
        (&["topics", "lst"], "list"),
        (&["topics", "list", "--qiet"], "--quiet"),
        (&["topics", "list", "-o", "jsn"], "json"),
        (
            &["configs", "set", "topic", "t", "--set", "retension.ms=1", "--yes"],
            "retention.ms",
        ),
    ] {
        let ran = on(&mock, args).exits(64);
        assert!(ran.stderr.contains(meant), "{args:?}: {}", ran.stderr);
    }
    // Topics and groups: `admin_on_a_mock`, `groups_on_a_mock`. Sysctls: `host::where_a_value_comes_from_is_told`.
}

/// `cmd | head -1`: the pipe is closed, and that is no error.
#[test]
fn a_reader_that_has_enough_is_no_error() {
    let mock = AdminMock::start(Made {
        topics: [("many".to_owned(), 10_000)].into(),
        ..Made::default()
    });
    for format in ["table", "json", "ndjson"] {
        let line = format!(
            "set -o pipefail; {KFLEET} topics describe -o {format} -b {} | head -n 1",
            mock.address
        );
        let ran = bash(&line).exits(0);
        assert_eq!((ran.lines().len(), ran.stderr.as_str()), (1, ""), "{format}");
    }
}

/// `cmd >/dev/full`: 74, whatever was to be printed.
#[test]
fn a_full_stdout_is_74() {
    let mock = AdminMock::start(Made::default());
    let address = &mock.address;
    for command in [
        format!("topics list -b {address}"),
        format!("topics list -o json -b {address}"),
        format!("topics describe -o ndjson -b {address}"),
        format!("topics describe --watch=0.1 -b {address}"),
        format!("configs describe topic t -b {address}"),
        "schema topics-list".to_owned(),
        "completions bash".to_owned(),
        "storage random-uuid".to_owned(),
    ] {
        let ran = bash(&format!("{KFLEET} {command} >/dev/full")).exits(74);
        assert!(ran.stderr.starts_with("error: "), "{command}: {}", ran.stderr);
    }
}

/// `COLUMNS=40`, and NO_COLOR (`color`): what is piped does not depend on any screen.
#[test]
fn tables_that_are_piped_are_as_wide_as_what_is_in_them() {
    let name = "a-topic-with-a-name-that-is-longer-than-any-line-of-forty-characters";
    let mock = AdminMock::start(Made {
        topics: [(name.to_owned(), 2)].into(),
        ..Made::default()
    });
    let run = |columns: &str| {
        let mut command = isolated(KFLEET);
        command
            .args(["topics", "describe", "-b", &mock.address])
            .env("COLUMNS", columns);
        Ran::of(&command.output().unwrap()).exits(0).stdout
    };
    assert_eq!(run("40"), run("200"));
    assert_eq!(run("40").lines().count(), 3, "a row is a line");
}

/// Unreachable, mute: `exit_codes`. A part that fails: `*_on_a_mock`. Names with dots and underscores are as they are.
#[test]
fn dots_and_underscores_are_part_of_names() {
    let cluster = Cluster::start(Engine::Kfleet);
    for name in ["a.b-c", "_d_e", "...f"] {
        cluster
            .kfleet(&["topics", "create", name, "--partitions", "1", "--yes"])
            .exits(0);
        cluster.kfleet_with_input(&["produce", name], "x\n").exits(0);
        assert_eq!(cluster.kfleet(&["consume", name]).exits(0).stdout, "x\n", "{name}");
        assert_eq!(cluster.data(&["topics", "describe", name])[0]["topic"], *name);
    }
    // A dot stands for itself where it is no regular expression.
    cluster.kfleet(&["topics", "describe", "aXb-c"]).exits(66);
    // Kafka's metrics would not tell these apart.
    let ran = cluster.kfleet(&["topics", "create", "a_b-c", "--yes"]);
    assert_eq!(ran.code, 76, "{ran:?}");
    for name in [".", "..", "a/b", "a b", ""] {
        let ran = cluster.kfleet(&["topics", "create", name, "--yes"]);
        assert!([64, 76].contains(&ran.code), "{name:?}: {ran:?}");
    }
}

/// A table of ten thousand partitions, within seconds in a debug build; `benches/compare` has the figures.
#[test]
fn ten_thousand_partitions_are_a_table_soon() {
    let mock = AdminMock::start(Made {
        topics: (0..10).map(|topic| (format!("topic-{topic}"), 1_000)).collect(),
        ..Made::default()
    });
    let since = Instant::now();
    let ran = on(&mock, &["topics", "describe"]).exits(0);
    assert_eq!(ran.lines().len(), 10_001);
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
}

/// Audits with a read-only /proc and as nobody: `host::nobody_and_a_namespace_with_a_read_only_proc_get_a_verdict`.
/// `net.core.wmem.default`: `host::where_a_value_comes_from_is_told`. Locks, journals and what is put back after a kill:
/// `host_tune_kills`. --version tells the version and, where there is a repository, the commit.
#[test]
fn the_version_and_the_commit_are_told() {
    let version = env!("CARGO_PKG_VERSION");
    let git = ["rev-parse", "--short=12", "HEAD"];
    let asked = Command::new("git")
        .args(git)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let commit = asked.ok().filter(|said| said.status.success());
    let is_own = Path::new(env!("CARGO_MANIFEST_DIR")).join(".git").exists();
    let expected = match commit.filter(|_| is_own && std::env::var_os("KFLEET_COMMIT").is_none()) {
        Some(said) => format!(
            "kfleet {version} ({})\n",
            String::from_utf8(said.stdout).unwrap().trim()
        ),
        None => match option_env!("KFLEET_COMMIT") {
            Some(commit) => format!("kfleet {version} ({commit})\n"),
            None => format!("kfleet {version}\n"),
        },
    };
    assert_eq!(kfleet(&["--version"]).exits(0).stdout, expected);
}

/// -v and RUST_LOG say more, on stderr, and change no result. That none of it is secret: `compat::secure_breadth`.
#[test]
fn more_is_said_to_whoever_asks() {
    let mock = AdminMock::start(Made::default());
    let run = |flags: &[&str], level: &str| {
        let mut command = isolated(KFLEET);
        command.args(["topics", "list", "-b", &mock.address]).args(flags);
        Ran::of(&command.env("RUST_LOG", level).output().unwrap()).exits(0)
    };
    let plain = run(&[], "");
    assert_eq!(plain.stderr, "");
    for (more, tells_of_requests) in [
        (run(&["-v"], ""), false),
        (run(&["-vv"], ""), true),
        (run(&[], "debug"), false),
        (run(&[], "trace"), true),
    ] {
        assert_eq!(more.stdout, plain.stdout);
        assert!(
            more.stderr.contains("connected") && more.stderr.contains(&mock.address),
            "{more:?}"
        );
        assert_eq!(more.stderr.contains("Metadata"), tells_of_requests, "{more:?}");
    }
}

/// What is there already, or no longer, is an error unless it need not be: then it is said that nothing was changed.
/// Throttles that are put back: `moves`, and clear --leftover. A log of changes is `audit`'s, a file that others may read
/// `client_properties::tests`'.
#[test]
fn what_need_not_be_there_may_be_gone_already() {
    let mock = AdminMock::start(Made::default());
    let delete = ["topics", "delete", "u", "--yes", "-o", "json"];
    assert_eq!(on(&mock, &delete).exits(0).data()[0]["changed"], true);
    on(&mock, &delete).exits(66);
    let again = on(&mock, &[&delete[..], &["--if-exists"]].concat()).exits(0);
    let changed = |row: &Value| row["changed"] == true;
    assert!(!again.data().as_array().unwrap().iter().any(changed), "{again:?}");
}

/// Rust files below a folder.
fn sources(folder: &Path, found: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|suffix| suffix == "rs") {
            found.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

/// What this list leaves to other tests is there.
#[test]
fn tests_that_are_named_here_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = String::new();
    sources(&root.join("tests"), &mut all);
    sources(&root.join("commands/src"), &mut all);
    let comments = include_str!("reviewers_list.rs")
        .lines()
        .filter(|line| line.starts_with("///"));
    let comments: Vec<&str> = comments.collect();
    let joined = comments.join(" ");
    let named = joined
        .split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|span| span.split_once("::"));
    let mut count = 0;
    for (module, test) in named {
        let (name, ending) = match test.strip_suffix('…') {
            Some(start) => (start, ""),
            None => (test, "("),
        };
        let function = format!("fn {name}{ending}");
        let file = format!("mod {}", name.trim_start_matches("mod "));
        assert!(all.contains(&function) || all.contains(&file), "{module}::{test}");
        count += 1;
    }
    assert!(count > 8, "{count} tests");
}
