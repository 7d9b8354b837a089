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
