//! Keys of groups (`GroupConfig` of 4.3.1). Names, types, defaults and bounds were read off a running 4.3.1.

use super::{Check, ConfigKey, Default, Kind, Update, key};

#[rustfmt::skip]
pub(super) const KEYS: &[ConfigKey] = &[
    key("consumer.assignment.interval.ms", Kind::Int, Default::Value("1000"), Check::AtLeast(0), Update::ReadOnly).synonyms(&["group.consumer.assignment.interval.ms"]),
    key("consumer.heartbeat.interval.ms", Kind::Int, Default::Value("5000"), Check::AtLeast(1), Update::ReadOnly).synonyms(&["group.consumer.heartbeat.interval.ms"]),
    key("consumer.session.timeout.ms", Kind::Int, Default::Value("45000"), Check::AtLeast(1), Update::ReadOnly).synonyms(&["group.consumer.session.timeout.ms"]),
    key("share.assignment.interval.ms", Kind::Int, Default::Value("1000"), Check::AtLeast(0), Update::ReadOnly).synonyms(&["group.share.assignment.interval.ms"]),
    key("share.auto.offset.reset", Kind::String, Default::Value("latest"), Check::OneOf(&["latest", "earliest", "by_duration:PnDTnHnMn.nS"]), Update::ReadOnly),
    key("share.delivery.count.limit", Kind::Int, Default::Value("5"), Check::AtLeast(2), Update::ReadOnly).synonyms(&["group.share.delivery.count.limit"]),
    key("share.heartbeat.interval.ms", Kind::Int, Default::Value("5000"), Check::AtLeast(1), Update::ReadOnly).synonyms(&["group.share.heartbeat.interval.ms"]),
    key("share.isolation.level", Kind::String, Default::Value("read_uncommitted"), Check::OneOf(&["read_committed", "read_uncommitted"]), Update::ReadOnly),
    key("share.partition.max.record.locks", Kind::Int, Default::Value("2000"), Check::AtLeast(100), Update::ReadOnly).synonyms(&["group.share.partition.max.record.locks"]),
    key("share.record.lock.duration.ms", Kind::Int, Default::Value("30000"), Check::AtLeast(1000), Update::ReadOnly).synonyms(&["group.share.record.lock.duration.ms"]),
    key("share.renew.acknowledge.enable", Kind::Bool, Default::Value("true"), Check::Any, Update::ReadOnly),
    key("share.session.timeout.ms", Kind::Int, Default::Value("45000"), Check::AtLeast(1), Update::ReadOnly).synonyms(&["group.share.session.timeout.ms"]),
    key("streams.assignment.interval.ms", Kind::Int, Default::Value("1000"), Check::AtLeast(0), Update::ReadOnly).synonyms(&["group.streams.assignment.interval.ms"]),
    key("streams.heartbeat.interval.ms", Kind::Int, Default::Value("5000"), Check::AtLeast(1), Update::ReadOnly).synonyms(&["group.streams.heartbeat.interval.ms"]),
    key("streams.initial.rebalance.delay.ms", Kind::Int, Default::Value("3000"), Check::AtLeast(0), Update::ReadOnly).synonyms(&["group.streams.initial.rebalance.delay.ms"]),
    key("streams.num.standby.replicas", Kind::Int, Default::Value("0"), Check::AtLeast(0), Update::ReadOnly).synonyms(&["group.streams.num.standby.replicas"]),
    key("streams.session.timeout.ms", Kind::Int, Default::Value("45000"), Check::AtLeast(1), Update::ReadOnly).synonyms(&["group.streams.session.timeout.ms"]),
];
