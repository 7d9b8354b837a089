//! What commands on topics, settings, leaders and log directories send, and what they make of brokers that refuse or do
//! not answer: on a broker that is made up.

use std::collections::BTreeSet;
use std::net::TcpListener;

use protocol::api::ApiKey;
use serde_json::{Value, json};

use crate::support::admin_mock::{AdminMock, Made, Write};
use crate::support::kfleet;

/// Commands that change something, and what they send.
const CHANGING: &[(&[&str], ApiKey)] = &[
    (&["topics", "create", "new"], ApiKey::CreateTopics),
    (
        &["topics", "create", "new", "t", "--if-not-exists"],
        ApiKey::CreateTopics,
    ),
    (
        &["topics", "create", "new", "--replica-assignment", "1:2"],
        ApiKey::CreateTopics,
    ),
    (&["topics", "alter", "t", "--partitions", "4"], ApiKey::CreatePartitions),
    (
        &["topics", "alter", "t", "--replica-assignment", "1:2,1:2,2:1"],
        ApiKey::CreatePartitions,
    ),
    (&["topics", "delete", "u"], ApiKey::DeleteTopics),
    (&["topics", "delete", "[tu]", "--regex"], ApiKey::DeleteTopics),
    (&["topics", "records-delete", "t:1=20"], ApiKey::DeleteRecords),
    (&["topics", "records-delete", "t:1=-1", "u:0=5"], ApiKey::DeleteRecords),
    (
        &["configs", "set", "topic", "t", "--set", "retention.ms=1"],
        ApiKey::IncrementalAlterConfigs,
    ),
    (
        &["configs", "set", "topic", "*", "--append", "cleanup.policy=compact"],
        ApiKey::IncrementalAlterConfigs,
    ),
    (
        &["configs", "set", "broker", "--add-config", "num.io.threads=4"],
        ApiKey::IncrementalAlterConfigs,
    ),
    (
        &["configs", "set", "broker", "1", "--set", "num.io.threads=4"],
        ApiKey::IncrementalAlterConfigs,
    ),
    (
        &["configs", "set", "broker-logger", "1", "--set", "root=DEBUG"],
        ApiKey::IncrementalAlterConfigs,
    ),
    (
        &[
            "configs",
            "set",
            "group",
            "g",
            "--set",
            "consumer.session.timeout.ms=46000",
        ],
        ApiKey::IncrementalAlterConfigs,
    ),
    (
        &["configs", "set", "client-metrics", "new", "--set", "interval.ms=1000"],
        ApiKey::IncrementalAlterConfigs,
    ),
    (
        &[
            "configs",
            "set",
            "client-metrics",
            "--generate-name",
            "--set",
            "metrics=*",
        ],
        ApiKey::IncrementalAlterConfigs,
    ),
    (
        &["configs", "unset", "topic", "t", "--key", "segment.ms"],
        ApiKey::IncrementalAlterConfigs,
    ),
    (
        &["configs", "unset", "client-metrics", "known", "--all"],
        ApiKey::IncrementalAlterConfigs,
    ),
    (&["leaders", "elect", "--topic", "t"], ApiKey::ElectLeaders),
];

/// What was really to be changed.
fn changes(mock: &AdminMock) -> Vec<ApiKey> {
    let writes = mock.writes().into_iter();
    writes
        .filter(|write| !write.validate_only)
        .map(|write| write.api)
        .collect()
}

fn rows(data: &Value) -> Vec<Value> {
    data.as_array().unwrap().clone()
}

#[test]
fn a_dry_run_sends_no_write_and_yes_sends_one() {
    for (command, sent) in CHANGING {
        let mock = AdminMock::start(Made::default());
        let run = |flags: &[&str]| kfleet(&[command, flags, &["-b", &mock.address, "-o", "json"]].concat());
        let planned = run(&["--dry-run"]).exits(0).data();
        assert_eq!(changes(&mock), [], "{command:?}");
        assert!(!rows(&planned).is_empty(), "{command:?} plans nothing");
        assert!(rows(&planned).iter().all(|row| row["changed"] == false), "{planned}");
        for refused in [&[][..], &["--yes", "--expect-cluster-id", "another"]] {
            run(refused).exits(77);
            assert_eq!(changes(&mock), [], "{command:?} {refused:?}");
        }
        let done = run(&["--yes", "--expect-cluster-id", "mock-cluster"]).exits(0).data();
        assert_eq!(changes(&mock), [*sent], "{command:?}");
        assert!(rows(&done).iter().any(|row| row["changed"] == true), "{done}");
        assert!(!done.to_string().contains("hunter2"), "{done}");
    }
}

#[test]
fn what_is_as_it_is_to_be_is_not_sent_and_needs_no_yes() {
    let mock = AdminMock::start(Made::default());
    for command in [
        &["topics", "create", "t", "--if-not-exists"][..],
        &["topics", "alter", "t", "--partitions", "2"],
        &["topics", "delete", "gone", "x*", "--if-exists"],
        &["topics", "records-delete", "t:1=10"],
        &["configs", "set", "topic", "t", "--set", "segment.ms=50000"],
        &["configs", "unset", "topic", "t", "--key", "retention.ms"],
        &["leaders", "elect", "--topic", "u"],
    ] {
        let ran = kfleet(&[command, &["-b", &mock.address, "-o", "json"]].concat()).exits(0);
        assert!(
            rows(&ran.data()).iter().all(|row| row["changed"] == false),
            "{}",
            ran.stdout
        );
        assert_eq!(changes(&mock), [], "{command:?}");
    }
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_sent() {
    let mock = AdminMock::start(Made::default());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("b.properties");
    std::fs::write(&file, "# a broker's\nbroker.rack=r1\n").unwrap();
    let file = file.to_str().unwrap();
    for (command, code, said) in [
        (&["topics", "create", "t", "t"][..], 64, "t is named twice"),
        (&["topics", "create", "new", "--replica-assignment", "1:1"], 64, "twice"),
        (&["topics", "create", "new", "t"], 76, "--if-not-exists"),
        (&["topics", "delete", "tt", "u"], 66, "did you mean t"),
        (&["topics", "alter", "t", "--partitions", "0"], 64, "0"),
        (
            &["topics", "records-delete", "t:1=101"],
            64,
            "past its high watermark, 100",
        ),
        (&["topics", "records-delete", "t:7=1"], 66, "has no partition 7"),
        (
            &["topics", "records-delete", "--offset-json-file", "/nowhere"],
            66,
            "/nowhere",
        ),
        (
            &["configs", "set", "topic", "t", "--set", "retension.ms=1"],
            64,
            "did you mean retention.ms?",
        ),
        (
            &["configs", "set", "topic", "tt", "--set", "retention.ms=1"],
            66,
            "did you mean t",
        ),
        (
            &["configs", "set", "broker", "1", "--set", "broker.rack=1"],
            64,
            "in the broker's file",
        ),
        (
            &["configs", "set", "broker", "1", "--add-config-file", file],
            65,
            "line 2: broker.rack",
        ),
        (
            &["configs", "set", "broker", "--set", "listeners=a"],
            64,
            "one broker at a time",
        ),
        (
            &["configs", "set", "broker", "9", "--set", "num.io.threads=1"],
            66,
            "brokers that are alive: 1",
        ),
        (
            &["configs", "set", "broker", "one", "--set", "num.io.threads=1"],
            64,
            "no broker's id",
        ),
        (&["configs", "unset", "client-metrics", "knon", "--all"], 66, "known"),
        (
            &["configs", "set", "topic", "--set", "retention.ms=1"],
            64,
            "which topic",
        ),
    ] {
        let ran = kfleet(&[command, &["--yes", "-b", &mock.address]].concat()).exits(code);
        assert!(ran.stderr.contains(said), "{command:?}: {}", ran.stderr);
        assert_eq!(changes(&mock), [], "{command:?}");
    }
}

#[test]
fn a_part_that_is_refused_is_named_beside_what_was_done() {
    let mock = || {
        AdminMock::start(Made {
            refused: BTreeSet::from(["u".to_owned()]),
            ..Made::default()
        })
    };
    let set = ["configs", "set", "topic", "*", "--set", "retention.ms=1", "--yes"];
    let run = |flags: &[&str]| kfleet(&[&set[..], flags, &["-b", &mock().address]].concat()).exits(76);
    let ran = run(&["-o", "json"]);
    let document = ran.json();
    let told = rows(&document["data"]);
    let told: Vec<_> = told
        .iter()
        .map(|row| (&row["entity"], &row["changed"], row["error"].is_null()))
        .collect();
    assert_eq!(
        told,
        [(&json!("t"), &json!(true), true), (&json!("u"), &json!(false), false)]
    );
    assert_eq!(document["errors"][0]["what"], "topic u");
    let ran = run(&[]);
    assert!(
        ran.stderr
            .contains("error: topic u: a policy of the cluster forbids it (PolicyViolation)")
            && ran.stdout.contains("done"),
        "{ran:?}"
    );
}

/// One that is refused for another reason beside it makes it 76.
#[test]
fn who_has_no_right_gets_78_in_words() {
    let denied = || {
        AdminMock::start(Made {
            denied: ["t", "new", "newer"].map(str::to_owned).into(),
            ..Made::default()
        })
    };
    for (command, code) in [
        (&["topics", "create", "new"][..], 78),
        (&["topics", "create", "new", "newer"], 78),
        (&["topics", "create", "new", "u"], 76),
        (&["topics", "alter", "t", "--partitions", "4"], 78),
        (&["topics", "delete", "t"], 78),
    ] {
        for format in ["table", "json"] {
            let mock = denied();
            let ran = kfleet(&[command, &["--yes", "-o", format, "-b", &mock.address]].concat()).exits(code);
            let said = ran.stdout + &ran.stderr;
            let words = "this user has no right to do it with the topic (TopicAuthorizationFailed)";
            assert!(said.contains(words), "{command:?}: {said}");
        }
    }
}

#[test]
fn the_request_timeout_of_a_client_properties_reaches_the_broker() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("client.properties");
    std::fs::write(&file, "request.timeout.ms=4000\n").unwrap();
    let file = file.to_str().unwrap();
    for command in [
        &["topics", "create", "new"][..],
        &["topics", "alter", "t", "--partitions", "4"],
        &["topics", "delete", "u"],
        &["topics", "records-delete", "t:1=20"],
        &["leaders", "elect", "--topic", "t"],
    ] {
        for (flags, range) in [(&[][..], 2_000..4_001), (&["--timeout", "9s"], 5_000..9_001)] {
            let mock = AdminMock::start(Made::default());
            let common = ["--command-config", file, "--yes", "-b", &mock.address];
            kfleet(&[command, flags, &common].concat()).exits(0);
            let timeouts: Vec<i32> = mock.writes().iter().map(|write: &Write| write.timeout_ms).collect();
            assert!(
                !timeouts.is_empty() && timeouts.iter().all(|timeout| range.contains(timeout)),
                "{command:?} {flags:?}: {timeouts:?}"
            );
        }
    }
}

#[test]
fn a_broker_that_does_not_answer_and_a_directory_that_failed_are_named() {
    // It is connected to by the system and never heard by anybody.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let mock = AdminMock::start(Made {
        other: Some(mute.local_addr().unwrap().to_string()),
        has_failed_dir: true,
        ..Made::default()
    });
    let run = |args: &[&str], flags: &[&str]| {
        let common = ["-b", &mock.address, "--timeout", "500ms"];
        kfleet(&[args, flags, &common].concat())
    };
    let document = run(&["log-dirs", "describe"], &["-o", "json"]).exits(124).json();
    let dirs: Vec<_> = rows(&document["data"])
        .iter()
        .map(|row| (row["broker"].clone(), row["log_dir"].clone(), row["error"].clone()))
        .collect();
    assert_eq!(
        dirs,
        [
            (json!(1), json!("/a"), json!(null)),
            (json!(1), json!("/b"), json!("KafkaStorageError"))
        ]
    );
    assert_eq!(document["errors"][0]["what"], "broker 2");
    assert!(
        document["warnings"][0].as_str().unwrap().contains("/b of broker 1"),
        "{document}"
    );
    // Of the one that answers all is known.
    let ran = run(&["log-dirs", "describe", "--brokers", "1", "--replicas"], &[]).exits(0);
    assert_eq!(ran.lines().len(), 2, "{ran:?}");
    let diff = run(&["configs", "diff", "broker"], &["-o", "json"]).exits(124).json();
    assert_eq!(diff["errors"][0]["what"], "broker 2");
    let ran = run(&["log-dirs", "describe", "--brokers", "1,7"], &[]).exits(66);
    assert!(ran.stderr.contains("broker 7 does not exist"), "{}", ran.stderr);
}

#[test]
fn clusters_that_tell_of_client_metrics_only_say_so() {
    let old = AdminMock::start(Made {
        list_version: 0,
        ..Made::default()
    });
    let list = |mock: &AdminMock, types: &[&str]| {
        kfleet(&[&["configs", "list"], types, &["-o", "json", "-b", &mock.address]].concat())
    };
    let known = json!([{"entity_type": "client-metrics", "entity": "known"}]);
    assert_eq!(list(&old, &["client-metrics"]).exits(0).data(), known);
    let refused = list(&old, &[]).exits(76).json();
    assert!(
        refused["error"]["hints"][0]
            .as_str()
            .unwrap()
            .contains("before Kafka 4.1"),
        "{refused}"
    );
    assert_eq!(list(&AdminMock::start(Made::default()), &[]).exits(0).data(), known);
}

#[test]
fn secrets_are_not_shown_whatever_a_broker_tells() {
    let mock = AdminMock::start(Made::default());
    for format in ["table", "wide", "json", "ndjson"] {
        let describe = [
            "configs",
            "describe",
            "broker",
            "1",
            "--all",
            "-o",
            format,
            "-b",
            &mock.address,
        ];
        let ran = kfleet(&describe).exits(0);
        assert!(
            ran.stdout.contains("a.secret") && !ran.stdout.contains("hunter2"),
            "{}",
            ran.stdout
        );
    }
}
