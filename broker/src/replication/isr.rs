//! Changes of ISRs: proposals of the partitions go to the active controller, its answers back to them.

use std::sync::Arc;
use std::time::Duration;

use broker_core::broker::Broker;
use broker_core::replication::{IsrMember, Proposer, ProposerStep, alter_partition};
use protocol::api::messages::alter_partition_request::AlterPartitionRequest;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Replication;
use crate::clock::Clock;
use crate::controller_channel::{ActiveController, ControllerChannel};
use crate::peers::Purpose;

/// How long the controller may take over a request.
const ANSWER_MAX: Duration = Duration::from_secs(10);

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
    let shutdown = parts.shutdown.clone();
    let driver = Driver {
        channel: parts.channel.with(Purpose::AlterPartition, ANSWER_MAX),
        broker: parts.broker,
        clock: parts.clock,
        machine: Proposer::default(),
        sent_to: ActiveController::default(),
    };
    shutdown.run_until_cancelled(driver.run()).await;
}

#[derive(Debug)]
struct Driver {
    broker: Arc<Broker>,
    channel: ControllerChannel,
    clock: Clock,
    machine: Proposer,
    /// Who was active when the last request was sent.
    sent_to: ActiveController,
}

impl Driver {
    async fn run(mut self) {
        loop {
            match self.machine.next(self.sender(), self.clock.now().mono) {
                ProposerStep::Send(request) => self.send(&request).await,
                ProposerStep::Wait(until) => self.wait(until).await,
            }
        }
    }

    fn sender(&self) -> IsrMember {
        let image = self.broker.image();
        let broker_id = self.broker.node_id();
        IsrMember {
            broker_id,
            broker_epoch: image.brokers().get(broker_id).map_or(-1, |broker| broker.epoch),
        }
    }

    async fn wait(&mut self, until: Option<Duration>) {
        tokio::select! {
            proposals = std::future::poll_fn(|cx| self.broker.replicas().poll_proposals(cx.waker())) => {
                self.machine.take(proposals, self.clock.now().mono);
            }
            () = self.channel.another(&self.sent_to) => {
                self.sent_to = self.channel.active();
                self.machine.controller_changed();
            }
            () = self.clock.sleep_until(until) => {}
        }
    }

    async fn send(&mut self, request: &AlterPartitionRequest) {
        self.sent_to = self.channel.active();
        let answer = self.channel.send(request, Some(alter_partition::VERSION)).await;
        let answer = answer.inspect_err(|error| tracing::debug!(%error, "changes of ISRs are proposed again"));
        let now = self.clock.now();
        for (proposal, outcome) in self.machine.on_answer(answer.ok().as_ref()) {
            if let Ok(partition) = self.broker.partition_by_id(proposal.topic_id, proposal.partition) {
                partition.isr_outcome(&proposal, outcome, now);
            }
        }
    }
}
