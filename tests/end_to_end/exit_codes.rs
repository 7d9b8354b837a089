//! The contract with scripts: exit codes, and errors as JSON.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::support::{isolated, kfleet};

/// Every command that reads from a cluster.
const READING: &[&[&str]] = &[
    &["cluster", "id"],
    &["cluster", "describe"],
    &["cluster", "endpoints", "--controllers"],
    &["cluster", "api-versions"],
    &["quorum", "status"],
    &["quorum", "replication"],
    &["features", "describe"],
    &["topics", "list"],
    &["topics", "describe"],
    &["topics", "describe", "t"],
    &["topics", "describe", "--summary"],
    &["topics", "list", "t*"],
    &["configs", "describe", "topic", "t"],
    &["configs", "describe", "broker", "1"],
    &["configs", "diff", "broker"],
    &["configs", "list"],
    &["log-dirs", "describe"],
    &["groups", "list"],
    &["groups", "describe", "g"],
    &["groups", "describe", "--all-groups", "--state"],
    &["groups", "members", "g"],
    &["offsets", "get", "t"],
    &["offsets", "save", "g"],
    &["offsets", "reset", "g", "--to-earliest", "--all-topics", "--dry-run"],
    &["consume", "t"],
    &["acls", "list"],
    &["users", "list"],
    &["quotas", "list"],
    &["tokens", "describe"],
    &["transactions", "list"],
    &["transactions", "find-hanging"],
    &["producers", "describe", "t"],
];

/// What reads from controllers just as well.
const OF_CONTROLLERS: &[&[&str]] = &[
    &["cluster", "id"],
    &["cluster", "endpoints"],
    &["cluster", "api-versions"],
    &["quorum", "status"],
    &["quorum", "replication"],
    &["features", "describe"],
    &["configs", "describe", "topic", "t"],
    &["acls", "list"],
];

/// Those with the flag that names brokers, and those that name controllers with theirs.
fn reading() -> impl Iterator<Item = (&'static [&'static str], &'static str)> {
    let brokers = READING.iter().map(|command| (*command, "--bootstrap-server"));
    brokers.chain(
        OF_CONTROLLERS
            .iter()
            .map(|command| (*command, "--bootstrap-controller")),
    )
}

#[test]
fn nobody_there_is_69() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    for (command, flag) in reading() {
        let ran = kfleet(&[command, &[flag, &address, "--timeout", "2s"][..]].concat()).exits(69);
        assert!(ran.stdout.is_empty(), "{command:?}");
        assert!(ran.stderr.contains(&address), "{command:?}: {}", ran.stderr);
    }
    let ran = kfleet(&["topics", "list", "-o", "json", "-b", &address]).exits(69);
    assert_eq!(ran.json()["schema"], "kfleet/error/1");
    assert_eq!(ran.json()["error"]["code"], 69);
}

#[test]
fn a_mute_server_is_124_within_the_timeout() {
    // It is connected to by the system and never heard by anybody.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    for (command, flag) in reading() {
        let since = Instant::now();
        let ran = kfleet(&[command, &[flag, &address, "--timeout", "200ms"][..]].concat()).exits(124);
        assert!(since.elapsed() < Duration::from_secs(5), "{command:?}");
        assert!(ran.stderr.contains(&address), "{command:?}: {}", ran.stderr);
    }
}

#[test]
fn a_server_that_is_no_broker_is_an_error_and_no_crash() {
    use std::io::{Read as _, Write as _};
    for said in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        &[0xff; 64],
        &[0, 0, 0, 4, 0, 0, 0, 9],
        &[],
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            for stream in listener.incoming().take(1) {
                let mut stream = stream.unwrap();
                let mut request = [0; 64];
                let _some = stream.read(&mut request).unwrap();
                stream.write_all(said).unwrap();
            }
        });
        let ran = kfleet(&["topics", "list", "-b", &address, "--timeout", "5s"]);
        server.join().unwrap();
        assert!([69, 76].contains(&ran.code), "{said:?}: {} {}", ran.code, ran.stderr);
    }
}

#[test]
fn a_wrong_command_line_is_64() {
    for args in [
        &["topics"][..],
        &["no-such-command"],
        &["topics", "list"],
        &["topics", "list", "-b", "nowhere"],
        &["topics", "list", "--timeout", "5"],
        &["sandbox", "--engine", "apache"],
        &["sandbox", "--engine", "kfleet,kfleet"],
        &["sandbox", "--brokers", "0"],
        &["sandbox", "--brokers", "51"],
        &["sandbox", "--controllers", "many"],
        &["sandbox", "--racks", "2"],
        &["sandbox", "--brokers", "3", "--set", "node.id=7"],
        &["sandbox", "--set", "num.partitions"],
    ] {
        kfleet(args).exits(64);
    }
    kfleet(&["--help"]).exits(0);
    kfleet(&["--version"]).exits(0);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let listing = format!("set -o pipefail; {} --help | head -c 1", crate::support::KFLEET);
    let status = isolated("bash").args(["-c", &listing]).output().unwrap();
    assert!(status.status.success(), "{status:?}");
}

#[test]
fn a_command_line_that_makes_no_sense_is_64_in_the_format_that_was_asked_for() {
    let ran = kfleet(&["topics", "frobnicate"]).exits(64);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("frobnicate"));
    let ran = kfleet(&["topics", "frobnicate", "-o", "json"]).exits(64);
    assert_eq!(ran.json()["error"]["kind"], "usage");
    assert_eq!(ran.json()["error"]["code"], 64);
    assert!(kfleet(&["--help"]).exits(0).stdout.contains("Usage:"));
}
