//! A plan as kafka-reassign-partitions takes it.

use serde_json::{Value, json};

use super::file::PlanFile;

/// The reassignment JSON.
pub(super) fn reassignment(file: &PlanFile) -> String {
    let partitions = file.moves.iter().map(|one| {
        let mut element = json!({ "topic": one.topic, "partition": one.partition, "replicas": one.replicas_to });
        if let (Some(dirs), Value::Object(fields)) = (&one.log_dirs, &mut element) {
            fields.insert("log_dirs".to_owned(), json!(dirs));
        }
        element
    });
    let document = json!({ "version": 1, "partitions": partitions.collect::<Vec<_>>() });
    format!("{document}\n")
}
