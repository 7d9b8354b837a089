//! Followers of a leader whose process is gone.

use super::*;

/// A follower of node 2, which has answered it, in epoch 1; the number of its next fetch.
fn following(disk: &SimDisk) -> (Raft, u64) {
    let mut raft = open(disk, vec![voter(1), voter(2), voter(3)], true);
    sent(&mut raft, disk, 0, Event::Start);
    let begin = Request::BeginQuorumEpoch {
        voter: raft.key(),
        leader_id: 2,
        leader_epoch: 1,
        endpoints: Vec::new(),
    };
    let ticket = Ticket(1);
    let asked = sent(&mut raft, disk, 1, Event::Request { ticket, request: begin });
    let fetch = answer_fetch(&mut raft, disk, 2, fetch_of(&asked));
    (raft, fetch)
}

fn fetch_of(sent: &[(u64, Peer, Request)]) -> u64 {
    let mut fetches = sent.iter();
    let found = fetches.find(|(_, to, request)| *to == Peer::Node(2) && matches!(request, Request::Fetch(_)));
    found.unwrap_or_else(|| panic!("no fetch in {sent:?}")).0
}

/// The leader answers; the number of the next fetch.
fn answer_fetch(raft: &mut Raft, disk: &SimDisk, at_ms: u64, id: u64) -> u64 {
    let response = Response {
        error: None,
        leader_id: Some(2),
        leader_epoch: 1,
        leader_endpoints: Vec::new(),
        body: Body::Fetch(raft.empty_fetch()),
    };
    let response = Some(response);
    fetch_of(&sent(raft, disk, at_ms, Event::Response { id, response }))
}

/// Its fetch is refused, and tried again 20 ms later; the number of that.
fn refuse(raft: &mut Raft, disk: &SimDisk, at_ms: u64, id: u64) -> u64 {
    sent(raft, disk, at_ms, Event::Refused { id });
    fetch_of(&sent(raft, disk, at_ms + 20, Event::Tick))
}

fn pre_votes(sent: &[(u64, Peer, Request)]) -> usize {
    let pre_votes = |request: &Request| matches!(request, Request::Vote(vote) if vote.pre_vote);
    sent.iter().filter(|(_, _, request)| pre_votes(request)).count()
}

fn would_grant(raft: &mut Raft, disk: &SimDisk, at_ms: u64) -> bool {
    let vote = VoteRequest {
        voter: raft.key(),
        candidate: voter(3).key(),
        epoch: 1,
        last_epoch: 1,
        end_offset: 100,
        pre_vote: true,
    };
    let mut out = Outbox::default();
    let mut cx = Cx {
        now: Now {
            mono: Duration::from_millis(at_ms),
            ..now()
        },
        random: &mut Zero,
        disk,
        out: &mut out,
    };
    let response = raft.on_vote(&vote, &mut cx).unwrap();
    matches!(response.body, Body::Vote { granted: true })
}

#[test]
fn a_leader_that_refuses_for_50_ms_is_not_waited_for() {
    let disk = SimDisk::default();
    let (mut raft, fetch) = following(&disk);
    let fetch = refuse(&mut raft, &disk, 100, fetch);
    let fetch = refuse(&mut raft, &disk, 120, fetch);
    assert!(!would_grant(&mut raft, &disk, 141));
    let asked = sent(&mut raft, &disk, 150, Event::Refused { id: fetch });
    assert_eq!((pre_votes(&asked), raft.epoch()), (2, 1));
    assert!(would_grant(&mut raft, &disk, 151));
}

#[test]
fn whatever_else_a_leader_does_it_may_be_there() {
    let disk = SimDisk::default();
    for is_answered in [true, false] {
        let (mut raft, fetch) = following(&disk);
        let fetch = refuse(&mut raft, &disk, 100, fetch);
        let fetch = if is_answered {
            answer_fetch(&mut raft, &disk, 130, fetch)
        } else {
            let silence = Event::Response {
                id: fetch,
                response: None,
            };
            sent(&mut raft, &disk, 130, silence);
            fetch_of(&sent(&mut raft, &disk, 150, Event::Tick))
        };
        let asked = sent(&mut raft, &disk, 160, Event::Refused { id: fetch });
        assert_eq!(pre_votes(&asked), 0);
        assert!(!would_grant(&mut raft, &disk, 161));
    }
}

#[test]
fn voters_that_are_gone_for_long_leave_no_majority() {
    for gone in [vec![2, 3], vec![2]] {
        let disk = SimDisk::default();
        let (mut raft, fetch) = following(&disk);
        let mut open: Vec<(u64, Peer)> = vec![(fetch, Peer::Node(2))];
        for at_ms in (100..800).step_by(10) {
            for (id, to) in std::mem::take(&mut open) {
                if gone.iter().any(|gone| to == Peer::Node(*gone)) {
                    let more = sent(&mut raft, &disk, at_ms, Event::Refused { id });
                    open.extend(more.into_iter().map(|(id, to, _)| (id, to)));
                }
            }
            let more = sent(&mut raft, &disk, at_ms, Event::Tick);
            open.extend(more.into_iter().map(|(id, to, _)| (id, to)));
            let at = Duration::from_millis(at_ms);
            assert!(
                at_ms > 500 || !raft.has_no_majority(at),
                "they may start again, {at_ms}"
            );
        }
        assert_eq!(raft.has_no_majority(Duration::from_millis(800)), gone.len() == 2);
        assert!(!raft.has_no_majority(Duration::from_secs(3)), "nobody has tried since");
    }
}
