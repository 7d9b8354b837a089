//! What the shell does to a fetcher besides sending: other versions, and giving up a request for newcomers.

use super::super::super::fetcher::in_version;
use super::*;

#[test]
fn a_follower_is_one_in_the_versions_that_tell_who_fetches_in_another_field() {
    for (level, sent) in [(7, 13), (10, 15), (30, 18)] {
        let (leader, mut follower) = started();
        call(&leader, 9, &produce("t0", 0, &["a"]), seconds(1));
        for _ in 0..2 {
            let Step::Send(FetcherRequest::Fetch(request), version) = follower.fetcher().next(seconds(1), level) else {
                panic!("it fetches")
            };
            assert_eq!(version, sent);
            let response = call(&leader, version, &in_version(request, version), seconds(1));
            follower
                .fetcher()
                .on_response(FetcherResponse::Fetch(response), seconds(1));
        }
        assert_eq!(offsets(&leader, 0, 0), (0, 1, 1), "level {level}");
    }
}

#[test]
fn a_request_that_is_given_up_for_newcomers_is_followed_by_one_for_all_at_once() {
    let (leader, mut follower) = started();
    follower.rounds(&leader, 2, seconds(1));
    let (_, _, session_id, _) = follower.sent;
    let key = (topic(0), 1);
    let partition = follower.broker.partition_by_id(key.0, key.1).unwrap();
    follower.fetcher().unfollow(key);
    follower.rounds(&leader, 1, seconds(1));
    let Step::Send(..) = follower.fetcher().next(seconds(1), LEVEL) else {
        panic!("it fetches")
    };
    follower.fetcher().follow(partition);
    assert!(matches!(follower.fetcher().next(seconds(1), LEVEL), Step::Wait(None)));
    follower.fetcher().abandon();
    call(&leader, 9, &produce("t0", 1, &["a"]), seconds(1));
    follower.rounds(&leader, 1, seconds(1));
    assert_eq!(follower.sent, (6, 18, session_id, 0), "in place of the session it had");
    follower.rounds(&leader, 1, seconds(1));
    assert_eq!(offsets(&leader, 0, 1), (0, 1, 1));
}
