//! A broker's registration, heartbeats and controlled shutdown.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use broker_core::broker::Broker;
use broker_core::lifecycle::{BrokerLifecycle, BrokerStep, LifecycleNotice};
use protocol::Uuid;
use protocol::api::messages::broker_heartbeat_response::BrokerHeartbeatResponse;
use protocol::api::messages::broker_registration_response::BrokerRegistrationResponse;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::controller_channel::{ActiveController, ChannelError, ControllerChannel};
use crate::peers::Purpose;

/// What happens at the node that its broker's lifecycle has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeEvent {
    /// The node's start is over: the broker can serve.
    StartupFinished,
    /// A log directory has failed.
    DirectoryFailed(Uuid),
    /// The broker wants to stop.
    Shutdown,
}

/// The node's ends of the task.
#[derive(Debug)]
pub(crate) struct BrokerEnds {
    pub(crate) events: UnboundedSender<NodeEvent>,
    /// What becomes true. After [`LifecycleNotice::MayStop`] and [`LifecycleNotice::Failed`] nothing more comes.
    pub(crate) notices: UnboundedReceiver<LifecycleNotice>,
}

/// The task that drives a broker's lifecycle until its end or `shutdown`. Each answer is waited for for `answer_max`.
pub(crate) fn run_broker(
    machine: BrokerLifecycle,
    (broker, published): (Arc<Broker>, watch::Receiver<i64>),
    (channel, answer_max): (&ControllerChannel, Duration),
    clock: Clock,
    shutdown: CancellationToken,
) -> (BrokerEnds, impl Future<Output = ()> + Send + 'static) {
    let (events, events_received) = unbounded_channel();
    let (notices_sender, notices) = unbounded_channel();
    let driver = Driver {
        machine,
        broker,
        published,
        channel: channel.with(Purpose::Lifecycle, answer_max),
        clock,
        events: events_received,
        notices: notices_sender,
        asked: ActiveController::default(),
    };
    let task = async move {
        shutdown.run_until_cancelled_owned(driver.run()).await;
    };
    (BrokerEnds { events, notices }, task)
}

/// The answer to the request on its way.
enum Answer {
    Registration(Result<BrokerRegistrationResponse, ChannelError>),
    Heartbeat(Result<BrokerHeartbeatResponse, ChannelError>),
}

type InFlight = Pin<Box<dyn Future<Output = Answer> + Send>>;

struct Driver {
    machine: BrokerLifecycle,
    broker: Arc<Broker>,
    published: watch::Receiver<i64>,
    channel: ControllerChannel,
    clock: Clock,
    events: UnboundedReceiver<NodeEvent>,
    notices: UnboundedSender<LifecycleNotice>,
    /// Who was active when the machine was told last.
    asked: ActiveController,
}

impl Driver {
    async fn run(mut self) {
        let mut in_flight: Option<InFlight> = None;
        self.machine.published(&self.broker.image());
        loop {
            let wait = match self.machine.next(self.clock.now()) {
                BrokerStep::Wait(until) => until,
                step => {
                    in_flight = Some(self.sent(step));
                    continue;
                }
            };
            if self.told_the_end() {
                return;
            }
            tokio::select! {
                answer = answered(&mut in_flight) => {
                    in_flight = None;
                    self.take(answer);
                }
                Some(event) = self.events.recv() => self.happened(event),
                Ok(()) = self.published.changed() => self.machine.published(&self.broker.image()),
                () = self.channel.another(&self.asked) => {
                    self.asked = self.channel.active();
                    self.machine.controller_changed();
                }
                () = self.clock.sleep_until(wait) => {}
            }
        }
    }

    /// A request on its way; the steps that wait send none.
    fn sent(&self, step: BrokerStep) -> InFlight {
        let channel = self.channel.clone();
        match step {
            BrokerStep::Register(request) => {
                Box::pin(async move { Answer::Registration(channel.send(&request, None).await) })
            }
            BrokerStep::Heartbeat(request) => {
                Box::pin(async move { Answer::Heartbeat(channel.send(&request, None).await) })
            }
            BrokerStep::Wait(_) => Box::pin(std::future::pending()),
        }
    }

    fn take(&mut self, answer: Answer) {
        let now = self.clock.now();
        let error = match answer {
            Answer::Registration(Ok(response)) => return self.machine.on_registration(&response, now),
            Answer::Heartbeat(Ok(response)) => return self.machine.on_heartbeat(&response, now),
            Answer::Registration(Err(error)) | Answer::Heartbeat(Err(error)) => error,
        };
        tracing::debug!(%error, "the active controller gave no answer");
        if self.channel.active().is_gone {
            self.machine.controllers_gone();
        }
        self.machine.on_failure(now);
    }

    fn happened(&mut self, event: NodeEvent) {
        let now = self.clock.now();
        match event {
            NodeEvent::StartupFinished => self.machine.startup_finished(),
            NodeEvent::DirectoryFailed(directory) => self.machine.directory_failed(directory, now),
            NodeEvent::Shutdown => self.machine.begin_shutdown(now),
        }
    }

    /// Tells the node what became true; whether that was the last of it.
    fn told_the_end(&mut self) -> bool {
        let mut is_over = false;
        for notice in self.machine.take_notices() {
            is_over |= matches!(notice, LifecycleNotice::MayStop { .. } | LifecycleNotice::Failed(_));
            let _node_is_gone = self.notices.send(notice);
        }
        is_over
    }
}

async fn answered(in_flight: &mut Option<InFlight>) -> Answer {
    match in_flight {
        Some(answer) => answer.await,
        None => std::future::pending().await,
    }
}
