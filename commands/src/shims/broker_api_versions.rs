//! kafka-broker-api-versions

use std::collections::BTreeMap;

use protocol::api::messages::ApiVersionsResponse;

use super::cluster::Where;
use super::failed::{Failed, Throwable};
use super::io::Io;
use super::options::{Syntax, valued};

/// Its flags.
pub(super) const SYNTAX: Syntax = Syntax {
    script: "kafka-broker-api-versions",
    options: &[valued("bootstrap-server", "String"), valued("command-config", "String")],
};

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    let parsed = SYNTAX.parse_or_help(args)?;
    parsed.require(&["bootstrap-server"])?;
    let cluster = Where::of(&parsed)?;
    let failed = |error: Throwable| Failed::on_stderr(error);
    let client = cluster.connect("describeCluster").await.map_err(failed)?;
    let nodes = client
        .cluster_nodes(false)
        .await
        .map_err(|error| failed(error.into()))?;
    let answers = client.node_versions(None).await;
    let mut is_whole = true;
    for node in nodes.nodes {
        let id = node.broker_id.0;
        let rack = node.rack.as_ref().map_or("null", |rack| rack.as_str());
        let shown = format!("{}:{} (id: {id} rack: {rack} isFenced: false)", &*node.host, node.port);
        match answers.ok.iter().find(|answer| answer.id == id) {
            Some(answer) => io.line(format!("{shown} -> {}", listed(&answer.versions))),
            None => {
                is_whole = false;
                let what = format!("node {id}");
                let error = answers.errors.iter().find(|failed| failed.what == what);
                let error = error.map_or_else(
                    || "org.apache.kafka.common.errors.DisconnectException: it is gone".to_owned(),
                    |failed| Throwable::from(failed.error.clone()).to_string(),
                );
                io.line(format!("{shown} -> ERROR: {error}"));
            }
        }
    }
    // That a broker does not answer Apache's script only prints.
    if is_whole {
        Ok(())
    } else {
        Err(Failed::silently().apache_exits_with_0())
    }
}

/// What a broker serves, and which version both it and a client of 4.3.1 know.
fn listed(versions: &ApiVersionsResponse) -> String {
    let mut lines: BTreeMap<i16, String> = BTreeMap::new();
    for api in &versions.api_keys {
        let (key, min, max) = (api.api_key, api.min_version, api.max_version);
        let range = if min == max {
            min.to_string()
        } else {
            format!("{min} to {max}")
        };
        let line = match APIS.iter().find(|(known, ..)| *known == key) {
            None => format!("UNKNOWN({key}): {range}"),
            Some((_, name, _, oldest)) if max < *oldest => format!("{name}({key}): {range} [unusable: node too old]"),
            Some((_, name, newest, _)) if min > *newest => format!("{name}({key}): {range} [unusable: node too new]"),
            Some((_, name, newest, _)) => format!("{name}({key}): {range} [usable: {}]", max.min(*newest)),
        };
        lines.insert(key, line);
    }
    for (key, name, ..) in APIS {
        lines
            .entry(key)
            .or_insert_with(|| format!("{name}({key}): UNSUPPORTED"));
    }
    let lines: Vec<String> = lines.into_values().collect();
    format!("(\n\t{}\n)", lines.join(",\n\t"))
}

/// Key, name, newest and oldest version of the APIs that clients of Apache Kafka 4.3.1 know.
const APIS: [(i16, &str, i16, i16); 77] = [
    (0, "Produce", 13, 0),
    (1, "Fetch", 18, 4),
    (2, "ListOffsets", 11, 1),
    (3, "Metadata", 13, 0),
    (8, "OffsetCommit", 10, 2),
    (9, "OffsetFetch", 10, 1),
    (10, "FindCoordinator", 6, 0),
    (11, "JoinGroup", 9, 0),
    (12, "Heartbeat", 4, 0),
    (13, "LeaveGroup", 5, 0),
    (14, "SyncGroup", 5, 0),
    (15, "DescribeGroups", 6, 0),
    (16, "ListGroups", 5, 0),
    (17, "SaslHandshake", 1, 0),
    (18, "ApiVersions", 4, 0),
    (19, "CreateTopics", 7, 2),
    (20, "DeleteTopics", 6, 1),
    (21, "DeleteRecords", 2, 0),
    (22, "InitProducerId", 5, 0),
    (23, "OffsetForLeaderEpoch", 4, 2),
    (24, "AddPartitionsToTxn", 5, 0),
    (25, "AddOffsetsToTxn", 4, 0),
    (26, "EndTxn", 5, 0),
    (27, "WriteTxnMarkers", 2, 1),
    (28, "TxnOffsetCommit", 5, 0),
    (29, "DescribeAcls", 3, 1),
    (30, "CreateAcls", 3, 1),
    (31, "DeleteAcls", 3, 1),
    (32, "DescribeConfigs", 4, 1),
    (33, "AlterConfigs", 2, 0),
    (34, "AlterReplicaLogDirs", 2, 1),
    (35, "DescribeLogDirs", 5, 1),
    (36, "SaslAuthenticate", 2, 0),
    (37, "CreatePartitions", 3, 0),
    (38, "CreateDelegationToken", 3, 1),
    (39, "RenewDelegationToken", 2, 1),
    (40, "ExpireDelegationToken", 2, 1),
    (41, "DescribeDelegationToken", 3, 1),
    (42, "DeleteGroups", 2, 0),
    (43, "ElectLeaders", 2, 0),
    (44, "IncrementalAlterConfigs", 1, 0),
    (45, "AlterPartitionReassignments", 1, 0),
    (46, "ListPartitionReassignments", 0, 0),
    (47, "OffsetDelete", 0, 0),
    (48, "DescribeClientQuotas", 1, 0),
    (49, "AlterClientQuotas", 1, 0),
    (50, "DescribeUserScramCredentials", 0, 0),
    (51, "AlterUserScramCredentials", 0, 0),
    (55, "DescribeQuorum", 2, 0),
    (57, "UpdateFeatures", 2, 0),
    (60, "DescribeCluster", 2, 0),
    (61, "DescribeProducers", 0, 0),
    (64, "UnregisterBroker", 0, 0),
    (65, "DescribeTransactions", 0, 0),
    (66, "ListTransactions", 2, 0),
    (68, "ConsumerGroupHeartbeat", 1, 0),
    (69, "ConsumerGroupDescribe", 1, 0),
    (71, "GetTelemetrySubscriptions", 0, 0),
    (72, "PushTelemetry", 0, 0),
    (74, "ListConfigResources", 1, 0),
    (75, "DescribeTopicPartitions", 0, 0),
    (76, "ShareGroupHeartbeat", 1, 1),
    (77, "ShareGroupDescribe", 1, 1),
    (78, "ShareFetch", 2, 1),
    (79, "ShareAcknowledge", 2, 1),
    (80, "AddRaftVoter", 1, 0),
    (81, "RemoveRaftVoter", 0, 0),
    (83, "InitializeShareGroupState", 0, 0),
    (84, "ReadShareGroupState", 0, 0),
    (85, "WriteShareGroupState", 1, 0),
    (86, "DeleteShareGroupState", 0, 0),
    (87, "ReadShareGroupStateSummary", 1, 0),
    (88, "StreamsGroupHeartbeat", 0, 0),
    (89, "StreamsGroupDescribe", 0, 0),
    (90, "DescribeShareGroupOffsets", 1, 0),
    (91, "AlterShareGroupOffsets", 0, 0),
    (92, "DeleteShareGroupOffsets", 0, 0),
];
