//! What nodes go through: crashes, clean ends and starts, snapshots.

use std::time::Duration;

use super::*;

/// Longest time that a node is down for a moment.
pub(super) const MOMENT: Duration = Duration::from_millis(10);
/// And for long.
const LONG: Duration = Duration::from_secs(4);

impl Sim {
    pub(super) fn start(&mut self, id: i32) {
        let member = self.members.get_mut(&id).unwrap();
        if member.raft.is_some() {
            return;
        }
        let context = LogContext::new(Arc::new(member.disk.clone()), 8, 1 << 16);
        let config = RaftConfig {
            node_id: id,
            directory_id: Uuid::from_u128(100 + id as u128),
            metadata_dir: "/meta".into(),
            static_voters: if self.is_dynamic {
                vec![]
            } else {
                (1..=self.weather.nodes).map(voter).collect()
            },
            bootstrap_servers: if self.is_dynamic {
                self.weather.nodes as usize
            } else {
                0
            },
            clean: std::mem::take(&mut member.is_clean),
            timeouts: self.weather.timeouts(),
        };
        member.raft = Some(Raft::open(&context, config).unwrap().0);
        member.life += 1;
        member.timer_at = None;
        member.is_syncing = false;
        member.owed.clear();
        member.high_watermark = 0;
        member.checked_end = member.raft.as_ref().unwrap().log_start_offset();
        self.tell(|| format!("{id} starts"));
        self.feed(id, Event::Start);
    }

    pub(super) fn crash(&mut self, id: i32, away_max: Duration) {
        if self.members[&id].raft.is_none() {
            return;
        }
        let is_power_cut = self.random.one_in(2);
        self.tell(|| format!("{id} crashes, with its power: {is_power_cut}"));
        self.totals.crashes += 1;
        self.end(id, is_power_cut, away_max);
    }

    /// A node is asked to end, and takes some time to hand over.
    pub(super) fn stop(&mut self, id: i32) {
        if self.members[&id].raft.is_some() {
            self.tell(|| format!("{id} is to stop"));
            self.feed(id, Event::Resign);
            let after = self.random.millis(0, 50);
            self.push(self.now + after, id, What::Close);
        }
    }

    /// What a clean end wrote stays, whatever happens to the power later.
    pub(super) fn close(&mut self, id: i32) {
        self.tell(|| format!("{id} ends cleanly"));
        self.totals.clean_ends += 1;
        let member = self.members.get_mut(&id).unwrap();
        member.raft.as_mut().unwrap().close().unwrap();
        member.is_clean = true;
        let (is_power_cut, away_max) = (self.random.one_in(2), self.any_away());
        self.end(id, is_power_cut, away_max);
    }

    fn end(&mut self, id: i32, is_power_cut: bool, away_max: Duration) {
        let member = self.members.get_mut(&id).unwrap();
        let raft = member.raft.take().unwrap();
        let (truncations, loads) = raft.upheavals();
        drop(raft);
        if is_power_cut {
            let random = &mut self.random;
            let choose = |bound| random.below(bound as u64) as usize;
            member.disk = member.disk.crash_in_any_order(choose);
        }
        member.life += 1;
        let owed = std::mem::take(&mut member.owed);
        self.totals.truncations += truncations;
        self.totals.snapshot_loads += loads;
        for (from, from_life, number, _) in owed.into_values().filter(|_| !is_power_cut) {
            self.give_no_answer(id, (from, from_life), number, NoAnswer::End);
        }
        let away = self.random.millis(1, away_max.as_millis() as u64);
        self.push((self.now + away).min(LENGTH - CALM), id, What::Start);
    }

    pub(super) fn any_away(&mut self) -> Duration {
        let away = [10, 300, 4000][self.random.below(3) as usize];
        Duration::from_millis(away)
    }

    /// A leader that falls before others have what it has is what elections are hard for.
    pub(super) fn perhaps_crash_new_leader(&mut self, id: i32) {
        if !self.is_calm() && self.random.one_in(self.weather.crash_new_leader) {
            let (after, away_max) = (self.random.millis(0, 12), self.any_away());
            self.push(self.now + after, id, What::Crash { away_max });
        }
    }

    /// So is one whose voters have all of former epochs and nothing of its own (figure 8 of the Raft paper).
    pub(super) fn perhaps_crash_old_majority(&mut self, id: i32) {
        let raft = self.members[&id].raft.as_ref().unwrap();
        let Role::Leader(leadership) = &raft.role else { return };
        let start = leadership.epoch_start;
        let has_all = |progress: &&Progress| progress.end_offset == start;
        let those = leadership.replicas.values().filter(has_all).count();
        let committed_before = self.committed_by.range(..raft.epoch()).map(|(_, end)| *end).max();
        if committed_before.is_none_or(|end| end < start)
            && those + 1 >= raft.voters().majority()
            && !self.is_calm()
            && self.random.one_in(self.weather.crash_old_majority)
        {
            self.totals.fallen_old_majorities += 1;
            let away_max = LONG;
            self.push(self.now, id, What::Crash { away_max });
        }
    }

    /// A voter that forgets whom it voted for may vote again while the epoch lasts.
    pub(super) fn perhaps_crash_voter(&mut self, id: i32) {
        let raft = self.members[&id].raft.as_ref().unwrap();
        // A bridge is what two candidates ask at the same time.
        let is_asked_twice = self.bridge == Some(id) && raft.voted.is_some_and(|voted| voted.id != id);
        let one_in = if is_asked_twice {
            2
        } else {
            self.weather.crash_after_vote
        };
        if !self.is_calm() && self.random.one_in(one_in) {
            self.totals.fallen_voters += 1;
            self.push(self.now, id, What::Crash { away_max: MOMENT });
        }
    }

    /// A follower that leaves an epoch before it has synced what it got in it may lose that, and may not have told of it.
    pub(super) fn perhaps_crash_turncoat(&mut self, id: i32) {
        if !self.is_calm() && self.random.one_in(self.weather.crash_turncoat) {
            let after = self.random.millis(1, 6);
            self.totals.fallen_turncoats += 1;
            self.push(self.now + after, id, What::Crash { away_max: MOMENT });
        }
    }

    pub(super) fn take_snapshot(&mut self, id: i32) {
        let Some(raft) = self.members.get_mut(&id).and_then(|member| member.raft.as_mut()) else {
            return;
        };
        let end_offset = raft.high_watermark();
        if end_offset <= 2 {
            return;
        }
        // The log moves to a snapshot that is not the first.
        for end_offset in [end_offset - 1, end_offset] {
            let Some(id_of) = raft.snapshot_id(end_offset) else {
                continue;
            };
            let control = raft.control_records(end_offset).unwrap();
            let writer = protocol::files::SnapshotWriter::new(id_of.epoch, 0, 0, control).unwrap();
            raft.snapshot_taken(id_of, &writer.finish().unwrap()).unwrap();
        }
        // Most nodes keep nothing below their latest snapshot.
        if self.random.below(4) > 0 {
            let now = self.now();
            let raft = self.members.get_mut(&id).unwrap().raft.as_mut().unwrap();
            let retention = Retention {
                size_bytes: Some(0),
                age_ms: None,
            };
            raft.clean(&retention, now).unwrap();
        }
        self.tell(|| format!("{id} takes a snapshot up to {end_offset}"));
    }
}
