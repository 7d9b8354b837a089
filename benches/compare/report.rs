//! What was measured, as lines and as JSON.

use std::io::Write as _;

use serde_json::{Value, json};

/// Figures of ours and of a peer.
#[derive(Debug, Default)]
pub(crate) struct Report {
    part: String,
    peer: &'static str,
    rows: Vec<Value>,
}

/// Figures of one kind, in runs.
#[derive(Debug, Default, Clone)]
pub(crate) struct Pair {
    pub(crate) ours: Vec<f64>,
    pub(crate) theirs: Vec<f64>,
}

/// The middle one.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The one that 95 of a hundred do not exceed.
fn p95(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() * 95).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

impl Pair {
    /// Its 95th percentiles alone.
    pub(crate) fn p95(&self) -> Self {
        let only = |figures: &[f64]| {
            if figures.is_empty() {
                Vec::new()
            } else {
                vec![p95(figures)]
            }
        };
        Self {
            ours: only(&self.ours),
            theirs: only(&self.theirs),
        }
    }

    /// Its greatest figures alone.
    pub(crate) fn max(&self) -> Self {
        let only = |figures: &[f64]| figures.iter().copied().max_by(f64::total_cmp).into_iter().collect();
        Self {
            ours: only(&self.ours),
            theirs: only(&self.theirs),
        }
    }
}

impl Report {
    /// What follows belongs to this part, and is compared with this peer.
    pub(crate) fn start(&mut self, part: &str, peer: &'static str) {
        part.clone_into(&mut self.part);
        self.peer = peer;
        say(&format!(
            "\n{part:<42} {:>12} {peer:>12} {:>8}  goal",
            "kfleet", "ratio"
        ));
    }

    /// Medians of both and their ratio.
    pub(crate) fn row(&mut self, what: &str, unit: &str, pair: &Pair, goal: &str) {
        let (ours, theirs) = (median(&pair.ours), median(&pair.theirs));
        let name = format!("{what}, {unit}");
        say(&format!(
            "  {name:<40} {ours:>12.3} {theirs:>12.3} {:>8.3}  {goal}",
            ours / theirs
        ));
        self.rows.push(json!({
            "part": self.part, "what": what, "unit": unit, "kfleet": ours, "ratio": ours / theirs, "goal": goal,
            "peer": self.peer, "theirs": theirs, "kfleet_runs": pair.ours, "their_runs": pair.theirs,
        }));
    }

    pub(crate) fn json(&self) -> String {
        format!("{:#}\n", json!({ "figures": self.rows }))
    }
}

fn say(line: &str) {
    // Nobody is left to tell if stdout is closed.
    let _closed = writeln!(std::io::stdout(), "{line}");
}
