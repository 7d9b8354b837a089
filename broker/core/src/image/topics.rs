//! Topics and their partitions.

use protocol::Uuid;
use protocol::messages::metadata::{PartitionChangeRecord, PartitionRecord};
use rpds::RedBlackTreeMapSync;

/// In a change record: the leader stays.
const LEADER_UNCHANGED: i32 = -2;

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionImage {
    /// Brokers with a replica, the preferred leader first.
    pub replicas: Vec<i32>,
    /// Their log directories, as far as known.
    pub directories: Vec<Uuid>,
    /// In-sync replicas.
    pub isr: Vec<i32>,
    /// Eligible leader replicas (KIP-966).
    pub elr: Vec<i32>,
    /// Replicas that were eligible last.
    pub last_known_elr: Vec<i32>,
    /// Replicas being removed.
    pub removing_replicas: Vec<i32>,
    /// Replicas being added.
    pub adding_replicas: Vec<i32>,
    /// The leader, -1 for none.
    pub leader: i32,
    /// 1 while a leader elected uncleanly has not recovered.
    pub leader_recovery_state: i8,
    /// Changes with the leader.
    pub leader_epoch: i32,
    /// Changes with every change.
    pub partition_epoch: i32,
}

impl From<&PartitionRecord> for PartitionImage {
    fn from(record: &PartitionRecord) -> Self {
        Self {
            replicas: record.replicas.clone(),
            directories: record.directories.clone(),
            isr: record.isr.clone(),
            elr: record.eligible_leader_replicas.clone().unwrap_or_default(),
            last_known_elr: record.last_known_elr.clone().unwrap_or_default(),
            removing_replicas: record.removing_replicas.clone(),
            adding_replicas: record.adding_replicas.clone(),
            leader: record.leader,
            leader_recovery_state: record.leader_recovery_state,
            leader_epoch: record.leader_epoch,
            partition_epoch: record.partition_epoch,
        }
    }
}

impl PartitionImage {
    /// The directory of a replica, zero for one that is not known.
    pub fn directory(&self, broker: i32) -> Uuid {
        let index = self.replicas.iter().position(|id| *id == broker);
        let known = index.and_then(|index| self.directories.get(index));
        known.copied().unwrap_or(Uuid::ZERO)
    }

    /// Whether replicas are being added or removed.
    pub fn is_moving(&self) -> bool {
        !(self.adding_replicas.is_empty() && self.removing_replicas.is_empty())
    }

    /// The partition after a change.
    pub fn changed(&self, record: &PartitionChangeRecord) -> Self {
        let mut changed = self.clone();
        changed.change(record);
        changed
    }

    fn change(&mut self, record: &PartitionChangeRecord) {
        let set = |field: &mut Vec<i32>, value: &Option<Vec<i32>>| {
            if let Some(value) = value {
                field.clone_from(value);
            }
        };
        set(&mut self.isr, &record.isr);
        set(&mut self.replicas, &record.replicas);
        set(&mut self.removing_replicas, &record.removing_replicas);
        set(&mut self.adding_replicas, &record.adding_replicas);
        set(&mut self.elr, &record.eligible_leader_replicas);
        set(&mut self.last_known_elr, &record.last_known_elr);
        if let Some(directories) = &record.directories {
            self.directories.clone_from(directories);
        }
        if record.leader != LEADER_UNCHANGED {
            self.leader = record.leader;
            self.leader_epoch += 1;
        }
        if record.leader_recovery_state >= 0 {
            self.leader_recovery_state = record.leader_recovery_state;
        }
        self.partition_epoch += 1;
    }
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicImage {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: Uuid,
    partitions: RedBlackTreeMapSync<i32, PartitionImage>,
}

impl TopicImage {
    /// One partition.
    pub fn partition(&self, index: i32) -> Option<&PartitionImage> {
        self.partitions.get(&index)
    }

    /// Partitions in order.
    pub fn partitions(&self) -> impl Iterator<Item = (i32, &PartitionImage)> {
        self.partitions.iter().map(|(index, partition)| (*index, partition))
    }

    /// How many partitions it has.
    pub fn partition_count(&self) -> usize {
        self.partitions.size()
    }
}

/// All topics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topics {
    by_id: RedBlackTreeMapSync<Uuid, TopicImage>,
    by_name: RedBlackTreeMapSync<String, Uuid>,
}

impl Topics {
    /// By name.
    pub fn by_name(&self, name: &str) -> Option<&TopicImage> {
        self.by_id(*self.by_name.get(name)?)
    }

    /// By id.
    pub fn by_id(&self, id: Uuid) -> Option<&TopicImage> {
        self.by_id.get(&id)
    }

    /// In the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &TopicImage> {
        self.by_name.values().filter_map(|id| self.by_id.get(id))
    }

    /// How many topics there are.
    pub fn len(&self) -> usize {
        self.by_id.size()
    }

    /// Whether there is no topic.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(super) fn create(&mut self, name: &str, id: Uuid) {
        let topic = TopicImage {
            name: name.to_owned(),
            id,
            partitions: RedBlackTreeMapSync::default(),
        };
        self.by_name.insert_mut(name.to_owned(), id);
        self.by_id.insert_mut(id, topic);
    }

    pub(super) fn remove(&mut self, id: Uuid) -> Option<String> {
        let name = self.by_id.get(&id)?.name.clone();
        self.by_id.remove_mut(&id);
        self.by_name.remove_mut(&name);
        Some(name)
    }

    pub(super) fn add_partition(&mut self, record: &PartitionRecord) -> bool {
        let Some(topic) = self.by_id.get_mut(&record.topic_id) else {
            return false;
        };
        topic.partitions.insert_mut(record.partition_id, record.into());
        true
    }

    /// Forgets who was eligible, in one topic or in all.
    pub(super) fn clear_elr(&mut self, name: Option<&str>) {
        let all = self.by_name.iter();
        let ids: Vec<Uuid> = all
            .filter(|(known, _)| name.is_none_or(|name| name == known.as_str()))
            .map(|(_, id)| *id)
            .collect();
        for id in ids {
            let Some(topic) = self.by_id.get_mut(&id) else { continue };
            let remembers =
                |partition: &PartitionImage| !partition.elr.is_empty() || !partition.last_known_elr.is_empty();
            let with_any = topic.partitions().filter(|(_, partition)| remembers(partition));
            let indexes: Vec<i32> = with_any.map(|(index, _)| index).collect();
            let forgotten = PartitionChangeRecord {
                eligible_leader_replicas: Some(Vec::new()),
                last_known_elr: Some(Vec::new()),
                ..Default::default()
            };
            for index in indexes {
                if let Some(partition) = topic.partitions.get_mut(&index) {
                    partition.change(&forgotten);
                }
            }
        }
    }

    pub(super) fn change_partition(&mut self, record: &PartitionChangeRecord) -> bool {
        let topic = self.by_id.get_mut(&record.topic_id);
        let Some(partition) = topic.and_then(|topic| topic.partitions.get_mut(&record.partition_id)) else {
            return false;
        };
        partition.change(record);
        true
    }
}
