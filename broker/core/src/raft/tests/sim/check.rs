//! What has to hold in a run.

use bytes::Bytes;
use protocol::records::{Records, records_of};

use super::Sim;
use crate::raft::metadata_log::checked;
use crate::raft::records::UNPACK_MAX_BYTES;

impl Sim {
    /// What must hold after each step of a node.
    pub(super) fn check(&mut self, id: i32) {
        self.check_log(id);
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
                self.assert_complete(id, epoch);
                self.perhaps_crash_new_leader(id);
            }
            self.committed_by.insert(epoch, high_watermark);
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

    /// A new leader has all that was committed in earlier epochs.
    fn assert_complete(&self, id: i32, epoch: i32) {
        let raft = self.members[&id].raft.as_ref().unwrap();
        let end = self.committed_by.range(..epoch).map(|(_, end)| *end).max().unwrap_or(0);
        let log_end_offset = raft.log_end_offset();
        assert!(
            log_end_offset >= end,
            "node {id} leads epoch {epoch} with {log_end_offset} of {end} offsets"
        );
        // Logs that have the last of them have all of them.
        let last = self.committed.get(&(end - 1)).map(|(epoch, _)| *epoch);
        if let (Some(last), Some(own)) = (last, raft.log.epoch_before(end)) {
            assert_eq!(
                own,
                last,
                "node {id} leads epoch {epoch} with another record at {}",
                end - 1
            );
        }
    }

    /// A record's offset and epoch say what it is, and of which epoch the one before it is; so they say all before it.
    fn check_log(&mut self, id: i32) {
        let member = self.members.get_mut(&id).unwrap();
        let raft = member.raft.as_ref().unwrap();
        let (start, end) = (raft.log_start_offset(), raft.log_end_offset());
        let from = member.checked_end.clamp(start, end);
        member.checked_end = end;
        if from == end {
            return;
        }
        let bytes = raft.log.read(from, end).unwrap();
        let mut before = raft.log.epoch_before(from);
        for (header, batch) in checked(&bytes).unwrap() {
            let unpacked = records_of(&header, batch, UNPACK_MAX_BYTES).unwrap();
            for record in Records::new(header, &unpacked).map(Result::unwrap) {
                let value = record.value.map(Bytes::copy_from_slice).unwrap_or_default();
                let here = (before, value);
                let known = self
                    .written
                    .entry((record.offset, header.leader_epoch))
                    .or_insert_with(|| here.clone());
                let fits = known.1 == here.1 && (known.0 == before || known.0.is_none() || before.is_none());
                assert!(
                    fits,
                    "node {id}: {} of epoch {} is {here:?} and elsewhere {known:?}",
                    record.offset, header.leader_epoch
                );
                before = Some(header.leader_epoch);
            }
        }
    }

    /// In calm, there is one leader, and all have what was committed.
    pub(super) fn assert_recovered(&mut self) {
        assert_eq!(self.current_leaders().len(), 1, "leaders at the end");
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
