//! Who votes: the same at all nodes, and changed one by one.

use broker_core::raft::VoterSet;

use super::Checker;
use crate::membership::Quorum;
use crate::node::{Node, Running};
use crate::world::{EndId, World};

impl Checker {
    /// Compares what a node has of changes of the voters that are committed with what others had.
    pub(super) fn compare_voters(&mut self, world: &mut World, id: EndId, running: &Running) {
        let raft = running.quorum.controller.quorum();
        let committed = |(offset, _): &(i64, &VoterSet)| *offset < raft.high_watermark();
        let latest = raft.voter_changes().rev().find(committed).map(|(offset, _)| offset);
        let Some(seen) = self.seen.get_mut(&id) else { return };
        if latest.is_none() || seen.voters_offset == latest {
            return;
        }
        let before = std::mem::replace(&mut seen.voters_offset, latest);
        let is_new = |(offset, _): &(i64, &VoterSet)| before.is_none_or(|before| *offset > before);
        for (offset, voters) in raft.voter_changes().filter(committed).filter(is_new) {
            let last = self.voters.last_key_value();
            if last.is_none_or(|(last, _)| offset > *last) {
                let before = last.map(|(_, before)| before);
                if before != Some(voters) {
                    count_change(world, before, voters);
                    self.voters.insert(offset, voters.clone());
                }
                continue;
            }
            // What a snapshot has is known to have been so at its end, and not since when.
            let known = self.voters.range(..=offset).next_back();
            if let Some((at, known)) = known.filter(|(_, known)| *known != voters) {
                world.wrong(format!(
                    "node {id} has voters {voters:?} committed at {offset}, others {known:?} at {at}"
                ));
            }
        }
    }

    /// What is missing at a node until all agree who votes; none if nothing.
    pub(super) fn unsettled<'a>(
        &self,
        world: &World,
        running: &Running,
        mut nodes: impl Iterator<Item = &'a Node>,
    ) -> Option<String> {
        let membership = world.weather.membership;
        let raft = running.quorum.controller.quorum();
        let id = running.id;
        if membership.quorum == Quorum::Static {
            return None;
        }
        if raft.committed_kraft_version() != 1 {
            return Some(format!("node {id} has not kraft.version 1"));
        }
        let voters = self.voters.last_key_value().map(|(_, voters)| voters);
        if voters != Some(raft.voters()) {
            return Some(format!(
                "node {id} takes {:?} for the voters, not {voters:?}",
                raft.voters()
            ));
        }
        if raft.is_leader() && !raft.voters().contains(id) {
            return Some(format!("node {id} leads, and is no voter"));
        }
        let is_missing = |node: &&Node| {
            let voter = raft.voters().get(node.id);
            node.config.is_controller && voter.is_none_or(|voter| voter.directory_id != node.metadata_directory())
        };
        let missing = nodes.find(is_missing).filter(|_| membership.auto_join);
        missing.map(|node| format!("node {} has not joined the voters by itself", node.id))
    }
}

fn count_change(world: &mut World, before: Option<&VoterSet>, now: &VoterSet) {
    world.tell(|| format!("the voters are {:?}", now.ids().collect::<Vec<_>>()));
    let Some(before) = before else {
        world.totals.quorums_raised += u64::from(world.weather.membership.quorum == Quorum::Raised);
        return;
    };
    let key_in = |set: &VoterSet, id: EndId| set.get(id).map(broker_core::raft::Voter::key);
    let added = now.ids().filter(|id| key_in(before, *id) != key_in(now, *id)).count() as u64;
    let removed = before
        .ids()
        .filter(|id| key_in(before, *id) != key_in(now, *id))
        .count() as u64;
    if added + removed > 1 {
        world.wrong(format!("the voters changed at once from {before:?} to {now:?}"));
    }
    let totals = &mut world.totals;
    totals.membership_changes += added + removed;
    totals.voters_added += added;
    totals.voters_removed += removed;
    totals.voters_updated += u64::from(added + removed == 0);
}
