//! Waiting until brokers have heard of changes that the controller made, so that whatever runs next finds them.

use std::collections::BTreeSet;
use std::time::Duration;

use client::{Client, ConfigEntity, ConfigEntry, ConfigResource};
use tokio::time::{Instant, sleep};

use super::plan::{ConfigChangeRow, is_own};

/// How often they are asked, and how long.
const POLL: Duration = Duration::from_millis(10);
const SEEN_MAX: Duration = Duration::from_secs(5);

/// Waits until what was changed is told as it is now. It is changed in any case: why it is not told is a warning.
pub(super) async fn until_seen(client: &Client, rows: &[ConfigChangeRow]) -> Option<String> {
    // Levels of loggers are changed by the broker that has answered.
    let changed = rows
        .iter()
        .filter(|row| row.changed && row.entity_type != ConfigEntity::BrokerLogger.name());
    let changed: Vec<&ConfigChangeRow> = changed.collect();
    let until = client.deadline().min(Instant::now() + SEEN_MAX);
    let mut open: BTreeSet<ConfigResource> = changed.iter().filter_map(|row| row.resource()).collect();
    while !open.is_empty() {
        let told = client.describe_configs(&open).await;
        let is_seen = |(resource, entries): &(ConfigResource, Vec<ConfigEntry>)| {
            let mut of_it = changed.iter().filter(|row| row.is_of(resource));
            of_it.all(|row| is_told(row, resource, entries))
        };
        for seen in told.ok.iter().filter(|told| is_seen(told)) {
            open.remove(&seen.0);
        }
        let failed = told.errors.first().map(|failed| failed.error.to_string());
        if let Some(why) = failed.or_else(|| (Instant::now() + POLL >= until).then(|| "it takes its time".to_owned()))
            && !open.is_empty()
        {
            return Some(format!(
                "it is done, and the broker that was asked has yet to tell of it: {why}"
            ));
        }
        sleep(POLL).await;
    }
    None
}

fn is_told(row: &ConfigChangeRow, resource: &ConfigResource, entries: &[ConfigEntry]) -> bool {
    let own = entries
        .iter()
        .find(|entry| entry.name == row.key && is_own(resource, entry));
    match (own, &row.new_value) {
        // Of a secret it can be seen that it is there, and no more.
        (Some(own), _) if row.sensitive || own.is_sensitive => true,
        (Some(own), Some(new)) => own.value.as_deref().is_some_and(|value| value.trim() == new.trim()),
        (Some(_), None) => false,
        (None, new) => new.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_once_it_is_told_and_a_key_that_was_unset_once_it_is_not() {
        let resource = ConfigResource::new(ConfigEntity::Topic, "t");
        let row = |new: Option<&str>, sensitive| ConfigChangeRow {
            entity_type: "topic",
            entity: "t".to_owned(),
            key: "k".to_owned(),
            old_value: None,
            new_value: new.map(str::to_owned),
            sensitive,
            changed: true,
            error: None,
        };
        let entry = |value: Option<&str>, source| ConfigEntry {
            name: "k".to_owned(),
            value: value.map(str::to_owned),
            source,
            is_read_only: false,
            is_sensitive: false,
            synonyms: Vec::new(),
        };
        let told = |row: &ConfigChangeRow, entries: &[ConfigEntry]| is_told(row, &resource, entries);
        let set = row(Some(" 5"), false);
        assert!(told(&set, &[entry(Some("5"), 1)]) && !told(&set, &[entry(Some("4"), 1)]));
        assert!(
            !told(&set, &[]) && !told(&set, &[entry(Some("5"), 5)]),
            "the default is not what was set"
        );
        let unset = row(None, false);
        assert!(told(&unset, &[]) && told(&unset, &[entry(Some("9"), 5)]) && !told(&unset, &[entry(Some("5"), 1)]));
        assert!(told(&row(None, true), &[entry(None, 1)]));
    }
}
