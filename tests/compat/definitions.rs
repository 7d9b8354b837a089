//! Our message definitions against the JSON resources inside Apache Kafka's jars, field by field.

use std::collections::BTreeMap;
use std::process::Command;

use protocol_codegen::definitions;
use protocol_codegen::model::{Field, Kind, Message, Struct, Type, Versions};
use serde_json::Value;

use crate::support::{kafka_libs, run_with_input};

/// Prints every message definition of the jars that are its arguments, by name, without comments.
const READ_JARS: &str = r#"
import json, re, sys, zipfile
found = {}
for jar in sys.argv[1:]:
    with zipfile.ZipFile(jar) as opened:
        for name in opened.namelist():
            if re.match(r'(common/)?(message|metadata)/\w+\.json$', name):
                text = opened.read(name).decode()
                message = json.loads(re.sub(r'^\s*//.*$', '', text, flags=re.M))
                found[message['name']] = message
json.dump(found, sys.stdout)
"#;

fn kafkas() -> BTreeMap<String, Value> {
    let mut command = Command::new("python3");
    command.args(["-c", READ_JARS]);
    for entry in std::fs::read_dir(kafka_libs()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("kafka") && name.ends_with("-4.3.1.jar") {
            command.arg(path);
        }
    }
    let found = run_with_input(&mut command, "").exits(0).json();
    found.as_object().unwrap().clone().into_iter().collect()
}

fn ours() -> Vec<Message> {
    let files = [
        "rpc",
        "metadata",
        "control",
        "offsets",
        "transactions",
        "shares",
        "remote",
        "embedded",
    ];
    files.iter().flat_map(|file| definitions(file).unwrap()).collect()
}

fn versions(text: Option<&str>) -> Versions {
    match text {
        None | Some("none") => Versions::NONE,
        Some(text) => {
            let number = |text: &str| text.parse().unwrap();
            let (min, max) = match text.split_once('-') {
                Some((min, max)) => (number(min), number(max)),
                None if text.ends_with('+') => (number(text.trim_end_matches('+')), i16::MAX),
                None => (number(text), number(text)),
            };
            Versions { min, max }
        }
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Request => "request",
        Kind::Response => "response",
        Kind::Record => "metadata",
        Kind::Key => "coordinator-key",
        Kind::Value => "coordinator-value",
        Kind::Data => "data",
    }
}

/// `[]TopicData` of Kafka's as we write it.
fn kafka_type(ty: &Type) -> String {
    match ty {
        Type::Scalar("i8") => "int8".to_owned(),
        Type::Scalar("i16") => "int16".to_owned(),
        Type::Scalar("u16") => "uint16".to_owned(),
        Type::Scalar("i32") => "int32".to_owned(),
        Type::Scalar("u32") => "uint32".to_owned(),
        Type::Scalar("i64") => "int64".to_owned(),
        Type::Scalar("f64") => "float64".to_owned(),
        Type::Scalar(name) => (*name).to_owned(),
        Type::String => "string".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Struct(name) => name.clone(),
        Type::Array(inner) => format!("[]{}", kafka_type(inner)),
    }
}

/// `member_id` is `memberId`.
fn kafka_name(name: &str) -> String {
    // A word of Rust's has an underscore behind it.
    let name = name.trim_end_matches('_');
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    let name: String = name.replace("kraft", "k_raft").split('_').map(word).collect();
    lower_first(&name)
}

/// Kafka's names start with either case, and are used with a small letter.
fn lower_first(name: &str) -> String {
    name[..1].to_lowercase() + &name[1..]
}

/// A default in one notation; none if it is the type's own.
fn default_of(text: Option<String>) -> Option<String> {
    let text = text?;
    let hex = text
        .strip_prefix("0x")
        .and_then(|digits| i64::from_str_radix(digits, 16).ok());
    let text = hex.map_or(text, |value| value.to_string());
    (!["", "0", "0.0", "false", "\"\""].contains(&text.as_str())).then_some(text)
}

/// What Kafka defines and we do without.
const NOT_DEFINED: [(&str, &str); 3] = [
    (
        "ControlRecordTypeSchema",
        "ControlType reads the keys of control records",
    ),
    ("ProducerSnapshot", "protocol::files reads producer snapshots"),
    ("QuorumStateData", "protocol::files reads quorum-state, which is JSON"),
];

/// Collects what differs.
struct Compared<'a> {
    message: &'a Message,
    theirs: &'a Value,
    differences: Vec<String>,
}

impl Compared<'_> {
    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, place: &str, what: &str, ours: &T, theirs: &T) {
        if ours != theirs {
            let name = &self.message.name;
            self.differences.push(format!(
                "{name}{place}: {what} is {theirs:?} in Kafka and {ours:?} here"
            ));
        }
    }

    fn versions(&mut self, place: &str, what: &str, ours: Versions, theirs: Versions) {
        let valid = self.message.versions;
        self.equal(place, what, &ours.intersect(valid), &theirs.intersect(valid));
    }

    fn message(&mut self) {
        let (message, theirs) = (self.message, self.theirs);
        let key = theirs["apiKey"].as_i64().map(|key| key as i16);
        self.equal("", "the key", &message.key, &key);
        let kind = theirs["type"].as_str().unwrap();
        self.equal("", "the kind", &kind_name(message.kind), &kind);
        let valid = versions(theirs["validVersions"].as_str());
        self.equal("", "validVersions", &message.versions, &valid);
        let flexible = versions(theirs["flexibleVersions"].as_str());
        self.versions("", "flexibleVersions", message.flexible, flexible);
        self.fields("", &message.fields, &theirs["fields"]);
    }

    fn fields(&mut self, place: &str, ours: &[Field], theirs: &Value) {
        let all = theirs.as_array().unwrap();
        // Fields of versions that are gone need no definition.
        let valid = self.message.versions;
        let theirs: Vec<&Value> = all
            .iter()
            .filter(|field| !field_versions(field).intersect(valid).is_none())
            .collect();
        let our_names: Vec<String> = ours.iter().map(|field| kafka_name(&field.name)).collect();
        let name_of = |field: &Value| lower_first(field["name"].as_str().unwrap());
        let names: Vec<String> = theirs.iter().map(|field| name_of(field)).collect();
        self.equal(place, "the list of fields", &our_names, &names);
        for theirs in theirs {
            let name = name_of(theirs);
            if let Some(field) = ours.iter().find(|field| kafka_name(&field.name) == name) {
                self.field(&format!("{place}.{name}"), field, theirs);
            }
        }
    }

    fn field(&mut self, place: &str, field: &Field, theirs: &Value) {
        let kafkas = theirs["type"].as_str().unwrap().replace("records", "bytes");
        self.equal(place, "the type", &kafka_type(&field.ty), &kafkas);
        self.versions(place, "versions", field.versions, field_versions(theirs));
        let nullable = versions(theirs["nullableVersions"].as_str());
        self.versions(
            place,
            "nullableVersions",
            field.nullable.intersect(field.versions),
            nullable.intersect(field.versions),
        );
        let tag = theirs["tag"].as_i64().map(|tag| tag as u32);
        self.equal(place, "the tag", &field.tag.map(|(tag, _)| tag), &tag);
        let tagged = versions(theirs["taggedVersions"].as_str());
        let our_tagged = field.tag.map_or(Versions::NONE, |(_, tagged)| tagged);
        self.versions(place, "taggedVersions", our_tagged, tagged);
        let inflexible = theirs["flexibleVersions"].as_str() == Some("none");
        self.equal(place, "flexibleVersions=none", &field.inflexible, &inflexible);
        let ignorable = theirs["ignorable"].as_bool().unwrap_or(false);
        self.equal(place, "ignorable", &field.ignorable, &ignorable);
        let default = match &theirs["default"] {
            // Not the text "null": without a default the generator takes the empty value.
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        self.equal(
            place,
            "the default",
            &default_of(field.default.clone()),
            &default_of(default),
        );
        let mut inner = &field.ty;
        while let Type::Array(element) = inner {
            inner = element;
        }
        if let Type::Struct(name) = inner {
            self.structure(place, name, theirs);
        }
    }

    fn structure(&mut self, place: &str, name: &str, field: &Value) {
        let message = self.message;
        let Some(Struct { fields, .. }) = message.structs.iter().find(|known| known.name == name) else {
            self.equal(place, "the struct", &None, &Some(name));
            return;
        };
        let common = self.theirs["commonStructs"].as_array().into_iter().flatten();
        let common = common
            .filter(|common| common["name"] == name)
            .map(|common| &common["fields"]);
        let theirs = std::iter::once(&field["fields"]).filter(|fields| fields.is_array());
        match theirs.chain(common).next().cloned() {
            Some(theirs) => self.fields(place, fields, &theirs),
            None => self.equal(place, "the struct", &Some(name), &None),
        }
    }
}

/// A field without versions has those in which it is tagged.
fn field_versions(field: &Value) -> Versions {
    let text = field["versions"].as_str().or(field["taggedVersions"].as_str());
    versions(text)
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn every_message_is_defined_as_kafka_has_it() {
    let kafkas = kafkas();
    let mut differences = Vec::new();
    let ours = ours();
    for message in &ours {
        match kafkas.get(&message.name) {
            None => differences.push(format!("{} is not in Kafka", message.name)),
            Some(theirs) => {
                let mut compared = Compared {
                    message,
                    theirs,
                    differences: Vec::new(),
                };
                compared.message();
                differences.extend(compared.differences);
            }
        }
    }
    for (name, theirs) in &kafkas {
        let kind = theirs["type"].as_str().unwrap();
        let is_needed = theirs["validVersions"] != "none" && kind != "header";
        let is_defined = ours.iter().any(|message| message.name == *name);
        let is_accepted = NOT_DEFINED.iter().any(|(accepted, _)| accepted == name);
        if is_needed && is_defined == is_accepted {
            differences.push(format!(
                "{name} ({kind}): defined {is_defined}, accepted as missing {is_accepted}"
            ));
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}
