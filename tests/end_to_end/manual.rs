//! The manual pages: groff and mandoc have nothing to complain of.

use std::path::{Path, PathBuf};
use std::process::Command;

fn pages() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let mut pages: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    pages.sort();
    assert!(pages.len() > 100, "{}", pages.len());
    pages
}

/// What a linter says of all pages; none if it is not here, which .ci/run does not allow.
fn said(program: &str, args: &[&str]) -> Option<String> {
    let output = match Command::new(program).args(args).args(pages()).output() {
        Ok(output) => output,
        Err(error) => {
            let is_allowed = std::env::var_os("CI").is_none();
            assert!(is_allowed, "{program}: {error}; .ci/run installs it");
            say!("{program} is not here; .ci/run installs it");
            return None;
        }
    };
    Some(
        [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .concat(),
    )
}

/// As `man --warnings` calls it, with all warnings there are.
#[test]
fn groff_has_no_warnings() {
    let complaints = said("groff", &["-t", "-man", "-Tutf8", "-ww", "-z"]).unwrap_or_default();
    assert_eq!(complaints, "");
}

#[test]
fn mandoc_has_no_warnings() {
    let complaints = said("mandoc", &["-T", "lint"]).unwrap_or_default();
    assert_eq!(complaints, "");
}
