//! configs list

use std::collections::BTreeSet;

use clap::Args;
use client::{ClientError, ConfigEntity, ConfigResource};
use schemars::JsonSchema;
use serde::Serialize;

use super::entity::EntityType;
use super::shown_name;
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// List what has settings of its own.
///
/// Brokers and topics are listed whether or not a key is set. Clusters before Kafka 4.1 tell of client-metrics
/// subscriptions only.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet configs list client-metrics -b localhost:9092\n  kfleet configs list group topic -o json"
)]
pub(crate) struct ListArgs {
    /// What the settings are about; all that there is if it is not said
    #[arg(value_enum, value_name = "TYPE")]
    types: Vec<EntityType>,
}

/// Something that has settings.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ConfigResourceRow {
    /// What it is: topic, broker, broker-logger, group or client-metrics.
    entity_type: &'static str,
    /// Its name; empty for all brokers.
    entity: String,
}

impl Shown for Vec<ConfigResourceRow> {
    const SCHEMA: &'static str = "configs-list/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &ConfigResourceRow| vec![row.entity_type.to_owned(), shown_name(&row.entity)];
        Table {
            headers: vec!["TYPE", "NAME"],
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &ListArgs, context: &Context) -> Result<(), CommandError> {
    let asked: BTreeSet<ConfigEntity> = args.types.iter().map(|entity_type| entity_type.entity()).collect();
    let all = [
        ConfigEntity::Topic,
        ConfigEntity::Broker,
        ConfigEntity::BrokerLogger,
        ConfigEntity::ClientMetrics,
        ConfigEntity::Group,
    ];
    let types = if asked.is_empty() { all.into() } else { asked };
    let (id, found) = block_on(async {
        let client = context.connect().await?;
        let found = client.list_config_resources(&types).await.map_err(unserved)?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), found))
    })??;
    let row = |resource: ConfigResource| ConfigResourceRow {
        entity_type: resource.entity.name(),
        entity: resource.name,
    };
    let rows: Vec<ConfigResourceRow> = found.into_iter().map(row).collect();
    context.out.show(Some(&id), &rows, &[])
}

fn unserved(error: ClientError) -> CommandError {
    let is_unserved = matches!(error, ClientError::UnsupportedApi { .. });
    let error = CommandError::from(error);
    if is_unserved {
        error.hint("clusters before Kafka 4.1 tell of client-metrics alone: kfleet configs list client-metrics")
    } else {
        error
    }
}
