//! configs set, configs unset

use std::collections::BTreeSet;

use clap::Args;
use client::{Client, ClientError, ConfigChange, ConfigEntity, ConfigResource, DescribedConfig, NodeRole, ShardError};
use planner::counted::counted;

use super::entity::{EntityArgs, EntityType, Purpose};
use super::keys::known;
use super::pairs::{Asked, Origin, PairArgs};
use super::plan::{ConfigChangeRow, is_own, plan, plan_table};
use super::seen::until_seen;
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::output::Format;

/// Set keys.
///
/// What is set already is not sent again. The cluster looks at the plan before anybody is asked: if it would refuse a
/// part of it, nothing is changed.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet configs set topic orders --set retention.ms=86400000 --yes\n  kfleet configs set topic 'orders-*' --add-config 'cleanup.policy=[compact,delete],segment.ms=3600000' --dry-run\n  kfleet configs set broker --set num.io.threads=16 --yes\n  kfleet configs set broker 1 --add-config-file secrets.properties --yes\n  kfleet configs set broker-logger 1 --set kafka.server.ReplicaManager=DEBUG --yes\n  kfleet configs set client-metrics latency --set metrics=org.apache.kafka.producer. --set interval.ms=30000 --yes"
)]
pub(crate) struct SetArgs {
    #[command(flatten)]
    entity: EntityArgs,
    #[command(flatten)]
    pairs: PairArgs,
    /// Give a new client-metrics subscription a name that no other has
    #[arg(long, conflicts_with = "names")]
    generate_name: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Return keys to what counts without them.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet configs unset topic orders --key retention.ms --yes\n  kfleet configs unset broker 1 --key num.io.threads,log.cleaner.threads --dry-run\n  kfleet configs unset client-metrics latency --all --yes"
)]
pub(crate) struct UnsetArgs {
    #[command(flatten)]
    entity: EntityArgs,
    /// A key; may be repeated
    #[arg(
        long = "key",
        alias = "delete-config",
        value_name = "KEY",
        value_delimiter = ',',
        required_unless_present = "all"
    )]
    keys: Vec<String>,
    /// All keys that were set; a client-metrics subscription is gone then
    #[arg(long, conflicts_with = "keys")]
    all: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Flags of every command that changes settings.
#[derive(Debug, Clone, Args)]
struct ChangeArgs {
    /// Send keys that are not known here, as those of a broker's plugins
    #[arg(long)]
    allow_unknown_keys: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// Lines of a plan that are shown before it is asked about.
const LINES_MAX: usize = 20;

pub(crate) fn set(args: &SetArgs, context: &Context) -> Result<(), CommandError> {
    let asked = args.pairs.asked()?;
    let mut entity = args.entity.clone();
    if args.generate_name {
        if entity.entity_type != EntityType::ClientMetrics {
            return Err(CommandError::usage("--generate-name is for client-metrics"));
        }
        entity.names = vec![::broker::random_uuid().to_string()];
    }
    change(&entity, Purpose::Set, &args.change, context, |_| Ok(asked))
}

pub(crate) fn unset(args: &UnsetArgs, context: &Context) -> Result<(), CommandError> {
    let delete = |key: &String| (key.clone(), (ConfigChange::Delete, Origin::Flag));
    change(&args.entity, Purpose::Unset, &args.change, context, |current| {
        if !args.all {
            return Ok(args.keys.iter().map(delete).collect());
        }
        if !current.is_told {
            let why = "these controllers do not tell which keys are set";
            return Err(CommandError::rejected(why).hint("name them with --key, or ask a broker"));
        }
        let own = current.described.iter().flat_map(|(resource, entries)| {
            let own = entries.iter().filter(|entry| is_own(resource, entry));
            own.map(|entry| delete(&entry.name))
        });
        Ok(own.collect())
    })
}

fn change(
    entity: &EntityArgs,
    purpose: Purpose,
    args: &ChangeArgs,
    context: &Context,
    asked: impl FnOnce(&Current) -> Result<Asked, CommandError>,
) -> Result<(), CommandError> {
    let (id, changed) = block_on(async {
        let client = context.connect_to_any_role().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(&args.safety, &id)?;
        let resources = entity.resolve(&client, purpose).await?;
        let current = Current::ask(&client, resources).await?;
        let asked = asked(&current)?;
        let changed = carry_out(&client, &current, &asked, args, context).await?;
        Ok::<_, CommandError>((id, changed))
    })??;
    let told = if context.out.format == Format::Json {
        &changed.warnings[..]
    } else {
        &[]
    };
    context.out.show_part(Some(&id), &changed.rows, told, &changed.failures)
}

/// What resources have now.
struct Current {
    resources: BTreeSet<ConfigResource>,
    described: Vec<DescribedConfig>,
    /// Not where controllers are asked that leave it to brokers to tell.
    is_told: bool,
}

impl Current {
    /// A plan needs all of it.
    async fn ask(client: &Client, resources: BTreeSet<ConfigResource>) -> Result<Self, CommandError> {
        let told = client.describe_configs(&resources).await;
        let is_unserved = |failed: &ShardError| matches!(failed.error, ClientError::UnsupportedApi { .. });
        if client.role() == NodeRole::Controller && told.errors.iter().any(is_unserved) {
            return Ok(Self {
                described: resources
                    .iter()
                    .map(|resource| (resource.clone(), Vec::new()))
                    .collect(),
                resources,
                is_told: false,
            });
        }
        let failures: Vec<Failure> = told.errors.into_iter().map(Failure::from).collect();
        match together(&failures) {
            Some(error) => Err(error),
            None => Ok(Self {
                resources,
                described: told.ok,
                is_told: true,
            }),
        }
    }
}

#[derive(Debug, Default)]
struct Changed {
    rows: Vec<ConfigChangeRow>,
    warnings: Vec<String>,
    failures: Vec<Failure>,
}

async fn carry_out(
    client: &Client,
    current: &Current,
    asked: &Asked,
    args: &ChangeArgs,
    context: &Context,
) -> Result<Changed, CommandError> {
    let first = current.resources.first();
    let entity = first.map_or(ConfigEntity::Topic, |resource| resource.entity);
    let known = known(client, entity, &current.described).await;
    let mut warnings = known.check(asked, &current.resources, args.allow_unknown_keys)?;
    if !current.is_told {
        warnings.push("these controllers do not tell what is set now; all of it is sent".to_owned());
    }
    let plan = plan(&current.described, current.is_told, asked, &known);
    let mut changed = Changed {
        rows: plan.rows,
        warnings,
        failures: Vec::new(),
    };
    changed.warnings.iter().for_each(|warning| warn(context, warning));
    if plan.changes.is_empty() {
        return Ok(changed);
    }
    let looked_at = client.alter_configs(&plan.changes, true).await;
    let refused: Vec<Failure> = looked_at.errors.into_iter().map(Failure::from).collect();
    if let Some(error) = together(&refused) {
        return Err(error);
    }
    let is_change = |row: &&ConfigChangeRow| {
        let mut changes = plan.changes.iter();
        changes.any(|(resource, keys)| row.is_of(resource) && keys.contains_key(&row.key))
    };
    let count = changed.rows.iter().filter(is_change).count();
    if !args.safety.ask.dry_run {
        show_plan(context, changed.rows.iter().filter(is_change), count);
    }
    if !context.may_go_ahead(&args.safety.ask, &sentence(count, plan.changes.keys()))? {
        return Ok(changed);
    }
    let done = client.alter_configs(&plan.changes, false).await;
    let ok: BTreeSet<ConfigResource> = done.ok.into_iter().collect();
    let is_sent: Vec<bool> = changed.rows.iter().map(|row| is_change(&row)).collect();
    for (row, is_sent) in changed.rows.iter_mut().zip(is_sent) {
        row.changed = is_sent && ok.iter().any(|resource| row.is_of(resource));
    }
    for failed in done.errors {
        note(&mut changed, &plan.changes, failed);
    }
    if current.is_told {
        let late = until_seen(client, &changed.rows).await;
        late.iter().for_each(|warning| warn(context, warning));
        changed.warnings.extend(late);
    }
    Ok(changed)
}

/// Says what is to be known before anybody is asked; in JSON it is in the document.
fn warn(context: &Context, warning: &str) {
    if context.out.format != Format::Json {
        context.out.note(&format!("warning: {warning}"));
    }
}

fn show_plan<'a>(context: &Context, changes: impl Iterator<Item = &'a ConfigChangeRow>, count: usize) {
    let table = plan_table(changes.take(LINES_MAX));
    context.out.note(context.out.text_of(table).trim_end());
    if count > LINES_MAX {
        context.out.note(&format!("and {} more", count - LINES_MAX));
    }
}

/// Notes what the cluster has refused with the keys it was about.
fn note(changed: &mut Changed, changes: &client::ConfigChanges, failed: ShardError) {
    let sent = changes.iter().find(|(resource, _)| resource.to_string() == failed.what);
    let is_sent =
        |row: &ConfigChangeRow| sent.is_some_and(|(resource, keys)| row.is_of(resource) && keys.contains_key(&row.key));
    for row in changed.rows.iter_mut().filter(|row| is_sent(row)) {
        row.error = Some(failed.error.reason());
    }
    changed.failures.push(Failure::from(failed));
}

fn sentence<'a>(count: usize, resources: impl Iterator<Item = &'a ConfigResource>) -> String {
    /// Names that are shown.
    const NAMES_MAX: usize = 5;
    let names: Vec<String> = resources.map(ToString::to_string).collect();
    let keys = counted(count, "key");
    match names.get(..NAMES_MAX).filter(|_| names.len() > NAMES_MAX) {
        Some(first) => format!(
            "change {keys} of {} and {} more",
            first.join(", "),
            names.len() - NAMES_MAX
        ),
        None => format!("change {keys} of {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_says_how_much_is_changed_of_what() {
        let topics: Vec<ConfigResource> = (0..7)
            .map(|at| ConfigResource::new(ConfigEntity::Topic, format!("t{at}")))
            .collect();
        assert_eq!(sentence(1, topics.iter().take(1)), "change 1 key of topic t0");
        assert_eq!(
            sentence(14, topics.iter()),
            "change 14 keys of topic t0, topic t1, topic t2, topic t3, topic t4 and 2 more"
        );
        let all = ConfigResource::new(ConfigEntity::Broker, "");
        assert_eq!(sentence(2, [all].iter()), "change 2 keys of broker defaults");
    }
}
