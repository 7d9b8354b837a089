//! Snapshots: what is written is read again; what is wrong is named with its line.

use kfleet_planner::generate::{Spec, generate};
use kfleet_planner::model::{read_snapshot, write_snapshot};
use proptest::prelude::*;

const GOOD: &str = r#"{"schema":"kfleet/snapshot/1","cluster_id":"c",
"brokers":[
{"id":1,"rack":"a","capacity":{"disk_bytes":100},"log_dirs":[{"path":"/d","total_bytes":100}]},
{"id":2,"rack":"b","state":"excluded"}
],"partitions":[
{"topic":"t","partition":0,"replicas":[1,2],"isr":[1],"leader":1,"size_bytes":5},
{"topic":"t","partition":1,"replicas":[2],"leader":-1,"bytes_in_per_s":7,"min_isr":2}
]}"#;

#[test]
fn a_snapshot_is_read_and_written_again() {
    let cluster = read_snapshot(GOOD).unwrap();
    assert_eq!(cluster.cluster_id(), Some("c"));
    let at = cluster.partition("t", 0).unwrap();
    assert_eq!(cluster.ids(cluster.replicas(at)), [1, 2]);
    assert_eq!(cluster.ids(&cluster.in_sync(at).collect::<Vec<_>>()), [1]);
    assert_eq!(cluster.leader(cluster.partition("t", 1).unwrap()), None);
    let again = read_snapshot(&write_snapshot(&cluster).unwrap()).unwrap();
    assert_eq!(again, cluster);
    assert_eq!(again.fingerprint(), cluster.fingerprint());
}

#[test]
fn a_generated_cluster_survives_the_file() {
    let cluster = generate(&Spec {
        disk_room: 2.0,
        ..Spec::default()
    })
    .unwrap();
    assert_eq!(read_snapshot(&write_snapshot(&cluster).unwrap()).unwrap(), cluster);
}

#[track_caller]
fn wrong(from: &str, to: &str, error: &str) {
    let text = GOOD.replace(from, to);
    assert_ne!(text, GOOD, "{from}");
    assert_eq!(read_snapshot(&text).unwrap_err().to_string(), error);
}

#[test]
fn what_contradicts_itself_is_named_with_its_line() {
    wrong("\"id\":2", "\"id\":1", "line 4: broker 1 is listed twice");
    wrong(
        "\"replicas\":[1,2]",
        "\"replicas\":[1,3]",
        "line 6: partition t-0: broker 3 is not among the brokers",
    );
    wrong(
        "\"replicas\":[1,2]",
        "\"replicas\":[1,1]",
        "line 6: partition t-0: broker 1 is there twice",
    );
    wrong(
        "\"replicas\":[2]",
        "\"replicas\":[]",
        "line 7: partition t-1 has no replicas",
    );
    wrong(
        "\"isr\":[1]",
        "\"isr\":[4]",
        "line 6: partition t-0: broker 4 is in sync, but is none of its replicas",
    );
    wrong(
        "\"isr\":[1]",
        "\"isr\":[2]",
        "line 6: partition t-0: leader 1 is not in sync",
    );
    wrong(
        "\"leader\":-1",
        "\"leader\":1",
        "line 7: partition t-1: broker 1 leads, but is none of its replicas",
    );
    wrong(
        "\"partition\":1",
        "\"partition\":0",
        "line 7: partition t-0 is listed twice",
    );
    wrong(
        "\"partition\":1",
        "\"partition\":-1",
        "line 7: \"t--1\" is no partition's name",
    );
    wrong(
        ":5}",
        ":9223372036854775807}",
        "line 6: sizes or rates add up to more than can be counted",
    );
    wrong(
        "snapshot/1",
        "snapshot/2",
        "line 1: schema is \"kfleet/snapshot/2\", not \"kfleet/snapshot/1\"",
    );
}

#[test]
fn what_is_malformed_is_named_with_its_line() {
    wrong(
        "\"id\":2",
        "\"id\":\"two\"",
        "line 4: invalid type: string \"two\", expected i32",
    );
    wrong(
        "\"excluded\"",
        "\"asleep\"",
        "line 4: unknown variant `asleep`, expected one of `alive`, `removed`, `excluded`, `cordoned`",
    );
    wrong(":5}", ":-5}", "line 6: invalid value: integer `-5`, expected u64");
    wrong("\"partitions\"", "\"partition\"", "line 8: missing field `partitions`");
    let cut = &GOOD[..GOOD.len() - 1];
    assert_eq!(
        read_snapshot(cut).unwrap_err().to_string(),
        "line 8: EOF while parsing an object"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_reading_panic(at in 0usize..GOOD.len(), to in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = GOOD.as_bytes().to_vec();
        if cut { bytes.truncate(at) } else { bytes[at] = to }
        let _ = read_snapshot(&String::from_utf8_lossy(&bytes));
    }
}
