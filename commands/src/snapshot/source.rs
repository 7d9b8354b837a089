//! Where a planner's knowledge comes from: a running cluster, or a file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use planner::model::{Cluster, read_snapshot};

pub(crate) use super::live::Gathered;
use super::live::{Asking, gather};
use crate::context::{Context, block_on, parse_duration};
use crate::error::CommandError;
use crate::json_file::read_text;

/// How a running cluster is asked.
#[derive(Debug, Clone, Args)]
pub(crate) struct LiveArgs {
    /// How long rates are measured; with 0s only sizes count
    #[arg(long, default_value = "5s", value_parser = parse_duration, value_name = "DURATION")]
    window: Duration,
    /// Do without brokers that do not answer: sizes are those of the other replicas, and nothing moves to or from them
    #[arg(long)]
    partial: bool,
}

impl LiveArgs {
    /// Asks; nobody expects an answer of the brokers in `gone`.
    pub(crate) async fn gather(&self, context: &Context, gone: &[i32]) -> Result<Gathered, CommandError> {
        let client = context.connect_for_long().await?;
        let asking = Asking {
            window: self.window,
            partial: self.partial,
            gone: gone.iter().copied().collect(),
        };
        gather(&client, &asking).await
    }
}

/// A running cluster, or a file.
#[derive(Debug, Clone, Args)]
pub(crate) struct SourceArgs {
    /// A snapshot, as kfleet snapshot save writes it, in place of a running cluster; - is stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["window", "partial"])]
    snapshot: Option<PathBuf>,
    #[command(flatten)]
    live: LiveArgs,
}

impl SourceArgs {
    /// What is known; nobody expects an answer of the brokers in `gone`.
    pub(crate) fn read(&self, context: &Context, gone: &[i32]) -> Result<Gathered, CommandError> {
        match &self.snapshot {
            Some(file) => Ok(Gathered {
                cluster: read_file(file)?,
                warnings: Vec::new(),
                dirs: std::collections::BTreeMap::new(),
            }),
            None => block_on(self.live.gather(context, gone))?,
        }
    }
}

/// What a file knows. What is wrong with it is told with its line.
pub(crate) fn read_file(file: &Path) -> Result<Cluster, CommandError> {
    let text = read_text(file)?;
    read_snapshot(&text).map_err(|error| CommandError::data(format!("{}: {error}", file.display())))
}
