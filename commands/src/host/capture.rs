//! host capture

use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;
use planner::counted::counted;
use protocol::config::{Scope, lookup};
use protocol::properties::Properties;

use super::audit::named_config;
use super::facts::{self, MEASURED_FILE, MEASURED_SCHEMA, Root, Seen, is_archive, is_gzip};
use crate::context::Context;
use crate::error::CommandError;

/// Words in names of settings that are secrets.
const SECRETS: [&str; 5] = ["password", "secret", "jaas", "credential", "token"];

/// Write what the audit reads, and nothing else, into a tree that can be audited elsewhere. Secrets in server.properties
/// and on command lines are left out.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet host capture broker-1.tar.gz\n  kfleet host audit --root broker-1.tar.gz")]
pub(crate) struct CaptureArgs {
    /// Where to: a .tar.gz, a .tar, or a directory to be made
    file: PathBuf,
    /// The server.properties of the broker; found from the running broker if not given
    #[arg(long, value_name = "FILE")]
    broker_config: Option<PathBuf>,
}

/// A file of the tree; a directory if it has no bytes.
type Entries = BTreeMap<String, Option<Vec<u8>>>;

pub(crate) fn run(args: &CaptureArgs, context: &Context) -> Result<(), CommandError> {
    if args.file.symlink_metadata().is_ok() {
        return Err(CommandError::refused(format!("{} exists already", args.file.display())));
    }
    let entries = collect(args.broker_config.as_deref())?;
    let action = format!("writing {}", args.file.display());
    let written = if is_archive(&args.file) {
        write_archive(&args.file, &entries)
    } else {
        write_dir(&args.file, &entries)
    };
    written.map_err(|error| CommandError::io(&action, &error))?;
    let files = entries.values().filter(|bytes| bytes.is_some()).count();
    context
        .out
        .note(&format!("wrote {} to {}", counted(files, "file"), args.file.display()));
    Ok(())
}

/// Reads this machine as an audit does, and keeps what was read.
fn collect(broker_config: Option<&Path>) -> Result<Entries, CommandError> {
    let root = Root::live();
    let named = broker_config.map(named_config).transpose()?;
    let (_, brokers) = facts::read(&root, &[], named.as_ref());
    let mut measured = root.measured();
    let mut secret_files = brokers.config_paths();
    let mut seen = root.seen();
    if let Some(named) = named {
        if let Some(bytes) = named.bytes.value() {
            seen.insert(named.path.trim_start_matches('/').to_owned(), Seen::File(bytes.clone()));
        }
        secret_files.push(named.path.clone());
        measured.broker_config = Some(named.path);
    }
    let mut entries = Entries::new();
    for (path, what) in seen {
        match what {
            Seen::File(bytes) if secret_files.iter().any(|file| file.trim_start_matches('/') == path) => {
                entries.insert(path, Some(without_secrets(&bytes)));
            }
            Seen::File(bytes) if path.ends_with("/cmdline") => {
                entries.insert(path, Some(without_secret_args(&bytes)));
            }
            Seen::File(bytes) => {
                entries.insert(path, Some(bytes));
            }
            // Names below /sys are facts; elsewhere the files that were read are.
            Seen::Names(names) if path.starts_with("sys/") => {
                entries.extend(names.into_iter().map(|name| (format!("{path}/{name}"), None)));
            }
            Seen::Names(_) => {}
            Seen::Unreadable(reason) => {
                measured.unreadable.insert(path, reason);
            }
        }
    }
    MEASURED_SCHEMA.clone_into(&mut measured.schema);
    let json = serde_json::to_vec_pretty(&measured).map_err(|error| CommandError::bug(error.to_string()))?;
    entries.insert(MEASURED_FILE.to_owned(), Some(json));
    Ok(entries)
}

fn is_secret(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    let known = lookup(Scope::Broker, key).is_some_and(protocol::config::ConfigKey::is_sensitive);
    known || SECRETS.iter().any(|word| lower.contains(word))
}

/// Keys and values of a server.properties, but for secrets and comments.
fn without_secrets(bytes: &[u8]) -> Vec<u8> {
    let mut out = Properties::default();
    for (key, value) in Properties::parse(bytes).iter() {
        out.set(key, if is_secret(key) { "[hidden]" } else { value });
    }
    out.to_bytes()
}

/// A command line with the values of secrets left out.
fn without_secret_args(bytes: &[u8]) -> Vec<u8> {
    let hide = |arg: &[u8]| {
        let lower = String::from_utf8_lossy(arg).to_ascii_lowercase();
        let word = SECRETS.iter().filter_map(|word| lower.find(word)).min();
        let value = word.and_then(|at| Some(at + arg.get(at..)?.iter().position(|byte| *byte == b'=')? + 1));
        match value.and_then(|at| arg.get(..at)) {
            Some(name) => [name, b"[hidden]"].concat(),
            None => arg.to_vec(),
        }
    };
    bytes.split(|byte| *byte == 0).map(hide).collect::<Vec<_>>().join(&0)
}

fn write_dir(dir: &Path, entries: &Entries) -> std::io::Result<()> {
    let mut folders = DirBuilder::new();
    folders.recursive(true).mode(0o700);
    folders.create(dir)?;
    for (path, bytes) in entries {
        let path = dir.join(path);
        let Some(bytes) = bytes else {
            folders.create(path)?;
            continue;
        };
        if let Some(parent) = path.parent() {
            folders.create(parent)?;
        }
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?
            .write_all(bytes)?;
    }
    Ok(())
}

fn write_archive(path: &Path, entries: &Entries) -> std::io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    if is_gzip(path) {
        let encoder = append_all(GzEncoder::new(file, Compression::default()), entries)?;
        encoder.finish()?.sync_all()
    } else {
        append_all(file, entries)?.sync_all()
    }
}

fn append_all<W: std::io::Write>(out: W, entries: &Entries) -> std::io::Result<W> {
    let mut builder = tar::Builder::new(out);
    for (path, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        let bytes = bytes.as_deref();
        header.set_entry_type(if bytes.is_some() {
            tar::EntryType::Regular
        } else {
            tar::EntryType::Directory
        });
        header.set_mode(if bytes.is_some() { 0o600 } else { 0o700 });
        header.set_size(bytes.map_or(0, <[u8]>::len) as u64);
        builder.append_data(&mut header, path, bytes.unwrap_or_default())?;
    }
    builder.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out() {
        let file = b"# password=old\nnode.id=1\nssl.key.password=hunter2\nlistener.name.x.plain.sasl.jaas.config=a \\\n b\nmy.token=t\n";
        let text = String::from_utf8(without_secrets(file)).unwrap();
        assert_eq!(
            text,
            "node.id=1\nssl.key.password=[hidden]\nlistener.name.x.plain.sasl.jaas.config=[hidden]\nmy.token=[hidden]\n"
        );
        let line =
            b"java\0-Xmx1g\0-Djavax.net.ssl.keyStorePassword=hunter2\0kafka.Kafka\0--override=ssl.key.password=a=b\0";
        assert_eq!(
            String::from_utf8(without_secret_args(line)).unwrap(),
            "java\0-Xmx1g\0-Djavax.net.ssl.keyStorePassword=[hidden]\0kafka.Kafka\0--override=ssl.key.password=[hidden]\0"
        );
    }
}
