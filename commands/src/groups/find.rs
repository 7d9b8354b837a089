//! Groups by name: all brokers are asked, and what nobody has is told apart from what nobody could tell.

use std::collections::BTreeMap;

use client::{Client, GroupFilter, ListedGroup, ShardError};
use tokio::time::Instant;

use crate::error::CommandError;
use crate::failure::Failure;
use crate::nearest::did_you_mean;

/// Groups that brokers told of.
#[derive(Debug)]
pub(crate) struct KnownGroups {
    groups: BTreeMap<String, ListedGroup>,
    /// Brokers that did not answer.
    silent: Vec<ShardError>,
}

impl KnownGroups {
    /// Asks all brokers. One that does not answer leaves half of the time for what is asked of the others next.
    pub(crate) async fn ask(client: &Client) -> Self {
        let now = Instant::now();
        let deadline = now + client.deadline().saturating_duration_since(now) / 2;
        let listed = client.list_groups(&GroupFilter::default(), deadline).await;
        Self {
            groups: listed.ok.into_iter().map(|group| (group.id.clone(), group)).collect(),
            silent: listed.errors,
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &ListedGroup> {
        self.groups.values()
    }

    /// What keeps the list from being whole.
    pub(crate) fn failures(&self) -> Vec<Failure> {
        self.silent.iter().cloned().map(Failure::from).collect()
    }

    /// A group, or none if there is none of this name; an error if only a broker that does not answer could tell.
    pub(crate) async fn get(&self, client: &Client, group: &str) -> Result<Option<&ListedGroup>, CommandError> {
        if let Some(found) = self.groups.get(group) {
            return Ok(Some(found));
        }
        if self.silent.is_empty() {
            return Ok(None);
        }
        let coordinator = format!("broker {}", client.coordinator(group).await?);
        match self.silent.iter().find(|failed| failed.what == coordinator) {
            Some(failed) => Err(failed.error.clone().into()),
            None => Ok(None),
        }
    }

    /// A group that has to be there.
    pub(crate) async fn find(&self, client: &Client, group: &str) -> Result<&ListedGroup, CommandError> {
        self.get(client, group).await?.ok_or_else(|| self.unknown(group))
    }

    /// That there is no such group, with those that may be meant.
    pub(crate) fn unknown(&self, group: &str) -> CommandError {
        let error = CommandError::not_found(format!("group {group} does not exist"));
        match did_you_mean(group, self.groups.keys().map(String::as_str)) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    /// These groups, or all of them; and what became of those that are not found.
    pub(crate) async fn choose(
        &self,
        client: &Client,
        names: &[String],
        all: bool,
    ) -> (Vec<&ListedGroup>, Vec<Failure>) {
        if all {
            return (self.all().collect(), self.failures());
        }
        let mut names: Vec<&String> = names.iter().collect();
        names.sort();
        names.dedup();
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for name in names {
            match self.find(client, name).await {
                Ok(group) => found.push(group),
                Err(error) => failures.push(Failure::new(format!("group {name}"), error)),
            }
        }
        (found, failures)
    }
}
