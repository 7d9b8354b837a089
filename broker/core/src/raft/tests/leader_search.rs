//! A voter that comes back and does not know where the leader is.

use protocol::files::{QuorumState, names};

use super::*;

/// Node 1, which remembers that 3 led epoch 5; of the voters it knows itself and 2.
fn back_from_a_time_before_3_voted() -> (SimDisk, Raft) {
    let key = |id| Voter {
        directory_id: if id == 1 { DIRECTORY } else { Uuid::from_u128(2) },
        ..voter(id)
    };
    let (disk, dir) = formatted_with(vec![key(1), key(2)]);
    let state = QuorumState {
        leader_id: Some(3),
        leader_epoch: 5,
        voted: None,
        current_voters: Vec::new(),
    };
    disk.write_atomic(&dir.join(names::QUORUM_STATE), state.format(1).as_bytes())
        .unwrap();
    let raft = open_bootstrapped(&disk, 1);
    assert_eq!((raft.leader_id(), raft.address_of(3)), (Some(3), None));
    (disk, raft)
}

/// Lets it take an event; the requests it sends, without their contents.
fn asked(raft: &mut Raft, disk: &SimDisk, at_ms: u64, event: Event) -> Vec<(u64, Peer, &'static str)> {
    let name = |request: &Request| match request {
        Request::Vote(_) => "vote",
        Request::Fetch(_) => "fetch",
        _ => "other",
    };
    let sent = sent(raft, disk, at_ms, event).into_iter();
    sent.map(|(id, to, request)| (id, to, name(&request))).collect()
}

fn places() -> Vec<Endpoint> {
    vec![("CONTROLLER".to_owned(), "elsewhere".to_owned(), 9095)]
}

fn refused_by_one_that_hears_3(id: u64) -> Event {
    let response = Response {
        error: None,
        leader_id: Some(3),
        leader_epoch: 5,
        leader_endpoints: places(),
        body: Body::Vote { granted: false },
    };
    Event::Response {
        id,
        response: Some(response),
    }
}

#[test]
fn whoever_refuses_a_vote_for_the_leaders_sake_tells_where_it_is() {
    let (disk, mut raft) = back_from_a_time_before_3_voted();
    let votes = asked(&mut raft, &disk, 0, Event::Start);
    let [(vote, Peer::Node(2), "vote")] = votes.as_slice() else {
        panic!("{votes:?}")
    };
    let fetches = asked(&mut raft, &disk, 1, refused_by_one_that_hears_3(*vote));
    assert!(
        matches!(fetches.as_slice(), [(_, Peer::Node(3), "fetch")]),
        "{fetches:?}"
    );
    assert_eq!(raft.address_of(3), Some(("elsewhere", 9095)));
}

#[test]
fn a_leader_that_shows_itself_is_reached_where_it_says() {
    let (disk, mut raft) = back_from_a_time_before_3_voted();
    asked(&mut raft, &disk, 0, Event::Start);
    let begin = Request::BeginQuorumEpoch {
        voter: raft.key(),
        leader_id: 3,
        leader_epoch: 5,
        endpoints: Vec::new(),
    };
    asked(
        &mut raft,
        &disk,
        1,
        Event::Request {
            ticket: Ticket(1),
            request: begin.clone(),
        },
    );
    assert_eq!(raft.address_of(3), None);
    let Request::BeginQuorumEpoch {
        voter,
        leader_id,
        leader_epoch,
        ..
    } = begin
    else {
        panic!()
    };
    let begin = Request::BeginQuorumEpoch {
        voter,
        leader_id,
        leader_epoch,
        endpoints: places(),
    };
    asked(
        &mut raft,
        &disk,
        2,
        Event::Request {
            ticket: Ticket(2),
            request: begin,
        },
    );
    assert_eq!(raft.address_of(3), Some(("elsewhere", 9095)), "it is followed already");
}

#[test]
fn one_whose_voters_are_all_gone_asks_where_it_began() {
    let (disk, mut raft) = back_from_a_time_before_3_voted();
    asked(&mut raft, &disk, 0, Event::Start);
    let again = asked(&mut raft, &disk, 2001, Event::Tick);
    let fetch = again.iter().find(|(_, to, _)| *to == Peer::Bootstrap(0));
    let Some((fetch, _, "fetch")) = fetch else {
        panic!("{again:?}")
    };
    let response = Response {
        error: Some(ErrorCode::NotLeaderOrFollower),
        leader_id: Some(4),
        leader_epoch: 9,
        leader_endpoints: places(),
        body: Body::Fetch(Fetched::default()),
    };
    let fetches = asked(
        &mut raft,
        &disk,
        2002,
        Event::Response {
            id: *fetch,
            response: Some(response),
        },
    );
    assert!(
        matches!(fetches.as_slice(), [(_, Peer::Node(4), "fetch")]),
        "{fetches:?}"
    );
}
