//! Whose settings: names and patterns become what the cluster has.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use client::{Client, ConfigEntity, ConfigResource, NodeRole};

use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::live_brokers::check_alive;
use crate::nearest::did_you_mean;
use crate::topics::names::{Choice, Wanted, resolve};

/// What settings are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EntityType {
    /// Topics
    #[value(alias = "topics")]
    Topic,
    /// Brokers by their ids; without one what counts for all brokers
    #[value(alias = "brokers")]
    Broker,
    /// What counts for all brokers
    BrokerDefaults,
    /// Levels of brokers' loggers, by the brokers' ids
    #[value(alias = "broker-loggers")]
    BrokerLogger,
    /// Groups
    #[value(alias = "groups")]
    Group,
    /// Subscriptions to metrics of clients
    ClientMetrics,
}

impl EntityType {
    pub(crate) const fn entity(self) -> ConfigEntity {
        match self {
            Self::Topic => ConfigEntity::Topic,
            Self::Broker | Self::BrokerDefaults => ConfigEntity::Broker,
            Self::BrokerLogger => ConfigEntity::BrokerLogger,
            Self::Group => ConfigEntity::Group,
            Self::ClientMetrics => ConfigEntity::ClientMetrics,
        }
    }
}

/// Whose settings.
#[derive(Debug, Clone, Args)]
pub(crate) struct EntityArgs {
    /// What the settings are about
    #[arg(value_enum, value_name = "TYPE")]
    pub(super) entity_type: EntityType,
    /// Names; of topics also patterns as in 'orders-*', and of brokers '*' for all that are alive
    #[arg(value_name = "NAME")]
    pub(super) names: Vec<String>,
}

/// What is done with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// They are looked at: whoever names none means all that have settings of their own.
    Look,
    /// Keys are set, which may bring a name into being.
    Set,
    /// Keys are unset.
    Unset,
}

impl EntityArgs {
    /// The names that are not empty; an empty one is Kafka's for all brokers.
    fn given(&self) -> Vec<String> {
        self.names.iter().filter(|name| !name.is_empty()).cloned().collect()
    }

    /// Whether none is named where that means whatever there is.
    fn needs_names(&self, names: &[String]) -> bool {
        names.is_empty() && self.entity_type.entity() != ConfigEntity::Broker
    }

    /// Those that are meant, all of which are there.
    pub(super) async fn resolve(
        &self,
        client: &Client,
        purpose: Purpose,
    ) -> Result<BTreeSet<ConfigResource>, CommandError> {
        let (names, entity) = (self.given(), self.entity_type.entity());
        let is_open = |name: &String| name.contains(['*', '?']);
        if client.role() == NodeRole::Controller && (names.iter().any(is_open) || self.needs_names(&names)) {
            let why = format!("controllers do not tell which {}s there are", entity.name());
            return Err(CommandError::usage(why).hint("name them, or ask brokers with --bootstrap-server"));
        }
        let of = |names: Vec<String>| {
            names
                .into_iter()
                .map(|name| ConfigResource::new(entity, name))
                .collect()
        };
        match self.entity_type {
            EntityType::BrokerDefaults if !names.is_empty() => Err(CommandError::usage(
                "broker-defaults has no names; a broker is named as in: broker 1",
            )),
            EntityType::BrokerDefaults => Ok(of(vec![String::new()])),
            EntityType::Broker if names.is_empty() => Ok(of(vec![String::new()])),
            _ if names.is_empty() && (purpose != Purpose::Look || self.entity_type == EntityType::BrokerLogger) => Err(
                CommandError::usage(format!("which {} is meant is not said", entity.name())),
            ),
            EntityType::Broker | EntityType::BrokerLogger => Ok(of(brokers(client, &names).await?)),
            // A controller knows of topics' settings, and of no metadata that has their names.
            EntityType::Topic if client.role() == NodeRole::Controller => Ok(of(names)),
            EntityType::Topic => {
                let all = vec!["*".to_owned()];
                let wanted = Wanted::parse(if names.is_empty() { &all } else { &names }, false)?;
                let choice = Choice {
                    reach_internal: purpose == Purpose::Look,
                    if_exists: names.is_empty(),
                };
                Ok(of(resolve(client, &wanted, choice).await?.names.into_iter().collect()))
            }
            EntityType::Group if !names.is_empty() => Ok(of(names)),
            EntityType::ClientMetrics if purpose == Purpose::Set => Ok(of(names)),
            EntityType::Group | EntityType::ClientMetrics => {
                let known = client.list_config_resources(&BTreeSet::from([entity])).await?;
                among(known, &names, entity)
            }
        }
    }
}

/// These, or all of them; each has to be there.
fn among(
    known: BTreeSet<ConfigResource>,
    names: &[String],
    entity: ConfigEntity,
) -> Result<BTreeSet<ConfigResource>, CommandError> {
    if names.is_empty() {
        return Ok(known);
    }
    let mut failures = Vec::new();
    let mut found = BTreeSet::new();
    for name in names {
        let resource = ConfigResource::new(entity, name.clone());
        if known.contains(&resource) {
            found.insert(resource);
            continue;
        }
        let error = CommandError::not_found(format!("{resource} does not exist"));
        let hint = did_you_mean(name, known.iter().map(|known| known.name.as_str()));
        failures.push(Failure::new(
            resource.to_string(),
            hint.into_iter().fold(error, CommandError::hint),
        ));
    }
    match together(&failures) {
        Some(error) => Err(error),
        None => Ok(found),
    }
}

/// These brokers, which have to be alive to be asked.
async fn brokers(client: &Client, names: &[String]) -> Result<Vec<String>, CommandError> {
    let alive: BTreeSet<i32> = client.broker_ids().collect();
    let mut ids = BTreeSet::new();
    for name in names {
        match name.parse() {
            Ok(id) => drop(ids.insert(id)),
            Err(_) if name == "*" => ids.extend(&alive),
            Err(_) => return Err(CommandError::usage(format!("\"{name}\" is no broker's id"))),
        }
    }
    if client.role() == NodeRole::Broker {
        check_alive(client, &ids, &alive).await?;
    }
    Ok(ids.into_iter().map(|id| id.to_string()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_that_is_not_there_is_named_with_what_is_like_it() {
        let entity = ConfigEntity::ClientMetrics;
        let known: BTreeSet<ConfigResource> = ["latency", "bytes"]
            .map(|name| ConfigResource::new(entity, name))
            .into();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(among(known.clone(), &[], entity).unwrap().len(), 2);
        assert_eq!(among(known.clone(), &names(&["bytes"]), entity).unwrap().len(), 1);
        let error = among(known, &names(&["bytes", "latenci"]), entity).unwrap_err();
        assert_eq!(
            (error.code, &*error.message),
            (66, "client-metrics latenci does not exist")
        );
        assert_eq!(error.hints, ["did you mean latency?"]);
    }
}
