//! man

use std::path::PathBuf;

use clap::Args;

use crate::context::Context;
use crate::error::CommandError;

/// Write the manual pages, one for each command, into a directory.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet man /usr/local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Where to
    dir: PathBuf,
}

pub(crate) fn run(args: &ManArgs, _: &Context) -> Result<(), CommandError> {
    std::fs::create_dir_all(&args.dir)?;
    for (name, page) in pages()? {
        std::fs::write(args.dir.join(name), page)?;
    }
    Ok(())
}

/// File names and pages of all commands.
pub(crate) fn pages() -> Result<Vec<(String, Vec<u8>)>, CommandError> {
    let mut root = crate::definition();
    root.build();
    let mut pages = Vec::new();
    collect(&root, "kfleet", &mut pages)?;
    Ok(pages)
}

fn collect(command: &clap::Command, name: &str, pages: &mut Vec<(String, Vec<u8>)>) -> Result<(), CommandError> {
    let title = name.to_uppercase();
    let named = command.clone().name(name.to_owned()).display_name(name.to_owned());
    let mut page = Vec::new();
    clap_mangen::Man::new(named)
        .title(title)
        .section("1")
        .source(concat!("kfleet ", env!("CARGO_PKG_VERSION")))
        .manual("kfleet manual")
        .date("")
        .render(&mut page)?;
    if name == "kfleet-host" {
        // Its first line has man run tbl.
        page.splice(0..0, *b"'\\\" t\n");
        page.extend(crate::host::manual().into_bytes());
    }
    pages.push((format!("{name}.1"), page));
    for inner in command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
    {
        collect(inner, &format!("{name}-{}", inner.get_name()), pages)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_pages_are_current() {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../man");
        let pages = pages().unwrap();
        for (name, page) in &pages {
            let committed = std::fs::read(dir.join(name)).unwrap_or_default();
            assert!(committed == *page, "man/{name} is stale: run kfleet man man");
        }
        let committed = std::fs::read_dir(dir).unwrap().count();
        assert_eq!(committed, pages.len(), "man/ has pages of commands that are no more");
    }
}
