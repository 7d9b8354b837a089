//! `storage check` on directories that brokers of both engines wrote, and on damaged copies of them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::files::{Masks, tree};
use crate::support::{Cluster, Engine, Ran, kfleet};

/// The data directory of a broker that was stopped, with records in two partitions.
fn stopped(engine: Engine, dir: &Path) -> PathBuf {
    let cluster = Cluster::in_dir(engine, dir, &[]);
    cluster
        .kfleet(&["topics", "create", "a", "--partitions", "2", "--yes"])
        .exits(0);
    let input: String = (0..1000).map(|at| format!("{at}\n")).collect();
    cluster.kfleet_with_input(&["produce", "a"], &input).exits(0);
    cluster.stop();
    dir.join("data")
}

fn check(dirs: &[&Path]) -> Ran {
    let mut args = vec!["storage", "check", "-o", "json"];
    args.extend(dirs.iter().map(|dir| dir.to_str().unwrap()));
    kfleet(&args)
}

#[track_caller]
fn findings(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.json()["schema"], "kfleet/storage-check/1");
    ran.data()["findings"].as_array().unwrap().clone()
}

/// What is done to a directory, what it is about, and how bad it is.
type Damage = (&'static str, fn(&Path), &'static str);

fn replace(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{} has no {from}: {text}", path.display());
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

const UNIQUE: &str = "0123456789abcdef0123456789abcdef";

fn a_directory_is_as_expected_and_each_damage_is_one_finding(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let data = stopped(engine, dir.path());
    let before = tree(&data, "", Masks::default());
    let ran = check(&[&data]).exits(0);
    assert_eq!(findings(&ran), Vec::<Value>::new());
    let report = ran.data();
    assert_eq!(report["directories"][0]["left"], "clean");
    assert!(report["metadata"]["topics"].as_u64().unwrap() >= 1);
    assert_eq!(tree(&data, "", Masks::default()), before, "nothing is written");

    let cases: [Damage; 15] = [
        ("a-0", |d| std::fs::remove_dir_all(d.join("a-0")).unwrap(), "error"),
        (
            "a-2",
            |d| std::fs::rename(d.join("a-1"), d.join("a-2")).unwrap(),
            "warning",
        ),
        ("b-0", |d| copy(&d.join("a-0"), &d.join("b-0")), "error"),
        (
            "a-0/partition.metadata",
            |d| std::fs::remove_file(d.join("a-0/partition.metadata")).unwrap(),
            "error",
        ),
        (
            "a-0",
            |d| {
                std::fs::write(
                    d.join("a-0/partition.metadata"),
                    "version: 0\ntopic_id: g42deArWBTRM5A1yuVpMCg",
                )
                .unwrap();
            },
            "warning",
        ),
        (
            "meta.properties",
            |d| std::fs::remove_file(d.join("meta.properties")).unwrap(),
            "error",
        ),
        (
            "meta.properties",
            |d| std::fs::write(d.join("meta.properties"), "version=7\n").unwrap(),
            "error",
        ),
        (
            "lost+found",
            |d| std::fs::create_dir(d.join("lost+found")).unwrap(),
            "warning",
        ),
        (
            "stray",
            |d| std::fs::create_dir(d.join(format!("x-0.{UNIQUE}-stray"))).unwrap(),
            "warning",
        ),
        (
            "delete",
            |d| std::fs::create_dir(d.join(format!("x-0.{UNIQUE}-delete"))).unwrap(),
            "info",
        ),
        (
            "a-1",
            |d| std::fs::write(d.join("a-1/00000000000000000000.log.swap"), "").unwrap(),
            "info",
        ),
        (
            "recovery-point-offset-checkpoint",
            |d| replace(&d.join("recovery-point-offset-checkpoint"), "\na 0 ", "\na 0 9"),
            "error",
        ),
        (
            "replication-offset-checkpoint",
            |d| replace(&d.join("replication-offset-checkpoint"), "\na 0 ", "\nz 0 "),
            "warning",
        ),
        (
            "log-start-offset-checkpoint",
            |d| std::fs::write(d.join("log-start-offset-checkpoint"), "9\n").unwrap(),
            "error",
        ),
        (
            "a-0/00000000000000000000.log",
            |d| {
                let path = d.join("a-0/00000000000000000000.log");
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o400)).unwrap();
            },
            "error",
        ),
    ];
    for (at, (about, damage, severity)) in cases.into_iter().enumerate() {
        let copied = dir.path().join(format!("copy-{at}"));
        copy(&data, &copied);
        damage(&copied);
        let ran = check(&[&copied]);
        let mut findings = findings(&ran);
        if about == "a-2" {
            // The partition that has another name now is missing, too.
            let is_missing = |finding: &Value| finding["path"].as_str().unwrap().ends_with("a-1");
            assert_eq!(findings.iter().filter(|finding| is_missing(finding)).count(), 1);
            findings.retain(|finding| !is_missing(finding));
        }
        assert_eq!(findings.len(), 1, "{at} {about}: {findings:?}");
        let path = findings[0]["path"].as_str().unwrap();
        assert!(path.ends_with(about), "{path} for {about}");
        assert_eq!(findings[0]["severity"], severity, "{about}: {findings:?}");
        let code = match severity {
            _ if about == "a-2" => 2,
            "error" => 2,
            "warning" => 1,
            _ => 0,
        };
        assert_eq!(ran.code, code, "{about}");
        std::fs::remove_dir_all(&copied).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(status.success());
}

#[test]
fn on_kfleets_directories() {
    a_directory_is_as_expected_and_each_damage_is_one_finding(Engine::Kfleet);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn on_apaches_directories() {
    a_directory_is_as_expected_and_each_damage_is_one_finding(Engine::Apache);
}

#[test]
fn directories_of_a_node_are_compared_with_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("server.properties");
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    let text = format!(
        "process.roles=broker,controller\nnode.id=1\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093\n\
         controller.listener.names=CONTROLLER\ncontroller.quorum.bootstrap.servers=localhost:9093\nlog.dirs={},{}\n",
        a.display(),
        b.display()
    );
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    kfleet(&["storage", "format", "-c", config, "-t", "c", "--standalone"]).exits(0);
    let by_config = || kfleet(&["storage", "check", "-o", "json", "-c", config]);
    assert_eq!(findings(&by_config().exits(0)), Vec::<Value>::new());
    let meta = b.join("meta.properties");
    let good = std::fs::read_to_string(&meta).unwrap();
    let of_a = std::fs::read_to_string(a.join("meta.properties")).unwrap();
    let id = |text: &str| {
        text.lines()
            .find(|line| line.starts_with("directory.id"))
            .unwrap()
            .to_owned()
    };
    for (from, to, says) in [
        (
            "cluster.id=c".to_owned(),
            "cluster.id=d".to_owned(),
            "cluster.id is d, and c",
        ),
        (id(&good), id(&of_a), "is that of"),
        (
            id(&good),
            "directory.id=AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            "is reserved",
        ),
    ] {
        std::fs::write(&meta, good.replace(&from, &to)).unwrap();
        let found = findings(&by_config().exits(2));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0]["message"].as_str().unwrap().contains(says), "{found:?}");
    }
    std::fs::write(&meta, good.replace("node.id=1", "node.id=2")).unwrap();
    let found = findings(&by_config().exits(2));
    assert!(
        found
            .iter()
            .all(|finding| finding["message"].as_str().unwrap().starts_with("node.id is 2")),
        "{found:?}"
    );
    kfleet(&["storage", "check", "/no/such/dir"]).exits(66);
    kfleet(&["storage", "check"]).exits(64);
}

#[test]
fn the_other_commands_print_json_too() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("server.properties");
    let log_dir = dir.path().join("a");
    let text = format!(
        "process.roles=broker,controller\nnode.id=1\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093\n\
         controller.listener.names=CONTROLLER\ncontroller.quorum.bootstrap.servers=localhost:9093\nlog.dirs={}\n",
        log_dir.display()
    );
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    let storage = |args: &[&str]| kfleet(&[&["-o", "json", "storage"], args].concat());
    let info = storage(&["info", "-c", config]).exits(65);
    assert_eq!(
        info.data()["problems"][0],
        format!("{} does not exist", log_dir.display())
    );
    let formatted = storage(&["format", "-c", config, "-t", "c", "--standalone"]).exits(0);
    assert_eq!(
        (&formatted.json()["cluster_id"], &formatted.data()["changed"]),
        (&"c".into(), &true.into())
    );
    assert_eq!(formatted.data()["directories"][0]["path"], log_dir.to_str().unwrap());
    let again = storage(&["format", "-c", config, "-t", "c", "--standalone", "-g"]).exits(0);
    assert_eq!(again.data()["changed"], false);
    assert_eq!(
        storage(&["info", "-c", config]).exits(0).data()["metadata"]["cluster.id"],
        "c"
    );
    assert_eq!(
        storage(&["random-uuid"]).exits(0).data()["uuid"]
            .as_str()
            .unwrap()
            .len(),
        22
    );
    let mapping = storage(&["version-mapping", "-r", "4.0"]).exits(0).data();
    assert_eq!(
        (&mapping["features"][0]["feature"], &mapping["features"][0]["level"]),
        (&"metadata.version".into(), &25.into())
    );
    let needs = storage(&["feature-dependencies", "-f", "eligible.leader.replicas.version=1"])
        .exits(0)
        .data();
    assert_eq!(needs[0]["requires"][0]["level"], 23);
    assert_eq!(
        storage(&["feature-dependencies", "-f", "nope=1"]).exits(65).json()["schema"],
        "kfleet/error/1"
    );
}
