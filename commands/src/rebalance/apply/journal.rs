//! The journal of a plan that is carried out, and what whoever carries it out can be asked.

use super::state::{Entry, State};
use super::work::Options;
use crate::error::CommandError;

/// The journal of moves.
pub(crate) type Journal = crate::journal::Journal<Entry>;

/// The journal of this cluster's moves.
pub(crate) fn of(cluster_id: &str) -> Result<Journal, CommandError> {
    Journal::of(cluster_id, KIND)
}

/// How its files are named.
pub(crate) const KIND: &str = "rebalance";

/// What is asked of whoever carries a plan out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// To begin nothing more.
    Pause,
    /// To go on.
    Resume,
    /// To undo what is under way.
    Cancel,
    /// To undo everything.
    Rollback,
    /// To go on with another limit of what a broker sends, and receives, in a second; or with none.
    Throttle(Option<u64>),
}

/// What a change of the throttle is called, before its bytes a second.
const THROTTLE: &str = "throttle";
/// No throttle.
const NONE: &str = "none";

impl Request {
    /// As it is written.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Pause => "pause".to_owned(),
            Self::Resume => "resume".to_owned(),
            Self::Cancel => "cancel".to_owned(),
            Self::Rollback => "rollback".to_owned(),
            Self::Throttle(None) => format!("{THROTTLE} {NONE}"),
            Self::Throttle(Some(rate)) => format!("{THROTTLE} {rate}"),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let plain = [Self::Pause, Self::Resume, Self::Cancel, Self::Rollback];
        let found = plain.into_iter().find(|request| request.text() == text);
        found.or_else(|| match text.strip_prefix(THROTTLE)?.trim_start() {
            NONE => Some(Self::Throttle(None)),
            rate => Some(Self::Throttle(Some(rate.parse().ok()?))),
        })
    }

    /// What it puts into the journal.
    pub(crate) fn entry(self, state: &State) -> Entry {
        match self {
            Self::Pause => Entry::Paused { paused: true },
            Self::Resume => Entry::Paused { paused: false },
            Self::Cancel => Entry::Cancelled,
            Self::Rollback => Entry::RolledBack,
            Self::Throttle(throttle_bytes_per_s) => Entry::Changed {
                options: Options {
                    throttle_bytes_per_s,
                    ..state.options.clone()
                },
            },
        }
    }
}

impl Journal {
    /// How far it has come; none if there is no journal.
    pub(crate) fn state(&self) -> Result<Option<State>, CommandError> {
        let entries = self.read()?;
        if entries.is_empty() {
            return Ok(None);
        }
        let state = State::replay(&entries);
        state
            .map(Some)
            .map_err(|why| CommandError::data(format!("{}: {why}", self.path().display())))
    }

    /// What is asked, if anything is.
    pub(crate) fn request(&self) -> Result<Option<Request>, CommandError> {
        Ok(self.asked()?.as_deref().and_then(Request::parse))
    }
}
