//! Three brokers that replicate, when they are told to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;
use std::time::Duration;

use super::*;
use crate::broker::partition::{FollowerPosition, FromLeader, Isolation, Partition, Read, ReadRequest, ReplicaFetch};

/// How many times it was woken.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Count {
    pub(super) fn woken(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// At this time, in seconds.
pub(super) fn at(seconds: u64) -> Now {
    Now {
        wall_ms: 1000,
        mono: Duration::from_secs(seconds),
    }
}

/// A request that waits, and what woke it.
#[derive(Debug)]
pub(super) struct Waiting {
    pending: Box<dyn crate::call::Pending>,
    count: Arc<Count>,
}

impl Waiting {
    #[track_caller]
    pub(super) fn new(outcome: Outcome) -> Self {
        let Outcome::Wait(pending) = outcome else {
            panic!("it does not wait: {outcome:?}")
        };
        let mut waiting = Self {
            pending,
            count: Arc::default(),
        };
        assert!(waiting.poll(at(0)).is_none(), "it does not wait");
        waiting
    }

    pub(super) fn poll(&mut self, now: Now) -> Option<Reply> {
        match self.pending.poll(now, &Waker::from(Arc::clone(&self.count))) {
            Poll::Ready(reply) => Some(reply),
            Poll::Pending => None,
        }
    }

    pub(super) fn woken(&self) -> usize {
        self.count.woken()
    }

    /// The answer of one that was woken.
    #[track_caller]
    pub(super) fn answer<R: Request>(mut self, version: i16) -> R::Response
    where
        R::Response: Decodable + HeaderVersion,
    {
        assert!(self.woken() > 0, "nothing has woken it");
        decoded::<R>(version, self.poll(at(0)).expect("an answer"))
    }

    pub(super) fn deadline(&self) -> Duration {
        self.pending.deadline()
    }
}

/// Brokers 1 to 3, each reached at host `h` plus its number by the listener PLAINTEXT, and elsewhere by INTERNAL, which
/// they registered first. `t` and `__consumer_offsets` have a partition each.
pub(super) struct Trio {
    brokers: Vec<Lone>,
    image: MetadataImage,
}

impl Trio {
    /// Broker 1 leads in epoch 4.
    pub(super) fn start() -> Self {
        let brokers = (1..=3).map(|id| {
            let disk = Arc::new(SimDisk::default());
            disk.create_dir_all(std::path::Path::new("/data")).unwrap();
            Lone::without_image(id, disk, &[])
        });
        let mut trio = Self {
            brokers: brokers.collect(),
            image: MetadataImage::empty(),
        };
        let level = FeatureLevelRecord {
            name: "metadata.version".into(),
            feature_level: 30,
            ..Default::default()
        };
        trio.apply(level);
        for id in 1..=3 {
            trio.register(id, false);
        }
        for (name, topic_id) in [("t", TOPIC), ("__consumer_offsets", OFFSETS_TOPIC)] {
            let topic = TopicRecord {
                name: name.into(),
                topic_id,
                ..Default::default()
            };
            trio.apply(topic);
        }
        trio.elect(1, &[1, 2, 3], 4);
        trio.image.advance(9, 1, 0);
        trio.publish();
        trio.load();
        trio
    }

    /// Puts something into the metadata.
    pub(super) fn apply(&mut self, record: impl Into<protocol::messages::metadata::Record>) {
        self.image.apply(record.into()).unwrap();
    }

    pub(super) fn register(&mut self, id: i32, fenced: bool) {
        let endpoint = |name: &str, host: String, port| RegisterBrokerBrokerEndpoint {
            name: name.into(),
            host,
            port,
            ..Default::default()
        };
        let registration = RegisterBrokerRecord {
            broker_id: id,
            end_points: vec![
                endpoint("INTERNAL", format!("internal{id}"), 9094),
                endpoint("PLAINTEXT", format!("h{id}"), 9092),
            ],
            fenced,
            ..Default::default()
        };
        self.apply(registration);
    }

    /// Puts into the metadata who leads.
    pub(super) fn elect(&mut self, leader: i32, isr: &[i32], leader_epoch: i32) {
        for topic_id in [TOPIC, OFFSETS_TOPIC] {
            let partition = PartitionRecord {
                topic_id,
                partition_id: 0,
                replicas: vec![1, 2, 3],
                isr: isr.to_vec(),
                leader,
                leader_epoch,
                partition_epoch: leader_epoch,
                ..Default::default()
            };
            self.apply(partition);
        }
    }

    /// Everybody hears of the metadata.
    pub(super) fn publish(&self) {
        for broker in &self.brokers {
            broker.broker.publish(self.image.clone(), at(0));
        }
    }

    /// Everybody reads in what it coordinates.
    pub(super) fn load(&self) {
        for broker in &self.brokers {
            broker.broker.load_groups(at(0));
        }
    }

    /// A new leader that everybody has heard of, and that has read in its groups.
    pub(super) fn fail_over(&mut self, leader: i32, isr: &[i32], leader_epoch: i32) {
        self.elect(leader, isr, leader_epoch);
        self.publish();
        self.load();
    }

    pub(super) fn broker(&self, id: i32) -> &Lone {
        &self.brokers[id as usize - 1]
    }

    pub(super) fn partition(&self, id: i32, topic_id: Uuid) -> Arc<Partition> {
        self.broker(id).broker.partition_by_id(topic_id, 0).unwrap()
    }

    /// A follower fetches until it has everything and has told its leader so.
    pub(super) fn replicate(&self, topic_id: Uuid, leader: i32, follower: i32) {
        for _ in 0..100 {
            if !self.fetch(topic_id, leader, follower) {
                return;
            }
        }
        panic!("it never catches up");
    }

    /// A follower fetches once: whether that changed its log.
    pub(super) fn fetch(&self, topic_id: Uuid, leader: i32, follower: i32) -> bool {
        follow(
            &self.partition(leader, topic_id),
            &self.partition(follower, topic_id),
            follower,
        )
    }
}

/// A follower on this broker fetches once: whether that changed its log.
pub(super) fn follow(leader: &Partition, partition: &Partition, broker_id: i32) -> bool {
    let asked = partition.follower_position().expect("a follower");
    let read = match ask(leader, broker_id, &asked) {
        Err(error) if error.code == ErrorCode::OffsetOutOfRange => {
            let (start_offset, _, end_offset) = leader.offsets();
            partition.start_over(&asked, start_offset, end_offset).unwrap();
            return true;
        }
        read => read.unwrap(),
    };
    let records: Vec<ReplyPart> = read.records.into_iter().map(|(part, _)| part).collect();
    let records = bytes_of(&records);
    if let Some(diverging) = read.head.diverging_epoch {
        partition.truncate_to_divergence(&asked, diverging).unwrap();
        return true;
    }
    let sent = FromLeader {
        records: &records,
        high_watermark: read.head.high_watermark,
        log_start_offset: read.head.log_start_offset,
    };
    partition.append_as_follower(&asked, sent, at(0)).unwrap();
    !records.is_empty()
}

fn ask(leader: &Partition, broker_id: i32, asked: &FollowerPosition) -> Result<Read, PartitionError> {
    let request = ReadRequest {
        offset: asked.log_end_offset,
        max_bytes: 1 << 20,
        at_least_one_batch: true,
        isolation: Isolation::LogEndOffset,
        current_leader_epoch: asked.leader_epoch,
        last_fetched_epoch: asked.last_epoch.unwrap_or(-1),
        leader_only: true,
    };
    let fetch = ReplicaFetch {
        broker_id,
        broker_epoch: -1,
        log_start_offset: asked.log_start_offset,
        at: Duration::ZERO,
        is_news: true,
    };
    leader.read_as_replica(&request, &fetch, None)
}
