//! A leader's books: the high watermark, the ISR, and who is refused.

use super::*;

fn outcome(isr: &[i32], partition_epoch: i32) -> IsrOutcome {
    IsrOutcome::Accepted {
        isr: isr.to_vec(),
        leader_epoch: 5,
        partition_epoch,
    }
}

#[test]
fn a_write_is_acknowledged_once_all_of_the_isr_have_it() {
    let (leader, follower, _) = pair(2);
    let appended = produce(&leader, "a", -1, seconds(1)).unwrap();
    assert_eq!(replicated(&leader, &appended), Replicated::NotYet);
    fetch(&follower, &leader, seconds(1));
    assert_eq!(
        replicated(&leader, &appended),
        Replicated::NotYet,
        "it was sent, not taken"
    );
    fetch(&follower, &leader, seconds(2));
    assert_eq!(replicated(&leader, &appended), Replicated::Yes);
    assert_eq!(
        follower.partition.offsets(),
        (0, 1, 1),
        "the answer tells the high watermark that the fetch moved"
    );
    assert_eq!(
        records(&follower, 0, Isolation::HighWatermark),
        [(0, 5, "a".to_owned())]
    );
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(std::sync::atomic::AtomicUsize);

impl std::task::Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

/// Broker 2 as a follower and a consumer wait for records; how often each was woken.
fn waiting(leader: &Node, follower: &Node) -> impl Fn() -> [usize; 2] + use<> {
    let counts = [Arc::new(Count::default()), Arc::new(Count::default())];
    let wakers: Vec<Waker> = counts.iter().map(|count| Waker::from(Arc::clone(count))).collect();
    let asked = question(follower, 200).unwrap();
    let mut request = ReadRequest {
        offset: 0,
        max_bytes: 300,
        at_least_one_batch: true,
        isolation: Isolation::LogEndOffset,
        current_leader_epoch: 5,
        last_fetched_epoch: -1,
        leader_only: true,
    };
    let waiting = ReplicaFetch {
        broker_id: asked.broker_id,
        broker_epoch: 200,
        log_start_offset: 0,
        at: Duration::ZERO,
        is_news: false,
    };
    let read = leader
        .partition
        .read_as_replica(&request, &waiting, Some((1, &wakers[0])));
    assert_eq!(read.unwrap().size_bytes, 0);
    request.isolation = Isolation::HighWatermark;
    leader.partition.read(&request, Some((2, &wakers[1]))).unwrap();
    move || [0, 1].map(|at: usize| counts[at].0.load(std::sync::atomic::Ordering::Relaxed))
}

#[test]
fn a_follower_that_waits_is_woken_by_an_append_and_a_consumer_by_the_high_watermark() {
    let (leader, follower, _) = pair(1);
    let woken = waiting(&leader, &follower);
    produce(&leader, "a", 1, seconds(1)).unwrap();
    assert_eq!(woken(), [1, 0]);
    fetch(&follower, &leader, seconds(1));
    fetch(&follower, &leader, seconds(1));
    assert_eq!(woken(), [1, 1]);
}

#[test]
fn metadata_wakes_those_whom_its_news_concern() {
    let (leader, follower, image) = pair(1);
    let woken = waiting(&leader, &follower);
    leader.update(&state(&[1, 2], &[1, 2], 1, (5, 7)), 1, &image, seconds(1));
    assert_eq!(woken(), [0, 0], "it says what was known");
    leader.update(&state(&[1, 2], &[1], 1, (5, 8)), 1, &image, seconds(1));
    assert_eq!(woken(), [0, 1], "a write may not be acknowledged any more");
    leader.update(&state(&[1, 2], &[1], 2, (6, 9)), 1, &image, seconds(1));
    assert_eq!(woken(), [1, 1], "another leads");
}

#[test]
fn a_follower_that_stopped_leaves_the_isr_and_then_does_not_hold_the_high_watermark() {
    let (leader, follower, _) = pair(1);
    catch_up(&follower, &leader, seconds(1));
    let appended = produce(&leader, "a", -1, seconds(2)).unwrap();
    leader.partition.check_isr(seconds(31));
    assert!(leader.context.take_proposals().is_empty(), "30 seconds are not over");
    leader.partition.check_isr(seconds(32));
    let proposals = leader.context.take_proposals();
    let expected = ProposeIsr {
        topic_id: TOPIC,
        partition: 0,
        leader_epoch: 5,
        partition_epoch: 7,
        isr: vec![IsrMember {
            broker_id: 1,
            broker_epoch: 100,
        }],
        leader_recovery_state: 0,
        id: 1,
        attempts: 0,
    };
    assert_eq!(proposals, [expected]);
    leader.partition.check_isr(seconds(40));
    assert!(leader.context.take_proposals().is_empty(), "one is on its way");
    assert_eq!(replicated(&leader, &appended), Replicated::NotYet, "it may fail yet");
    leader
        .partition
        .isr_outcome(&proposals[0], outcome(&[1], 8), seconds(41));
    assert_eq!(replicated(&leader, &appended), Replicated::Yes);
    assert_eq!(leader.partition.isr(), [1]);
}

#[test]
fn below_the_minimum_nothing_is_acknowledged_and_the_high_watermark_stands_still() {
    let (leader, follower, _) = pair(2);
    catch_up(&follower, &leader, seconds(1));
    let before = produce(&leader, "a", -1, seconds(2)).unwrap();
    catch_up(&follower, &leader, seconds(2));
    let waiting = produce(&leader, "b", -1, seconds(3)).unwrap();
    leader.partition.check_isr(seconds(60));
    let proposal = leader.context.take_proposals().remove(0);
    leader.partition.isr_outcome(&proposal, outcome(&[1], 8), seconds(60));
    assert_eq!(leader.partition.offsets(), (0, 1, 2), "KIP-966");
    let refused = produce(&leader, "c", -1, seconds(61)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotEnoughReplicas);
    produce(&leader, "d", 1, seconds(61)).unwrap();
    assert_eq!(leader.partition.offsets(), (0, 1, 3));
    assert_eq!(
        replicated(&leader, &before),
        Replicated::Failed(ErrorCode::NotEnoughReplicasAfterAppend)
    );
    assert_eq!(replicated(&leader, &waiting), Replicated::NotYet);
}

#[test]
fn a_minimum_beyond_the_replicas_is_all_of_them() {
    let (leader, follower, _) = pair(5);
    let appended = produce(&leader, "a", -1, seconds(1)).unwrap();
    catch_up(&follower, &leader, seconds(1));
    assert_eq!(replicated(&leader, &appended), Replicated::Yes);
}

/// Broker 2 is a replica outside the ISR of leader 1, which has two records.
fn outside() -> (Node, Node, MetadataImage) {
    let image = brokers(2);
    let outside = state(&[1, 2], &[1], 1, (5, 7));
    let start = |id| Node::start(id, &SimDisk::default(), &outside, 1, &image, seconds(0));
    let (leader, follower) = (start(1), start(2));
    for value in ["a", "b"] {
        produce(&leader, value, 1, seconds(1)).unwrap();
    }
    (leader, follower, image)
}

#[test]
fn a_follower_that_has_what_is_committed_joins_and_counts_before_the_controller_has_said_so() {
    let (leader, follower, _) = outside();
    fetch(&follower, &leader, seconds(2));
    assert!(leader.context.take_proposals().is_empty(), "it lacks both");
    fetch(&follower, &leader, seconds(3));
    let proposal = leader.context.take_proposals().remove(0);
    let members: Vec<(i32, i64)> = proposal.isr.iter().map(|m| (m.broker_id, m.broker_epoch)).collect();
    assert_eq!(members, [(1, 100), (2, 200)]);
    assert_eq!(leader.partition.isr(), [1], "not yet");
    let appended = produce(&leader, "c", -1, seconds(500)).unwrap();
    assert_eq!(
        replicated(&leader, &appended),
        Replicated::NotYet,
        "the maximal ISR counts, however far behind the joiner falls"
    );
    leader.partition.isr_outcome(
        &proposal,
        IsrOutcome::Refused(ErrorCode::FencedLeaderEpoch),
        seconds(501),
    );
    assert_eq!(
        replicated(&leader, &appended),
        Replicated::NotYet,
        "it may have been applied"
    );
    leader.partition.isr_outcome(
        &proposal,
        IsrOutcome::Refused(ErrorCode::IneligibleReplica),
        seconds(501),
    );
    assert_eq!(
        replicated(&leader, &appended),
        Replicated::Yes,
        "the controller ruled it out"
    );
    leader
        .partition
        .isr_outcome(&proposal, outcome(&[1, 2], 8), seconds(502));
    assert_eq!(leader.partition.isr(), [1], "an answer to a proposal of the past");
}

#[test]
fn a_proposal_without_an_answer_goes_out_again_and_counts_its_attempts() {
    let (leader, follower, _) = outside();
    catch_up(&follower, &leader, seconds(2));
    let proposal = leader.context.take_proposals().remove(0);
    let lost = IsrOutcome::Refused(ErrorCode::NetworkException);
    leader.partition.isr_outcome(&proposal, lost, seconds(3));
    let again = leader.context.take_proposals().remove(0);
    assert_eq!((again.id, again.attempts, &again.isr), (proposal.id, 1, &proposal.isr));
    leader.partition.isr_outcome(&again, outcome(&[1, 2], 8), seconds(4));
    assert_eq!(leader.partition.isr(), [1, 2]);
    catch_up(&follower, &leader, seconds(5));
    assert!(leader.context.take_proposals().is_empty());
}

#[test]
fn metadata_ends_a_proposal_and_older_metadata_than_the_answer_is_ignored() {
    let (leader, follower, image) = outside();
    catch_up(&follower, &leader, seconds(2));
    let proposal = leader.context.take_proposals().remove(0);
    leader.partition.isr_outcome(&proposal, outcome(&[1, 2], 8), seconds(3));
    leader.update(&state(&[1, 2], &[1], 1, (5, 7)), 1, &image, seconds(4));
    assert_eq!(leader.partition.isr(), [1, 2]);
    leader.update(&state(&[1, 2], &[1], 1, (5, 9)), 1, &image, seconds(4));
    assert_eq!(leader.partition.isr(), [1]);
    catch_up(&follower, &leader, seconds(5));
    assert_eq!(
        leader.context.take_proposals()[0].partition_epoch,
        9,
        "it proposes anew"
    );
}

#[test]
fn who_is_fenced_stops_or_fetched_in_an_earlier_life_does_not_join() {
    let (leader, follower, mut image) = outside();
    register(&mut image, 2, 200, true);
    leader.context.set_brokers(image.brokers().clone());
    catch_up(&follower, &leader, seconds(2));
    assert!(leader.context.take_proposals().is_empty(), "fenced");
    register(&mut image, 2, 250, false);
    leader.context.set_brokers(image.brokers().clone());
    let stale = question(&follower, 200).unwrap();
    assert_eq!(
        ask(&leader, &stale, seconds(3)).unwrap_err().code,
        ErrorCode::NotLeaderOrFollower
    );
    assert!(leader.context.take_proposals().is_empty());
    ask(&leader, &question(&follower, 300).unwrap(), seconds(3)).unwrap();
    assert!(
        leader.context.take_proposals().is_empty(),
        "an epoch the image does not know yet"
    );
    ask(&leader, &question(&follower, 250).unwrap(), seconds(3)).unwrap();
    assert_eq!(leader.context.take_proposals().len(), 1);
}

#[test]
fn a_follower_joins_only_after_it_has_reached_the_epoch() {
    let (leader, follower, image) = pair(1);
    produce(&leader, "a", 1, seconds(1)).unwrap();
    produce(&leader, "b", 1, seconds(1)).unwrap();
    // The high watermark of the new epoch's leader is behind what the one before it may have committed.
    leader.update(&state(&[1, 2, 3], &[1, 3], 1, (6, 8)), 1, &image, seconds(2));
    follower.update(&state(&[1, 2, 3], &[1, 3], 1, (6, 8)), 1, &image, seconds(2));
    let mut asked = question(&follower, 200).unwrap();
    assert_eq!((asked.asked.log_end_offset, leader.partition.offsets().1), (0, 0));
    ask(&leader, &asked, seconds(3)).unwrap();
    assert!(leader.context.take_proposals().is_empty());
    asked.asked.log_end_offset = 2;
    ask(&leader, &asked, seconds(3)).unwrap();
    assert_eq!(leader.context.take_proposals().len(), 1);
}

#[test]
fn a_broker_without_a_replica_and_other_epochs_are_refused_as_kafka_does() {
    let (leader, follower, _) = pair(1);
    let asked = question(&follower, 200).unwrap();
    let code = |question: Question| ask(&leader, &question, seconds(1)).unwrap_err().code;
    let stranger = Question { broker_id: 9, ..asked };
    assert_eq!(code(stranger), ErrorCode::UnknownLeaderEpoch);
    let at = |leader_epoch, log_end_offset| FollowerPosition {
        leader_epoch,
        log_end_offset,
        ..asked.asked
    };
    let old_stranger = Question {
        asked: at(-1, 0),
        ..stranger
    };
    assert_eq!(code(old_stranger), ErrorCode::NotLeaderOrFollower);
    let from = |leader_epoch, offset| Question {
        asked: at(leader_epoch, offset),
        ..asked
    };
    assert_eq!(code(from(4, 0)), ErrorCode::FencedLeaderEpoch);
    assert_eq!(code(from(6, 0)), ErrorCode::UnknownLeaderEpoch);
    assert_eq!(code(from(5, 1)), ErrorCode::OffsetOutOfRange);
    let of_follower = ask(&follower, &asked, seconds(1)).unwrap_err();
    assert_eq!(of_follower.code, ErrorCode::NotLeaderOrFollower);
    assert_eq!(of_follower.current_leader, Some((1, 5)));
    assert_eq!(
        leader.partition.followers()[0].log_end_offset(),
        -1,
        "nothing was counted"
    );
}

#[test]
fn offsets_are_not_told_until_the_high_watermark_has_reached_the_epoch() {
    let (leader, follower, image) = pair(1);
    produce(&leader, "a", 1, seconds(1)).unwrap();
    leader.update(&state(&[1, 2], &[1, 2], 1, (6, 8)), 1, &image, seconds(2));
    follower.update(&state(&[1, 2], &[1, 2], 1, (6, 8)), 1, &image, seconds(2));
    let latest = |isolation| leader.partition.find_offset(OffsetSpec::Latest, isolation, -1);
    let refused = latest(Isolation::HighWatermark).unwrap_err();
    assert_eq!(refused.code, ErrorCode::OffsetNotAvailable);
    assert_eq!(latest(Isolation::LogEndOffset).unwrap().offset, 1);
    catch_up(&follower, &leader, seconds(3));
    assert_eq!(latest(Isolation::HighWatermark).unwrap().offset, 1);
}

#[test]
fn a_write_of_an_earlier_epoch_is_not_acknowledged_in_a_later_one() {
    let (leader, follower, image) = pair(1);
    let appended = produce(&leader, "lost", -1, seconds(1)).unwrap();
    let led_by_2 = state(&[1, 2], &[1, 2], 2, (6, 8));
    for node in [&leader, &follower] {
        node.update(&led_by_2, 1, &image, seconds(2));
    }
    produce(&follower, "kept", 1, seconds(2)).unwrap();
    catch_up(&leader, &follower, seconds(2));
    let led_by_1 = state(&[1, 2], &[1, 2], 1, (7, 9));
    for node in [&leader, &follower] {
        node.update(&led_by_1, 1, &image, seconds(3));
    }
    catch_up(&follower, &leader, seconds(3));
    assert_eq!(leader.partition.offsets(), (0, 1, 1));
    assert_eq!(
        replicated(&leader, &appended),
        Replicated::Failed(ErrorCode::NotLeaderOrFollower)
    );
}

#[test]
fn a_consumer_is_sent_to_the_furthest_replica_in_its_rack() {
    let (leader, follower, mut image) = pair(1);
    let endpoint = protocol::messages::metadata::RegisterBrokerBrokerEndpoint {
        name: "PLAINTEXT".into(),
        ..Default::default()
    };
    for id in [1, 2] {
        let registration = RegisterBrokerRecord {
            broker_id: id,
            broker_epoch: i64::from(id) * 100,
            end_points: vec![endpoint.clone()],
            fenced: false,
            rack: Some(format!("rack-{id}")),
            ..Default::default()
        };
        image.apply(registration.into()).unwrap();
    }
    leader.context.set_brokers(image.brokers().clone());
    produce(&leader, "a", 1, seconds(1)).unwrap();
    let preferred = |rack: &str, offset| leader.partition.preferred_read_replica(rack, offset, "PLAINTEXT");
    assert_eq!(preferred("rack-2", 0), None, "it has nothing yet");
    catch_up(&follower, &leader, seconds(1));
    assert_eq!(preferred("rack-2", 1), Some(2));
    assert_eq!(preferred("rack-2", 2), None, "it does not have that offset");
    assert_eq!(preferred("rack-1", 0), None, "the leader's own rack");
    assert_eq!(preferred("rack-3", 0), None);
    assert_eq!(leader.partition.preferred_read_replica("rack-2", 0, "SSL"), None);
    assert_eq!(
        follower.partition.preferred_read_replica("rack-1", 0, "PLAINTEXT"),
        None
    );
}

#[test]
fn a_throttled_follower_gets_nothing_while_the_rate_is_exceeded_unless_it_is_in_sync() {
    use crate::broker::partition::Throttled;
    let throttled = Throttled {
        as_leader: true,
        as_follower: false,
    };
    let size_of = |leader: &Node, follower: &Node, now| {
        let asked = question(follower, 200).unwrap();
        let read = ask(leader, &asked, now).unwrap();
        assert_eq!(read.throttled, read.size_bytes > 0);
        leader.context.leader_throttle().record(read.size_bytes, now.mono);
        read.size_bytes
    };
    let (leader, follower, _) = outside();
    leader.partition.set_throttled(throttled);
    leader.context.leader_throttle().set_rate(Some(10), Duration::ZERO);
    assert!(
        size_of(&leader, &follower, seconds(2)) > 0,
        "the account is not overdrawn yet"
    );
    assert_eq!(size_of(&leader, &follower, seconds(3)), 0);
    assert_eq!(
        leader.partition.followers()[0].last_caught_up(),
        None,
        "what it tells counts all the same"
    );
    assert!(size_of(&leader, &follower, seconds(100)) > 0);

    let (leader, follower, _) = pair(1);
    produce(&leader, "a", 1, seconds(1)).unwrap();
    leader.partition.set_throttled(throttled);
    leader.context.leader_throttle().set_rate(Some(10), Duration::ZERO);
    for second in 1..5 {
        assert!(size_of(&leader, &follower, seconds(second)) > 0, "it is in the ISR");
    }
}
