//! Rules that every plan keeps.

use clap::Args;

use super::share::parse_part;

/// What a plan has to keep to.
#[derive(Debug, Clone, Args)]
pub(super) struct RuleArgs {
    /// A share of each disk that nothing exceeds, also while replicas move, as in 85%; 90% if a plan without a limit would
    /// exceed that
    #[arg(long, value_name = "SHARE", value_parser = parse_part)]
    pub(super) disk_limit: Option<f64>,
    /// Racks do not matter
    #[arg(long)]
    pub(super) ignore_racks: bool,
    /// Breaks ties; the same seed gives the same plan
    #[arg(long, default_value = "0", value_name = "N")]
    pub(super) seed: u64,
}
