//! The keys of mm2.properties: what each means to a mirror, and which mean nothing to this one.

/// A key that belongs to a flow, at the top for all flows or after `A->B.` for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What counts where it is not set, as of MirrorMaker 4.3.
    pub default: &'static str,
}

const fn key(name: &'static str, default: &'static str) -> Key {
    Key { name, default }
}

/// What MirrorMaker 4.3 leaves out of topics by default; 3.x left out every name that ends in `.internal` or `-internal` too.
const TOPICS_EXCLUDE: &str = r"mm2.*\.internal, .*\.replica, __.*";
const PROPERTIES_EXCLUDE: &str = concat!(
    r"follower\.replication\.throttled\.replicas, leader\.replication\.throttled\.replicas, ",
    r"message\.timestamp\.difference\.max\.ms, log\.message\.timestamp\.before\.max\.ms, ",
    r"log\.message\.timestamp\.after\.max\.ms, message\.timestamp\.type, unclean\.leader\.election\.enable, ",
    r"min\.insync\.replicas",
);
const PACKAGE: &str = "org.apache.kafka.connect.mirror.";

/// Keys of a flow that are understood.
pub(super) const FLOW: &[Key] = &[
    key("enabled", "false"),
    key("topics", ".*"),
    key("topics.exclude", TOPICS_EXCLUDE),
    key("groups", ".*"),
    key("groups.exclude", "console-consumer-.*, connect-.*, __.*"),
    key("config.properties.exclude", PROPERTIES_EXCLUDE),
    key("use.defaults.from", "target"),
    key(
        "replication.policy.class",
        "org.apache.kafka.connect.mirror.DefaultReplicationPolicy",
    ),
    key("replication.policy.separator", "."),
    key("replication.policy.internal.topic.separator.enabled", "true"),
    key("replication.factor", "2"),
    key("offset-syncs.topic.replication.factor", "3"),
    key("checkpoints.topic.replication.factor", "3"),
    key("heartbeats.topic.replication.factor", "3"),
    key("refresh.topics.enabled", "true"),
    key("refresh.topics.interval.seconds", "600"),
    key("refresh.groups.enabled", "true"),
    key("refresh.groups.interval.seconds", "600"),
    key("sync.topic.configs.enabled", "true"),
    key("sync.topic.configs.interval.seconds", "600"),
    key("sync.topic.acls.enabled", "true"),
    key("sync.topic.acls.interval.seconds", "600"),
    key("sync.group.offsets.enabled", "false"),
    key("sync.group.offsets.interval.seconds", "60"),
    key("emit.checkpoints.enabled", "true"),
    key("emit.checkpoints.interval.seconds", "60"),
    key("emit.heartbeats.enabled", "true"),
    key("emit.heartbeats.interval.seconds", "1"),
    key("heartbeats.replication.enabled", "true"),
    key("emit.offset-syncs.enabled", "true"),
    key("offset-syncs.topic.location", "source"),
    key("offset.lag.max", "100"),
];

/// Keys that load code of the user's, the classes that are known here, and what stands in for another.
pub(super) const CLASSES: &[(&str, &str, &str)] = &[
    (
        "topic.filter.class",
        "DefaultTopicFilter",
        "topics and topics.exclude say which topics are meant",
    ),
    (
        "group.filter.class",
        "DefaultGroupFilter",
        "groups and groups.exclude say which groups are meant",
    ),
    (
        "config.property.filter.class",
        "DefaultConfigPropertyFilter",
        "config.properties.exclude says which properties stay away",
    ),
];

/// Keys that change records on their way, which nothing here does.
pub(super) const CHANGES_RECORDS: &[&str] = &["transforms", "predicates"];

/// The class without MirrorMaker's own package.
pub(super) fn short(class: &str) -> &str {
    class.trim().strip_prefix(PACKAGE).unwrap_or(class.trim())
}

/// Whether a key tells how a cluster is reached and trusted.
pub(super) fn is_connection(key: &str) -> bool {
    matches!(key, "bootstrap.servers" | "security.protocol") || key.starts_with("ssl.") || key.starts_with("sasl.")
}

/// Keys of a consumer of the source that mean something here too.
pub(super) const OF_CONSUMER: &[&str] = &["auto.offset.reset", "isolation.level"];

/// Roles that a cluster's clients have.
pub(super) const ROLES: [&str; 3] = ["consumer", "producer", "admin"];

/// Settings of Java's clients that shape requests, threads and buffers.
pub(super) const TUNING: &[&str] = &[
    "acks",
    "allow.auto.create.topics",
    "auto.commit.interval.ms",
    "batch.size",
    "buffer.memory",
    "check.crcs",
    "client.dns.lookup",
    "client.id",
    "client.rack",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.type",
    "compression.zstd.level",
    "connections.max.idle.ms",
    "default.api.timeout.ms",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.idempotence",
    "enable.metrics.push",
    "exclude.internal.topics",
    "fetch.max.bytes",
    "fetch.max.wait.ms",
    "fetch.min.bytes",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "group.remote.assignor",
    "heartbeat.interval.ms",
    "interceptor.classes",
    "linger.ms",
    "max.block.ms",
    "max.in.flight.requests.per.connection",
    "max.partition.fetch.bytes",
    "max.poll.interval.ms",
    "max.poll.records",
    "max.request.size",
    "metadata.max.age.ms",
    "metadata.max.idle.ms",
    "metadata.recovery.rebootstrap.trigger.ms",
    "metadata.recovery.strategy",
    "metric.reporters",
    "metrics.num.samples",
    "metrics.recording.level",
    "metrics.sample.window.ms",
    "partition.assignment.strategy",
    "partitioner.adaptive.partitioning.enable",
    "partitioner.availability.timeout.ms",
    "partitioner.class",
    "partitioner.ignore.keys",
    "receive.buffer.bytes",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "request.timeout.ms",
    "retries",
    "retry.backoff.max.ms",
    "retry.backoff.ms",
    "send.buffer.bytes",
    "session.timeout.ms",
    "socket.connection.setup.timeout.max.ms",
    "socket.connection.setup.timeout.ms",
    "transaction.timeout.ms",
];

/// Settings of Connect and its workers, by the beginning of their names, and why they are not needed.
const CONNECT: &[(&str, &str)] = &[
    ("offset.storage.", STATE),
    ("offset.flush.", STATE),
    ("offsets.storage.topic", STATE),
    ("config.storage.", STATE),
    ("status.storage.", STATE),
    ("tasks.max", "partitions are not divided among tasks"),
    ("exactly.once.", "records are not doubled whatever this says"),
    ("transaction.boundary", "records are not doubled whatever this says"),
    ("key.converter", BYTES),
    ("value.converter", BYTES),
    ("header.converter", BYTES),
    ("internal.", BYTES),
    (
        "errors.",
        "each partition stops for itself where a record cannot be mirrored",
    ),
    (
        "topic.creation.",
        "topics are made by replication.factor and the source's settings",
    ),
    ("topic.tracking.", WORKER),
    ("group.id", WORKER),
    ("rest.", WORKER),
    ("listeners", WORKER),
    ("admin.listeners", WORKER),
    ("access.control.", WORKER),
    ("response.http.", WORKER),
    ("inter.worker.", WORKER),
    ("worker.", WORKER),
    ("task.", WORKER),
    ("connect.protocol", WORKER),
    ("connector.", WORKER),
    ("name", WORKER),
    ("plugin.", WORKER),
    ("rebalance.timeout.ms", WORKER),
    ("scheduled.rebalance.", WORKER),
    ("session.timeout.ms", WORKER),
    ("heartbeat.interval.ms", WORKER),
    ("config.action.reload", WORKER),
    ("dedicated.mode.enable.internal.rest", WORKER),
    ("metric.", METRICS),
    ("metrics.", METRICS),
    ("admin.timeout.ms", "requests are bounded in time by themselves"),
    ("consumer.poll.timeout.ms", "the source is read without polling"),
    ("forwarding.admin.class", "topics are made by the mirror itself"),
    ("source.cluster.alias", "clusters are called as clusters says"),
    ("target.cluster.alias", "clusters are called as clusters says"),
];
const STATE: &str = "the mirror keeps its state in a topic of its own";
const BYTES: &str = "records pass as the bytes that they are";
const WORKER: &str = "there are no Connect workers here";
const METRICS: &str = "metrics have their own names here";

/// Why a key of Connect is not needed.
pub(super) fn not_needed(key: &str) -> Option<&'static str> {
    let of = |(start, why): &(&str, &'static str)| {
        let is_it = key == *start || (start.ends_with('.') && key.starts_with(start));
        let below = key.strip_prefix(start).is_some_and(|rest| rest.starts_with('.'));
        (is_it || below).then_some(*why)
    };
    CONNECT.iter().find_map(of)
}

/// The known name that is most like one that is not, if any is.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let slips_max = (name.len() / 4).clamp(1, 4);
    let like = known.map(|known| (protocol::config::distance(name, known), known));
    like.filter(|(slips, _)| *slips <= slips_max)
        .min()
        .map(|(_, known)| known)
}
