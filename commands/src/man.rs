//! man

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;

use crate::context::Context;
use crate::error::CommandError;

/// The day that pages are of, by hand: they are the same whenever they are written.
const DATE: &str = "2026-11-27";

/// Longest line of text.
const LINE_MAX_BYTES: usize = 80;

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
    pages.push((format!("{name}.1"), page(command, name)?.into_bytes()));
    for inner in command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
    {
        collect(inner, &format!("{name}-{}", inner.get_name()), pages)?;
    }
    Ok(())
}

fn page(command: &clap::Command, name: &str) -> Result<String, CommandError> {
    let named = command.clone().name(name.to_owned()).display_name(name.to_owned());
    let man = clap_mangen::Man::new(named);
    let mut page = Vec::new();
    if name == "kfleet-host" {
        // Its first line has man run tbl.
        page.extend(b"'\\\" t\n");
    }
    let title = escaped(&name.to_uppercase());
    let version = env!("CARGO_PKG_VERSION");
    writeln!(page, ".TH {title} 1 {DATE} \"kfleet {version}\" \"kfleet manual\"")?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    for paragraph in crate::help::description(command)
        .iter()
        .flat_map(|text| text.split("\n\n"))
    {
        writeln!(page, ".PP\n{}", escaped(paragraph))?;
    }
    man.render_options_section(&mut page)?;
    if command.get_subcommands().any(|inner| !inner.is_hide_set()) {
        man.render_subcommands_section(&mut page)?;
    }
    let mut page = tidied(&String::from_utf8_lossy(&page));
    if let Some(notes) = command.get_after_help() {
        page.push_str(&section("NOTES", &notes.to_string()));
    }
    if let Some(examples) = command.get_before_help() {
        let examples = examples.to_string();
        let lines = examples.split_once('\n').map_or("", |(_, lines)| lines);
        page.push_str(&section("EXAMPLES", lines));
    }
    if name == "kfleet-host" {
        page.push_str(&crate::host::manual());
    }
    Ok(wrapped(&page))
}

/// What clap_mangen writes, without what the linters of groff and mandoc complain of.
fn tidied(page: &str) -> String {
    let mut tidied = String::with_capacity(page.len());
    // Each part starts with the same definitions of an apostrophe.
    let is_definition = |line: &&str| line.starts_with(".ie \\n(.g .ds Aq") || line.starts_with(".el .ds Aq");
    for line in page.lines().filter(|line| !is_definition(line)) {
        let line = line.trim_end().replace("\\*(Aq", "\\(aq");
        match line.as_str() {
            "" => {}
            // Choices have no spaces to make lines even with.
            ".SH SYNOPSIS" => tidied.push_str(".SH SYNOPSIS\n.ad l\n"),
            ".SH DESCRIPTION" => tidied.push_str(".ad\n.SH DESCRIPTION\n"),
            // An empty line between two breaks.
            ".br" if tidied.ends_with(".br\n") => {
                tidied.truncate(tidied.len() - ".br\n".len());
                tidied.push_str(".sp\n");
            }
            line => {
                tidied.push_str(line);
                tidied.push('\n');
            }
        }
    }
    tidied
}

/// The same page with text in lines that are not long. Examples, tables and what a paragraph hangs on stay as they are.
fn wrapped(page: &str) -> String {
    let mut wrapped = String::with_capacity(page.len());
    let (mut is_literal, mut is_tag) = (false, false);
    for line in page.lines() {
        let is_request = line.starts_with(['.', '\'']);
        match line {
            ".nf" | ".TS" => is_literal = true,
            ".fi" | ".TE" => is_literal = false,
            _ => {}
        }
        if is_request || is_literal || is_tag {
            wrapped.push_str(line);
            wrapped.push('\n');
        } else {
            push_wrapped(line, &mut wrapped);
        }
        is_tag = line == ".TP";
    }
    wrapped
}

fn push_wrapped(line: &str, wrapped: &mut String) {
    let mut width = 0;
    for word in line.split(' ') {
        let word = if word.len() > LINE_MAX_BYTES {
            // Choices, which may be parted.
            &word.replace('|', "|\\:")
        } else {
            word
        };
        if width > 0 && width + 1 + word.len() > LINE_MAX_BYTES {
            wrapped.push('\n');
            width = 0;
            if word.starts_with(['.', '\'']) {
                // Not a request.
                wrapped.push_str("\\&");
            }
        } else if width > 0 {
            wrapped.push(' ');
            width += 1;
        }
        wrapped.push_str(word);
        width += word.len();
    }
    wrapped.push('\n');
}

/// A section of text: lines that are indented stay as they are, and the others are filled.
fn section(title: &str, text: &str) -> String {
    let mut section = format!(".SH {title}\n");
    let (mut is_filled, mut is_first) = (true, true);
    for line in text.lines() {
        let is_literal = line.starts_with(' ');
        if is_filled && is_literal {
            section.push_str(".nf\n");
        } else if !is_filled && !is_literal {
            section.push_str(".fi\n");
        }
        is_filled = !is_literal;
        if line.is_empty() {
            if !is_first {
                section.push_str(".PP\n");
            }
        } else {
            section.push_str(&escaped(line));
            section.push('\n');
        }
        is_first = false;
    }
    if !is_filled {
        section.push_str(".fi\n");
    }
    section
}

/// A line of text that is nothing but text.
fn escaped(line: &str) -> String {
    let escaped = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    if escaped.starts_with('.') {
        format!("\\&{escaped}")
    } else {
        escaped
    }
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

    #[test]
    fn text_is_wrapped_and_nothing_else() {
        let long = "word ".repeat(30).trim_end().to_owned();
        let page = format!(".TP\n{long}\n{long} .x\n.nf\n{long}\n.fi\n");
        let wrapped = wrapped(&page);
        let lines: Vec<&str> = wrapped.lines().collect();
        assert_eq!((lines[1], lines[lines.len() - 2]), (long.as_str(), long.as_str()));
        assert!(
            lines[2..lines.len() - 3]
                .iter()
                .all(|line| line.len() <= LINE_MAX_BYTES),
            "{wrapped}"
        );
        assert_eq!(
            wrapped.replace("\\&", "").replace('\n', " ").trim(),
            page.replace('\n', " ").trim()
        );
        let mut dots = String::new();
        push_wrapped(&format!("{} .dots", "x".repeat(78)), &mut dots);
        assert!(dots.ends_with("\n\\&.dots\n"), "{dots}");
    }

    #[test]
    fn sections_keep_lines_that_are_indented() {
        let text = "What it is:\n  a  b\n  'c' -d\n\n.dots\n\nEnd.";
        let expected = ".SH NOTES\nWhat it is:\n.nf\n  a  b\n  \\(aqc\\(aq \\-d\n.fi\n.PP\n\\&.dots\n.PP\nEnd.\n";
        assert_eq!(section("NOTES", text), expected);
        assert_eq!(section("EXAMPLES", "  kfleet"), ".SH EXAMPLES\n.nf\n  kfleet\n.fi\n");
    }
}
