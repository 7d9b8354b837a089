//! A broker whose process is gone is fenced at once; one that only says nothing is left to its session.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use client::conn::{Connection, deadline_in};
use protocol::api::messages::{MetadataRequest, MetadataResponse};

use crate::support::nodes::wait_until;
use crate::support::{Cluster, Engine, signal};

/// How often Metadata is looked at.
const POLL: Duration = Duration::from_millis(2);
/// What one look may take.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Longest until all partitions of a killed broker have other leaders. It takes about 100 ms; the rest is for a machine
/// that has other things to do, and below what a session takes.
const FENCED_MAX: Duration = Duration::from_secs(3);
/// Longest until another controller is active, and has fenced the broker of the one before.
const REPLACED_MAX: Duration = Duration::from_secs(7);
/// broker.session.timeout.ms.
const SESSION: Duration = Duration::from_secs(9);
/// Between the heartbeats of a broker: its session may have begun so long before it fell silent.
const HEARTBEAT: Duration = Duration::from_secs(2);
const PARTITIONS: usize = 6;

/// A line for whoever runs it with --nocapture.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        // Nobody is left to tell if stderr is closed.
        let _closed = writeln!(std::io::stderr(), $($text)*);
    }};
}

/// Three nodes that are both, and a topic that each leads a part of.
fn cluster() -> Cluster {
    let cluster = Cluster::of_nodes(Engine::Kfleet, &["--controllers", "3", "--brokers", "3"]);
    let partitions = PARTITIONS.to_string();
    let args = [
        "topics",
        "create",
        "t",
        "--partitions",
        &partitions,
        "--replication-factor",
        "3",
    ];
    cluster.kfleet(&[&args[..], &["--yes"]].concat()).exits(0);
    cluster
}

fn active_controller(cluster: &Cluster) -> i32 {
    cluster.data(&["quorum", "status"])["leader_id"].as_i64().unwrap() as i32
}

/// A connection to a broker, for Metadata.
struct Watch {
    runtime: tokio::runtime::Runtime,
    connection: Connection,
}

impl Watch {
    fn on(cluster: &Cluster, id: i32) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let address = cluster.address_of(id);
        let opened = Connection::open(&address, "kfleet-test", deadline_in(ANSWER_MAX));
        let connection = runtime.block_on(opened).unwrap();
        Self { runtime, connection }
    }

    fn metadata(&self) -> MetadataResponse {
        let request = MetadataRequest::default().with_topics(None);
        let answer = self.connection.send(&request, deadline_in(ANSWER_MAX));
        self.runtime.block_on(answer).unwrap()
    }

    /// The partitions that a broker leads.
    fn led_by(&self, id: i32) -> usize {
        let metadata = self.metadata();
        let partitions = metadata.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.filter(|partition| partition.leader_id.0 == id).count()
    }

    /// Waits until others lead all partitions; how long that took.
    fn until_others_lead(&self, id: i32, since: Instant) -> Duration {
        let is_over = |metadata: &MetadataResponse| {
            let mut partitions = metadata.topics.iter().flat_map(|topic| &topic.partitions);
            partitions.all(|partition| partition.leader_id.0 != id && partition.leader_id.0 >= 0)
        };
        while !is_over(&self.metadata()) {
            assert!(since.elapsed() < SESSION * 3, "broker {id} still leads");
            std::thread::sleep(POLL);
        }
        since.elapsed()
    }

    /// Whether the broker knows all partitions, and all their replicas are in sync.
    fn is_whole(&self) -> bool {
        let metadata = self.metadata();
        let partitions = metadata.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.filter(|partition| partition.isr_nodes.len() == 3).count() == PARTITIONS
    }
}

/// Two that are not this one.
fn others(id: i32) -> [i32; 2] {
    let ids: BTreeSet<i32> = (1..=3).filter(|other| *other != id).collect();
    let ids: Vec<i32> = ids.into_iter().collect();
    [ids[0], ids[1]]
}

#[test]
fn a_killed_brokers_partitions_are_led_by_others_at_once_and_it_comes_back_without_delay() {
    let cluster = cluster();
    let active = active_controller(&cluster);
    let [victim, witness] = others(active);
    let watch = Watch::on(&cluster, witness);
    wait_until("all replicas are in sync", || watch.is_whole());
    assert!(watch.led_by(victim) > 0);
    let since = Instant::now();
    signal(cluster.pid_of(victim), "KILL");
    let gap = watch.until_others_lead(victim, since);
    say!("others lead after {gap:?}");
    assert!(gap < FENCED_MAX, "{gap:?}");
    let since = Instant::now();
    let _node = cluster.start_node(victim);
    let registered = since.elapsed();
    wait_until("it is in sync again", || watch.is_whole());
    say!(
        "it serves after {registered:?}, and is in sync after {:?}",
        since.elapsed()
    );
    assert!(registered < SESSION / 2, "it waited for its session: {registered:?}");
}

#[test]
fn the_broker_of_a_killed_active_controller_is_fenced_by_the_next() {
    let cluster = cluster();
    let active = active_controller(&cluster);
    let [witness, _] = others(active);
    let watch = Watch::on(&cluster, witness);
    wait_until("all replicas are in sync", || watch.is_whole());
    assert!(watch.led_by(active) > 0);
    let since = Instant::now();
    signal(cluster.pid_of(active), "KILL");
    let gap = watch.until_others_lead(active, since);
    say!("others lead after {gap:?}");
    assert!(gap < REPLACED_MAX, "{gap:?}");
}

#[test]
fn a_controller_that_was_started_after_the_election_fences_the_broker_of_the_one_before_too() {
    let cluster = cluster();
    let active = active_controller(&cluster);
    let [witness, other] = others(active);
    let mut nodes = Vec::new();
    for id in [witness, other] {
        signal(cluster.pid_of(id), "KILL");
        nodes.push(cluster.start_node(id));
        let watch = Watch::on(&cluster, active);
        wait_until("all replicas are in sync", || watch.is_whole());
    }
    let watch = Watch::on(&cluster, witness);
    wait_until("all replicas are in sync", || watch.is_whole());
    cluster.kfleet(&["leaders", "elect", "--all", "--yes"]).exits(0);
    wait_until("it leads some", || watch.led_by(active) > 0);
    assert_eq!(active_controller(&cluster), active);
    let since = Instant::now();
    signal(cluster.pid_of(active), "KILL");
    let gap = watch.until_others_lead(active, since);
    say!("others lead after {gap:?}");
    assert!(gap < REPLACED_MAX, "{gap:?}");
}

#[test]
fn a_broker_that_is_only_stopped_is_left_to_its_session() {
    let cluster = cluster();
    let active = active_controller(&cluster);
    let [victim, witness] = others(active);
    let watch = Watch::on(&cluster, witness);
    wait_until("all replicas are in sync", || watch.is_whole());
    let since = Instant::now();
    signal(cluster.pid_of(victim), "STOP");
    let gap = watch.until_others_lead(victim, since);
    signal(cluster.pid_of(victim), "CONT");
    say!("others lead after {gap:?}");
    assert!(gap + HEARTBEAT > SESSION, "{gap:?}");
}
