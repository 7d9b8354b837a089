use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::files;

fn dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schemas")
}

#[test]
fn committed_schemas_are_current() {
    let files = files().unwrap();
    for (name, text) in &files {
        let committed = fs::read_to_string(dir().join(name)).unwrap_or_default();
        assert!(
            committed == *text,
            "schemas/{name} is stale: run kfleet schema --dir schemas"
        );
    }
    let committed = fs::read_dir(dir()).unwrap().count();
    assert_eq!(
        committed,
        files.len(),
        "schemas/ has schemas of what is no more printed"
    );
}

/// What is committed is what somebody may rely on. Whoever breaks it makes a new version.
#[test]
fn a_version_only_gains_optional_fields() {
    for (name, text) in files().unwrap() {
        let Ok(committed) = fs::read_to_string(dir().join(&name)) else {
            continue;
        };
        let [old, new] = [&committed, &text].map(|text| serde_json::from_str::<Value>(text).unwrap());
        let broken = broken(&old, &new);
        assert_eq!(broken, Vec::<String>::new(), "schemas/{name}: give it the next version");
    }
}

#[test]
fn names_are_there_once() {
    let names: Vec<String> = files().unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

/// What of a schema is not as it was, but for words and fields that may be left out.
fn broken(old: &Value, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(&mut Vec::new(), old, new, &mut found);
    found
}

/// Words, which say nothing about the form.
const WORDS: [&str; 2] = ["title", "description"];

fn compare(at: &mut Vec<String>, old: &Value, new: &Value, found: &mut Vec<String>) {
    let (Value::Object(before), Value::Object(after)) = (old, new) else {
        if as_set(old) != as_set(new) {
            found.push(format!("{} was {old} and is {new}", at.join(".")));
        }
        return;
    };
    // Names of fields and of types are keys like any other, and may be "title".
    let are_names = at
        .last()
        .is_some_and(|last| ["properties", "$defs"].contains(&last.as_str()));
    let counts = |key: &&String| are_names || !WORDS.contains(&key.as_str());
    for key in before.keys().filter(counts) {
        at.push(key.clone());
        match after.get(key) {
            Some(new) => compare(at, &before[key], new, found),
            None => found.push(format!("{} is gone", at.join("."))),
        }
        at.pop();
    }
    for key in after.keys().filter(counts).filter(|key| !before.contains_key(*key)) {
        // A type or a field that is new is none of the old ones'.
        if !are_names && !["properties", "$defs"].contains(&key.as_str()) {
            found.push(format!("{} has {key}", at.join(".")));
        }
    }
}

/// Lists of names and types have no order.
fn as_set(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Array(elements) => elements.iter().map(ToString::to_string).collect(),
        other => [other.to_string()].into(),
    }
}

#[test]
fn what_breaks_readers_is_found() {
    let row = |properties: Value, required: Value| json!({ "$defs": { "Row": { "type": "object", "properties": properties, "required": required } } });
    let old = row(json!({ "title": { "type": "string" } }), json!(["title"]));
    for fine in [
        old.clone(),
        row(
            json!({ "title": { "type": "string", "description": "x" } }),
            json!(["title"]),
        ),
        row(
            json!({ "title": { "type": "string" }, "new": { "type": "integer" } }),
            json!(["title"]),
        ),
    ] {
        assert_eq!(broken(&old, &fine), Vec::<String>::new(), "{fine}");
    }
    for (wrong, sentence) in [
        (row(json!({}), json!(["title"])), "$defs.Row.properties.title is gone"),
        (
            row(json!({ "title": { "type": "integer" } }), json!(["title"])),
            "$defs.Row.properties.title.type was \"string\" and is \"integer\"",
        ),
        (
            row(json!({ "title": { "type": "string" } }), json!([])),
            "$defs.Row.required was [\"title\"] and is []",
        ),
        (
            row(
                json!({ "title": { "type": "string" }, "new": {} }),
                json!(["new", "title"]),
            ),
            "$defs.Row.required was [\"title\"] and is [\"new\",\"title\"]",
        ),
        (
            row(
                json!({ "title": { "type": "string", "enum": ["a"] } }),
                json!(["title"]),
            ),
            "$defs.Row.properties.title has enum",
        ),
    ] {
        assert_eq!(broken(&old, &wrong), [sentence]);
    }
}
