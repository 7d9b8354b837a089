//! What restarts, and how careful it is: flags that plan and run share.

use std::collections::BTreeSet;

use clap::Args;
use roller::fleet::{Fleet, Role};
use roller::plan::{Headroom, Pace, Request};
use roller::rule::Rule;

use crate::context::parse_duration;
use crate::error::CommandError;

/// Which nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Nodes {
    /// Every one of them.
    All,
    /// Those that hold partitions.
    Brokers,
    /// Those that vote.
    Controllers,
    /// These.
    These(Vec<i32>),
}

fn parse_nodes(text: &str) -> Result<Nodes, String> {
    match text {
        "all" => return Ok(Nodes::All),
        "brokers" => return Ok(Nodes::Brokers),
        "controllers" => return Ok(Nodes::Controllers),
        _ => {}
    }
    let ids = text.split(',').map(|id| {
        let id = id.trim();
        id.parse()
            .map_err(|_| format!("\"{id}\" is neither a node's id nor all, brokers or controllers"))
    });
    Ok(Nodes::These(ids.collect::<Result<_, _>>()?))
}

/// "20%" as 1.2 times.
fn parse_increase(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse::<f64>();
    let more = number.ok().filter(|more| (0.0..=10_000.0).contains(more));
    more.map(|more| 1.0 + more / 100.0)
        .ok_or_else(|| format!("\"{text}\" is not a share such as 20%"))
}

/// What restarts, and how careful it is.
#[derive(Debug, Clone, Args)]
pub(super) struct RequestArgs {
    /// Which nodes restart: all, brokers, controllers, or ids
    #[arg(long, default_value = "all", value_parser = parse_nodes, value_name = "NODES")]
    nodes: Nodes,
    /// Replicas in sync that stay above min.insync.replicas, for others that fail meanwhile
    #[arg(long, default_value_t = 0, value_name = "N")]
    spare: usize,
    /// Brokers that restart together at most [default: a tenth of all brokers, but one at least]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_batch: Option<u32>,
    /// Partitions that any restart hurts are hurt: one replica at a time, if they have others
    #[arg(long)]
    accept_unavoidable: bool,
    /// A quorum of one or two voters may be gone while one of them restarts
    #[arg(long)]
    accept_quorum_loss: bool,
    /// How much more than now, or than the average broker, those that stay may give out, as in 50% [default: any]
    #[arg(long, value_name = "SHARE", value_parser = parse_increase)]
    max_increase: Option<f64>,
    /// Begin with full batches: no single broker first, no batches that grow
    #[arg(long)]
    no_ramp: bool,
    /// How long a restart takes until all is in sync again, for the estimate
    #[arg(long, default_value = "1m", value_parser = parse_duration, value_name = "DURATION")]
    restart_time: std::time::Duration,
}

impl RequestArgs {
    /// What is asked of the planner.
    pub(super) fn request(&self, fleet: Fleet<'_>) -> Result<Request, CommandError> {
        let mut rule = Rule {
            spare: self.spare,
            ..Rule::default()
        };
        if self.accept_unavoidable {
            rule.accept_unavoidable(fleet.cluster);
        }
        Ok(Request {
            nodes: self.chosen(fleet)?,
            rule,
            max_batch: self.max_batch.map(|most| most as usize),
            headroom: Headroom {
                times_now: self.max_increase,
                ..Headroom::default()
            },
            ramp: !self.no_ramp,
            accept_quorum: self.accept_quorum_loss,
            pace: Pace {
                restart_s: self.restart_time.as_secs(),
                ..Pace::default()
            },
        })
    }

    /// Replicas in sync that stay above min.insync.replicas.
    pub(super) const fn spare(&self) -> usize {
        self.spare
    }

    pub(super) const fn accepts_unavoidable(&self) -> bool {
        self.accept_unavoidable
    }

    pub(super) const fn accepts_quorum_loss(&self) -> bool {
        self.accept_quorum_loss
    }

    fn chosen(&self, fleet: Fleet<'_>) -> Result<Vec<i32>, CommandError> {
        let all = fleet.nodes().into_iter();
        let chosen: Vec<i32> = match &self.nodes {
            Nodes::All => all.collect(),
            Nodes::Brokers => all.filter(|id| fleet.role(*id) != Some(Role::Controller)).collect(),
            Nodes::Controllers => all.filter(|id| fleet.role(*id) != Some(Role::Broker)).collect(),
            Nodes::These(ids) => ids.iter().copied().collect::<BTreeSet<i32>>().into_iter().collect(),
        };
        if let Some(unknown) = chosen.iter().find(|id| fleet.role(**id).is_none()) {
            return Err(CommandError::not_found(format!(
                "node {unknown} is neither a broker nor a voter of this cluster"
            )));
        }
        Ok(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_named_by_role_or_by_id() {
        assert_eq!(parse_nodes("brokers"), Ok(Nodes::Brokers));
        assert_eq!(parse_nodes("3, 1"), Ok(Nodes::These(vec![3, 1])));
        assert!(parse_nodes("broker").unwrap_err().contains("\"broker\""));
        assert!(parse_nodes("").is_err());
    }

    #[test]
    fn an_increase_is_a_share_of_what_is_given_out_now() {
        assert_eq!(parse_increase("50%"), Ok(1.5));
        assert!(parse_increase("-1%").is_err() && parse_increase("much").is_err());
    }
}
