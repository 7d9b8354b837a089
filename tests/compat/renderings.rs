//! What is rendered, given to the programs it is for: systemd, Prometheus and Apache Kafka.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{KFLEET, Ran, foreign, kafka_libs, kfleet, quick_java, run_with_input};

/// Renders into a file.
#[track_caller]
fn render(name: &str, settings: &[&str], file: &Path) {
    let mut args = vec!["render", name, "--out", file.to_str().unwrap()];
    args.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    kfleet(&args).exits(0);
}

fn promtool() -> String {
    foreign("prometheus/usr/bin/promtool").display().to_string()
}

#[track_caller]
fn runs(program: &str, args: &[&str]) -> Ran {
    run_with_input(Command::new(program).args(args), "").exits(0)
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn systemd_understands_the_units() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let script = path("bin/kafka-server-start.sh");
    fs::create_dir_all(path("bin")).unwrap();
    fs::write(&script, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let binary = format!("binary={KFLEET}");
    let home = format!("kafka_home={}", dir.path().display());
    // A user that every host has.
    let user = "user=daemon";
    for (name, file, settings) in [
        (
            "systemd-broker",
            "kfleet-broker.service",
            vec![binary.as_str(), user, "log_dirs=/data/1,/data/2"],
        ),
        (
            "systemd-broker-template",
            "kfleet-broker@.service",
            vec![binary.as_str(), user],
        ),
        (
            "systemd-apache-broker",
            "kafka.service",
            vec![home.as_str(), user, "jmx_port=9999"],
        ),
        ("systemd-tune", "kfleet-tune.service", vec![binary.as_str()]),
    ] {
        render(name, &settings, &path(file));
        let verified = runs("systemd-analyze", &["verify", "--man=no", path(file).to_str().unwrap()]);
        assert_eq!(verified.stderr, "", "{file}");
        let shown = path(file).display().to_string();
        if file == "kfleet-tune.service" {
            continue;
        }
        // The exposure of a service without any of this is 96.
        runs(
            "systemd-analyze",
            &["security", "--offline=true", "--threshold=25", &shown],
        );
    }
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn prometheus_understands_the_scrape_the_alerts_and_the_expressions_of_the_dashboard() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    for rules in ["kafka-2_0_0", "default"] {
        let chosen = format!("jmx_rules={rules}");
        let alerts = path(&format!("alerts-{rules}.yml"));
        render("prometheus-alerts", &[&chosen, "brokers=3", "lag_max=1000"], &alerts);
        let checked = runs(&promtool(), &["check", "rules", alerts.to_str().unwrap()]);
        assert!(
            checked.stdout.contains(&format!("{} rules found", WATCHED.len())),
            "{}",
            checked.stdout
        );

        let scrape = path(&format!("prometheus-{rules}.yml"));
        let files = format!("rules={}", alerts.display());
        render("prometheus-scrape", &["hosts=kafka1,kafka2", &files], &scrape);
        runs(&promtool(), &["check", "config", scrape.to_str().unwrap()]);

        let dashboard = path(&format!("dashboard-{rules}.json"));
        render("grafana-dashboard", &[&chosen], &dashboard);
        let expressions = path(&format!("expressions-{rules}.yml"));
        let count = as_rules(&dashboard, &expressions);
        let checked = runs(&promtool(), &["check", "rules", expressions.to_str().unwrap()]);
        assert!(
            checked.stdout.contains(&format!("{count} rules found")),
            "{}",
            checked.stdout
        );
    }
}

/// The expressions of a dashboard as recording rules, its variables replaced; how many there are.
fn as_rules(dashboard: &Path, rules: &Path) -> usize {
    let dashboard: Value = serde_json::from_slice(&fs::read(dashboard).unwrap()).unwrap();
    let targets = dashboard["panels"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|panel| panel["targets"].as_array());
    let expressions = targets.flatten().map(|target| target["expr"].as_str().unwrap());
    let recorded: Vec<Value> = expressions
        .enumerate()
        .map(|(at, expr)| {
            let expr = expr
                .replace("$__rate_interval", "1m")
                .replace("$cluster", ".*")
                .replace("$instance", ".*");
            json!({ "record": format!("dashboard:expression:{at}"), "expr": expr })
        })
        .collect();
    let count = recorded.len();
    let document = json!({ "groups": [{ "name": "dashboard", "rules": recorded }] });
    fs::write(rules, document.to_string()).unwrap();
    count
}

/// Each alert with what it watches: series, their values when something is wrong, and when nothing is.
const WATCHED: [(&str, &str, &str, &str); 17] = [
    (
        "KafkaOfflinePartitions",
        "kafka_controller_kafkacontroller_offlinepartitionscount",
        "1x60",
        "0x60",
    ),
    (
        "KafkaNoController",
        "kafka_controller_kafkacontroller_activecontrollercount",
        "0x60",
        "1x60",
    ),
    (
        "KafkaUnderMinIsr",
        "kafka_server_replicamanager_underminisrpartitioncount",
        "2x60",
        "0x60",
    ),
    (
        "KafkaUnderReplicated",
        "kafka_server_replicamanager_underreplicatedpartitions",
        "5x60",
        "0x60",
    ),
    (
        "KafkaOfflineLogDirectory",
        "kafka_log_logmanager_offlinelogdirectorycount",
        "1x60",
        "0x60",
    ),
    (
        "KafkaFencedBrokers",
        "kafka_controller_kafkacontroller_fencedbrokercount",
        "1x60",
        "0x60",
    ),
    (
        "KafkaUncleanElection",
        "kafka_controller_controllerstats_uncleanleaderelections_total",
        "0x25 1x40",
        "1x60",
    ),
    (
        "KafkaMetadataErrors",
        "kafka_controller_kafkacontroller_metadataerrorcount",
        "1x60",
        "0x60",
    ),
    (
        "KafkaNetworkBusy",
        "kafka_network_socketserver_networkprocessoravgidlepercent",
        "0.2x60",
        "0.9x60",
    ),
    ("KafkaExporterDown", "up{job=\"kafka-nodes\"}", "0x60", "1x60"),
    ("KafkaBrokersMissing", "kafka_brokers", "2x60", "3x60"),
    (
        "KafkaGroupStalled",
        "kafka_consumergroup_current_offset",
        "7x60",
        "7+1x60",
    ),
    ("KafkaGroupLag", "kafka_consumergroup_lag", "2000x60", "10x60"),
    (
        "KafkaDiskFull",
        "node_filesystem_avail_bytes{job=\"kafka-nodes\",fstype=\"xfs\"}",
        "10x60",
        "50x60",
    ),
    (
        "KafkaHostSwaps",
        "node_vmstat_pswpin{job=\"kafka-nodes\"}",
        "0+600x60",
        "600x60",
    ),
    (
        "KafkaClockNotSynchronised",
        "node_timex_sync_status{job=\"kafka-nodes\"}",
        "0x60",
        "1x60",
    ),
    (
        "KafkaFilesRunOut",
        "process_open_fds{job=\"kafka-jmx\"}",
        "90x60",
        "10x60",
    ),
];

/// What some of them are compared with.
const SIZES: [(&str, &str); 2] = [
    (
        "node_filesystem_size_bytes{job=\"kafka-nodes\",fstype=\"xfs\"}",
        "100x60",
    ),
    ("process_max_fds{job=\"kafka-jmx\"}", "100x60"),
];

#[test]
#[ignore = "needs tests/compat/setup"]
fn each_alert_fires_on_what_it_watches_and_on_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    render("prometheus-alerts", &["brokers=3", "lag_max=1000"], &path("alerts.yml"));
    let firing = |wrong: Option<&str>| {
        let watched = WATCHED.iter().map(|(alert, series, bad, good)| {
            let values = if wrong == Some(alert) { bad } else { good };
            json!({ "series": series, "values": values })
        });
        let sizes = SIZES
            .iter()
            .map(|(series, values)| json!({ "series": series, "values": values }));
        let expected = wrong.map(|alert| {
            let labels = format!("{{alertname=\"{alert}\"}}");
            json!({ "labels": labels, "value": 1 })
        });
        json!({
            "interval": "1m",
            "input_series": watched.chain(sizes).collect::<Vec<_>>(),
            "promql_expr_test": [{
                "expr": "count by (alertname) (ALERTS{alertstate=\"firing\"})",
                "eval_time": "30m",
                "exp_samples": expected.into_iter().collect::<Vec<_>>(),
            }],
        })
    };
    let tests: Vec<Value> = WATCHED
        .iter()
        .map(|(alert, ..)| firing(Some(alert)))
        .chain([firing(None)])
        .collect();
    let document = json!({ "rule_files": ["alerts.yml"], "evaluation_interval": "1m", "tests": tests });
    fs::write(path("test.yml"), document.to_string()).unwrap();
    runs(&promtool(), &["test", "rules", path("test.yml").to_str().unwrap()]);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn apache_kafka_formats_directories_for_every_server_properties() {
    let storage = |args: &[&str]| {
        let mut command = Command::new("timeout");
        command
            .args(["90", "java", "-Xmx256m"])
            .args(quick_java("4.3.1"))
            .arg("-cp")
            .arg(kafka_libs().join("*"))
            .arg("kafka.tools.StorageTool")
            .args(args);
        run_with_input(&mut command, "")
    };
    let id = kfleet(&["storage", "random-uuid"]).exits(0).stdout;
    let fixed = "quorum=1@127.0.0.1:9093";
    let dynamic = "quorum=127.0.0.1:9093";
    for (name, quorum, how, security) in [
        ("server-combined", fixed, &[][..]),
        ("server-combined", dynamic, &["--standalone"]),
        ("server-controller", dynamic, &["--standalone"]),
        ("server-broker", dynamic, &[]),
        ("server-broker", fixed, &[]),
    ]
    .into_iter()
    .flat_map(|(name, quorum, how)| ["PLAINTEXT", "SSL"].map(|security| (name, quorum, how, security)))
    {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("server.properties");
        let data = dir.path().join("data").display().to_string();
        let dirs = match name {
            "server-controller" => format!("metadata_dir={data}"),
            _ => format!("log_dirs={data}"),
        };
        let node = if name == "server-broker" {
            "node_id=2"
        } else {
            "node_id=1"
        };
        let security = format!("security={security}");
        let files = ["keystore=/etc/kfleet/node.pem", "truststore=/etc/kfleet/ca.pem"];
        render(
            name,
            &[&[node, "host=127.0.0.1", quorum, &dirs, &security], &files[..]].concat(),
            &file,
        );
        let config = file.to_str().unwrap();
        let formatted = storage(&[&["format", "-t", id.trim(), "-c", config][..], how].concat()).exits(0);
        assert!(
            formatted.stdout.contains("Formatting"),
            "{name}: {}{}",
            formatted.stdout,
            formatted.stderr
        );
        let info = storage(&["info", "-c", config]).exits(0).stdout;
        assert!(
            info.contains(id.trim()) && info.contains(&data) && !info.contains("problem"),
            "{name}: {info}"
        );
        // Ours says the same of what Apache's tool has written.
        kfleet(&["storage", "info", "-c", config]).exits(0);
    }
}
