//! The audit of hosts: committed trees, bad ones made here, this machine as root and as nobody.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{KFLEET, Ran, kfleet};

fn tree(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/host").join(name);
    path.to_str().unwrap().to_owned()
}

/// Audits trees; what it printed as JSON, and its exit code.
#[track_caller]
fn audit(roots: &[&str], more: &[&str]) -> (i32, Value) {
    let mut args = vec!["host", "audit", "-o", "json"];
    args.extend(roots.iter().flat_map(|root| ["--root", root]));
    args.extend(more);
    let ran = kfleet(&args);
    (ran.code, ran.data())
}

/// Rules with this status, in order.
fn with_status(data: &Value, status: &str) -> Vec<String> {
    let all = data["findings"].as_array().unwrap().iter();
    let found = all.filter(|finding| finding["status"] == status);
    found
        .map(|finding| finding["rule"].as_str().unwrap().to_owned())
        .collect()
}

fn finding(data: &Value, rule: &str) -> Value {
    let found = data["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["rule"] == rule);
    found.unwrap_or_else(|| panic!("no {rule}: {data}")).clone()
}

/// A small tree that can be broken.
fn small(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn of(dir: &TempDir) -> &str {
    dir.path().to_str().unwrap()
}

const SWAPPINESS: &str = "proc/sys/vm/swappiness";

#[test]
fn committed_trees_exit_as_they_are_named() {
    for (name, code, rules) in [
        ("good", 0, &[][..]),
        ("own-broker", 0, &[]),
        (
            "kernel-defaults",
            1,
            &[
                "vm.swappiness",
                "vm.max_map_count",
                "vm.dirty_background_ratio",
                "time.sync",
            ],
        ),
        (
            "broken-memory",
            2,
            &[
                "vm.swappiness",
                "vm.max_map_count",
                "vm.dirty_background_ratio",
                "vm.zone_reclaim_mode",
                "thp.enabled",
                "thp.defrag",
            ],
        ),
        (
            "broken-network",
            2,
            &[
                "net.ipv4.tcp_window_scaling",
                "net.ipv4.ip_local_port_range",
                "net.ipv4.ip_local_reserved_ports",
                "net.core.rmem_max",
                "net.core.somaxconn",
            ],
        ),
        (
            "broken-log-dirs",
            2,
            &[
                "limits.nofile",
                "fs.type",
                "log.dirs.location",
                "fs.free_space",
                "log.dirs.identity",
                "log.dirs.device",
                "log.dirs.access",
            ],
        ),
        (
            "broken-names",
            1,
            &["sysctl.keys", "sysctl.boot_values", "sysctl.pairs"],
        ),
        ("broken-bytes", 3, &[]),
    ] {
        let (exit, data) = audit(&[&tree(name)], &[]);
        assert_eq!(exit, code, "{name}: {data}");
        let mut bad = with_status(&data, "critical");
        bad.extend(with_status(&data, "warning"));
        for rule in rules {
            assert!(bad.iter().any(|known| known == rule), "{name} passes {rule}");
        }
        let bad_fixes = data["findings"].as_array().unwrap().iter();
        for finding in bad_fixes.filter(|finding| finding["status"] == "critical" || finding["status"] == "warning") {
            assert!(!finding["fix"]["text"].as_str().unwrap().is_empty(), "{finding}");
        }
    }
}

#[test]
fn where_a_value_comes_from_is_told() {
    let (_, data) = audit(&[&tree("broken-names")], &["--only", "vm.swappiness,files"]);
    let swappiness = finding(&data, "vm.swappiness");
    assert_eq!(swappiness["set_by"]["file"], "/etc/sysctl.d/99-later.conf");
    assert_eq!(swappiness["set_by"]["line"], 1);
    assert_eq!(swappiness["overrides"][0]["file"], "/etc/sysctl.d/99-kafka.conf");
    assert!(
        swappiness["changed_by"]
            .as_str()
            .unwrap()
            .contains("99-later.conf:1 sets 30"),
        "{swappiness}"
    );
    let keys = finding(&data, "sysctl.keys");
    let message = keys["message"].as_str().unwrap();
    assert!(message.contains(
        "net.core.wmem.default at /etc/sysctl.d/99-kafka.conf:5: no such key; did you mean net.core.wmem_default?"
    ));
    assert!(message.contains("did you mean net.core.rmem_max?"), "{message}");
    assert!(
        finding(&data, "sysctl.pairs")["message"]
            .as_str()
            .unwrap()
            .contains("swapped")
    );
}

#[test]
fn what_is_expected_is_judged_and_wrong_names_are_named() {
    let good = tree("good");
    let only = ["--only", "vm.overcommit_memory"];
    let expect = |text: &str| audit(&[&good], &[&only[..], &["--expect", text]].concat());
    assert_eq!(expect("vm.swappiness=1").0, 0);
    assert_eq!(expect("net/ipv4/tcp_rmem = 4096 131072  33554432").0, 0);
    let (code, data) = expect("vm.swappiness=10");
    assert_eq!(
        (code, finding(&data, "expect:vm.swappiness")["fix"]["value"].as_str()),
        (1, Some("10"))
    );
    let (code, data) = expect("net.core.wmem.default=131072");
    assert_eq!(code, 1);
    let message = finding(&data, "expect:net.core.wmem.default")["message"].clone();
    assert_eq!(message, "no such key; did you mean net.core.wmem_default?");
    assert_eq!(expect("../../etc/passwd=1").0, 1);
    for bad in ["vm.swappiness", "=1", "vm.swappiness="] {
        kfleet(&["host", "audit", "--root", &good, "--expect", bad]).exits(3);
    }
}

#[test]
fn a_fleet_is_a_table_and_one_bad_tree_does_not_hide_the_others() {
    let roots = [tree("good"), tree("broken-memory"), "/nowhere/at/all".to_owned()];
    let ran = kfleet(&[
        "host", "audit", "--root", &roots[0], "--root", &roots[1], "--root", &roots[2],
    ])
    .exits(2);
    let lines = ran.lines();
    assert_eq!(lines.len(), 5, "{}", ran.stdout);
    assert!(
        lines[1].contains("kafka-1")
            && lines[1].contains("OK")
            && lines[2].contains("CRITICAL")
            && lines[3].contains("UNKNOWN")
    );
    assert_eq!(lines[4], "CRITICAL: 3 hosts, baseline throughput");
    let (code, data) = audit(&[&roots[0], &roots[2]], &[]);
    assert_eq!((code, data["verdict"].as_str()), (3, Some("unknown")));
    assert_eq!(finding(&data, "host.root")["kind"], "not-found");
    let ran = kfleet(&["host", "audit", "-o", "ndjson", "--root", &roots[0]]).exits(0);
    let rules: Value = kfleet(&["host", "rules", "-o", "json"]).exits(0).data();
    assert_eq!(ran.lines().len(), rules.as_array().unwrap().len());
    assert!(
        ran.lines()
            .iter()
            .all(|line| serde_json::from_str::<Value>(line).unwrap()["schema"] == "kfleet/host-finding/1")
    );
}

#[test]
fn an_audit_exits_with_0_to_3_only() {
    let (good, memory) = (tree("good"), tree("broken-names"));
    for (args, kind) in [
        (&["--only", "no.such.rule"][..], "usage"),
        (&["--baseline", "best"], "usage"),
        (&["--no-such-flag"], "usage"),
    ] {
        let mut all = vec!["host", "audit", "-o", "json", "--root", &good];
        all.extend(args);
        let error = kfleet(&all).exits(3).json()["error"].clone();
        assert_eq!(
            (error["kind"].as_str(), error["code"].as_i64()),
            (Some(kind), Some(3)),
            "{args:?}"
        );
    }
    let with = |more: &[&str]| audit(&[&memory], more).0;
    assert_eq!(with(&[]), 1);
    assert_eq!(with(&["--fail-on", "critical"]), 0);
    assert_eq!(with(&["--fail-on", "unknown"]), 0);
    assert_eq!(with(&["--skip", "files"]), 0);
    assert_eq!(with(&["--only", "SRC01"]), 1);
    assert_eq!(audit(&[&tree("broken-bytes")], &["--fail-on", "critical"]).0, 0);
    assert_eq!(audit(&[&tree("broken-bytes")], &["--fail-on", "unknown"]).0, 3);
}

#[test]
fn a_broker_config_that_cannot_be_read_is_unknown_and_the_rest_is_judged() {
    let dir = small(&[("bad.properties", "log.dirs=/tmp/x\nlisteners=nonsense\n")]);
    let missing = dir.path().join("missing").to_str().unwrap().to_owned();
    let (code, data) = audit(&[&tree("good")], &["--broker-config", &missing]);
    assert_eq!(code, 3);
    let config = finding(&data, "broker.config");
    assert_eq!(
        (config["status"].as_str(), config["kind"].as_str()),
        (Some("unknown"), Some("unreadable"))
    );
    assert!(config["message"].as_str().unwrap().contains("missing"), "{config}");
    assert_eq!(finding(&data, "vm.swappiness")["status"], "ok");
    // Kafka refuses the file, and its directories are judged all the same.
    let bad = dir.path().join("bad.properties").to_str().unwrap().to_owned();
    let (code, data) = audit(&[&tree("good")], &["--broker-config", &bad]);
    assert_eq!(
        (code, finding(&data, "log.dirs.location")["status"].as_str()),
        (2, Some("critical"))
    );
    assert_eq!(finding(&data, "broker.config")["status"], "warning");
}

#[test]
fn files_that_are_none_are_unknown_and_never_hang() {
    let sparse = |path: &Path| fs::File::create(path).unwrap().set_len(1 << 30).unwrap();
    let pipe = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let garbage = |path: &Path| fs::write(path, [0xff, 0, 0x80, 0xfe]).unwrap();
    let empty = |path: &Path| fs::write(path, "").unwrap();
    let folder = |path: &Path| fs::create_dir(path).unwrap();
    let to_itself = |path: &Path| symlink("swappiness", path).unwrap();
    let makers: [&dyn Fn(&Path); 6] = [&sparse, &pipe, &garbage, &empty, &folder, &to_itself];
    for (at, make) in makers.iter().enumerate() {
        let dir = small(&[("proc/sys/vm/overcommit_memory", "0\n")]);
        make(&dir.path().join(SWAPPINESS));
        let since = Instant::now();
        let (code, data) = audit(&[of(&dir)], &["--only", "vm.swappiness,vm.overcommit_memory"]);
        assert_eq!(code, 3, "{at}: {data}");
        assert_eq!(with_status(&data, "unknown"), ["vm.swappiness"], "{at}");
        assert!(since.elapsed() < Duration::from_secs(5), "{at}");
    }
}

#[test]
fn links_in_a_tree_do_not_lead_out_of_it() {
    let secret = small(&[("value", "1\n")]);
    let dir = small(&[("proc/sys/vm/overcommit_memory", "0\n"), ("etc/real", "1\n")]);
    let outside = secret.path().join("value");
    symlink(&outside, dir.path().join(SWAPPINESS)).unwrap();
    let (_, data) = audit(&[of(&dir)], &["--only", "vm.swappiness"]);
    assert_eq!(finding(&data, "vm.swappiness")["status"], "not-applicable");
    fs::remove_file(dir.path().join(SWAPPINESS)).unwrap();
    symlink("/etc/real", dir.path().join(SWAPPINESS)).unwrap();
    let (_, data) = audit(&[of(&dir)], &["--only", "vm.swappiness"]);
    assert_eq!(finding(&data, "vm.swappiness")["status"], "ok");
}

#[test]
fn archives_are_read_and_broken_ones_are_unknown() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let parent = tree("good");
    let parent = Path::new(&parent).parent().unwrap();
    let tar = |args: &[&str]| {
        let status = Command::new("tar").current_dir(parent).args(args).status();
        assert!(status.unwrap().success());
    };
    // With everything in one folder, as support tools pack it, and without.
    tar(&["-czf", &text(&path("a.tar.gz")), "good"]);
    tar(&["-C", "good", "-cf", &text(&path("b.tar")), "."]);
    let (code, data) = audit(&[&text(&path("a.tar.gz")), &text(&path("b.tar"))], &[]);
    assert_eq!(code, 0, "{data}");
    assert_eq!(data["hosts"][0]["counts"], data["hosts"][1]["counts"]);
    let whole = fs::read(path("a.tar.gz")).unwrap();
    fs::write(path("cut.tar.gz"), &whole[..whole.len() / 2]).unwrap();
    fs::write(path("noise.tar"), vec![0x5a; 4096]).unwrap();
    fs::write(path("noise.tar.gz"), vec![0x5a; 4096]).unwrap();
    fs::write(path("plain.txt"), "x").unwrap();
    fs::File::create(path("sparse.tar")).unwrap().set_len(1 << 30).unwrap();
    for name in ["cut.tar.gz", "noise.tar", "noise.tar.gz", "plain.txt"] {
        let (code, data) = audit(&[&text(&path(name))], &[]);
        assert_eq!(
            (code, finding(&data, "host.root")["kind"].as_str()),
            (3, Some("data")),
            "{name}"
        );
    }
    // An archive of nothing has nothing that could be wrong or right.
    let (code, data) = audit(&[&text(&path("sparse.tar"))], &[]);
    assert_eq!((code, finding(&data, "host.root")["kind"].as_str()), (3, Some("data")));
}

/// A process that looks like a broker, and ends with its test.
struct Lookalike(std::process::Child);

impl Lookalike {
    fn start(config: &Path) -> Self {
        let script = format!(
            "exec -a java bash -c 'read line; true' kafka.Kafka {} --override ssl.key.password=hunter2",
            config.display()
        );
        let child = Command::new("bash")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let cmdline = format!("/proc/{}/cmdline", child.id());
        let until = Instant::now() + Duration::from_secs(10);
        while !fs::read(&cmdline).unwrap().starts_with(b"java") {
            assert!(Instant::now() < until, "the shell does not start");
            std::thread::yield_now();
        }
        Self(child)
    }
}

impl Drop for Lookalike {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.0.stdin.take());
        let _ended = self.0.wait();
    }
}

#[test]
fn a_running_broker_is_found_and_a_capture_says_the_same_without_secrets() {
    let dir = small(&[]);
    let data = dir.path().join("data");
    fs::create_dir_all(data.join("orders-0")).unwrap();
    fs::write(data.join("orders-0/0.index"), "").unwrap();
    let config = dir.path().join("server.properties");
    fs::write(
        &config,
        format!(
            "node.id=1\nlog.dirs={}\nssl.keystore.key=hunter2\n# hunter2\n",
            data.display()
        ),
    )
    .unwrap();
    let broker = Lookalike::start(&config);
    let name = format!("process {}", broker.0.id());
    let (_, live) = audit(&["/"], &[]);
    let has = |data: &Value| {
        data["hosts"][0]["brokers"]
            .as_array()
            .unwrap()
            .iter()
            .any(|known| *known == name)
    };
    assert!(has(&live), "{}", live["hosts"]);
    for file in ["capture.tar.gz", "capture.tar", "capture"] {
        let path = dir.path().join(file).to_str().unwrap().to_owned();
        kfleet(&["host", "capture", &path]).exits(0);
        kfleet(&["host", "capture", &path]).exits(77);
        let (_, captured) = audit(&[&path], &[]);
        assert!(has(&captured), "{file}");
        // Not what depends on other brokers, which come and go.
        for id in [
            "vm.swappiness",
            "vm.dirty_ratio",
            "thp.enabled",
            "cpu.clocksource",
            "sysctl.keys",
        ] {
            assert_eq!(
                finding(&captured, id)["status"],
                finding(&live, id)["status"],
                "{file}: {id}"
            );
        }
    }
    let grep = Command::new("grep")
        .args(["-r", "hunter2"])
        .arg(dir.path().join("capture"))
        .output()
        .unwrap();
    assert!(grep.stdout.is_empty(), "{}", String::from_utf8_lossy(&grep.stdout));
    assert!(fs::read_dir(dir.path().join("capture/proc")).unwrap().count() < 30);
}

#[test]
fn nobody_and_a_namespace_with_a_read_only_proc_get_a_verdict() {
    let dir = small(&[]);
    let data = dir.path().join("data");
    fs::create_dir_all(&data).unwrap();
    let config = dir.path().join("server.properties");
    fs::write(&config, format!("log.dirs={}\n", data.display())).unwrap();
    let broker = Lookalike::start(&config);
    // The build may lie where nobody does not get to.
    let program = dir.path().join("kfleet");
    fs::copy(KFLEET, &program).unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = program.to_str().unwrap();
    let nobody: &[&str] = &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let is_root = rustix::process::geteuid().is_root();
    let nobody = nobody_may_run(nobody, program).then_some(nobody).filter(|_| is_root);
    let in_ci = std::env::var_os("CI").is_some();
    assert!(nobody.is_some() || !in_ci, "CI may not do without nobody's audit");
    if let Some(nobody) = nobody {
        let ran = run(&[nobody, &[program, "host", "audit", "-o", "json"]].concat());
        let data = ran.data();
        assert!([2, 3].contains(&ran.code), "{}", ran.code);
        // Another user's open files cannot be counted, which is said and never taken for well.
        let nofile = finding(&data, "limits.nofile");
        assert!(
            nofile["status"] == "unknown" || nofile["status"] == "critical",
            "{nofile}"
        );
        assert_ne!(finding(&data, "broker.config")["status"], "not-applicable");
    }
    // As in a container that nobody in particular started.
    let script = format!(
        "mount -t proc proc /proc && mount -o remount,bind,ro /proc && test ! -w /proc/sys/vm/swappiness && \
         exec {program} host audit -o json"
    );
    let unshare = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork"];
    let space = [nobody.unwrap_or_default(), &unshare].concat();
    if run(&[&space[..], &["true"]].concat()).code == 0 {
        let ran = run(&[&space[..], &["sh", "-c", &script]].concat());
        assert!((0..=3).contains(&ran.code), "{}: {}", ran.code, ran.stderr);
        assert_ne!(finding(&ran.data(), "vm.overcommit_memory")["status"], "unknown");
    } else {
        assert!(!in_ci, "CI may not do without an audit in a namespace");
    }
    drop(broker);
}

fn run(words: &[&str]) -> Ran {
    let output = Command::new(words[0]).args(&words[1..]).output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Whether these words make ours run as nobody.
fn nobody_may_run(nobody: &[&str], program: &str) -> bool {
    Command::new(nobody[0])
        .args(&nobody[1..])
        .args([program, "--version"])
        .output()
        .is_ok_and(|output| output.status.success())
}

#[test]
fn a_process_that_ends_while_it_is_read_is_no_panic() {
    let dir = small(&[
        ("proc/77/cmdline", "java\0kafka.Kafka\0/etc/kafka/server.properties\0"),
        ("etc/kafka/server.properties", "log.dirs=/data\n"),
    ]);
    let (code, data) = audit(&[of(&dir)], &[]);
    assert_eq!(code, 3);
    let nofile = finding(&data, "limits.nofile");
    assert!(
        nofile["message"].as_str().unwrap().contains("ended while it was read"),
        "{nofile}"
    );
}

#[test]
fn a_screen_tells_what_why_who_and_how() {
    let ran = kfleet(&["host", "audit", "--root", &tree("broken-memory")]).exits(2);
    for words in [
        "CRITICAL  vm.zone_reclaim_mode: 1; safe: 0",
        "[Linux kernel documentation: ",
        "fix: kfleet host tune, or vm.zone_reclaim_mode = 0 in /etc/sysctl.d/90-kfleet.conf, then sysctl --system",
        "were they swapped?",
    ] {
        assert!(ran.stdout.contains(words), "no {words}: {}", ran.stdout);
    }
    assert!(
        ran.lines()
            .last()
            .unwrap()
            .starts_with("CRITICAL: 1 critical, 0 unknown, "),
        "{}",
        ran.stdout
    );
}

#[test]
fn every_rule_is_explained() {
    let rules = kfleet(&["host", "rules", "-o", "json"]).exits(0).data();
    let rules = rules.as_array().unwrap();
    assert!(rules.len() > 80, "{}", rules.len());
    for rule in rules {
        let id = rule["rule"].as_str().unwrap();
        let told = kfleet(&["host", "explain", id]).exits(0).stdout;
        for part in ["reads ", "safe", "sources", "fix "] {
            assert!(told.contains(part), "{id} has no {part}: {told}");
        }
    }
    kfleet(&["host", "explain", "no.such.rule"]).exits(66);
    assert!(
        kfleet(&["host", "explain", "vm.swapiness"])
            .exits(66)
            .stderr
            .contains("did you mean vm.swappiness?")
    );
    let minimal = kfleet(&["host", "rules", "--baseline", "minimal", "-o", "json"])
        .exits(0)
        .data();
    assert!(minimal.as_array().unwrap().len() < rules.len() / 2);
}

#[test]
fn the_manual_has_a_row_for_each_rule_where_it_can_be_set() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("man/kfleet-host.1");
    let set = Command::new("groff")
        .args(["-t", "-man", "-Tascii", "-P-c"])
        .arg(page)
        .output();
    let Ok(set) = set else {
        assert!(std::env::var_os("CI").is_none(), "CI may not do without groff");
        return;
    };
    let text = String::from_utf8_lossy(&set.stdout).into_owned();
    let rules = kfleet(&["host", "rules", "-o", "json"]).exits(0).data();
    for rule in rules.as_array().unwrap() {
        let (id, kind) = (rule["rule"].as_str().unwrap(), rule["fix"].as_str().unwrap());
        let worst = rule["severity"].as_str().unwrap().to_uppercase();
        let first = if kind == "sysctl" {
            format!("{id}*")
        } else {
            id.to_owned()
        };
        let is_row = |line: &str| {
            let mut words = line.split_whitespace();
            words.next() == Some(first.as_str()) && words.next() == Some(worst.as_str())
        };
        assert!(text.lines().any(is_row), "no row {first} {worst}");
    }
}

/// The least that runs of a task take.
fn least(runs: usize, task: impl Fn()) -> Duration {
    let run = |_| {
        let since = Instant::now();
        task();
        since.elapsed()
    };
    (0..runs).map(run).min().unwrap()
}

/// As quick as it is promised to be where it is optimised; builds without optimisation get ten times as long.
#[test]
fn an_audit_and_a_hundred_trees_are_quick() {
    let slower = if cfg!(debug_assertions) { 10 } else { 1 };
    let one = least(5, || {
        let ran = kfleet(&["host", "audit", "-q"]);
        assert!((0..=3).contains(&ran.code));
    });
    let good = tree("good");
    let roots = vec![good.as_str(); 100];
    let hundred = least(3, || {
        let (code, data) = audit(&roots, &[]);
        assert_eq!((code, data["hosts"].as_array().unwrap().len()), (0, 100));
    });
    println!("an audit of this machine takes {one:?}, one of 100 trees {hundred:?}");
    assert!(
        one < slower * Duration::from_millis(100) && hundred < slower * Duration::from_secs(2),
        "{one:?} {hundred:?}"
    );
}
