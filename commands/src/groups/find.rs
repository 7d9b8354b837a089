//! Groups by name: all brokers are asked, and what nobody has is told apart from what nobody could tell.

use std::collections::{BTreeMap, BTreeSet};

use client::{Client, GroupFilter, ListedGroup, ShardError};
use tokio::time::Instant;

use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::nearest::did_you_mean;
use crate::pattern::Pattern;

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
        let mut has_pattern = false;
        for name in names {
            if let Some(like) = self.like(name) {
                has_pattern = true;
                if like.is_empty() && self.silent.is_empty() {
                    let error = CommandError::not_found(format!("no group has a name like {name}"));
                    failures.push(Failure::new(format!("group {name}"), error));
                }
                found.extend(like);
                continue;
            }
            match self.find(client, name).await {
                Ok(group) => found.push(group),
                Err(error) => failures.push(Failure::new(format!("group {name}"), error)),
            }
        }
        if has_pattern {
            // Who did not answer may have others of such names.
            failures.extend(self.failures());
        }
        (in_order(found), failures)
    }

    /// The groups that a pattern stands for; nothing if it is no pattern, or the very name of a group.
    fn like(&self, text: &str) -> Option<Vec<&ListedGroup>> {
        let pattern: Pattern = text.parse().ok()?;
        if pattern.is_name() || self.groups.contains_key(text) {
            return None;
        }
        Some(self.all().filter(|group| pattern.matches(&group.id)).collect())
    }

    /// What there is of these groups, and the names that are nobody's; an error if a broker that does not answer may have
    /// one of them.
    pub(crate) async fn choose_existing<'a>(
        &self,
        client: &Client,
        names: &'a [String],
    ) -> Result<(Vec<&ListedGroup>, BTreeSet<&'a str>), CommandError> {
        let (mut found, mut missing) = (Vec::new(), BTreeSet::new());
        for name in names {
            match self.like(name) {
                Some(like) => match together(&self.failures()) {
                    Some(error) => return Err(error),
                    None => found.extend(like),
                },
                None => match self.get(client, name).await? {
                    Some(group) => found.push(group),
                    None => drop(missing.insert(name.as_str())),
                },
            }
        }
        Ok((in_order(found), missing))
    }
}

/// Each once, in the order of their ids.
fn in_order(mut groups: Vec<&ListedGroup>) -> Vec<&ListedGroup> {
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    groups.dedup_by(|a, b| a.id == b.id);
    groups
}
