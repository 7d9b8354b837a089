//! configs describe

use clap::Args;
use client::{ConfigEntry, ConfigResource};
use schemars::JsonSchema;
use serde::Serialize;

use super::entity::{EntityArgs, Purpose};
use super::plan::is_set;
use super::{shown_name, source_name};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::output::{Shown, Table};

/// List settings and where they come from.
///
/// Without a name: topics, groups and subscriptions that have settings of their own, or what counts for all brokers.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet configs describe topic orders -b localhost:9092\n  kfleet configs describe broker 1 2 --all -o json\n  kfleet configs describe broker-defaults\n  kfleet configs describe topic 'orders-*' --key retention.ms --all\n  kfleet configs describe broker-logger 1"
)]
pub(crate) struct DescribeArgs {
    #[command(flatten)]
    entity: EntityArgs,
    /// All keys, with what counts where nothing was set; of a broker without it what is in its file or was set, of all
    /// else what was set for it
    #[arg(short, long)]
    all: bool,
    /// Only this key; may be repeated
    #[arg(long = "key", value_name = "KEY", value_delimiter = ',')]
    keys: Vec<String>,
}

/// A setting.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ConfigRow {
    /// What it is about: topic, broker, broker-logger, group or client-metrics.
    entity_type: &'static str,
    /// Its name; empty for all brokers.
    entity: String,
    /// The key.
    name: String,
    /// Its value; none for secrets and for keys without one.
    value: Option<String>,
    /// Where it comes from.
    source: &'static str,
    /// Whether it can only be changed in a file.
    read_only: bool,
    /// Whether it is a secret.
    sensitive: bool,
    /// All levels that give it a value, the one that counts first.
    synonyms: Vec<Synonym>,
}

/// A level that gives a setting a value.
#[derive(Debug, Serialize, JsonSchema)]
struct Synonym {
    /// The key there.
    name: String,
    /// The value there; none for secrets.
    value: Option<String>,
    /// Which level.
    source: &'static str,
}

impl Shown for Vec<ConfigRow> {
    const SCHEMA: &'static str = "configs-describe/1";

    fn table(&self, wide: bool) -> Table {
        let text = |value: &Option<String>, sensitive: bool| {
            let none = if sensitive { "(secret)" } else { "-" };
            value.clone().unwrap_or_else(|| none.to_owned())
        };
        let row = |config: &ConfigRow| {
            let mut row = vec![
                shown_name(&config.entity),
                config.name.clone(),
                text(&config.value, config.sensitive),
                config.source.to_owned(),
            ];
            if wide {
                let level = |level: &Synonym| {
                    let value = text(&level.value, config.sensitive);
                    format!("{}:{}={value}", level.source, level.name)
                };
                let levels: Vec<String> = config.synonyms.iter().map(level).collect();
                let none_if_empty = |text: String| if text.is_empty() { "-".to_owned() } else { text };
                row.extend([config.read_only.to_string(), none_if_empty(levels.join(","))]);
            }
            row
        };
        let mut headers = vec!["NAME", "KEY", "VALUE", "SOURCE"];
        if wide {
            headers.extend(["READ-ONLY", "SYNONYMS"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

fn row(resource: &ConfigResource, entry: ConfigEntry) -> ConfigRow {
    let synonyms = entry.synonyms.into_iter();
    ConfigRow {
        entity_type: resource.entity.name(),
        entity: resource.name.clone(),
        name: entry.name,
        value: entry.value,
        source: source_name(entry.source),
        read_only: entry.is_read_only,
        sensitive: entry.is_sensitive,
        synonyms: synonyms
            .map(|(name, value, source)| Synonym {
                name,
                value,
                source: source_name(source),
            })
            .collect(),
    }
}

pub(crate) fn run(args: &DescribeArgs, context: &Context) -> Result<(), CommandError> {
    let (id, told) = block_on(async {
        let client = context.connect_to_any_role().await?;
        let resources = args.entity.resolve(&client, Purpose::Look).await?;
        let told = client.describe_configs(&resources).await;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), told))
    })??;
    let mut rows: Vec<ConfigRow> = Vec::new();
    for (resource, entries) in told.ok {
        let shown = entries.into_iter().filter(|entry| args.all || is_set(&resource, entry));
        rows.extend(shown.map(|entry| row(&resource, entry)));
    }
    rows.retain(|row| args.keys.is_empty() || args.keys.contains(&row.name));
    let failures: Vec<Failure> = told.errors.into_iter().map(Failure::from).collect();
    context.out.show_part(Some(&id), &rows, &[], &failures)
}
