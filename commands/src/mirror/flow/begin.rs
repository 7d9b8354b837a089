//! What is begun: a request to each leader that has answered the last one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use client::FetchSpec;

use super::super::append::{Outgoing, append};
use super::super::fetch::{Wanted, fetch};
use super::super::look::{Asked, look};
use super::{Done, Flow};

/// Bytes of batches of all partitions that may wait, beyond which nothing is read.
const BUDGET_BYTES: usize = 64 << 20;
/// Most bytes of a request, unless one batch alone is larger.
const REQUEST_MAX_BYTES: usize = 8 << 20;
/// Partitions of the target whose ends are read at the same time.
const TAILS_MAX: usize = 16;
const TAIL_MAX_BYTES: i32 = 1 << 20;
const TAIL_MAX_WAIT_MS: i32 = 100;

impl Flow<'_> {
    /// Begins what can be begun.
    pub(super) fn begin(&mut self) {
        let is_recovering = self.source.is_recovering || self.target.is_recovering;
        if !self.is_looking && !is_recovering {
            self.begin_look();
        }
        if !self.source.is_recovering {
            self.begin_fetches();
        }
        if !self.target.is_recovering {
            self.begin_tails();
            self.begin_appends();
            if !self.is_writing_states && self.slots.values().any(|slot| slot.waits_for_state) {
                self.begin_states();
            }
        }
    }

    fn begin_look(&mut self) {
        let mut asked = Vec::new();
        for (key, slot) in &mut self.slots {
            if let Some(source_leader_epoch) = slot.look.take() {
                asked.push(Asked {
                    key: key.clone(),
                    target_topic: Arc::clone(&slot.target_topic),
                    source_leader_epoch,
                });
            }
        }
        if asked.is_empty() {
            return;
        }
        self.is_looking = true;
        let (source, target) = (Arc::clone(&self.source.client), Arc::clone(&self.target.client));
        self.tasks.spawn(async move {
            let looked = look(&source, &target, &asked).await;
            Done::Looked(asked.into_iter().map(|asked| asked.key).collect(), looked)
        });
    }

    fn begin_fetches(&mut self) {
        let queued: usize = self.slots.values().map(|slot| slot.partition.queued_bytes()).sum();
        if queued >= BUDGET_BYTES {
            return;
        }
        let mut by_leader: BTreeMap<i32, Vec<Wanted>> = BTreeMap::new();
        for (key, slot) in &mut self.slots {
            let Some(leader) = self.source.free_leader(&key.0, key.1) else {
                continue;
            };
            if let Some(from) = slot.fetch.take() {
                by_leader.entry(leader).or_default().push(Wanted {
                    key: key.clone(),
                    topic_id: slot.source_topic_id,
                    from,
                });
            }
        }
        for (leader, wanted) in by_leader {
            self.source.busy.insert(leader);
            let (client, committed_only) = (Arc::clone(&self.source.client), self.options.committed_only);
            self.tasks.spawn(async move {
                let read = fetch(&client, leader, &wanted, committed_only).await;
                Done::Fetched(leader, wanted, read)
            });
        }
    }

    fn begin_tails(&mut self) {
        for (key, slot) in &mut self.slots {
            if self.tails >= TAILS_MAX {
                return;
            }
            let Some(from) = slot.tail.take() else { continue };
            self.tails += 1;
            let (client, topic, key) = (
                Arc::clone(&self.target.client),
                Arc::clone(&slot.target_topic),
                key.clone(),
            );
            self.tasks.spawn(async move {
                let spec = FetchSpec {
                    topic: &topic,
                    partition: key.1,
                    offset: from,
                    max_bytes: TAIL_MAX_BYTES,
                    max_wait_ms: TAIL_MAX_WAIT_MS,
                    committed_only: false,
                };
                let read = client.fetch(&spec).await;
                Done::TailRead(key, from, read)
            });
        }
    }

    fn begin_appends(&mut self) {
        let mut by_leader: BTreeMap<i32, (usize, Vec<Outgoing>)> = BTreeMap::new();
        for (key, slot) in &mut self.slots {
            let Some(leader) = self.target.free_leader(&slot.target_topic, key.1) else {
                continue;
            };
            let (size_bytes, outgoing) = by_leader.entry(leader).or_default();
            if *size_bytes >= REQUEST_MAX_BYTES {
                continue;
            }
            if let Some((id, batch)) = slot.append.take() {
                *size_bytes += batch.len();
                outgoing.push(Outgoing {
                    key: key.clone(),
                    target_topic: Arc::clone(&slot.target_topic),
                    id,
                    batch,
                });
            }
        }
        for (leader, (_, outgoing)) in by_leader {
            if outgoing.is_empty() {
                continue;
            }
            self.target.busy.insert(leader);
            let client = Arc::clone(&self.target.client);
            self.tasks
                .spawn(async move { Done::Appended(leader, append(&client, leader, outgoing).await) });
        }
    }

    pub(super) fn take_states(&mut self) {
        for (key, slot) in &mut self.slots {
            if let Some(state) = slot.partition.take_state() {
                self.states.insert((key.0.to_string(), key.1), state);
            }
        }
        if !self.is_writing_states {
            self.begin_states();
        }
    }

    fn begin_states(&mut self) {
        let states: Vec<_> = std::mem::take(&mut self.states).into_iter().collect();
        if states.is_empty() {
            return;
        }
        self.is_writing_states = true;
        let (client, topic, name) = (Arc::clone(&self.target.client), self.topic.clone(), self.name.clone());
        self.tasks.spawn(async move {
            let written = topic.write(&client, &name, &states, now_ms()).await;
            Done::StatesWritten(states, written)
        });
    }
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |now| now.as_millis() as i64)
}
