//! The nodes of a cluster, and what each of them serves.

use protocol::api::messages::describe_cluster_response::DescribeClusterBroker;
use protocol::api::messages::{ApiVersionsResponse, DescribeClusterRequest, UnregisterBrokerRequest};
use protocol::api::{BrokerId, ErrorCode};
use tokio::task::JoinSet;

use crate::cluster::{Client, NodeRole};
use crate::controllers::CONTROLLERS;
use crate::error::ClientError;
use crate::sharded::Sharded;

/// `endpoint_type` of brokers in DescribeCluster.
const BROKERS: i8 = 1;
/// First version of DescribeCluster that tells of fenced brokers (KIP-1073).
const FENCED_FROM: i16 = 2;

/// Nodes as one of them tells of them.
#[derive(Debug, Clone)]
pub struct ClusterNodes {
    /// In the order of their ids.
    pub nodes: Vec<DescribeClusterBroker>,
    /// Whether fenced brokers would be among them; not where the API is too old to ask for them.
    pub with_fenced: bool,
}

/// What a node serves.
#[derive(Debug, Clone)]
pub struct NodeVersions {
    /// Its id.
    pub id: i32,
    /// host:port.
    pub address: String,
    /// Its APIs and features.
    pub versions: ApiVersionsResponse,
}

impl Client {
    /// The nodes of the role that is talked to: brokers, or controllers, which are never fenced.
    pub async fn cluster_nodes(&self, with_fenced: bool) -> Result<ClusterNodes, ClientError> {
        let any = self.any().await?;
        let endpoint_type = match self.role() {
            NodeRole::Broker => BROKERS,
            NodeRole::Controller => CONTROLLERS,
        };
        let tells_fenced = any.version_of::<DescribeClusterRequest>()? >= FENCED_FROM;
        let with_fenced = with_fenced && tells_fenced && endpoint_type == BROKERS;
        let request = DescribeClusterRequest::default()
            .with_endpoint_type(endpoint_type)
            .with_include_fenced_brokers(with_fenced);
        let response = any.send(&request, self.deadline()).await?;
        if response.error_code != 0 {
            let message = response.error_message.as_deref();
            return Err(ClientError::rejected("DescribeCluster", response.error_code, message));
        }
        let mut nodes = response.brokers;
        nodes.sort_by_key(|node| node.broker_id);
        Ok(ClusterNodes { nodes, with_fenced })
    }

    /// What each node serves, or this one alone, asked of all of them at once; in the order of their ids.
    pub async fn node_versions(&self, only: Option<i32>) -> Sharded<NodeVersions> {
        let mut asked = JoinSet::new();
        let mut nodes = self.node_addresses();
        nodes.retain(|id, _| only.is_none_or(|only| only == *id));
        for (id, address) in nodes {
            let config = self.config().clone();
            asked.spawn(async move {
                let versions = config
                    .open(&address)
                    .await
                    .map(|connection| connection.api_versions().clone());
                (id, address, versions)
            });
        }
        let mut answers = asked.join_all().await;
        answers.sort_by_key(|(id, _, _)| *id);
        let mut results = Sharded::default();
        for (id, address, versions) in answers {
            match versions {
                Ok(versions) => results.ok.push(NodeVersions { id, address, versions }),
                Err(error) => results.fail(format!("node {id}"), error),
            }
        }
        results
    }

    /// Makes the cluster forget a broker; false if it does not know it.
    pub async fn unregister_broker(&self, id: i32) -> Result<bool, ClientError> {
        let request = UnregisterBrokerRequest::default().with_broker_id(BrokerId(id));
        let response = self.send_active(&request, |response| response.error_code).await?;
        match response.error_code {
            0 => Ok(true),
            code if code == ErrorCode::BrokerIdNotRegistered.code() => Ok(false),
            code => Err(ClientError::rejected(
                format!("broker {id}"),
                code,
                response.error_message.as_deref(),
            )),
        }
    }
}
