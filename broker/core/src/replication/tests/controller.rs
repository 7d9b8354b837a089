//! A controller for one partition that does as Kafka's does: it checks proposals, fences, and picks leaders from the
//! ISR and the eligible leader replicas (KIP-966).

use super::*;
use crate::controller::alter_partition::check;

pub(super) struct Controller {
    pub(super) state: PartitionImage,
    pub(super) image: MetadataImage,
    pub(super) min_isr: usize,
    /// Leaders that changed.
    pub(super) elections: usize,
}

impl Controller {
    pub(super) fn new(count: i32, min_isr: usize) -> Self {
        let all: Vec<i32> = (1..=count).collect();
        Self {
            state: state(&all, &all, 1, (1, 1)),
            image: brokers(count),
            min_isr: min_isr.min(all.len()),
            elections: 0,
        }
    }

    pub(super) fn is_alive(&self, id: i32) -> bool {
        self.image.brokers().is_alive(id)
    }

    pub(super) fn epoch_of(&self, id: i32) -> i64 {
        self.image.brokers().get(id).unwrap().epoch
    }

    /// Members of the ISR and eligible replicas: each has all that is committed.
    pub(super) fn complete(&self) -> BTreeSet<i32> {
        self.state.isr.iter().chain(&self.state.elr).copied().collect()
    }

    /// Changes the ISR; who left it stays eligible while it is below the minimum.
    fn set_isr(&mut self, isr: Vec<i32>, lost: Option<i32>) {
        let mut elr = self.complete();
        elr.retain(|id| !isr.contains(id) && Some(*id) != lost);
        if isr.len() >= self.min_isr {
            elr.clear();
        }
        self.state.elr = elr.into_iter().collect();
        self.state.isr = isr;
        self.state.partition_epoch += 1;
    }

    /// Makes someone lead who may, or nobody.
    fn elect(&mut self, choose: usize, lost: Option<i32>) {
        let alive = |ids: &[i32]| -> Vec<i32> { ids.iter().copied().filter(|id| self.is_alive(*id)).collect() };
        let mut candidates = alive(&self.state.isr);
        let from_elr = candidates.is_empty();
        if from_elr {
            candidates = alive(&self.state.elr);
        }
        let leader = (!candidates.is_empty()).then(|| candidates[choose % candidates.len()]);
        if let Some(leader) = leader.filter(|_| from_elr) {
            self.set_isr(vec![leader], lost);
        }
        self.lead(leader.unwrap_or(-1));
    }

    fn lead(&mut self, leader: i32) {
        if leader != self.state.leader {
            self.elections += 1;
            self.state.leader = leader;
            self.state.leader_epoch += 1;
            self.state.partition_epoch += 1;
        }
    }

    fn leave(&mut self, id: i32, lost: Option<i32>, choose: usize) {
        let isr: Vec<i32> = self.state.isr.iter().copied().filter(|other| *other != id).collect();
        if isr.len() < self.state.isr.len() || self.state.elr.contains(&id) {
            self.set_isr(isr, lost);
        }
        if self.state.leader == id {
            self.elect(choose, lost);
        }
    }

    /// A session has timed out.
    pub(super) fn fence(&mut self, id: i32, choose: usize) {
        let epoch = self.epoch_of(id);
        register(&mut self.image, id, epoch, true);
        self.leave(id, None, choose);
    }

    /// A broker starts again after a crash; what it had not synced may be lost.
    pub(super) fn register_after_crash(&mut self, id: i32, choose: usize) {
        let epoch = self.epoch_of(id) + 1;
        register(&mut self.image, id, epoch, true);
        self.leave(id, Some(id), choose);
    }

    pub(super) fn unfence(&mut self, id: i32, choose: usize) {
        let epoch = self.epoch_of(id);
        register(&mut self.image, id, epoch, false);
        if self.state.leader == -1 {
            self.elect(choose, None);
        }
    }

    /// Someone else of the ISR leads.
    pub(super) fn move_leader(&mut self, choose: usize) {
        let alive: Vec<i32> = self.state.isr.iter().copied().filter(|id| self.is_alive(*id)).collect();
        if !alive.is_empty() {
            self.lead(alive[choose % alive.len()]);
        }
    }

    /// What the real controller refuses it refuses too.
    pub(super) fn alter(&mut self, leader: i32, proposal: &ProposeIsr) -> IsrOutcome {
        let sender = IsrMember {
            broker_id: leader,
            broker_epoch: self.epoch_of(leader),
        };
        let request = alter_partition::request(sender, std::slice::from_ref(proposal));
        let asked = &request.topics[0].partitions[0];
        let isr: Vec<(i32, i64)> = proposal.isr.iter().map(|m| (m.broker_id, m.broker_epoch)).collect();
        if let Err(code) = check(self.image.brokers(), leader, &self.state, asked, &isr) {
            return IsrOutcome::Refused(code);
        }
        let isr: Vec<i32> = proposal.isr.iter().map(|member| member.broker_id).collect();
        if isr != self.state.isr {
            self.set_isr(isr, None);
        }
        IsrOutcome::Accepted {
            isr: self.state.isr.clone(),
            leader_epoch: self.state.leader_epoch,
            partition_epoch: self.state.partition_epoch,
        }
    }
}
