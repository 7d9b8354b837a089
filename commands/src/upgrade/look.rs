//! Asks a running cluster for what an upgrade has to know.

use std::collections::{BTreeMap, BTreeSet};

use client::{Client, ConfigEntity, ConfigResource, FinalizedFeatures, ListenerAddress, NodeVersions};
use roller::fleet::Role;
use roller::upgrade::feature::{METADATA_VERSION, Range, Ranges};
use roller::upgrade::judge::NodeVerdict;
use roller::upgrade::release::Release;
use roller::upgrade::view::{BrokerMinIsr, Node, View};

use crate::context::Context;
use crate::error::CommandError;
use crate::roll::Inventory;

const MIN_INSYNC: &str = "min.insync.replicas";
/// The code of a setting that one broker has.
const OF_ONE_BROKER: i8 = 2;

/// What was found out.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) cluster_id: String,
    pub(super) view: View,
    /// What could not be found out.
    pub(super) warnings: Vec<String>,
}

/// Looks at the cluster.
pub(super) async fn look(context: &Context, inventory: &Inventory) -> Result<Looked, CommandError> {
    let client = context.connect_for_long().await?;
    let mut warnings = Vec::new();
    let FinalizedFeatures { levels: finalized, .. } = client.finalized_features().await?;
    let is_kraft = finalized.contains_key(METADATA_VERSION);
    let nodes = client.cluster_nodes(true).await?.nodes;
    let brokers: BTreeSet<i32> = nodes.iter().map(|node| node.broker_id.0).collect();
    let mut supported = of_nodes(&client, &mut warnings).await;
    let (mut voters, mut active_controller) = (BTreeSet::new(), None);
    if is_kraft {
        let quorum = client.describe_quorum().await?;
        voters.extend(quorum.voters.iter().map(|voter| voter.id));
        active_controller = Some(quorum.leader_id).filter(|leader| *leader >= 0);
        let others = quorum.voters.iter().filter(|voter| !brokers.contains(&voter.id));
        let endpoints = others.filter_map(|voter| voter.endpoints.first());
        let addresses: Vec<String> = endpoints.map(ListenerAddress::address).collect();
        supported.extend(of_controllers(context, addresses, &mut warnings).await);
    }
    let mut all = Vec::new();
    for id in brokers.union(&voters).copied() {
        let role = match (brokers.contains(&id), voters.contains(&id)) {
            (true, true) => Role::Combined,
            (false, true) => Role::Controller,
            _ => Role::Broker,
        };
        let (told, features) = (told(inventory, id)?, supported.remove(&id));
        all.push(Node {
            id,
            role,
            told,
            features,
        });
    }
    let broker_min_isr = own_min_isr(&client, &brokers, &mut warnings).await;
    Ok(Looked {
        cluster_id: client.cluster_id().to_owned(),
        view: View {
            nodes: all,
            active_controller,
            is_kraft,
            finalized,
            broker_min_isr,
        },
        warnings,
    })
}

/// The oldest release that a node may be of; one that is not known is older than all.
pub(super) fn oldest(nodes: &[NodeVerdict]) -> Release {
    let place = |release: &Release| Release::ALL.iter().position(|known| known == release);
    let releases = nodes
        .iter()
        .map(|node| node.software.releases().first().copied().unwrap_or(Release::V3_9));
    releases.min_by_key(place).unwrap_or(Release::V3_9)
}

/// What the nodes that a client knows support.
async fn of_nodes(client: &Client, warnings: &mut Vec<String>) -> BTreeMap<i32, Ranges> {
    let answers = client.node_versions(None).await;
    let failures = answers.errors.iter();
    warnings.extend(failures.map(|failure| format!("{}: {}", failure.what, failure.error)));
    answers.ok.iter().map(ranges).collect()
}

fn ranges(node: &NodeVersions) -> (i32, Ranges) {
    let range = |feature: &protocol::api::messages::api_versions_response::SupportedFeatureKey| {
        let (min, max) = (feature.min_version, feature.max_version);
        (feature.name.to_string(), Range { min, max })
    };
    (node.id, node.versions.supported_features.iter().map(range).collect())
}

/// What controllers support that are no brokers: these have no listener for clients, and may not let everybody in.
async fn of_controllers(
    context: &Context,
    addresses: Vec<String>,
    warnings: &mut Vec<String>,
) -> BTreeMap<i32, Ranges> {
    if addresses.is_empty() {
        return BTreeMap::new();
    }
    let client = match context.connect_to_controllers_at(addresses).await {
        Ok(client) => client,
        Err(error) => {
            let why = &error.message;
            warnings.push(format!(
                "controllers could not be asked ({why}): `release` in an --inventory tells what they run"
            ));
            return BTreeMap::new();
        }
    };
    of_nodes(&client, warnings).await
}

fn told(inventory: &Inventory, node: i32) -> Result<Option<Release>, CommandError> {
    let place = inventory.place(node).map_err(CommandError::data)?;
    let release = place.release.as_deref().map(Release::parse).transpose();
    release.map_err(|error| CommandError::data(format!("the inventory's node {node}: {error}")))
}

/// min.insync.replicas that brokers have of their own.
async fn own_min_isr(client: &Client, brokers: &BTreeSet<i32>, warnings: &mut Vec<String>) -> Vec<BrokerMinIsr> {
    let resource = |id: &i32| ConfigResource::new(ConfigEntity::Broker, id.to_string());
    let described = client.describe_configs(&brokers.iter().map(resource).collect()).await;
    for failure in &described.errors {
        let (what, error) = (&failure.what, &failure.error);
        warnings.push(format!(
            "whether {what} has a {MIN_INSYNC} of its own is not known: {error}"
        ));
    }
    let own = described.ok.into_iter().filter_map(|(resource, entries)| {
        let mut synonyms = entries
            .into_iter()
            .filter(|entry| entry.name == MIN_INSYNC)
            .flat_map(|entry| entry.synonyms);
        let (_, value, _) = synonyms.find(|(name, _, source)| name == MIN_INSYNC && *source == OF_ONE_BROKER)?;
        Some(BrokerMinIsr {
            broker: resource.name.parse().ok()?,
            value: value?,
        })
    });
    let mut own: Vec<BrokerMinIsr> = own.collect();
    own.sort_by_key(|own| own.broker);
    own
}

#[cfg(test)]
mod tests {
    use roller::upgrade::judge::judge;

    use super::*;

    fn node(id: i32, release: Option<Release>) -> Node {
        Node {
            id,
            role: Role::Broker,
            told: release,
            features: None,
        }
    }

    #[test]
    fn the_oldest_node_says_which_defaults_there_were() {
        let oldest_of = |releases: &[Option<Release>]| {
            let view = View {
                nodes: (1..).zip(releases).map(|(id, release)| node(id, *release)).collect(),
                active_controller: None,
                is_kraft: true,
                finalized: [(METADATA_VERSION.to_owned(), 25)].into(),
                broker_min_isr: Vec::new(),
            };
            oldest(&judge(&view, Release::V4_3).nodes)
        };
        assert_eq!(oldest_of(&[Some(Release::V4_2), Some(Release::V4_0)]), Release::V4_0);
        assert_eq!(oldest_of(&[Some(Release::V4_2), None]), Release::V3_9);
        assert_eq!(oldest_of(&[]), Release::V3_9);
    }

    /// The tables of what releases come with, here and where directories are formatted, are the same.
    #[test]
    fn levels_are_those_that_directories_are_formatted_with() {
        use crate::storage::{FEATURES, Release as OfStorage};
        for release in Release::ALL.into_iter().filter(|release| *release != Release::Kfleet) {
            let formatted = OfStorage::parse(release.name(), false).unwrap();
            assert_eq!(release.default_level(METADATA_VERSION), formatted.level());
            for feature in &FEATURES {
                let level = feature.default_level(formatted);
                assert_eq!(
                    release.default_level(feature.name),
                    level,
                    "{} {}",
                    release.name(),
                    feature.name
                );
            }
        }
    }
}
