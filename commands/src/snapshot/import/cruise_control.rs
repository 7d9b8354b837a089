//! Answers of Cruise Control: kafka_cluster_state, partition_load, load.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::parts::{Parts, amount};
use crate::json_lines::{Fault, document, line_of, part};

/// What its MB and KB are.
const MB: f64 = 1024.0 * 1024.0;
const KB: f64 = 1024.0;

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default, rename = "KafkaPartitionState")]
    states: Option<BTreeMap<String, &'a RawValue>>,
    #[serde(borrow, default)]
    records: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    brokers: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct State {
    topic: String,
    partition: i32,
    leader: i32,
    replicas: Vec<i32>,
    #[serde(rename = "in-sync")]
    in_sync: Vec<i32>,
    #[serde(default, rename = "min-isr")]
    min_isr: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Load {
    topic: String,
    partition: i32,
    leader: i32,
    followers: Vec<i32>,
    disk: f64,
    network_inbound: f64,
    network_outbound: f64,
}

#[derive(Deserialize)]
struct Broker {
    #[serde(rename = "Broker")]
    broker: i32,
    #[serde(default, rename = "Rack")]
    rack: Option<String>,
    #[serde(default, rename = "DiskCapacityMB")]
    disk: Option<f64>,
    #[serde(default, rename = "NetworkInCapacity", alias = "NwInCapacity")]
    bytes_in: Option<f64>,
    #[serde(default, rename = "NetworkOutCapacity", alias = "NwOutCapacity")]
    bytes_out: Option<f64>,
}

/// Takes what an answer tells; which it is shows by its fields.
pub(super) fn take(text: &str, parts: &mut Parts) -> Result<(), Fault> {
    let found = document(text)?;
    let answer: Answer<'_> = part(text, found)?;
    if answer.states.is_none() && answer.records.is_none() && answer.brokers.is_none() {
        let why = "this is none of kafka_cluster_state, partition_load and load".to_owned();
        return Err((line_of(text, found), why));
    }
    for list in answer.states.into_iter().flat_map(BTreeMap::into_values) {
        // Counts stand beside the lists.
        if list.get().starts_with('[') {
            states(text, list, parts)?;
        }
    }
    for raw in answer.records.into_iter().flatten() {
        load(&part(text, raw.get())?, parts).map_err(|why| (line_of(text, raw.get()), why))?;
    }
    for raw in answer.brokers.into_iter().flatten() {
        broker(part(text, raw.get())?, parts).map_err(|why| (line_of(text, raw.get()), why))?;
    }
    Ok(())
}

/// A partition may be in several lists, and says the same in each.
fn states(text: &str, list: &RawValue, parts: &mut Parts) -> Result<(), Fault> {
    let list: Vec<&RawValue> = part(text, list.get())?;
    for raw in list {
        let state: State = part(text, raw.get())?;
        let known = parts.place((state.topic, state.partition), state.replicas);
        let known = known.map_err(|why| (line_of(text, raw.get()), why))?;
        known.leader = Some(state.leader).filter(|leader| *leader >= 0);
        known.in_sync = Some(state.in_sync);
        known.min_isr = state.min_isr.or(known.min_isr);
    }
    Ok(())
}

fn load(load: &Load, parts: &mut Parts) -> Result<(), String> {
    let key = (load.topic.clone(), load.partition);
    let mut replicas = vec![load.leader];
    replicas.extend(&load.followers);
    let mut known_ones: Vec<i32> = parts
        .partitions
        .get(&key)
        .map(|known| known.replicas.clone())
        .unwrap_or_default();
    let mut told = replicas.clone();
    known_ones.sort_unstable();
    told.sort_unstable();
    // The order of followers is not that of the list; where that is known it stays.
    let known = if known_ones == told {
        parts.partitions.entry(key).or_default()
    } else {
        parts.place(key, replicas)?
    };
    known.size_bytes = amount(load.disk, MB)?;
    known.bytes_in = amount(load.network_inbound, KB)?;
    known.bytes_out = amount(load.network_outbound, KB)?;
    Ok(())
}

fn broker(told: Broker, parts: &mut Parts) -> Result<(), String> {
    let some = |number: Option<f64>, unit: f64| {
        number
            .filter(|number| *number > 0.0)
            .map(|number| amount(number, unit))
            .transpose()
    };
    let known = parts.broker(told.broker);
    let capacity = &mut known.capacity;
    capacity.disk_bytes = some(told.disk, MB)?.or(capacity.disk_bytes);
    capacity.bytes_in_per_s = some(told.bytes_in, KB)?.or(capacity.bytes_in_per_s);
    capacity.bytes_out_per_s = some(told.bytes_out, KB)?.or(capacity.bytes_out_per_s);
    known.rack = told.rack.filter(|rack| !rack.is_empty()).or_else(|| known.rack.take());
    Ok(())
}
