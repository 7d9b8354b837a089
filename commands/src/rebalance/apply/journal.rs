//! The journal of a plan that is carried out, and what whoever carries it out can be asked.

use super::state::{Entry, State};
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
}

impl Request {
    const ALL: [Self; 4] = [Self::Pause, Self::Resume, Self::Cancel, Self::Rollback];

    /// As it is written.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
            Self::Rollback => "rollback",
        }
    }

    /// What it puts into the journal.
    pub(crate) const fn entry(self) -> Entry {
        match self {
            Self::Pause => Entry::Paused { paused: true },
            Self::Resume => Entry::Paused { paused: false },
            Self::Cancel => Entry::Cancelled,
            Self::Rollback => Entry::RolledBack,
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
        let word = self.asked()?;
        Ok(Request::ALL
            .into_iter()
            .find(|request| word.as_deref() == Some(request.word())))
    }
}
