//! Brokers that were fenced a moment ago.
//!
//! Clients learn new leaders from the Metadata that they ask for when a connection breaks. librdkafka gives up a broker
//! that is not in the answer before it looks at who leads now, and its partitions are nobody's until a timer of a second
//! goes off. Kafka takes seconds to fence a broker, and its clients have moved by then; as we take milliseconds, Metadata
//! lists the broker a little longer. It leads nothing and is said to be offline as a replica.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::image::MetadataImage;

/// How long it is listed.
const LISTED_FOR: Duration = Duration::from_secs(2);

/// Who was fenced, and until when that is a moment ago, in monotonic time.
#[derive(Debug, Default)]
pub(super) struct JustFenced(Mutex<BTreeMap<i32, Duration>>);

impl JustFenced {
    /// Takes from a new image who was not fenced in the one before.
    pub(super) fn note(&self, before: &MetadataImage, image: &MetadataImage, now: Duration) {
        let was_alive = |id: i32| before.brokers().get(id).is_some_and(|broker| !broker.fenced);
        let fenced = image
            .brokers()
            .iter()
            .filter(|broker| broker.fenced && was_alive(broker.id));
        let fenced: Vec<i32> = fenced.map(|broker| broker.id).collect();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, until| now < *until);
        known.extend(fenced.into_iter().map(|id| (id, now + LISTED_FOR)));
    }

    /// Whether a fenced broker is still listed.
    pub(super) fn lists(&self, id: i32, now: Duration) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&id).is_some_and(|until| now < *until)
    }
}
