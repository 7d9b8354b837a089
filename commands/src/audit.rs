//! The log of changes, if `KFLEET_AUDIT_LOG` names a file: a line before the first change of a command, with who makes it
//! and what it is, and one at its end, with how it came out. Lines are only ever appended.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::CommandError;

/// The file.
const VARIABLE: &str = "KFLEET_AUDIT_LOG";
/// What is called by one of these words may be a secret, and is not written.
const SECRET_WORDS: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "jaas",
    "token",
    "hmac",
    "credential",
    ".key=",
    ".key:",
];
/// What stands for a secret.
const HIDDEN: &str = "[hidden]";
/// Flags that are called by such a word, and whose value only says which or where.
const HARMLESS_ENDS: [&str; 4] = ["-file", "-id", "-command", "--delegation-token"];

/// Whether the first line of this process has been written.
static BEGUN: AtomicBool = AtomicBool::new(false);

/// The cluster that the command is about, once it is known.
static CLUSTER_ID: OnceLock<String> = OnceLock::new();

/// Name and version of a line, without `kfleet/`.
pub(crate) const SCHEMA: &str = "audit/1";

/// A line of the log of changes.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "AuditLine")]
pub(crate) struct Line<'a> {
    /// kfleet/audit/1
    schema: String,
    /// When, in RFC 3339.
    time: String,
    /// begin, before the first change, or end.
    event: &'static str,
    /// The process.
    pid: u32,
    /// Who runs it.
    uid: u32,
    /// The name of that user, if /etc/passwd has one.
    user: Option<String>,
    /// Who became that user by sudo.
    sudo_user: Option<String>,
    /// Where.
    host: String,
    /// The command line, without what may be secret.
    arguments: Vec<String>,
    /// The cluster, if it is known.
    cluster_id: Option<&'a str>,
    /// What was shown to whoever was asked; begin only.
    plan: Option<&'a str>,
    /// How it came out; end only.
    exit_code: Option<u8>,
}

/// What follows is about this cluster.
pub(crate) fn is_about(cluster_id: &str) {
    CLUSTER_ID.get_or_init(|| cluster_id.to_owned());
}

/// Notes that a change is about to be made. It must not be made if that fails.
pub(crate) fn begin(plan: Option<&str>) -> Result<(), CommandError> {
    let Some(path) = file() else { return Ok(()) };
    if BEGUN.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let line = Line { plan, ..of("begin") };
    append(&path, &line).map_err(|error| {
        BEGUN.store(false, Ordering::Relaxed);
        CommandError::io(
            &format!("writing the audit log {}, so that nothing was changed", path.display()),
            &error,
        )
    })
}

/// Notes how a command that changed something has ended; what cannot be written any more is told.
pub(crate) fn end(exit_code: u8) -> io::Result<()> {
    let Some(path) = file().filter(|_| BEGUN.load(Ordering::Relaxed)) else {
        return Ok(());
    };
    let line = Line {
        exit_code: Some(exit_code),
        ..of("end")
    };
    append(&path, &line)
}

/// Has the first change that a script under Apache's name sends noted.
pub(crate) fn watch_script() {
    if file().is_some() {
        client::tell_of_changes_to(|_| begin(None).map_err(|error| error.message));
    }
}

fn file() -> Option<PathBuf> {
    std::env::var_os(VARIABLE)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

fn of(event: &'static str) -> Line<'static> {
    let uid = rustix::process::getuid().as_raw();
    Line {
        schema: format!("kfleet/{SCHEMA}"),
        time: Timestamp::now().to_string(),
        event,
        pid: std::process::id(),
        uid,
        user: std::fs::read_to_string("/etc/passwd")
            .ok()
            .and_then(|users| name_of(&users, uid)),
        sudo_user: std::env::var("SUDO_USER").ok(),
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        arguments: shown(std::env::args_os().map(|word| word.to_string_lossy().into_owned())),
        cluster_id: CLUSTER_ID.get().map(String::as_str),
        plan: None,
        exit_code: None,
    }
}

fn name_of(users: &str, uid: u32) -> Option<String> {
    let found = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    });
    found.map(str::to_owned)
}

/// The words of a command line, without those that may be secrets: NAME=VALUE and the like with a name that says so, and
/// what follows a flag of such a name.
fn shown(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut is_secret = false;
    words
        .map(|word| {
            let lower = word.to_ascii_lowercase();
            let is_told_to_be = SECRET_WORDS.iter().any(|secret| lower.contains(secret));
            let has_value = lower.contains(['=', ':']);
            let is_flag = lower.starts_with('-') && !has_value;
            let follows = std::mem::replace(
                &mut is_secret,
                is_told_to_be && is_flag && !HARMLESS_ENDS.iter().any(|end| lower.ends_with(end)),
            );
            if follows || (is_told_to_be && has_value) {
                HIDDEN.to_owned()
            } else {
                word
            }
        })
        .collect()
}

/// In one write, so that lines of several processes do not mix, and on the disk before anything else happens.
fn append(path: &PathBuf, line: &Line<'_>) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    let mut file = OpenOptions::new().create(true).append(true).mode(0o640).open(path)?;
    file.write_all(&text)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_have_names_and_secrets_are_not_written() {
        let users = "root:x:0:0::/root:/bin/sh\nops:x:1000:1000:::\nbroken\n";
        assert_eq!(name_of(users, 1000).as_deref(), Some("ops"));
        assert_eq!(name_of(users, 7), None);
        for word in [
            "SCRAM-SHA-512=[password=x]",
            "--add-config=ssl.keystore.key=x",
            "sasl.jaas.config=x",
            "{\"password\": \"x\"}",
            "--password=x",
        ] {
            assert_eq!(line(word), "[hidden]");
        }
        for harmless in [
            "--password-file - orders --yes retention.ms=1",
            "tokens renew AbC --yes",
            "acls create --delegation-token AbC --topic tokens",
        ] {
            assert_eq!(line(harmless), harmless);
        }
    }

    #[test]
    fn what_follows_the_flag_of_a_secret_is_not_written() {
        for (words, expected) in [
            ("--password x --yes", "--password [hidden] --yes"),
            ("users --user-secret --x y", "users --user-secret [hidden] y"),
            ("--sasl.jaas.config x", "--sasl.jaas.config [hidden]"),
            ("-password x", "-password [hidden]"),
            ("--token --password x", "--token [hidden] [hidden]"),
            ("--topic t --hmac", "--topic t --hmac"),
        ] {
            assert_eq!(line(words), expected);
        }
    }

    fn line(words: &str) -> String {
        let is_json = words.starts_with('{');
        let words: Vec<String> = if is_json {
            vec![words.to_owned()]
        } else {
            words.split(' ').map(str::to_owned).collect()
        };
        shown(words.into_iter()).join(" ")
    }
}
