use std::collections::BTreeSet;

use protocol::config::NodeConfig;
use protocol::properties::Properties;
use serde_json::Value;

use super::library::Library;
use super::{engine, values, write};
use crate::error::CommandError;
use crate::exit_codes;

/// What the required variables of the templates can be.
const REQUIRED: [(&str, &str); 4] = [
    ("node_id", "1"),
    ("host", "kafka1"),
    ("quorum", "1@kafka1:9093,2@kafka2:9093"),
    ("hosts", "kafka1,kafka2"),
];

/// What templates can call.
const FUNCTIONS: [&str; 4] = ["fail", "jmx", "process_limits", "sysctl_values"];

fn rendered(library: &Library, name: &str, settings: &[&str]) -> Result<String, CommandError> {
    let (_, header) = library.find(name)?;
    let mut all: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
    for (key, value) in REQUIRED {
        let needed = header.variables.iter().any(|declared| declared.name == key);
        if needed && !all.iter().any(|setting| setting.starts_with(&format!("{key}="))) {
            all.push(format!("{key}={value}"));
        }
    }
    engine::render(library, name, &values::values(name, &header, &all)?)
}

#[track_caller]
fn embedded(name: &str, settings: &[&str]) -> String {
    let library = Library::open(None).unwrap();
    rendered(&library, name, settings).unwrap_or_else(|error| panic!("{name} {settings:?}: {}", error.message))
}

#[track_caller]
fn node(name: &str, settings: &[&str]) -> NodeConfig {
    let text = embedded(name, settings);
    let properties = Properties::parse(text.as_bytes());
    let config = NodeConfig::parse(properties.iter()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(config.warnings, Vec::<String>::new(), "{text}");
    config
}

#[test]
fn every_template_declares_what_it_uses_and_uses_what_it_declares() {
    let library = Library::open(None).unwrap();
    let environment = engine::environment(&library).unwrap();
    let used_by = |name: &str| environment.get_template(name).unwrap().undeclared_variables(false);
    for name in library.names() {
        let (template, header) = library.find(name).unwrap();
        let mut used = used_by(name);
        let mut texts = vec![template.text.clone()];
        while let Some(text) = texts.pop() {
            for part in text.split("{% include '").skip(1) {
                let part = part.split('\'').next().unwrap();
                used.extend(used_by(part));
                texts.push(library.all().find(|(known, _)| *known == part).unwrap().1.text.clone());
            }
        }
        used.retain(|used| !FUNCTIONS.contains(&used.as_str()));
        let used: BTreeSet<&str> = used.iter().map(String::as_str).collect();
        let declared: BTreeSet<&str> = header.variables.iter().map(|declared| declared.name.as_str()).collect();
        assert_eq!(used, declared, "{name}");
        assert!(header.variables.iter().all(|declared| !declared.help.is_empty()));
    }
}

#[test]
fn every_file_of_the_folder_is_in_the_binary() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../templates");
    let from_folder = Library::open(Some(folder.as_ref())).unwrap();
    let embedded = Library::open(None).unwrap();
    let names = |library: &Library| library.all().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&from_folder), names(&embedded));
}

#[test]
fn every_template_can_be_rendered_and_leaves_no_gaps() {
    let library = Library::open(None).unwrap();
    for name in library.names() {
        let text = rendered(&library, name, &[]).unwrap_or_else(|error| panic!("{name}: {}", error.message));
        assert!(!text.contains("\n\n\n"), "{name} has empty lines together:\n{text}");
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{name}");
        assert!(
            text.lines().all(|line| line.trim_end() == line),
            "{name} has blanks at ends of lines:\n{text}"
        );
    }
}

#[test]
fn a_combined_node_is_what_was_asked_for() {
    let config = node(
        "server-combined",
        &[
            "node_id=2",
            "host=kafka2",
            "log_dirs=/data/1,/data/2",
            "rack=a",
            "metadata_dir=/meta",
        ],
    );
    assert!(config.is_broker && config.is_controller);
    assert_eq!(config.node_id, 2);
    assert_eq!(config.rack.as_deref(), Some("a"));
    assert_eq!(config.log_dirs, ["/data/1", "/data/2"].map(std::path::PathBuf::from));
    assert_eq!(config.metadata_log_dir, std::path::PathBuf::from("/meta"));
    assert_eq!(config.quorum_voters.len(), 2);
    assert_eq!(config.advertised_listeners[0].to_string(), "PLAINTEXT://kafka2:9092");
    assert_eq!(config.get("min.insync.replicas"), Some("2"));
    assert_eq!(config.number("log.segment.bytes"), 1 << 30);
}

#[test]
fn brokers_and_controllers_have_their_own_role_and_listeners() {
    let broker = node("server-broker", &["quorum=c1:9093,c2:9093,c3:9093", "node_id=4"]);
    assert!(broker.is_broker && !broker.is_controller);
    assert_eq!(
        broker.get("controller.quorum.bootstrap.servers"),
        Some("c1:9093,c2:9093,c3:9093")
    );
    assert!(broker.quorum_voters.is_empty());
    let controller = node("server-controller", &["controller_port=9193", "metadata_dir=/meta"]);
    assert_eq!(
        controller.log_dirs,
        [std::path::PathBuf::from("/meta")],
        "and not /tmp/kafka-logs"
    );
    assert_eq!(controller.metadata_log_dir, std::path::PathBuf::from("/meta"));
    assert!(controller.is_controller && !controller.is_broker);
    assert_eq!(controller.listeners[0].to_string(), "CONTROLLER://:9193");
    assert_eq!(
        controller.get("log.retention.hours"),
        Some("168"),
        "the default, which is not in its file"
    );
    assert!(!controller.values.contains_key("log.retention.hours"));
}

#[test]
fn one_replica_needs_one_in_sync_replica() {
    let config = node("server-combined", &["replication_factor=1"]);
    assert_eq!(config.get("min.insync.replicas"), Some("1"));
    assert_eq!(config.get("offsets.topic.replication.factor"), Some("1"));
}

#[test]
fn tls_needs_its_files() {
    let files = [
        "security=SSL",
        "keystore=/etc/kfleet/node.pem",
        "truststore=/etc/kfleet/ca.pem",
    ];
    for name in ["server-combined", "server-broker", "server-controller"] {
        let config = node(name, &files);
        assert_eq!(config.get("ssl.keystore.location"), Some("/etc/kfleet/node.pem"));
        assert!(
            config.listeners.iter().all(|listener| {
                config.security_protocols[&listener.name] == protocol::config::SecurityProtocol::Ssl
            })
        );
        let library = Library::open(None).unwrap();
        let error = rendered(&library, name, &files[..2]).unwrap_err();
        assert!(
            error.message.contains("security=SSL needs truststore"),
            "{}",
            error.message
        );
    }
}

#[test]
fn units_say_when_they_are_ready_and_wait_for_a_controlled_shutdown() {
    for (name, lines) in [
        (
            "systemd-broker",
            &[
                "Type=notify",
                "TimeoutStopSec=360",
                "ReadWritePaths=/d/1",
                "RequiresMountsFor=/d/2",
            ][..],
        ),
        (
            "systemd-apache-broker",
            &[
                "Type=simple",
                "SuccessExitStatus=143",
                "TimeoutStopSec=360",
                "LimitNOFILE=102400",
            ],
        ),
    ] {
        let text = embedded(name, &["log_dirs=/d/1,/d/2"]);
        for line in lines {
            assert!(
                text.lines().any(|found| found == *line),
                "{name} has no {line}:\n{text}"
            );
        }
    }
    let granted = crate::host_values::LIMITS
        .iter()
        .find(|limit| limit.item == "nofile")
        .unwrap()
        .value;
    for name in ["systemd-broker", "systemd-broker-template", "systemd-apache-broker"] {
        assert!(
            embedded(name, &[]).contains(&format!("\nLimitNOFILE={granted}\n")),
            "{name}"
        );
    }
    let jit = embedded("systemd-apache-broker", &[]);
    assert!(
        !jit.lines().any(|line| line.starts_with("MemoryDenyWriteExecute")),
        "the JVM compiles"
    );
    assert!(!jit.contains("JMX_PORT"));
    assert!(embedded("systemd-apache-broker", &["jmx_port=9999"]).contains("\nEnvironment=JMX_PORT=9999\n"));
    let tune = embedded("systemd-tune", &["baseline=latency"]);
    assert!(
        !tune.lines().any(|line| line.starts_with("ProtectKernelTunables")),
        "it writes to /proc/sys"
    );
    assert!(tune.contains("host tune --baseline latency --yes"));
    let many = embedded("systemd-broker-template", &["config_dir=/etc/a%b"]);
    assert!(many.contains("broker run -c /etc/a%%b/%i.properties\n"), "{many}");
}

#[test]
fn sysctl_has_the_values_of_the_baseline() {
    for baseline in ["throughput", "latency", "confluent", "tutorial", "minimal"] {
        let text = embedded("sysctl", &[&format!("baseline={baseline}")]);
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .collect();
        assert!(lines.contains(&"vm.swappiness = 1"), "{text}");
        assert!(lines.iter().all(|line| line.split(" = ").count() == 2), "{text}");
    }
    assert!(embedded("limits", &["user=kafka"]).contains("\nkafka - nofile 102400\n"));
}

#[test]
fn the_dashboard_is_json_and_its_panels_have_a_place_and_names_of_their_rules() {
    for (rules, has, has_not) in [
        (
            "kafka-2_0_0",
            "kafka_server_brokertopicmetrics_bytesin_total",
            "_Count{",
        ),
        (
            "default",
            "kafka_server_BrokerTopicMetrics_Count{name=\\\"BytesInPerSec\\\"",
            "_bytesin_total",
        ),
    ] {
        let text = embedded(
            "grafana-dashboard",
            &["title=A \"quoted\" title", &format!("jmx_rules={rules}")],
        );
        assert!(text.contains(has) && !text.contains(has_not), "{rules}");
        let dashboard: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(dashboard["title"], "A \"quoted\" title");
        let panels = dashboard["panels"].as_array().unwrap();
        let mut ids = BTreeSet::new();
        let mut taken = BTreeSet::new();
        for panel in panels {
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
            let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            assert!(at("x") + at("w") <= 24, "{panel}");
            for x in at("x")..at("x") + at("w") {
                for y in at("y")..at("y") + at("h") {
                    assert!(taken.insert((x, y)), "panels overlap: {panel}");
                }
            }
            for target in panel["targets"].as_array().into_iter().flatten() {
                let expr = target["expr"].as_str().unwrap();
                assert_eq!(expr.matches('(').count(), expr.matches(')').count(), "{expr}");
                assert!(expr.contains("$cluster"), "{expr} does not ask for the cluster");
            }
        }
    }
}

#[test]
fn optional_alerts_are_there_when_asked_for() {
    let without = embedded("prometheus-alerts", &[]);
    assert!(!without.contains("KafkaGroupLag") && !without.contains("KafkaBrokersMissing"));
    let with = embedded("prometheus-alerts", &["lag_max=1000", "brokers=3", "jmx_rules=default"]);
    assert!(
        with.contains("> 1000\"") && with.contains("(kafka_brokers) < 3\""),
        "{with}"
    );
    assert!(
        with.contains("kafka_controller_KafkaController_Value{name=\\\"OfflinePartitionsCount\\\"}"),
        "{with}"
    );
}

#[test]
fn the_scrape_has_one_kafka_exporter_unless_told_otherwise() {
    let text = embedded("prometheus-scrape", &["hosts=a,b"]);
    assert!(text.contains("targets: [\"a:7071\", \"b:7071\"]"), "{text}");
    assert!(text.contains("targets: [\"a:9100\", \"b:9100\"]"), "{text}");
    assert!(text.contains("targets: [\"a:9308\"]"), "{text}");
    let text = embedded("prometheus-scrape", &["exporter_hosts=m", "rules=/etc/r.yml"]);
    assert!(
        text.contains("targets: [\"m:9308\"]") && text.contains("  - \"/etc/r.yml\"\n"),
        "{text}"
    );
}

#[test]
fn templates_of_a_folder_come_first_and_may_replace_a_part() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("own.jinja"),
        "{# ours\nx: text -- x\n#}\nx is {{ x }}\n",
    )
    .unwrap();
    std::fs::write(dir.path().join("limits.jinja"), "{# other limits #}\nnone\n").unwrap();
    std::fs::write(
        dir.path().join("_systemd-hardening.jinja"),
        "{# ours #}\nProtectHome=no\n",
    )
    .unwrap();
    std::fs::write(dir.path().join("README"), "not a template").unwrap();
    let library = Library::open(Some(dir.path())).unwrap();
    assert_eq!(rendered(&library, "own", &["x=1"]).unwrap(), "x is 1\n");
    assert_eq!(rendered(&library, "limits", &[]).unwrap(), "none\n");
    let unit = rendered(&library, "systemd-broker", &[]).unwrap();
    assert!(
        unit.contains("ProtectHome=no") && !unit.contains("ProtectClock"),
        "{unit}"
    );
}

#[test]
fn a_template_that_is_wrong_is_named_with_its_line() {
    for (text, said) in [
        ("{# t #}\n{{ nothing }}\n", "own.jinja, line 2: undefined value"),
        ("{# t #}\n\n{% if %}\n", "own.jinja, line 3: syntax error"),
        ("no header", "own.jinja: a template starts with a comment"),
        ("{# t\nx: float = 1 -- x\n#}", "own.jinja: line 2: \"float\""),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("own.jinja"), text).unwrap();
        let library = Library::open(Some(dir.path())).unwrap();
        let error = rendered(&library, "own", &[]).unwrap_err();
        assert!(error.message.contains(said), "{text}: {}", error.message);
        assert_eq!(error.code, exit_codes::DATA);
    }
}

#[test]
fn folders_and_files_that_cannot_be_read_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let open = |path: &std::path::Path| Library::open(Some(path)).unwrap_err();
    assert_eq!(open(&dir.path().join("no")).code, exit_codes::NOT_FOUND);
    assert!(open(dir.path()).message.contains("has no templates"));
    let file = dir.path().join("big.jinja");
    std::fs::write(&file, vec![b'x'; (1 << 20) + 1]).unwrap();
    assert!(open(dir.path()).message.contains("longer than"));
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    assert_eq!(open(dir.path()).code, exit_codes::IO);
}

#[test]
fn a_file_with_other_content_is_replaced_only_by_force() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.conf");
    assert!(write(&file, "one\n", false).unwrap());
    assert!(!write(&file, "one\n", false).unwrap(), "it says so already");
    assert_eq!(write(&file, "two\n", false).unwrap_err().code, exit_codes::REFUSED);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "one\n");
    assert!(write(&file, "two\n", true).unwrap());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "two\n");
}
