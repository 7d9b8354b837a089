//! Plans carried out: in small steps, each written down before it is taken, so that whoever comes back later goes on.

mod batch;
pub(super) mod control;
mod drive;
pub(crate) mod journal;
mod limits;
mod machine;
mod observe;
mod report;
pub(super) mod run;
pub(crate) mod state;
#[cfg(test)]
mod tests;
mod view;
pub(crate) mod work;

pub(crate) use drive::{Hints, drive};
pub(crate) use report::ApplyReport;

/// Brokers as they are shown.
fn shown(ids: &[i32]) -> String {
    crate::reassign::joined(ids)
}
