//! From a plan to what became of it: shown, asked about, carried out, told.

use std::collections::{BTreeMap, BTreeSet};

use client::{AclBinding, AclResults, Client, ClientError};
use planner::counted::counted;

use super::rows::{AclAction, AclChange, AclRow, named, table};
use crate::change::show_plan;
use crate::context::{Context, SafetyArgs};
use crate::error::CommandError;
use crate::failure::Failure;

/// What is to be done, and what there is nothing to be done about.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) creations: BTreeSet<AclBinding>,
    /// They were to be created, and are there.
    pub(super) present: BTreeSet<AclBinding>,
    pub(super) deletions: BTreeSet<AclBinding>,
}

impl Plan {
    /// Makes sure that these are there.
    pub(super) fn create(wanted: BTreeSet<AclBinding>, known: &BTreeSet<AclBinding>) -> Self {
        let (present, creations) = wanted.into_iter().partition(|acl| known.contains(acl));
        Self {
            creations,
            present,
            deletions: BTreeSet::new(),
        }
    }

    fn steps(&self) -> impl Iterator<Item = (AclAction, &AclBinding)> {
        let creations = self.creations.iter().map(|acl| (AclAction::Create, acl));
        creations.chain(self.deletions.iter().map(|acl| (AclAction::Delete, acl)))
    }

    fn sentence(&self) -> String {
        let part = |word: &str, acls: &BTreeSet<AclBinding>| {
            (!acls.is_empty()).then(|| format!("{word} {}", counted(acls.len(), "ACL")))
        };
        let parts = [part("create", &self.creations), part("delete", &self.deletions)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }

    fn rows(&self, results: &Results) -> Vec<AclChange> {
        let step = |(action, acl): (AclAction, &AclBinding)| {
            let result = results.get(&(action, acl.clone()));
            AclChange {
                action,
                acl: AclRow::from(acl),
                changed: result.is_some_and(Result::is_ok),
                error: result.and_then(|result| Some(result.as_ref().err()?.reason())),
            }
        };
        let present = self.present.iter().map(|acl| AclChange {
            action: AclAction::Create,
            acl: AclRow::from(acl),
            changed: false,
            error: None,
        });
        self.steps().map(step).chain(present).collect()
    }
}

/// What became of each step.
type Results = BTreeMap<(AclAction, AclBinding), Result<(), ClientError>>;

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Changed {
    rows: Vec<AclChange>,
    warnings: Vec<String>,
    failures: Vec<Failure>,
}

impl Changed {
    pub(super) fn show(&self, context: &Context, cluster_id: &str) -> Result<(), CommandError> {
        let Self {
            rows,
            warnings,
            failures,
        } = self;
        context.out.show_part(Some(cluster_id), rows, warnings, failures)
    }
}

/// Shows a plan, asks, and carries it out.
pub(super) async fn change(
    context: &Context,
    client: &Client,
    safety: &SafetyArgs,
    plan: &Plan,
) -> Result<Changed, CommandError> {
    let mut results = Results::new();
    let mut changed = Changed::default();
    let id = client.cluster_id();
    if plan.steps().next().is_none() {
        context.expect_cluster(safety, id)?;
    } else {
        if !safety.ask.dry_run {
            show_plan(context, table(&plan.rows(&results), false));
        }
        if context.may_change(safety, id, &plan.sentence())? {
            carry_out(client, plan, &mut results, &mut changed.warnings).await?;
        }
    }
    changed.rows = plan.rows(&results);
    let failed = results
        .into_iter()
        .filter_map(|((_, acl), result)| Some(Failure::of(named(&acl), result.err()?)));
    changed.failures = failed.collect();
    Ok(changed)
}

async fn carry_out(
    client: &Client,
    plan: &Plan,
    results: &mut Results,
    warnings: &mut Vec<String>,
) -> Result<(), CommandError> {
    // Nobody is to go without what others are to replace.
    if !plan.creations.is_empty() {
        let creations: Vec<AclBinding> = plan.creations.iter().cloned().collect();
        take(results, AclAction::Create, client.create_acls(&creations).await?);
    }
    if plan.deletions.is_empty() {
        return Ok(());
    }
    if results.values().any(Result::is_err) {
        warnings.push("not all could be created, so none was deleted".to_owned());
        return Ok(());
    }
    let deletions: Vec<AclBinding> = plan.deletions.iter().cloned().collect();
    match client.delete_acls(&deletions).await {
        Ok(deleted) => take(results, AclAction::Delete, deleted),
        Err(error) if results.is_empty() => return Err(error.into()),
        // What was created has to be told all the same.
        Err(error) => {
            let failed = deletions.into_iter().map(|acl| (acl, Err(error.clone())));
            take(results, AclAction::Delete, failed.collect());
        }
    }
    Ok(())
}

fn take(results: &mut Results, action: AclAction, answers: AclResults) {
    results.extend(answers.into_iter().map(|(acl, result)| ((action, acl), result)));
}

#[cfg(test)]
mod tests {
    use client::{AclOperation, AclPattern, AclPermission, AclResource};

    use super::*;

    fn acl(name: &str) -> AclBinding {
        AclBinding {
            resource: AclResource::Topic,
            name: name.to_owned(),
            pattern: AclPattern::Literal,
            principal: "User:a".to_owned(),
            host: "*".to_owned(),
            operation: AclOperation::Read,
            permission: AclPermission::Allow,
        }
    }

    #[test]
    fn what_is_there_is_not_created_again_and_rows_tell_what_became_of_each() {
        let known = BTreeSet::from([acl("a"), acl("old")]);
        let mut plan = Plan::create(BTreeSet::from([acl("a"), acl("b"), acl("c")]), &known);
        assert_eq!(plan.sentence(), "create 2 ACLs");
        plan.deletions.insert(acl("old"));
        assert_eq!(plan.sentence(), "create 2 ACLs and delete 1 ACL");
        let refused = Err(ClientError::rejected("ACL", 42, None));
        let results = Results::from([
            ((AclAction::Create, acl("b")), Ok(())),
            ((AclAction::Create, acl("c")), refused),
        ]);
        let rows = plan.rows(&results);
        let seen: Vec<_> = rows.iter().map(|row| (row.changed, row.error.is_some())).collect();
        assert_eq!(seen, [(true, false), (false, true), (false, false), (false, false)]);
        let words = table(&rows, true).rows;
        let results: Vec<&str> = words.iter().map(|row| row[8].as_str()).collect();
        assert_eq!(results[0], "done");
        assert!(results[1].contains("InvalidRequest") && results[2..] == ["unchanged", "unchanged"]);
    }
}
