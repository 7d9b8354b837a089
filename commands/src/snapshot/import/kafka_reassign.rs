//! Kafka's JSON of reassignments: where partitions are.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::parts::Parts;
use crate::json_lines::{Fault, document, line_of, part};

/// The one version that there is.
const VERSION: i32 = 1;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(default = "version")]
    version: i32,
    #[serde(borrow)]
    partitions: Vec<&'a RawValue>,
}

const fn version() -> i32 {
    VERSION
}

#[derive(Deserialize)]
struct Assignment {
    topic: String,
    partition: i32,
    replicas: Vec<i32>,
}

/// Takes what a file tells; of what --generate prints the first document, which is how things are.
pub(super) fn take(text: &str, parts: &mut Parts) -> Result<(), Fault> {
    let found = document(text)?;
    let read: Document<'_> = part(text, found)?;
    if read.version != VERSION {
        let why = format!("version {} is not known, {VERSION} is", read.version);
        return Err((line_of(text, found), why));
    }
    let mut seen = BTreeSet::new();
    for raw in read.partitions {
        let of: Assignment = part(text, raw.get())?;
        let line = || line_of(text, raw.get());
        let key = (of.topic, of.partition);
        if !seen.insert(key.clone()) {
            return Err((line(), format!("{}-{} is listed twice", key.0, key.1)));
        }
        parts.place(key, of.replicas).map_err(|why| (line(), why))?;
    }
    Ok(())
}
