//! What the metadata may say of partitions, and how it may change.

use std::collections::BTreeMap;
use std::time::Duration;

use broker_core::image::{MetadataImage, PartitionImage, TopicImage};

use super::{Checker, PartitionKey};
use crate::node::Running;
use crate::weather::{HEARTBEAT_MS, SESSION_MS};
use crate::world::{EndId, World};

/// The topic of committed offsets, which has one partition.
const CONSUMER_OFFSETS: &str = "__consumer_offsets";

fn partitions(image: &MetadataImage) -> impl Iterator<Item = (PartitionKey, &TopicImage, &PartitionImage)> {
    image.topics().iter().flat_map(|topic| {
        topic
            .partitions()
            .map(move |(index, partition)| ((topic.id, index), topic, partition))
    })
}

impl Checker {
    /// Compares the newest metadata with what was the newest before.
    pub(super) fn metadata(&mut self, world: &mut World, newest: &MetadataImage) {
        if self.newest.is_same_as(newest) {
            return;
        }
        self.count_fences(world, newest);
        let before: BTreeMap<PartitionKey, &PartitionImage> = partitions(&self.newest)
            .map(|(key, _, partition)| (key, partition))
            .collect();
        for (key, topic, now) in partitions(newest) {
            let known = before.get(&key).copied();
            if known.is_some_and(|known| known.partition_epoch == now.partition_epoch) {
                continue;
            }
            let name = format!("{}-{}", topic.name, key.1);
            if let Some(known) = known {
                compare(world, &name, known, now);
            }
            check(world, &name, newest, now);
            if topic.name == CONSUMER_OFFSETS && world.offsets_leader.map(|(leader, _)| leader) != Some(now.leader) {
                world.offsets_leader = Some((now.leader, world.now));
            }
        }
    }

    /// Who is fenced now, and who was so before its session can have been over.
    fn count_fences(&self, world: &mut World, newest: &MetadataImage) {
        for broker in newest.brokers().iter() {
            let before = self.newest.brokers().get(broker.id);
            let is_another = before.is_some_and(|before| !before.fenced && before.epoch != broker.epoch);
            world.totals.restarts_at_once += u64::from(is_another);
        }
        let haste = world.weather.haste;
        let session_min = Duration::from_millis((SESSION_MS - HEARTBEAT_MS) / haste);
        for broker in newest.brokers().iter().filter(|broker| broker.fenced) {
            let before = self.newest.brokers().get(broker.id);
            if before.is_none_or(|before| before.fenced || before.epoch != broker.epoch) {
                continue;
            }
            world.totals.fences += 1;
            let ended = self.ended_at.get(&broker.id);
            world.totals.fast_fences += u64::from(ended.is_some_and(|at| world.now < *at + session_min));
        }
    }

    /// A node takes note of what it leads; whether it leads something in a new epoch.
    pub(super) fn leads(&mut self, world: &mut World, id: EndId, running: &Running) -> bool {
        let Some(side) = &running.broker else { return false };
        let mut is_news = false;
        for partition in side.broker.partitions() {
            let Some(epoch) = partition.leading_epoch() else {
                continue;
            };
            let key = (partition.topic_id(), partition.index());
            match self.leaders.insert((key, epoch), id) {
                None => is_news = true,
                Some(other) if other != id => world.wrong(format!(
                    "brokers {other} and {id} both lead {}-{} in epoch {epoch}",
                    partition.topic(),
                    partition.index()
                )),
                Some(_) => {}
            }
        }
        is_news
    }
}

fn compare(world: &mut World, name: &str, before: &PartitionImage, now: &PartitionImage) {
    world.tell(|| {
        format!(
            "{name}: leader {} in epoch {}, isr {:?}, elr {:?}, replicas {:?}",
            now.leader, now.leader_epoch, now.isr, now.elr, now.replicas
        )
    });
    if now.leader_epoch < before.leader_epoch || now.partition_epoch < before.partition_epoch {
        world.wrong(format!("{name}: epochs go back from {before:?} to {now:?}"));
    }
    if now.leader != before.leader && now.leader_epoch == before.leader_epoch {
        world.wrong(format!(
            "{name}: another leader in the same epoch: {before:?}, then {now:?}"
        ));
    }
    let totals = &mut world.totals;
    totals.leader_changes += u64::from(now.leader != before.leader && now.leader >= 0);
    totals.isr_shrinks += u64::from(before.isr.iter().any(|id| !now.isr.contains(id)));
    totals.isr_expands += u64::from(now.isr.iter().any(|id| !before.isr.contains(id)));
    totals.elr_members += now.elr.iter().filter(|id| !before.elr.contains(id)).count() as u64;
}

/// Rules of who is in sync and who may lead (KIP-966).
fn check(world: &mut World, name: &str, image: &MetadataImage, now: &PartitionImage) {
    let mut broken = Vec::new();
    if now.isr.iter().chain(&now.elr).any(|id| !now.replicas.contains(id)) {
        broken.push("who is in sync or eligible is not a replica");
    }
    if now.isr.iter().any(|id| now.elr.contains(id)) {
        broken.push("who is in sync is eligible too");
    }
    if now.leader >= 0 && !now.isr.contains(&now.leader) {
        broken.push("the leader is not in sync");
    }
    if now.leader >= 0
        && now
            .isr
            .iter()
            .any(|id| image.brokers().get(*id).is_none_or(|broker| broker.fenced))
    {
        broken.push("who is in sync is fenced");
    }
    let min_isr = (world.weather.min_isr as usize).min(now.replicas.len());
    if now.isr.len() >= min_isr && !now.elr.is_empty() {
        broken.push("some are eligible although enough are in sync");
    }
    if !world.weather.elr && !now.elr.is_empty() {
        broken.push("some are eligible although the metadata knows of none");
    }
    for broken in broken {
        world.wrong(format!("{name}: {broken}: {now:?}"));
    }
}
