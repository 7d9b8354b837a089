//! Brokers that are to go take no new replicas (KIP-1066).

use std::collections::BTreeMap;

use client::{ConfigChange, ConfigChanges, ConfigEntity, ConfigResource};

use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::reassign::joined;
use crate::snapshot::live::CORDONED;

/// Stands for all log directories of a broker.
const ALL_DIRS: &str = "*";

/// Sets it where brokers know of it and it is not set yet.
pub(super) fn run(brokers: &[i32], safety: &SafetyArgs, context: &Context) -> Result<(), CommandError> {
    block_on(async {
        let client = context.connect().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(safety, &id)?;
        let told = client.broker_settings(brokers, &[CORDONED]).await;
        let mut open = Vec::new();
        for (broker, settings) in told.ok {
            let broker: Option<i32> = broker.parse().ok();
            match (broker, settings.get(CORDONED)) {
                (Some(broker), Some(setting)) if setting.value.as_deref() != Some(ALL_DIRS) => open.push(broker),
                (Some(broker), None) => context.out.note(&format!(
                    "broker {broker} does not know of cordons: new replicas may come to it until it is stopped"
                )),
                _ => {}
            }
        }
        for failed in told.errors {
            let why = failed.error.reason();
            context.out.note(&format!("{} cannot be cordoned: {why}", failed.what));
        }
        let action = format!("have broker {} take no new replicas", joined(&open));
        if open.is_empty() || !context.may_change(safety, &id, &action)? {
            return Ok(());
        }
        let cordon = BTreeMap::from([(CORDONED.to_owned(), ConfigChange::Set(ALL_DIRS.to_owned()))]);
        let resource = |broker: &i32| ConfigResource::new(ConfigEntity::Broker, broker.to_string());
        let changes: ConfigChanges = open.iter().map(|broker| (resource(broker), cordon.clone())).collect();
        client.alter_configs(&changes, false).await.into_result()?;
        Ok(())
    })?
}
