//! Where a plan goes: a screen, a file, Kafka's own JSON.

use std::path::PathBuf;

use clap::Args;

use super::asked::{Asked, GoalName};
use super::kafkas_json::reassignment;
use super::log_dirs;
use super::make::make;
use super::screen;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit_codes;
use crate::output::Format;
use crate::replace_file::replace_file;
use crate::size::units::parse_rate;
use crate::snapshot::source::Gathered;

/// Where plans go.
#[derive(Debug, Clone, Args)]
pub(super) struct DeliverArgs {
    /// Write the plan to this file, for kfleet rebalance apply
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write it to this file as kafka-reassign-partitions takes it
    #[arg(long, value_name = "FILE")]
    reassignment_json: Option<PathBuf>,
    /// What a broker copies in a second, to tell how long it takes at least
    #[arg(long, default_value = "50MB/s", value_parser = parse_rate, value_name = "RATE")]
    pub(super) rate: u64,
    /// Exit with 1 if anything is to move
    #[arg(long)]
    exit_code: bool,
}

/// Makes a plan, shows it and writes it.
pub(super) fn deliver(
    args: &DeliverArgs,
    known: &Gathered,
    mut asked: Asked,
    context: &Context,
) -> Result<(), CommandError> {
    asked.rate_bytes_per_s = Some(args.rate);
    let file = if asked.goal == GoalName::LogDirs {
        log_dirs::make(known, &asked)?
    } else {
        make(&known.cluster, &asked)?
    };
    if let Some(path) = &args.out {
        file.write(path)?;
    }
    if let Some(path) = &args.reassignment_json {
        replace_file(path, reassignment(&file).as_bytes())
            .map_err(|error| CommandError::io(&format!("writing {}", path.display()), &error))?;
    }
    if context.out.format == Format::Wide {
        for warning in &known.warnings {
            context.out.note(&format!("warning: {warning}"));
        }
        context.out.print(&screen::text(&file, usize::MAX))?;
    } else {
        context.out.show(file.cluster_id.as_deref(), &file, &known.warnings)?;
    }
    if args.exit_code && !file.moves.is_empty() {
        return Err(CommandError::exit(exit_codes::NO));
    }
    Ok(())
}
