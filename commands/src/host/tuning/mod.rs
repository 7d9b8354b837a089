//! How a host is set, and how that is undone: a pure plan, a journal of what was there, and a thin shell that does it.

mod apply;
mod journal;
mod machine;
mod plan;
mod restore;
mod script;
mod show;
mod tuned;

#[cfg(test)]
mod tests;

pub(super) use apply::apply;
pub(super) use journal::Journal;
pub(super) use machine::{Below, Machine};
pub(super) use plan::{Plan, plan};
pub(super) use restore::{Restore, restore};
pub(super) use script::{as_root, script};
pub(super) use show::RowResult;
pub(crate) use show::{HostTune, HostUndo};
pub(super) use tuned::overriding;
