//! Executors that run programs: nodes of a sandbox behind programs on the PATH that record what they are asked.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Fleet, HASTY, data};
use crate::support::{Engine, Ran, run_with_input};

/// Speaks to the sandbox as systemctl and kubectl would to their nodes: {word} NODE with stop, start, probe or cat.
/// A node's process is found by its configuration, and started again by the sandbox.
const NODE: &str = r#"#!/usr/bin/env python3
import json, os, signal, socket, sys, time
word, node = sys.argv[1], int(sys.argv[2])
root = os.environ["SANDBOX"]
def ask(text):
    os.chdir(root)
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(".control")
        s.sendall((text + "\n").encode())
        return s.makefile().read().split()
def pid():
    said = ask(f"pid {node}")
    return int(said[1]) if said[0] == "pid" else None
if word == "stop":
    found = pid()
    if found:
        os.kill(found, signal.SIGTERM)
        while pid() == found:
            time.sleep(0.01)
elif word == "start":
    ask(f"start {node}")
elif word == "probe":
    found = pid()
    print(f"p{found}" if found else "", end="")
elif word == "cat":
    nodes = json.load(open(os.path.join(root, "cluster.json")))["nodes"]
    dirs = next(n["log_dirs"] for n in nodes if n["id"] == node)
    sys.stdout.write(open(os.path.join(dirs[0], "meta.properties")).read())
"#;

const SYSTEMCTL: &str = r#"#!/bin/sh
echo "systemctl $*" >>"$CALLS"
for last; do :; done
node=${last#kafka@}
case $1 in
stop|start) exec node "$1" "$node" ;;
show) id=$(node probe "$node")
    echo "LoadState=loaded"
    if [ -n "$id" ]; then echo "ActiveState=active"; else echo "ActiveState=inactive"; fi
    echo "InvocationID=$id" ;;
*) exit 9 ;;
esac
"#;

const SUDO: &str = r#"#!/bin/sh
echo "sudo $*" >>"$CALLS"
[ "$1" = -n ] || exit 9
shift
case $1 in
cat) shift; exec node cat "${1#/meta/}" ;;
*) exec "$@" ;;
esac
"#;

/// Leads back to this machine, whatever the host.
const SSH: &str = r#"#!/bin/sh
echo "ssh $*" >>"$CALLS"
for last; do :; done
exec sh -c "$last"
"#;

/// Pods are named after nodes, and something starts them again at once.
const KUBECTL: &str = r#"#!/bin/sh
echo "kubectl $*" >>"$CALLS"
[ "$1" = -n ] && [ "$2" = kafka ] || exit 9
shift 2
case $1 in
delete) node stop "${3#pod-}" && node start "${3#pod-}" ;;
wait) ;;
get) node probe "${3#pod-}" ;;
exec) node cat "${2#pod-}" ;;
*) exit 9 ;;
esac
"#;

fn program(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Programs in a directory of their own, and what they were asked.
pub(super) struct Programs(tempfile::TempDir);

impl Programs {
    /// Those that stand for systemd, ssh and Kubernetes.
    pub(super) fn new() -> Self {
        Self::with(&[
            ("node", NODE),
            ("systemctl", SYSTEMCTL),
            ("sudo", SUDO),
            ("ssh", SSH),
            ("kubectl", KUBECTL),
        ])
    }

    pub(super) fn with(programs: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in programs {
            program(dir.path(), name, text);
        }
        let programs = Self(dir);
        std::fs::write(programs.calls(), "").unwrap();
        programs
    }

    /// A PATH on which they come first.
    pub(super) fn path(&self) -> String {
        format!("{}:{}", self.0.path().display(), std::env::var("PATH").unwrap())
    }

    /// Where they write what they are asked.
    pub(super) fn calls(&self) -> PathBuf {
        self.0.path().join("calls")
    }

    pub(super) fn asked(&self) -> String {
        std::fs::read_to_string(self.calls()).unwrap()
    }

    /// Restarts all with them on the PATH.
    pub(super) fn rolled(&self, fleet: &Fleet, inventory: &str, args: &[&str], code: i32) -> Ran {
        let file = self.0.path().join("nodes.toml");
        std::fs::write(&file, inventory).unwrap();
        let run = [
            "roll",
            "run",
            "--inventory",
            file.to_str().unwrap(),
            "--yes",
            "-o",
            "json",
        ];
        let mut command = fleet.command(&[&run[..], &HASTY, args].concat());
        command
            .env("PATH", self.path())
            .env("CALLS", self.calls())
            .env("SANDBOX", &fleet.cluster.dir);
        let ran = run_with_input(&mut command, "");
        assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
        ran
    }
}

/// Restarts all by this executor; the report, and what the programs were asked.
fn rolled(fleet: &Fleet, inventory: &str, args: &[&str], code: i32) -> (Value, String) {
    let programs = Programs::new();
    let ran = programs.rolled(fleet, inventory, args, code);
    (if code == 0 { data(&ran) } else { ran.json() }, programs.asked())
}

pub(super) fn assert_starts(fleet: &Fleet, each: usize) {
    let starts = fleet.starts();
    assert!(starts.values().all(|count| *count == each), "{starts:?}");
}

pub(super) fn count(calls: &str, what: &str) -> usize {
    calls.lines().filter(|line| line.contains(what)).count()
}

#[test]
fn units_pods_and_templates_restart_once_each() {
    let fleet = Fleet::three(Engine::Kfleet);

    let units = "[defaults]\nunit = \"kafka@{node}\"\n";
    let (report, calls) = rolled(&fleet, units, &["--executor", "systemd"], 0);
    assert_eq!(report["state"], "done", "{report}");
    assert_starts(&fleet, 2);
    assert_eq!(
        (count(&calls, "systemctl stop"), count(&calls, "systemctl start")),
        (3, 3),
        "{calls}"
    );

    let hosts = "[defaults]\nhost = \"k{node}\"\nuser = \"ops\"\nunit = \"kafka@{node}\"\n\
                 meta_properties = \"/meta/{node}\"\n";
    let (report, calls) = rolled(&fleet, hosts, &["--executor", "ssh"], 0);
    assert_eq!(report["state"], "done", "{report}");
    assert_starts(&fleet, 3);
    assert_eq!(count(&calls, "ops@k2 sudo -n systemctl stop 'kafka@2'"), 1, "{calls}");
    assert!(
        calls
            .lines()
            .filter(|line| line.starts_with("ssh"))
            .all(|line| line.contains("BatchMode=yes"))
    );

    let pods = "[defaults]\npod = \"pod-{node}\"\nnamespace = \"kafka\"\nmeta_properties = \"/x\"\n";
    let (report, calls) = rolled(&fleet, pods, &["--executor", "kubectl"], 0);
    assert_eq!(report["state"], "done", "{report}");
    assert_starts(&fleet, 4);
    assert_eq!(count(&calls, "delete pod"), 3, "{calls}");

    let templates = [
        "--executor",
        "command",
        "--stop-command",
        "node stop {node}",
        "--start-command",
        "node start {node}",
        "--probe-command",
        "node probe {node}",
        "--pre-command",
        "echo before {node} {host} >>$CALLS",
        "--post-command",
        "echo after {node} >>$CALLS",
    ];
    let (report, calls) = rolled(&fleet, "[defaults]\nhost = \"a b\"\n", &templates, 0);
    assert_eq!(report["state"], "done", "{report}");
    assert_starts(&fleet, 5);
    assert_eq!(
        (count(&calls, "before 2 a b"), count(&calls, "after 2")),
        (1, 1),
        "{calls}"
    );
}

#[test]
fn executors_that_fail_lie_or_hang_are_named_and_nothing_else_is_touched() {
    let fleet = Fleet::three(Engine::Kfleet);
    let base = [
        "--executor",
        "command",
        "--nodes",
        "2",
        "--start-command",
        "node start {node}",
    ];
    let with = |more: &[&'static str]| [&base[..], more].concat();
    let probe = ["--probe-command", "node probe {node}"];
    // Not there, or another: refused before anything is done.
    let (document, _) = rolled(
        &fleet,
        "",
        &with(&["--stop-command", "true", "--probe-command", "exit 3"]),
        77,
    );
    assert!(
        document["error"]["message"]
            .as_str()
            .unwrap()
            .contains("exit status: 3"),
        "{document}"
    );
    let swapped = "[nodes.2]\nunit = \"kafka@2\"\nhost = \"k2\"\nmeta_properties = \"/meta/3\"\n";
    let (document, _) = rolled(&fleet, swapped, &["--executor", "ssh", "--nodes", "2"], 77);
    assert!(
        document["error"]["message"]
            .as_str()
            .unwrap()
            .contains("node.id is 3, not 2"),
        "{document}"
    );
    assert_starts(&fleet, 1);

    let faults: [(&[&'static str], &str); 4] = [
        (&["--stop-command", "echo no >&2; exit 1"], "did not stop"),
        (
            &["--stop-command", "sleep 60", "--stop-timeout", "300ms"],
            "it takes longer than 0.3 s",
        ),
        (&["--stop-command", "true"], "is the same process as before"),
        (&["--stop-command", "true", "--pre-command", "exit 4"], "exit status: 4"),
    ];
    for (fault, expected) in faults {
        let (document, _) = rolled(&fleet, "", &[&with(fault)[..], &probe].concat(), 75);
        let message = document["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("node 2") && message.contains(expected), "{message}");
        assert_starts(&fleet, 1);
        // It is ended without its programs: the node is as it was.
        std::fs::remove_file(fleet.journal()).unwrap();
    }
}
