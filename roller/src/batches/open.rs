//! A batch that nodes are put into, as long as each partition has room.

use planner::dense::{PartitionIx, Table};

use super::{NodeIx, Task};

/// A batch and how much of each partition's room it takes.
#[derive(Debug)]
pub(super) struct Open<'a> {
    task: Task<'a>,
    used: Table<PartitionIx, i8>,
    members: Vec<NodeIx>,
    has_voter: bool,
}

impl<'a> Open<'a> {
    pub(super) fn new(task: Task<'a>) -> Self {
        Self {
            task,
            used: Table::filled(task.rooms.len(), 0),
            members: Vec::new(),
            has_voter: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn fits(&self, node: NodeIx) -> bool {
        let of = &self.task.nodes[node];
        if of.is_voter && self.has_voter {
            return false;
        }
        let seats = self.task.held[of.broker].iter();
        let mut in_sync = seats.filter(|seat| seat.is_in_sync);
        in_sync.all(|seat| self.used[seat.partition] < self.task.rooms[seat.partition])
    }

    fn count(&mut self, node: NodeIx, by: i8) {
        let of = &self.task.nodes[node];
        for seat in self.task.held[of.broker].iter().filter(|seat| seat.is_in_sync) {
            self.used[seat.partition] += by;
        }
        if of.is_voter {
            self.has_voter = by > 0;
        }
    }

    /// Puts a node in, if it fits.
    pub(super) fn put(&mut self, node: NodeIx) -> bool {
        let fits = self.fits(node);
        if fits {
            self.count(node, 1);
            self.members.push(node);
        }
        fits
    }

    /// Puts all of them in, or none.
    pub(super) fn put_all(&mut self, nodes: &[NodeIx]) -> bool {
        let before = self.members.len();
        if nodes.iter().all(|node| self.put(*node)) {
            return true;
        }
        for node in self.members.split_off(before) {
            self.count(node, -1);
        }
        false
    }

    pub(super) fn into_members(self) -> Vec<NodeIx> {
        self.members
    }
}

/// Puts a node into the first batch that it fits, or into a new one.
pub(super) fn first_fit<'a>(open: &mut Vec<Open<'a>>, task: Task<'a>, node: NodeIx) {
    if open.iter_mut().any(|batch| batch.put(node)) {
        return;
    }
    let mut batch = Open::new(task);
    batch.put(node);
    open.push(batch);
}

/// Empties batches into others, the smallest first, where each of their nodes fits somewhere.
pub(super) fn dissolve(open: &mut Vec<Open<'_>>) {
    open.sort_by_key(Open::len);
    let mut at = 0;
    while at < open.len() {
        let mut batch = open.remove(at);
        let all = std::mem::take(&mut batch.members);
        for node in all {
            if !open.iter_mut().rev().any(|other| other.put(node)) {
                batch.members.push(node);
            } else {
                batch.count(node, -1);
            }
        }
        if !batch.members.is_empty() {
            open.insert(at, batch);
            at += 1;
        }
    }
}
