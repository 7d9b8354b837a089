//! quorum status

use clap::Args;
use client::{Quorum, QuorumReplica};
use schemars::JsonSchema;
use serde::Serialize;

use super::{endpoint_text, number};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};
use crate::watch::WatchArgs;

/// Tell who leads, who votes and who follows.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet quorum status -b localhost:9092\n  kfleet quorum status --bootstrap-controller localhost:9093 -o json"
)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

/// The quorum.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct QuorumStatus {
    /// The cluster, which JSON has in its envelope.
    #[serde(skip)]
    cluster_id: String,
    /// The active controller.
    leader_id: i32,
    /// Its epoch.
    leader_epoch: i32,
    /// Everything below it is committed; none if the leader does not know yet.
    high_watermark: Option<i64>,
    /// Offsets the last of the voters is behind the leader; none if the leader has not heard of it.
    max_follower_lag: Option<i64>,
    /// How long ago that voter had all of the leader's log; none if that is not known.
    max_follower_lag_time_ms: Option<i64>,
    /// Who votes.
    voters: Vec<Replica>,
    /// Who follows without a vote.
    observers: Vec<Replica>,
}

/// One replica of the metadata log.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Replica {
    /// Its node.
    id: i32,
    /// Its directory; none where that is not known, as of static voters.
    directory_id: Option<String>,
    /// Where a voter is reached, NAME://HOST:PORT.
    endpoints: Vec<String>,
    /// Its log end offset.
    log_end_offset: Option<i64>,
    /// Offsets it is behind the leader.
    lag: Option<i64>,
}

impl Replica {
    fn of(quorum: &Quorum, replica: &QuorumReplica) -> Self {
        Self {
            id: replica.id,
            directory_id: replica.directory_id.map(|id| id.to_string()),
            endpoints: replica.endpoints.iter().map(endpoint_text).collect(),
            log_end_offset: replica.log_end_offset,
            lag: quorum.lag(replica),
        }
    }

    fn text(&self) -> String {
        let mut words = vec![self.id.to_string()];
        words.extend(self.directory_id.clone());
        words.extend(self.endpoints.iter().cloned());
        words.join(" ")
    }
}

impl QuorumStatus {
    fn of(cluster_id: &str, quorum: &Quorum) -> Self {
        let last = quorum.last_voter();
        let replicas = |replicas: &[QuorumReplica]| replicas.iter().map(|r| Replica::of(quorum, r)).collect();
        Self {
            cluster_id: cluster_id.to_owned(),
            leader_id: quorum.leader_id,
            leader_epoch: quorum.leader_epoch,
            high_watermark: quorum.high_watermark,
            max_follower_lag: last.and_then(|voter| quorum.lag(voter)),
            max_follower_lag_time_ms: last.and_then(|voter| quorum.lag_ms(voter)),
            voters: replicas(&quorum.voters),
            observers: replicas(&quorum.observers),
        }
    }
}

impl Shown for QuorumStatus {
    const SCHEMA: &'static str = "quorum-status/1";

    fn table(&self, _: bool) -> Table {
        let line = |name: &str, value: String| vec![name.to_owned(), value];
        let lag_time = self
            .max_follower_lag_time_ms
            .map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
        let mut rows = vec![
            line("cluster id", self.cluster_id.clone()),
            line("leader", self.leader_id.to_string()),
            line("leader epoch", self.leader_epoch.to_string()),
            line("high watermark", number(self.high_watermark)),
            line("max follower lag", number(self.max_follower_lag)),
            line("max follower lag time", lag_time),
        ];
        rows.extend(self.voters.iter().map(|voter| line("voter", voter.text())));
        rows.extend(self.observers.iter().map(|observer| line("observer", observer.text())));
        Table { headers: vec![], rows }
    }
}

pub(crate) fn run(_: &StatusArgs, context: &Context) -> Result<(), CommandError> {
    let (id, quorum) = block_on(async {
        let client = context.connect_to_any_role().await?;
        let quorum = client.describe_quorum().await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), quorum))
    })??;
    context.out.show(Some(&id), &QuorumStatus::of(&id, &quorum), &[])
}
