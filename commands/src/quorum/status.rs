//! quorum status

use clap::Args;
use client::ClientError;
use protocol::api::messages::DescribeQuorumRequest;
use protocol::api::messages::describe_quorum_request::{PartitionData, TopicData};
use protocol::api::messages::describe_quorum_response::ReplicaState;
use protocol::api::{StrBytes, TopicName};
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// Tell who leads and who follows how closely.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet quorum status -b localhost:9092")]
pub(crate) struct StatusArgs {}

/// The quorum.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct QuorumStatus {
    /// The active controller.
    leader_id: i32,
    /// Its epoch.
    leader_epoch: i32,
    /// Everything below it is committed.
    high_watermark: i64,
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
    /// Its log end offset.
    log_end_offset: i64,
    /// Offsets it is behind the leader.
    lag: i64,
}

impl Shown for QuorumStatus {
    const SCHEMA: &'static str = "quorum-status/1";

    fn table(&self, _: bool) -> Table {
        let row = |role: &str, replica: &Replica| {
            let role = if replica.id == self.leader_id { "leader" } else { role };
            vec![
                replica.id.to_string(),
                role.to_owned(),
                self.leader_epoch.to_string(),
                replica.log_end_offset.to_string(),
                replica.lag.to_string(),
            ]
        };
        let voters = self.voters.iter().map(|replica| row("voter", replica));
        let observers = self.observers.iter().map(|replica| row("observer", replica));
        Table {
            headers: vec!["NODE", "ROLE", "EPOCH", "LOG END OFFSET", "LAG"],
            rows: voters.chain(observers).collect(),
        }
    }
}

pub(crate) fn run(_: &StatusArgs, context: &Context) -> Result<(), CommandError> {
    let (id, status) = block_on(async {
        let client = context.connect().await?;
        let topic = TopicData::default()
            .with_topic_name(TopicName(StrBytes::from_static_str("__cluster_metadata")))
            .with_partitions(vec![PartitionData::default()]);
        let response = client
            .send_any(&DescribeQuorumRequest::default().with_topics(vec![topic]))
            .await?;
        let partition = response.topics.into_iter().flat_map(|topic| topic.partitions).next();
        let code = if response.error_code != 0 {
            response.error_code
        } else {
            partition.as_ref().map_or(-1, |p| p.error_code)
        };
        let Some(partition) = partition.filter(|_| code == 0) else {
            return Err(ClientError::rejected("DescribeQuorum", code, response.error_message.as_deref()).into());
        };
        let end = partition
            .current_voters
            .iter()
            .map(|voter| voter.log_end_offset)
            .max()
            .unwrap_or(0);
        let replica = |state: &ReplicaState| Replica {
            id: state.replica_id.0,
            log_end_offset: state.log_end_offset,
            lag: end - state.log_end_offset,
        };
        let status = QuorumStatus {
            leader_id: partition.leader_id.0,
            leader_epoch: partition.leader_epoch,
            high_watermark: partition.high_watermark,
            voters: partition.current_voters.iter().map(replica).collect(),
            observers: partition.observers.iter().map(replica).collect(),
        };
        Ok::<_, CommandError>((client.cluster_id().to_owned(), status))
    })??;
    context.out.show(Some(&id), &status, &[])
}
