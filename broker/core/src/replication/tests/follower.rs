//! A follower: verbatim appends, truncation, starting over.

use super::*;

fn values(node: &Node) -> Vec<String> {
    records(node, 0, Isolation::LogEndOffset)
        .into_iter()
        .map(|(_, _, value)| value)
        .collect()
}

fn led_by(nodes: [&Node; 2], leader: i32, epoch: i32, image: &MetadataImage) {
    for node in nodes {
        let state = state(&[1, 2], &[1, 2], leader, (epoch, epoch + 2));
        node.update(&state, 1, image, seconds(1));
    }
}

#[test]
fn batches_arrive_as_they_are_with_their_epochs() {
    let (one, two, image) = pair(1);
    for at in 0..20 {
        produce(&one, &format!("five {at}"), 1, seconds(1)).unwrap();
    }
    led_by([&one, &two], 1, 6, &image);
    for at in 0..20 {
        produce(&one, &format!("six {at}"), 1, seconds(1)).unwrap();
    }
    catch_up(&two, &one, seconds(1));
    assert_eq!(
        records(&two, 0, Isolation::LogEndOffset),
        records(&one, 0, Isolation::LogEndOffset)
    );
    assert_eq!(two.partition.follower_position().unwrap().last_epoch, Some(6));
    led_by([&one, &two], 2, 7, &image);
    assert_eq!(two.partition.end_offset_for_epoch(5, 7).unwrap(), (5, 20));
}

#[test]
fn what_the_new_leader_does_not_have_is_cut_in_both_directions() {
    let (one, two, image) = pair(1);
    produce(&one, "both", 1, seconds(1)).unwrap();
    catch_up(&two, &one, seconds(1));
    produce(&one, "one alone", 1, seconds(1)).unwrap();
    produce(&one, "one alone", 1, seconds(1)).unwrap();
    led_by([&one, &two], 2, 6, &image);
    produce(&two, "two", 1, seconds(1)).unwrap();
    assert!(matches!(fetch(&one, &two, seconds(1)), Answer::Diverged((5, 1))));
    catch_up(&one, &two, seconds(1));
    assert_eq!(values(&one), ["both", "two"]);

    produce(&two, "two alone", 1, seconds(1)).unwrap();
    led_by([&one, &two], 1, 7, &image);
    catch_up(&two, &one, seconds(1));
    assert_eq!(values(&two), ["both", "two"]);
}

#[test]
fn an_epoch_in_which_nothing_was_written_does_not_keep_a_follower_from_the_next_leader() {
    let (one, two, image) = pair(1);
    produce(&one, "a", 1, seconds(1)).unwrap();
    catch_up(&two, &one, seconds(1));
    // Broker 1 leads in epoch 6 and writes nothing; broker 2 never hears of it.
    one.update(&state(&[1, 2], &[1, 2], 1, (6, 8)), 1, &image, seconds(2));
    led_by([&one, &two], 2, 7, &image);
    catch_up(&one, &two, seconds(3));
    produce(&two, "b", 1, seconds(3)).unwrap();
    catch_up(&one, &two, seconds(3));
    assert_eq!(values(&one), ["a", "b"]);
}

#[test]
fn epochs_the_follower_lacks_are_found_step_by_step() {
    let (one, two, image) = pair(1);
    produce(&one, "a", 1, seconds(1)).unwrap();
    catch_up(&two, &one, seconds(1));
    // One writes in epoch 7 what two never sees, two in 6 and 8 what one never sees.
    two.update(&state(&[1, 2], &[1, 2], 2, (6, 8)), 1, &image, seconds(1));
    produce(&two, "six", 1, seconds(1)).unwrap();
    produce(&two, "six", 1, seconds(1)).unwrap();
    one.update(&state(&[1, 2], &[1, 2], 1, (7, 9)), 1, &image, seconds(1));
    produce(&one, "seven", 1, seconds(1)).unwrap();
    led_by([&one, &two], 2, 8, &image);
    produce(&two, "eight", 1, seconds(1)).unwrap();
    catch_up(&one, &two, seconds(1));
    assert_eq!(values(&one), ["a", "six", "six", "eight"]);
}

#[test]
fn a_follower_before_the_leaders_start_starts_over_there() {
    let (one, two, _) = pair(1);
    produce(&one, "a", 1, seconds(1)).unwrap();
    catch_up(&two, &one, seconds(1));
    let image = brokers(2);
    one.update(&state(&[1, 2], &[1], 1, (5, 8)), 1, &image, seconds(1));
    for value in ["b", "c", "d"] {
        produce(&one, value, 1, seconds(100)).unwrap();
    }
    one.partition.check_isr(seconds(200));
    one.partition.delete_records(3).unwrap();
    catch_up(&two, &one, seconds(200));
    assert_eq!(two.partition.offsets(), (3, 4, 4));
    assert_eq!(values(&two), ["d"]);
}

#[test]
fn a_leader_that_starts_within_a_batch_is_followed_from_the_batch_on() {
    let image = brokers(2);
    let state = state(&[1, 2], &[1], 1, (5, 7));
    let start = |id| Node::start(id, &SimDisk::default(), &state, 1, &image, seconds(0));
    let (one, two) = (start(1), start(2));
    let three = ["a", "b", "c"].map(str::to_owned);
    one.partition.append_as_leader(&batch(&three), 1, seconds(1)).unwrap();
    one.partition.delete_records(2).unwrap();
    catch_up(&two, &one, seconds(1));
    assert_eq!(two.partition.offsets(), (2, 3, 3));
    assert_eq!(values(&two), ["c"]);
}

#[test]
fn a_follower_follows_the_log_start_offset() {
    let (one, two, _) = pair(1);
    for value in ["a", "b", "c"] {
        produce(&one, value, 1, seconds(1)).unwrap();
    }
    catch_up(&two, &one, seconds(1));
    fetch(&two, &one, seconds(1));
    one.partition.delete_records(-1).unwrap();
    fetch(&two, &one, seconds(1));
    assert_eq!(two.partition.offsets(), (3, 3, 3));
}

#[test]
fn answers_of_the_past_change_nothing() {
    let (one, two, image) = pair(1);
    produce(&one, "a", 1, seconds(1)).unwrap();
    let asked = question(&two, 200).unwrap();
    let late = answer(&one, &asked, seconds(1));
    take(&two, &asked, &late, seconds(1)).unwrap();
    let twice = take(&two, &asked, &late, seconds(1));
    assert!(matches!(twice, Err(FollowError::Outdated { offset: 0, .. })));
    let asked = question(&two, 200).unwrap();
    produce(&one, "b", 1, seconds(1)).unwrap();
    let late = answer(&one, &asked, seconds(1));
    led_by([&one, &two], 2, 6, &image);
    for answer in [late, Answer::Diverged((5, 0))] {
        let refused = take(&two, &asked, &answer, seconds(2));
        assert!(matches!(refused, Err(FollowError::Outdated { leader_epoch: 5, .. })));
    }
    assert_eq!(values(&two), ["a"]);
    assert_eq!(two.partition.follower_position(), None, "it leads");
}

#[test]
fn an_answer_of_an_earlier_epoch_of_the_same_leader_is_not_taken() {
    let (one, two, image) = pair(1);
    produce(&one, "a", 1, seconds(1)).unwrap();
    let asked = question(&two, 200).unwrap();
    let late = answer(&one, &asked, seconds(1));
    led_by([&one, &two], 1, 6, &image);
    let refused = take(&two, &asked, &late, seconds(2));
    assert!(matches!(refused, Err(FollowError::Outdated { leader_epoch: 5, .. })));
    assert_eq!(two.partition.offsets(), (0, 0, 0));
}

#[test]
fn batches_of_a_later_epoch_than_was_asked_in_wait_for_the_metadata() {
    let (one, two, image) = pair(1);
    produce(&one, "five", 1, seconds(1)).unwrap();
    let asked = question(&two, 200).unwrap();
    one.update(&state(&[1, 2], &[1, 2], 1, (6, 8)), 1, &image, seconds(1));
    produce(&one, "six", 1, seconds(1)).unwrap();
    let mut unasked = asked;
    unasked.asked.leader_epoch = -1;
    let answer = answer(&one, &unasked, seconds(1));
    take(&two, &asked, &answer, seconds(1)).unwrap();
    assert_eq!(values(&two), ["five"]);
}

#[test]
fn corrupt_batches_are_refused_and_the_log_goes_on() {
    let (one, two, _) = pair(1);
    produce(&one, "a", 1, seconds(1)).unwrap();
    let asked = question(&two, 200).unwrap();
    let Answer::Records { records, .. } = answer(&one, &asked, seconds(1)) else {
        panic!("no records")
    };
    let mut flipped = records.to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    let sent = FromLeader {
        records: &flipped.into(),
        high_watermark: 1,
        log_start_offset: 0,
    };
    let refused = two.partition.append_as_follower(&asked.asked, sent, seconds(1));
    assert!(matches!(refused, Err(FollowError::Records(_))), "{refused:?}");
    assert_eq!(two.partition.offsets(), (0, 0, 0));
    catch_up(&two, &one, seconds(1));
    assert_eq!(values(&two), ["a"]);
}

#[test]
fn a_leader_without_epochs_leaves_what_is_committed() {
    let (one, two, image) = pair(1);
    produce(&one, "a", 1, seconds(1)).unwrap();
    catch_up(&two, &one, seconds(1));
    fetch(&two, &one, seconds(1));
    produce(&one, "b", 1, seconds(1)).unwrap();
    fetch(&two, &one, seconds(1));
    assert_eq!(two.partition.offsets(), (0, 1, 2));
    led_by([&one, &two], 1, 6, &image);
    let here = two.partition.follower_position().unwrap();
    let here = two.partition.truncate_to_divergence(&here, (-1, -1)).unwrap();
    assert_eq!(here.log_end_offset, 1);
    assert_eq!(values(&two), ["a"]);
    catch_up(&two, &one, seconds(1));
    fetch(&two, &one, seconds(1));
    produce(&one, "c", 1, seconds(1)).unwrap();
    fetch(&two, &one, seconds(1));
    let here = two.partition.follower_position().unwrap();
    two.partition.truncate_to_high_watermark(&here).unwrap();
    assert_eq!(two.partition.offsets(), (0, 2, 2));
}
