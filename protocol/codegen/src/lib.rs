//! Turns the definitions in `protocol/messages/` into `protocol/src/messages/` and
//! `protocol/src/guard/shapes/`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

pub mod model;

mod emit_guard;
mod emit_plain;
mod emit_records;
mod parse;

/// Definition file, generated module, its description.
const MODULES: [(&str, &str); 7] = [
    ("metadata", "Records of `__cluster_metadata` (KIP-631)."),
    (
        "control",
        "Values of control records, and the marker that ends a transaction.",
    ),
    ("offsets", "Keys and values of `__consumer_offsets`."),
    ("transactions", "Keys and values of `__transaction_state`."),
    ("shares", "Keys and values of `__share_group_state`."),
    ("remote", "Records of `__remote_log_metadata` (KIP-405)."),
    (
        "embedded",
        "Messages inside other messages: of group members to each other, and forwarded principals.",
    ),
];

/// Requests and answers that kafka-protocol does not have.
const OWN: [&str; 2] = ["StreamsGroupDescribeRequest", "StreamsGroupDescribeResponse"];

/// The protocol crate's folder.
pub fn protocol_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Messages of a definition file.
pub fn definitions(name: &str) -> Result<Vec<model::Message>> {
    let path = protocol_dir().join("messages").join(format!("{name}.msgs"));
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    parse::parse(&text).with_context(|| format!("in {}", path.display()))
}

/// Every generated file, relative to the protocol crate, with its content.
pub fn generate() -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    for (name, doc) in MODULES {
        let source = emit_records::module(doc, &definitions(name)?);
        files.push((PathBuf::from(format!("src/messages/{name}.rs")), format_rust(&source)?));
    }
    let rpc = definitions("rpc")?;
    let own: Vec<model::Message> = rpc
        .iter()
        .filter(|message| OWN.contains(&message.name.as_str()))
        .cloned()
        .collect();
    let source = emit_records::module("Requests and answers that kafka-protocol does not have.", &own);
    files.push((PathBuf::from("src/messages/requests.rs"), format_rust(&source)?));
    for (kind, name) in [(model::Kind::Request, "requests"), (model::Kind::Response, "responses")] {
        let source = emit_guard::module(kind, &rpc);
        files.push((
            PathBuf::from(format!("src/guard/shapes/{name}.rs")),
            format_rust(&source)?,
        ));
    }
    Ok(files)
}

fn format_rust(source: &str) -> Result<String> {
    use std::io::Write as _;
    let config = protocol_dir().join("..").join("rustfmt.toml");
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting rustfmt")?;
    child
        .stdin
        .take()
        .context("rustfmt's input")?
        .write_all(source.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "rustfmt refused the generated source");
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_files_are_current() {
        for (path, content) in generate().unwrap() {
            let committed = std::fs::read_to_string(protocol_dir().join(&path)).unwrap_or_default();
            assert!(
                committed == content,
                "{} is stale: run cargo run -p kfleet-protocol-codegen",
                path.display()
            );
        }
    }
}
