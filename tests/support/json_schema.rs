//! Whether JSON is what its schema says.

use serde_json::Value;

/// As much of JSON Schema as schemas here have: types, required fields, items, references, choices.
#[track_caller]
pub(crate) fn validate(value: &Value, schema: &Value, root: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').unwrap();
        return validate(value, root.pointer(pointer).unwrap(), root, at);
    }
    if let Some(choices) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        let is_null = |choice: &&Value| choice["type"] == "null";
        let chosen = choices.iter().find(|choice| is_null(choice) == value.is_null());
        if choices.iter().any(|choice| is_null(&choice)) {
            return validate(value, chosen.unwrap(), root, at);
        }
        return;
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_kind = kinds.is_empty() || kinds.contains(&kind) || (kind == "integer" && kinds.contains(&"number"));
    assert!(is_kind, "{at}: {value} is no {kinds:?}");
    if let Some(allowed) = schema["enum"].as_array().filter(|_| !value.is_null()) {
        assert!(allowed.contains(value), "{at}: {value} is none of {allowed:?}");
    }
    match value {
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                validate(element, &schema["items"], root, &format!("{at}[{index}]"));
            }
        }
        Value::Object(fields) => {
            for name in schema["required"].as_array().into_iter().flatten() {
                assert!(fields.contains_key(name.as_str().unwrap()), "{at} has no {name}");
            }
            for (name, field) in fields {
                let known = match &schema["properties"][name] {
                    Value::Null => &schema["additionalProperties"],
                    known => known,
                };
                assert!(!known.is_null(), "{at}.{name} is in no schema");
                validate(field, known, root, &format!("{at}.{name}"));
            }
        }
        _ => {}
    }
}
