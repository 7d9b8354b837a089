//! Results that are printed as they are found, however many: nothing is kept but the line at hand.

use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write as _};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::error::CommandError;
use crate::output::{Format, Output, printable};

/// A column: its name and the least width of its cells.
pub(crate) type Column = (&'static str, usize);

/// An element of a result that is printed as it is found.
pub(crate) trait Streamed: Serialize + JsonSchema {
    /// Name and version of the JSON, without `kfleet/`.
    const SCHEMA: &'static str;

    /// The columns of its kind; none for a line of its own.
    fn columns(&self, wide: bool) -> &'static [Column];

    /// Its cells, one for each column.
    fn cells(&self, wide: bool) -> Vec<String>;
}

/// An element as a line of newline-delimited JSON.
#[derive(Serialize)]
struct Line<'a, T> {
    schema: &'a str,
    cluster_id: Option<&'a str>,
    data: &'a T,
}

/// Prints elements one after the other.
#[derive(Debug)]
pub(crate) struct Stream {
    out: Output,
    schema: String,
    stdout: BufWriter<StdoutLock<'static>>,
    terminal: bool,
    elements: u64,
    /// The kinds whose names of columns were printed.
    headed: Vec<&'static [Column]>,
    /// The line at hand.
    line: String,
}

impl Stream {
    /// Starts a result of these elements.
    pub(crate) fn start<T: Streamed>(out: &Output) -> Result<Self, CommandError> {
        let mut stream = Self {
            out: *out,
            schema: format!("kfleet/{}", T::SCHEMA),
            stdout: BufWriter::with_capacity(64 << 10, io::stdout().lock()),
            terminal: io::stdout().is_terminal(),
            elements: 0,
            headed: Vec::new(),
            line: String::new(),
        };
        if out.format == Format::Json {
            let schema = json!(stream.schema);
            write!(
                stream.stdout,
                "{{\n  \"schema\": {schema},\n  \"cluster_id\": null,\n  \"data\": ["
            )?;
        }
        Ok(stream)
    }

    /// Prints an element.
    pub(crate) fn push<T: Streamed>(&mut self, element: &T) -> Result<(), CommandError> {
        match self.out.format {
            Format::Table => self.row(element, false)?,
            Format::Wide => self.row(element, true)?,
            Format::Json => {
                let separator = if self.elements == 0 { "\n    " } else { ",\n    " };
                self.stdout.write_all(separator.as_bytes())?;
                self.json(element)?;
            }
            Format::Ndjson => {
                let schema = std::mem::take(&mut self.schema);
                let line = Line {
                    schema: &schema,
                    cluster_id: None,
                    data: element,
                };
                self.json(&line)?;
                self.stdout.write_all(b"\n")?;
                self.schema = schema;
            }
        }
        self.elements += 1;
        Ok(())
    }

    fn json(&mut self, value: &impl Serialize) -> Result<(), CommandError> {
        serde_json::to_writer(&mut self.stdout, value).map_err(|error| {
            if error.is_io() {
                CommandError::from(io::Error::from(error))
            } else {
                CommandError::bug(error.to_string())
            }
        })
    }

    fn row(&mut self, element: &impl Streamed, wide: bool) -> Result<(), CommandError> {
        let columns = element.columns(wide);
        if !columns.is_empty() && !self.out.no_headers && !self.headed.contains(&columns) {
            self.headed.push(columns);
            let names = columns.iter().map(|(name, _)| *name);
            self.print_line(columns, names)?;
        }
        let cells = element.cells(wide);
        self.print_line(columns, cells.iter().map(String::as_str))
    }

    fn print_line<'a>(&mut self, columns: &[Column], cells: impl Iterator<Item = &'a str>) -> Result<(), CommandError> {
        self.line.clear();
        for (at, cell) in cells.enumerate() {
            let width = columns.get(at).map_or(0, |(_, width)| *width);
            if at > 0 {
                self.line.push_str("  ");
            }
            self.line.push_str(cell);
            let missing = width.saturating_sub(if cell.is_ascii() {
                cell.len()
            } else {
                cell.chars().count()
            });
            self.line.extend(std::iter::repeat_n(' ', missing));
        }
        let shown = self.line.trim_end();
        if self.terminal {
            writeln!(self.stdout, "{}", printable(shown))?;
        } else {
            self.stdout.write_all(shown.as_bytes())?;
            self.stdout.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Starts a part under a heading, which only tables have.
    pub(crate) fn heading(&mut self, text: &str) -> Result<(), CommandError> {
        if matches!(self.out.format, Format::Table | Format::Wide) {
            let gap = if self.elements == 0 { "" } else { "\n" };
            self.headed.clear();
            writeln!(self.stdout, "{gap}{text}")?;
        }
        Ok(())
    }

    /// Ends the result.
    pub(crate) fn finish(mut self, warnings: &[String]) -> Result<(), CommandError> {
        if self.out.format == Format::Json {
            let close = if self.elements == 0 { "]" } else { "\n  ]" };
            let warnings = json!(warnings);
            writeln!(self.stdout, "{close},\n  \"warnings\": {warnings}\n}}")?;
        }
        self.stdout.flush()?;
        if self.out.format != Format::Json {
            for warning in warnings {
                self.out.note(&format!("warning: {warning}"));
            }
        }
        Ok(())
    }
}
