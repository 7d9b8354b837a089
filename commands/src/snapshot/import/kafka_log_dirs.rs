//! What kafka-log-dirs --describe prints: how large replicas are, and on which brokers.

use std::collections::BTreeMap;

use planner::model::LogDir;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::parts::{Key, Parts, amount};
use crate::json_lines::{Fault, document, line_of, part};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    brokers: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Broker<'a> {
    broker: i32,
    #[serde(borrow, rename = "logDirs")]
    log_dirs: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dir<'a> {
    log_dir: String,
    #[serde(default)]
    error: Option<String>,
    #[serde(borrow)]
    partitions: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Replica {
    partition: String,
    size: f64,
    #[serde(default)]
    is_future: bool,
}

/// Takes what a file tells. Sizes are the leader's where that is known, and otherwise the largest.
pub(super) fn take(text: &str, parts: &mut Parts) -> Result<(), Fault> {
    let read: Document<'_> = part(text, document(text)?)?;
    let mut sizes: BTreeMap<Key, BTreeMap<i32, u64>> = BTreeMap::new();
    for raw in read.brokers {
        let broker: Broker<'_> = part(text, raw.get())?;
        let mut dirs = Vec::new();
        for raw in broker.log_dirs {
            let dir: Dir<'_> = part(text, raw.get())?;
            if dir.error.is_none() {
                dirs.push(LogDir {
                    path: dir.log_dir,
                    total_bytes: None,
                    usable_bytes: None,
                });
            }
            for raw in dir.partitions {
                let replica: Replica = part(text, raw.get())?;
                let line = || line_of(text, raw.get());
                let size = amount(replica.size, 1.0).map_err(|why| (line(), why))?;
                let key = key_of(&replica.partition)
                    .ok_or_else(|| (line(), format!("{:?} is no partition's name", replica.partition)))?;
                if !replica.is_future {
                    sizes.entry(key).or_default().insert(broker.broker, size);
                }
            }
        }
        let known = parts.broker(broker.broker);
        if known.log_dirs.is_empty() {
            known.log_dirs = dirs;
        }
    }
    let has_places = !parts.partitions.is_empty();
    for (key, on) in sizes {
        let largest = on.values().copied().max().unwrap_or_default();
        if has_places {
            if let Some(known) = parts.placed(&key) {
                let leaders = known.leader.or_else(|| known.replicas.first().copied());
                known.size_bytes = leaders.and_then(|leader| on.get(&leader).copied()).unwrap_or(largest);
            }
            continue;
        }
        parts.unordered += usize::from(on.len() > 1);
        let placed = parts.place(key, on.into_keys().collect());
        placed.map_err(|why| (1, why))?.size_bytes = largest;
    }
    Ok(())
}

/// TOPIC-NUMBER.
fn key_of(name: &str) -> Option<Key> {
    let (topic, number) = name.rsplit_once('-')?;
    let number = number.parse().ok().filter(|number: &i32| *number >= 0)?;
    (!topic.is_empty()).then(|| (topic.to_owned(), number))
}
