//! What windows of several widths cost: bytes, and hours.

use schemars::JsonSchema;
use serde::Serialize;

use super::asked::Asked;
use super::make::make;
use super::screen::{least_seconds, percent, time};
use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Shown, Table};
use crate::size::units::{bytes, count};
use crate::snapshot::source::Gathered;

/// Widths that are looked at, the widest first.
const TOLERANCES: [f64; 4] = [0.2, 0.1, 0.05, 0.02];

/// A plan for windows of one width.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TradeoffRow {
    /// How far from its fair share each load may be, as a part of it.
    tolerance: f64,
    /// Bytes that are copied.
    moved_bytes: u64,
    /// Bytes that any plan copies which ends as even.
    bound_bytes: u64,
    /// How much more than that is copied, as a part of it.
    gap: Option<f64>,
    /// Replicas that are copied.
    replica_moves: u64,
    /// Partitions that get another preferred leader.
    leader_changes: u64,
    /// Whether every load is in its window.
    windows_met: bool,
    /// By how much loads are still outside, in loads of the average broker.
    outside_after: f64,
    /// What a broker copies in a second.
    rate_bytes_per_s: u64,
    /// The least time that it takes at this rate.
    least_seconds: u64,
}

impl Shown for Vec<TradeoffRow> {
    const SCHEMA: &'static str = "rebalance-tradeoff/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &TradeoffRow| {
            vec![
                format!("±{}%", percent(row.tolerance)),
                bytes(row.moved_bytes),
                bytes(row.bound_bytes),
                row.gap
                    .map_or_else(|| "-".to_owned(), |gap| format!("{:.1}%", gap * 100.0)),
                count(row.replica_moves),
                count(row.leader_changes),
                if row.windows_met { "yes" } else { "no" }.to_owned(),
                time(row.least_seconds),
            ]
        };
        Table {
            headers: vec!["WINDOW", "MOVED", "LEAST", "GAP", "REPLICAS", "LEADERS", "MET", "TIME"],
            rows: self.iter().map(row).collect(),
        }
    }
}

/// Plans for windows of several widths, and shows what each comes to.
pub(super) fn tradeoff(known: &Gathered, asked: &Asked, rate: u64, context: &Context) -> Result<(), CommandError> {
    let mut rows = Vec::new();
    for tolerance in TOLERANCES {
        let asked = Asked {
            windows: asked.windows.as_wide_as(tolerance),
            ..asked.clone()
        };
        let file = make(&known.cluster, &asked)?;
        let of = &file.summary;
        rows.push(TradeoffRow {
            tolerance,
            moved_bytes: of.moved_bytes,
            bound_bytes: of.bound_bytes,
            gap: of.gap,
            replica_moves: of.replica_moves,
            leader_changes: of.leader_changes,
            windows_met: of.windows_met,
            outside_after: of.outside_after,
            rate_bytes_per_s: rate,
            least_seconds: least_seconds(&file, rate),
        });
    }
    context.out.show(known.cluster.cluster_id(), &rows, &known.warnings)
}
