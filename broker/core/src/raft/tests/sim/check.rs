//! What has to hold in a run.

use super::Sim;
use crate::raft::Raft;

impl Sim {
    /// What must hold after each step of a node.
    pub(super) fn check(&mut self, id: i32) {
        let member = self.members.get_mut(&id).unwrap();
        let raft = member.raft.as_mut().unwrap();
        let (epoch, high_watermark) = (raft.epoch(), raft.high_watermark());
        assert!(epoch >= member.epoch, "node {id}: epoch {epoch} after {}", member.epoch);
        member.epoch = epoch;
        assert!(
            high_watermark >= member.high_watermark,
            "node {id}: high watermark {high_watermark} after {}",
            member.high_watermark
        );
        raft.take_notices();
        let from = std::mem::replace(&mut member.high_watermark, high_watermark);
        let batches = raft.read_committed(from).unwrap();
        if raft.is_leader() {
            let is_new = !self.leaders.contains_key(&epoch);
            let leader = *self.leaders.entry(epoch).or_insert(id);
            assert_eq!(leader, id, "epoch {epoch} has two leaders");
            if is_new {
                self.totals.elections += 1;
                self.perhaps_crash_leader(id);
            }
        }
        for batch in batches {
            for (at, offset) in (batch.base_offset..=batch.last_offset).enumerate() {
                // Control records count by their epoch.
                let here = (batch.epoch, batch.values.get(at).cloned().unwrap_or_default());
                let first = self.committed.entry(offset).or_insert_with(|| here.clone());
                assert_eq!(
                    *first, here,
                    "node {id}: offset {offset} was committed with another record"
                );
            }
        }
    }

    /// In calm, there is one leader, and all have what was committed.
    pub(super) fn assert_recovered(&mut self) {
        let leaders: Vec<i32> = self
            .members
            .iter()
            .filter(|(_, member)| member.raft.as_ref().is_some_and(Raft::is_leader))
            .map(|(id, _)| *id)
            .collect();
        assert_eq!(leaders.len(), 1, "leaders at the end");
        let end = self.committed.keys().next_back().map_or(0, |offset| offset + 1);
        for (id, member) in &self.members {
            let raft = member.raft.as_ref().expect("all run at the end");
            let (high_watermark, log_end_offset) = (raft.high_watermark(), raft.log_end_offset());
            assert!(high_watermark >= end, "node {id} has {high_watermark} of {end} offsets");
            assert_eq!(high_watermark, log_end_offset, "node {id} has what is not committed");
            for batch in raft.read_committed(0).unwrap() {
                for (value, offset) in batch.values.iter().zip(batch.base_offset..) {
                    assert_eq!(
                        self.committed.get(&offset).map(|(_, value)| value),
                        Some(value),
                        "node {id}, {offset}"
                    );
                }
            }
        }
    }
}
