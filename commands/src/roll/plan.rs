//! roll plan

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use planner::counted::counted;
use planner::model::read_snapshot;
use roller::batches::Proof;
use roller::check::check;
use roller::fleet::{Fleet, Quorum};
use roller::plan::{Busiest, Crowded, Plan, Request, Step, plan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::asked::RequestArgs;
use super::{screen, view};
use crate::context::{Context, block_on, parse_duration};
use crate::error::CommandError;
use crate::exit_codes;
use crate::json_file::read_text;
use crate::output::{Shown, Table};
use crate::snapshot::live::{Asking, gather};

/// Plan a rolling restart: which nodes restart together, in as few steps as can be, so that every partition takes writes.
///
/// Nothing is changed. Of each partition no more replicas in sync restart together than it has above min.insync.replicas
/// (and --spare), controllers come first and one by one, and the active controller after the others. The plan is
/// checked by code of its own before it is shown. Partitions that any restart hurts are named and keep their brokers out
/// of the plan, unless --accept-unavoidable; so do those that are short of replicas in sync now. Exit code 77 if a node is in
/// no step.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet roll plan -b localhost:9092\n  kfleet roll plan --nodes brokers --spare 1 --max-batch 5\n  kfleet roll plan --window 10s --max-increase 50%\n  kfleet roll plan --snapshot cluster.json --nodes 1,2,3 -o json"
)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    asked: RequestArgs,
    /// A snapshot, as kfleet snapshot save writes it, in place of a running cluster; - is stdin
    #[arg(long, value_name = "FILE", conflicts_with = "window")]
    snapshot: Option<PathBuf>,
    /// Measure for so long what brokers give out, to tell what those have to bear that stay
    #[arg(long, value_parser = parse_duration, value_name = "DURATION")]
    window: Option<Duration>,
}

/// A plan.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RollPlan {
    /// Partitions that were checked.
    pub(super) partitions: usize,
    /// Replicas in sync that stay above min.insync.replicas.
    pub(super) spare: usize,
    /// What restarts together, in order.
    pub(super) steps: Vec<StepRow>,
    /// Sets of brokers that may restart together, before they are cut into smaller batches.
    pub(super) classes: usize,
    /// The fewest such sets that could do.
    pub(super) classes_least: usize,
    /// Nodes of which no two can restart together: they prove the fewest; empty if a partition proves it.
    pub(super) apart: Vec<i32>,
    /// Nodes in no step: they may not stop now, not even alone.
    pub(super) blocked: Vec<BlockedRow>,
    /// Partitions that any restart hurts.
    pub(super) unavoidable: Vec<String>,
    /// Whether their harm is accepted.
    pub(super) unavoidable_accepted: bool,
    /// Partitions with more replicas in one rack than they can do without.
    pub(super) crowded: Vec<String>,
    /// Sets of brokers if those were spread over racks.
    pub(super) classes_if_spread: Option<usize>,
    /// How long it takes, as estimated.
    pub(super) estimate_s: u64,
}

/// Nodes that restart together.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StepRow {
    /// Their ids.
    pub(super) nodes: Vec<i32>,
    /// controller, broker or combined.
    pub(super) role: String,
    /// Their racks.
    pub(super) racks: Vec<String>,
    /// Whether it is the one broker that goes first.
    pub(super) canary: bool,
    /// Partitions that can lose no further replica while they are away.
    pub(super) partitions_at_floor: usize,
    /// Partitions that get another leader.
    pub(super) leaders_moved: usize,
    /// Who gives out the most meanwhile, where that was measured.
    pub(super) busiest: Option<BusiestRow>,
}

/// A broker that stays.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BusiestRow {
    /// Its id.
    pub(super) node: i32,
    /// What it gives out.
    pub(super) bytes_out_per_s: u64,
    /// More than it should, though one node alone is away.
    pub(super) over: bool,
}

/// A node that may not stop now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BlockedRow {
    /// Its id.
    pub(super) node: i32,
    /// What is against it.
    pub(super) reasons: Vec<String>,
}

impl Shown for RollPlan {
    const SCHEMA: &'static str = "roll-plan/1";

    fn table(&self, _: bool) -> Table {
        screen::steps(self)
    }

    fn text(&self) -> Option<String> {
        Some(screen::text(self))
    }
}

impl RollPlan {
    pub(super) fn of(fleet: Fleet<'_>, request: &Request, plan: Plan) -> Self {
        let Crowded {
            partitions: crowded,
            classes_without,
        } = plan.crowded;
        Self {
            partitions: fleet.cluster.partitions().len(),
            spare: request.rule.spare,
            steps: plan.steps.into_iter().map(StepRow::of).collect(),
            classes: plan.classes,
            classes_least: plan.bound.batches,
            apart: match plan.bound.proof {
                Proof::Apart(nodes) => nodes,
                Proof::Partition(_) | Proof::Something => Vec::new(),
            },
            blocked: plan
                .blocked
                .into_iter()
                .map(|blocked| BlockedRow {
                    node: blocked.node,
                    reasons: blocked.breaches.iter().map(ToString::to_string).collect(),
                })
                .collect(),
            unavoidable_accepted: !request.rule.accepted.is_empty(),
            unavoidable: plan.unavoidable,
            crowded,
            classes_if_spread: classes_without,
            estimate_s: plan.seconds,
        }
    }
}

impl StepRow {
    fn of(step: Step) -> Self {
        Self {
            nodes: step.nodes,
            role: step.role.name().to_owned(),
            racks: step.racks,
            canary: step.is_canary,
            partitions_at_floor: step.partitions_at_floor,
            leaders_moved: step.leaders_moved,
            busiest: step
                .busiest
                .filter(|busiest| busiest.bytes_out_per_s > 0)
                .map(BusiestRow::of),
        }
    }
}

impl BusiestRow {
    fn of(busiest: Busiest) -> Self {
        Self {
            node: busiest.node,
            bytes_out_per_s: busiest.bytes_out_per_s,
            over: busiest.is_over,
        }
    }
}

/// What a snapshot may tell of the quorum, besides what planners of moves read.
#[derive(Debug, Default, Deserialize)]
struct WithQuorum {
    quorum: Option<Quorum>,
}

pub(crate) fn run(args: &PlanArgs, context: &Context) -> Result<(), CommandError> {
    let mut warnings = Vec::new();
    let (cluster, quorum) = match &args.snapshot {
        Some(file) => {
            let text = read_text(file)?;
            let wrong = |error: &dyn std::fmt::Display| CommandError::data(format!("{}: {error}", file.display()));
            let cluster = read_snapshot(&text).map_err(|error| wrong(&error))?;
            let with: WithQuorum = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
            if with.quorum.is_none() {
                warnings.push("the snapshot does not tell who votes: controllers are in no step".to_owned());
            }
            (cluster, with.quorum.unwrap_or_default())
        }
        None => {
            let (view, measured) = block_on(live(args, context))??;
            let cluster = match measured {
                Some(gathered) => {
                    warnings.extend(gathered.warnings);
                    gathered.cluster
                }
                None => view.cluster,
            };
            if let Some(first) = view.reassigning.first() {
                let count = counted(view.reassigning.len(), "partition");
                warnings.push(format!(
                    "{count} being reassigned, {first} among them: roll run waits until that is over"
                ));
            }
            (cluster, view.quorum)
        }
    };
    let fleet = Fleet {
        cluster: &cluster,
        quorum: &quorum,
    };
    let request = args.asked.request(fleet)?;
    let made = make(fleet, &request)?;
    let is_complete = made.is_complete();
    let shown = RollPlan::of(fleet, &request, made);
    context.out.show(cluster.cluster_id(), &shown, &warnings)?;
    if is_complete {
        Ok(())
    } else {
        Err(CommandError::exit(exit_codes::REFUSED))
    }
}

/// A plan that the checker has accepted.
pub(super) fn make(fleet: Fleet<'_>, request: &Request) -> Result<Plan, CommandError> {
    let made = plan(fleet, request).map_err(|error| CommandError::not_found(error.to_string()))?;
    let faults = check(fleet, request, &made);
    if faults.is_empty() {
        return Ok(made);
    }
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    Err(CommandError::bug(format!("the plan is wrong: {}", faults.join("; "))))
}

async fn live(
    args: &PlanArgs,
    context: &Context,
) -> Result<(roller::run::View, Option<crate::snapshot::live::Gathered>), CommandError> {
    let client = context.connect_for_long().await?;
    let view = view::look(&client).await?;
    let Some(window) = args.window else {
        return Ok((view, None));
    };
    let asking = Asking {
        window,
        partial: true,
        ..Asking::default()
    };
    Ok((view, Some(gather(&client, &asking).await?)))
}
