//! quotas set, quotas unset

use std::collections::BTreeMap;

use clap::Args;
use client::{QuotaEntity, QuotaValues};
use planner::counted::counted;

use super::entity::{EntityArgs, check_key, in_words, parse_pair};
use super::rows::{QuotaChange, table};
use crate::change::show_plan;
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::failure::Failure;

/// Set quotas of a user, of a client id, of both together, or of an address.
///
/// Of users and client ids: producer_byte_rate, consumer_byte_rate, request_percentage, controller_mutation_rate. Of
/// addresses: connection_creation_rate.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet quotas set --user alice producer_byte_rate=1048576 consumer_byte_rate=2097152 --yes\n  kfleet quotas set --user alice --client-id app request_percentage=50\n  kfleet quotas set --client-id-default producer_byte_rate=1048576 --dry-run\n  kfleet quotas set --ip 10.0.0.7 connection_creation_rate=20"
)]
pub(crate) struct SetArgs {
    #[command(flatten)]
    entity: EntityArgs,
    /// Keys and their values
    #[arg(required = true, value_name = "KEY=VALUE")]
    pairs: Vec<String>,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// Take quotas away: what counts then is what counts for others.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet quotas unset --user alice producer_byte_rate --yes\n  kfleet quotas unset --ip 10.0.0.7 --all"
)]
pub(crate) struct UnsetArgs {
    #[command(flatten)]
    entity: EntityArgs,
    /// Keys
    #[arg(required_unless_present = "all", value_name = "KEY")]
    keys: Vec<String>,
    /// All keys that are set
    #[arg(long, conflicts_with = "keys")]
    all: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn set(args: &SetArgs, context: &Context) -> Result<(), CommandError> {
    let entity = args.entity.one()?;
    let mut wanted = BTreeMap::new();
    for text in &args.pairs {
        let (key, value) = parse_pair(&entity, text)?;
        if wanted.insert(key.clone(), Some(value)).is_some() {
            return Err(CommandError::usage(format!("{key} is given twice")));
        }
    }
    change(&entity, &args.safety, |_| wanted, context)
}

pub(crate) fn unset(args: &UnsetArgs, context: &Context) -> Result<(), CommandError> {
    let entity = args.entity.one()?;
    for key in &args.keys {
        check_key(&entity, key)?;
    }
    let keys = |current: &QuotaValues| {
        let all = current.keys().filter(|_| args.all);
        all.chain(&args.keys).map(|key| (key.clone(), None)).collect()
    };
    change(&entity, &args.safety, keys, context)
}

fn change(
    entity: &QuotaEntity,
    safety: &SafetyArgs,
    wanted: impl FnOnce(&QuotaValues) -> BTreeMap<String, Option<f64>>,
    context: &Context,
) -> Result<(), CommandError> {
    let (id, rows, failures) = block_on(async {
        let client = context.connect().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(safety, &id)?;
        let current = client.client_quotas().await?.remove(entity).unwrap_or_default();
        let mut rows = plan(entity, &current, wanted(&current));
        let changes = needed(&rows);
        if changes.is_empty() {
            return Ok((id, rows, Vec::new()));
        }
        if !safety.ask.dry_run {
            show_plan(context, table(&rows, false));
        }
        let sentence = format!("change {} of {}", counted(changes.len(), "quota"), in_words(entity));
        if !context.may_change(safety, &id, &sentence)? {
            return Ok((id, rows, Vec::new()));
        }
        let error = client.alter_client_quotas(entity, &changes).await.err();
        for row in rows.iter_mut().filter(|row| changes.contains_key(&row.key)) {
            row.changed = error.is_none();
            row.error = error.as_ref().map(client::ClientError::reason);
        }
        let failure = error.map(|error| Failure::of(in_words(entity), error));
        Ok::<_, CommandError>((id, rows, failure.into_iter().collect()))
    })??;
    context.out.show_part(Some(&id), &rows, &[], &failures)
}

fn plan(entity: &QuotaEntity, current: &QuotaValues, wanted: BTreeMap<String, Option<f64>>) -> Vec<QuotaChange> {
    let change = |(key, new): (String, Option<f64>)| QuotaChange {
        entity: entity.clone(),
        current: current.get(&key).copied(),
        key,
        new,
        changed: false,
        error: None,
    };
    wanted.into_iter().map(change).collect()
}

/// What is not as it is to be.
fn needed(rows: &[QuotaChange]) -> BTreeMap<String, Option<f64>> {
    let changes = rows.iter().filter(|row| row.current != row.new);
    changes.map(|row| (row.key.clone(), row.new)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_as_it_is_to_is_left_alone() {
        let entity = QuotaEntity::from([("user".to_owned(), None)]);
        let current = QuotaValues::from([("a".to_owned(), 1.0), ("b".to_owned(), 2.0)]);
        let wanted = [("a", Some(1.0)), ("b", Some(3.0)), ("c", None), ("d", Some(4.0))];
        let wanted = wanted.into_iter().map(|(key, value)| (key.to_owned(), value));
        let rows = plan(&entity, &current, wanted.collect());
        let expected = BTreeMap::from([("b".to_owned(), Some(3.0)), ("d".to_owned(), Some(4.0))]);
        assert_eq!(needed(&rows), expected);
        assert_eq!((rows[1].current, rows[3].current), (Some(2.0), None));
    }
}
