//! What goes to stdout, and only that: tables for people, JSON with a promise for scripts.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table as Rendered, presets};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use crate::color::{self, Color};
use crate::error::CommandError;
use crate::failure::{self, Failure};
use crate::watch::Frame;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Columns for people.
    Table,
    /// More columns.
    Wide,
    /// One document.
    Json,
    /// One document a line for each element.
    Ndjson,
}

/// Columns and rows.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Names of the columns.
    pub headers: Vec<&'static str>,
    /// Cells.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Within a longer text: without colour, and without the end of its last line.
    pub(crate) fn plain(self) -> String {
        let plain = Output {
            format: Format::Table,
            no_headers: false,
            quiet: false,
            color: Color::Never,
            frame: None,
        };
        plain.text_of(self).trim_end().to_owned()
    }
}

/// What a command prints.
pub trait Shown: Serialize + JsonSchema {
    /// Name and version of its JSON, without `kfleet/`.
    const SCHEMA: &'static str;

    /// As columns and rows.
    fn table(&self, wide: bool) -> Table;

    /// As the text that people know it by, where that is no table.
    fn text(&self) -> Option<String> {
        None
    }
}

/// All that a command prints as JSON. It is written as it is: a tree of it would take ten times its memory.
#[derive(Serialize)]
struct Document<'a, T> {
    schema: String,
    cluster_id: Option<&'a str>,
    data: &'a T,
    warnings: &'a [String],
    #[serde(skip_serializing_if = "<[Failure]>::is_empty")]
    errors: &'a [Failure],
}

/// An element of it, with a line of its own.
#[derive(Serialize)]
struct Line<'a> {
    schema: &'a str,
    cluster_id: Option<&'a str>,
    data: &'a RawValue,
}

/// Where results go.
#[derive(Debug, Clone)]
pub struct Output {
    /// How they are printed.
    pub format: Format,
    /// Leave out the names of the columns.
    pub no_headers: bool,
    /// Say nothing that is not a result.
    pub quiet: bool,
    /// When there is colour.
    pub color: Color,
    /// What is kept for a screen instead, while somebody watches.
    pub(crate) frame: Option<Arc<Frame>>,
}

impl Output {
    /// Prints a result.
    pub fn show<T: Shown>(&self, cluster_id: Option<&str>, data: &T, warnings: &[String]) -> Result<(), CommandError> {
        self.show_what_succeeded(cluster_id, data, warnings, &[])
    }

    /// Prints what succeeded and what did not: in one document, if it is to be JSON. The error has the exit code and
    /// nothing more to say.
    pub fn show_part<T: Shown>(
        &self,
        cluster_id: Option<&str>,
        data: &T,
        warnings: &[String],
        failures: &[Failure],
    ) -> Result<(), CommandError> {
        self.show_what_succeeded(cluster_id, data, warnings, failures)?;
        failure::code_of(failures).map_or(Ok(()), |code| Err(CommandError::exit(code)))
    }

    fn show_what_succeeded<T: Shown>(
        &self,
        cluster_id: Option<&str>,
        data: &T,
        warnings: &[String],
        failures: &[Failure],
    ) -> Result<(), CommandError> {
        if self.format != Format::Json {
            // A document a line has no place for what is said of all of them, and neither have columns.
            for warning in warnings {
                self.note(&format!("warning: {warning}"));
            }
        }
        match self.format {
            Format::Table | Format::Wide => {
                let text = data.text();
                let text = text.unwrap_or_else(|| self.render(data.table(self.format == Format::Wide)));
                self.print_with(&text, failures)
            }
            Format::Json => self.print(&Self::document(cluster_id, data, warnings, failures)?),
            Format::Ndjson => {
                let data = serde_json::to_string(data).map_err(|error| bug(&error))?;
                self.print_lines(T::SCHEMA, cluster_id, &data, failures)
            }
        }
    }

    fn print_with(&self, text: &str, failures: &[Failure]) -> Result<(), CommandError> {
        self.print(text)?;
        let loud = self.loud();
        for failure in failures {
            failure.lines().for_each(|line| loud.note(&line));
        }
        Ok(())
    }

    /// Each element of JSON data as a line.
    fn print_lines(
        &self,
        schema: &str,
        cluster_id: Option<&str>,
        data: &str,
        failures: &[Failure],
    ) -> Result<(), CommandError> {
        let schema = format!("kfleet/{schema}");
        let elements = serde_json::from_str::<Vec<&RawValue>>(data);
        let elements = elements.or_else(|_| serde_json::from_str(data).map(|whole| vec![whole]));
        let mut out = String::new();
        for data in elements.map_err(|error| bug(&error))? {
            let line = Line {
                schema: &schema,
                cluster_id,
                data,
            };
            out.push_str(&serde_json::to_string(&line).map_err(|error| bug(&error))?);
            out.push('\n');
        }
        for failure in failures {
            let document = json!({ "schema": "kfleet/error/1", "cluster_id": cluster_id, "error": failure });
            out.push_str(&format!("{document}\n"));
        }
        self.print(&out)
    }

    /// The one document that JSON is.
    pub(crate) fn document<T: Shown>(
        cluster_id: Option<&str>,
        data: &T,
        warnings: &[String],
        failures: &[Failure],
    ) -> Result<String, CommandError> {
        let document = Document {
            schema: format!("kfleet/{}", T::SCHEMA),
            cluster_id,
            data,
            warnings,
            errors: failures,
        };
        let mut text = serde_json::to_string_pretty(&document).map_err(|error| bug(&error))?;
        text.push('\n');
        Ok(text)
    }

    /// The same for what has to be said.
    pub(crate) fn loud(&self) -> Self {
        Self {
            quiet: false,
            ..self.clone()
        }
    }

    /// Whether results are for programs.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self.format, Format::Json | Format::Ndjson)
    }

    /// Columns and rows as text.
    pub(crate) fn text_of(&self, table: Table) -> String {
        self.render(table)
    }

    fn render(&self, table: Table) -> String {
        let terminal = io::stdout().is_terminal();
        let mut rendered = Rendered::new();
        rendered.load_style(presets::NOTHING);
        rendered.set_content_arrangement(ContentArrangement::Disabled);
        if !self.no_headers && !table.headers.is_empty() {
            rendered.set_header(table.headers);
        }
        for row in table.rows {
            let cells = row
                .into_iter()
                .map(|cell| if terminal { printable(&cell) } else { cell });
            rendered.add_row(cells.collect::<Vec<_>>());
        }
        let mut out = String::new();
        let has_head = rendered.header().is_some() && self.color.is_on(terminal);
        for (at, line) in rendered.lines().enumerate() {
            match line.trim() {
                head if at == 0 && has_head => out.push_str(&color::head(head)),
                line => out.push_str(line),
            }
            out.push('\n');
        }
        if rendered.is_empty() && rendered.header().is_none() {
            String::new()
        } else {
            out
        }
    }

    /// Prints text as it is.
    pub fn print(&self, text: &str) -> Result<(), CommandError> {
        self.write(text.as_bytes())
    }

    /// Prints bytes as they are.
    pub fn write(&self, bytes: &[u8]) -> Result<(), CommandError> {
        if let Some(frame) = &self.frame {
            frame.write(bytes);
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        Ok(stdout.flush()?)
    }

    /// Says something to people, on stderr.
    pub fn note(&self, text: &str) {
        if self.quiet {
            return;
        }
        if let Some(frame) = &self.frame {
            frame.note(text);
            return;
        }
        let stderr = io::stderr();
        let line = if self.color.is_on(stderr.is_terminal()) {
            Cow::Owned(color::labelled(text))
        } else {
            Cow::Borrowed(text)
        };
        // There is nobody left to tell if stderr is closed.
        let _closed = writeln!(stderr.lock(), "{line}");
    }
}

fn bug(error: &serde_json::Error) -> CommandError {
    CommandError::bug(error.to_string())
}

/// Names in a cluster are untrusted text: on a terminal, control characters are shown and not obeyed.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c })
        .collect()
}
