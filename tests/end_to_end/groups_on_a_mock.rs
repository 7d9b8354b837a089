//! What commands on groups and offsets send, and what they make of brokers that do not answer: on a broker that is made
//! up.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::Instant;

use protocol::api::ApiKey;
use serde_json::{Value, json};

use crate::support::kfleet;
use crate::support::mock::{Made, Mock};

/// What changes something.
const WRITES: [ApiKey; 4] = [
    ApiKey::OffsetCommit,
    ApiKey::OffsetDelete,
    ApiKey::DeleteGroups,
    ApiKey::LeaveGroup,
];

fn mock() -> Mock {
    Mock::start(made())
}

fn made() -> Made {
    Made {
        groups: ["g", "h", "busy"].map(str::to_owned).to_vec(),
        with_member: Some("busy".to_owned()),
        streams: Some("streams".to_owned()),
        partitions: 2,
        ..Made::default()
    }
}

fn writes(mock: &Mock) -> Vec<ApiKey> {
    let mut asked = mock.asked();
    assert!(
        asked.contains(&ApiKey::ListGroups),
        "it was not even looked for: {asked:?}"
    );
    asked.retain(|api| WRITES.contains(api));
    asked
}

#[test]
fn a_dry_run_sends_no_write_and_yes_sends_one() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("offsets.csv");
    std::fs::write(&file, "t,0,20\nt,1,30\n").unwrap();
    let file = file.to_str().unwrap();
    let commit = &[ApiKey::OffsetCommit][..];
    for (command, sent) in [
        (&["offsets", "set", "g", "t:0=11"][..], commit),
        (&["offsets", "set", "new", "t:0=11", "--create"], commit),
        (&["offsets", "reset", "g", "--to-earliest", "--all-topics"], commit),
        (&["offsets", "reset", "g", "--to-latest", "--topic", "t:1"], commit),
        (&["offsets", "reset", "g", "--to-offset", "70", "--topic", "t"], commit),
        (&["offsets", "reset", "g", "--shift-by", "-3", "--topic", "t"], commit),
        (
            &["offsets", "reset", "g", "--by-duration", "PT1H", "--topic", "t"],
            commit,
        ),
        (&["offsets", "reset", "g", "--from-file", file], commit),
        (&["offsets", "shift", "g", "--by", "5", "--topic", "t"], commit),
        (&["offsets", "restore", file, "--group", "g"], commit),
        (&["offsets", "copy", "g", "new"], commit),
        (
            &["offsets", "copy", "g", "new", "--delete-source"],
            &[ApiKey::OffsetCommit, ApiKey::DeleteGroups],
        ),
        (&["offsets", "delete", "g", "--all-topics"], &[ApiKey::OffsetDelete]),
        (&["groups", "delete", "g", "h"], &[ApiKey::DeleteGroups]),
        (
            &["offsets", "set", "busy", "t:0=11", "--remove-members"],
            &[ApiKey::LeaveGroup, ApiKey::OffsetCommit],
        ),
    ] {
        let mock = mock();
        let run = |flag: &str| kfleet(&[command, &[flag, "-b", &mock.address, "-o", "json"]].concat()).exits(0);
        let planned = run("--dry-run").data();
        assert_eq!(writes(&mock), [], "{command:?}");
        assert!(rows(&planned).iter().all(|row| row["changed"] == false), "{planned}");
        let done = run("--yes").data();
        assert_eq!(writes(&mock), sent, "{command:?}");
        assert!(rows(&done).iter().any(|row| row["changed"] == true), "{done}");
        if command[0] == "offsets" {
            let new = |rows: &Value| {
                rows.as_array()
                    .unwrap()
                    .iter()
                    .map(|r| r["new_offset"].clone())
                    .collect::<Vec<_>>()
            };
            assert_eq!(new(&planned), new(&done), "the plan is what is done");
        }
    }
}

fn rows(data: &Value) -> Vec<Value> {
    data.as_array().unwrap().clone()
}

#[test]
fn a_group_with_members_is_left_alone_and_so_is_one_nobody_said_yes_to() {
    let mock = mock();
    for command in [
        &["offsets", "set", "busy", "t:0=11", "--yes"][..],
        &["offsets", "set", "busy", "t:0=11", "--dry-run"],
        &["offsets", "set", "busy", "t:0=11", "--yes", "--wait-empty", "50ms"],
        &["groups", "delete", "g", "busy", "--yes"],
        &["offsets", "copy", "busy", "new", "--delete-source", "--yes"],
        // Nobody to ask.
        &["offsets", "set", "g", "t:0=11"],
        &["groups", "delete", "g"],
        &[
            "offsets",
            "set",
            "g",
            "t:0=11",
            "--yes",
            "--expect-cluster-id",
            "another",
        ],
    ] {
        let ran = kfleet(&[command, &["-b", &mock.address]].concat()).exits(77);
        assert_eq!(writes(&mock), [], "{command:?}");
        assert!(
            ran.stderr.contains("m-1") != command.contains(&"g") || command.contains(&"busy"),
            "{}",
            ran.stderr
        );
    }
    // What stands where it is to stand needs no yes.
    let same = ["offsets", "set", "g", "t:0=50", "-o", "json", "-b", &mock.address];
    assert_eq!(kfleet(&same).exits(0).data()[0]["changed"], false);
    assert_eq!(writes(&mock), []);
}

#[test]
fn what_one_broker_does_not_answer_is_named_in_the_same_document_as_the_rest() {
    // It is connected to by the system and never heard by anybody.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let mock = Mock::start(Made {
        groups: vec!["g".to_owned()],
        partitions: 2,
        other: Some(mute.local_addr().unwrap().to_string()),
        ..Made::default()
    });
    let flags = ["-b", &mock.address, "--timeout", "400ms", "-o"];
    let run = |command: &[&str], format: &str| kfleet(&[command, &flags, &[format]].concat()).exits(124);
    let since = Instant::now();
    for (command, what, found) in [
        (&["groups", "list"][..], "broker 2", json!(["g"])),
        (&["offsets", "get", "t"], "t-1", json!(["t"])),
    ] {
        let document = run(command, "json").json();
        let names = document["data"].as_array().unwrap().iter().map(|row| {
            let name = if row["group"].is_null() {
                &row["topic"]
            } else {
                &row["group"]
            };
            name.clone()
        });
        assert_eq!(Value::Array(names.collect()), found, "{document}");
        let errors = document["errors"].as_array().unwrap();
        assert_eq!(
            (errors.len(), &errors[0]["what"], &errors[0]["code"]),
            (1, &json!(what), &json!(124))
        );
        let ran = run(command, "table");
        assert!(ran.lines().len() == 2 && ran.stderr.contains(what), "{ran:?}");
        let lines = run(command, "ndjson");
        let last: Value = serde_json::from_str(lines.lines()[1]).unwrap();
        assert_eq!(
            (&last["schema"], &last["error"]["what"]),
            (&json!("kfleet/error/1"), &json!(what))
        );
    }
    // One of its own that is not there may be there on the silent one.
    let ran = run(&["groups", "describe", "--all-groups"], "json").json();
    assert_eq!(ran["data"][0]["committed_offset"], 50);
    assert!(
        ran["errors"]
            .as_array()
            .unwrap()
            .iter()
            .any(|e| e["what"] == "broker 2"),
        "{ran}"
    );
    // Nothing is changed by half a knowledge.
    let reset = ["offsets", "reset", "g", "--to-latest", "--topic", "t", "--yes"];
    run(&reset, "json");
    assert_eq!(writes(&mock), []);
    assert!(since.elapsed().as_secs() < 20);
}

#[test]
fn what_the_coordinator_refuses_is_told_partition_by_partition() {
    const TOO_LARGE: i16 = 28;
    const UNKNOWN_MEMBER: i16 = 25;
    let mock = Mock::start(Made {
        refused: BTreeMap::from([(1, TOO_LARGE)]),
        ..made()
    });
    let set = ["offsets", "set", "g", "t:0=11", "t:1=12", "--yes", "-o", "json"];
    let ran = kfleet(&[&set[..], &["-b", &mock.address]].concat()).exits(76).json();
    let seen: Vec<_> = rows(&ran["data"])
        .iter()
        .map(|row| (row["changed"] == true, row["error"].is_null()))
        .collect();
    assert_eq!(seen, [(true, true), (false, false)], "{ran}");
    assert_eq!(
        (rows(&ran["errors"]).len(), &ran["errors"][0]["what"]),
        (1, &json!("t-1"))
    );
    // A member that came after the look at them, and one that left right after.
    let busy = Mock::start(Made {
        refused: BTreeMap::from([(0, UNKNOWN_MEMBER)]),
        ..made()
    });
    let set = ["offsets", "set", "g", "t:0=11", "--yes", "-b", &busy.address];
    let ran = kfleet(&set).exits(76);
    assert!(ran.stderr.contains("UnknownMemberId"), "{}", ran.stderr);
}

#[test]
fn members_that_come_back_after_they_were_removed_are_75() {
    let mock = Mock::start(Made {
        comes_back: true,
        ..made()
    });
    let set = [
        "offsets",
        "set",
        "busy",
        "t:0=11",
        "--remove-members",
        "--yes",
        "-o",
        "json",
    ];
    let ran = kfleet(&[&set[..], &["-b", &mock.address, "--timeout", "2s"]].concat())
        .exits(75)
        .json();
    assert_eq!(
        (&ran["data"][0]["changed"], &ran["errors"][0]["kind"]),
        (&json!(false), &json!("interrupted"))
    );
    assert!(ran["errors"][0]["message"].as_str().unwrap().contains("m-1"), "{ran}");
    assert_eq!(writes(&mock), [ApiKey::LeaveGroup]);
}

#[test]
fn of_a_streams_group_offsets_are_told_and_its_members_keep_it_from_changes() {
    let mock = mock();
    let ran = kfleet(&["groups", "describe", "streams", "-o", "json", "-b", &mock.address])
        .exits(0)
        .json();
    assert_eq!(
        (&ran["data"][1]["type"], &ran["data"][1]["lag"]),
        (&json!("streams"), &json!(50))
    );
    assert!(
        ran["warnings"][0].as_str().unwrap().contains("members are not told"),
        "{ran}"
    );
    let state = [
        "groups",
        "describe",
        "streams",
        "--state",
        "-o",
        "json",
        "-b",
        &mock.address,
    ];
    assert_eq!(kfleet(&state).exits(0).data()[0]["members"], Value::Null);
    for flag in ["--dry-run", "--remove-members", "--yes"] {
        let set = ["offsets", "set", "streams", "t:0=11", flag, "-b", &mock.address];
        let ran = kfleet(&set).exits(77);
        assert!(ran.stderr.contains("group streams is Stable"), "{}", ran.stderr);
    }
    assert_eq!(writes(&mock), []);
}

#[test]
fn patterns_stand_for_groups_and_for_none_they_are_an_error() {
    let mock = mock();
    let on = |args: &[&str]| kfleet(&[args, &["-o", "json", "-b", &mock.address]].concat());
    let names = |data: &Value| rows(data).iter().map(|row| row["group"].clone()).collect::<Vec<_>>();
    assert_eq!(
        names(&on(&["groups", "list", "?", "bu*"]).exits(0).data()),
        ["busy", "g", "h"]
    );
    assert_eq!(on(&["groups", "list", "nobody*"]).exits(0).data(), json!([]));
    let state = on(&["groups", "describe", "--state", "?", "g"]).exits(0).data();
    assert_eq!(names(&state), ["g", "h"], "each once");
    let none = on(&["groups", "describe", "nobody*"]).exits(66);
    assert!(
        none.stdout.contains("no group has a name like nobody*"),
        "{}",
        none.stdout
    );
    on(&["groups", "delete", "nobody*", "--yes"]).exits(66);
    let plan = on(&["groups", "delete", "nobody*", "--if-exists", "--yes"])
        .exits(0)
        .data();
    assert_eq!(plan, json!([]));
    // What a pattern reaches has members: nothing is deleted.
    on(&["groups", "delete", "?", "bus?", "--yes"]).exits(77);
    assert_eq!(writes(&mock), []);
    let deleted = on(&["groups", "delete", "?", "--yes"]).exits(0).data();
    assert_eq!(names(&deleted), ["g", "h"]);
    assert_eq!(writes(&mock), [ApiKey::DeleteGroups]);
}

#[test]
fn nothing_is_wrong_with_thousands_of_groups() {
    let groups: Vec<String> = (0..2_000).map(|at| format!("group-{at:04}")).collect();
    let mock = Mock::start(Made {
        groups,
        partitions: 25,
        ..Made::default()
    });
    let since = Instant::now();
    let described = kfleet(&["groups", "describe", "--all-groups", "-o", "json", "-b", &mock.address]).exits(0);
    say!("50,000 rows of 2,000 groups in {:?}", since.elapsed());
    let rows = described.data();
    assert_eq!(rows.as_array().unwrap().len(), 50_000);
    assert_eq!(
        (&rows[49_999]["group"], &rows[49_999]["lag"]),
        (&json!("group-1999"), &json!(50))
    );
    // One request for all of them, not one for each.
    let asked = mock.asked();
    assert!(asked.len() < 20, "{asked:?}");
}
