//! How ISR proposals get to the active controller: new ones at once, those that failed after a wait, one request at a
//! time.
//!
//! A [`Proposer`] is a plain struct that one task drives: it hands over what the outbox has with [`Proposer::take`], sends
//! what [`Proposer::next`] returns, and gives the answer or its absence to [`Proposer::on_answer`].

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::api::messages::alter_partition_request::AlterPartitionRequest;
use protocol::api::messages::alter_partition_response::AlterPartitionResponse;

use super::alter_partition;
use super::isr::{IsrMember, IsrOutcome, ProposeIsr};

/// Most proposals in a request.
const REQUEST_MAX: usize = 1000;
/// The first wait before what failed is proposed again.
const RETRY_FIRST: Duration = Duration::from_millis(50);
/// The longest.
const RETRY_LONGEST: Duration = Duration::from_secs(1);

/// What is to be done about proposals next.
#[derive(Debug)]
pub enum ProposerStep {
    /// A request for the active controller.
    Send(AlterPartitionRequest),
    /// Nothing until then; nothing until there is an answer or a new proposal, if there is no time.
    Wait(Option<Duration>),
}

/// Proposals on their way to the active controller.
#[derive(Debug)]
pub struct Proposer {
    /// To be sent now.
    ready: Vec<ProposeIsr>,
    in_flight: Vec<ProposeIsr>,
    /// What failed and goes out again.
    again: Vec<ProposeIsr>,
    /// When.
    again_at: Duration,
    wait: Duration,
}

impl Default for Proposer {
    fn default() -> Self {
        Self {
            ready: Vec::new(),
            in_flight: Vec::new(),
            again: Vec::new(),
            again_at: Duration::ZERO,
            wait: RETRY_FIRST,
        }
    }
}

impl Proposer {
    /// Takes what was in the outbox.
    pub fn take(&mut self, proposals: Vec<ProposeIsr>, now: Duration) {
        let was_empty = self.again.is_empty();
        for proposal in proposals {
            if proposal.attempts > 0 {
                self.again.push(proposal);
            } else {
                self.ready.push(proposal);
            }
        }
        if was_empty && !self.again.is_empty() {
            self.again_at = now + self.wait;
            self.wait = self.wait.saturating_mul(2).min(RETRY_LONGEST);
        }
    }

    /// Another controller is active: what failed may succeed there.
    pub fn controller_changed(&mut self) {
        self.again_at = Duration::ZERO;
    }

    /// What is to be done now, on behalf of this broker.
    pub fn next(&mut self, sender: IsrMember, now: Duration) -> ProposerStep {
        if !self.in_flight.is_empty() {
            return ProposerStep::Wait(None);
        }
        if !self.again.is_empty() && self.again_at <= now {
            self.ready.append(&mut self.again);
        }
        if self.ready.is_empty() {
            return ProposerStep::Wait((!self.again.is_empty()).then_some(self.again_at));
        }
        keep_latest(&mut self.ready);
        let rest = self.ready.split_off(self.ready.len().min(REQUEST_MAX));
        self.in_flight = std::mem::replace(&mut self.ready, rest);
        ProposerStep::Send(alter_partition::request(sender, &self.in_flight))
    }

    /// The answer to the request on its way, if there is one: what it means for each of its proposals, which are to be
    /// told their partitions (`Partition::isr_outcome`).
    pub fn on_answer(&mut self, answer: Option<&AlterPartitionResponse>) -> Vec<(ProposeIsr, IsrOutcome)> {
        if answer.is_some_and(|answer| answer.error_code == 0) {
            self.wait = RETRY_FIRST;
        }
        let sent = std::mem::take(&mut self.in_flight);
        let outcomes = alter_partition::outcomes(answer, &sent);
        sent.into_iter().zip(outcomes).collect()
    }
}

/// Keeps the latest proposal of each partition: no other is awaited, and an answer tells of a partition once.
fn keep_latest(proposals: &mut Vec<ProposeIsr>) {
    let key = |proposal: &ProposeIsr| (proposal.topic_id, proposal.partition);
    let order = |proposal: &ProposeIsr| (proposal.leader_epoch, proposal.partition_epoch, proposal.id);
    let mut latest = BTreeMap::new();
    for proposal in proposals.iter() {
        let known = latest.entry(key(proposal)).or_insert(order(proposal));
        *known = order(proposal).max(*known);
    }
    proposals.retain(|proposal| latest.get(&key(proposal)) == Some(&order(proposal)));
}

#[cfg(test)]
mod tests {
    use protocol::Uuid;

    use super::*;

    const SENDER: IsrMember = IsrMember {
        broker_id: 1,
        broker_epoch: 5,
    };

    fn proposal(partition: i32, attempts: u32) -> ProposeIsr {
        ProposeIsr {
            topic_id: Uuid::from_u128(7),
            partition,
            leader_epoch: 4,
            partition_epoch: 9,
            isr: vec![SENDER],
            leader_recovery_state: 0,
            id: 1,
            attempts,
        }
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// The partitions of the request that is sent now.
    fn sent(proposer: &mut Proposer, now: Duration) -> Vec<i32> {
        match proposer.next(SENDER, now) {
            ProposerStep::Send(request) => {
                let topics = request.topics.iter().flat_map(|topic| &topic.partitions);
                topics.map(|partition| partition.partition_index).collect()
            }
            ProposerStep::Wait(_) => Vec::new(),
        }
    }

    fn waits_until(proposer: &mut Proposer, now: Duration) -> Option<Duration> {
        match proposer.next(SENDER, now) {
            ProposerStep::Send(request) => panic!("it sends {request:?}"),
            ProposerStep::Wait(until) => until,
        }
    }

    #[test]
    fn one_request_is_on_its_way_and_what_comes_meanwhile_goes_next() {
        let mut proposer = Proposer::default();
        assert_eq!(waits_until(&mut proposer, ms(0)), None);
        proposer.take(vec![proposal(0, 0), proposal(1, 0)], ms(0));
        assert_eq!(sent(&mut proposer, ms(0)), [0, 1]);
        proposer.take(vec![proposal(2, 0)], ms(1));
        assert_eq!(waits_until(&mut proposer, ms(1)), None);
        assert_eq!(proposer.on_answer(None).len(), 2);
        assert_eq!(sent(&mut proposer, ms(2)), [2]);
    }

    #[test]
    fn of_a_partition_only_the_latest_proposal_is_sent() {
        let mut proposer = Proposer::default();
        proposer.take(vec![proposal(0, 1), proposal(1, 1)], ms(0));
        let newer = ProposeIsr {
            partition_epoch: 10,
            id: 2,
            ..proposal(0, 1)
        };
        proposer.take(vec![newer.clone()], ms(1));
        assert_eq!(sent(&mut proposer, ms(60)), [1, 0]);
        let answered: Vec<ProposeIsr> = proposer.on_answer(None).into_iter().map(|(sent, _)| sent).collect();
        assert_eq!(answered, [proposal(1, 1), newer]);
    }

    #[test]
    fn what_failed_waits_longer_each_time_and_not_after_a_success() {
        let mut proposer = Proposer::default();
        let mut now = ms(1000);
        for wait in [50, 100, 200, 400, 800, 1000, 1000] {
            proposer.take(vec![proposal(0, 1)], now);
            assert_eq!(waits_until(&mut proposer, now), Some(now + ms(wait)));
            // One that came later waits with the first.
            proposer.take(vec![proposal(1, 1)], now + ms(10));
            now += ms(wait);
            assert_eq!(sent(&mut proposer, now), [0, 1]);
            proposer.on_answer(None);
        }
        proposer.take(vec![proposal(0, 0)], now);
        assert_eq!(sent(&mut proposer, now), [0]);
        proposer.on_answer(Some(&AlterPartitionResponse::default()));
        proposer.take(vec![proposal(0, 1)], now);
        assert_eq!(waits_until(&mut proposer, now), Some(now + ms(50)));
    }

    #[test]
    fn another_controller_is_asked_at_once() {
        let mut proposer = Proposer::default();
        proposer.take(vec![proposal(0, 3)], ms(10));
        assert_eq!(waits_until(&mut proposer, ms(10)), Some(ms(60)));
        proposer.controller_changed();
        assert_eq!(sent(&mut proposer, ms(11)), [0]);
    }

    #[test]
    fn a_request_has_no_more_than_a_thousand() {
        let mut proposer = Proposer::default();
        proposer.take((0..2300).map(|partition| proposal(partition, 0)).collect(), ms(0));
        let mut sizes = Vec::new();
        for _ in 0..3 {
            sizes.push(sent(&mut proposer, ms(0)).len());
            proposer.on_answer(None);
        }
        assert_eq!(sizes, [1000, 1000, 300]);
    }
}
