//! What commands on ACLs, users, quotas, tokens and transactions send, and what they never tell: on a broker that is made up.

use protocol::api::ApiKey;
use serde_json::{Value, json};

use crate::support::mock::{Made, Mock};
use crate::support::mock_access::{HMAC_TEXT, KNOWN, UNKNOWN};
use crate::support::{KFLEET, Ran, isolated, kfleet, run_with_input};

/// What changes something.
const WRITES: [ApiKey; 9] = [
    ApiKey::CreateAcls,
    ApiKey::DeleteAcls,
    ApiKey::AlterUserScramCredentials,
    ApiKey::AlterClientQuotas,
    ApiKey::CreateDelegationToken,
    ApiKey::RenewDelegationToken,
    ApiKey::ExpireDelegationToken,
    ApiKey::WriteTxnMarkers,
    ApiKey::InitProducerId,
];

const PASSWORD: &str = "pa=ss\"w\\ord-7c1d9a40";

fn mock() -> Mock {
    Mock::start(Made {
        partitions: 2,
        ..Made::default()
    })
}

fn writes(mock: &Mock) -> Vec<ApiKey> {
    let mut asked = mock.asked();
    assert!(asked.contains(&ApiKey::Metadata), "nobody came: {asked:?}");
    asked.retain(|api| WRITES.contains(api));
    asked
}

/// Runs with a password on stdin, with everything told that can be told.
fn run(mock: &Mock, command: &[&str], flags: &[&str]) -> Ran {
    let mut line = isolated(KFLEET);
    line.args(command).args(flags).args(["-b", &mock.address, "-vv"]);
    run_with_input(line.env("RUST_LOG", "trace"), &format!("{PASSWORD}\n"))
}

/// Every command that changes something, and what it sends.
fn changes(file: &str) -> Vec<(Vec<&str>, &'static [ApiKey])> {
    let line = |text: &'static str| text.split(' ').collect::<Vec<_>>();
    vec![
        (
            line("acls create --allow-principal User:carol --operation read --topic t"),
            &[ApiKey::CreateAcls],
        ),
        (line("acls delete --principal User:bob"), &[ApiKey::DeleteAcls]),
        (line("acls delete --all"), &[ApiKey::DeleteAcls]),
        (vec!["acls", "apply", file], &[ApiKey::CreateAcls]),
        (
            vec!["acls", "apply", file, "--prune"],
            &[ApiKey::CreateAcls, ApiKey::DeleteAcls],
        ),
        (
            line("users set alice --password-file -"),
            &[ApiKey::AlterUserScramCredentials],
        ),
        (
            line("users set new --password-file - --mechanism scram-sha-256,SCRAM-SHA-512"),
            &[ApiKey::AlterUserScramCredentials; 2],
        ),
        (line("users delete alice bob"), &[ApiKey::AlterUserScramCredentials; 2]),
        (
            line("quotas set --user alice producer_byte_rate=2000"),
            &[ApiKey::AlterClientQuotas],
        ),
        (line("quotas unset --user alice --all"), &[ApiKey::AlterClientQuotas]),
        (
            line("tokens create --owner User:alice"),
            &[ApiKey::CreateDelegationToken],
        ),
        (line("tokens renew the-token"), &[ApiKey::RenewDelegationToken]),
        (line("tokens expire the-token"), &[ApiKey::ExpireDelegationToken]),
        (
            line("transactions abort --topic t --partition 0 --start-offset 9"),
            &[ApiKey::WriteTxnMarkers],
        ),
        (
            line("transactions abort --topic t --partition 0 --producer-id 7 --force"),
            &[ApiKey::WriteTxnMarkers],
        ),
        (
            line("transactions abort --transactional-id shop"),
            &[ApiKey::InitProducerId],
        ),
    ]
}

/// A file with an ACL that is not there, and without those that are.
fn acls_file(dir: &tempfile::TempDir) -> String {
    let path = dir.path().join("acls.json");
    let acl = json!({
        "resource_type": "group", "resource": "g", "pattern_type": "prefixed", "principal": "User:carol",
        "host": "*", "operation": "read", "permission": "allow",
    });
    std::fs::write(&path, json!({ "data": [acl] }).to_string()).unwrap();
    path.display().to_string()
}

fn has_changed(data: &Value) -> bool {
    match data {
        Value::Array(rows) => rows.iter().any(|row| row["changed"] == true),
        one => one["changed"] == true,
    }
}

#[test]
fn a_dry_run_sends_no_write_and_yes_sends_one() {
    let dir = tempfile::tempdir().unwrap();
    let file = acls_file(&dir);
    for (command, sent) in changes(&file) {
        let mock = mock();
        let planned = run(&mock, &command, &["--dry-run", "-o", "json"]).exits(0).data();
        assert_eq!(writes(&mock), [], "{command:?}");
        assert!(!has_changed(&planned), "{command:?}: {planned}");
        let done = run(&mock, &command, &["--yes", "-o", "json"]).exits(0).data();
        assert_eq!(writes(&mock), sent, "{command:?}");
        assert!(has_changed(&done), "{command:?}: {done}");
    }
}

#[test]
fn without_a_yes_or_on_another_cluster_nothing_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let file = acls_file(&dir);
    for (command, _) in changes(&file) {
        let mock = mock();
        let ran = run(&mock, &command, &[]).exits(77);
        assert!(ran.stderr.contains("--yes"), "{command:?}: {}", ran.stderr);
        let other = run(&mock, &command, &["--yes", "--expect-cluster-id", "another"]).exits(77);
        assert!(other.stderr.contains("another was expected"), "{}", other.stderr);
        assert_eq!(writes(&mock), [], "{command:?}");
    }
}

#[test]
fn no_secret_is_told_or_sent_but_the_hmac_of_a_token_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = acls_file(&dir);
    for format in ["table", "wide", "json", "ndjson"] {
        for (command, _) in changes(&file) {
            let mock = mock();
            for flags in [&["--dry-run"][..], &["--yes"], &["--yes", "--quiet"]] {
                let ran = run(&mock, &command, &[flags, &["-o", format]].concat()).exits(0);
                let creates = command[1] == "create" && command[0] == "tokens" && flags[0] == "--yes";
                let told = ran.stdout.matches(HMAC_TEXT).count();
                assert_eq!(told, usize::from(creates), "{command:?} {flags:?}: {}", ran.stdout);
                assert!(!ran.stderr.contains(HMAC_TEXT), "{command:?}: {}", ran.stderr);
                for text in [&ran.stdout, &ran.stderr] {
                    assert!(
                        !text.contains(PASSWORD) && !text.contains("7c1d9a40"),
                        "{command:?}: {text}"
                    );
                }
            }
            let heard = mock.heard();
            assert!(
                !heard.windows(8).any(|bytes| bytes == b"7c1d9a40"),
                "a password has left: {command:?}"
            );
        }
    }
    let mock = mock();
    for command in [
        &["tokens", "describe", "-o", "wide"][..],
        &["tokens", "list", "-o", "json"],
        &["users", "list", "-o", "json"],
    ] {
        let ran = run(&mock, command, &[]).exits(0);
        assert!(
            !format!("{}{}", ran.stdout, ran.stderr).contains(HMAC_TEXT),
            "{command:?}"
        );
    }
    // No flag takes a password.
    for flag in ["--password", "--hmac"] {
        kfleet(&["users", "set", "alice", flag, "x", "-b", &mock.address]).exits(64);
        kfleet(&["tokens", "renew", flag, "x", "-b", &mock.address]).exits(64);
    }
}

#[test]
fn what_stands_as_it_is_to_needs_no_yes() {
    let mock = mock();
    for command in [
        &[
            "acls",
            "create",
            "--allow-principal",
            "User:bob",
            "--operation",
            "read",
            "--topic",
            "t",
        ][..],
        &["acls", "delete", "--principal", "User:nobody", "--if-exists"],
        &["users", "delete", "nobody", "--if-exists"],
        &["quotas", "set", "--user", "alice", "producer_byte_rate=1000"],
        &["quotas", "unset", "--user", "alice", "consumer_byte_rate"],
    ] {
        let data = run(&mock, command, &["-o", "json"]).exits(0).data();
        assert!(!has_changed(&data), "{command:?}: {data}");
    }
    assert_eq!(writes(&mock), []);
}

#[test]
fn what_is_refused_in_part_is_named_and_keeps_others_from_being_deleted() {
    const POLICY_VIOLATION: i16 = 44;
    let mock = Mock::start(Made {
        refused_principal: Some(("User:carol".to_owned(), POLICY_VIOLATION)),
        ..Made::default()
    });
    let create = [
        "acls",
        "create",
        "--allow-principal",
        "User:carol",
        "--allow-principal",
        "User:dave",
        "--operation",
        "read",
        "--topic",
        "t",
        "--yes",
    ];
    let ran = run(&mock, &create, &["-o", "json"]).exits(76).json();
    let seen: Vec<_> = ran["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["principal"], &row["changed"], row["error"].is_null()))
        .collect();
    assert_eq!(
        seen,
        [
            (&json!("User:carol"), &json!(false), false),
            (&json!("User:dave"), &json!(true), true)
        ]
    );
    let errors = ran["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0]["what"]
            .as_str()
            .unwrap()
            .contains("allow read for User:carol"),
        "{ran}"
    );
    let table = run(&mock, &create, &[]).exits(76);
    assert!(
        table.stderr.contains("PolicyViolation") && table.lines().len() == 3,
        "{table:?}"
    );
    writes(&mock);
    let dir = tempfile::tempdir().unwrap();
    let file = acls_file(&dir);
    let apply = ["acls", "apply", &file, "--prune", "--yes"];
    let ran = run(&mock, &apply, &["-o", "json"]).exits(76).json();
    assert_eq!(writes(&mock), [ApiKey::CreateAcls]);
    assert!(
        ran["warnings"][0].as_str().unwrap().contains("none was deleted"),
        "{ran}"
    );
    let user = Mock::start(Made {
        refused_principal: Some(("bob".to_owned(), POLICY_VIOLATION)),
        ..Made::default()
    });
    let ran = run(&user, &["users", "delete", "alice", "bob", "--yes"], &["-o", "json"]).exits(76);
    let rows = ran.data();
    let changed: Vec<_> = rows.as_array().unwrap().iter().map(|row| &row["changed"]).collect();
    assert_eq!(changed, [&json!(true), &json!(true), &json!(false)], "{rows}");
    assert_eq!(ran.json()["errors"][0]["what"], "SCRAM-SHA-512 of user bob");
}

#[test]
fn what_hangs_is_what_no_coordinator_knows_and_the_rest_is_not_aborted() {
    let mock = mock();
    let found = run(&mock, &["transactions", "find-hanging"], &["-o", "json"])
        .exits(0)
        .data();
    let rows = found.as_array().unwrap();
    assert_eq!(rows.len(), 1, "{found}");
    assert_eq!(
        (
            &rows[0]["producer_id"],
            &rows[0]["start_offset"],
            &rows[0]["transactional_id"]
        ),
        (&json!(UNKNOWN), &json!(9), &Value::Null)
    );
    // Nothing is as old as this.
    let none = ["transactions", "find-hanging", "--max-transaction-timeout", "9999999h"];
    assert_eq!(run(&mock, &none, &["-o", "json"]).exits(0).data(), json!([]));
    let known = KNOWN.to_string();
    let abort = [
        "transactions",
        "abort",
        "--topic",
        "t",
        "--partition",
        "0",
        "--producer-id",
        &known,
    ];
    for flag in ["--yes", "--dry-run"] {
        let ran = run(&mock, &abort, &[flag]).exits(77);
        assert!(
            ran.stderr.contains("Ongoing under transactional id shop")
                && ran.stderr.contains("--transactional-id shop"),
            "{}",
            ran.stderr
        );
    }
    let wrong = [
        "transactions",
        "abort",
        "--topic",
        "t",
        "--partition",
        "0",
        "--start-offset",
        "8",
        "--yes",
    ];
    let ran = run(&mock, &wrong, &[]).exits(66);
    assert!(ran.stderr.contains("at 9, of producer 8"), "{}", ran.stderr);
    assert_eq!(writes(&mock), []);
}

#[test]
fn what_is_not_there_is_66_with_what_is_like_it() {
    let mock = mock();
    for (command, hint) in [
        (
            &["acls", "delete", "--principal", "User:alise", "--yes"][..],
            "did you mean User:alice?",
        ),
        (&["users", "describe", "alic"], "did you mean alice?"),
        (&["users", "delete", "alic", "--yes"], "did you mean alice?"),
        (&["quotas", "describe", "--user", "alic"], "did you mean alice?"),
        (&["tokens", "renew", "the-tokem", "--yes"], "did you mean the-token?"),
        (&["tokens", "expire", "the-tokem", "--yes"], "did you mean the-token?"),
        (&["transactions", "describe", "shoq"], "did you mean shop?"),
        (
            &["transactions", "abort", "--transactional-id", "shoq", "--yes"],
            "did you mean shop?",
        ),
        (&["producers", "describe", "tt"], "did you mean t?"),
        (&["producers", "describe", "t", "--partition", "7"], "no partition 7"),
        (&["producers", "describe", "t", "--broker", "7"], "broker 7"),
        (&["transactions", "find-hanging", "--topic", "tt"], "did you mean t?"),
        (&["acls", "apply", "/nowhere.json", "--yes"], "does not exist"),
    ] {
        let ran = run(&mock, command, &[]).exits(66);
        assert!(ran.stderr.contains(hint), "{command:?}: {}", ran.stderr);
    }
    // What is there is told all the same.
    let both = run(&mock, &["users", "describe", "alice", "alic"], &["-o", "json"])
        .exits(66)
        .json();
    assert_eq!(both["data"].as_array().unwrap().len(), 2, "{both}");
    assert_eq!(both["errors"][0]["what"], "user alic");
    assert_eq!(writes(&mock), []);
}

#[test]
fn tables_and_json_are_as_they_were() {
    let mock = mock();
    for (command, table) in [
        (
            &["acls", "list"][..],
            "TYPE   RESOURCE  PATTERN  PRINCIPAL   HOST  OPERATION  PERMISSION\n\
             topic  t         literal  User:alice  *     read       allow\n\
             topic  t         literal  User:bob    *     read       allow\n",
        ),
        (
            &["users", "list"],
            "USER   MECHANISM      ITERATIONS\n\
             alice  SCRAM-SHA-256  4096\n\
             alice  SCRAM-SHA-512  4096\n\
             bob    SCRAM-SHA-512  4096\n",
        ),
        (
            &["quotas", "list"],
            "USER       CLIENT-ID  IP  KEY                 VALUE\n\
             <default>  -          -   producer_byte_rate  500.5\n\
             alice      -          -   producer_byte_rate  1000\n",
        ),
        (
            &["tokens", "describe"],
            "TOKEN-ID   OWNER       EXPIRES               ENDS\n\
             the-token  User:alice  1970-01-01T00:00:01Z  1970-01-01T00:00:09Z\n",
        ),
        (
            &["transactions", "list"],
            "TRANSACTIONAL-ID  COORDINATOR  PRODUCER-ID  STATE\n\
             shop              1            7            Ongoing\n",
        ),
        (
            &["producers", "describe", "t"],
            "TOPIC  PARTITION  PRODUCER-ID  EPOCH  SEQUENCE  LAST                  OPEN-FROM\n\
             t      0          6            0      0         -                     -\n\
             t      0          7            0      0         1970-01-01T00:00:00Z  5\n\
             t      0          8            0      0         1970-01-01T00:00:00Z  9\n",
        ),
    ] {
        let ran = kfleet(&[command, &["-b", &mock.address]].concat()).exits(0);
        assert_eq!(ran.stdout, table, "{command:?}");
        let json = kfleet(&[command, &["-b", &mock.address, "-o", "json"]].concat())
            .exits(0)
            .json();
        let schema = json["schema"]
            .as_str()
            .unwrap()
            .trim_start_matches("kfleet/")
            .to_owned();
        kfleet(&["schema", &schema]).exits(0);
    }
}
