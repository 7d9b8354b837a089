//! quorum replication

use clap::Args;
use client::{Quorum, QuorumReplica};
use schemars::JsonSchema;
use serde::Serialize;

use super::number;
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};
use crate::watch::WatchArgs;

/// List the replicas of the metadata log and how far each is.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet quorum replication -b localhost:9092\n  kfleet quorum replication --bootstrap-controller localhost:9093 -o wide"
)]
pub(crate) struct ReplicationArgs {
    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

/// What a replica is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReplicaRole {
    /// The active controller's.
    Leader,
    /// Another voter's.
    Follower,
    /// Without a vote.
    Observer,
}

/// A replica of the metadata log.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ReplicationRow {
    /// Its node.
    node: i32,
    /// Its directory; none where that is not known, as of static voters.
    directory_id: Option<String>,
    /// Its log end offset; none if the leader has not heard of it.
    log_end_offset: Option<i64>,
    /// Offsets it is behind the leader.
    lag: Option<i64>,
    /// When it last fetched, by the leader's clock; none if that is not known.
    last_fetch_timestamp_ms: Option<i64>,
    /// When it last had all of the leader's log, by the leader's clock.
    last_caught_up_timestamp_ms: Option<i64>,
    /// What it is.
    status: ReplicaRole,
    /// How long ago it fetched.
    since_fetch_ms: Option<i64>,
    /// How long ago it had all of the leader's log.
    since_caught_up_ms: Option<i64>,
}

impl Shown for Vec<ReplicationRow> {
    const SCHEMA: &'static str = "quorum-replication/1";

    fn table(&self, wide: bool) -> Table {
        let ago = |ms: Option<i64>| ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms ago"));
        let row = |row: &ReplicationRow| {
            let mut cells = vec![
                row.node.to_string(),
                row.directory_id.clone().unwrap_or_else(|| "-".to_owned()),
                number(row.log_end_offset),
                number(row.lag),
                ago(row.since_fetch_ms),
                ago(row.since_caught_up_ms),
                format!("{:?}", row.status).to_lowercase(),
            ];
            if wide {
                cells.extend([
                    number(row.last_fetch_timestamp_ms),
                    number(row.last_caught_up_timestamp_ms),
                ]);
            }
            cells
        };
        let mut headers = vec![
            "NODE",
            "DIRECTORY",
            "LOG END OFFSET",
            "LAG",
            "FETCHED",
            "CAUGHT UP",
            "STATUS",
        ];
        if wide {
            headers.extend(["FETCHED AT (MS)", "CAUGHT UP AT (MS)"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

fn rows(quorum: &Quorum) -> Vec<ReplicationRow> {
    let row = |replica: &QuorumReplica, status| ReplicationRow {
        node: replica.id,
        directory_id: replica.directory_id.map(|id| id.to_string()),
        log_end_offset: replica.log_end_offset,
        lag: quorum.lag(replica),
        last_fetch_timestamp_ms: replica.last_fetch_ms,
        last_caught_up_timestamp_ms: replica.last_caught_up_ms,
        status,
        since_fetch_ms: quorum.since_fetch_ms(replica),
        since_caught_up_ms: quorum.lag_ms(replica),
    };
    let leads = |replica: &&QuorumReplica| replica.id == quorum.leader_id;
    let leader = quorum.voters.iter().filter(leads).map(|r| row(r, ReplicaRole::Leader));
    let followers = quorum.voters.iter().filter(|replica| !leads(replica));
    let followers = followers.map(|replica| row(replica, ReplicaRole::Follower));
    let observers = quorum.observers.iter().map(|r| row(r, ReplicaRole::Observer));
    leader.chain(followers).chain(observers).collect()
}

pub(crate) fn run(_: &ReplicationArgs, context: &Context) -> Result<(), CommandError> {
    let (id, quorum) = block_on(async {
        let client = context.connect_to_any_role().await?;
        let quorum = client.describe_quorum().await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), quorum))
    })??;
    context.out.show(Some(&id), &rows(&quorum), &[])
}
