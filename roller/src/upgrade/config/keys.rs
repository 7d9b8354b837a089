//! What became of keys from 3.9 to 4.3, release by release.

use super::super::release::Release::{self, V4_0, V4_1, V4_2, V4_3};

/// What a release changes about a key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    /// It has none such.
    Removed,
    /// It has these in its place, each with the same value.
    Renamed(&'static [&'static str]),
    /// It still has it, and asks for this one, if any, in its place.
    Deprecated(Option<&'static str>),
    /// Its value if none is set.
    Default(&'static str, &'static str),
    /// Numbers below are refused.
    Min(i64),
    /// Numbers above are refused.
    Max(i64),
}

/// A change of a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) key: &'static str,
    pub(super) since: Release,
    pub(super) change: Change,
}

const fn rule(key: &'static str, since: Release, change: Change) -> Rule {
    Rule { key, since, change }
}

/// All keys that begin so were of ZooKeeper.
pub(super) const OF_ZOOKEEPER: &str = "zookeeper.";
/// Reporters of metrics; up to 3.9 that of JMX is one of them unless AUTO_JMX is false, since 4.0 if no other is named.
pub(super) const REPORTERS: &str = "metric.reporters";
pub(super) const AUTO_JMX: &str = "auto.include.jmx.reporter";
pub(super) const JMX_REPORTER: &str = "org.apache.kafka.common.metrics.JmxReporter";
/// Without it a node is one of ZooKeeper's cluster, up to 3.9.
pub(super) const ROLES: &str = "process.roles";

/// Removed, and nothing in its place.
const REMOVED: [(Release, &[&str]); 3] = [
    (
        V4_0,
        &[
            AUTO_JMX,
            "broker.id.generation.enable",
            "control.plane.listener.name",
            "controlled.shutdown.max.retries",
            "controlled.shutdown.retry.backoff.ms",
            "eligible.leader.replicas.enable",
            "inter.broker.protocol.version",
            "leader.imbalance.per.broker.percentage",
            "log.message.downconversion.enable",
            "log.message.format.version",
            "offsets.commit.required.acks",
            "password.encoder.cipher.algorithm",
            "password.encoder.iterations",
            "password.encoder.key.length",
            "password.encoder.keyfactory.algorithm",
            "password.encoder.old.secret",
            "password.encoder.secret",
            "reserved.broker.max.id",
        ],
    ),
    (
        V4_1,
        &[
            "group.coordinator.new.enable",
            "group.share.max.groups",
            "metadata.log.segment.min.bytes",
            "share.fetch.max.fetch.records",
        ],
    ),
    (
        V4_3,
        &["group.share.enable", "internal.metadata.max.fetch.size.in.bytes"],
    ),
];

const NO_LIMIT: &str = "9223372036854775807";

/// All other changes; of a key's defaults in the order of releases.
const CHANGED: [Rule; 35] = [
    rule(
        "delegation.token.master.key",
        V4_0,
        Change::Renamed(&["delegation.token.secret.key"]),
    ),
    rule(
        "log.message.timestamp.difference.max.ms",
        V4_0,
        Change::Renamed(&[
            "log.message.timestamp.before.max.ms",
            "log.message.timestamp.after.max.ms",
        ]),
    ),
    rule("metrics.jmx.blacklist", V4_0, Change::Renamed(&["metrics.jmx.exclude"])),
    rule("metrics.jmx.whitelist", V4_0, Change::Renamed(&["metrics.jmx.include"])),
    rule("log.cleaner.enable", V4_1, Change::Deprecated(None)),
    rule(
        "remote.log.manager.thread.pool.size",
        V4_2,
        Change::Deprecated(Some("remote.log.manager.follower.thread.pool.size")),
    ),
    rule("group.coordinator.rebalance.protocols", V4_3, Change::Deprecated(None)),
    rule("log.segment.bytes", V4_0, Change::Min(1_048_576)),
    rule("node.id", V4_0, Change::Min(0)),
    rule("remote.log.manager.copier.thread.pool.size", V4_0, Change::Min(1)),
    rule("remote.log.manager.expiration.thread.pool.size", V4_0, Change::Min(1)),
    rule("controller.quorum.append.linger.ms", V4_1, Change::Min(0)),
    rule("controller.quorum.election.backoff.max.ms", V4_1, Change::Min(0)),
    rule("controller.quorum.election.timeout.ms", V4_1, Change::Min(0)),
    rule("controller.quorum.fetch.timeout.ms", V4_1, Change::Min(0)),
    rule("controller.quorum.request.timeout.ms", V4_1, Change::Min(0)),
    rule("controller.quorum.retry.backoff.ms", V4_1, Change::Min(0)),
    rule("metadata.log.segment.bytes", V4_1, Change::Min(8_388_608)),
    rule("num.replica.fetchers", V4_2, Change::Min(1)),
    rule(
        "share.coordinator.snapshot.update.records.per.snapshot",
        V4_3,
        Change::Max(500),
    ),
    rule(
        "group.consumer.migration.policy",
        V4_0,
        Change::Default("disabled", "bidirectional"),
    ),
    rule("group.coordinator.append.linger.ms", V4_0, Change::Default("10", "5")),
    rule("group.coordinator.append.linger.ms", V4_2, Change::Default("5", "-1")),
    rule("group.coordinator.new.enable", V4_0, Change::Default("false", "true")),
    rule(
        "group.coordinator.rebalance.protocols",
        V4_0,
        Change::Default("classic", "classic,consumer"),
    ),
    rule(
        "group.coordinator.rebalance.protocols",
        V4_1,
        Change::Default("classic,consumer", "classic,consumer,streams"),
    ),
    rule("group.coordinator.threads", V4_0, Change::Default("1", "4")),
    rule(
        "group.share.partition.max.record.locks",
        V4_1,
        Change::Default("200", "2000"),
    ),
    rule(
        "log.message.timestamp.after.max.ms",
        V4_0,
        Change::Default(NO_LIMIT, "3600000"),
    ),
    rule("num.recovery.threads.per.data.dir", V4_0, Change::Default("1", "2")),
    rule(
        "remote.log.manager.copier.thread.pool.size",
        V4_0,
        Change::Default("-1", "10"),
    ),
    rule(
        "remote.log.manager.expiration.thread.pool.size",
        V4_0,
        Change::Default("-1", "10"),
    ),
    rule("remote.log.manager.thread.pool.size", V4_0, Change::Default("10", "2")),
    rule("share.coordinator.append.linger.ms", V4_1, Change::Default("10", "5")),
    rule("share.coordinator.append.linger.ms", V4_2, Change::Default("5", "-1")),
];

/// All rules, those of removed keys first.
pub(super) fn rules() -> impl Iterator<Item = Rule> {
    let removed = REMOVED.into_iter().flat_map(|(since, keys)| {
        let rule = move |key: &&'static str| rule(key, since, Change::Removed);
        keys.iter().map(rule)
    });
    removed.chain(CHANGED)
}
