//! Which commit a build says it is of, wherever its sources are: in a repository, unpacked from an archive, or within a
//! repository of somebody else.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Ran;

/// The build script, alone.
fn script(dir: &Path) -> PathBuf {
    let program = dir.join("build-script");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("build.rs");
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let ran = rustc
        .args(["--edition", "2024", "-o"])
        .arg(&program)
        .arg(source)
        .output();
    Ran::of(&ran.unwrap()).exits(0);
    program
}

/// What it has the program say.
fn commit(script: &Path, sources: &Path, given: Option<&str>) -> Option<String> {
    let mut command = Command::new(script);
    // Git must not look above the test's own directory for the repository of whoever runs it.
    command
        .current_dir(sources)
        .env("GIT_CEILING_DIRECTORIES", script.parent().unwrap());
    match given {
        Some(given) => command.env("KFLEET_COMMIT", given),
        None => command.env_remove("KFLEET_COMMIT"),
    };
    let ran = Ran::of(&command.output().unwrap()).exits(0);
    let line = ran
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("cargo::rustc-env=KFLEET_COMMIT="));
    line.map(str::to_owned)
}

fn git(dir: &Path, args: &[&str]) -> String {
    let own = [
        "-c",
        "user.name=test",
        "-c",
        "user.email=test@example.com",
        "-c",
        "commit.gpgsign=false",
    ];
    let output = Command::new("git").args(own).args(args).current_dir(dir).output();
    Ran::of(&output.unwrap()).exits(0).stdout.trim().to_owned()
}

#[test]
fn a_commit_is_told_only_of_sources_that_are_a_repository() {
    let dir = tempfile::tempdir().unwrap();
    let script = script(dir.path());
    let outer = dir.path().join("outer");
    let sources = outer.join("kfleet-0.1.0");
    std::fs::create_dir_all(&sources).unwrap();
    assert_eq!(commit(&script, &sources, None), None, "unpacked from an archive");
    assert_eq!(commit(&script, &sources, Some("0123abc")).as_deref(), Some("0123abc"));
    if Command::new("git").arg("--version").output().is_err() {
        say!("git is not here");
        return;
    }
    git(&outer, &["init", "-q"]);
    git(&outer, &["commit", "-q", "--allow-empty", "-m", "theirs"]);
    assert_eq!(commit(&script, &sources, None), None, "of somebody else's repository");
    git(&sources, &["init", "-q"]);
    git(&sources, &["commit", "-q", "--allow-empty", "-m", "ours"]);
    let head = git(&sources, &["rev-parse", "--short=12", "HEAD"]);
    assert_eq!(commit(&script, &sources, None), Some(head));
}
