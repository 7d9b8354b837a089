//! --watch: a command again and again, where a person waits for something to change.

use std::io::{self, IsTerminal as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use planner::counted::counted;
use tokio::signal::unix::{SignalKind, signal};

use crate::context::{Context, parse_duration};
use crate::error::CommandError;
use crate::exit_codes;
use crate::output::{Format, Output};

/// The least and the most time between two runs.
const EVERY: std::ops::RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(86_400);

/// What Ctrl-C makes of a command that has not run once.
const INTERRUPTED: u8 = 130;

/// The flag of commands that only look.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct WatchArgs {
    /// Again every so many seconds, 2 if it is not said, until Ctrl-C; with --output json a document a line each time
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "2",
        value_parser = every
    )]
    watch: Option<Duration>,
}

/// Seconds, or a duration with its unit.
fn every(text: &str) -> Result<Duration, String> {
    let seconds = text
        .parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let every = seconds.map_or_else(|| parse_duration(text), Ok)?;
    if EVERY.contains(&every) {
        Ok(every)
    } else {
        Err(format!("\"{text}\" is not between 0.1 seconds and a day"))
    }
}

/// What one run has to print, for a screen to show it at once.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    data: Mutex<Vec<u8>>,
    notes: Mutex<Vec<String>>,
}

impl Frame {
    /// Keeps what would go to stdout.
    pub(crate) fn write(&self, bytes: &[u8]) {
        self.data.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
    }

    /// Keeps what would be said on stderr.
    pub(crate) fn note(&self, line: &str) {
        self.notes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line.to_owned());
    }

    fn data(&self) -> Vec<u8> {
        std::mem::take(&mut *self.data.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs a command once, or until Ctrl-C under --watch; it ends as its last run did.
pub(crate) fn run<A: Send + Sync + 'static>(
    watch: WatchArgs,
    args: A,
    context: &Context,
    once: fn(&A, &Context) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let Some(every) = watch.watch else {
        return once(&args, context);
    };
    let args = Arc::new(args);
    let of_frame = |frame: Arc<Frame>| {
        let out = Output {
            frame: Some(frame),
            ..context.out.clone()
        };
        let (args, mut context) = (Arc::clone(&args), context.clone());
        context.out = out;
        move || match once(&args, &context) {
            Ok(()) => Ran::default(),
            Err(error) => Ran {
                code: crate::report(&context.out, &error),
                is_final: matches!(error.kind, "usage" | "data"),
            },
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(ticks(every, context, of_frame));
    // A run that nobody waits for any more ends with the process.
    runtime.shutdown_background();
    match ended? {
        exit_codes::OK => Ok(()),
        code => Err(CommandError::exit(code)),
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, Default)]
struct Ran {
    code: u8,
    /// Whether another run cannot end otherwise.
    is_final: bool,
}

async fn ticks<F>(every: Duration, context: &Context, of_frame: impl Fn(Arc<Frame>) -> F) -> Result<u8, CommandError>
where
    F: FnOnce() -> Ran + Send + 'static,
{
    let mut interrupt = signal(SignalKind::interrupt())?;
    let screen = Screen::new(every, &context.out);
    let mut last = None;
    loop {
        let frame = Arc::new(Frame::default());
        let ran = tokio::task::spawn_blocking(of_frame(Arc::clone(&frame)));
        let ran = tokio::select! {
            ran = ran => ran.map_err(|error| CommandError::bug(error.to_string()))?,
            _ = interrupt.recv() => break,
        };
        let shown = screen.show(&frame, last.is_none());
        last = Some(ran.code);
        match shown {
            Ok(()) if !ran.is_final => {}
            // Whoever read it has enough of it.
            Err(error) if error.kind != "broken-pipe" => return Err(error),
            _ => break,
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            _ = interrupt.recv() => break,
        }
    }
    Ok(last.unwrap_or(INTERRUPTED))
}

/// Where runs are shown, one in place of the other on a terminal.
#[derive(Debug)]
struct Screen<'a> {
    out: &'a Output,
    every: Duration,
    is_terminal: bool,
}

impl<'a> Screen<'a> {
    fn new(every: Duration, out: &'a Output) -> Self {
        Self {
            out,
            every,
            is_terminal: io::stdout().is_terminal() && !out.is_json(),
        }
    }

    fn show(&self, frame: &Frame, is_first: bool) -> Result<(), CommandError> {
        let (data, notes) = (frame.data(), frame.notes());
        match self.out.format {
            Format::Ndjson => self.out.write(&data)?,
            Format::Json => self.out.print(&lines(&data)?)?,
            Format::Table | Format::Wide if self.is_terminal => {
                let title = format!("{:.0}  every {:?}, until Ctrl-C", Timestamp::now(), self.every);
                let rows = rows().map(|rows| rows.saturating_sub(notes.len() + 1));
                self.out.print(&drawn(&title, &String::from_utf8_lossy(&data), rows))?;
            }
            Format::Table | Format::Wide => {
                if !is_first {
                    self.out.print("\n")?;
                }
                self.out.write(&data)?;
            }
        }
        let loud = self.out.loud();
        notes.iter().for_each(|note| loud.note(note));
        Ok(())
    }
}

/// Documents, each as one line.
fn lines(documents: &[u8]) -> Result<String, CommandError> {
    let mut lines = String::new();
    for document in serde_json::Deserializer::from_slice(documents).into_iter::<serde_json::Value>() {
        let document = document.map_err(|error| CommandError::bug(error.to_string()))?;
        lines.push_str(&format!("{document}\n"));
    }
    Ok(lines)
}

/// Lines that a terminal has.
fn rows() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_row)).filter(|rows| *rows > 0)
}

/// Text over what was on a terminal before: from its top, without lines that wrap, and no more of them than it has.
fn drawn(title: &str, text: &str, rows: Option<usize>) -> String {
    const HOME: &str = "\u{1b}[H";
    const CLEAR_REST_OF_LINE: &str = "\u{1b}[K";
    const CLEAR_REST_OF_SCREEN: &str = "\u{1b}[J";
    const NO_WRAP: &str = "\u{1b}[?7l";
    const WRAP: &str = "\u{1b}[?7h";
    let all: Vec<&str> = std::iter::once(title).chain(text.lines()).collect();
    let rows = rows.unwrap_or(usize::MAX).max(2);
    let left_out = if all.len() > rows { all.len() - (rows - 1) } else { 0 };
    let mut drawn = format!("{NO_WRAP}{HOME}");
    for line in all.iter().take(all.len() - left_out) {
        drawn.push_str(&format!("{line}{CLEAR_REST_OF_LINE}\n"));
    }
    if left_out > 0 {
        drawn.push_str(&format!(
            "... and {} more{CLEAR_REST_OF_LINE}\n",
            counted(left_out, "line")
        ));
    }
    drawn + CLEAR_REST_OF_SCREEN + WRAP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_may_have_a_fraction_or_a_unit() {
        assert_eq!(every("2"), Ok(Duration::from_secs(2)));
        assert_eq!(every("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(every("1m"), Ok(Duration::from_secs(60)));
        for wrong in ["", "0", "-1", "nan", "inf", "1e9", "0.01", "2d", "two"] {
            assert!(every(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_screen_is_drawn_from_its_top_and_no_longer_than_it_is() {
        let text = "A\nb\nc\nd\n";
        let lines = |rows| {
            let drawn = drawn("title", text, rows);
            assert!(
                drawn.starts_with("\u{1b}[?7l\u{1b}[H") && drawn.ends_with("\u{1b}[J\u{1b}[?7h"),
                "{drawn:?}"
            );
            let drawn = drawn.replace("\u{1b}[?7l\u{1b}[H", "").replace("\u{1b}[K", "");
            let lines: Vec<String> = drawn.split('\n').map(str::to_owned).collect();
            lines[..lines.len() - 1].to_vec()
        };
        assert_eq!(lines(None), ["title", "A", "b", "c", "d"]);
        assert_eq!(lines(Some(5)), ["title", "A", "b", "c", "d"]);
        assert_eq!(lines(Some(4)), ["title", "A", "b", "... and 2 lines more"]);
        assert_eq!(lines(Some(0)), ["title", "... and 4 lines more"]);
    }

    #[test]
    fn documents_become_lines() {
        assert_eq!(
            lines(b"{\n \"a\": 1\n}\n{\"b\": [\n2]}\n").unwrap(),
            "{\"a\":1}\n{\"b\":[2]}\n"
        );
        assert!(lines(b"{").is_err());
    }

    #[test]
    fn mutations_cannot_be_watched() {
        fn check(command: &clap::Command) {
            let has = |id: &str| command.get_arguments().any(|arg| arg.get_id() == id);
            let is_safe = !has("dry_run") && !has("yes");
            // Another thing by that name: how long to measure.
            let is_time = command.get_name() == "size";
            assert!(is_safe || !has("watch") || is_time, "{}", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&crate::definition());
    }
}
