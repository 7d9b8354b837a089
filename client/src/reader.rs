//! Reading many partitions: one request at a time to each of their leaders, all leaders at once, each request sent
//! before what the last one brought has been looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use protocol::api::messages::fetch_request::{FetchPartition, FetchTopic};
use protocol::api::messages::fetch_response::PartitionData;
use protocol::api::messages::{FetchRequest, FetchResponse};
use protocol::api::{BrokerId, ErrorCode, StrBytes, TopicName};
use protocol::records::Batches;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{AbortHandle, JoinSet};

use crate::chunk::{Aborted, Chunk};
use crate::cluster::Client;
use crate::error::ClientError;
use crate::retry::Backoff;

/// The newest version that names topics by name.
const VERSION: i16 = 12;
/// Answers that are read ahead of whoever takes them.
const READ_AHEAD: usize = 2;
/// Most bytes of an answer, and of a partition in it.
const ANSWER_MAX_BYTES: i32 = 8 << 20;
const PARTITION_MAX_BYTES: i32 = 2 << 20;
/// How long a broker waits for something to read where there may be nothing.
const MAX_WAIT_MS: i32 = 500;

/// A partition, by topic.
type Key = (Arc<str>, i32);

/// Where to read a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFrom {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The first offset to read.
    pub offset: i64,
    /// Where to end; nothing for never.
    pub until: Option<i64>,
}

/// Reads partitions on a task of its own, until each has come to its end or this is dropped.
#[derive(Debug)]
pub struct Reader {
    task: AbortHandle,
}

impl Reader {
    /// Starts to read. The receiver gets what each answer brought, and a last error if it cannot go on. What a transaction
    /// that is not over holds back is not waited for in a partition that has an end.
    pub fn start(
        client: Arc<Client>,
        from: Vec<ReadFrom>,
        committed_only: bool,
    ) -> (Self, Receiver<Result<Vec<Chunk>, ClientError>>) {
        let (out, chunks) = channel(READ_AHEAD);
        let open = from.into_iter().map(|from| {
            let position = Position {
                offset: from.offset,
                until: from.until,
                is_asked_for: false,
            };
            ((from.topic, from.partition), position)
        });
        let driver = Driver {
            client,
            committed_only,
            open: open.filter(|(_, position)| !position.is_at_end()).collect(),
            leaders: BTreeMap::new(),
            asked: JoinSet::new(),
            busy: BTreeSet::new(),
            turn: 0,
            out,
        };
        let task = tokio::spawn(driver.run());
        let reader = Self {
            task: task.abort_handle(),
        };
        (reader, chunks)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug)]
struct Position {
    offset: i64,
    until: Option<i64>,
    is_asked_for: bool,
}

impl Position {
    fn is_at_end(&self) -> bool {
        self.until.is_some_and(|until| self.offset >= until)
    }
}

/// A request that was answered, or not.
#[derive(Debug)]
struct Answer {
    broker: i32,
    keys: Vec<Key>,
    result: Result<FetchResponse, ClientError>,
}

struct Driver {
    client: Arc<Client>,
    committed_only: bool,
    open: BTreeMap<Key, Position>,
    /// None after a sign that they have changed.
    leaders: BTreeMap<(String, i32), i32>,
    asked: JoinSet<Answer>,
    busy: BTreeSet<i32>,
    /// By how much the order of partitions in requests is turned, so that none is always the last.
    turn: usize,
    out: Sender<Result<Vec<Chunk>, ClientError>>,
}

impl Driver {
    async fn run(mut self) {
        if let Err(error) = self.read().await {
            // Nobody wants to know any more if nobody receives.
            let _gone = self.out.send(Err(error)).await;
        }
    }

    async fn read(&mut self) -> Result<(), ClientError> {
        let mut backoff = None;
        while !self.open.is_empty() {
            let asked = self.ask_all().await;
            let trouble = match self.asked.join_next().await {
                Some(Ok(answer)) => {
                    self.busy.remove(&answer.broker);
                    let (chunks, trouble) = self.take(answer)?;
                    if trouble.is_none() {
                        backoff = None;
                    }
                    if !chunks.is_empty() && self.out.send(Ok(chunks)).await.is_err() {
                        return Ok(());
                    }
                    trouble.or(asked.err())
                }
                Some(Err(error)) => Some(ClientError::Malformed {
                    address: "this process".to_owned(),
                    reason: error.to_string(),
                }),
                None => Some(asked.err().unwrap_or_else(|| self.no_leader())),
            };
            if let Some(error) = trouble {
                self.leaders.clear();
                let backoff = backoff.get_or_insert_with(|| Backoff::new(self.client.deadline()));
                backoff.again(error).await?;
            }
        }
        Ok(())
    }

    fn no_leader(&self) -> ClientError {
        let first = self.open.keys().next();
        let what = first.map_or_else(String::new, |(topic, partition)| format!("{topic}-{partition}"));
        ClientError::rejected(what, ErrorCode::LeaderNotAvailable.code(), None)
    }

    /// Asks each leader that has not been asked yet for the partitions that nobody has been asked for.
    async fn ask_all(&mut self) -> Result<(), ClientError> {
        if self.leaders.is_empty() {
            let mut topics: Vec<String> = self.open.keys().map(|(topic, _)| topic.to_string()).collect();
            topics.dedup();
            self.leaders = self.client.leaders(&topics).await?;
        }
        let mut by_leader: BTreeMap<i32, Vec<Key>> = BTreeMap::new();
        let mut all_have_leaders = true;
        for (key, _) in self.open.iter().filter(|(_, position)| !position.is_asked_for) {
            match self.leaders.get(&(key.0.to_string(), key.1)) {
                Some(leader) if self.busy.contains(leader) => {}
                Some(leader) => by_leader.entry(*leader).or_default().push(key.clone()),
                None => all_have_leaders = false,
            }
        }
        self.turn = self.turn.wrapping_add(1);
        for (broker, mut keys) in by_leader {
            let turn = self.turn % keys.len();
            keys.rotate_left(turn);
            let request = self.request(&keys);
            let client = Arc::clone(&self.client);
            self.busy.insert(broker);
            self.asked.spawn(async move {
                let result = ask(&client, broker, &request).await;
                Answer { broker, keys, result }
            });
        }
        if all_have_leaders {
            Ok(())
        } else {
            Err(self.no_leader())
        }
    }

    fn request(&mut self, keys: &[Key]) -> FetchRequest {
        let mut topics: Vec<FetchTopic> = Vec::new();
        let mut all_have_more = true;
        for key in keys {
            let Some(position) = self.open.get_mut(key) else {
                continue;
            };
            position.is_asked_for = true;
            all_have_more &= position.until.is_some();
            let partition = FetchPartition::default()
                .with_partition(key.1)
                .with_current_leader_epoch(-1)
                .with_fetch_offset(position.offset)
                .with_last_fetched_epoch(-1)
                .with_log_start_offset(-1)
                .with_partition_max_bytes(PARTITION_MAX_BYTES);
            match topics.last_mut() {
                Some(last) if *last.topic.0 == *key.0 => last.partitions.push(partition),
                _ => topics.push(
                    FetchTopic::default()
                        .with_topic(TopicName(StrBytes::from_string(key.0.to_string())))
                        .with_partitions(vec![partition]),
                ),
            }
        }
        FetchRequest::default()
            .with_replica_id(BrokerId(-1))
            // Below an end that is known there is something, unless a transaction holds it back.
            .with_max_wait_ms(if all_have_more { 0 } else { MAX_WAIT_MS })
            .with_min_bytes(1)
            .with_max_bytes(ANSWER_MAX_BYTES)
            .with_isolation_level(i8::from(self.committed_only))
            .with_session_epoch(-1)
            .with_topics(topics)
    }

    /// What an answer brought, and what may be mended if it is asked again.
    fn take(&mut self, answer: Answer) -> Result<(Vec<Chunk>, Option<ClientError>), ClientError> {
        for key in &answer.keys {
            if let Some(position) = self.open.get_mut(key) {
                position.is_asked_for = false;
            }
        }
        let response = match answer.result {
            Ok(response) if response.error_code == 0 => response,
            Ok(response) => {
                let error = ClientError::rejected(format!("broker {}", answer.broker), response.error_code, None);
                return Ok((Vec::new(), Some(error)));
            }
            Err(error) => return Ok((Vec::new(), Some(error))),
        };
        let (mut chunks, mut trouble) = (Vec::new(), None);
        for topic in response.responses {
            let name: Arc<str> = topic.topic.as_str().into();
            for partition in topic.partitions {
                let key = (Arc::clone(&name), partition.partition_index);
                match self.take_partition(answer.broker, &key, partition) {
                    Ok(chunk) => chunks.extend(chunk),
                    Err(error) if error.is_retriable() => trouble = Some(error),
                    Err(error) => return Err(error),
                }
            }
        }
        if chunks.is_empty() && trouble.is_none() {
            trouble = self.held_back();
        }
        Ok((chunks, trouble))
    }

    fn take_partition(&mut self, broker: i32, key: &Key, data: PartitionData) -> Result<Option<Chunk>, ClientError> {
        let what = || format!("{}-{}", key.0, key.1);
        if data.error_code != 0 {
            return Err(ClientError::rejected(what(), data.error_code, None));
        }
        let Some(position) = self.open.get_mut(key) else {
            return Ok(None);
        };
        if self.committed_only
            && let Some(until) = &mut position.until
        {
            *until = (*until).min(data.last_stable_offset);
        }
        let records = data.records.unwrap_or_default();
        let mut next = position.offset;
        for batch in Batches::new(&records) {
            let (header, _) = batch.map_err(|error| ClientError::Malformed {
                address: format!("broker {broker}"),
                reason: format!("{} at offset {next}: {error}", what()),
            })?;
            next = next.max(header.next_offset());
        }
        let aborted = data.aborted_transactions.unwrap_or_default();
        let aborted = aborted.iter().map(|aborted| Aborted {
            first_offset: aborted.first_offset,
            producer_id: aborted.producer_id.0,
        });
        let chunk = Chunk {
            topic: Arc::clone(&key.0),
            partition: key.1,
            from: position.offset,
            until: position.until.unwrap_or(i64::MAX),
            next,
            broker,
            records,
            aborted: aborted.collect(),
        };
        position.offset = next;
        let has_some = next > chunk.from && chunk.from < chunk.until;
        if position.is_at_end() {
            self.open.remove(key);
        }
        Ok(has_some.then_some(chunk))
    }

    /// Nothing came although there must be something below an end.
    fn held_back(&self) -> Option<ClientError> {
        let waiting = self.open.iter().find(|(_, position)| position.until.is_some());
        waiting.map(|((topic, partition), _)| {
            ClientError::rejected(
                format!("{topic}-{partition}"),
                ErrorCode::OffsetNotAvailable.code(),
                None,
            )
        })
    }
}

async fn ask(client: &Client, broker: i32, request: &FetchRequest) -> Result<FetchResponse, ClientError> {
    let connection = client.broker(broker).await?;
    let version = connection.version_of::<FetchRequest>()?.min(VERSION);
    connection.exchange(version, request, client.deadline()).await
}
