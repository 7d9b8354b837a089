use protocol::properties::Properties;

use super::*;
use crate::naming::Naming;

const SERVERS: &str = "clusters=A,B\nA.bootstrap.servers=a:1\nB.bootstrap.servers=b:1\n";

fn file(text: &str) -> File {
    let properties = Properties::parse(format!("{SERVERS}{text}").as_bytes());
    File::new(properties.iter()).unwrap()
}

fn flow(text: &str) -> Flow {
    let config = file(text).config().unwrap();
    config.flows.into_iter().find(|flow| flow.name() == "A->B").unwrap()
}

fn errors(text: &str) -> Vec<String> {
    let errors = file(text).config().unwrap_err();
    errors.iter().map(ToString::to_string).collect()
}

fn verdict(text: &str, key: &str) -> String {
    let rows = file(text).explain();
    rows.into_iter().find(|row| row.key == key).unwrap().verdict.to_string()
}

/// What MirrorMaker 4.3.1 made of the same lines.
const MIXED: &str = "clusters = A , B
security.protocol=SASL_SSL
A.security.protocol=SSL
A.consumer.security.protocol=PLAINTEXT
A.consumer.isolation.level=read_committed
consumer.auto.offset.reset=latest
A->B.source.cluster.sasl.mechanism=PLAIN
A->B.producer.sasl.mechanism=SCRAM-SHA-256
B.producer.sasl.mechanism=GSSAPI
A.ssl.keystore.location=/x
sasl.jaas.config=hidden-thing
B.topics=fromB
topics=top.*, x
A->B.topics=flow
A->B.enabled=TRUE
B->A.enabled=yes
B->A.emit.heartbeats.enabled=false
replication.factor=3
B.replication.factor=5
groups=
";

#[test]
fn a_value_counts_from_where_mirrormaker_takes_it() {
    let flow = flow(MIXED);
    assert!(flow.is_enabled);
    assert_eq!(flow.topics.include.list(), ["flow"], "not the target's");
    assert_eq!(flow.replication_factor, 3, "not the target's");
    assert!(!flow.groups.has("g"), "an empty list has nothing");
    assert_eq!(flow.naming, Naming::default());
    let origin = |key: &str| flow.values.iter().find(|value| value.key == key).unwrap().origin;
    assert_eq!(origin("topics"), Origin::Flow);
    assert_eq!(origin("replication.factor"), Origin::Top);
    assert_eq!(origin("offset.lag.max"), Origin::Default);
    assert_eq!(flow.values.len(), keys::FLOW.len(), "each key is read");
}

#[test]
fn clients_are_told_what_mirrormaker_tells_them() {
    let flow = flow(MIXED);
    let pairs = |settings: &Settings| {
        settings
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        pairs(&flow.source_consumer),
        [
            "bootstrap.servers=a:1",
            "isolation.level=read_committed",
            "sasl.jaas.config=hidden-thing",
            "sasl.mechanism=PLAIN",
            "security.protocol=PLAINTEXT",
            "ssl.keystore.location=/x",
        ]
    );
    let of = |settings: &Settings, key: &str| settings.get(key).map(str::to_owned);
    assert_eq!(of(&flow.source_producer, "sasl.mechanism").unwrap(), "SCRAM-SHA-256");
    assert_eq!(of(&flow.source_admin, "security.protocol").unwrap(), "SSL");
    assert_eq!(
        of(&flow.target_producer, "sasl.mechanism").unwrap(),
        "GSSAPI",
        "the cluster's before the flow's"
    );
    assert_eq!(of(&flow.target_admin, "security.protocol").unwrap(), "SASL_SSL");
    assert_eq!(of(&flow.target_admin, "sasl.mechanism"), None);
    assert_eq!(
        flow.source_consumer.key_of("security.protocol"),
        Some("A.consumer.security.protocol")
    );
    assert!(flow.reads_committed && flow.starts_at == StartsAt::Earliest);
}

#[test]
fn secrets_are_shown_nowhere() {
    let text = "sasl.jaas.config=hidden-thing\nA.ssl.keystore.password=hidden-thing\nA.sasl.jaas.confg=hidden-thing\n";
    let file = file(text);
    let shown = format!("{file:?} {:?} {:?}", file.explain(), file.config().unwrap());
    assert!(!shown.contains("hidden-thing"), "{shown}");
    assert!(shown.contains("[hidden]") && shown.contains("a:1"));
}

#[test]
fn flows_are_on_when_mirrormaker_mirrors_them() {
    let on = |text: &str| {
        let flows = file(text).config().unwrap().flows;
        let on = flows.iter().filter(|flow| flow.is_enabled);
        (flows.len(), on.map(Flow::name).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(on(""), (2, String::new()), "both for the sake of heartbeats");
    assert_eq!(on("A->B.enabled=true"), (2, "A->B".to_owned()));
    assert_eq!(
        on("emit.heartbeats.enabled=false\nA->B.enabled=true"),
        (1, "A->B".to_owned())
    );
    assert_eq!(
        on("enabled=true"),
        (2, "A->B B->A".to_owned()),
        "for all that have heartbeats"
    );
    assert_eq!(on("enabled=true\nemit.heartbeats.enabled=false"), (0, String::new()));
    assert_eq!(on("clusters=A,A"), (0, String::new()));
}

#[test]
fn tasks_are_repeated_or_not() {
    let flow = flow(
        "sync.topic.configs.enabled=False\nemit.checkpoints.interval.seconds=-5\nrefresh.topics.interval.seconds= 30 ",
    );
    assert_eq!(flow.sync_topic_configs_s, None);
    assert_eq!(flow.emit_checkpoints_s, None);
    assert_eq!(flow.refresh_topics_s, Some(30));
    assert_eq!(flow.sync_group_offsets_s, None, "off by default");
    assert_eq!((flow.sync_topic_acls_s, flow.emit_heartbeats_s), (Some(600), Some(1)));
    assert_eq!((flow.offset_lag_max, flow.offset_syncs_at), (100, Side::Source));
    assert!(flow.topics.has("x.internal") && !flow.topics.has("mm2-offsets.A.internal") && !flow.topics.has("__x"));
    assert!(!flow.groups.has("connect-x") && flow.groups.has("g"));
    assert!(flow.properties_exclude.has("min.insync.replicas") && !flow.properties_exclude.has("retention.ms"));
}

#[test]
fn names_are_by_the_policy() {
    let policy = "replication.policy.class=org.apache.kafka.connect.mirror.IdentityReplicationPolicy";
    assert_eq!(flow(policy).naming, Naming::Identity);
    let underscore = flow("A->B.replication.policy.separator=_");
    assert_eq!(underscore.naming.remote("A", "t"), "A_t");
    assert_eq!(underscore.internal_separator, "_");
    let dots = flow("replication.policy.separator=_\nreplication.policy.internal.topic.separator.enabled=false");
    assert_eq!(dots.internal_separator, ".");
}

#[test]
fn what_does_not_fit_is_named_with_its_place() {
    for (line, said) in [
        (
            "A->B.topics=(",
            "A->B.topics, for the flow A->B: \"(\" is no regular expression",
        ),
        ("sync.topic.acls.enabled=Yes", "\"Yes\" is neither true nor false"),
        ("refresh.topics.interval.seconds=x", "\"x\" is no whole number"),
        ("refresh.topics.interval.seconds=0", "every 0 seconds"),
        (
            "A->B.replication.factor=99999",
            "\"99999\" is no whole number from -1 up to 32767",
        ),
        ("replication.factor=0", "0 replicas keep nothing"),
        (
            "offset-syncs.topic.location=here",
            "\"here\" is neither source nor target",
        ),
        (
            "A.consumer.auto.offset.reset=none",
            "A.consumer.auto.offset.reset, for the flow A->B: \"none\"",
        ),
        (
            "A->B.replication.policy.class=x.Y",
            "A->B.replication.policy.class asks for x.Y",
        ),
        ("transforms=drop", "transforms asks for drop, which is Java code"),
        ("topic.filter.class=x.Mine", "topics and topics.exclude say"),
        (
            "A.sasl.jaas.config=${file:/x:y}",
            "A.sasl.jaas.config refers to a config provider",
        ),
        ("A->B.topics=${env:X}", "A->B.topics refers to a config provider"),
        ("A.bootstrap.servers=", "set A.bootstrap.servers"),
    ] {
        let errors = errors(line);
        assert!(errors.iter().any(|error| error.contains(said)), "{line}: {errors:?}");
    }
    assert_eq!(errors("A.bootstrap.servers=").len(), 1, "said once");
    assert_eq!(errors("A->B.topics=${env:X").len(), 1, "a pattern that is none");
    let filter = "topic.filter.class=org.apache.kafka.connect.mirror.DefaultTopicFilter";
    assert!(file(filter).config().is_ok(), "MirrorMaker's own");
    assert!(File::new([("topics", "t")]).is_none() && File::new([("clusters", " ")]).is_none());
}

#[test]
fn each_line_is_explained() {
    for (line, said) in [
        ("topics=t", "counts for all flows"),
        ("A->B.topics=t", "counts for the flow A->B"),
        ("A.topics=t", "no effect: a flow's key"),
        ("A.ssl.truststore.location=/x", "counts for the cluster A"),
        (
            "A.consumer.isolation.level=read_committed",
            "counts for the consumer of the cluster A",
        ),
        (
            "A->B.source.consumer.isolation.level=read_committed",
            "counts for the consumer of A->B at the source",
        ),
        (
            "A->B.target.cluster.sasl.mechanism=PLAIN",
            "counts for the clients of A->B at the target",
        ),
        (
            "A->B.producer.sasl.mechanism=PLAIN",
            "counts for the producer of A->B on both sides",
        ),
        ("consumer.fetch.min.bytes=1", "no effect: a client's key"),
        (
            "A.request.timeout.ms=1",
            "no effect: MirrorMaker reads it after consumer.",
        ),
        ("A.producer.linger.ms=1", "not needed: it tunes"),
        ("tasks.max=4", "not needed: partitions"),
        (
            "offset.storage.replication.factor=1",
            "not needed: the mirror keeps its state",
        ),
        (
            "B.exactly.once.source.support=enabled",
            "not needed: records are not doubled",
        ),
        ("transforms=x", "names Java code"),
        ("transforms.x.type=y", "names Java code"),
        ("config.providers=file", "no effect: config providers"),
        ("topic.exclude=t", "unknown; did you mean topics.exclude?"),
        ("A->B.grops=t", "unknown; did you mean A->B.groups?"),
        ("A->C.topics=t", "unknown"),
        ("A.bootstrap.server=t", "unknown; did you mean A.bootstrap.servers?"),
        (
            "A.consumer.isolation.lvel=t",
            "unknown; did you mean A.consumer.isolation.level?",
        ),
        ("C.bootstrap.servers=t", "unknown; did you mean A.bootstrap.servers?"),
        ("something.else.entirely=t", "unknown"),
    ] {
        let key = line.split_once('=').unwrap().0;
        let verdict = verdict(line, key);
        assert!(verdict.starts_with(said), "{line}: {verdict}");
    }
    assert_eq!(verdict("", "clusters"), "counts for all clusters");
    let dotted = "clusters=eu,eu.1\neu.1.bootstrap.servers=x:1";
    assert_eq!(verdict(dotted, "eu.1.bootstrap.servers"), "counts for the cluster eu.1");
    let slip = "clusters=east,west\neast->wets.topics=t";
    assert_eq!(
        verdict(slip, "east->wets.topics"),
        "unknown; did you mean east->west.topics?"
    );
}
