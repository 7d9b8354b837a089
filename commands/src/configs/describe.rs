//! configs describe

use clap::Args;
use client::{ClientError, NodeRole};
use protocol::api::StrBytes;
use protocol::api::messages::DescribeConfigsRequest;
use protocol::api::messages::describe_configs_request::DescribeConfigsResource;
use schemars::JsonSchema;
use serde::Serialize;

use super::{EntityArgs, EntityType};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// List settings and where they come from.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet configs describe topic orders -b localhost:9092")]
pub(crate) struct DescribeArgs {
    #[command(flatten)]
    entity: EntityArgs,
    /// Also list keys that nobody set
    #[arg(short, long)]
    all: bool,
}

/// A setting.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ConfigRow {
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
}

impl Shown for Vec<ConfigRow> {
    const SCHEMA: &'static str = "configs-describe/1";

    fn table(&self, _: bool) -> Table {
        let row = |config: &ConfigRow| {
            let value = config
                .value
                .clone()
                .unwrap_or_else(|| if config.sensitive { "(secret)" } else { "-" }.to_owned());
            vec![config.name.clone(), value, config.source.to_owned()]
        };
        Table {
            headers: vec!["KEY", "VALUE", "SOURCE"],
            rows: self.iter().map(row).collect(),
        }
    }
}

const fn source_name(code: i8) -> &'static str {
    match code {
        1 => "topic",
        2 => "broker",
        3 => "all-brokers",
        4 => "file",
        5 => "default",
        6 => "broker-logger",
        7 => "client-metrics",
        8 => "group",
        _ => "unknown",
    }
}

pub(crate) fn run(args: &DescribeArgs, context: &Context) -> Result<(), CommandError> {
    let (id, mut rows) = block_on(async {
        let client = context.connect_to_any_role().await?;
        let resource = DescribeConfigsResource::default()
            .with_resource_type(args.entity.entity_type.code())
            .with_resource_name(StrBytes::from_string(args.entity.name.clone()))
            .with_configuration_keys(None);
        let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
        // A broker tells only of its own settings.
        let broker = args
            .entity
            .name
            .parse()
            .ok()
            .filter(|_| args.entity.entity_type == EntityType::Broker);
        // Of brokers a controller knows what was set in the cluster, and no more.
        let broker =
            broker.filter(|id| client.role() == NodeRole::Broker || client.broker_ids().any(|known| known == *id));
        let response = match broker {
            Some(broker) => client.send_to(broker, &request).await?,
            None => client.send_any(&request).await?,
        };
        let mut rows = Vec::new();
        for result in response.results {
            if result.error_code != 0 {
                let what = format!("{:?} {}", args.entity.entity_type, args.entity.name).to_lowercase();
                return Err(ClientError::rejected(what, result.error_code, result.error_message.as_deref()).into());
            }
            rows.extend(result.configs.into_iter().map(|config| ConfigRow {
                name: config.name.to_string(),
                value: config.value.map(|value| value.to_string()),
                source: source_name(config.config_source),
                read_only: config.read_only,
                sensitive: config.is_sensitive,
            }));
        }
        Ok::<_, CommandError>((client.cluster_id().to_owned(), rows))
    })??;
    rows.retain(|row| args.all || row.source != "default");
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    context.out.show(Some(&id), &rows, &[])
}
