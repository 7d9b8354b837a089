//! A fact of a host: there, not there, or there and unreadable. The three are never mixed up, because an audit that takes
//! the third for the first or the second lies.

use serde::{Deserialize, Serialize};

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fact<T> {
    /// Its value.
    Present(T),
    /// The host has no such thing.
    #[default]
    Absent,
    /// The host has it, and it could not be read or makes no sense.
    Unreadable(String),
}

impl<T> Fact<T> {
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Fact<U> {
        self.and_then(|value| Fact::Present(change(value)))
    }

    pub(crate) fn and_then<U>(self, change: impl FnOnce(T) -> Fact<U>) -> Fact<U> {
        match self {
            Self::Present(value) => change(value),
            Self::Absent => Fact::Absent,
            Self::Unreadable(reason) => Fact::Unreadable(reason),
        }
    }

    pub(crate) fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::Present(value) => Fact::Present(value),
            Self::Absent => Fact::Absent,
            Self::Unreadable(reason) => Fact::Unreadable(reason.clone()),
        }
    }

    pub(crate) fn value(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            _ => None,
        }
    }

    /// What is read from a text, or why it makes no sense.
    pub(crate) fn parsed(what: &str, value: Option<T>) -> Self {
        match value {
            Some(value) => Self::Present(value),
            None => Self::Unreadable(format!("{what} makes no sense")),
        }
    }

    /// This, or another one if this is not there.
    pub(crate) fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Absent => other(),
            known => known,
        }
    }
}
