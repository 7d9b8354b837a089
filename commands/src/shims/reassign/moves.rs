//! Replicas on their way between log directories.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use client::{Client, ReplicaKey};
use protocol::api::ErrorCode;
use tokio::time::{Instant, sleep};

use super::super::io::Io;
use super::{Wrong, given_up, plural};
use crate::reassign::places::Found;

/// Wait before brokers are asked again that do not have a replica yet.
const AGAIN: Duration = Duration::from_millis(100);

/// A replica as Kafka writes it.
pub(super) fn named(replica: &ReplicaKey) -> String {
    let (topic, partition) = &replica.partition;
    format!("{topic}-{partition}-{}", replica.broker)
}

/// How far a replica has come.
pub(super) struct State<'a> {
    replica: &'a ReplicaKey,
    target: &'a str,
    found: Found,
}

impl<'a> State<'a> {
    pub(super) fn new(replica: &'a ReplicaKey, target: &'a str, found: &BTreeMap<ReplicaKey, Found>) -> Self {
        Self {
            replica,
            target,
            found: found.get(replica).cloned().unwrap_or_default(),
        }
    }

    /// The directory it is in, if it is on its way to another.
    pub(super) fn moving_from(&self) -> Option<&str> {
        self.found.current.as_deref().filter(|_| self.found.future.is_some())
    }
}

impl fmt::Display for State<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((topic, partition), broker) = (&self.replica.partition, self.replica.broker);
        let (replica, target) = (named(self.replica), self.target);
        match (&self.found.current, &self.found.future) {
            (None, _) => write!(
                out,
                "Partition {topic}-{partition} is not found in any live log dir on broker {broker}. There is likely an offline log directory on the broker."
            ),
            (Some(_), Some(future)) if future == target => {
                write!(out, "Reassignment of replica {replica} is still in progress.")
            }
            (Some(_), Some(future)) => write!(
                out,
                "Partition {topic}-{partition} on broker {broker} is being moved to log dir {future} instead of {target}."
            ),
            (Some(current), None) if current == target => {
                write!(out, "Reassignment of replica {replica} completed successfully.")
            }
            (Some(current), None) => write!(
                out,
                "Partition {topic}-{partition} on broker {broker} is not being moved from log dir {current} to {target}."
            ),
        }
    }
}

/// Has replicas moved, those of brokers that are to get them as soon as they have them.
pub(super) async fn start(
    client: &Client,
    mut directories: BTreeMap<ReplicaKey, String>,
    timeout: Duration,
    io: &mut Io,
) -> Result<(), Wrong> {
    let until = Instant::now() + timeout;
    loop {
        let results = client.move_replicas(&directories).await;
        for (replica, result) in &results {
            match result {
                Err(error) if error.code() != Some(ErrorCode::ReplicaNotAvailable) => {
                    return Err(given_up(format!("Failed to alter dir for {}", named(replica))).into());
                }
                _ => {}
            }
        }
        for replica in results
            .iter()
            .filter(|(_, result)| result.is_ok())
            .map(|(replica, _)| replica)
        {
            if let Some(directory) = directories.remove(replica) {
                let ((topic, partition), broker) = (&replica.partition, replica.broker);
                // With a blank at the end, as Apache Kafka 4.3.1 has it.
                io.line(format!(
                    "Successfully started moving log directory to {directory} for replica {topic}-{partition} with broker {broker} "
                ));
            }
        }
        if directories.is_empty() {
            return Ok(());
        }
        if Instant::now() >= until {
            let left: Vec<String> = directories.keys().map(named).collect();
            return Err(Wrong::Sentence(format!(
                "Timed out before log directory move{} could be started for: {}",
                plural(left.len()),
                left.join(",")
            )));
        }
        sleep(AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_its_sentence() {
        let replica = ReplicaKey {
            broker: 1,
            partition: ("t".to_owned(), 0),
        };
        let told = |current: Option<&str>, future: Option<&str>| {
            let found = Found {
                current: current.map(str::to_owned),
                future: future.map(str::to_owned),
            };
            let found = BTreeMap::from([(replica.clone(), found)]);
            State::new(&replica, "/b", &found).to_string()
        };
        assert!(told(None, None).starts_with("Partition t-0 is not found in any live log dir on broker 1. "));
        assert_eq!(
            told(Some("/b"), None),
            "Reassignment of replica t-0-1 completed successfully."
        );
        assert_eq!(
            told(Some("/a"), None),
            "Partition t-0 on broker 1 is not being moved from log dir /a to /b."
        );
        assert_eq!(
            told(Some("/a"), Some("/b")),
            "Reassignment of replica t-0-1 is still in progress."
        );
        assert_eq!(
            told(Some("/a"), Some("/c")),
            "Partition t-0 on broker 1 is being moved to log dir /c instead of /b."
        );
    }
}
