//! The same with voters that come and go, on all nodes of a run: some begin as voters and the rest as observers.

use super::*;
use crate::raft::records::voter_records;
use protocol::files::SnapshotWriter;

/// Voters that are left at least: fewer could not do without one of them.
const VOTERS_MIN: usize = 2;

fn key(id: i32) -> ReplicaKey {
    ReplicaKey {
        id,
        directory_id: Uuid::from_u128(100 + id as u128),
    }
}

fn member(id: i32) -> Voter {
    Voter {
        id,
        directory_id: key(id).directory_id,
        endpoints: vec![("CONTROLLER".into(), "localhost".into(), 9000 + id as u16)],
    }
}

impl Sim {
    /// A run of five nodes that begins with three voters.
    fn dynamic(seed: u64, tells: bool) -> Self {
        let mut random = Seeded::new(seed);
        let mut weather = Weather::draw(&mut random);
        // The oldest versions know no directories.
        (weather.nodes, weather.old_nodes) = (5, 0);
        let mut sim = Self::under(weather, random, tells);
        sim.is_dynamic = true;
        let first = VoterSet::new((1..=3).map(member).collect());
        let control = voter_records(1, &first).unwrap();
        let snapshot = SnapshotWriter::new(0, 0, 0, control).unwrap().finish().unwrap();
        for id in 1..=3 {
            let dir = std::path::Path::new("/meta/__cluster_metadata-0");
            let disk = &sim.members[&id].disk;
            disk.create_dir_all(dir).unwrap();
            disk.write_atomic(&dir.join(SnapshotId::default().file_name()), &snapshot)
                .unwrap();
        }
        let every = Duration::from_millis(200 + sim.random.below(1500));
        let mut at = every;
        while at < LENGTH - CALM / 2 {
            sim.push(at, 0, What::Change);
            at += every;
        }
        sim
    }

    /// Where a request goes.
    pub(super) fn place_of(&self, to: Peer) -> Option<i32> {
        match to {
            Peer::Node(id) | Peer::Leader(id) => Some(id),
            Peer::Bootstrap(at) => Some(at as i32 + 1),
        }
        .filter(|id| self.members.contains_key(id))
    }

    /// A listener answers for its node, if that runs.
    pub(super) fn tell_versions(&mut self, from: i32, asked: i32, number: u64) {
        if self.members[&asked].raft.is_none() || self.cut.contains(&(from, asked)) {
            return;
        }
        self.send(asked, from, |()| What::Response {
            id: number,
            response: Some(Response {
                error: None,
                leader_id: None,
                leader_epoch: -1,
                leader_endpoints: Vec::new(),
                body: Body::KRaftVersions(Some((0, 1))),
            }),
        });
    }

    /// Somebody asks each node that takes itself for the leader: to add a node that is no voter, or to remove one.
    pub(super) fn change_voters(&mut self) {
        let leads = |member: &Member| member.raft.as_ref().is_some_and(Raft::is_leader);
        let leaders = self.members.iter().filter(|(_, member)| leads(member));
        let leaders: Vec<(i32, Vec<i32>)> = leaders
            .map(|(id, member)| (*id, member.raft.as_ref().unwrap().voters().ids().collect()))
            .collect();
        for (leader, voters) in leaders {
            let others: Vec<i32> = (1..=self.weather.nodes).filter(|id| !voters.contains(id)).collect();
            let adds = voters.len() <= VOTERS_MIN || !others.is_empty() && self.random.one_in(2);
            let from = if adds { &others } else { &voters };
            let id = from[self.random.below(from.len() as u64) as usize];
            let change = if adds {
                VoterChange::Add {
                    voter: member(id),
                    waits_for_commit: self.random.one_in(2),
                }
            } else {
                VoterChange::Remove(key(id))
            };
            self.next_number += 1;
            let ticket = Ticket(self.next_number);
            self.changes.insert(ticket.0, change.clone());
            let request = Request::Change(change);
            self.feed(leader, Event::Request { ticket, request });
        }
    }

    /// Counts what became of a change.
    pub(super) fn note_change(&mut self, id: i32, ticket: Ticket, response: &Response) {
        let Some(change) = self.changes.remove(&ticket.0) else {
            return;
        };
        match (response.error, change) {
            (None, VoterChange::Remove(key)) => {
                self.totals.removed += 1;
                self.totals.left_leader += u64::from(key.id == id);
            }
            (None, _) => self.totals.added += 1,
            (Some(_), _) => self.totals.refused += 1,
        }
    }

    /// All nodes know the same voters, and who leads is one of them.
    fn assert_same_voters(&self) {
        let rafts = || self.members.values().map(|member| member.raft.as_ref().unwrap());
        let leader = rafts().find(|raft| raft.is_leader()).unwrap();
        assert!(
            leader.voters().contains(leader.node_id()),
            "a leader that is no voter stays"
        );
        for raft in rafts() {
            assert_eq!(raft.voters(), leader.voters(), "node {}", raft.node_id());
            assert_eq!(raft.kraft_version(), 1);
        }
    }
}

#[test]
fn voters_come_and_go_and_nothing_that_is_committed_does() {
    let (first, count) = (number("KFLEET_SEED", 1), number("KFLEET_SIMS", 60));
    let mut totals = Totals::default();
    for seed in first..first + count {
        let run = std::panic::catch_unwind(|| {
            let mut sim = Sim::dynamic(seed, false);
            sim.run();
            sim.assert_same_voters();
            sim.totals
        });
        let Ok(run) = run else {
            if count == 1 {
                let mut sim = Sim::dynamic(seed, true);
                let _again = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sim.run()));
                println!("{}", sim.story.unwrap().join("\n"));
            }
            panic!("KFLEET_SEED={seed} KFLEET_SIMS=1 tells the story");
        };
        totals.add(&run);
    }
    println!("{count} runs from seed {first}: {totals:?}");
    let all = [
        totals.added,
        totals.removed,
        totals.refused,
        totals.left_leader,
        totals.truncations,
    ];
    assert!(
        all.iter().all(|some| *some > 0),
        "the runs did not go through enough: {totals:?}"
    );
}
