//! How a node stops when it is asked to.

use std::time::Duration;

use broker_core::controller::{Controller, Event};

use super::Running;
use crate::world::World;

/// How long a leader of the quorum that stops waits for brokers that are to stop, too.
const LET_GO_MAX: Duration = Duration::from_secs(3);
/// How long it waits until the others know.
const HAND_OVER_MAX: Duration = Duration::from_secs(1);

/// How far a node has come with its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Stop {
    /// It runs.
    #[default]
    No,
    /// The active controller is asked for permission.
    Asks,
    /// Others may stop before it.
    LetsGo { until: Duration },
    /// It tells the others that it leads no more.
    HandsOver { until: Duration },
    /// All is told.
    Done,
}

impl Stop {
    pub(super) fn deadline(self) -> Option<Duration> {
        match self {
            Self::LetsGo { until } | Self::HandsOver { until } => Some(until),
            Self::No | Self::Asks | Self::Done => None,
        }
    }
}

impl Running {
    /// Begins to stop.
    pub(crate) fn begin_stop(&mut self, world: &mut World) {
        if self.stop != Stop::No {
            return;
        }
        self.stop = Stop::Asks;
        let now = self.clock.now(world.now);
        match &mut self.broker {
            Some(side) => {
                side.is_stirred = true;
                side.lifecycle.begin_shutdown(now);
            }
            None => {
                self.stop = Stop::LetsGo {
                    until: now.mono + LET_GO_MAX,
                }
            }
        }
        self.settle(world);
    }

    /// Goes on with what it has begun; whether it came further.
    pub(super) fn go_on_stopping(&mut self, world: &mut World) -> bool {
        let now = self.clock.now(world.now).mono;
        match self.stop {
            Stop::No | Stop::Done => false,
            Stop::Asks => {
                if !self.broker.as_ref().is_some_and(|side| side.may_stop) {
                    return false;
                }
                self.stop = Stop::LetsGo {
                    until: now + LET_GO_MAX,
                };
                true
            }
            Stop::LetsGo { until } => {
                if self.quorum.controller.lets_brokers_go() && now < until {
                    return false;
                }
                self.stop = Stop::HandsOver {
                    until: now + HAND_OVER_MAX,
                };
                self.drive(world, |controller: &mut Controller, cx| {
                    controller.on(Event::Resign, cx)
                });
                true
            }
            Stop::HandsOver { until } => {
                let waits = !self.quorum.controller.quorum().has_handed_over() && now < until;
                if waits || !self.quorum.is_idle() {
                    return false;
                }
                self.stop = Stop::Done;
                true
            }
        }
    }

    /// Closes the logs, and marks the end as clean.
    pub(crate) fn close(&mut self) {
        // What fails here was not closed, as the next start finds out.
        let _failed = self.quorum.controller.close();
        if let Some(side) = &self.broker {
            let _failed = side.broker.close(side.epoch);
        }
    }
}
