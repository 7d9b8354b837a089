//! Writing many batches: to all leaders at once, one request at a time to each with a batch of each of its partitions, so
//! that the order in a partition is kept whatever has to be sent again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use protocol::api::messages::produce_request::{PartitionProduceData, TopicProduceData};
use protocol::api::messages::{ProduceRequest, ProduceResponse};
use protocol::api::{ErrorCode, StrBytes, TopicName};
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;

use crate::cluster::Client;
use crate::error::ClientError;
use crate::producer::{ACKS_TIMEOUT_MS, Acks, VERSION, accepted};
use crate::retry::Backoff;

/// Bytes of batches that wait, beyond which no more are taken.
const WAITING_MAX_BYTES: usize = 16 << 20;
/// Most bytes of a request, unless one batch alone is larger.
const REQUEST_MAX_BYTES: usize = 4 << 20;

/// A batch of a partition, stamped with its sequence number if the producer is idempotent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingBatch {
    /// The partition.
    pub partition: i32,
    /// The batch.
    pub bytes: Bytes,
    /// Records in it.
    pub records: usize,
}

/// A batch that those who have to have it have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenBatch {
    /// The partition.
    pub partition: i32,
    /// The offset of its first record; -1 if nobody told.
    pub base_offset: i64,
    /// Records in it.
    pub records: usize,
}

/// A request that was answered, or not.
#[derive(Debug)]
struct Answer {
    broker: i32,
    batches: Vec<OutgoingBatch>,
    result: Result<ProduceResponse, ClientError>,
}

/// Writes batches to a topic.
#[derive(Debug)]
pub struct BatchWriter {
    client: Arc<Client>,
    topic: String,
    acks: Acks,
    /// Batches that wait, by partition.
    waiting: BTreeMap<i32, VecDeque<OutgoingBatch>>,
    waiting_bytes: usize,
    leaders: BTreeMap<(String, i32), i32>,
    sent: JoinSet<Answer>,
    busy: BTreeSet<i32>,
    /// Partitions of which a batch is on its way.
    on_its_way: BTreeSet<i32>,
}

impl BatchWriter {
    /// For a topic.
    pub fn new(client: Arc<Client>, topic: &str, acks: Acks) -> Self {
        Self {
            client,
            topic: topic.to_owned(),
            acks,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            leaders: BTreeMap::new(),
            sent: JoinSet::new(),
            busy: BTreeSet::new(),
            on_its_way: BTreeSet::new(),
        }
    }

    /// Writes all batches that come, each partition's in their order, and tells `each` of those that were acknowledged.
    /// After a failure that another attempt cannot mend no more are sent, and those on their way are waited for.
    pub async fn write_all(
        mut self,
        mut batches: Receiver<OutgoingBatch>,
        mut each: impl FnMut(WrittenBatch),
    ) -> Result<(), ClientError> {
        let mut backoff = None;
        let mut is_open = true;
        while is_open || !self.waiting.is_empty() || !self.sent.is_empty() {
            let mut trouble = self.send_all().await.err();
            let may_take = is_open && self.waiting_bytes < WAITING_MAX_BYTES;
            if trouble.is_none() && self.sent.is_empty() && !self.waiting.is_empty() {
                trouble = Some(self.no_leader());
            }
            if trouble.is_none() {
                tokio::select! {
                    batch = batches.recv(), if may_take => match batch {
                        Some(batch) => self.wait(batch),
                        None => is_open = false,
                    },
                    Some(answer) = self.sent.join_next() => match answer {
                        Ok(answer) => {
                            let before = backoff.take();
                            trouble = self.take(answer, &mut each);
                            if trouble.is_some() {
                                backoff = before;
                            }
                        }
                        Err(error) => trouble = Some(ClientError::Malformed {
                            address: "this process".to_owned(),
                            reason: error.to_string(),
                        }),
                    },
                }
            }
            if let Some(error) = trouble {
                self.leaders.clear();
                let backoff = backoff.get_or_insert_with(|| Backoff::new(self.client.deadline()));
                if let Err(error) = backoff.again(error).await {
                    drop(batches);
                    self.finish(&mut each).await;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn wait(&mut self, batch: OutgoingBatch) {
        self.waiting_bytes += batch.bytes.len();
        self.waiting.entry(batch.partition).or_default().push_back(batch);
    }

    fn no_leader(&self) -> ClientError {
        let partition = self.waiting.keys().next().copied().unwrap_or_default();
        let code = ErrorCode::LeaderNotAvailable.code();
        ClientError::rejected(format!("{}-{partition}", self.topic), code, None)
    }

    /// Sends each leader that is not busy the next batch of each of its partitions.
    async fn send_all(&mut self) -> Result<(), ClientError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        if self.leaders.is_empty() {
            self.leaders = self.client.leaders(std::slice::from_ref(&self.topic)).await?;
        }
        let mut by_leader: BTreeMap<i32, (usize, Vec<OutgoingBatch>)> = BTreeMap::new();
        for (partition, queue) in &mut self.waiting {
            let leader = self.leaders.get(&(self.topic.clone(), *partition));
            let Some(leader) = leader.filter(|leader| !self.busy.contains(leader)) else {
                continue;
            };
            let (size_bytes, batches) = by_leader.entry(*leader).or_default();
            let fits = batches.is_empty() || *size_bytes < REQUEST_MAX_BYTES;
            if fits
                && !self.on_its_way.contains(partition)
                && let Some(batch) = queue.pop_front()
            {
                *size_bytes += batch.bytes.len();
                self.on_its_way.insert(*partition);
                batches.push(batch);
            }
        }
        self.waiting.retain(|_, queue| !queue.is_empty());
        for (broker, (size_bytes, batches)) in by_leader {
            if batches.is_empty() {
                continue;
            }
            self.waiting_bytes -= size_bytes;
            self.busy.insert(broker);
            let request = self.request(&batches);
            let (client, acks) = (Arc::clone(&self.client), self.acks);
            self.sent.spawn(async move {
                let result = send(&client, broker, acks, &request).await;
                Answer {
                    broker,
                    batches,
                    result,
                }
            });
        }
        Ok(())
    }

    fn request(&self, batches: &[OutgoingBatch]) -> ProduceRequest {
        let data = batches.iter().map(|batch| {
            PartitionProduceData::default()
                .with_index(batch.partition)
                .with_records(Some(batch.bytes.clone()))
        });
        let data = TopicProduceData::default()
            .with_name(TopicName(StrBytes::from_string(self.topic.clone())))
            .with_partition_data(data.collect());
        ProduceRequest::default()
            .with_acks(self.acks.wire())
            .with_timeout_ms(ACKS_TIMEOUT_MS)
            .with_topic_data(vec![data])
    }

    /// Notes what was written; what was not is sent again before anything else of its partition. The failure that weighs
    /// most.
    fn take(&mut self, answer: Answer, each: &mut impl FnMut(WrittenBatch)) -> Option<ClientError> {
        self.busy.remove(&answer.broker);
        let mut answers = BTreeMap::new();
        let missing = match answer.result {
            Ok(response) => {
                let partitions = response
                    .responses
                    .into_iter()
                    .flat_map(|topic| topic.partition_responses);
                answers.extend(partitions.map(|partition| (partition.index, partition)));
                ClientError::Malformed {
                    address: format!("broker {}", answer.broker),
                    reason: "Produce without an answer for a partition".to_owned(),
                }
            }
            Err(error) => error,
        };
        let mut worst: Option<ClientError> = None;
        for batch in answer.batches {
            self.on_its_way.remove(&batch.partition);
            let told = answers.get(&batch.partition);
            match told.map_or_else(|| Err(missing.clone()), |told| accepted(&self.topic, told)) {
                Ok(base_offset) => each(WrittenBatch {
                    partition: batch.partition,
                    base_offset,
                    records: batch.records,
                }),
                Err(error) => {
                    self.waiting_bytes += batch.bytes.len();
                    self.waiting.entry(batch.partition).or_default().push_front(batch);
                    if worst.as_ref().is_none_or(ClientError::is_retriable) {
                        worst = Some(error);
                    }
                }
            }
        }
        worst
    }

    /// Waits for what is on its way.
    async fn finish(&mut self, each: &mut impl FnMut(WrittenBatch)) {
        while let Some(answer) = self.sent.join_next().await {
            if let Ok(answer) = answer {
                // The first failure is the one that is told.
                let _later = self.take(answer, each);
            }
        }
    }
}

async fn send(
    client: &Client,
    broker: i32,
    acks: Acks,
    request: &ProduceRequest,
) -> Result<ProduceResponse, ClientError> {
    let connection = client.broker(broker).await?;
    let version = connection.version_of::<ProduceRequest>()?.min(VERSION);
    if acks == Acks::None {
        connection.send_unanswered(version, request, client.deadline()).await?;
        return Ok(unasked(request));
    }
    connection.exchange(version, request, client.deadline()).await
}

/// What a broker that is not to answer would have answered if all was well.
fn unasked(request: &ProduceRequest) -> ProduceResponse {
    use protocol::api::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
    let partition = |data: &PartitionProduceData| {
        PartitionProduceResponse::default()
            .with_index(data.index)
            .with_base_offset(-1)
    };
    let topic = |data: &TopicProduceData| {
        TopicProduceResponse::default().with_partition_responses(data.partition_data.iter().map(partition).collect())
    };
    ProduceResponse::default().with_responses(request.topic_data.iter().map(topic).collect())
}
