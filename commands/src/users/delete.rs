//! users delete

use clap::Args;
use client::security::ScramHash;
use client::{ScramChange, ScramUser};
use planner::counted::counted;

use super::rows::{UserChange, find, table, take, unknown};
use super::set::parse_mechanism;
use crate::change::show_plan;
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::failure::{Failure, together};

/// Delete users' credentials: nobody can log in with them any more. Who is logged in stays so.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet users delete alice --yes -b localhost:9092\n  kfleet users delete alice --mechanism SCRAM-SHA-256 --dry-run"
)]
pub(crate) struct DeleteArgs {
    /// Users
    #[arg(required = true, value_name = "USER")]
    users: Vec<String>,
    /// Only credentials of this mechanism, SCRAM-SHA-256 or SCRAM-SHA-512; may be repeated
    #[arg(long, value_name = "MECHANISM", value_delimiter = ',', value_parser = parse_mechanism)]
    mechanism: Vec<ScramHash>,
    /// A user that has no such credential is no error
    #[arg(long)]
    if_exists: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn run(args: &DeleteArgs, context: &Context) -> Result<(), CommandError> {
    let (id, rows, failures) = block_on(delete(args, context))??;
    context.out.show_part(Some(&id), &rows, &[], &failures)
}

type Done = (String, Vec<UserChange>, Vec<Failure>);

async fn delete(args: &DeleteArgs, context: &Context) -> Result<Done, CommandError> {
    let client = context.connect().await?;
    let id = client.cluster_id().to_owned();
    context.expect_cluster(&args.safety, &id)?;
    let mut names = args.users.clone();
    names.sort_unstable();
    names.dedup();
    let (users, mut missing, mut failures) = find(&client, &names).await?;
    let mut deletions = Vec::new();
    for user in &users {
        let chosen = chosen(user, &args.mechanism);
        if chosen.is_empty() {
            missing.push(user.name.clone());
        }
        deletions.extend(chosen.into_iter().map(|hash| (user.name.clone(), hash)));
    }
    if !args.if_exists {
        failures.extend(unknown(&client, &missing).await?);
    }
    if let Some(error) = together(&failures) {
        return Err(error);
    }
    let mut rows: Vec<UserChange> = deletions
        .iter()
        .map(|(user, hash)| row(user, Some(hash.mechanism())))
        .collect();
    rows.extend(missing.iter().map(|user| row(user, None)));
    if deletions.is_empty() {
        return Ok((id, rows, Vec::new()));
    }
    if !args.safety.ask.dry_run {
        show_plan(context, table(&rows, false));
    }
    let plan = format!("delete {}", counted(deletions.len(), "credential"));
    if !context.may_change(&args.safety, &id, &plan)? {
        return Ok((id, rows, Vec::new()));
    }
    let deletions = deletions.into_iter();
    let changes: Vec<ScramChange> = deletions.map(|(user, hash)| ScramChange::Delete(user, hash)).collect();
    let failures = take(&mut rows, client.alter_scram_users(&changes).await?);
    Ok((id, rows, failures))
}

fn row(user: &str, mechanism: Option<&'static str>) -> UserChange {
    UserChange {
        user: user.to_owned(),
        mechanism,
        iterations: None,
        changed: false,
        error: None,
    }
}

/// A user's credentials of these mechanisms, or of all.
fn chosen(user: &ScramUser, mechanisms: &[ScramHash]) -> Vec<ScramHash> {
    let hashes = user.credentials.iter().filter_map(|(hash, _)| *hash);
    hashes
        .filter(|hash| mechanisms.is_empty() || mechanisms.contains(hash))
        .collect()
}
