//! kafka-metadata-quorum

use std::path::Path;

use client::{Client, Quorum, QuorumReplica};
use protocol::Uuid;

use super::arguments::{Given, Grammar, Subcommand, switch, value};
use super::cluster::Where;
use super::columns;
use super::failed::{Failed, Throwable};
use super::io::Io;
use crate::offsets::time::now_ms;

/// Its flags.
pub(super) const GRAMMAR: Grammar = Grammar {
    script: "kafka-metadata-quorum",
    arguments: &[
        value("bootstrap-server", None),
        value("bootstrap-controller", None),
        value("command-config", None),
    ],
    commands: &[
        Subcommand {
            name: "describe",
            arguments: &[
                switch("status", None),
                switch("replication", None),
                switch("human-readable", None),
            ],
        },
        Subcommand {
            name: "add-controller",
            arguments: &[switch("dry-run", None)],
        },
        Subcommand {
            name: "remove-controller",
            arguments: &[
                value("controller-id", Some('i')),
                value("controller-directory-id", Some('d')),
                switch("dry-run", None),
            ],
        },
    ],
    help_exits: 0,
};

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    let given = GRAMMAR.parse(args)?;
    if given.command == "remove-controller" {
        given.require("controller-id")?;
        given.require("controller-directory-id")?;
    }
    let (servers, is_controller) = given.servers()?;
    let failed = |error: Throwable| Failed::on_stderr(error.message);
    let cluster = Where::new(servers, is_controller, given.value("command-config")).map_err(failed)?;
    match given.command {
        "describe" => {
            let (status, replication) = (given.has("status"), given.has("replication"));
            let wrong = match (status, replication) {
                (true, true) => "Only one of --status or --replication should be specified with describe sub-command",
                (false, false) => "One of --status or --replication must be specified with describe sub-command",
                (true, false) if given.has("human-readable") => {
                    "The option --human-readable is only supported along with --replication"
                }
                _ => "",
            };
            if !wrong.is_empty() {
                return Err(Failed::on_stderr(wrong));
            }
            let client = cluster.connect("describeMetadataQuorum").await.map_err(failed)?;
            let quorum = client.describe_quorum().await.map_err(|error| failed(error.into()))?;
            if status {
                print_status(&client, &quorum, io)
            } else {
                print_replication(&quorum, given.has("human-readable"), io)
            }
        }
        "add-controller" => add(&given, &cluster, io).await,
        _ => remove(&given, &cluster, io).await,
    }
}

fn print_status(client: &Client, quorum: &Quorum, io: &mut Io) -> Result<(), Failed> {
    let (Some(leader), Some(last)) = (quorum.leader(), quorum.last_voter()) else {
        return Err(Failed::on_stderr("No value present"));
    };
    let end = |replica: &QuorumReplica| replica.log_end_offset.unwrap_or(-1);
    let lag_ms = if last.id == leader.id {
        0
    } else {
        let times = leader.last_caught_up_ms.zip(last.last_caught_up_ms);
        times.map_or(-1, |(leader, last)| leader - last)
    };
    io.line(format!("ClusterId:              {}", client.cluster_id()));
    io.line(format!("LeaderId:               {}", quorum.leader_id));
    io.line(format!("LeaderEpoch:            {}", quorum.leader_epoch));
    io.line(format!(
        "HighWatermark:          {}",
        quorum.high_watermark.unwrap_or(-1)
    ));
    io.line(format!("MaxFollowerLag:         {}", end(leader) - end(last)));
    io.line(format!("MaxFollowerLagTimeMs:   {lag_ms}"));
    io.line(format!("CurrentVoters:          {}", replicas(&quorum.voters)));
    io.line(format!("CurrentObservers:       {}", replicas(&quorum.observers)));
    Ok(())
}

/// As in `[{"id": 1, "directoryId": "...", "endpoints": ["CONTROLLER://host:9093"]}]`.
fn replicas(replicas: &[QuorumReplica]) -> String {
    let replica = |replica: &QuorumReplica| {
        let directory = replica
            .directory_id
            .map_or(String::new(), |id| format!(", \"directoryId\": \"{id}\""));
        let endpoints: Vec<String> = replica
            .endpoints
            .iter()
            .map(|endpoint| format!("\"{}://{}:{}\"", endpoint.listener, endpoint.host, endpoint.port))
            .collect();
        let endpoints = if endpoints.is_empty() {
            String::new()
        } else {
            format!(", \"endpoints\": [{}]", endpoints.join(", "))
        };
        format!("{{\"id\": {}{directory}{endpoints}}}", replica.id)
    };
    let all: Vec<String> = replicas.iter().map(replica).collect();
    format!("[{}]", all.join(", "))
}

fn print_replication(quorum: &Quorum, human_readable: bool, io: &mut Io) -> Result<(), Failed> {
    let Some(leader) = quorum.leader() else {
        return Err(Failed::on_stderr("No value present"));
    };
    let now = now_ms();
    let time = |at_ms: Option<i64>| match at_ms {
        None => "-1".to_owned(),
        Some(at_ms) if human_readable => format!("{} ms ago", (now - at_ms).max(0)),
        Some(at_ms) => at_ms.to_string(),
    };
    let row = |replica: &QuorumReplica, status: &str| {
        let end = replica.log_end_offset.unwrap_or(-1);
        [
            replica.id.to_string(),
            replica.directory_id.unwrap_or(Uuid::ZERO).to_string(),
            end.to_string(),
            (leader.log_end_offset.unwrap_or(-1) - end).to_string(),
            time(replica.last_fetch_ms),
            time(replica.last_caught_up_ms),
            status.to_owned(),
        ]
    };
    let followers = quorum.voters.iter().filter(|voter| voter.id != quorum.leader_id);
    let mut rows = vec![row(leader, "Leader")];
    rows.extend(followers.map(|voter| row(voter, "Follower")));
    rows.extend(quorum.observers.iter().map(|observer| row(observer, "Observer")));
    let headers = [
        "NodeId",
        "DirectoryId",
        "LogEndOffset",
        "Lag",
        "LastFetchTimestamp",
        "LastCaughtUpTimestamp",
        "Status",
    ];
    columns::print(headers, rows, io);
    Ok(())
}

async fn add(given: &Given, cluster: &Where, io: &mut Io) -> Result<(), Failed> {
    let Some(config) = given.value("command-config") else {
        return Err(Failed::on_stderr(
            "You must supply the configuration file of the controller you are adding when using add-controller.",
        ));
    };
    let voter = crate::quorum::voter_of_files(Path::new(config))?;
    let endpoints = voter
        .endpoints
        .iter()
        .map(|endpoint| format!("{}://{}:{}", endpoint.listener, endpoint.host, endpoint.port));
    let endpoints: Vec<String> = endpoints.collect();
    let client = cluster
        .connect("addRaftVoter")
        .await
        .map_err(|error| Failed::on_stderr(error.message))?;
    let what = format!(
        "controller {} with directory id {} and endpoints: {}",
        voter.id,
        voter.directory_id,
        endpoints.join(", ")
    );
    if given.has("dry-run") {
        io.line(format!("DRY RUN of adding {what}"));
        return Ok(());
    }
    let added = client.add_voter(&voter).await;
    added.map_err(|error| Failed::on_stderr(Throwable::from(error)))?;
    io.line(format!("Added {what}"));
    Ok(())
}

async fn remove(given: &Given, cluster: &Where, io: &mut Io) -> Result<(), Failed> {
    let id = given.number::<i32>("controller-id")?.unwrap_or_default();
    let directory = given.value("controller-directory-id").unwrap_or_default();
    if id < 0 {
        return Err(Failed::on_stderr(format!("Invalid negative --controller-id: {id}")));
    }
    let Ok(directory_id) = directory.parse::<Uuid>() else {
        return Err(Failed::on_stderr(format!(
            "Failed to parse --controller-directory-id: {directory}"
        )));
    };
    let dry = given.has("dry-run");
    // Two blanks, as Apache Kafka 4.3.1 has them.
    let what = format!(" KRaft controller {id} with directory id {directory_id}");
    if dry {
        io.line(format!("DRY RUN of removing {what}"));
        return Ok(());
    }
    let client = cluster
        .connect("removeRaftVoter")
        .await
        .map_err(|error| Failed::on_stderr(error.message))?;
    let removed = client.remove_voter(id, directory_id).await;
    removed.map_err(|error| Failed::on_stderr(Throwable::from(error)))?;
    io.line(format!("Removed {what}"));
    Ok(())
}
