//! Files of each kind, as small as they can be, and what is wrong with wrong ones.

use planner::model::{Cluster, write_snapshot};

use super::*;

type Take = fn(&str, &mut Parts) -> Result<(), Fault>;

fn taken(take: Take, files: &[&str], base: Option<&Cluster>) -> (Cluster, Vec<String>) {
    let mut parts = base.map(Parts::of).unwrap_or_default();
    for file in files {
        take(file, &mut parts).unwrap();
    }
    parts.into_cluster().unwrap()
}

fn wrong(take: Take, text: &str) -> Fault {
    take(text, &mut Parts::default()).unwrap_err()
}

/// A partition in one line: name, replicas, in sync, leader, size, in, out, min ISR.
fn shown(cluster: &Cluster) -> Vec<String> {
    let row = |(at, of): (_, &planner::model::Partition)| {
        let in_sync: Vec<_> = cluster.in_sync(at).collect();
        format!(
            "{} {:?} {:?} {:?} {} {} {} {}",
            cluster.name(at),
            cluster.ids(cluster.replicas(at)),
            cluster.ids(&in_sync),
            cluster.leader(at).map(|leader| cluster.brokers()[leader].id),
            of.size_bytes,
            of.bytes_in,
            of.bytes_out,
            of.min_isr
        )
    };
    cluster.partitions().iter().map(row).collect()
}

const ASSIGNMENT: &str = r#"Current partition replica assignment
{"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[2,1],"log_dirs":["any","any"]},
{"topic":"a-b","partition":1,"replicas":[3]}]}

Proposed partition reassignment configuration
{"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[1,2],"log_dirs":["any","any"]}]}
"#;

fn placed() -> Cluster {
    taken(kafka_reassign::take, &[ASSIGNMENT], None).0
}

#[test]
fn kafkas_reassignments_tell_where_partitions_are() {
    let (cluster, warnings) = taken(kafka_reassign::take, &[ASSIGNMENT], None);
    assert_eq!(
        shown(&cluster),
        ["a-0 [2, 1] [2, 1] Some(2) 0 0 0 1", "a-b-1 [3] [3] Some(3) 0 0 0 1"]
    );
    assert!(warnings.is_empty());
    for (text, line, why) in [
        ("{\"version\":2,\"partitions\":[]}", 1, "version 2 is not known, 1 is"),
        (
            "\n{\"partitions\":[\n{\"topic\":\"a\",\"partition\":0,\"replicas\":[]}]}",
            3,
            "a-0 has no replicas",
        ),
        (
            "{\"partitions\":[{\"topic\":\"a\",\"partition\":0,\"replicas\":[1]},\n{\"topic\":\"a\",\"partition\":0,\"replicas\":[1]}]}",
            2,
            "a-0 is listed twice",
        ),
        (
            "{\"partitions\":[{\"topic\":\"a\",\"partition\":0,\"replicas\":[1,1]}]}",
            1,
            "a-0: broker 1 is there twice",
        ),
        (
            "{\"partitions\":[\n{\"topic\":\"a\",\n\"partition\":\"x\",\"replicas\":[1]}]}",
            3,
            "invalid type: string \"x\", expected i32",
        ),
        ("{\"partitions\":\n[", 2, "EOF while parsing a list"),
    ] {
        assert_eq!(wrong(kafka_reassign::take, text), (line, why.to_owned()));
    }
}

const DIRS: &str = r#"Querying brokers for log directories information
Received log directory information from brokers 1,2
{"version":1,"brokers":[
{"broker":1,"logDirs":[{"logDir":"/d1","error":null,"partitions":[{"partition":"a-0","size":70,"offsetLag":0,"isFuture":false}]}]},
{"broker":2,"logDirs":[{"logDir":"/d2","error":null,"partitions":[
 {"partition":"a-0","size":60,"offsetLag":0,"isFuture":false},
 {"partition":"a-0","size":999,"offsetLag":0,"isFuture":true},
 {"partition":"other-7","size":5,"offsetLag":0,"isFuture":false}]}]}]}"#;

#[test]
fn kafkas_log_dirs_tell_sizes_of_leaders_where_those_are_known() {
    let (cluster, warnings) = taken(kafka_log_dirs::take, &[DIRS], Some(&placed()));
    assert_eq!(shown(&cluster)[0], "a-0 [2, 1] [2, 1] Some(2) 60 0 0 1");
    assert_eq!(cluster.brokers().values()[0].log_dirs[0].path, "/d1");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("1 partition are left out"), "{warnings:?}");
    let (cluster, warnings) = taken(kafka_log_dirs::take, &[DIRS], None);
    assert_eq!(
        shown(&cluster),
        ["a-0 [1, 2] [1, 2] Some(1) 70 0 0 1", "other-7 [2] [2] Some(2) 5 0 0 1"]
    );
    assert!(
        warnings[0].starts_with("nobody tells who leads 1 partition"),
        "{warnings:?}"
    );
    let (line, why) = wrong(kafka_log_dirs::take, &DIRS.replace("other-7", "other"));
    assert_eq!((line, why.as_str()), (8, "\"other\" is no partition's name"));
    assert_eq!(wrong(kafka_log_dirs::take, &DIRS.replace("5,", "-5,")).0, 8);
}

#[test]
fn topicmapprs_maps_and_metrics_are_told_apart() {
    let map = r#"{"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[1001,1002]}]}"#;
    let sizes = r#"{"a":{"0":{"Size":1000.0},"9":{"Size":1}}}"#;
    let free = r#"{"1001":{"StorageFree":5000.5},"1003":{"StorageFree":10}}"#;
    let (cluster, warnings) = taken(topicmappr::take, &[map, free, sizes], None);
    assert_eq!(shown(&cluster), ["a-0 [1001, 1002] [1001, 1002] Some(1001) 1000 0 0 1"]);
    let capacities = cluster
        .brokers()
        .values()
        .iter()
        .map(|broker| (broker.id, broker.capacity.disk_bytes));
    assert_eq!(
        capacities.collect::<Vec<_>>(),
        [(1001, Some(6001)), (1002, None), (1003, Some(10))]
    );
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(
        wrong(topicmappr::take, "{\"x\":{\"StorageFree\":1}}"),
        (1, "\"x\" is no broker's id".to_owned())
    );
    assert_eq!(wrong(topicmappr::take, "{\"a\":\n{\"0\":{\"Size\":1e300}}}").0, 2);
}

#[test]
fn cruise_controls_answers_add_up() {
    let state = r#"{"KafkaPartitionState":{"offline":[],"urp":[
        {"topic":"a","partition":0,"leader":1,"replicas":[2,1,3],"in-sync":[1,2],"out-of-sync":[3],"offline":[],"min-isr":2}],
        "other":[{"topic":"b","partition":0,"leader":-1,"replicas":[3],"in-sync":[],"out-of-sync":[3],"offline":[3],"min-isr":1}]},
        "KafkaBrokerState":{"IsController":{"1":true}},"version":1}"#;
    let load = r#"{"records":[{"topic":"a","partition":0,"leader":1,"followers":[3,2],"cpu":0.1,"disk":2.0,"networkInbound":3.5,
        "networkOutbound":0,"msg_in":1.0}],"version":1}"#;
    let brokers = r#"{"brokers":[{"Broker":1,"Host":"h","Rack":"r1","DiskMB":1.0,"DiskCapacityMB":100.0,"NetworkInCapacity":10.0,
        "NetworkOutCapacity":20.0}],"hosts":[],"version":1}"#;
    let (cluster, warnings) = taken(cruise_control::take, &[state, load, brokers], None);
    assert_eq!(
        shown(&cluster),
        [
            "a-0 [2, 1, 3] [2, 1] Some(1) 2097152 3584 0 2",
            "b-0 [3] [] None 0 0 0 1"
        ]
    );
    let first = &cluster.brokers().values()[0];
    assert_eq!(first.capacity.disk_bytes, Some(104_857_600));
    assert_eq!(
        (first.capacity.bytes_in_per_s, first.capacity.bytes_out_per_s),
        (Some(10_240), Some(20_480))
    );
    assert_eq!(cluster.racks().values(), ["r1".to_owned()]);
    assert!(warnings.is_empty());
    let (line, why) = wrong(cruise_control::take, "{\"errorMessage\":\"x\"}");
    assert_eq!(line, 1);
    assert!(why.starts_with("this is none of"), "{why}");
    assert_eq!(
        wrong(cruise_control::take, &load.replace("2.0", "-2.0")).1,
        "-2 is not an amount"
    );
}

#[test]
fn answers_of_prometheus_are_sizes_and_rates() {
    let base = placed();
    let with = |metric: Option<Metric>, text: &str| {
        let mut parts = Parts::of(&base);
        prometheus::take(text, metric, &mut parts)?;
        Ok::<_, Fault>(shown(&parts.into_cluster().unwrap().0))
    };
    let answer = |result: &str| {
        format!("{{\"status\":\"success\",\"data\":{{\"resultType\":\"vector\",\"result\":[\n{result}]}}}}")
    };
    let size = r#"{"metric":{"__name__":"kafka_log_log_size","topic":"a","partition":"0","instance":"1"},"value":[1.5,"10"]},
        {"metric":{"__name__":"kafka_log_log_size","topic":"a","partition":"0","instance":"2"},"values":[[1,"5"],[2,"12.4"]]}"#;
    assert_eq!(
        with(None, &answer(size)).unwrap()[0],
        "a-0 [2, 1] [2, 1] Some(2) 12 0 0 1"
    );
    let rate = r#"{"metric":{"topic":"a","instance":"1"},"value":[1,"10"]},{"metric":{"topic":"a","instance":"2"},"value":[1,"7"]}"#;
    assert_eq!(
        with(Some(Metric::BytesIn), &answer(rate)).unwrap()[0],
        "a-0 [2, 1] [2, 1] Some(2) 0 17 0 1"
    );
    for (metric, text, line, why) in [
        (
            None,
            answer(rate),
            2,
            "what the series is about is not in its name: give --metric",
        ),
        (Some(Metric::Size), answer(rate), 2, "the series has no label partition"),
        (
            Some(Metric::BytesIn),
            answer(&rate.replace("\"10\"", "\"NaN\"")),
            2,
            "NaN is not an amount",
        ),
        (
            None,
            "{\"status\":\"error\",\"error\":\"bad query\"}".to_owned(),
            1,
            "the query did not succeed: bad query",
        ),
    ] {
        assert_eq!(with(metric, &text).unwrap_err(), (line, why.to_owned()));
    }
}

#[test]
fn a_base_with_nothing_added_stays_as_it_is() {
    let cluster = planner::generate::generate(&planner::generate::Spec::default()).unwrap();
    let (again, _) = Parts::of(&cluster).into_cluster().unwrap();
    assert_eq!(write_snapshot(&again).unwrap(), write_snapshot(&cluster).unwrap());
}
