//! Rules that every plan keeps.

use clap::Args;

use super::asked::{Asked, GoalName};
use super::share::parse_part;

/// What a plan has to keep to.
#[derive(Debug, Clone, Args)]
pub(super) struct RuleArgs {
    /// A share of each disk that nothing exceeds, also while replicas move, as in 85%; 90% if a plan without a limit would
    /// exceed that
    #[arg(long, value_name = "SHARE", value_parser = parse_part)]
    disk_limit: Option<f64>,
    /// Racks do not matter
    #[arg(long)]
    ignore_racks: bool,
    /// Breaks ties; the same seed gives the same plan
    #[arg(long, default_value = "0", value_name = "N")]
    seed: u64,
}

impl RuleArgs {
    /// What is asked for, of which nothing but the rules is known yet.
    pub(super) fn asked(&self, goal: GoalName) -> Asked {
        Asked {
            goal,
            disk_limit: self.disk_limit,
            ignore_racks: self.ignore_racks,
            seed: self.seed,
            ..Asked::default()
        }
    }
}
