//! Brokers that replicate over real connections.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use broker_core::broker::partition::{Isolation, Partition, ReadRequest, Replicated};
use broker_core::broker::{Broker, api};
use broker_core::call::{Call, Outcome, Peer};
use broker_core::cx::Now;
use broker_core::image::MetadataImage;
use broker_core::reply::ReplyPart;
use bytes::{Buf, Bytes, BytesMut};
use protocol::Uuid;
use protocol::api::messages::MetadataRequest;
use protocol::api::messages::alter_partition_request::AlterPartitionRequest;
use protocol::api::messages::alter_partition_response::{AlterPartitionResponse, PartitionData, TopicData};
use protocol::api::{ApiKey, ErrorCode, encode_request, split_request};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::controller_channel::ActiveController;
use crate::fake_node::{Fake, FakeNode};
use crate::test_broker::{Nobody, Served, add_topic, batch, broker, epoch_of, image_of, register, set_leader};

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A broker that serves and replicates.
struct Node {
    broker: Arc<Broker>,
    served: Served,
    published: watch::Sender<i64>,
    active: watch::Sender<ActiveController>,
    clock: Clock,
    workers: Workers,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Node {
    async fn start(id: i32, settings: &[(&str, &str)]) -> Self {
        let broker = broker(id, Box::new(Nobody), settings);
        let (clock, workers, tasks) = (Clock::start(), Workers::start(1).unwrap(), TaskTracker::new());
        let served = Served::start(&broker, clock, &workers, &tasks).await;
        let (published, published_now) = watch::channel(-1);
        let (active, active_now) = watch::channel(ActiveController::default());
        let (peers, shutdown) = (Peers::new(id), CancellationToken::new());
        let node = Self {
            broker,
            served,
            published,
            active,
            clock,
            workers,
            tasks,
            shutdown,
        };
        start(&Replication {
            broker: Arc::clone(&node.broker),
            channel: ControllerChannel::new(active_now, peers.clone()),
            peers,
            published: published_now,
            clock,
            workers: node.workers.clone(),
            tasks: node.tasks.clone(),
            shutdown: node.shutdown.clone(),
        });
        node
    }

    fn publish(&self, image: &MetadataImage) {
        self.broker.publish(image.clone(), self.clock.now());
        self.published.send_modify(|offset| *offset += 1);
    }

    fn partition(&self, topic: Uuid) -> Arc<Partition> {
        self.broker.partition_by_id(topic, 0).unwrap()
    }

    /// Appends a batch, and waits until all replicas in sync have it.
    async fn produce(&self, topic: Uuid, value: &str) {
        let partition = self.partition(topic);
        let appended = partition.append_as_leader(&batch(value), -1, self.clock.now()).unwrap();
        let waiter = self.broker.next_waiter_id();
        let replicated = std::future::poll_fn(|cx| match partition.replicated_to(&appended, waiter, cx.waker()) {
            Replicated::NotYet => std::task::Poll::Pending,
            other => std::task::Poll::Ready(other),
        });
        let replicated = timeout(PATIENCE, replicated).await.expect("it is replicated in time");
        assert!(matches!(replicated, Replicated::Yes), "{replicated:?}");
    }

    /// Ends everything; every task has to end.
    async fn stop(self) {
        self.shutdown.cancel();
        self.served.stop();
        self.tasks.close();
        timeout(PATIENCE, self.tasks.wait()).await.expect("every task ends");
    }
}

async fn two(settings: &[(&str, &str)]) -> (Node, Node, MetadataImage) {
    let (one, two) = (Node::start(1, settings).await, Node::start(2, settings).await);
    let image = image_of(&[(1, one.served.port), (2, two.served.port)]);
    (one, two, image)
}

fn publish(nodes: [&Node; 2], image: &MetadataImage) {
    nodes.into_iter().for_each(|node| node.publish(image));
}

/// All batches of a log, as they lie.
fn bytes_of(partition: &Partition) -> Bytes {
    let request = ReadRequest {
        offset: 0,
        max_bytes: 1 << 20,
        at_least_one_batch: true,
        isolation: Isolation::LogEndOffset,
        current_leader_epoch: -1,
        last_fetched_epoch: -1,
        leader_only: false,
    };
    let mut out = BytesMut::new();
    for (part, _) in partition.read(&request, None).unwrap().records {
        match part {
            ReplyPart::Bytes(bytes) => out.extend_from_slice(&bytes),
            ReplyPart::File {
                file,
                position,
                size_bytes,
            } => {
                let mut range = vec![0; size_bytes];
                file.read_at(&mut range, position).unwrap();
                out.extend_from_slice(&range);
            }
        }
    }
    out.freeze()
}

/// Waits until something holds.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn records_arrive_as_they_lie_and_go_both_ways() {
    let (one, two, mut image) = two(&[]).await;
    let led_by_one = add_topic(&mut image, 0, 1, &[1, 2]);
    let led_by_two = add_topic(&mut image, 1, 2, &[1, 2]);
    publish([&one, &two], &image);
    for at in 0..20 {
        one.produce(led_by_one, &format!("one-{at}")).await;
        two.produce(led_by_two, &format!("two-{at}")).await;
    }
    for topic in [led_by_one, led_by_two] {
        let logs = [&one, &two].map(|node| bytes_of(&node.partition(topic)));
        assert!(!logs[0].is_empty() && logs[0] == logs[1]);
        assert_eq!(one.partition(topic).offsets().2, 20);
    }
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn a_new_leader_is_fetched_from_and_the_old_one_no_longer() {
    let (one, two, mut image) = two(&[]).await;
    let tasks = one.tasks.len();
    let topic = add_topic(&mut image, 0, 1, &[1, 2]);
    publish([&one, &two], &image);
    one.produce(topic, "first").await;
    set_leader(&mut image, topic, 2, (1, &[1, 2]));
    publish([&two, &one], &image);
    two.produce(topic, "second").await;
    assert_eq!(one.partition(topic).offsets().2, 2);
    // Nobody follows broker 1 any more, so nobody asks it for anything.
    until("the last fetch of broker 1 ends", || {
        let before = one.served.requests.load(Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(50));
        before == one.served.requests.load(Ordering::SeqCst)
    })
    .await;
    let before = one.served.requests.load(Ordering::SeqCst);
    for at in 0..5 {
        two.produce(topic, &format!("more-{at}")).await;
    }
    assert_eq!(one.served.requests.load(Ordering::SeqCst), before);
    // Each has the tasks it began with, and broker 1 a fetcher, whose connection broker 2 serves.
    until("broker 2's fetcher ends, and its connection", || {
        one.tasks.len() == tasks + 1 && two.tasks.len() == tasks + 1
    })
    .await;
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn a_leader_that_moves_to_another_address_is_found_there() {
    let (mut one, two, mut image) = two(&[]).await;
    let topic = add_topic(&mut image, 0, 1, &[1, 2]);
    publish([&one, &two], &image);
    one.produce(topic, "first").await;
    one.served = Served::start(&one.broker, one.clock, &one.workers, &one.tasks).await;
    register(&mut image, 1, one.served.port);
    publish([&one, &two], &image);
    one.produce(topic, "second").await;
    one.stop().await;
    two.stop().await;
}

/// A leader with nothing to send answers a follower after replica.fetch.wait.max.ms.
const SLOW_POLLS: [(&str, &str); 1] = [("replica.fetch.wait.max.ms", "15000")];

#[tokio::test]
async fn a_partition_that_comes_during_a_long_poll_is_fetched_at_once() {
    let (one, two, mut image) = two(&SLOW_POLLS).await;
    let first = add_topic(&mut image, 0, 1, &[1, 2]);
    publish([&one, &two], &image);
    one.produce(first, "first").await;
    let second = add_topic(&mut image, 1, 1, &[1, 2]);
    publish([&one, &two], &image);
    let start = Instant::now();
    one.produce(second, "second").await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    one.produce(first, "third").await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn partitions_that_come_one_after_the_other_end_one_long_poll() {
    let (one, two, mut image) = two(&SLOW_POLLS).await;
    let first = add_topic(&mut image, 0, 1, &[1, 2]);
    publish([&one, &two], &image);
    one.produce(first, "first").await;
    let connections = || one.served.connections.load(Ordering::SeqCst);
    assert_eq!(connections(), 1);
    let mut topics = Vec::new();
    for number in 1..20 {
        topics.push(add_topic(&mut image, number, 1, &[1, 2]));
        publish([&one, &two], &image);
        tokio::task::yield_now().await;
    }
    let start = Instant::now();
    for topic in &topics {
        one.produce(*topic, "more").await;
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!((2..=4).contains(&connections()), "{}", connections());
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn an_address_that_changes_during_a_long_poll_is_not_waited_for() {
    let (mut one, two, mut image) = two(&SLOW_POLLS).await;
    let topic = add_topic(&mut image, 0, 1, &[1, 2]);
    publish([&one, &two], &image);
    one.produce(topic, "first").await;
    let moved = Served::start(&one.broker, one.clock, &one.workers, &one.tasks).await;
    // It is still served at the old address, where nothing happens for long.
    let old = std::mem::replace(&mut one.served, moved);
    let start = Instant::now();
    register(&mut image, 1, one.served.port);
    publish([&one, &two], &image);
    until("the follower asks at the new address", || {
        one.served.requests.load(Ordering::SeqCst) > 1
    })
    .await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    one.produce(topic, "second").await;
    drop(old);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn a_leader_that_is_away_is_tried_until_it_is_there() {
    let follower = Node::start(2, &[("replica.fetch.backoff.ms", "20")]).await;
    let leader = Node::start(1, &[]).await;
    leader.served.stop();
    let mut image = image_of(&[(1, leader.served.port), (2, follower.served.port)]);
    let topic = add_topic(&mut image, 0, 1, &[1, 2]);
    publish([&leader, &follower], &image);
    let partition = leader.partition(topic);
    partition
        .append_as_leader(&batch("first"), 1, leader.clock.now())
        .unwrap();
    let again = Served::start(&leader.broker, leader.clock, &leader.workers, &leader.tasks).await;
    register(&mut image, 1, again.port);
    follower.publish(&image);
    until("the record arrives", || follower.partition(topic).offsets().2 == 1).await;
    again.stop();
    leader.stop().await;
    follower.stop().await;
}

/// Whether Metadata about the partitions of a leader waits for another one.
fn metadata_waits(broker: &Arc<Broker>, clock: Clock) -> bool {
    let request = MetadataRequest::default().with_topics(None);
    let mut frame = encode_request(9, 1, "test", &request).unwrap();
    frame.advance(4);
    let (header, body) = split_request(frame).unwrap();
    let mut peer = Peer::default();
    let call = Call {
        header,
        body,
        peer: peer.clone(),
        now: clock.now(),
    };
    matches!(api::handle(broker, call, &mut peer), Outcome::Wait(_))
}

#[tokio::test]
async fn a_leader_that_ends_its_connections_and_refuses_others_is_lost_at_once() {
    let (one, two, mut image) = two(&SLOW_POLLS).await;
    let topic = add_topic(&mut image, 0, 1, &[1, 2]);
    publish([&one, &two], &image);
    one.produce(topic, "first").await;
    assert!(!metadata_waits(&two.broker, two.clock));
    one.served.stop();
    until("the follower knows", || metadata_waits(&two.broker, two.clock)).await;
    until("the wait ends", || !metadata_waits(&two.broker, two.clock)).await;
    one.stop().await;
    two.stop().await;
}

fn active(id: i32, epoch: i32, controller: &FakeNode) -> ActiveController {
    ActiveController {
        id: Some(id),
        epoch,
        address: Some(controller.address.clone()),
        is_gone: false,
    }
}

fn accepted(request: &AlterPartitionRequest) -> AlterPartitionResponse {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            PartitionData::default()
                .with_partition_index(partition.partition_index)
                .with_leader_id(request.broker_id)
                .with_leader_epoch(partition.leader_epoch)
                .with_isr(
                    partition
                        .new_isr_with_epochs
                        .iter()
                        .map(|member| member.broker_id)
                        .collect(),
                )
                .with_partition_epoch(partition.partition_epoch + 1)
        });
        TopicData::default()
            .with_topic_id(topic.topic_id)
            .with_partitions(partitions.collect())
    });
    AlterPartitionResponse::default().with_topics(topics.collect())
}

#[tokio::test]
async fn an_isr_that_lags_is_proposed_until_the_active_controller_takes_it() {
    // Broker 2 never fetches.
    let node = Node::start(
        1,
        &[("replica.lag.time.max.ms", "500"), ("replica.fetch.wait.max.ms", "400")],
    )
    .await;
    let mut image = image_of(&[(1, node.served.port), (2, 1)]);
    let topic = add_topic(&mut image, 0, 1, &[1, 2]);
    node.publish(&image);
    node.partition(topic)
        .append_as_leader(&batch("first"), 1, node.clock.now())
        .unwrap();
    let refusal = AlterPartitionResponse::default().with_error_code(ErrorCode::NotController.code());
    let apis = [(ApiKey::AlterPartition, 2, 3)];
    let mut old = FakeNode::start(&apis, move |asked| asked.answer(&refusal)).await;
    let mut new = FakeNode::start(&apis, |asked| asked.answer(&accepted(&asked.decode()))).await;
    node.active.send(active(8, 1, &old)).unwrap();
    let mut first = None;
    for waited_ms in [0, 50, 150] {
        let asked = timeout(PATIENCE, old.next()).await.unwrap();
        let waited = first.get_or_insert_with(Instant::now).elapsed();
        // The first is noticed a little later than it was sent.
        let waited = waited + Duration::from_millis(20);
        assert!(waited >= Duration::from_millis(waited_ms), "{waited_ms} ms: {waited:?}");
        let request: AlterPartitionRequest = asked.decode();
        assert_eq!((request.broker_id.0, request.broker_epoch), (1, epoch_of(1)));
        assert_eq!(asked.header.api_version, 3);
        let isr = &request.topics[0].partitions[0].new_isr_with_epochs;
        assert_eq!(isr.iter().map(|member| member.broker_id.0).collect::<Vec<_>>(), [1]);
    }
    assert_eq!(node.partition(topic).isr(), [1, 2]);
    node.active.send(active(9, 2, &new)).unwrap();
    timeout(PATIENCE, new.next()).await.unwrap();
    until("the answer is taken", || node.partition(topic).isr() == [1]).await;
    assert_eq!(
        node.partition(topic).offsets().1,
        1,
        "its high watermark waits for nobody"
    );
    node.stop().await;
}

#[tokio::test]
async fn isrs_wait_for_a_controller_and_for_one_that_answers() {
    let node = Node::start(1, &[]).await;
    let mut image = image_of(&[(1, node.served.port), (2, 1)]);
    let topics = [0, 1].map(|number| add_topic(&mut image, number, 1, &[1, 2]));
    node.publish(&image);
    let much_later = Now {
        mono: node.clock.now().mono + Duration::from_secs(3600),
        ..node.clock.now()
    };
    for topic in topics {
        let partition = node.partition(topic);
        partition
            .append_as_leader(&batch("first"), 1, node.clock.now())
            .unwrap();
        partition.check_isr(much_later);
    }
    // Nobody is known to be active yet.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let mut closes = 3;
    let controller = FakeNode::start(&[(ApiKey::AlterPartition, 2, 3)], move |asked| {
        if closes > 0 {
            closes -= 1;
            return Fake::Close;
        }
        asked.answer(&accepted(&asked.decode()))
    })
    .await;
    node.active.send(active(8, 1, &controller)).unwrap();
    until("both ISRs shrink", || {
        topics.iter().all(|topic| node.partition(*topic).isr() == [1])
    })
    .await;
    assert_eq!(controller.accepted(), 4);
    node.stop().await;
}
