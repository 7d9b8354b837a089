//! The log of changes, if `KFLEET_AUDIT_LOG` names a file: a line before the first change of a command, with who makes it
//! and what it is, and one at its end, with how it came out. Lines are only ever appended.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde::Serialize;

use crate::error::CommandError;

/// The file.
const VARIABLE: &str = "KFLEET_AUDIT_LOG";
/// Arguments in which one of these stands may hold a secret, and are not written.
const SECRET_WORDS: [&str; 6] = ["password", "secret", "jaas", "token", "hmac", ".key="];

/// Whether the first line of this process has been written.
static BEGUN: AtomicBool = AtomicBool::new(false);

/// The cluster that the command is about, once it is known.
static CLUSTER_ID: OnceLock<String> = OnceLock::new();

/// A line.
#[derive(Serialize)]
struct Line<'a> {
    schema: &'static str,
    time: String,
    event: &'static str,
    pid: u32,
    uid: u32,
    user: Option<String>,
    /// Who became that user by sudo.
    sudo_user: Option<String>,
    host: String,
    arguments: Vec<String>,
    cluster_id: Option<&'a str>,
    /// What was shown to whoever was asked.
    plan: Option<&'a str>,
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
        schema: "kfleet/audit/1",
        time: Timestamp::now().to_string(),
        event,
        pid: std::process::id(),
        uid,
        user: std::fs::read_to_string("/etc/passwd")
            .ok()
            .and_then(|users| name_of(&users, uid)),
        sudo_user: std::env::var("SUDO_USER").ok(),
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        arguments: std::env::args_os().map(|word| shown(&word.to_string_lossy())).collect(),
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

fn shown(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    // The name of a flag is no secret.
    let may_be_secret = !lower.starts_with("--") || lower.contains('=');
    if may_be_secret && SECRET_WORDS.iter().any(|secret| lower.contains(secret)) {
        "[hidden]".to_owned()
    } else {
        word.to_owned()
    }
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
        ] {
            assert_eq!(shown(word), "[hidden]");
        }
        for word in ["--password-file", "orders", "--yes", "retention.ms=1"] {
            assert_eq!(shown(word), word);
        }
    }
}
