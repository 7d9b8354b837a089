//! From plans to what became of them: shown, asked about, carried out, told.

use std::collections::BTreeSet;

use clap::Args;
use client::{Client, GroupOffsets, ListedGroup, PartitionKey, PartitionResults};
use planner::counted::counted;

use super::plan::Plan;
use super::rows::{OffsetChange, rows, table};
use super::store;
use crate::context::{Context, SafetyArgs};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::groups::empty::{EmptyArgs, after_removal, came_back, is_about_members, members_of, refused, remove};
use crate::output::Format;

/// Lines of a plan that are shown before it is asked about.
const LINES_MAX: usize = 20;

/// Flags of every command that changes offsets.
#[derive(Debug, Clone, Args)]
pub(super) struct ChangeArgs {
    #[command(flatten)]
    pub(super) empty: EmptyArgs,
    #[command(flatten)]
    pub(super) safety: SafetyArgs,
}

/// What is done with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Offsets are committed. Nobody may read with them.
    Commit,
    /// Offsets are deleted. The coordinator keeps those of topics that members read, and no others.
    Delete,
}

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) rows: Vec<OffsetChange>,
    pub(super) warnings: Vec<String>,
    pub(super) failures: Vec<Failure>,
    /// Whether somebody said yes, if there was anything to say yes to.
    pub(super) is_done: bool,
    /// How many of the warnings were told with the plan.
    told: usize,
}

impl Changed {
    pub(super) fn show(&self, context: &Context, cluster_id: &str) -> Result<(), CommandError> {
        let told = if context.out.format == Format::Json {
            0
        } else {
            self.told
        };
        let warnings = self.warnings.get(told..).unwrap_or_default();
        context
            .out
            .show_part(Some(cluster_id), &self.rows, warnings, &self.failures)
    }
}

/// A group in the course of a change.
struct Course {
    plan: Plan,
    leaving: Vec<client::GroupMember>,
}

/// Makes plans for groups, shows them, asks, and carries them out. `make` is asked again where members had to be removed,
/// since they may have committed something at last. Members of a group that is not there yet are not looked for.
pub(super) async fn change(
    context: &Context,
    client: &Client,
    groups: &[Target],
    args: &ChangeArgs,
    deed: Deed,
    make: impl AsyncFn(&Target) -> Result<Plan, CommandError>,
) -> Result<Changed, CommandError> {
    context.expect_cluster(&args.safety, client.cluster_id())?;
    let dry_run = args.safety.ask.dry_run;
    let mut courses = Vec::new();
    for target in groups {
        let looks = deed == Deed::Commit || args.empty.remove_members || args.empty.wait_empty.is_some();
        let leaving = if looks && target.exists {
            args.empty
                .members_to_remove(client, &target.group, dry_run, context)
                .await?
        } else {
            Vec::new()
        };
        let plan = make(target).await?;
        courses.push(Course { plan, leaving });
    }
    let mut changed = Changed::default();
    let planned = |(target, course): (&Target, &Course)| rows(&target.group, &course.plan, None);
    let plan: Vec<OffsetChange> = groups.iter().zip(&courses).flat_map(planned).collect();
    let count = courses.iter().flat_map(|course| &course.plan.partitions);
    let count = count.filter(|planned| planned.is_change()).count();
    let warnings = courses.iter().flat_map(|course| course.plan.warnings.clone());
    changed.warnings.extend(warnings);
    changed.rows = plan;
    if count == 0 {
        changed.is_done = !dry_run;
        return Ok(changed);
    }
    if !dry_run {
        show_plan(context, &changed);
        changed.told = changed.warnings.len();
    }
    changed.is_done = context.may_change(
        &args.safety,
        client.cluster_id(),
        &sentence(deed, count, groups, &courses),
    )?;
    if changed.is_done {
        changed.rows.clear();
        for (target, course) in groups.iter().zip(courses) {
            let planned = rows(&target.group, &course.plan, None);
            if let Err(error) = carry_out(client, target, course, deed, &make, &mut changed).await {
                // What was done to others before has to be told all the same.
                changed.rows.extend(planned);
                changed
                    .failures
                    .push(Failure::new(format!("group {}", target.group.id), error));
            }
        }
    }
    Ok(changed)
}

/// A group whose offsets are changed.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) group: ListedGroup,
    /// Whether it is there already.
    pub(super) exists: bool,
}

impl Target {
    pub(super) fn of(group: &ListedGroup) -> Self {
        Self {
            group: group.clone(),
            exists: true,
        }
    }

    /// A group that a commit makes, of this type.
    pub(super) fn new(id: &str, type_name: &str) -> Self {
        let group = ListedGroup {
            id: id.to_owned(),
            type_name: type_name.to_owned(),
            protocol_type: String::new(),
            state: String::new(),
            coordinator: -1,
        };
        Self { group, exists: false }
    }

    /// What it has committed so far.
    pub(super) async fn current(&self, client: &Client) -> Result<GroupOffsets, CommandError> {
        if self.exists {
            store::read(client, &self.group).await
        } else {
            Ok(GroupOffsets::new())
        }
    }
}

fn show_plan(context: &Context, changed: &Changed) {
    let changes = changed.rows.iter().filter(|row| row.current_offset != row.new_offset);
    let shown: Vec<OffsetChange> = changes.clone().take(LINES_MAX).cloned().collect();
    context.out.note(context.out.text_of(table(&shown, false)).trim_end());
    let more = changes.count().saturating_sub(LINES_MAX);
    if more > 0 {
        context.out.note(&format!("and {more} more"));
    }
    for warning in &changed.warnings {
        context.out.note(&format!("warning: {warning}"));
    }
}

fn sentence(deed: Deed, count: usize, groups: &[Target], courses: &[Course]) -> String {
    let names: Vec<&str> = groups.iter().map(|target| target.group.id.as_str()).collect();
    let what = match deed {
        Deed::Commit => "set",
        Deed::Delete => "delete",
    };
    let mut plan = format!("{what} {} of {}", counted(count, "offset"), names.join(", "));
    let leaving: usize = courses.iter().map(|course| course.leaving.len()).sum();
    if leaving > 0 {
        plan = format!("remove {} and {plan}", counted(leaving, "member"));
    }
    plan
}

async fn carry_out(
    client: &Client,
    target: &Target,
    mut course: Course,
    deed: Deed,
    make: impl AsyncFn(&Target) -> Result<Plan, CommandError>,
    changed: &mut Changed,
) -> Result<(), CommandError> {
    let group = &target.group;
    let removed = remove(client, group, &course.leaving).await?;
    if !removed.is_empty() {
        course.plan = make(target).await.map_err(after_removal)?;
        changed.warnings.extend(removed);
    }
    let changes = course.plan.partitions.iter().filter(|planned| planned.is_change());
    let results = match deed {
        Deed::Commit => {
            let new = changes.filter_map(|planned| Some((planned.key.clone(), planned.new.clone()?)));
            store::write(client, group, &new.collect()).await
        }
        Deed::Delete => {
            let keys: BTreeSet<PartitionKey> = changes.map(|planned| planned.key.clone()).collect();
            store::delete(client, group, &keys).await
        }
    };
    let results = match results {
        Ok(results) => results,
        Err(error) => {
            let planned = course.plan.partitions.iter().filter(|planned| planned.is_change());
            planned
                .map(|planned| (planned.key.clone(), Err(error.clone())))
                .collect()
        }
    };
    let failures = failures(client, group, &results, !course.leaving.is_empty()).await;
    changed.rows.extend(rows(group, &course.plan, Some(&results)));
    changed.failures.extend(failures);
    Ok(())
}

/// What failed: partition by partition, or the group as a whole if it is its members that are in the way.
async fn failures(client: &Client, group: &ListedGroup, results: &PartitionResults, removed: bool) -> Vec<Failure> {
    let errors = || results.values().filter_map(|result| result.as_ref().err());
    let is_in_the_way = |error| is_about_members(error) || is_subscribed(error);
    if errors().count() == results.len()
        && errors().all(is_in_the_way)
        && let Some(error) = errors().next()
    {
        let error = match members_of(client, &group.id, group.kind()).await {
            // They were there, and have left since.
            Ok(members) if members.is_empty() => error.clone().into(),
            Ok(members) if removed => came_back(&group.id, &members),
            Ok(members) => refused(&group.id, &members),
            Err(error) => error,
        };
        return vec![Failure::new(format!("group {}", group.id), error)];
    }
    let failed = results.iter().filter_map(|((topic, partition), result)| {
        let error = result.as_ref().err()?.clone();
        Some(Failure::of(format!("{topic}-{partition}"), error))
    });
    failed.collect()
}

fn is_subscribed(error: &client::ClientError) -> bool {
    error.code() == Some(protocol::api::ErrorCode::GroupSubscribedToTopic)
}

#[cfg(test)]
mod tests {
    use super::super::plan::sample;
    use super::*;

    #[test]
    fn the_question_says_what_is_done_to_whom() {
        let course = |leaving| Course {
            plan: sample(),
            leaving: vec![client::GroupMember::default(); leaving],
        };
        let groups = [Target::new("a", ""), Target::new("b", "")];
        assert_eq!(
            sentence(Deed::Commit, 2, &groups, &[course(0), course(3)]),
            "remove 3 members and set 2 offsets of a, b"
        );
        assert_eq!(
            sentence(Deed::Delete, 1, &groups[..1], &[course(0)]),
            "delete 1 offset of a"
        );
    }
}
