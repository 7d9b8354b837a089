//! Asks a cluster for what checks have to be told, and no more. Each part that fails is noted and keeps nobody from the
//! others.

use std::collections::{BTreeMap, BTreeSet};

use client::{Client, ClientError, FinalizedFeatures, NodeRole, NodeVersions, Quorum, ShardError, Sharded};
use client::{Reassignment, SettingValues, TopicDescription};
use protocol::api::ErrorCode;
use tokio::time::Instant;

use super::checks::{BROKER_KEYS, MIN_INSYNC, Need, THROTTLE_TOPIC_KEYS};
use super::facts::{Facts, NodeSoftware, PartitionKey, Parts, Scope, Told, View};
use super::lags;
use super::verdict::Untold;
use crate::context::Context;
use crate::error::CommandError;
use crate::nearest::did_you_mean;
use crate::pattern::Pattern;

pub(super) type Topics = BTreeMap<String, TopicDescription>;

/// All that is needed, by the deadline.
pub(super) async fn gather(
    client: &Client,
    context: &Context,
    needs: &BTreeSet<Need>,
    scope: &Scope,
    deadline: Instant,
) -> Facts {
    // What only the active controller tells may wait for one, and has connections of its own to wait on.
    let (mut facts, control) = tokio::join!(
        ask_nodes(client, needs, scope),
        ask_controller(context, needs, deadline)
    );
    if let Some(control) = control {
        facts.reassignments = control.reassignments;
        facts.quorum = control.quorum;
        facts.views = control.views;
    }
    facts
}

/// What the active controller tells.
struct Control {
    reassignments: Told<BTreeMap<PartitionKey, Reassignment>>,
    quorum: Told<Quorum>,
    views: Parts<View>,
}

async fn ask_controller(context: &Context, needs: &BTreeSet<Need>, deadline: Instant) -> Option<Control> {
    let wants = |need| needs.contains(&need);
    if ![Need::Reassignments, Need::Quorum, Need::Views].into_iter().any(wants) {
        return None;
    }
    let none = Facts::default();
    let mut control = Control {
        reassignments: none.reassignments,
        quorum: none.quorum,
        views: none.views,
    };
    let client = match context.connect_to_any_role_until(deadline).await {
        Ok(client) => client,
        Err(error) => {
            let none = Facts::none(&Untold::of("the active controller", &error));
            control.reassignments = none.reassignments;
            control.quorum = none.quorum;
            control.views = none.views;
            return Some(control);
        }
    };
    let nodes: Vec<i32> = client.broker_ids().collect();
    // A controller is waited for until it leads, while all say that none does.
    let asks_views = wants(Need::Views) || (wants(Need::Quorum) && client.role() == NodeRole::Controller);
    let (told_views, quorum, running) = tokio::join!(
        when(asks_views, client.quorum_through(&nodes)),
        when(wants(Need::Quorum), client.describe_quorum()),
        when(wants(Need::Reassignments), client.reassignments()),
    );
    if let Some(told) = told_views {
        control.views = views(told);
    }
    if let Some(quorum) = quorum {
        control.quorum = match quorum {
            Err(error) if is_inactive(&error) || nobody_leads(&control.views) => Ok(leaderless()),
            told => told.map_err(|error| Untold::by_client("the quorum", error)),
        };
    }
    if let Some(running) = running {
        control.reassignments = running.map_err(|error| Untold::by_client("reassignments", error));
    }
    Some(control)
}

/// Whether a node says that it is not the active controller, and that it knows of no other.
fn is_inactive(error: &ClientError) -> bool {
    let code = error.code();
    matches!(code, Some(ErrorCode::NotLeaderOrFollower | ErrorCode::NotController))
}

/// Whether all that were asked know of no active controller.
fn nobody_leads(views: &Parts<View>) -> bool {
    let is_none = |(_, view): &View| view.is_none();
    !views.ok.is_empty() && views.untold.is_empty() && views.ok.iter().all(is_none)
}

/// What there is to know of a quorum in which nobody says that it leads.
const fn leaderless() -> Quorum {
    Quorum {
        leader_id: -1,
        leader_epoch: -1,
        high_watermark: None,
        voters: Vec::new(),
        observers: Vec::new(),
    }
}

/// Whoever says that it is not the active controller, or knows of none, has told what it knows.
fn views(told: Sharded<(i32, Quorum)>) -> Parts<View> {
    let view = |(node, quorum): (i32, Quorum)| {
        let leader = (quorum.leader_id >= 0).then_some((quorum.leader_id, quorum.leader_epoch));
        (node, leader)
    };
    let mut parts = Parts {
        ok: told.ok.into_iter().map(view).collect(),
        untold: Vec::new(),
    };
    for failed in told.errors {
        let node = failed.what.rsplit(' ').next().and_then(|id| id.parse().ok());
        match node.filter(|_| is_inactive(&failed.error)) {
            Some(node) => parts.ok.push((node, None)),
            None => parts.untold.push(failed.into()),
        }
    }
    parts
}

async fn ask_nodes(client: &Client, needs: &BTreeSet<Need>, scope: &Scope) -> Facts {
    let wants = |need| needs.contains(&need);
    if client.role() == NodeRole::Controller {
        let error = CommandError::usage("brokers have to be asked, and --bootstrap-controller names none");
        let mut facts = Facts::none(&Untold::of("brokers", &error));
        if wants(Need::Software) {
            facts.software = software(client.node_versions(None).await);
        }
        return facts;
    }
    let of_each = [Need::LogDirs, Need::BrokerSettings, Need::Software, Need::Lags];
    let mut facts = Facts::default();
    if !of_each.into_iter().any(wants) && !wants(Need::Topics) {
        return facts;
    }
    let all = client.describe_topics(None).await;
    let all = all.map_err(|error| Untold::by_client("topics", error));
    facts.brokers = client.broker_ids().collect();
    let absent = if of_each.into_iter().any(wants) {
        absent(client, &facts.brokers, &all).await
    } else {
        Vec::new()
    };
    if let Ok(topics) = &all {
        let names: Vec<&str> = topics.keys().map(String::as_str).collect();
        facts.meaningless = meaningless("topic", &scope.topics, &names);
    }
    let mut meant = all.clone();
    if let Ok(topics) = &mut meant {
        topics.retain(|name, _| scope.has_topic(name));
    }
    let brokers: Vec<i32> = facts.brokers.iter().copied().collect();
    let (settings, of_brokers, log_dirs, lags, software) = tokio::join!(
        when(wants(Need::TopicSettings), topic_settings(client, &meant)),
        when(
            wants(Need::BrokerSettings),
            client.broker_settings(&brokers, &BROKER_KEYS)
        ),
        when(wants(Need::LogDirs), client.log_dirs(&brokers)),
        when(wants(Need::Lags), lags::ask(client, scope, &all)),
        when(wants(Need::Software), client.node_versions(None)),
    );
    let of_settings = settings.map(|settings| settings.map(|told| without_gone(told, &mut meant)));
    facts.topic_settings = of_settings.unwrap_or(facts.topic_settings);
    facts.topics = meant;
    facts.broker_settings = of_brokers.map(|told| parts(told, &absent)).unwrap_or_default();
    facts.log_dirs = log_dirs.map(|told| parts(told, &absent)).unwrap_or_default();
    facts.lags = lags.unwrap_or_default();
    facts.software = software.map(self::software).unwrap_or_default();
    facts.software.untold.extend(absent);
    facts
}

async fn when<T>(is_wanted: bool, future: impl Future<Output = T>) -> Option<T> {
    if is_wanted { Some(future.await) } else { None }
}

fn parts<T>(told: Sharded<T>, absent: &[Untold]) -> Parts<T> {
    let mut untold: Vec<Untold> = told.errors.into_iter().map(Untold::from).collect();
    untold.extend(absent.iter().cloned());
    Parts { ok: told.ok, untold }
}

/// Brokers that are registered or have replicas, and are not there to be asked.
async fn absent(client: &Client, alive: &BTreeSet<i32>, topics: &Told<Topics>) -> Vec<Untold> {
    let mut untold = Vec::new();
    let mut known: BTreeSet<i32> = BTreeSet::new();
    match client.cluster_nodes(true).await {
        Ok(nodes) => known.extend(nodes.nodes.iter().map(|node| node.broker_id.0)),
        Err(error) => untold.push(Untold::by_client("fenced brokers", error)),
    }
    let partitions = topics.iter().flatten().flat_map(|(_, topic)| topic.partitions.values());
    known.extend(partitions.flat_map(|partition| &partition.replicas));
    let gone = known.difference(alive);
    untold.extend(gone.map(|id| Untold::new(format!("broker {id}"), "unreachable", "it is not alive")));
    untold
}

/// Patterns that mean nothing are most likely misspelt: without them nothing was judged.
pub(super) fn meaningless(noun: &str, patterns: &[Pattern], names: &[&str]) -> Vec<Untold> {
    let idle = patterns
        .iter()
        .filter(|pattern| !names.iter().any(|name| pattern.matches(name)));
    let untold = idle.map(|pattern| {
        let what = format!("{noun} {pattern}");
        if !pattern.is_name() {
            return Untold::new(what, "not-found", format!("no {noun} is like that"));
        }
        let like = did_you_mean(pattern.as_str(), names.iter().copied());
        let like = like.map_or(String::new(), |like| format!("; {like}"));
        Untold::new(what, "not-found", format!("it does not exist{like}"))
    });
    untold.collect()
}

type Settings = Sharded<(String, SettingValues)>;

async fn topic_settings(client: &Client, topics: &Told<Topics>) -> Told<Settings> {
    let names: Vec<String> = topics.as_ref().map_err(Clone::clone)?.keys().cloned().collect();
    let [leader, follower] = THROTTLE_TOPIC_KEYS;
    let told = client.topic_settings(&names, &[MIN_INSYNC, leader, follower]).await;
    told.map_err(|error| Untold::by_client("settings of topics", error))
}

/// Topics that were deleted meanwhile are no topics any more.
fn without_gone(told: Settings, topics: &mut Told<Topics>) -> Parts<(String, SettingValues)> {
    let is_gone = |error: &ClientError| error.code() == Some(ErrorCode::UnknownTopicOrPartition);
    let (gone, failed): (Vec<ShardError>, Vec<ShardError>) =
        told.errors.into_iter().partition(|failed| is_gone(&failed.error));
    if let Ok(topics) = topics {
        for failed in gone {
            topics.remove(failed.what.trim_start_matches("topic "));
        }
    }
    Parts {
        ok: told.ok,
        untold: failed.into_iter().map(Untold::from).collect(),
    }
}

fn software(told: Sharded<NodeVersions>) -> Parts<NodeSoftware> {
    let of = |node: NodeVersions| {
        let finalized = FinalizedFeatures::of(&node.versions);
        let apis = node.versions.api_keys.iter();
        let supported = node.versions.supported_features.iter();
        NodeSoftware {
            id: node.id,
            apis: apis
                .map(|api| (api.api_key, (api.min_version, api.max_version)))
                .collect(),
            supported: supported
                .map(|feature| (feature.name.to_string(), (feature.min_version, feature.max_version)))
                .collect(),
            finalized: finalized.epoch.map(|_| finalized.levels),
        }
    };
    Parts {
        ok: told.ok.into_iter().map(of).collect(),
        untold: told.errors.into_iter().map(Untold::from).collect(),
    }
}
