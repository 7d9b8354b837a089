//! Three combined nodes: our engine and Apache's one after the other, as two such clusters do not fit beside each
//! other.

mod cluster;
mod partitions;
mod watch;

use std::time::{Duration, Instant};

use crate::Scale;
use crate::engine::children_cpu_s;
use crate::parts::{rate_of, scratch};
use crate::report::{Pair, Report};

use cluster::{Cluster, IDS};
pub(crate) use partitions::partitions;
use watch::{Watch, Writing, others, until};

/// Faults of each kind.
const FAULTS: u64 = 20;
const TOPIC: &str = "gaps";
/// One for each node to lead.
const PARTITIONS: i32 = 3;
const RECORD_BYTES: u64 = 1000;
/// What each node writes of it: a GB three times.
const RECORDS: u64 = 1_000_000;
/// What counts as before a fault: an acknowledgement in it there was.
const BEFORE: Duration = Duration::from_millis(50);

pub(crate) fn start(scale: Scale, report: &mut Report) {
    let mut took = Pair::default();
    for engine in scale.engines {
        for _ in 0..scale.runs {
            let dir = scratch();
            let cluster = Cluster::start(*engine, dir.path());
            took.push(*engine, cluster.started_in.as_secs_f64());
            cluster.stop();
        }
    }
    report.row("three nodes from nothing to serving", "s", &took, "<= 1");
}

fn create(cluster: &Cluster, topic: &str, partitions: i32) {
    let partitions = partitions.to_string();
    cluster.kfleet(
        &[
            &["topics", "create", topic, "--partitions", &partitions],
            &[
                "--replication-factor",
                "3",
                "--config",
                "min.insync.replicas=2",
                "--yes",
            ][..],
        ]
        .concat(),
    );
}

pub(crate) fn produce(scale: Scale, report: &mut Report) {
    let [mut rate, mut cpu, mut client_cpu] = [(); 3].map(|()| Pair::default());
    let records = RECORDS / scale.divisor;
    let gigabytes = (records * RECORD_BYTES) as f64 / 1e9;
    let (count, size) = (records.to_string(), RECORD_BYTES.to_string());
    // A JVM is warm after some gigabytes.
    let warm_ups = if scale.divisor > 1 { 1 } else { 3 };
    for engine in scale.engines {
        let dir = scratch();
        let cluster = Cluster::start(*engine, dir.path());
        for run in 0..warm_ups + scale.runs {
            let topic = format!("t{run}");
            create(&cluster, &topic, 6);
            let (before, client) = (cluster.cpu_s(), children_cpu_s());
            let told = cluster.data(&["bench", "produce", &topic, "-n", &count, "--record-bytes", &size]);
            if run >= warm_ups {
                rate.push(*engine, rate_of(&told["rate"], RECORD_BYTES));
                cpu.push(*engine, (cluster.cpu_s() - before) / gigabytes);
                client_cpu.push(*engine, (children_cpu_s() - client) / gigabytes);
            }
            cluster.kfleet(&["topics", "delete", &topic, "--yes"]);
        }
        cluster.stop();
    }
    report.row(
        "bench produce 1000 B, acks=all, 3 replicas",
        "MB/s",
        &rate,
        ">= 1.5 times",
    );
    report.row("  CPU of all three", "s/GB", &cpu, "<= 1/3");
    report.row("  client CPU", "s/GB", &client_cpu, "");
}

/// What was measured of faults of a kind.
#[derive(Debug, Default)]
struct Faults {
    gap_ms: Pair,
    election_s: Pair,
}

/// Inflicts faults under load, each on a whole cluster. `inflict` is told its number and the active controller; it
/// gives the node it hit, and may note a figure.
fn faults(scale: Scale, mut inflict: impl FnMut(&Cluster, &Watch, u64, i32) -> (i32, Option<f64>)) -> Faults {
    let mut measured = Faults::default();
    for engine in scale.engines {
        let dir = scratch();
        let mut cluster = Cluster::start(*engine, dir.path());
        let watch = Watch::new();
        create(&cluster, TOPIC, PARTITIONS);
        let writing = Writing::start(&cluster, TOPIC, PARTITIONS);
        for at in 0..FAULTS.div_ceil(scale.divisor).max(2) {
            watch.wait_until_whole(&cluster);
            watch.lead_as_preferred(&cluster);
            writing.wait_for_each();
            let mut active = None;
            until("a controller is active", || {
                active = watch.active(&cluster, IDS[0]);
                active.is_some()
            });
            let since = Instant::now().checked_sub(BEFORE).expect("the clock runs");
            let (hit, noted) = inflict(&cluster, &watch, at, active.unwrap_or_default());
            watch.wait_until_left(&cluster, hit);
            writing.wait_for_each();
            measured.gap_ms.push(*engine, writing.gap_ms(since));
            noted
                .into_iter()
                .for_each(|noted| measured.election_s.push(*engine, noted));
            cluster.wait_for_end(hit);
            cluster.start_again(hit);
        }
        drop(writing);
        cluster.stop();
    }
    measured
}

pub(crate) fn kills(scale: Scale, report: &mut Report) {
    let measured = faults(scale, |cluster, _, at, active| {
        let hit = others(active)[at as usize % 2];
        cluster.signal(hit, "KILL");
        (hit, None)
    });
    report.row("SIGKILL of a leader: gap, median", "ms", &measured.gap_ms, "");
    report.row(
        "SIGKILL of a leader: gap, longest",
        "ms",
        &measured.gap_ms.max(),
        "<= 500",
    );
}

pub(crate) fn elections(scale: Scale, report: &mut Report) {
    let measured = faults(scale, |cluster, watch, _, active| {
        cluster.signal(active, "KILL");
        let start = Instant::now();
        until("another controller is active", || {
            watch
                .active(cluster, others(active)[0])
                .is_some_and(|now| now != active)
        });
        (active, Some(start.elapsed().as_secs_f64()))
    });
    let (gap_ms, election_s) = (measured.gap_ms, measured.election_s);
    report.row("SIGKILL of the active controller: election", "s", &election_s, "<= 3");
    report.row("  longest", "s", &election_s.max(), "");
    report.row("  gap where it leads, too, median", "ms", &gap_ms, "");
    report.row("  gap, longest", "ms", &gap_ms.max(), "<= 4000");
}

pub(crate) fn stops(scale: Scale, report: &mut Report) {
    let measured = faults(scale, |cluster, _, at, _| {
        let hit = IDS[at as usize % IDS.len()];
        cluster.signal(hit, "TERM");
        (hit, None)
    });
    report.row("graceful stop: gap, median", "ms", &measured.gap_ms, "");
    report.row("graceful stop: gap, p95", "ms", &measured.gap_ms.p95(), "<= 100");
}
