//! Asks how far groups are behind.

use std::collections::BTreeMap;

use client::{Client, GroupFilter, GroupOffsets, GroupType, ListedGroup, OffsetSpec, Sharded};
use planner::counted::{counted, either};
use protocol::api::ErrorCode;
use tokio::time::Instant;

use super::facts::{GroupLag, PartitionKey, Parts, Scope, Told, partitions};
use super::gather::{Topics, meaningless};
use super::verdict::Untold;

/// What groups have committed is in here.
const OFFSETS_TOPIC: &str = "__consumer_offsets";

/// Asks all brokers for their groups, coordinators for what was committed, leaders for the ends.
pub(super) async fn ask(client: &Client, scope: &Scope, topics: &Told<Topics>) -> Parts<GroupLag> {
    let mut lags = Parts::default();
    let topics = match topics {
        Ok(topics) => topics,
        Err(why) => {
            lags.untold.push(why.clone());
            return lags;
        }
    };
    lags.untold.extend(without_coordinator(topics));
    // One that does not answer leaves half of the time for what is asked of the others next.
    let now = Instant::now();
    let half = now + client.deadline().saturating_duration_since(now) / 2;
    let listed = client.list_groups(&GroupFilter::default(), half).await;
    // A group that nobody told of may be with one that is silent.
    if listed.errors.is_empty() {
        let ids: Vec<&str> = listed.ok.iter().map(|group| group.id.as_str()).collect();
        lags.untold.extend(meaningless("group", &scope.groups, &ids));
    }
    lags.untold.extend(listed.errors.into_iter().map(Untold::from));
    let meant = listed.ok.into_iter().filter(|group| scope.has_group(&group.id));
    let (share, ordinary): (Vec<ListedGroup>, Vec<ListedGroup>) =
        meant.partition(|group| group.kind() == GroupType::Share);
    let ids = |groups: Vec<ListedGroup>| groups.into_iter().map(|group| group.id).collect::<Vec<String>>();
    let (share, ordinary) = (ids(share), ids(ordinary));
    let (ordinary, share) = tokio::join!(client.group_offsets(&ordinary), client.share_offsets(&share));
    let mut committed = take(ordinary, &mut lags.untold);
    committed.extend(take(share, &mut lags.untold));
    for offsets in committed.values_mut() {
        offsets.retain(|(topic, _), committed| committed.offset >= 0 && scope.has_topic(topic));
    }
    let ends = ends(client, topics, &committed, &mut lags.untold).await;
    lags.ok = committed
        .into_iter()
        .map(|(group, offsets)| lag(group, &offsets, &ends))
        .collect();
    lags
}

/// Nobody lists groups whose coordinator has no leader.
fn without_coordinator(topics: &Topics) -> Option<Untold> {
    let offsets = topics.get(OFFSETS_TOPIC)?;
    let gone = offsets
        .partitions
        .values()
        .filter(|partition| partition.leader.is_none());
    let gone = gone.count();
    (gone > 0).then(|| {
        let why = format!(
            "{} of {OFFSETS_TOPIC} {} no leader",
            counted(gone, "partition"),
            either(gone, "has", "have")
        );
        Untold::new("groups without a coordinator", "unreachable", why)
    })
}

/// What is known of groups that are still there.
fn take(told: Sharded<(String, GroupOffsets)>, untold: &mut Vec<Untold>) -> BTreeMap<String, GroupOffsets> {
    let failed = told.errors.into_iter();
    let failed = failed.filter(|failed| failed.error.code() != Some(ErrorCode::GroupIdNotFound));
    untold.extend(failed.map(Untold::from));
    told.ok.into_iter().collect()
}

/// Ends of partitions that were committed to. Those of deleted topics are missing, and behind nothing.
async fn ends(
    client: &Client,
    topics: &Topics,
    committed: &BTreeMap<String, GroupOffsets>,
    untold: &mut Vec<Untold>,
) -> BTreeMap<PartitionKey, u64> {
    let leaders = partitions(topics).map(|(topic, number, p)| ((topic.to_owned(), number), p.leader));
    let known: BTreeMap<PartitionKey, Option<i32>> = leaders.collect();
    let mut leaders = BTreeMap::new();
    for key in committed.values().flat_map(|offsets| offsets.keys()) {
        match known.get(key) {
            Some(Some(leader)) => drop(leaders.insert(key.clone(), *leader)),
            Some(None) => untold.push(Untold::new(
                format!("{}-{}", key.0, key.1),
                "unreachable",
                "it has no leader to tell its end",
            )),
            None => {}
        }
    }
    let listed = client.list_offsets(&leaders, OffsetSpec::Latest).await;
    untold.extend(listed.errors.into_iter().map(Untold::from));
    let end = |found: client::ListedOffset| {
        let end = u64::try_from(found.offset).ok()?;
        Some(((found.topic, found.partition), end))
    };
    listed.ok.into_iter().filter_map(end).collect()
}

fn lag(group: String, offsets: &GroupOffsets, ends: &BTreeMap<PartitionKey, u64>) -> GroupLag {
    let records = offsets.iter().filter_map(|(key, committed)| {
        let end = ends.get(key)?;
        Some((key.clone(), end.saturating_sub(u64::try_from(committed.offset).ok()?)))
    });
    GroupLag {
        group,
        records: records.collect(),
    }
}
