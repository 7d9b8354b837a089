//! Who coordinates groups and transactions, and how several are asked about: one request for each coordinator.

use std::collections::{BTreeMap, BTreeSet};

use protocol::api::messages::FindCoordinatorRequest;
use protocol::api::messages::find_coordinator_response::Coordinator;
use protocol::api::{GroupId, StrBytes};

use crate::cluster::Client;
use crate::error::ClientError;
use crate::retry::Backoff;
use crate::sharded::Sharded;
use crate::together;

/// What is coordinated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coordinated {
    Group,
    Transaction,
}

impl Coordinated {
    /// `key_type` in FindCoordinator.
    const fn key_type(self) -> i8 {
        match self {
            Self::Group => 0,
            Self::Transaction => 1,
        }
    }

    /// What one is called in errors.
    pub(crate) fn named(self, key: &str) -> String {
        match self {
            Self::Group => named(key),
            Self::Transaction => format!("transactional id {key}"),
        }
    }
}

/// First version of FindCoordinator that asks for several (KIP-699).
const BATCHED_FROM: i16 = 4;

/// What a coordinator says of each group it was asked about.
pub(crate) type Answers<T> = Vec<(String, Result<T, ClientError>)>;

pub(crate) fn group_id(name: &str) -> GroupId {
    GroupId(StrBytes::from_string(name.to_owned()))
}

/// What a group is called in errors.
pub(crate) fn named(group: &str) -> String {
    format!("group {group}")
}

impl Client {
    /// The broker that coordinates a group. Asks again while a coordinator is being made available.
    pub async fn coordinator(&self, group: &str) -> Result<i32, ClientError> {
        self.coordinator_of(Coordinated::Group, group).await
    }

    /// The same of a group or of transactions.
    pub(crate) async fn coordinator_of(&self, what: Coordinated, key: &str) -> Result<i32, ClientError> {
        let mut backoff = Backoff::new(self.deadline());
        let names = [key.to_owned()];
        loop {
            let found = self.find_coordinators(what, &names).await.and_then(|mut found| {
                let none = || lacking("FindCoordinator", &what.named(key));
                found.pop().ok_or_else(none).and_then(|(_, found)| found)
            });
            match found {
                Ok(id) => return Ok(id),
                Err(error) => backoff.again(error).await?,
            }
        }
    }

    /// Asks once who coordinates them.
    async fn find_coordinators(&self, what: Coordinated, groups: &[String]) -> Result<Answers<i32>, ClientError> {
        let any = self.any().await?;
        let request = FindCoordinatorRequest::default().with_key_type(what.key_type());
        let key = |group: &String| StrBytes::from_string(group.clone());
        let mut found = Vec::new();
        if any.version_of::<FindCoordinatorRequest>()? >= BATCHED_FROM {
            let request = request.with_coordinator_keys(groups.iter().map(key).collect());
            let response = any.send(&request, self.deadline()).await?;
            for coordinator in response.coordinators {
                let group = coordinator.key.to_string();
                found.push((group.clone(), node_of(what, &group, &coordinator)));
            }
            return Ok(found);
        }
        for group in groups {
            let request = request.clone().with_key(key(group));
            let response = any.send(&request, self.deadline()).await?;
            let coordinator = Coordinator::default()
                .with_node_id(response.node_id)
                .with_error_code(response.error_code)
                .with_error_message(response.error_message);
            found.push((group.clone(), node_of(what, group, &coordinator)));
        }
        Ok(found)
    }

    /// Asks about groups, all coordinators at the same time; again where that may help, of whoever coordinates them by
    /// then.
    pub(crate) async fn ask_coordinators<T>(
        &self,
        groups: &[String],
        ask: impl AsyncFn(i32, Vec<String>) -> Result<Answers<T>, ClientError>,
    ) -> Sharded<(String, T)> {
        self.ask_coordinators_of(Coordinated::Group, groups, ask).await
    }

    /// The same of groups or of transactions.
    pub(crate) async fn ask_coordinators_of<T>(
        &self,
        what: Coordinated,
        groups: &[String],
        ask: impl AsyncFn(i32, Vec<String>) -> Result<Answers<T>, ClientError>,
    ) -> Sharded<(String, T)> {
        let mut results = Sharded::default();
        let mut backoff = Backoff::new(self.deadline());
        let mut open: BTreeSet<String> = groups.iter().cloned().collect();
        while !open.is_empty() {
            let mut failed: BTreeMap<String, ClientError> = BTreeMap::new();
            for (group, answer) in self.ask_once(what, &open, &ask).await {
                match answer {
                    Ok(_) if !open.remove(&group) => {}
                    Ok(answer) => results.ok.push((group, answer)),
                    Err(error) => drop(failed.insert(group, error)),
                }
            }
            for group in &open {
                let missing = || lacking("the coordinator", &what.named(group));
                failed.entry(group.clone()).or_insert_with(missing);
            }
            let mut last = None;
            for (group, error) in &failed {
                if error.is_retriable() {
                    last = Some(error.clone());
                } else if open.remove(group) {
                    results.fail(what.named(group), error.clone());
                }
            }
            let Some(last) = last else { break };
            if backoff.again(last).await.is_err() {
                for (group, error) in failed {
                    if open.contains(&group) {
                        results.fail(what.named(&group), error);
                    }
                }
                break;
            }
        }
        results.ok.sort_by(|(a, _), (b, _)| a.cmp(b));
        results.errors.sort_by(|a, b| a.what.cmp(&b.what));
        results
    }

    async fn ask_once<T>(
        &self,
        what: Coordinated,
        groups: &BTreeSet<String>,
        ask: &impl AsyncFn(i32, Vec<String>) -> Result<Answers<T>, ClientError>,
    ) -> Answers<T> {
        let names: Vec<String> = groups.iter().cloned().collect();
        let of_all = |groups: Vec<String>, error: &ClientError| -> Answers<T> {
            groups.into_iter().map(|group| (group, Err(error.clone()))).collect()
        };
        let found = match self.find_coordinators(what, &names).await {
            Ok(found) => found,
            Err(error) => return of_all(names, &error),
        };
        let mut answers = Answers::new();
        let mut by_coordinator: BTreeMap<i32, Vec<String>> = BTreeMap::new();
        for (group, coordinator) in found {
            match coordinator {
                Ok(id) => by_coordinator.entry(id).or_default().push(group),
                Err(error) => answers.push((group, Err(error))),
            }
        }
        let asked = by_coordinator.into_iter().map(async |(id, groups)| {
            let answered = ask(id, groups.clone()).await;
            answered.unwrap_or_else(|error| of_all(groups, &error))
        });
        answers.extend(together::all(asked).await.into_iter().flatten());
        answers
    }
}

fn node_of(what: Coordinated, key: &str, coordinator: &Coordinator) -> Result<i32, ClientError> {
    match coordinator.error_code {
        0 => Ok(coordinator.node_id.0),
        code => {
            let message = coordinator.error_message.as_deref();
            Err(ClientError::rejected(what.named(key), code, message))
        }
    }
}

/// Something was not answered.
pub(crate) fn lacking(who: &str, what: &str) -> ClientError {
    ClientError::Malformed {
        address: who.to_owned(),
        reason: format!("nothing is said of {what}"),
    }
}
