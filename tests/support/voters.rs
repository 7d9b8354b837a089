//! Who votes in the quorum of nodes that come and go.

use super::mixed_nodes::Mixed;
use super::nodes::wait_until;

/// The voters and the observers, as a broker is told.
pub(crate) fn seats(mixed: &Mixed, asked: i32) -> (Vec<i64>, Vec<i64>) {
    let status = mixed.data(asked, &["quorum", "status"]).unwrap_or_default();
    let ids = |name: &str| {
        let all = status[name].as_array().cloned().unwrap_or_default();
        let mut ids: Vec<i64> = all.iter().filter_map(|replica| replica["id"].as_i64()).collect();
        ids.sort_unstable();
        ids
    };
    (ids("voters"), ids("observers"))
}

/// Waits until these vote, as a broker is told.
#[track_caller]
pub(crate) fn await_voters(mixed: &Mixed, asked: i32, ids: &[i64]) {
    wait_until(&format!("{ids:?} vote, as {asked} is told"), || {
        seats(mixed, asked).0 == ids
    });
}
