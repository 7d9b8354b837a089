//! A leader that resigns.

use super::*;

/// Answers requests as long as some are sent; what is left unanswered.
fn elected(raft: &mut Raft, disk: &SimDisk) -> Vec<(u64, Peer, Request)> {
    let mut open = sent(raft, disk, 0, Event::Start);
    while let Some(at) = open
        .iter()
        .position(|(_, _, request)| matches!(request, Request::Vote(_)))
    {
        let (id, _, _) = open.remove(at);
        let response = Response {
            error: None,
            leader_id: None,
            leader_epoch: -1,
            leader_endpoints: Vec::new(),
            body: Body::Vote { granted: true },
        };
        open.extend(sent(raft, disk, 1, answered(id, Some(response))));
    }
    assert!(raft.is_leader());
    open
}

fn answered(id: u64, response: Option<Response>) -> Event {
    Event::Response { id, response }
}

fn ends(sent: Vec<(u64, Peer, Request)>) -> BTreeMap<Peer, u64> {
    let sent = sent.into_iter();
    let ends = sent.filter(|(_, _, request)| matches!(request, Request::EndQuorumEpoch { .. }));
    ends.map(|(id, to, _)| (to, id)).collect()
}

#[test]
fn it_waits_for_those_who_answer_and_not_for_those_who_are_gone() {
    let disk = SimDisk::default();
    let mut raft = open(&disk, vec![voter(1), voter(2), voter(3)], true);
    elected(&mut raft, &disk);
    let first = ends(sent(&mut raft, &disk, 10, Event::Resign));
    assert_eq!(first.len(), 2, "{first:?}");
    let told = Response {
        error: None,
        leader_id: None,
        leader_epoch: 1,
        leader_endpoints: Vec::new(),
        body: Body::Nothing,
    };
    sent(&mut raft, &disk, 11, answered(first[&Peer::Node(2)], Some(told)));
    assert!(!raft.has_handed_over());
    sent(&mut raft, &disk, 11, answered(first[&Peer::Node(3)], None));
    assert!(!raft.has_handed_over(), "a connection may just have been lost");
    let again = ends(sent(&mut raft, &disk, 40, Event::Tick));
    assert_eq!(again.keys().collect::<Vec<_>>(), [&Peer::Node(3)]);
    sent(&mut raft, &disk, 41, answered(again[&Peer::Node(3)], None));
    assert!(raft.has_handed_over());
    let third = ends(sent(&mut raft, &disk, 70, Event::Tick));
    assert_eq!(third.len(), 1, "it is told as soon as it is back");
}

fn begun(sent: &[(u64, Peer, Request)]) -> BTreeMap<Peer, u64> {
    let sent = sent.iter();
    let begun = sent.filter(|(_, _, request)| matches!(request, Request::BeginQuorumEpoch { .. }));
    begun.map(|(id, to, _)| (*to, *id)).collect()
}

#[test]
fn a_voter_that_comes_while_it_is_not_tried_again_yet_is_told_once_it_is_though_it_fetches() {
    let disk = SimDisk::default();
    let mut raft = open(&disk, vec![voter(1), voter(2), voter(3)], true);
    let first = begun(&elected(&mut raft, &disk));
    let refused = Event::Refused {
        id: first[&Peer::Node(2)],
    };
    assert_eq!(begun(&sent(&mut raft, &disk, 2, refused)), BTreeMap::new());
    let fetch = FetchRequest {
        replica: voter(2).key(),
        epoch: 1,
        fetch_offset: raft.log_end_offset(),
        last_fetched_epoch: 1,
        high_watermark: 0,
        max_wait_ms: 500,
    };
    let fetch = Event::Request {
        ticket: Ticket(1),
        request: Request::Fetch(fetch),
    };
    assert_eq!(begun(&sent(&mut raft, &disk, 3, Event::Met { id: 2 })), BTreeMap::new());
    sent(&mut raft, &disk, 3, fetch);
    let later = begun(&sent(&mut raft, &disk, 30, Event::Tick));
    assert_eq!(later.keys().collect::<Vec<_>>(), [&Peer::Node(2)]);
    // Whatever it answers, it has the connection.
    let refusal = Response {
        error: Some(ErrorCode::InvalidVoterKey),
        leader_id: Some(1),
        leader_epoch: 1,
        leader_endpoints: Vec::new(),
        body: Body::Nothing,
    };
    sent(&mut raft, &disk, 31, answered(later[&Peer::Node(2)], Some(refusal)));
    assert_eq!(begun(&sent(&mut raft, &disk, 60, Event::Tick)), BTreeMap::new());
}

#[test]
fn a_voter_that_comes_over_a_new_connection_is_told_again_who_leads() {
    let disk = SimDisk::default();
    let mut raft = open(&disk, vec![voter(1), voter(2), voter(3)], true);
    let first = begun(&elected(&mut raft, &disk));
    assert_eq!(first.len(), 2, "{first:?}");
    let told = Response {
        error: None,
        leader_id: Some(1),
        leader_epoch: 1,
        leader_endpoints: Vec::new(),
        body: Body::Nothing,
    };
    for id in first.into_values() {
        assert_eq!(
            begun(&sent(&mut raft, &disk, 2, answered(id, Some(told.clone())))),
            BTreeMap::new()
        );
    }
    assert_eq!(begun(&sent(&mut raft, &disk, 3, Event::Tick)), BTreeMap::new());
    let again = begun(&sent(&mut raft, &disk, 3, Event::Met { id: 2 }));
    assert_eq!(again.keys().collect::<Vec<_>>(), [&Peer::Node(2)]);
    assert_eq!(
        begun(&sent(&mut raft, &disk, 4, Event::Met { id: 9 })),
        BTreeMap::new(),
        "no voter"
    );
}
