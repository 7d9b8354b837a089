//! What the metadata log says has become of a registration.

use super::super::DIRECTORIES_FROM;
use super::BrokerLifecycle;
use super::state::{Own, Published, State};
use crate::features::METADATA_VERSION;
use crate::image::{BrokerImage, MetadataImage};

impl BrokerLifecycle {
    /// The broker serves this metadata now.
    pub fn published(&mut self, image: &MetadataImage) {
        let found = image.brokers().get(self.config.node_id);
        let own = found.map(|broker| Own {
            epoch: broker.epoch,
            incarnation_id: broker.incarnation_id,
            fenced: broker.fenced,
        });
        let offset = image.offset();
        let before = std::mem::replace(&mut self.published, Published { offset, own });
        let wanted_fence = self.wants_fence();
        self.judge();
        let is_waited_for = self.is_waited_for(image);
        if self.wants_fence() != wanted_fence || is_waited_for {
            self.schedule.hurry();
        }
        self.note_fencing(before.own);
        if image.features().level(METADATA_VERSION) >= DIRECTORIES_FROM
            && let Some(found) = found.filter(|found| found.log_dirs.is_empty())
        {
            self.amend(found);
        }
    }

    /// Whether somebody waits for this broker to say that it has what is new in this metadata.
    fn is_waited_for(&self, image: &MetadataImage) -> bool {
        let State::Registered(registration) = &self.state else {
            return false;
        };
        let waits = |other: &BrokerImage| other.id != self.config.node_id && is_leaving(other);
        image.offset() > registration.reported_offset
            && (registration.is_seen && !registration.is_caught_up || image.brokers().iter().any(waits))
    }

    /// Only changes count: the controller's answers are ahead of the metadata here.
    fn note_fencing(&mut self, before: Option<Own>) {
        let State::Registered(registration) = &self.state else {
            return;
        };
        let of_this_epoch = |own: &Own| own.epoch == registration.epoch;
        let (Some(before), Some(own)) = (before.filter(of_this_epoch), self.published.own.filter(of_this_epoch)) else {
            return;
        };
        if before.fenced == own.fenced || registration.is_refused {
            return;
        }
        self.set_fenced(own.fenced);
        if own.fenced {
            // A heartbeat lets it lead again.
            self.schedule.hurry();
        }
    }

    /// Registers again under the same epoch, once for each registration: the level of metadata.version at which this one
    /// was written had no log directories.
    fn amend(&mut self, found: &BrokerImage) {
        if let State::Registered(registration) = &mut self.state
            && found.epoch == registration.epoch
            && found.registered_at > registration.amended_at
        {
            tracing::info!("registers again, for the log directories to become known");
            registration.amended_at = found.registered_at;
            registration.has_to_amend = true;
            self.schedule.hurry();
        }
    }

    /// Compares the registration with the published metadata.
    pub(super) fn judge(&mut self) {
        let State::Registered(registration) = &mut self.state else {
            return;
        };
        let epoch = registration.epoch;
        match self.published.own {
            Some(own) if own.epoch == epoch => registration.is_seen = true,
            Some(own) if own.epoch > epoch => self.lost(epoch, "another one is in its place"),
            // It was there, or has to be; one that was not there yet has an offset to come.
            _ if registration.is_seen || registration.is_refused && self.published.offset >= epoch => {
                self.lost(epoch, "it was removed");
            }
            _ => {}
        }
    }

    /// Nothing is led any more. If another process lives under this id, the controller refuses to register this one.
    fn lost(&mut self, epoch: i64, reason: &str) {
        tracing::warn!(
            broker = self.config.node_id,
            epoch,
            reason,
            "the broker's registration is gone"
        );
        self.set_fenced(true);
        if self.shutdown.is_some() {
            return self.may_stop(false);
        }
        self.state = State::Registering {
            deadline: None,
            is_duplicate: false,
        };
        self.schedule.hurry();
    }
}

/// Whether a broker may not stop before everybody knows who leads in its place.
fn is_leaving(broker: &BrokerImage) -> bool {
    broker.in_controlled_shutdown && !broker.fenced
}
