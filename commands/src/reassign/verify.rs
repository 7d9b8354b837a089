//! reassign verify

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use client::{Client, PartitionDescription, PartitionKey, Reassignment, ReplicaKey};
use schemars::JsonSchema;
use serde::Serialize;

use super::file::Assignments;
use super::joined;
use super::places::{self, Found};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::exit_codes;
use crate::output::{Shown, Table};
use crate::watch::WatchArgs;

/// See whether partitions are where a file says.
///
/// Exits with 0 if all of them are, with 75 while some are on their way, with 66 if one does not exist, and with 1 if one is
/// elsewhere and nothing moves it. Nothing is changed: throttles are taken away by `throttle clear`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  kfleet reassign verify --reassignment-json-file moves.json -b localhost:9092")]
pub(crate) struct VerifyArgs {
    /// Kafka's JSON of assignments (- is stdin)
    #[arg(long, value_name = "FILE")]
    reassignment_json_file: PathBuf,
    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

/// How far a partition has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// It is where it is to be.
    Done,
    /// It is on its way.
    UnderWay,
    /// It is elsewhere, and nothing moves it.
    Elsewhere,
    /// There is no such partition.
    Missing,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::UnderWay => "under way",
            Self::Elsewhere => "elsewhere",
            Self::Missing => "missing",
        }
    }
}

/// A partition of the file.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct VerifyRow {
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// Brokers that have it.
    replicas: Vec<i32>,
    /// Brokers that are to have it.
    wanted: Vec<i32>,
    /// How far it has come.
    state: State,
    /// Replicas in other log directories than they are to be in: broker, and where it is.
    wrong_dirs: Vec<WrongDir>,
}

/// A replica in another log directory.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct WrongDir {
    /// The broker.
    broker: i32,
    /// Where it is; none if its broker does not have it in a live directory.
    is_in: Option<String>,
    /// Where it is to be.
    wanted: String,
    /// Whether it is on its way there.
    is_moving: bool,
}

impl Shown for Vec<VerifyRow> {
    const SCHEMA: &'static str = "reassign-verify/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &VerifyRow| {
            let dirs = row.wrong_dirs.iter().map(|dir| {
                let is_in = dir.is_in.as_deref().unwrap_or("nowhere");
                format!("{}: {is_in}, not {}", dir.broker, dir.wanted)
            });
            vec![
                row.topic.clone(),
                row.partition.to_string(),
                joined(&row.replicas),
                joined(&row.wanted),
                row.state.word().to_owned(),
                dirs.collect::<Vec<_>>().join("; "),
            ]
        };
        Table {
            headers: vec!["TOPIC", "PARTITION", "REPLICAS", "WANTED", "STATE", "LOG DIRS"],
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &VerifyArgs, context: &Context) -> Result<(), CommandError> {
    let wanted = Assignments::read(&args.reassignment_json_file)?;
    let (id, rows) = block_on(async {
        let client = context.connect().await?;
        let rows = rows(&client, &wanted).await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), rows))
    })??;
    context.out.show(Some(&id), &rows, &[])?;
    match exit_code(&rows) {
        exit_codes::OK => Ok(()),
        code => Err(CommandError::exit(code)),
    }
}

/// What is missing comes before what may still get there, and that before what does not.
fn exit_code(rows: &[VerifyRow]) -> u8 {
    let has = |state| rows.iter().any(|row| row.state == state);
    if has(State::Missing) {
        exit_codes::NOT_FOUND
    } else if has(State::UnderWay) {
        exit_codes::INTERRUPTED
    } else if has(State::Elsewhere) {
        exit_codes::NO
    } else {
        exit_codes::OK
    }
}

async fn rows(client: &Client, wanted: &Assignments) -> Result<Vec<VerifyRow>, CommandError> {
    // What has ended between the two questions counts as it is seen later.
    let running = client.reassignments().await?;
    let current = places::existing(client, wanted.partitions.keys().map(|(topic, _)| topic.as_str())).await?;
    let found = places::find(client, wanted.directories.keys()).await?;
    let row = |(key, target): (&PartitionKey, &Vec<i32>)| {
        row(key, target, current.get(key), running.get(key), wanted, &found)
    };
    Ok(wanted.partitions.iter().map(row).collect())
}

fn row(
    key: &PartitionKey,
    target: &[i32],
    now: Option<&PartitionDescription>,
    running: Option<&Reassignment>,
    wanted: &Assignments,
    found: &BTreeMap<ReplicaKey, Found>,
) -> VerifyRow {
    let replicas = now.map(|now| now.replicas.clone()).unwrap_or_default();
    let wrong_dirs: Vec<WrongDir> = wanted
        .directories
        .iter()
        .filter(|(replica, _)| replica.partition == *key)
        .filter_map(|(replica, directory)| wrong_dir(replica, directory, found.get(replica)))
        .collect();
    let state = match (now, running) {
        (None, _) => State::Missing,
        (_, Some(_)) => State::UnderWay,
        _ if replicas != target => State::Elsewhere,
        _ if wrong_dirs.iter().any(|dir| dir.is_moving) => State::UnderWay,
        _ if !wrong_dirs.is_empty() => State::Elsewhere,
        _ => State::Done,
    };
    VerifyRow {
        topic: key.0.clone(),
        partition: key.1,
        replicas,
        wanted: target.to_vec(),
        state,
        wrong_dirs,
    }
}

fn wrong_dir(replica: &ReplicaKey, wanted: &str, found: Option<&Found>) -> Option<WrongDir> {
    let found = found.cloned().unwrap_or_default();
    if found.current.as_deref() == Some(wanted) && found.future.is_none() {
        return None;
    }
    Some(WrongDir {
        broker: replica.broker,
        is_in: found.current,
        wanted: wanted.to_owned(),
        is_moving: found.future.as_deref() == Some(wanted),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(replicas: &[i32]) -> PartitionDescription {
        PartitionDescription {
            leader: replicas.first().copied(),
            leader_epoch: 0,
            replicas: replicas.to_vec(),
            isr: replicas.to_vec(),
            offline: Vec::new(),
            elr: None,
            last_known_elr: None,
        }
    }

    #[test]
    fn the_exit_code_tells_how_far_it_has_come() {
        let key = ("t".to_owned(), 0);
        let replica = ReplicaKey {
            broker: 1,
            partition: key.clone(),
        };
        let with_dir = Assignments {
            partitions: BTreeMap::from([(key.clone(), vec![1])]),
            directories: BTreeMap::from([(replica.clone(), "/b".to_owned())]),
        };
        let code = |now: Option<&[i32]>, is_running: bool, dirs: Option<(&str, Option<&str>)>| {
            let now = now.map(partition);
            let running = is_running.then(Reassignment::default);
            let found = dirs.map(|(current, future)| Found {
                current: Some(current.to_owned()),
                future: future.map(str::to_owned),
            });
            let wanted = if found.is_some() {
                with_dir.clone()
            } else {
                Assignments::default()
            };
            let found = found.map(|found| (replica.clone(), found)).into_iter().collect();
            exit_code(&[row(&key, &[1], now.as_ref(), running.as_ref(), &wanted, &found)])
        };
        assert_eq!(code(Some(&[1]), false, None), 0);
        assert_eq!(code(Some(&[1]), true, None), 75);
        assert_eq!(code(Some(&[2]), false, None), 1);
        assert_eq!(code(None, false, None), 66);
        assert_eq!(code(Some(&[1]), false, Some(("/b", None))), 0);
        assert_eq!(code(Some(&[1]), false, Some(("/a", Some("/b")))), 75);
        assert_eq!(code(Some(&[1]), false, Some(("/a", None))), 1);
        assert_eq!(code(Some(&[1]), false, Some(("/b", Some("/a")))), 1);
    }
}
