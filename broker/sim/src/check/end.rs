//! What has to be so at the end, in the calm.

use broker_core::broker::partition::Isolation;
use client::history::RecordId;

use super::Checker;
use super::logs::read;
use crate::client::{Place, id_of, records_in};
use crate::node::{Node, Running};
use crate::world::World;

impl Checker {
    /// What a node still lacks for all to be well; none if nothing.
    pub(crate) fn unfinished<'a>(
        &self,
        world: &World,
        running: &Running,
        nodes: &(impl Iterator<Item = &'a Node> + Clone),
    ) -> Option<String> {
        let id = running.id;
        let image = &running.quorum.image;
        // One that was loaded from a snapshot does not know when what it has was changed last.
        if !image.is_same_as(&self.newest) && image.offset() != self.newest.offset() {
            return Some(format!("node {id} has not the newest metadata"));
        }
        if nodes.clone().any(|node| {
            node.running
                .as_ref()
                .is_some_and(|running| running.stop != crate::node::Stop::No)
        }) {
            return Some("a node is stopping".to_owned());
        }
        if let Some(why) = self.unsettled(world, running, nodes.clone()) {
            return Some(why);
        }
        let mut brokers = self.newest.brokers().iter();
        if let Some(broker) = brokers.find(|broker| !broker.is_active()) {
            return Some(format!("broker {} is not active", broker.id));
        }
        let side = running.broker.as_ref()?;
        for topic in self.newest.topics().iter() {
            for (index, partition) in topic.partitions() {
                let mut isr = partition.isr.clone();
                let mut replicas = partition.replicas.clone();
                isr.sort_unstable();
                replicas.sort_unstable();
                if isr != replicas || partition.leader < 0 || partition.is_moving() {
                    return Some(format!("{}-{index} is not in sync: {partition:?}", topic.name));
                }
                if !partition.replicas.contains(&id) {
                    continue;
                }
                let Ok(replica) = side.broker.partition_by_id(topic.id, index) else {
                    return Some(format!("node {id} does not have {}-{index}", topic.name));
                };
                let (_, high_watermark, end) = replica.offsets();
                if partition.leader == id && high_watermark != end {
                    return Some(format!(
                        "{}-{index} is committed up to {high_watermark} of {end}",
                        topic.name
                    ));
                }
            }
        }
        None
    }

    /// The logs of the clients' partitions, as their leaders have them.
    pub(crate) fn final_logs(
        &self,
        world: &mut World,
        running: &[&Running],
        places: &[Place],
    ) -> Vec<(i32, i64, Option<RecordId>)> {
        let mut found = Vec::new();
        for place in places {
            let topic = self.newest.topics().by_name(&place.topic);
            let partition = topic.and_then(|topic| Some((topic.id, topic.partition(place.partition)?)));
            let leader = partition.and_then(|(id, known)| {
                let node = running.iter().find(|node| node.id == known.leader)?;
                node.broker.as_ref()?.broker.partition_by_id(id, place.partition).ok()
            });
            let Some(leader) = leader else {
                world.wrong(format!("{}-{} has no leader at the end", place.topic, place.partition));
                continue;
            };
            let (mut next, _, end) = leader.offsets();
            while next < end {
                let Some(bytes) = read(&leader, next, Isolation::LogEndOffset) else {
                    world.wrong(format!("{}-{} cannot be read at {next}", place.topic, place.partition));
                    break;
                };
                let before = next;
                for (offset, value) in records_in(&bytes) {
                    found.push((place.number, offset, id_of(&value)));
                    next = offset + 1;
                }
                if next == before {
                    break;
                }
            }
        }
        found
    }
}
