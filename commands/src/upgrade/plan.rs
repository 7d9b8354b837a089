//! upgrade plan

use std::path::PathBuf;

use clap::Args;
use roller::upgrade::finalize::finalize;
use roller::upgrade::judge::judge;
use roller::upgrade::release::Release;

use super::report::UpgradePlan;
use super::{configs, look};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::exit_codes;
use crate::roll::Inventory;

/// Look at what an upgrade to a release would meet: nodes, their order, server.properties, and what finalizing sets.
///
/// Nothing is changed. Each node is asked which features it supports, which tells its release but for the patch level; of nodes
/// that cannot be asked, and of those of 4.3 and of kfleet, which are alike, the --inventory tells by `release`. Levels
/// that are finalized and that the release does not know are in the way. Controllers go first, the active one last of
/// them, then brokers; `roll plan` has their batches. Finalizing is apart, comes last, and what of it cannot be undone
/// is said; kraft.version is never part of it unless named. Exit code 77 if something is in the way.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet upgrade plan --to 4.3 -b localhost:9092\n  kfleet upgrade plan --to 4.3 --inventory nodes.toml --config server.properties\n  kfleet upgrade plan --to kfleet -o json"
)]
pub(crate) struct PlanArgs {
    /// The release: 3.9, 4.0, 4.1, 4.2, 4.3 or kfleet
    #[arg(long, value_name = "RELEASE", value_parser = Release::parse)]
    to: Release,
    /// What nodes are that cannot be told by asking (TOML): `release` in [defaults] and [nodes.ID]
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
    /// A server.properties to look through; may be repeated
    #[arg(long, value_name = "FILE", num_args = 1..)]
    config: Vec<PathBuf>,
    /// The level of kraft.version that finalizing sets; without it, it stays
    #[arg(long, value_name = "LEVEL")]
    kraft_version: Option<i16>,
}

pub(crate) fn run(args: &PlanArgs, context: &Context) -> Result<(), CommandError> {
    let inventory = args.inventory.as_deref().map(Inventory::read).transpose()?;
    let files = configs::read(&args.config)?;
    let looked = block_on(look::look(context, &inventory.unwrap_or_default()))??;
    let verdict = judge(&looked.view, args.to);
    let finalizing = finalize(&looked.view, args.to, args.kraft_version);
    let from = look::oldest(&verdict.nodes);
    let rows = files.iter().map(|file| file.row(from, args.to)).collect();
    let shown = UpgradePlan::of(verdict, finalizing, rows);
    context.out.show(Some(&looked.cluster_id), &shown, &looked.warnings)?;
    if shown.may_go {
        Ok(())
    } else {
        Err(CommandError::exit(exit_codes::REFUSED))
    }
}
