//! The ssh executor beside a real sshd on this machine; behind it, programs that stand for systemd.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use super::executors::{Programs, assert_starts, count};
use super::{Fleet, data};
use crate::support::ports::{Port, free_ports};
use crate::support::{Engine, foreign, signal};

/// A server that lets one key in.
struct Sshd {
    child: Child,
    /// What it says goes on here.
    said: BufReader<ChildStderr>,
    _port: Port,
}

impl Sshd {
    /// Whoever logs in finds these programs, and what they are told in the environment.
    fn start(dir: &Path, programs: &Programs, fleet: &Fleet) -> Self {
        let [port] = free_ports();
        for key in ["host", "known", "stranger"] {
            let path = dir.join(key);
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(path)
                .status();
            assert!(made.unwrap().success());
        }
        let at = |name: &str| dir.join(name).display().to_string();
        let config = format!(
            "ListenAddress 127.0.0.1\nPort {}\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nPidFile none\n\
             SetEnv PATH={} CALLS={} SANDBOX={}\n",
            port.number,
            at("host"),
            at("known.pub"),
            programs.path(),
            programs.calls().display(),
            fleet.cluster.dir.display(),
        );
        std::fs::write(dir.join("sshd_config"), config).unwrap();
        client_config(dir, port.number);

        let home = foreign("sshd");
        let mut child = Command::new(home.join("usr/sbin/sshd"))
            .args(["-D", "-e", "-f"])
            .arg(dir.join("sshd_config"))
            .env("LD_LIBRARY_PATH", home.join("libraries"))
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let (mut line, mut all) = (String::new(), String::new());
        while !line.contains("Server listening") {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "sshd: {all}");
            all += &line;
        }
        Self {
            child,
            said,
            _port: port,
        }
    }

    /// Ends it; what it said meanwhile.
    fn stop(mut self) -> String {
        signal(self.child.id() as i32, "TERM");
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        self.child.wait().unwrap();
        said
    }
}

/// k1 to k3 lead there; to strangers they have no key, and of impostors another host key is known.
fn client_config(dir: &Path, port: u16) {
    let key_of = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    let known = format!("right {}wrong {}", key_of("host.pub"), key_of("stranger.pub"));
    std::fs::write(dir.join("known_hosts"), known).unwrap();
    let hosts = [
        ("k", "right", "known"),
        ("stranger", "right", "stranger"),
        ("impostor", "wrong", "known"),
    ];
    let mut config = String::new();
    for (host, alias, key) in hosts {
        config += &format!(
            "Host {host}*\n  HostKeyAlias {alias}\n  IdentityFile {}\n",
            dir.join(key).display()
        );
    }
    config += &format!(
        "Host *\n  HostName 127.0.0.1\n  Port {port}\n  IdentitiesOnly yes\n  StrictHostKeyChecking yes\n  UserKnownHostsFile {}\n",
        dir.join("known_hosts").display()
    );
    std::fs::write(dir.join("ssh_config"), config).unwrap();
}

/// The system's ssh, which goes by this configuration instead of the user's.
fn ssh_by(config: &Path) -> String {
    let paths = std::env::var("PATH").unwrap();
    let ssh: PathBuf = std::env::split_paths(&paths)
        .map(|dir| dir.join("ssh"))
        .find(|path| path.exists())
        .unwrap();
    format!("#!/bin/sh\nexec {} -F {} \"$@\"\n", ssh.display(), config.display())
}

fn hosts(name: &str) -> String {
    format!("[defaults]\nhost = \"{name}{{node}}\"\nunit = \"kafka@{{node}}\"\nmeta_properties = \"/meta/{{node}}\"\n")
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn nodes_behind_a_real_sshd_restart_once_each() {
    let fleet = Fleet::three(Engine::Kfleet);
    let dir = tempfile::tempdir().unwrap();
    let there = Programs::new();
    let here = Programs::with(&[("ssh", &ssh_by(&dir.path().join("ssh_config")))]);
    let sshd = Sshd::start(dir.path(), &there, &fleet);
    let over_ssh = ["--executor", "ssh"];

    for (host, why) in [
        ("impostor", "Host key verification failed"),
        ("stranger", "Permission denied (publickey)"),
    ] {
        let ran = here.rolled(&fleet, &hosts(host), &over_ssh, 77);
        let document = ran.json();
        let message = document["error"]["message"].as_str().unwrap();
        assert!(message.contains(why), "{host}: {message}");
    }
    assert_eq!(there.asked(), "", "nobody got in");
    assert_starts(&fleet, 1);

    let ran = here.rolled(&fleet, &hosts("k"), &over_ssh, 0);
    assert_eq!(data(&ran)["state"], "done");
    assert_starts(&fleet, 2);
    let asked = there.asked();
    assert_eq!(
        (
            count(&asked, "sudo -n systemctl stop"),
            count(&asked, "sudo -n systemctl start")
        ),
        (3, 3),
        "{asked}"
    );
    let said = sshd.stop();
    assert!(said.contains("Accepted publickey"), "{said}");

    let ran = here.rolled(&fleet, &hosts("k"), &over_ssh, 77);
    let document = ran.json();
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("Connection refused"), "{message}");
    assert_starts(&fleet, 2);
}
