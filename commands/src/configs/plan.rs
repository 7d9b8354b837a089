//! What is to become of keys: from what counts now and what is asked for, to rows.

use client::{ConfigChange, ConfigChanges, ConfigEntity, ConfigEntry, ConfigResource, DescribedConfig};
use schemars::JsonSchema;
use serde::Serialize;

use super::keys::KnownKeys;
use super::pairs::Asked;
use crate::output::{Shown, Table};

/// What became of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ConfigChangeRow {
    /// What it is about: topic, broker, broker-logger, group or client-metrics.
    pub(super) entity_type: &'static str,
    /// Its name; empty for all brokers.
    pub(super) entity: String,
    /// The key.
    pub(super) key: String,
    /// What was set there before; none if nothing was, and for secrets.
    pub(super) old_value: Option<String>,
    /// What is to be set there, or is once it was changed; none if nothing, and for secrets.
    pub(super) new_value: Option<String>,
    /// Whether it is a secret.
    pub(super) sensitive: bool,
    /// Whether anything was changed.
    pub(super) changed: bool,
    /// Why not, if the cluster refused.
    pub(super) error: Option<String>,
}

/// Rows, and what of them has to be sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) rows: Vec<ConfigChangeRow>,
    pub(super) changes: ConfigChanges,
}

/// Kafka's code for what was set for a resource itself.
const fn own_source(resource: &ConfigResource) -> i8 {
    match resource.entity {
        ConfigEntity::Topic => 1,
        ConfigEntity::Broker if resource.name.is_empty() => 3,
        ConfigEntity::Broker => 2,
        ConfigEntity::BrokerLogger => 6,
        ConfigEntity::ClientMetrics => 7,
        ConfigEntity::Group => 8,
    }
}

/// Whether a key was set for a resource itself.
pub(super) fn is_own(resource: &ConfigResource, entry: &ConfigEntry) -> bool {
    entry.source == own_source(resource)
}

/// Whether somebody set a key: for a resource itself, or in a broker's file, or for all brokers.
pub(super) fn is_set(resource: &ConfigResource, entry: &ConfigEntry) -> bool {
    /// Kafka's code for what nobody set.
    const DEFAULT: i8 = 5;
    match resource.entity {
        ConfigEntity::Broker => entry.source != DEFAULT,
        _ => is_own(resource, entry),
    }
}

/// The plan for these resources, which are asked for the same. If nobody tells what is set now, everything is sent.
pub(super) fn plan(described: &[DescribedConfig], is_told: bool, asked: &Asked, known: &KnownKeys) -> Plan {
    let mut plan = Plan::default();
    for (resource, entries) in described {
        for (key, (change, _)) in asked {
            let entry = entries.iter().find(|entry| entry.name == *key);
            let own = entry.filter(|entry| is_own(resource, entry));
            let sensitive = known.is_sensitive(key) || entry.is_some_and(|entry| entry.is_sensitive);
            let now = entry.and_then(|entry| entry.value.as_deref());
            let is_known = is_told || matches!(change, ConfigChange::Set(_));
            let new_value = new_value(change, now).filter(|_| is_known);
            let old_value = own.and_then(|own| own.value.clone());
            let is_change = match change {
                _ if !is_told => true,
                ConfigChange::Delete => own.is_some(),
                // Of a secret it is not known whether it stays.
                ConfigChange::Set(_) => sensitive || own.is_none() || old_value != new_value,
                ConfigChange::Append(_) | ConfigChange::Subtract(_) => now != new_value.as_deref(),
            };
            let shown = |value: Option<String>| value.filter(|_| !sensitive);
            plan.rows.push(ConfigChangeRow {
                entity_type: resource.entity.name(),
                entity: resource.name.clone(),
                key: key.clone(),
                new_value: shown(if is_change { new_value } else { old_value.clone() }),
                old_value: shown(old_value),
                sensitive,
                changed: false,
                error: None,
            });
            if is_change {
                let keys = plan.changes.entry(resource.clone()).or_default();
                keys.insert(key.clone(), change.clone());
            }
        }
    }
    plan
}

/// The value a key gets; none if it is unset.
fn new_value(change: &ConfigChange, now: Option<&str>) -> Option<String> {
    let items = |text: Option<&str>| {
        let text = text.unwrap_or_default().split(',').filter(|item| !item.is_empty());
        text.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut list = items(now);
    match change {
        ConfigChange::Set(value) => return Some(value.clone()),
        ConfigChange::Delete => return None,
        ConfigChange::Append(added) => {
            let added = items(Some(added)).into_iter();
            let new: Vec<String> = added.filter(|item| !list.contains(item)).collect();
            list.extend(new);
        }
        ConfigChange::Subtract(removed) => {
            let removed = items(Some(removed));
            list.retain(|item| !removed.contains(item));
        }
    }
    Some(list.join(","))
}

impl ConfigChangeRow {
    /// Whether it is one of a resource's.
    pub(super) fn is_of(&self, resource: &ConfigResource) -> bool {
        self.entity_type == resource.entity.name() && self.entity == resource.name
    }

    /// The resource it is one of.
    pub(super) fn resource(&self) -> Option<ConfigResource> {
        let entity = ConfigEntity::from_name(self.entity_type)?;
        Some(ConfigResource::new(entity, self.entity.clone()))
    }

    fn cells(&self) -> Vec<String> {
        let shown = |value: &Option<String>, is_set: bool| match (value, self.sensitive) {
            (Some(value), _) => value.clone(),
            (None, true) if is_set => "(secret)".to_owned(),
            (None, _) => "-".to_owned(),
        };
        vec![
            super::shown_name(&self.entity),
            self.key.clone(),
            shown(&self.old_value, false),
            shown(&self.new_value, true),
        ]
    }
}

const PLAN_HEADERS: [&str; 4] = ["NAME", "KEY", "OLD", "NEW"];

/// What is about to be done.
pub(super) fn plan_table<'a>(rows: impl Iterator<Item = &'a ConfigChangeRow>) -> Table {
    Table {
        headers: PLAN_HEADERS.to_vec(),
        rows: rows.map(ConfigChangeRow::cells).collect(),
    }
}

impl Shown for Vec<ConfigChangeRow> {
    const SCHEMA: &'static str = "configs-change/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &ConfigChangeRow| {
            let state = match (&row.error, row.changed) {
                (Some(error), _) => error.clone(),
                (None, true) => "done".to_owned(),
                (None, false) => "unchanged".to_owned(),
            };
            let mut cells = row.cells();
            cells.push(state);
            cells
        };
        Table {
            headers: [&PLAN_HEADERS[..], &["RESULT"]].concat(),
            rows: self.iter().map(row).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pairs::Origin;
    use super::*;

    fn entry(name: &str, value: &str, source: i8) -> ConfigEntry {
        ConfigEntry {
            name: name.to_owned(),
            value: Some(value.to_owned()),
            source,
            is_read_only: false,
            is_sensitive: false,
            synonyms: Vec::new(),
        }
    }

    fn planned(changes: &[(&str, ConfigChange)]) -> Plan {
        let topic = ConfigResource::new(ConfigEntity::Topic, "t");
        let entries = vec![entry("retention.ms", "5", 1), entry("cleanup.policy", "delete", 5)];
        let asked = changes.iter().cloned();
        let asked = asked.map(|(key, change)| (key.to_owned(), (change, Origin::Flag)));
        let known = KnownKeys::of(ConfigEntity::Topic, &entries);
        plan(&[(topic, entries)], true, &asked.collect(), &known)
    }

    #[test]
    fn a_broker_has_what_is_in_its_file_and_a_topic_what_was_set_for_it() {
        let set = |entity, name, source| is_set(&ConfigResource::new(entity, name), &entry("k", "v", source));
        assert!(set(ConfigEntity::Broker, "1", 4) && set(ConfigEntity::Broker, "1", 3));
        assert!(!set(ConfigEntity::Broker, "1", 5));
        assert!(set(ConfigEntity::Topic, "t", 1) && !set(ConfigEntity::Topic, "t", 3));
    }

    #[test]
    fn what_nobody_tells_of_is_sent() {
        let topic = ConfigResource::new(ConfigEntity::Topic, "t");
        let asked = Asked::from([("retention.ms".to_owned(), (ConfigChange::Delete, Origin::Flag))]);
        let known = KnownKeys::of(ConfigEntity::Topic, &[]);
        let sent = |is_told| {
            plan(&[(topic.clone(), Vec::new())], is_told, &asked, &known)
                .changes
                .len()
        };
        assert_eq!((sent(true), sent(false)), (0, 1));
    }

    fn set(value: &str) -> ConfigChange {
        ConfigChange::Set(value.to_owned())
    }

    #[test]
    fn what_is_set_already_is_not_sent() {
        let same = planned(&[("retention.ms", set("5")), ("segment.ms", ConfigChange::Delete)]);
        assert!(same.changes.is_empty() && same.rows.len() == 2, "{same:?}");
        let other = planned(&[("retention.ms", set("6"))]);
        assert_eq!(
            (other.rows[0].old_value.as_deref(), other.rows[0].new_value.as_deref()),
            (Some("5"), Some("6"))
        );
        // To set what counts anyway is a change: it stays when the default changes.
        let explicit = planned(&[("cleanup.policy", set("delete"))]);
        assert_eq!(
            (explicit.changes.len(), explicit.rows[0].old_value.as_deref()),
            (1, None)
        );
        let unset = planned(&[("retention.ms", ConfigChange::Delete)]);
        assert_eq!((unset.changes.len(), unset.rows[0].new_value.as_deref()), (1, None));
    }

    #[test]
    fn lists_grow_and_shrink_by_their_items() {
        let policy = |change: ConfigChange| {
            let plan = planned(&[("cleanup.policy", change)]);
            (plan.rows[0].new_value.clone(), plan.changes.len())
        };
        let items = |text: &str| text.to_owned();
        assert_eq!(
            policy(ConfigChange::Append(items("compact"))),
            (Some("delete,compact".to_owned()), 1)
        );
        assert_eq!(policy(ConfigChange::Append(items("delete"))).1, 0);
        assert_eq!(
            policy(ConfigChange::Subtract(items("delete"))),
            (Some(String::new()), 1)
        );
        assert_eq!(policy(ConfigChange::Subtract(items("compact"))).1, 0);
    }

    #[test]
    fn a_secret_is_shown_neither_before_nor_after() {
        let broker = ConfigResource::new(ConfigEntity::Broker, "1");
        let asked = Asked::from([("ssl.key.password".to_owned(), (set("hunter2"), Origin::Flag))]);
        let known = KnownKeys::of(ConfigEntity::Broker, &[]);
        let plan = plan(&[(broker, Vec::new())], true, &asked, &known);
        assert_eq!(plan.changes.len(), 1);
        assert!(!format!("{:?}", plan.rows).contains("hunter2"));
        assert_eq!(plan.rows.table(false).rows[0][3], "(secret)");
    }
}
