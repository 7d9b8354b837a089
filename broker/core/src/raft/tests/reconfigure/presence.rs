//! What a node does so that the voters' records say where it is.

use super::*;

/// Follows node 2, which has answered a fetch.
fn following(mut member: Member) -> Member {
    let id = member.follow(0, 3);
    let response = Response {
        error: None,
        leader_id: Some(2),
        leader_epoch: 3,
        leader_endpoints: Vec::new(),
        body: Body::Fetch(Fetched::default()),
    };
    member.on(
        1,
        Event::Response {
            id,
            response: Some(response),
        },
    );
    member
}

/// What a member asks its leader to change.
fn wants(member: &Member) -> Vec<(u64, VoterChange)> {
    let sent = member.sent.iter().filter_map(|(id, to, request)| match request {
        Request::Change(change) => {
            assert_eq!(*to, Peer::Leader(2));
            Some((*id, change.clone()))
        }
        _ => None,
    });
    sent.collect()
}

fn presence(port: u16, joins: bool) -> Presence {
    Presence {
        endpoints: vec![endpoint(port)],
        joins,
    }
}

#[test]
fn a_voter_that_moved_tells_its_leader_and_a_leader_writes_it_down() {
    let (disk, mut raft) = formatted(&[own(), OTHER]);
    raft.present(presence(9001, true));
    assert_eq!(wants(&following(Member::of(disk, raft))), [], "it is where it was");

    let (disk, mut raft) = formatted(&[own(), OTHER]);
    raft.present(presence(7777, false));
    let member = following(Member::of(disk, raft));
    let moved = Voter {
        endpoints: vec![endpoint(7777)],
        ..dynamic(own())
    };
    let expected = VoterChange::Update {
        epoch: 3,
        voter: moved.clone(),
        kraft_versions: (0, 1),
    };
    assert_eq!(
        wants(&member).iter().map(|(_, change)| change).collect::<Vec<_>>(),
        [&expected]
    );

    let (disk, mut raft) = formatted(&[own()]);
    raft.present(presence(7777, false));
    let mut leader = Member::of(disk, raft);
    leader.lead();
    assert_eq!(leader.raft.voters().get(1), Some(&moved));
    assert_eq!(
        leader.raft.high_watermark(),
        3,
        "in the batch with which its epoch begins"
    );
}

#[test]
fn a_static_voter_tells_every_leader_once() {
    let disk = SimDisk::default();
    let mut raft = open(&disk, vec![voter(1), voter(2)], true);
    raft.present(presence(9001, false));
    let mut member = following(Member::of(disk, raft));
    let told = wants(&member);
    assert_eq!(told.len(), 1);
    member.sent.clear();
    member.answer(10, told[0].0, 3, Body::Change { message: None });
    member.on(5000, Event::Tick);
    assert_eq!(wants(&member), []);
}

#[test]
fn an_observer_joins_if_it_is_to_and_first_takes_out_what_it_was() {
    let former = ReplicaKey {
        directory_id: Uuid::from_u128(1),
        ..own()
    };
    for (voters, joins, expected) in [
        (vec![OTHER], false, None),
        (vec![former, OTHER], false, None),
        (vec![former, OTHER], true, Some(VoterChange::Remove(former))),
        (
            vec![OTHER],
            true,
            Some(VoterChange::Add {
                voter: dynamic(own()),
                waits_for_commit: true,
            }),
        ),
    ] {
        let (disk, mut raft) = formatted(&voters);
        raft.present(presence(9001, joins));
        let mut member = following(Member::of(disk, raft));
        let wanted = wants(&member);
        assert_eq!(wanted.first().map(|(_, change)| change.clone()), expected);
        if let Some((id, _)) = wanted.first() {
            // Refused for now, it asks again, and goes on fetching meanwhile.
            assert!(member.sent.iter().any(|(_, _, sent)| matches!(sent, Request::Fetch(_))));
            member.sent.clear();
            let refused = Response {
                error: Some(ErrorCode::RequestTimedOut),
                leader_id: None,
                leader_epoch: -1,
                leader_endpoints: Vec::new(),
                body: Body::Change { message: None },
            };
            let id = *id;
            member.on(
                20,
                Event::Response {
                    id,
                    response: Some(refused),
                },
            );
            assert_eq!(wants(&member), []);
            member.on(2000, Event::Tick);
            assert_eq!(wants(&member), [], "not before controller.quorum.fetch.timeout.ms");
        }
    }
}

#[test]
fn a_lone_voter_with_another_directory_is_not_this_node() {
    let former = ReplicaKey {
        directory_id: Uuid::from_u128(1),
        ..own()
    };
    let (disk, raft) = formatted(&[former]);
    let mut member = Member::of(disk, raft);
    member.on(0, Event::Start);
    member.on(60_000, Event::Tick);
    assert!(!member.raft.is_leader() && member.raft.epoch() == 0);
}
