//! Tells the program which commit it is built from: `KFLEET_COMMIT` if that is set, or what git says of this directory.
//! Sources that are no working tree of their own have none.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;

const COMMIT: &str = "KFLEET_COMMIT";
/// Characters of a hash: as many as tell commits apart.
const LENGTH: &str = "--short=12";

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Sources may have been unpacked within a repository of somebody else.
fn is_own_repository() -> bool {
    let top = git(&["rev-parse", "--show-toplevel"]);
    top.is_some_and(|top| Path::new(&top).canonicalize().ok() == Path::new(".").canonicalize().ok())
}

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "cargo::rerun-if-changed=build.rs")?;
    writeln!(out, "cargo::rerun-if-env-changed={COMMIT}")?;
    let given = std::env::var(COMMIT).ok().filter(|given| !given.is_empty());
    let commit = given.or_else(|| {
        if !is_own_repository() {
            return None;
        }
        // It has a line for each commit and checkout.
        let log = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| Path::new(log).exists());
        if let Some(log) = log {
            writeln!(out, "cargo::rerun-if-changed={log}").ok()?;
        }
        git(&["rev-parse", LENGTH, "HEAD"])
    });
    if let Some(commit) = commit {
        writeln!(out, "cargo::rustc-env={COMMIT}={commit}")?;
    }
    Ok(())
}
