//! Changes of ISRs: proposals of the partitions go to the active controller, its answers back to them.

use std::sync::Arc;
use std::time::Duration;

use broker_core::broker::Broker;
use broker_core::replication::{IsrMember, ProposeIsr, alter_partition};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Replication;
use crate::backoff::Backoff;
use crate::clock::Clock;
use crate::controller_channel::{ActiveController, ControllerChannel};
use crate::peers::Purpose;

/// Most proposals in a request.
const REQUEST_MAX: usize = 1000;
/// How long the controller may take over a request.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The first wait before what failed is proposed again.
const RETRY_FIRST: Duration = Duration::from_millis(50);
/// The longest.
const RETRY_LONGEST: Duration = Duration::from_secs(1);

/// Proposes to shrink ISRs by replicas that have fallen behind, twice in replica.lag.time.max.ms.
pub(super) async fn check(broker: Arc<Broker>, clock: Clock, shutdown: CancellationToken) {
    let every = broker.replicas().lag_time_max() / 2;
    let mut ticks = interval(every.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let broker = Arc::clone(&broker);
        let checked = tokio::task::spawn_blocking(move || {
            for partition in broker.partitions() {
                partition.check_isr(clock.now());
            }
        });
        if checked.await.is_err() {
            tracing::error!("looking for replicas that have fallen behind panicked");
        }
    }
}

/// Takes proposals to the active controller until shutdown, one request at a time.
pub(super) async fn propose(parts: Replication) {
    let mut proposer = Proposer {
        channel: parts.channel.with(Purpose::AlterPartition, ANSWER_MAX),
        broker: parts.broker,
        clock: parts.clock,
        backoff: Backoff::new(RETRY_FIRST, RETRY_LONGEST),
        again: Vec::new(),
        due: None,
        sent_to: ActiveController::default(),
    };
    loop {
        let ready = tokio::select! {
            () = parts.shutdown.cancelled() => return,
            ready = proposer.ready() => ready,
        };
        for proposals in ready.chunks(REQUEST_MAX) {
            tokio::select! {
                () = parts.shutdown.cancelled() => return,
                () = proposer.send(proposals) => {}
            }
        }
    }
}

#[derive(Debug)]
struct Proposer {
    broker: Arc<Broker>,
    channel: ControllerChannel,
    clock: Clock,
    backoff: Backoff,
    /// What failed and goes out again.
    again: Vec<ProposeIsr>,
    /// When, unless another controller becomes active before.
    due: Option<Instant>,
    /// Who was active when the last request was sent.
    sent_to: ActiveController,
}

impl Proposer {
    /// Proposals that are to be sent now: new ones at once, those that failed after a wait.
    async fn ready(&mut self) -> Vec<ProposeIsr> {
        loop {
            let taken = tokio::select! {
                taken = std::future::poll_fn(|cx| self.broker.replicas().poll_proposals(cx.waker())) => taken,
                () = is_due(self.due, &self.channel, &self.sent_to) => {
                    self.due = None;
                    return std::mem::take(&mut self.again);
                }
            };
            let (again, new): (Vec<_>, Vec<_>) = taken.into_iter().partition(|proposal| proposal.attempts > 0);
            if !again.is_empty() {
                self.again.extend(again);
                if self.due.is_none() {
                    self.due = Some(Instant::now() + self.backoff.next());
                }
            }
            if !new.is_empty() {
                return new;
            }
        }
    }

    async fn send(&mut self, proposals: &[ProposeIsr]) {
        self.sent_to = self.channel.active();
        let image = self.broker.image();
        let broker_id = self.broker.node_id();
        let sender = IsrMember {
            broker_id,
            broker_epoch: image.brokers().get(broker_id).map_or(-1, |broker| broker.epoch),
        };
        let request = alter_partition::request(sender, proposals);
        let response = match self.channel.send(&request, Some(alter_partition::VERSION)).await {
            Ok(response) => Some(response),
            Err(error) => {
                tracing::debug!(%error, "changes of ISRs are proposed again");
                None
            }
        };
        if response.as_ref().is_some_and(|response| response.error_code == 0) {
            self.backoff.reset();
        }
        let now = self.clock.now();
        let outcomes = alter_partition::outcomes(response.as_ref(), proposals);
        for (proposal, outcome) in proposals.iter().zip(outcomes) {
            if let Ok(partition) = self.broker.partition_by_id(proposal.topic_id, proposal.partition) {
                partition.isr_outcome(proposal, outcome, now);
            }
        }
    }
}

async fn is_due(due: Option<Instant>, channel: &ControllerChannel, sent_to: &ActiveController) {
    let Some(due) = due else {
        return std::future::pending().await;
    };
    tokio::select! {
        () = sleep_until(due) => {}
        () = channel.another(sent_to) => {}
    }
}
