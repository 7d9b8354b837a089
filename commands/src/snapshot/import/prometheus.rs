//! Answers of Prometheus' query API: sizes and rates of topics and partitions.

use std::collections::BTreeMap;

use clap::ValueEnum;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::parts::{Key, Known, Parts, amount};
use crate::json_lines::{Fault, document, line_of, part};

/// What a series is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Metric {
    /// Bytes of a replica
    Size,
    /// Bytes a second that are written
    BytesIn,
    /// Bytes a second that are read
    BytesOut,
}

#[derive(Deserialize)]
struct Answer<'a> {
    status: String,
    #[serde(default)]
    error: Option<String>,
    #[serde(borrow, default)]
    data: Option<Data<'a>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    result: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Series {
    metric: BTreeMap<String, String>,
    #[serde(default)]
    value: Option<(f64, String)>,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// Takes what an answer tells: sizes are the largest of all series of a partition, rates their sum; the rate of a topic
/// without partitions is dealt out to them evenly.
pub(super) fn take(text: &str, metric: Option<Metric>, parts: &mut Parts) -> Result<(), Fault> {
    let found = document(text)?;
    let answer: Answer<'_> = part(text, found)?;
    let Some(data) = answer.data.filter(|_| answer.status == "success") else {
        let why = answer.error.unwrap_or(answer.status);
        return Err((line_of(text, found), format!("the query did not succeed: {why}")));
    };
    let mut amounts: BTreeMap<(Metric, Key), u64> = BTreeMap::new();
    let mut of_topics: BTreeMap<(Metric, String), u64> = BTreeMap::new();
    for raw in data.result {
        let series: Series = part(text, raw.get())?;
        let told = |why: String| (line_of(text, raw.get()), why);
        let metric = metric.map_or_else(|| by_name(&series), Ok).map_err(told)?;
        let amount = last(&series).map_err(told)?;
        let topic = series.metric.get("topic").filter(|topic| !topic.is_empty());
        let topic = topic
            .ok_or_else(|| told("the series has no label topic".to_owned()))?
            .clone();
        match (series.metric.get("partition"), metric) {
            (Some(number), _) => {
                let number = number
                    .parse()
                    .map_err(|_| told(format!("{number:?} is no partition's number")))?;
                let known = amounts.entry((metric, (topic, number))).or_default();
                *known = match metric {
                    Metric::Size => amount.max(*known),
                    Metric::BytesIn | Metric::BytesOut => known.saturating_add(amount),
                };
            }
            (None, Metric::Size) => return Err(told("the series has no label partition".to_owned())),
            (None, _) => {
                let known = of_topics.entry((metric, topic)).or_default();
                *known = known.saturating_add(amount);
            }
        }
    }
    for ((metric, key), amount) in amounts {
        if let Some(known) = parts.placed(&key) {
            set(known, metric, amount);
        }
    }
    for ((metric, topic), amount) in of_topics {
        deal_out(parts, metric, &topic, amount);
    }
    Ok(())
}

fn set(known: &mut Known, metric: Metric, amount: u64) {
    match metric {
        Metric::Size => known.size_bytes = amount,
        Metric::BytesIn => known.bytes_in = amount,
        Metric::BytesOut => known.bytes_out = amount,
    }
}

fn deal_out(parts: &mut Parts, metric: Metric, topic: &str, amount: u64) {
    let of_topic = |key: &Key| key.0 == topic;
    let count = parts.partitions.keys().filter(|key| of_topic(key)).count() as u64;
    if count == 0 {
        parts.unplaced += 1;
    }
    for (key, known) in &mut parts.partitions {
        if of_topic(key) {
            set(known, metric, amount / count.max(1));
        }
    }
}

fn by_name(series: &Series) -> Result<Metric, String> {
    let name = series
        .metric
        .get("__name__")
        .map(|name| name.to_lowercase().replace('_', ""));
    match name.as_deref() {
        Some(name) if name.contains("bytesin") => Ok(Metric::BytesIn),
        Some(name) if name.contains("bytesout") => Ok(Metric::BytesOut),
        Some(name) if name.contains("size") => Ok(Metric::Size),
        _ => Err("what the series is about is not in its name: give --metric".to_owned()),
    }
}

/// The newest value.
fn last(series: &Series) -> Result<u64, String> {
    let newest = series.value.as_ref().or_else(|| series.values.last());
    let (_, text) = newest.ok_or_else(|| "the series has no value".to_owned())?;
    let number = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    amount(number, 1.0)
}
