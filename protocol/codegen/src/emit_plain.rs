//! Messages as plain values under Kafka's names, for tools that show them.

use std::fmt::Write as _;

use crate::emit_records::{condition, variant};
use crate::model::{Field, Kind, Message, Struct};

/// `ToPlain` of a struct.
pub(crate) fn of_struct(out: &mut String, message: &Message, item: &Struct, name: &str) {
    let version = if item.fields.is_empty() { "_" } else { "version" };
    let _ = write!(
        out,
        "impl ToPlain for {name} {{\nfn to_plain(&self, {version}: i16) -> Plain {{\n"
    );
    if item.fields.iter().any(|field| field.tag.is_some()) {
        out.push_str("let default = Self::default();\n");
    }
    let mutable = if item.fields.is_empty() { "" } else { "mut " };
    let _ = writeln!(out, "let {mutable}fields = PlainFields::default();");
    for field in &item.fields {
        add(out, message, field);
    }
    out.push_str("fields.finish()\n}\n}\n\n");
}

fn add(out: &mut String, message: &Message, field: &Field) {
    let add = format!(
        "fields.add(\"{}\", &self.{}, version);",
        kafka_name(&field.name),
        field.name
    );
    let present = field
        .tag
        .map_or(field.versions, |(_, tagged)| field.versions.intersect(tagged));
    let mut conditions: Vec<String> = condition(message, present).into_iter().collect();
    if field.tag.is_some() {
        conditions.push(format!("self.{0} != default.{0}", field.name));
    }
    if conditions.is_empty() {
        let _ = writeln!(out, "{add}");
    } else {
        let conditions = conditions.join(" && ").replace("layout.version", "version");
        let _ = writeln!(out, "if {conditions} {{\n{add}\n}}");
    }
}

/// Names and `ToPlain` of an enum of messages; closes the enum's `impl`.
pub(crate) fn of_enum(out: &mut String, members: &[&Message], kind: Kind, name: &str) {
    out.push_str(
        "\n/// Its name as Kafka's tools print it.\npub const fn name(&self) -> &'static str {\nmatch self {\n",
    );
    for message in members {
        let full = if kind == Kind::Record {
            message.name.as_str()
        } else {
            variant(message)
        };
        let _ = writeln!(out, "Self::{}(_) => \"{}\",", variant(message), screaming(full));
    }
    let _ = write!(
        out,
        "}}\n}}\n}}\n\nimpl ToPlain for {name} {{\nfn to_plain(&self, version: i16) -> Plain {{\nmatch self {{\n"
    );
    for message in members {
        let _ = writeln!(out, "Self::{}(message) => message.to_plain(version),", variant(message));
    }
    out.push_str("}\n}\n}\n\n");
}

/// `member_id` is `memberId` in Kafka's JSON, and KRaft keeps its capitals.
fn kafka_name(name: &str) -> String {
    let mut out = String::new();
    let name = name.replace("kraft", "k_raft");
    let mut upper = false;
    for c in name.chars() {
        if c == '_' {
            upper = true;
        } else {
            out.push(if upper { c.to_ascii_uppercase() } else { c });
            upper = false;
        }
    }
    out
}

/// `NoOpRecord` is `NO_OP_RECORD` among Kafka's record types.
fn screaming(name: &str) -> String {
    let mut out = String::new();
    for (at, c) in name.char_indices() {
        if c.is_ascii_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}
