//! shims install

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::table::SHIMS;
use crate::context::{AskArgs, Context};
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// What was copied into the directory, with sizes, so that it is known again.
const LIST: &str = ".kfleet-shims";

/// Put links to this program into a directory, named as Apache's scripts. What is there and no such link stays.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet shims install /opt/kafka-shims --yes\n  kfleet shims install ~/bin --no-suffix --dry-run"
)]
pub(crate) struct InstallArgs {
    /// The directory; it is made if it is not there
    dir: PathBuf,
    /// Copies instead of links
    #[arg(long)]
    copy: bool,
    /// Names without .sh
    #[arg(long)]
    no_suffix: bool,
    #[command(flatten)]
    ask: AskArgs,
}

/// A link or copy.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InstalledShim {
    /// The script.
    name: String,
    /// The file.
    path: String,
    /// Whether it was made or renewed.
    changed: bool,
}

impl Shown for Vec<InstalledShim> {
    const SCHEMA: &'static str = "shims-install/1";

    fn table(&self, _: bool) -> Table {
        let row = |shim: &InstalledShim| {
            let state = if shim.changed { "done" } else { "unchanged" };
            vec![shim.path.clone(), state.to_owned()]
        };
        Table {
            headers: vec!["FILE", "RESULT"],
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &InstallArgs, context: &Context) -> Result<(), CommandError> {
    let program = std::env::current_exe().map_err(|error| CommandError::io("finding this program", &error))?;
    let suffix = if args.no_suffix { "" } else { ".sh" };
    let names: Vec<String> = SHIMS.iter().map(|shim| format!("{}{suffix}", shim.name)).collect();
    let copies = read_list(&args.dir.join(LIST));
    let mut strangers = Vec::new();
    let mut rows = Vec::new();
    for name in names {
        let path = args.dir.join(&name);
        let found = Found::at(&path, &program, copies.get(&name).copied());
        if found == Found::Strange {
            strangers.push(path.display().to_string());
        }
        rows.push(InstalledShim {
            path: path.display().to_string(),
            changed: args.copy || found != Found::Linked,
            name,
        });
    }
    if !strangers.is_empty() {
        return Err(CommandError::refused(format!(
            "not made by kfleet, so nothing was changed: {}",
            strangers.join(", ")
        ))
        .hint("name another directory, or move these files away"));
    }
    let count = rows.iter().filter(|row| row.changed).count();
    let what = if args.copy { "copies of" } else { "links to" };
    let plan = format!("make {count} {what} {} in {}", program.display(), args.dir.display());
    if count == 0 || !context.may_go_ahead(&args.ask, &plan)? {
        rows.iter_mut().for_each(|row| row.changed = false);
        return context.out.show(None, &rows, &[]);
    }
    let failed = |error: io::Error| CommandError::io(&format!("writing into {}", args.dir.display()), &error);
    fs::create_dir_all(&args.dir).map_err(failed)?;
    for row in rows.iter().filter(|row| row.changed) {
        put(&program, Path::new(&row.path), args.copy).map_err(failed)?;
    }
    if args.copy {
        write_list(&args.dir.join(LIST), &program, &rows).map_err(failed)?;
    }
    context.out.show(None, &rows, &[])
}

/// What there is under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    /// A link to this program.
    Linked,
    /// A link to another kfleet, or a copy.
    Ours,
    Strange,
}

impl Found {
    fn at(path: &Path, program: &Path, copied_bytes: Option<u64>) -> Self {
        let Ok(meta) = fs::symlink_metadata(path) else {
            return Self::Nothing;
        };
        if let Ok(target) = fs::read_link(path) {
            return if target == program {
                Self::Linked
            } else if target.file_name().is_some_and(|name| name == "kfleet") {
                Self::Ours
            } else {
                Self::Strange
            };
        }
        if copied_bytes == Some(meta.len()) {
            Self::Ours
        } else {
            Self::Strange
        }
    }
}

/// Puts a link or copy in the place of what is there, whole or not at all.
fn put(program: &Path, path: &Path, copy: bool) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    if fs::symlink_metadata(&new).is_ok() {
        fs::remove_file(&new)?;
    }
    if copy {
        fs::copy(program, &new)?;
    } else {
        symlink(program, &new)?;
    }
    fs::rename(&new, path)
}

/// Sizes of copies by name, a line each.
fn read_list(path: &Path) -> BTreeMap<String, u64> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let entry = |line: &str| {
        let (size, name) = line.split_once(' ')?;
        Some((name.to_owned(), size.parse().ok()?))
    };
    text.lines().filter_map(entry).collect()
}

fn write_list(path: &Path, program: &Path, rows: &[InstalledShim]) -> io::Result<()> {
    let mut copies = read_list(path);
    let size = fs::metadata(program)?.len();
    copies.extend(rows.iter().map(|row| (row.name.clone(), size)));
    let mut file = fs::File::create(path)?;
    for (name, size) in copies {
        writeln!(file, "{size} {name}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_kfleet_made_is_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kafka-topics.sh");
        let program = dir.path().join("kfleet");
        fs::write(&program, "program").unwrap();
        let found = |size| Found::at(&path, &program, size);
        assert_eq!(found(None), Found::Nothing);
        put(&program, &path, false).unwrap();
        assert_eq!(found(None), Found::Linked);
        fs::remove_file(&path).unwrap();
        symlink("/elsewhere/kfleet", &path).unwrap();
        assert_eq!(found(None), Found::Ours);
        fs::remove_file(&path).unwrap();
        symlink("/opt/kafka/bin/kafka-topics.sh", &path).unwrap();
        assert_eq!(found(None), Found::Strange);
        put(&program, &path, true).unwrap();
        assert_eq!(
            (found(Some(7)), found(None), found(Some(8))),
            (Found::Ours, Found::Strange, Found::Strange)
        );
        put(&program, &path, false).unwrap();
        assert_eq!(found(None), Found::Linked, "a copy makes room for a link");
    }
}
