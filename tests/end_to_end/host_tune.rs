//! Setting a host and undoing it: trees, a kernel in a network namespace of its own, and who may not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{KFLEET, Ran, isolated};

/// A copy of a committed tree, and a place for journals.
struct Host {
    dir: TempDir,
}

impl Host {
    fn new(name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/host").join(name);
        copy(&from, &dir.path().join("root"));
        Self { dir }
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, command: &str, args: &[&str]) -> Ran {
        let root = self.root();
        let mut kfleet = isolated(KFLEET);
        kfleet.args(["host", command, "--root"]).arg(&root).args(args);
        ran(kfleet.env("XDG_STATE_HOME", self.dir.path().join("state")))
    }
}

pub(super) fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path).unwrap(), to).unwrap();
        } else if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, to).unwrap();
        }
    }
}

/// All files below a folder.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap_or_default());
        }
    }
    found
}

fn keys(data: &Value) -> Vec<&str> {
    let all = data["values"].as_array().unwrap().iter();
    all.map(|row| row["key"].as_str().unwrap()).collect()
}

#[test]
fn a_tree_is_set_once_and_put_back() {
    let host = Host::new("kernel-defaults");
    let before = files(&host.root());
    let dry = host.run("tune", &["--dry-run", "-o", "json"]).exits(0);
    assert_eq!(dry.json()["schema"], "kfleet/host-tune/1");
    assert_eq!(dry.data()["changed"], false);
    assert!(keys(&dry.data()).contains(&"vm.swappiness"));
    let unasked = host.run("tune", &["-o", "json"]).exits(77);
    assert_eq!(unasked.json()["error"]["kind"], "refused");
    assert_eq!(files(&host.root()), before);

    let tuned = host.run("tune", &["--yes", "-o", "json"]).exits(0).data();
    assert_eq!(
        (&tuned["changed"], &tuned["file_changed"]),
        (&true.into(), &true.into())
    );
    assert!(
        tuned["values"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["result"] == "set")
    );
    let by_hand = tuned["by_hand"].as_array().unwrap();
    assert!(by_hand.iter().any(|row| row["rule"] == "time.sync"), "{tuned}");
    let text = fs::read_to_string(host.root().join("etc/sysctl.d/90-kfleet.conf")).unwrap();
    assert!(text.contains("vm.swappiness = 1\n"), "{text}");
    let again = host.run("tune", &["--yes", "-o", "json"]).exits(0).data();
    assert_eq!((&again["changed"], keys(&again).len()), (&false.into(), 0));

    let undone = host.run("undo", &["--yes", "-o", "json"]).exits(0);
    assert_eq!(undone.json()["schema"], "kfleet/host-undo/1");
    assert_eq!(undone.data()["changed"], true);
    assert_eq!(files(&host.root()), before);
    let again = host.run("undo", &["--yes", "-o", "json"]).exits(0).data();
    assert_eq!(again["changed"], false);
}

#[test]
fn what_will_not_last_is_1_and_named() {
    let host = Host::new("kernel-defaults");
    host.write("etc/sysctl.d/99-zz.conf", "vm.swappiness = 30\n");
    for args in [
        &["--dry-run", "-o", "json"],
        &["--yes", "-o", "json"],
        &["--yes", "-o", "json"],
    ] {
        let data = host.run("tune", args).exits(1).data();
        let row = &data["overridden"][0];
        assert_eq!(row["key"], "vm.swappiness", "{data}");
        assert_eq!(row["by"], "/etc/sysctl.d/99-zz.conf:1");
    }
    assert_eq!(fs::read(host.root().join("proc/sys/vm/swappiness")).unwrap(), b"1\n");
}

#[test]
fn rules_are_chosen_and_bad_names_are_64() {
    let host = Host::new("kernel-defaults");
    let only = host
        .run("tune", &["--dry-run", "-o", "json", "--only", "vm.swappiness"])
        .exits(0);
    assert_eq!(keys(&only.data()), ["vm.swappiness"]);
    let skip = host
        .run("tune", &["--dry-run", "-o", "json", "--skip", "memory"])
        .exits(0);
    assert!(!keys(&skip.data()).iter().any(|key| key.starts_with("vm.")));
    host.run("tune", &["--dry-run", "--only", "vm.swapiness"]).exits(64);
    for (root, code) in [("no/such/folder", 66), ("Cargo.toml", 65)] {
        let mut kfleet = isolated(KFLEET);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
        ran(kfleet.args(["host", "tune", "--dry-run", "--root"]).arg(path)).exits(code);
    }
}

#[test]
fn the_script_does_what_tune_does() {
    let host = Host::new("kernel-defaults");
    let before = files(&host.root());
    let script = host.run("tune", &["--output-script"]).exits(0).stdout;
    assert_eq!(files(&host.root()), before);
    // A shell reads it, with a sysctl that shows what it was given and files that lie elsewhere.
    let moved = script.replace("/etc/sysctl.d", &host.dir.path().join("d").display().to_string());
    let told = format!("sysctl() {{ echo \"$2\"; }}\n{moved}");
    let shell = ran(Command::new("sh").args(["-c", &told])).exits(0);
    let file = fs::read_to_string(host.dir.path().join("d/90-kfleet.conf")).unwrap();
    assert!(
        shell.stdout.lines().any(|line| line == "vm.swappiness=1"),
        "{}",
        shell.stdout
    );
    host.run("tune", &["--yes"]).exits(0);
    let tuned = fs::read_to_string(host.root().join("etc/sysctl.d/90-kfleet.conf")).unwrap();
    assert_eq!(file, tuned);
}

#[test]
fn without_root_it_is_77_with_the_command() {
    if !rustix::process::geteuid().is_root()
        || ran(Command::new("setpriv").args(["--reuid=65534", "--", KFLEET, "--version"])).code != 0
    {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for command in ["tune", "undo"] {
        let mut nobody = Command::new("setpriv");
        nobody
            .args([
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                KFLEET,
                "host",
                command,
            ])
            .args(["--yes", "-o", "json"])
            .env("XDG_STATE_HOME", dir.path());
        let ran = ran(&mut nobody);
        // A host on which all is well has nothing to be refused.
        if command == "undo" || ran.code != 0 {
            let error = ran.exits(77).json()["error"].clone();
            let hint = error["hints"][0].as_str().unwrap();
            assert!(
                hint.starts_with("run: sudo ") && hint.contains(&format!("host {command} --yes")),
                "{hint}"
            );
        }
    }
}

/// Values that a network namespace has of its own.
const OWN: [&str; 5] = [
    "net/ipv4/tcp_rmem",
    "net/ipv4/tcp_wmem",
    "net/core/somaxconn",
    "net/ipv4/ip_local_port_range",
    "net/ipv4/ip_local_reserved_ports",
];

fn own_values() -> Vec<String> {
    OWN.iter()
        .map(|key| fs::read_to_string(Path::new("/proc/sys").join(key)).unwrap())
        .collect()
}

/// Options of unshare for a kernel's network of one's own, if this machine has them.
pub(super) fn namespaces() -> Option<Vec<&'static str>> {
    let mut spaces = vec!["--net", "--mount", "--pid", "--fork", "--mount-proc"];
    if !rustix::process::geteuid().is_root() {
        spaces.extend(["--user", "--map-root-user"]);
    }
    let probe = "mount -t tmpfs tmpfs /etc/sysctl.d && test -w /proc/sys/net/core/somaxconn";
    let permitted = Command::new("unshare").args(&spaces).args(["sh", "-c", probe]).output();
    let permitted = permitted.is_ok_and(|output| output.status.success());
    assert!(
        permitted || std::env::var_os("CI").is_none(),
        "unshare, which CI may not do without, was refused"
    );
    permitted.then_some(spaces)
}

/// Run in namespaces of its own, with an empty /etc/sysctl.d; leaves what it saw in the folder that it is given.
const SCRIPT: &str = r#"
set -eu
cd "$1"; kfleet=$2
export XDG_STATE_HOME=$1/state
mount -t tmpfs tmpfs /etc/sysctl.d
n=/proc/sys/net
echo "4096 87380 1000000" > $n/ipv4/tcp_rmem
echo "4096 16384 1000000" > $n/ipv4/tcp_wmem
echo 128 > $n/core/somaxconn
echo "9000 9999" > $n/ipv4/ip_local_port_range
values() { cat $n/ipv4/tcp_rmem $n/ipv4/tcp_wmem $n/core/somaxconn $n/ipv4/ip_local_port_range $n/ipv4/ip_local_reserved_ports; ls /etc/sysctl.d; }
only=net.ipv4.tcp_rmem,net.ipv4.tcp_wmem,net.core.somaxconn,net.ipv4.ip_local_port_range,net.ipv4.ip_local_reserved_ports
values > before
$kfleet host tune --yes --only $only -o json > tune.json
values > tuned
$kfleet host tune --yes --only $only -o json > again.json
$kfleet host audit --only $only,sysctl.boot_values -o json > audit.json || true
$kfleet host undo --yes -o json > undo.json
values > after
mount --bind $n/core/somaxconn $n/core/somaxconn
mount -o remount,bind,ro $n/core/somaxconn
code=0; $kfleet host tune --yes --only $only -o json > refused.json || code=$?
echo $code > refused.code
cat /etc/sysctl.d/90-kfleet.conf > refused.conf
$kfleet host undo --yes -o json > undo-refused.json
values > after-refused
"#;

#[test]
fn a_real_kernel_takes_the_values_and_gives_them_back() {
    let Some(spaces) = namespaces() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let of_host = own_values();
    let mut unshare = Command::new("unshare");
    unshare
        .args(&spaces)
        .args(["sh", "-c", SCRIPT, "sh"])
        .arg(dir.path())
        .arg(KFLEET);
    ran(&mut unshare).exits(0);
    assert_eq!(own_values(), of_host);

    let text = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    let data = |name: &str| serde_json::from_str::<Value>(&text(name)).unwrap()["data"].clone();
    let tuned = data("tune.json");
    let expected = [
        ("net.ipv4.tcp_rmem", "4096 87380 16777216"),
        ("net.ipv4.tcp_wmem", "4096 16384 16777216"),
        ("net.core.somaxconn", "4096"),
        ("net.ipv4.ip_local_reserved_ports", "9092-9093,9308,9999"),
        ("net.ipv4.ip_local_port_range", "32768 60999"),
    ];
    let now: Vec<_> = tuned["values"].as_array().unwrap().iter().collect();
    let now: Vec<_> = now
        .iter()
        .map(|row| (row["key"].as_str().unwrap(), row["now"].as_str().unwrap()))
        .collect();
    assert_eq!(now, expected);
    assert!(text("tuned").contains("4096\t87380\t16777216") && text("tuned").contains("90-kfleet.conf"));
    assert_eq!(data("again.json")["changed"], false);
    // What was written is what runs, though the kernel writes lists of ports in its own way.
    let audit = data("audit.json");
    for finding in audit["findings"].as_array().unwrap() {
        let note = finding["message"].as_str().unwrap_or_default();
        assert!(
            finding["status"] == "ok" || finding["rule"] == "sysctl.boot_values" && !note.contains("net."),
            "{finding}"
        );
    }
    assert_eq!(data("undo.json")["changed"], true);
    assert_eq!(text("after"), text("before"));

    // One that the kernel refuses: the others are set, and it is not kept for the next boot.
    assert_eq!(text("refused.code"), "75\n");
    let refused = data("refused.json");
    let row = refused["values"].as_array().unwrap().iter();
    let rows: Vec<_> = row.filter(|row| row["result"] == "refused").collect();
    assert_eq!(
        (rows.len(), &rows[0]["key"]),
        (1, &"net.core.somaxconn".into()),
        "{refused}"
    );
    assert!(!text("refused.conf").contains("somaxconn") && text("refused.conf").contains("tcp_rmem"));
    assert_eq!(text("after-refused"), text("before"));
}
