//! What came to its end: answers, and failures after which leaders are looked for and everything is asked again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use client::ClientError;
use mirror::partition::Event;
use mirror::state::State;
use protocol::Uuid;
use protocol::api::ErrorCode;
use tokio::time::sleep;

use super::super::fetch::{Read, Wanted};
use super::super::look::Found;
use super::{Cluster, Done, Flow, Key, Leaders, Side};

/// How long to wait after a failure before everything is asked again.
const REST: Duration = Duration::from_millis(200);

impl Flow<'_> {
    /// Takes note of what came to its end.
    pub(super) fn take(&mut self, done: Done) {
        match done {
            Done::Looked(keys, looked) => self.take_looks(keys, looked),
            Done::Fetched(leader, wanted, read) => self.take_reads(leader, wanted, read),
            Done::TailRead(key, from, read) => {
                self.tails -= 1;
                match read {
                    Ok(read) => self.tell(
                        &key,
                        Event::TailRead {
                            from,
                            records: read.records,
                        },
                    ),
                    Err(error) => {
                        if let Some(slot) = self.slots.get_mut(&key) {
                            slot.tail = Some(from);
                        }
                        self.recover(Side::Target, Some(&error));
                    }
                }
            }
            Done::Appended(leader, (events, trouble)) => {
                self.target.busy.remove(&leader);
                for (key, event) in events {
                    if let (Event::Acknowledged { .. }, Some(slot)) = (&event, self.slots.get_mut(&key)) {
                        slot.records += slot.underway_records;
                    }
                    self.tell(&key, event);
                }
                match trouble {
                    Some(error) => self.recover(Side::Target, Some(&error)),
                    None => self.is_well(Side::Target),
                }
            }
            Done::StatesWritten(states, written) => self.take_written(states, written),
            Done::LeadersFound(side, found) => self.take_leaders(side, found),
        }
    }

    fn tell(&mut self, key: &Key, event: Event) {
        if let Some(slot) = self.slots.get_mut(key) {
            slot.partition.on(event);
        }
    }

    fn take_looks(&mut self, keys: Vec<Key>, looked: Result<Found, ClientError>) {
        self.is_looking = false;
        let (looks, trouble) = looked.unwrap_or_else(|error| (Vec::new(), Some(error)));
        let mut missing: BTreeSet<Key> = keys.into_iter().collect();
        for (key, look) in looks {
            missing.remove(&key);
            if let Some(slot) = self.slots.get_mut(&key) {
                slot.source_topic_id = Uuid::from_bytes(look.source.topic_id);
                // What was asked for before is not wanted any more.
                (slot.fetch, slot.tail) = (None, None);
                slot.partition.on(Event::Looked(look));
            }
        }
        for key in missing {
            if let Some(slot) = self.slots.get_mut(&key) {
                slot.partition.on(Event::LookFailed);
            }
        }
        if let Some(error) = trouble {
            // Which of both sides it was does not matter: both are looked at again.
            self.recover(Side::Source, Some(&error));
            self.recover(Side::Target, None);
        }
    }

    fn take_reads(&mut self, leader: i32, wanted: Vec<Wanted>, read: Result<Vec<(Key, i64, Read)>, ClientError>) {
        self.source.busy.remove(&leader);
        let mut missing: BTreeMap<Key, i64> = wanted.into_iter().map(|wanted| (wanted.key, wanted.from)).collect();
        let mut trouble = None;
        match read {
            Err(error) => trouble = Some(error),
            Ok(reads) => {
                for (key, from, read) in reads {
                    let error = ClientError::rejected(format!("{}-{}", key.0, key.1), read.code, None);
                    match error.code() {
                        _ if read.code == 0 => self.take_read(&key, from, read),
                        Some(
                            ErrorCode::OffsetOutOfRange | ErrorCode::UnknownTopicId | ErrorCode::InconsistentTopicId,
                        ) => {
                            self.tell(&key, Event::LookAgain);
                            trouble = Some(error);
                        }
                        _ => {
                            trouble = Some(error);
                            continue;
                        }
                    }
                    missing.remove(&key);
                }
            }
        }
        for (key, from) in missing {
            if let Some(slot) = self.slots.get_mut(&key) {
                slot.fetch.get_or_insert(from);
            }
        }
        match trouble {
            Some(error) => self.recover(Side::Source, Some(&error)),
            None => self.is_well(Side::Source),
        }
    }

    fn take_read(&mut self, key: &Key, from: i64, read: Read) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.partition.on(Event::Fetched {
            from,
            records: read.records,
            aborted: read.aborted,
        });
        slot.was_caught_up |= slot.partition.has_reached(read.end);
    }

    fn take_written(&mut self, states: Vec<((String, i32), State)>, written: Result<(), ClientError>) {
        self.is_writing_states = false;
        match written {
            Ok(()) => {
                for ((topic, partition), _) in states {
                    let key: Key = (topic.into(), partition);
                    // One that waits may have what this one has not.
                    let is_last = !self.states.contains_key(&(key.0.to_string(), partition));
                    if let Some(slot) = self.slots.get_mut(&key).filter(|_| is_last) {
                        slot.waits_for_state = false;
                        slot.partition.on(Event::StateWritten);
                    }
                }
            }
            Err(error) => {
                for (key, state) in states {
                    self.states.entry(key).or_insert(state);
                }
                self.recover(Side::Target, Some(&error));
            }
        }
    }

    fn cluster(&mut self, side: Side) -> &mut Cluster {
        match side {
            Side::Source => &mut self.source,
            Side::Target => &mut self.target,
        }
    }

    /// Asks nothing more until it is known who leads; says once what is wrong.
    pub(super) fn recover(&mut self, side: Side, error: Option<&ClientError>) {
        if let Some(error) = error {
            self.is_ill(side, error);
        }
        self.cluster(side).is_recovering = true;
        self.search(side, error.is_some());
    }

    /// Looks for leaders, after a little rest if something has failed.
    fn search(&mut self, side: Side, has_failed: bool) {
        let topics: BTreeSet<String> = match side {
            Side::Source => self.slots.keys().map(|(topic, _)| topic.to_string()).collect(),
            Side::Target => self.slots.values().map(|slot| slot.target_topic.to_string()).collect(),
        };
        let cluster = self.cluster(side);
        if std::mem::replace(&mut cluster.is_searching, true) {
            return;
        }
        let client = Arc::clone(&cluster.client);
        let topics: Vec<String> = topics.into_iter().collect();
        self.tasks.spawn(async move {
            if has_failed {
                sleep(REST).await;
            }
            let found = client.partition_leaders(&topics).await;
            Done::LeadersFound(side, found.map(|found| found.ok.into_iter().collect()))
        });
    }

    /// Partitions whose leader is not known do not keep the others.
    fn take_leaders(&mut self, side: Side, found: Result<Leaders, ClientError>) {
        let cluster = self.cluster(side);
        (cluster.is_searching, cluster.is_recovering) = (false, false);
        match found {
            Ok(leaders) => cluster.leaders = leaders,
            Err(error) => return self.recover(side, Some(&error)),
        }
        let leaders = match side {
            Side::Source => &self.source.leaders,
            Side::Target => &self.target.leaders,
        };
        let leaderless = self.slots.iter().find_map(|((topic, partition), slot)| {
            let name = match side {
                Side::Source => topic,
                Side::Target => &slot.target_topic,
            };
            let key = (name.to_string(), *partition);
            (!leaders.contains_key(&key)).then_some(key)
        });
        if let Some((topic, partition)) = leaderless {
            let what = format!("{topic}-{partition}");
            self.is_ill(
                side,
                &ClientError::rejected(what, ErrorCode::LeaderNotAvailable.code(), None),
            );
            self.search(side, true);
        }
    }

    fn is_ill(&mut self, side: Side, error: &ClientError) {
        let text = error.to_string();
        if self.cluster(side).told.is_none() {
            let whose = match side {
                Side::Source => "source",
                Side::Target => "target",
            };
            self.context.out.note(&format!("{whose}: {text}; it is tried again"));
        }
        self.cluster(side).told = Some(text);
    }

    fn is_well(&mut self, side: Side) {
        self.cluster(side).told = None;
    }
}
