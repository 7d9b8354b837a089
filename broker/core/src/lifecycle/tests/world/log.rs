//! What is committed: checked, and published to the brokers.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// What the log has ever said of a broker id.
#[derive(Default)]
pub(super) struct History {
    last: Option<(i64, Uuid)>,
    pub(super) epochs: BTreeMap<i64, Uuid>,
    pub(super) unfenced: BTreeSet<i64>,
    /// The controller let the broker of this epoch go.
    pub(super) released: BTreeSet<i64>,
}

impl World {
    /// Checks what is committed, and publishes it.
    pub(super) fn observe(&mut self) {
        let Some(server) = &self.server else { return };
        let image = server.image().clone();
        for id in IDS {
            let history = self.histories.entry(id).or_default();
            let now = image.brokers().get(id);
            if let Some(broker) = now.filter(|broker| !broker.fenced) {
                history.unfenced.insert(broker.epoch);
            }
            let found = now.map(|broker| (broker.epoch, broker.incarnation_id));
            let before = std::mem::replace(&mut history.last, found);
            let Some((epoch, incarnation_id)) = found.filter(|found| before != Some(*found)) else {
                continue;
            };
            if let Some((_, earlier)) = before {
                assert_ne!(
                    earlier, incarnation_id,
                    "broker {id}: a process that was not removed gets a second epoch"
                );
            }
            let highest = history.epochs.last_key_value().map(|(epoch, _)| *epoch);
            assert!(highest < Some(epoch), "broker {id}: epoch {epoch} after {highest:?}");
            history.epochs.insert(epoch, incarnation_id);
        }
        if image.offset() <= self.broadcast_offset {
            return;
        }
        self.broadcast_offset = image.offset();
        let lives: Vec<Life> = self.processes.keys().copied().collect();
        for life in lives {
            self.publish_to(life, image.clone());
        }
    }

    pub(super) fn publish_to(&mut self, life: Life, image: MetadataImage) {
        let delay = self.delay();
        let Some(process) = self.processes.get_mut(&life) else {
            return;
        };
        process.published_at = process.published_at.max(self.now + delay);
        let at = process.published_at;
        self.push(at, life, Event::Published(image));
    }
}
