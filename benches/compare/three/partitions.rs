//! Many partitions on three nodes.

use std::time::{Duration, Instant};

use super::cluster::Cluster;
use super::create;
use super::watch::{Watch, others, until};
use crate::Scale;
use crate::engine::Engine;
use crate::parts::scratch;
use crate::report::{Pair, Report};

/// Partitions of a topic.
const EACH: i32 = 1000;
/// Topics: Apache's nodes do not bear as many on a machine like this.
const TOPICS_OURS: i32 = 20;
const TOPICS_APACHE: i32 = 2;
/// How long nodes that have nothing to do are looked at.
const IDLE: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Measured {
    created: Pair,
    rss: Pair,
    failover: Pair,
    rejoined: Pair,
    stopped: Pair,
    restart: Pair,
    restart_cpu: Pair,
    led: Pair,
    idle_cpu: Pair,
}

pub(crate) fn partitions(scale: Scale, report: &mut Report) {
    let each = if scale.divisor > 1 { EACH / 10 } else { EACH };
    let mut measured = Measured::default();
    for engine in scale.engines {
        one(*engine, each, &mut measured);
    }
    let what = format!("({} ours, {} Apache's)", TOPICS_OURS * each, TOPICS_APACHE * each);
    report.row(&format!("creating partitions {what}"), "s", &measured.created, "");
    report.row("resident memory of the largest node", "MiB", &measured.rss, "<= 500");
    report.row("SIGKILL of a broker: others lead", "s", &measured.failover, "<= 2");
    report.row("  started again, all in sync", "s", &measured.rejoined, "");
    report.row("all idle: CPU of all three", "s/min", &measured.idle_cpu, "");
    report.row("clean stop of all three", "s", &measured.stopped, "");
    report.row("clean restart: serving", "s", &measured.restart, "<= 5");
    report.row("  CPU of all three until then", "s", &measured.restart_cpu, "");
    report.row("  all in sync", "s", &measured.led, "");
}

fn one(engine: Engine, each: i32, measured: &mut Measured) {
    let topics = match engine {
        Engine::Kfleet => TOPICS_OURS,
        Engine::Apache => TOPICS_APACHE,
    };
    let dir = scratch();
    let watch = Watch::new();
    let mut cluster = Cluster::start(engine, dir.path());
    let start = Instant::now();
    for topic in 0..topics {
        create(&cluster, &format!("t{topic}"), each);
    }
    watch.wait_until_whole(&cluster);
    measured.created.push(engine, start.elapsed().as_secs_f64());
    // One of the topics has records in its partitions.
    let records = (each * 10).to_string();
    cluster.kfleet(&["bench", "produce", "t0", "-n", &records, "--record-bytes", "100"]);
    let mut active = None;
    until("a controller is active", || {
        active = watch.active(&cluster, 1);
        active.is_some()
    });
    let hit = others(active.unwrap_or_default())[0];
    cluster.signal(hit, "KILL");
    let start = Instant::now();
    watch.wait_until_left(&cluster, hit);
    measured.failover.push(engine, start.elapsed().as_secs_f64());
    cluster.wait_for_end(hit);
    cluster.start_again(hit);
    let start = Instant::now();
    watch.wait_until_whole(&cluster);
    measured.rejoined.push(engine, start.elapsed().as_secs_f64());
    measured.rss.push(engine, cluster.rss_mb());
    let before = cluster.cpu_s();
    std::thread::sleep(IDLE);
    let per_minute = (cluster.cpu_s() - before) * 60.0 / IDLE.as_secs_f64();
    measured.idle_cpu.push(engine, per_minute);
    let start = Instant::now();
    cluster.stop();
    measured.stopped.push(engine, start.elapsed().as_secs_f64());
    let start = Instant::now();
    let cluster = Cluster::start(engine, dir.path());
    measured.restart.push(engine, cluster.started_in.as_secs_f64());
    measured.restart_cpu.push(engine, cluster.cpu_s());
    watch.wait_until_whole(&cluster);
    measured.led.push(engine, start.elapsed().as_secs_f64());
    measured.rss.push(engine, cluster.rss_mb());
    cluster.stop();
}
