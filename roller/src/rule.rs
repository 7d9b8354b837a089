//! The rule of safe batches (theorem 1): of each partition no more replicas stop together than it can do without.
//!
//! With `I` the replicas in sync and `floor = max(min.insync.replicas, 1) + spare`, a partition has room for
//! `|I| - floor` of them. If no other broker leaves an ISR, then in every order of stops and starts of a batch that
//! keeps to the room each partition has `floor` live replicas in sync, so it takes writes and has a leader; and a
//! part of a safe batch is safe.

use std::collections::BTreeSet;

use planner::dense::{PartitionIx, Table};
use planner::model::Cluster;

use crate::mutation::{Mutation, mutated};

/// How much must stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// Replicas in sync that are kept above min.insync.replicas, for others that fail meanwhile.
    pub spare: usize,
    /// Partitions that any restart hurts, and whose harm is accepted.
    pub accepted: BTreeSet<PartitionIx>,
}

/// How a partition bears restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// So many replicas in sync may stop together; at least one.
    Roomy(usize),
    /// None may now: too many replicas are out of sync.
    Short,
    /// None ever may: it has no more replicas than must stay.
    Unavoidable,
}

impl Rule {
    /// Replicas in sync that must stay.
    pub fn floor(&self, min_isr: u16) -> usize {
        let min = if mutated(Mutation::MinIsrIgnored) {
            1
        } else {
            usize::from(min_isr).max(1)
        };
        let spare = if mutated(Mutation::SpareIgnored) { 0 } else { self.spare };
        min + spare
    }

    /// Whether no restart of one of its brokers keeps what must stay, even with all replicas in sync.
    pub fn is_unavoidable(&self, cluster: &Cluster, partition: PartitionIx) -> bool {
        let of = &cluster.partitions()[partition];
        of.replication_factor() <= self.floor(of.min_isr)
    }

    /// How a partition bears restarts, accepted or not.
    pub fn class(&self, cluster: &Cluster, partition: PartitionIx) -> Class {
        if self.is_unavoidable(cluster, partition) {
            return Class::Unavoidable;
        }
        match self.room(cluster, partition) {
            room @ 1.. => Class::Roomy(room.unsigned_abs()),
            _ => Class::Short,
        }
    }

    /// Replicas in sync that may stop together; below zero if none of its replicas may stop, in sync or not.
    ///
    /// Of a partition whose harm is accepted one may stop at a time, as long as another is in sync, if it has others.
    pub(crate) fn room(&self, cluster: &Cluster, partition: PartitionIx) -> isize {
        let of = &cluster.partitions()[partition];
        let in_sync = if mutated(Mutation::AllReplicasCounted) {
            of.replication_factor()
        } else {
            cluster.in_sync(partition).count()
        } as isize;
        if self.accepted.contains(&partition) && self.is_unavoidable(cluster, partition) {
            if mutated(Mutation::AcceptedTogether) {
                return in_sync;
            }
            let kept = isize::from(of.replication_factor() > 1);
            return (in_sync - kept).min(1);
        }
        in_sync - self.floor(of.min_isr) as isize + isize::from(mutated(Mutation::OneMore))
    }

    /// The room of every partition.
    pub(crate) fn rooms(&self, cluster: &Cluster) -> Table<PartitionIx, i8> {
        let rooms = cluster.partitions().keys().map(|at| self.room(cluster, at));
        rooms.map(|room| room.clamp(-1, i8::MAX.into()) as i8).collect()
    }

    /// Accepts the harm to all partitions that any restart hurts.
    pub fn accept_unavoidable(&mut self, cluster: &Cluster) {
        let unavoidable = unavoidable(cluster, self);
        self.accepted.extend(unavoidable);
    }
}

/// The partitions of a cluster that any restart hurts, in order.
pub fn unavoidable(cluster: &Cluster, rule: &Rule) -> Vec<PartitionIx> {
    let all = cluster.partitions().keys();
    all.filter(|at| rule.is_unavoidable(cluster, *at)).collect()
}
