//! How far long work has come: a bar on a terminal, a line every few seconds without one.

use std::cell::Cell;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::context::Context;
use crate::output::Output;

/// How often a bar is drawn.
const REDRAW: Duration = Duration::from_millis(200);
/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Progress of one piece of work, on stderr.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    what: &'static str,
    /// For lines, if there is no terminal.
    lines: Option<Output>,
    last_line: Cell<Instant>,
}

impl Progress {
    /// Work that is done when `total` is reached; `what` is counted.
    pub(crate) fn new(context: &Context, what: &'static str, total: u64) -> Self {
        Self::shown_as(
            "{wide_bar} {human_pos} of {human_len} {msg}, {eta} left",
            context,
            what,
            total,
        )
    }

    /// A few things of which nobody can tell how long they take.
    pub(crate) fn count(context: &Context, what: &'static str, total: u64) -> Self {
        Self::shown_as("{human_pos} of {human_len} {msg}", context, what, total)
    }

    fn shown_as(template: &str, context: &Context, what: &'static str, total: u64) -> Self {
        let terminal = std::io::stderr().is_terminal() && !context.out.quiet;
        let target = if terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self {
            bar,
            what,
            lines: (!terminal).then(|| context.out.clone()),
            last_line: Cell::new(Instant::now()),
        }
    }

    /// Ends when it is time to tell again.
    pub(crate) async fn tick(&self) {
        tokio::time::sleep(REDRAW).await;
    }

    /// So much is done.
    pub(crate) fn set(&self, done: u64) {
        self.bar.set_position(done);
        if let Some(out) = &self.lines
            && self.last_line.get().elapsed() >= LINE_EVERY
        {
            self.last_line.set(Instant::now());
            out.note(&format!(
                "{done} of {} {}",
                self.bar.length().unwrap_or(done),
                self.what
            ));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
