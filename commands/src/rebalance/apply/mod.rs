//! Plans carried out: in small steps, each written down before it is taken, so that whoever comes back later goes on.

mod batch;
mod journal;
mod limits;
mod machine;
mod state;
#[cfg(test)]
mod tests;
mod view;
mod work;

/// Brokers as they are shown.
fn shown(ids: &[i32]) -> String {
    crate::reassign::joined(ids)
}
