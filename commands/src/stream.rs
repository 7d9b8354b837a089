//! Results that are printed as they are found, however many: nothing is kept but the line at hand.

use std::fmt::{Display, Write as _};
use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write as _};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::color;
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

    /// Writes its cells, where there are so many elements that a string for each of them takes too long.
    fn write(&self, wide: bool, line: &mut CellLine) {
        for cell in self.cells(wide) {
            line.cell(cell);
        }
    }
}

/// Cells of one line, each as wide as its column.
#[derive(Debug, Default)]
pub(crate) struct CellLine {
    text: String,
    columns: &'static [Column],
    at: usize,
    /// A second since 1970, and what its time starts with.
    second: Option<(i64, String)>,
}

impl CellLine {
    fn start(&mut self, columns: &'static [Column]) {
        self.text.clear();
        (self.columns, self.at) = (columns, 0);
    }

    /// The next cell.
    pub(crate) fn cell(&mut self, cell: impl Display) {
        let start = self.open();
        // A string takes all there is.
        let _always = write!(self.text, "{cell}");
        self.close(start);
    }

    /// A number, which is faster than as anything that can be shown.
    pub(crate) fn number(&mut self, number: i64) {
        let start = self.open();
        let (mut digits, mut at, mut left) = ([0u8; 20], 20, number.unsigned_abs());
        loop {
            at -= 1;
            if let Some(digit) = digits.get_mut(at) {
                *digit = b'0' + (left % 10) as u8;
            }
            left /= 10;
            if left == 0 {
                break;
            }
        }
        if number < 0 {
            self.text.push('-');
        }
        let digits = digits.get(at..).unwrap_or_default();
        self.text.push_str(std::str::from_utf8(digits).unwrap_or_default());
        self.close(start);
    }

    /// A time in milliseconds since 1970; a dash if there is none.
    pub(crate) fn time(&mut self, timestamp_ms: i64) {
        let start = self.open();
        let second = timestamp_ms.div_euclid(1000);
        if self.second.as_ref().is_none_or(|(known, _)| *known != second) {
            // Times of neighbours are alike.
            self.second = Timestamp::from_second(second).ok().map(|time| {
                let text = time.to_string();
                (second, text.trim_end_matches('Z').to_owned())
            });
        }
        match &self.second {
            _ if timestamp_ms < 0 => self.text.push('-'),
            Some((_, text)) => {
                let millis = timestamp_ms.rem_euclid(1000);
                self.text.push_str(text);
                self.text.push('.');
                for digit in [millis / 100, millis / 10 % 10, millis % 10] {
                    self.text.push(char::from(b'0' + digit as u8));
                }
                self.text.push('Z');
            }
            None => {
                let _always = write!(self.text, "{timestamp_ms}");
            }
        }
        self.close(start);
    }

    fn open(&mut self) -> usize {
        if self.at > 0 {
            self.text.push_str("  ");
        }
        self.text.len()
    }

    fn close(&mut self, start: usize) {
        let width = self.columns.get(self.at).map_or(0, |(_, width)| *width);
        let cell = self.text.get(start..).unwrap_or_default();
        let missing = width.saturating_sub(if cell.is_ascii() {
            cell.len()
        } else {
            cell.chars().count()
        });
        self.text.extend(std::iter::repeat_n(' ', missing));
        self.at += 1;
    }
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
    line: CellLine,
}

impl Stream {
    /// Starts a result of these elements.
    pub(crate) fn start<T: Streamed>(out: &Output) -> Result<Self, CommandError> {
        let mut stream = Self {
            out: out.clone(),
            schema: format!("kfleet/{}", T::SCHEMA),
            stdout: BufWriter::with_capacity(64 << 10, io::stdout().lock()),
            terminal: io::stdout().is_terminal(),
            elements: 0,
            headed: Vec::new(),
            line: CellLine::default(),
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
            self.line.start(columns);
            for (name, _) in columns {
                self.line.cell(name);
            }
            self.print_head()?;
        }
        self.line.start(columns);
        element.write(wide, &mut self.line);
        self.print_line()
    }

    fn print_head(&mut self) -> Result<(), CommandError> {
        if self.out.color.is_on(self.terminal) {
            let head = color::head(self.line.text.trim_end());
            writeln!(self.stdout, "{head}")?;
            return Ok(());
        }
        self.print_line()
    }

    fn print_line(&mut self) -> Result<(), CommandError> {
        let shown = self.line.text.trim_end();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_what_others_make_of_them() {
        let mut line = CellLine::default();
        for number in [0, 7, -1, 10, i64::MAX, i64::MIN] {
            line.start(&[]);
            line.number(number);
            assert_eq!(line.text, number.to_string());
        }
        for ms in [0, 999, 1_764_253_800_007, 1_764_253_800_120, 4_102_444_799_999] {
            line.start(&[]);
            line.time(ms);
            let time = Timestamp::from_millisecond(ms).unwrap();
            assert_eq!(line.text, format!("{time:.3}"));
        }
        for (ms, text) in [(-1, "-"), (i64::MAX, "9223372036854775807")] {
            line.start(&[]);
            line.time(ms);
            assert_eq!(line.text, text);
        }
    }

    #[test]
    fn cells_are_as_wide_as_their_columns() {
        let mut line = CellLine::default();
        line.start(&[("A", 4), ("B", 3), ("C", 0)]);
        line.cell("\u{e9}");
        line.cell("long one");
        line.number(5);
        assert_eq!(line.text, "\u{e9}     long one  5");
    }
}
