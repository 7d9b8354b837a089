//! A candidate and voters that answer otherwise than with yes or no.

use super::*;

/// Lets a member take an event; the votes it asks for, with the numbers of their requests.
fn on(raft: &mut Raft, disk: &SimDisk, at_ms: u64, event: Event) -> Vec<(u64, VoteRequest)> {
    let votes = sent(raft, disk, at_ms, event).into_iter();
    let votes = votes.filter_map(|(id, _, request)| match request {
        Request::Vote(vote) => Some((id, vote)),
        _ => None,
    });
    votes.collect()
}

fn answer(id: u64, error: ErrorCode) -> Event {
    let response = Response {
        error: Some(error),
        leader_id: None,
        leader_epoch: -1,
        leader_endpoints: Vec::new(),
        body: Body::Vote { granted: false },
    };
    Event::Response {
        id,
        response: Some(response),
    }
}

#[test]
fn a_voter_without_pre_votes_is_asked_for_its_vote_at_once() {
    let disk = SimDisk::default();
    let mut raft = open(&disk, vec![voter(1), voter(2), voter(3)], true);
    let asked = on(&mut raft, &disk, 0, Event::Start);
    assert!(
        asked.len() == 2 && asked.iter().all(|(_, vote)| vote.pre_vote),
        "{asked:?}"
    );
    let asked = on(&mut raft, &disk, 1, answer(asked[0].0, ErrorCode::UnsupportedVersion));
    assert!(
        asked.len() == 2 && asked.iter().all(|(_, vote)| !vote.pre_vote),
        "{asked:?}"
    );
    assert_eq!(raft.epoch(), 1);
}

#[test]
fn an_error_is_no_refusal_and_the_voter_is_asked_again() {
    let disk = SimDisk::default();
    let mut raft = open(&disk, vec![voter(1), voter(2), voter(3)], true);
    let asked = on(&mut raft, &disk, 0, Event::Start);
    for (id, _) in asked {
        assert!(on(&mut raft, &disk, 1, answer(id, ErrorCode::UnknownServerError)).is_empty());
    }
    let again = on(&mut raft, &disk, 22, Event::Tick);
    assert!(
        again.len() == 2 && again.iter().all(|(_, vote)| vote.pre_vote),
        "{again:?}"
    );
    assert_eq!(raft.epoch(), 0);
}

/// What a member says to a vote for an epoch after all it knows, with everything that was ever written in the candidate's log.
fn vote_of(raft: &mut Raft, disk: &SimDisk, asked: ReplicaKey) -> (Option<ErrorCode>, bool) {
    let vote = VoteRequest {
        voter: asked,
        candidate: voter(2).key(),
        epoch: 7,
        last_epoch: 6,
        end_offset: 1000,
        pre_vote: false,
    };
    let event = Event::Request {
        ticket: Ticket(1),
        request: Request::Vote(vote),
    };
    match outgoing(raft, disk, 0, event).as_slice() {
        [Outgoing::Response { response, .. }, ..] => (response.error, response.body == Body::Vote { granted: true }),
        others => panic!("{others:?}"),
    }
}

#[test]
fn a_directory_of_a_dynamic_quorum_votes_for_nobody_who_does_not_name_it() {
    let named = ReplicaKey {
        id: 1,
        directory_id: DIRECTORY,
    };
    let of_its_id = voter(1).key();
    let disk = SimDisk::default();
    let mut raft = open_bootstrapped(&disk, 1);
    let refused = (Some(ErrorCode::InvalidVoterKey), false);
    assert_eq!(vote_of(&mut raft, &disk, of_its_id), refused);
    assert_eq!(raft.epoch(), 0);
    assert_eq!(vote_of(&mut raft, &disk, named), (None, true));

    let disk = SimDisk::default();
    let mut raft = open(&disk, vec![voter(1), voter(2), voter(3)], true);
    assert_eq!(vote_of(&mut raft, &disk, of_its_id), (None, true));
}
