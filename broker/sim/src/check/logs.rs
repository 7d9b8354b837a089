//! What the logs of partitions hold: what is committed in one replica is so in all, and those who may lead have it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::Arc;

use broker_core::broker::partition::{Isolation, Partition, ReadRequest};
use broker_core::reply::ReplyPart;
use bytes::{Bytes, BytesMut};
use protocol::records::Batches;

use super::{Checker, PartitionKey, Replica};
use crate::node::Running;
use crate::world::World;

/// Most bytes in a look.
const READ_MAX_BYTES: usize = 1 << 20;

/// A batch as it is committed: its last offset, its epoch, and a hash of it.
type Batch = (i64, i32, u64);

/// What was seen as committed.
#[derive(Debug, Default)]
pub(super) struct Logs {
    committed: BTreeMap<PartitionKey, BTreeMap<i64, Batch>>,
    /// The offset after the last of those.
    ends: BTreeMap<PartitionKey, i64>,
}

impl Logs {
    /// The offset up to which all is committed.
    fn end(&self, key: PartitionKey) -> i64 {
        self.ends.get(&key).copied().unwrap_or(0)
    }
}

/// What a partition has from an offset on, up to what is committed there, or all of it.
pub(super) fn read(partition: &Partition, from: i64, isolation: Isolation) -> Option<Bytes> {
    let request = ReadRequest {
        offset: from,
        max_bytes: READ_MAX_BYTES,
        at_least_one_batch: true,
        isolation,
        current_leader_epoch: -1,
        last_fetched_epoch: -1,
        leader_only: false,
    };
    let found = partition.read(&request, None).ok()?;
    let mut out = BytesMut::new();
    for (part, _) in found.records {
        match part {
            ReplyPart::Bytes(bytes) => out.extend_from_slice(&bytes),
            ReplyPart::File {
                file,
                position,
                size_bytes,
            } => {
                let mut range = vec![0; size_bytes];
                file.read_at(&mut range, position).ok()?;
                out.extend_from_slice(&range);
            }
        }
    }
    Some(out.freeze())
}

impl Checker {
    /// Looks at all nodes at once.
    pub(crate) fn look(&mut self, world: &mut World, running: &[&Running]) {
        for node in running {
            let Some(side) = &node.broker else { continue };
            for partition in side.broker.partitions() {
                self.replica(world, node, &partition);
            }
        }
        for node in running {
            let Some(side) = &node.broker else { continue };
            for partition in side.broker.partitions() {
                self.is_complete(world, node, &partition);
            }
        }
    }

    fn replica(&mut self, world: &mut World, node: &Running, partition: &Arc<Partition>) {
        let key = (partition.topic_id(), partition.index());
        let (_, high_watermark, end) = partition.offsets();
        let Some(seen) = self.seen.get_mut(&node.id) else {
            return;
        };
        let known = seen.replicas.get(&key);
        let known = known.filter(|replica| Arc::ptr_eq(&replica.partition, partition));
        let (known, known_end) = known.map_or((0, 0), |replica| (replica.high_watermark, replica.end));
        world.totals.truncations += u64::from(end < known_end);
        if high_watermark == known && end == known_end {
            return;
        }
        let replica = Replica {
            partition: Arc::clone(partition),
            high_watermark,
            end,
        };
        seen.replicas.insert(key, replica);
        if high_watermark == known {
            return;
        }
        if high_watermark < known {
            let name = format!("{}-{}", partition.topic(), partition.index());
            return world.wrong(format!(
                "node {}: the high watermark of {name} is {high_watermark} after {known}",
                node.id
            ));
        }
        if let Some(bytes) = read(partition, known, Isolation::HighWatermark) {
            self.compare(world, node, partition, high_watermark, &bytes);
        }
    }

    fn compare(&mut self, world: &mut World, node: &Running, partition: &Partition, end: i64, bytes: &Bytes) {
        let key = (partition.topic_id(), partition.index());
        let committed = self.logs.committed.entry(key).or_default();
        let mut last = 0;
        for batch in Batches::new(bytes) {
            let Ok((header, batch)) = batch else { break };
            if header.next_offset() > end {
                break;
            }
            let mut hasher = DefaultHasher::new();
            hasher.write(batch);
            let here = (header.last_offset(), header.leader_epoch, hasher.finish());
            let first = *committed.entry(header.base_offset).or_insert(here);
            last = header.next_offset();
            if first != here {
                let (topic, index, offset) = (partition.topic(), partition.index(), header.base_offset);
                world.wrong(format!(
                    "node {} has another batch committed at {offset} of {topic}-{index} than others: {here:?}, {first:?}",
                    node.id
                ));
            }
        }
        let known = self.logs.ends.entry(key).or_insert(0);
        *known = (*known).max(last);
    }

    /// Who is in sync or eligible has all that is committed.
    fn is_complete(&self, world: &mut World, node: &Running, partition: &Partition) {
        let key = (partition.topic_id(), partition.index());
        let topic = self.newest.topics().by_id(key.0);
        let Some(known) = topic.and_then(|topic| topic.partition(key.1)) else {
            return;
        };
        let may_lead = known.isr.contains(&node.id) || known.elr.contains(&node.id);
        let (_, _, end) = partition.offsets();
        let committed = self.logs.end(key);
        if may_lead && end < committed && !self.tainted.contains(&node.id) {
            world.wrong(format!(
                "node {} has {}-{} up to {end} only, {committed} are committed, and it may lead: {known:?}",
                node.id,
                partition.topic(),
                partition.index()
            ));
        }
    }
}
