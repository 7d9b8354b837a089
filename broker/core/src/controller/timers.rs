//! What the controller does when nobody asks: sessions that end, leaders that go home, partitions without a leader.

use std::time::Duration;

use protocol::messages::metadata::NoOpRecord;

use super::draft::Draft;
use super::partition_change::{Election, NO_LEADER};
use super::sessions::Expired;
use super::{Controller, ControllerCx, ControllerError};
use crate::raft;

/// Elections of one kind at a time (Kafka's `MAX_ELECTIONS_PER_IMBALANCE`).
const ELECTIONS_MAX: usize = 1000;
/// Between two looks at partitions without a leader, as in Kafka.
const UNCLEAN_INTERVAL: Duration = Duration::from_secs(300);
/// Between two rounds when one did not get through all partitions.
const SOON: Duration = Duration::from_millis(10);

/// A timer of a controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ControllerTimer {
    /// Whatever the quorum does next: elections, fetches, retries.
    Quorum,
    /// A broker's session ends (broker.session.timeout.ms).
    Sessions,
    /// Partitions go back to their preferred leaders (leader.imbalance.check.interval.seconds).
    PreferredLeaders,
    /// Partitions without a leader get one of those that lag, where the topic allows it.
    UncleanLeaders,
    /// Brokers that may be gone are tried.
    Probes,
    /// Nothing was written for a while (metadata.max.idle.interval.ms): a NoOp record shows that the quorum works (KIP-835).
    Idle,
    /// Every node looks whether a snapshot of the metadata is due, and what of the log may go.
    Snapshots,
}

impl ControllerTimer {
    /// Those of the active controller only.
    pub(super) const OF_ACTIVE: [Self; 5] = [
        Self::Sessions,
        Self::PreferredLeaders,
        Self::UncleanLeaders,
        Self::Probes,
        Self::Idle,
    ];
}

impl Controller {
    /// Arms a timer for the next time it is due, or disarms it.
    pub(super) fn arm(&self, timer: ControllerTimer, cx: &mut ControllerCx<'_>) {
        let at = match timer {
            // The quorum's machine arms its own, and the other is every node's.
            ControllerTimer::Quorum | ControllerTimer::Snapshots => return,
            ControllerTimer::Sessions => self.sessions.next_deadline(),
            ControllerTimer::Probes => self.contacts.next_try(),
            ControllerTimer::PreferredLeaders => {
                let interval = self.config.number("leader.imbalance.check.interval.seconds").max(1);
                let balances = self.config.flag("auto.leader.rebalance.enable");
                balances.then(|| cx.now.mono + Duration::from_secs(interval.unsigned_abs()))
            }
            ControllerTimer::Idle => self.idle_interval().map(|interval| self.appended_at + interval),
            ControllerTimer::UncleanLeaders if self.sessions.is_settled() => Some(cx.now.mono + UNCLEAN_INTERVAL),
            ControllerTimer::UncleanLeaders => Some(cx.now.mono + self.sessions.timeout()),
        };
        cx.out.timers.insert(timer, at.filter(|_| self.active));
    }

    /// A timer went off.
    pub(super) fn on_timer(
        &mut self,
        timer: ControllerTimer,
        cx: &mut ControllerCx<'_>,
    ) -> Result<(), ControllerError> {
        if timer == ControllerTimer::Quorum {
            return self.drive_quorum(raft::Event::Tick, cx);
        }
        if timer == ControllerTimer::Snapshots {
            return self.check_snapshots(cx);
        }
        if !self.active {
            return Ok(());
        }
        let more = match timer {
            ControllerTimer::Quorum | ControllerTimer::Snapshots => false,
            ControllerTimer::Idle => self.write_no_op(cx)?,
            ControllerTimer::Sessions => self.fence_expired(cx)?,
            ControllerTimer::Probes => {
                self.probe_due(cx);
                false
            }
            ControllerTimer::PreferredLeaders => self.elect_preferred(cx)?,
            ControllerTimer::UncleanLeaders => {
                self.sessions.settle();
                self.elect_unclean(cx)?
            }
        };
        if more {
            cx.out.arm(timer, cx.now.mono + SOON);
        } else {
            self.arm(timer, cx);
        }
        Ok(())
    }

    fn idle_interval(&self) -> Option<Duration> {
        let interval_ms = u64::try_from(self.config.number("metadata.max.idle.interval.ms")).ok();
        interval_ms.filter(|ms| *ms > 0).map(Duration::from_millis)
    }

    fn write_no_op(&mut self, cx: &ControllerCx<'_>) -> Result<bool, ControllerError> {
        let is_idle = self
            .idle_interval()
            .is_some_and(|interval| self.appended_at + interval <= cx.now.mono);
        if is_idle {
            self.append(vec![NoOpRecord::default().into()], cx)?;
        }
        Ok(false)
    }

    /// One broker after the other, so that each sees what became of those before it.
    fn fence_expired(&mut self, cx: &mut ControllerCx<'_>) -> Result<bool, ControllerError> {
        while let Some(Expired { id, suspected }) = self.sessions.take_expired(cx.now.mono) {
            let Some(broker) = self.latest.brokers().get(id) else {
                self.sessions.remove(id);
                continue;
            };
            if suspected {
                self.elect_unclean(cx)?;
                continue;
            }
            if broker.fenced {
                continue;
            }
            tracing::warn!(
                broker = id,
                epoch = broker.epoch,
                "fences a broker whose session has timed out"
            );
            let mut draft = Draft::new(self);
            draft.fence(id);
            let records = draft.into_records();
            self.sessions.fence(id);
            self.append(records, cx)?;
        }
        Ok(false)
    }

    fn elect_preferred(&mut self, cx: &mut ControllerCx<'_>) -> Result<bool, ControllerError> {
        let mut draft = Draft::new(self);
        let away = draft.partitions(|partition| {
            let preferred = partition.replicas.first();
            preferred.is_some_and(|id| *id != partition.leader && partition.isr.contains(id))
        });
        for partition in away {
            if draft.len() >= ELECTIONS_MAX {
                break;
            }
            draft.change_partition(partition, None, |_, _, change| change.election = Election::Preferred);
        }
        self.append_elections(draft.into_records(), cx)
    }

    fn elect_unclean(&mut self, cx: &mut ControllerCx<'_>) -> Result<bool, ControllerError> {
        let mut draft = Draft::new(self);
        for partition in draft.partitions(|partition| partition.leader == NO_LEADER) {
            if draft.len() >= ELECTIONS_MAX {
                break;
            }
            let topic = draft.image().topics().by_id(partition.0);
            let is_due = topic.is_some_and(|topic| {
                let found = topic.partition(partition.1);
                found.is_some_and(|found| draft.is_unclean_due(&topic.name, found))
            });
            if is_due {
                draft.change_partition(partition, None, |_, _, change| change.election = Election::Unclean);
            }
        }
        self.append_elections(draft.into_records(), cx)
    }

    fn append_elections(
        &mut self,
        records: Vec<protocol::messages::metadata::Record>,
        cx: &ControllerCx<'_>,
    ) -> Result<bool, ControllerError> {
        let more = records.len() >= ELECTIONS_MAX;
        if !records.is_empty() {
            self.append(records, cx)?;
        }
        Ok(more)
    }
}
