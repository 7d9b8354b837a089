//! An observer that knows no voters but those it is told of.

use super::*;

/// Lets a member take an event; the numbers of its requests and whom they go to.
fn on(raft: &mut Raft, disk: &SimDisk, at_ms: u64, event: Event) -> Vec<(u64, Peer)> {
    let requests = sent(raft, disk, at_ms, event).into_iter();
    requests.map(|(id, to, _)| (id, to)).collect()
}

fn told(id: u64, endpoints: Vec<Endpoint>) -> Event {
    let response = Response {
        error: Some(ErrorCode::NotLeaderOrFollower),
        leader_id: Some(2),
        leader_epoch: 3,
        leader_endpoints: endpoints,
        body: Body::Fetch(Fetched::default()),
    };
    Event::Response {
        id,
        response: Some(response),
    }
}

#[test]
fn a_leader_remembers_only_so_many_and_none_without_an_id() {
    let disk = SimDisk::default();
    let mut raft = open(&disk, vec![voter(1), voter(3)], true);
    sent(&mut raft, &disk, 0, Event::Start);
    raft.become_leader(&[1, 3], now()).unwrap();
    for id in -1..5000 {
        let replica = ReplicaKey {
            id,
            directory_id: DIRECTORY,
        };
        raft.note_alive(replica, Duration::ZERO);
    }
    let known = |raft: &Raft, id: i32| raft.replicas().any(|(key, _)| key.id == id);
    assert_eq!(raft.replicas().count(), 4096);
    assert!(known(&raft, 0) && !known(&raft, -1) && !known(&raft, 1));
    let replica = ReplicaKey {
        id: 3,
        directory_id: Uuid::from_u128(77),
    };
    raft.note_alive(replica, Duration::ZERO);
    assert_eq!(raft.replicas().count(), 4097, "a voter always is");
}

#[test]
fn one_that_is_told_of_a_leader_without_an_address_asks_on() {
    let disk = SimDisk::default();
    let mut raft = open_bootstrapped(&disk, 7);
    let asked = on(&mut raft, &disk, 0, Event::Start);
    assert_eq!(
        asked.iter().map(|(_, to)| *to).collect::<Vec<_>>(),
        [Peer::Bootstrap(0)]
    );
    let asked = on(&mut raft, &disk, 1, told(asked[0].0, Vec::new()));
    assert_eq!((asked.len(), raft.address_of(2)), (1, None));
    on(
        &mut raft,
        &disk,
        2,
        Event::Response {
            id: asked[0].0,
            response: None,
        },
    );
    // The leader that cannot be reached is given up after controller.quorum.fetch.timeout.ms.
    let again = on(&mut raft, &disk, 2100, Event::Tick);
    assert_eq!(
        again.iter().map(|(_, to)| *to).collect::<Vec<_>>(),
        [Peer::Bootstrap(0)]
    );
    let endpoint = ("CONTROLLER".to_owned(), "localhost".to_owned(), 9093);
    let asked = on(&mut raft, &disk, 2101, told(again[0].0, vec![endpoint]));
    assert_eq!(asked.iter().map(|(_, to)| *to).collect::<Vec<_>>(), [Peer::Node(2)]);
    assert_eq!(raft.address_of(2), Some(("localhost", 9093)));
}
