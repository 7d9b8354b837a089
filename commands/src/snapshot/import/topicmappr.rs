//! kafka-kit's files: maps of partitions, which are Kafka's JSON, and its metrics as they are in ZooKeeper.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::kafka_reassign;
use super::parts::{Parts, amount};
use crate::json_lines::{Fault, document, line_of, part};

type Fields<'a> = BTreeMap<String, &'a RawValue>;

#[derive(Deserialize)]
struct PartitionMeta {
    #[serde(rename = "Size")]
    size: f64,
}

#[derive(Deserialize)]
struct BrokerMetrics {
    #[serde(rename = "StorageFree")]
    storage_free: f64,
}

/// Takes what a file tells; it is known by its fields.
pub(super) fn take(text: &str, parts: &mut Parts) -> Result<(), Fault> {
    let found = document(text)?;
    let fields: Fields<'_> = part(text, found)?;
    if fields.contains_key("partitions") {
        return kafka_reassign::take(text, parts);
    }
    for (name, raw) in fields {
        let line = || line_of(text, raw.get());
        let inner: Fields<'_> = part(text, raw.get())?;
        if inner.contains_key("StorageFree") {
            let metrics: BrokerMetrics = part(text, raw.get())?;
            let id = name
                .parse()
                .map_err(|_| (line(), format!("{name:?} is no broker's id")))?;
            let free = amount(metrics.storage_free, 1.0).map_err(|why| (line(), why))?;
            parts.broker(id);
            parts.free.insert(id, free);
            continue;
        }
        for (number, raw) in inner {
            let line = || line_of(text, raw.get());
            let meta: PartitionMeta = part(text, raw.get())?;
            let number = number
                .parse()
                .map_err(|_| (line(), format!("{number:?} is no partition's number")))?;
            let size = amount(meta.size, 1.0).map_err(|why| (line(), why))?;
            if let Some(known) = parts.placed(&(name.clone(), number)) {
                known.size_bytes = size;
            }
        }
    }
    Ok(())
}
