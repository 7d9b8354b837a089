//! groups delete

use std::collections::BTreeSet;

use clap::Args;
use client::{Client, ListedGroup, Sharded};
use planner::counted::counted;
use schemars::JsonSchema;
use serde::Serialize;

use super::empty::{self, EmptyArgs};
use super::find::KnownGroups;
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::output::{Shown, Table};

/// Delete groups with all they committed.
///
/// A group that has members is not deleted, and then none of the others is.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet groups delete billing-test --yes -b localhost:9092\n  kfleet groups delete 'old-*' --dry-run\n  kfleet groups delete billing-test --wait-empty 2m --yes"
)]
pub(crate) struct DeleteArgs {
    /// Groups; * stands for any characters and ? for one
    #[arg(required = true)]
    groups: Vec<String>,
    /// A group that does not exist is no error
    #[arg(long)]
    if_exists: bool,
    #[command(flatten)]
    empty: EmptyArgs,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// What became of a group.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct GroupDeletion {
    /// The group.
    group: String,
    /// Its type: classic, consumer, share or streams; empty if it does not exist.
    #[serde(rename = "type")]
    kind: String,
    /// Whether it was deleted.
    changed: bool,
    /// Why not, if it was to be.
    error: Option<String>,
}

impl Shown for Vec<GroupDeletion> {
    const SCHEMA: &'static str = "groups-delete/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &GroupDeletion| {
            let result = match (&row.error, row.changed) {
                (Some(error), _) => error.clone(),
                (None, true) => "done".to_owned(),
                (None, false) => "unchanged".to_owned(),
            };
            vec![row.group.clone(), row.kind.clone(), result]
        };
        Table {
            headers: vec!["GROUP", "TYPE", "RESULT"],
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &DeleteArgs, context: &Context) -> Result<(), CommandError> {
    let (id, rows, warnings, failures) = block_on(delete(args, context))??;
    context.out.show_part(Some(&id), &rows, &warnings, &failures)
}

type Deleted = (String, Vec<GroupDeletion>, Vec<String>, Vec<Failure>);

async fn delete(args: &DeleteArgs, context: &Context) -> Result<Deleted, CommandError> {
    let client = args.empty.connect(context).await?;
    let id = client.cluster_id().to_owned();
    context.expect_cluster(&args.safety, &id)?;
    let known = KnownGroups::ask(&client).await;
    let (groups, missing) = find(args, &client, &known).await?;
    let mut leaving = Vec::new();
    for group in &groups {
        let members = args
            .empty
            .members_to_remove(&client, group, args.safety.ask.dry_run, context)
            .await?;
        leaving.push((*group, members));
    }
    let names: Vec<String> = groups.iter().map(|group| group.id.clone()).collect();
    let count: usize = leaving.iter().map(|(_, members)| members.len()).sum();
    let mut plan = format!("delete {} with all that was committed", names.join(", "));
    if count > 0 {
        plan = format!("remove {} and {plan}", counted(count, "member"));
    }
    let mut warnings = Vec::new();
    let mut deleted = Sharded::default();
    if !groups.is_empty() && context.may_change(&args.safety, &id, &plan)? {
        for (group, members) in leaving {
            let removed = empty::remove(&client, group, &members).await;
            // Members of the groups before may have been removed already.
            warnings.extend(match removed {
                Err(error) if !warnings.is_empty() => return Err(empty::after_removal(error)),
                other => other?,
            });
        }
        deleted = client.delete_groups(&names).await;
    }
    let rows = rows(&groups, &missing, &deleted);
    Ok((
        id,
        rows,
        warnings,
        deleted.errors.into_iter().map(Failure::from).collect(),
    ))
}

/// The groups that are there, and the names of those that are not and need not be.
async fn find<'a>(
    args: &DeleteArgs,
    client: &Client,
    known: &'a KnownGroups,
) -> Result<(Vec<&'a ListedGroup>, BTreeSet<String>), CommandError> {
    if !args.if_exists {
        let (groups, failures) = known.choose(client, &args.groups, false).await;
        return match together(&failures) {
            Some(error) => Err(error),
            None => Ok((groups, BTreeSet::new())),
        };
    }
    let (groups, missing) = known.choose_existing(client, &args.groups).await?;
    Ok((groups, missing.into_iter().map(str::to_owned).collect()))
}

fn rows(groups: &[&ListedGroup], missing: &BTreeSet<String>, deleted: &Sharded<(String, ())>) -> Vec<GroupDeletion> {
    let row = |group: &&ListedGroup| {
        let what = format!("group {}", group.id);
        let failed = deleted.errors.iter().find(|failed| failed.what == what);
        GroupDeletion {
            group: group.id.clone(),
            kind: group.kind().to_string(),
            changed: deleted.ok.iter().any(|(id, ())| *id == group.id),
            error: failed.map(|failed| failed.error.reason()),
        }
    };
    let absent = |name: &String| GroupDeletion {
        group: name.clone(),
        kind: String::new(),
        changed: false,
        error: None,
    };
    let mut rows: Vec<GroupDeletion> = groups.iter().map(row).chain(missing.iter().map(absent)).collect();
    rows.sort_by(|a, b| a.group.cmp(&b.group));
    rows
}
