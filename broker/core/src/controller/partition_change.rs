//! How a partition changes: who leads, who is in sync, who is eligible to lead (KIP-966), and when a reassignment
//! is complete. Kafka's rules, as pure functions of the partition and of who is alive.

use std::collections::BTreeMap;
use std::fmt;

use protocol::Uuid;
use protocol::messages::metadata::PartitionChangeRecord;

use super::reassignment::Reassignment;
use crate::image::PartitionImage;

/// The leader of a partition that has none.
pub(super) const NO_LEADER: i32 = -1;
/// In a change record: the leader stays, and so does its epoch.
pub(super) const LEADER_UNCHANGED: i32 = -2;
/// The leader has all committed records.
pub(super) const RECOVERED: i8 = 0;
/// The leader was elected uncleanly and has not recovered yet.
pub(super) const RECOVERING: i8 = 1;

/// First level that names the log directories of replicas.
const DIRECTORIES_FROM: i16 = 17;
/// From this level on an ISR may shrink without a new leader epoch (KAFKA-15021).
const SHRINKS_QUIETLY_FROM: i16 = 12;

/// Whom an election prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Election {
    /// The first replica, if it may lead.
    Preferred,
    /// The leader there is, if it may still lead.
    Clean,
    /// Like `Clean`, and any live replica if nobody else may lead.
    Unclean,
}

/// What the cluster says about a partition.
pub(super) struct Rules<'a> {
    /// metadata.version.
    pub(super) level: i16,
    /// min.insync.replicas, at most the replication factor.
    pub(super) min_isr: usize,
    /// Whether eligible.leader.replicas.version is on.
    pub(super) elr: bool,
    /// Whether a broker is active and has the replica's directory online.
    pub(super) can_lead: Box<dyn Fn(i32) -> bool + 'a>,
    /// The directory that a new replica on a broker gets.
    pub(super) directory: Box<dyn Fn(i32) -> Uuid + 'a>,
}

impl fmt::Debug for Rules<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("level", &self.level)
            .field("min_isr", &self.min_isr)
            .field("elr", &self.elr)
            .finish_non_exhaustive()
    }
}

/// A partition on its way to what it is to become.
#[derive(Debug)]
pub(super) struct PartitionChange<'a> {
    partition: &'a PartitionImage,
    rules: Rules<'a>,
    pub(super) election: Election,
    pub(super) isr: Vec<i32>,
    pub(super) replicas: Vec<i32>,
    pub(super) removing: Vec<i32>,
    pub(super) adding: Vec<i32>,
    pub(super) leader_recovery_state: i8,
    /// A broker that lost what it had not written to disk: it is neither in sync nor eligible.
    pub(super) unclean_shutdown: Option<i32>,
    elr: Vec<i32>,
    directories: BTreeMap<i32, Uuid>,
}

impl<'a> PartitionChange<'a> {
    /// The partition as it is.
    pub(super) fn new(partition: &'a PartitionImage, rules: Rules<'a>) -> Self {
        let directories = partition.replicas.iter().map(|id| (*id, partition.directory(*id)));
        Self {
            election: Election::Clean,
            isr: partition.isr.clone(),
            replicas: partition.replicas.clone(),
            removing: partition.removing_replicas.clone(),
            adding: partition.adding_replicas.clone(),
            leader_recovery_state: partition.leader_recovery_state,
            unclean_shutdown: None,
            elr: partition.elr.clone(),
            directories: directories.collect(),
            partition,
            rules,
        }
    }

    /// The partition as it was.
    pub(super) fn partition(&self) -> &PartitionImage {
        self.partition
    }

    /// A replica is in this directory.
    pub(super) fn set_directory(&mut self, broker: i32, directory: Uuid) {
        self.directories.insert(broker, directory);
    }

    /// The record that makes it so; none if nothing changes.
    pub(super) fn record(mut self, topic_id: Uuid, partition_id: i32) -> Option<PartitionChangeRecord> {
        let nothing = PartitionChangeRecord {
            topic_id,
            partition_id,
            ..Default::default()
        };
        let mut record = nothing.clone();
        self.complete_reassignment();
        self.fill_elr();
        self.elect(&mut record);
        // Whoever loses its replica must not take it for its own any longer.
        let replica_gone = !contains_all(&self.replicas, &self.partition.replicas);
        if replica_gone && record.leader == LEADER_UNCHANGED {
            record.leader = self.partition.leader;
        }
        self.set_elr(&mut record);
        let may_be_set = self.rules.elr || !self.isr.is_empty();
        if record.isr.is_none() && may_be_set && self.isr != self.partition.isr {
            record.isr = Some(self.isr.clone());
        }
        let shrinks = |isr: &Vec<i32>| !contains_all(isr, &self.partition.isr);
        let bumps = self.rules.level < SHRINKS_QUIETLY_FROM && record.isr.as_ref().is_some_and(shrinks);
        if bumps && record.leader == LEADER_UNCHANGED {
            record.leader = self.partition.leader;
        }
        self.set_last_known_leader(&mut record);
        self.set_assignment(&mut record);
        if self.leader_recovery_state != self.partition.leader_recovery_state {
            record.leader_recovery_state = self.leader_recovery_state;
        }
        (record != nothing).then_some(record)
    }

    /// Not while those who can lead are all among those who go: Apache's rules complete it all the same, and leave a
    /// partition without a leader whose leader is well.
    fn complete_reassignment(&mut self) {
        let reassignment = Reassignment {
            removing: self.removing.clone(),
            adding: self.adding.clone(),
            replicas: self.replicas.clone(),
        };
        let led_by = |isr: &[i32]| isr.iter().any(|id| (self.rules.can_lead)(*id));
        let completed = reassignment.completed(&self.isr);
        if let Some((replicas, isr)) = completed.filter(|(_, left)| led_by(left) || !led_by(&self.isr)) {
            self.isr = isr;
            self.replicas = replicas;
            self.removing = Vec::new();
            self.adding = Vec::new();
        }
    }

    /// Below min.insync.replicas those who leave the ISR stay eligible: they have all that was acknowledged.
    fn fill_elr(&mut self) {
        if !self.rules.elr {
            return;
        }
        if self.isr.len() >= self.rules.min_isr {
            self.elr = Vec::new();
            return;
        }
        let mut eligible: Vec<i32> = self.elr.iter().chain(&self.partition.isr).copied().collect();
        eligible.sort_unstable();
        eligible.dedup();
        // A replica that a reassignment has just removed has no log to lead with.
        eligible
            .retain(|id| !self.isr.contains(id) && self.unclean_shutdown != Some(*id) && self.replicas.contains(id));
        self.elr = eligible;
    }

    fn elect(&mut self, record: &mut PartitionChangeRecord) {
        let (leader, unclean) = self.choose();
        if leader == self.partition.leader {
            return;
        }
        if self.elr.contains(&leader) {
            self.isr = vec![leader];
            self.elr.retain(|id| *id != leader);
        }
        record.leader = leader;
        if unclean {
            // Records that others had and this one has not are lost.
            record.isr = Some(vec![leader]);
            if self.partition.leader_recovery_state != RECOVERING {
                record.leader_recovery_state = RECOVERING;
            }
        }
    }

    /// Who leads, and whether records may be lost by it.
    fn choose(&self) -> (i32, bool) {
        let preferred = self
            .replicas
            .first()
            .copied()
            .filter(|_| self.election == Election::Preferred);
        let current = Some(self.partition.leader);
        let candidates = preferred
            .into_iter()
            .chain(current)
            .chain(self.replicas.iter().copied());
        if let Some(leader) = candidates.into_iter().find(|id| self.is_clean(*id)) {
            return (leader, false);
        }
        if let Some(leader) = self.last_known_leader() {
            return (leader, true);
        }
        let any = self.replicas.iter().find(|id| (self.rules.can_lead)(**id));
        match any.filter(|_| self.election == Election::Unclean) {
            Some(leader) => (*leader, true),
            None => (NO_LEADER, false),
        }
    }

    fn is_clean(&self, id: i32) -> bool {
        let in_sync = self.isr.contains(&id) || (self.isr.is_empty() && self.elr.contains(&id));
        in_sync && (self.rules.can_lead)(id)
    }

    /// The one who led last may lead again when nobody is in sync or eligible (balanced recovery). Not one whose replica a
    /// reassignment has taken away, though records name it, as Apache's do: it has no log to lead with.
    fn last_known_leader(&self) -> Option<i32> {
        let [last] = self.partition.last_known_elr.as_slice() else {
            return None;
        };
        let nobody = self.rules.elr && self.elr.is_empty() && self.isr.is_empty();
        (nobody && self.replicas.contains(last) && (self.rules.can_lead)(*last)).then_some(*last)
    }

    fn set_elr(&mut self, record: &mut PartitionChangeRecord) {
        if record.isr.is_some() || !self.rules.elr {
            self.elr = Vec::new();
        }
        if self.elr != self.partition.elr {
            record.eligible_leader_replicas = Some(self.elr.clone());
        }
    }

    fn set_last_known_leader(&self, record: &mut PartitionChangeRecord) {
        if !self.rules.elr {
            return;
        }
        let known = !self.partition.last_known_elr.is_empty();
        if record.leader == NO_LEADER && !known {
            record.last_known_elr = Some(vec![self.partition.leader]);
        } else if record.leader >= 0 && known {
            record.last_known_elr = Some(Vec::new());
        }
    }

    fn set_assignment(&self, record: &mut PartitionChangeRecord) {
        let before = self.partition;
        if self.rules.level >= DIRECTORIES_FROM && !self.replicas.is_empty() {
            let directory = |id: &i32| {
                let known = self.directories.get(id).copied();
                known.unwrap_or_else(|| (self.rules.directory)(*id))
            };
            let directories: Vec<Uuid> = self.replicas.iter().map(directory).collect();
            let is_new = |id: &i32| before.directory(*id);
            if directories != before.replicas.iter().map(is_new).collect::<Vec<_>>() {
                record.directories = Some(directories);
            }
        }
        let changed = |new: &Vec<i32>, old: &Vec<i32>| (new != old).then(|| new.clone());
        record.replicas = changed(&self.replicas, &before.replicas).filter(|replicas| !replicas.is_empty());
        record.removing_replicas = changed(&self.removing, &before.removing_replicas);
        record.adding_replicas = changed(&self.adding, &before.adding_replicas);
    }
}

fn contains_all(all: &[i32], some: &[i32]) -> bool {
    some.iter().all(|id| all.contains(id))
}

#[cfg(test)]
mod tests;
