//! Partitions in a JSON file, as several scripts take them.

use serde_json::Value;

use super::failed::Throwable;

fn operation(message: impl Into<String>) -> Throwable {
    Throwable::new("org.apache.kafka.server.common.AdminOperationException", message)
}

/// Reads a file.
pub(super) fn read(path: &str) -> Result<Value, Throwable> {
    let unreadable = |_| Throwable::new("java.io.IOException", format!("Unable to read file {path}"));
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    serde_json::from_str(&text).map_err(|error| operation(format!("The input string is not a valid JSON: {error}")))
}

/// The elements of `partitions`.
pub(super) fn partitions(document: &Value) -> Result<&Vec<Value>, Throwable> {
    let partitions = document.get("partitions").and_then(Value::as_array);
    partitions.ok_or_else(|| operation("Missing partitions field"))
}

/// Topic and partition of an element.
pub(super) fn key(element: &Value) -> Result<(String, i32), Throwable> {
    let topic = element.get("topic").and_then(Value::as_str);
    let partition = element.get("partition").and_then(Value::as_i64);
    let partition = partition.and_then(|partition| i32::try_from(partition).ok());
    match topic.zip(partition) {
        Some((topic, partition)) => Ok((topic.to_owned(), partition)),
        None => Err(operation(format!("{element} has no topic and partition"))),
    }
}
