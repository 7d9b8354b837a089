//! Voters that come and go, seen from a single member.

use super::*;

mod bootstrap;
mod presence;

const OTHER: ReplicaKey = ReplicaKey {
    id: 2,
    directory_id: Uuid::from_u128(2000),
};

fn endpoint(port: u16) -> Endpoint {
    ("CONTROLLER".into(), "localhost".into(), port)
}

fn dynamic(key: ReplicaKey) -> Voter {
    Voter {
        id: key.id,
        directory_id: key.directory_id,
        endpoints: vec![endpoint(9000 + key.id as u16)],
    }
}

fn own() -> ReplicaKey {
    ReplicaKey {
        id: 1,
        directory_id: DIRECTORY,
    }
}

/// Node 1 on a directory that was formatted with these voters.
fn formatted(voters: &[ReplicaKey]) -> (SimDisk, Raft) {
    let (disk, _) = formatted_with(voters.iter().map(|key| dynamic(*key)).collect());
    let raft = open(&disk, vec![], true);
    (disk, raft)
}

/// A member, what it sent, and what it answered.
struct Member {
    raft: Raft,
    disk: SimDisk,
    sent: Vec<(u64, Peer, Request)>,
    answered: BTreeMap<u64, Response>,
}

impl Member {
    /// Leads the voters, whom it asks for their votes.
    fn leading(voters: &[ReplicaKey]) -> Self {
        let (disk, raft) = formatted(voters);
        let mut member = Self::of(disk, raft);
        member.lead();
        member
    }

    fn of(disk: SimDisk, raft: Raft) -> Self {
        Self {
            raft,
            disk,
            sent: Vec::new(),
            answered: BTreeMap::new(),
        }
    }

    fn lead(&mut self) {
        self.on(0, Event::Start);
        self.on(0, Event::Tick);
        self.win(0);
    }

    /// Gets the votes it asked for.
    fn win(&mut self, at_ms: u64) {
        while let Some((id, _, Request::Vote(vote))) = self.sent.pop() {
            let epoch = self.raft.epoch().max(vote.epoch);
            self.answer(at_ms, id, epoch, Body::Vote { granted: true });
        }
        assert!(self.raft.is_leader());
        self.sync(at_ms);
    }

    /// Is told that node 2 leads; its fetch there.
    fn follow(&mut self, at_ms: u64, epoch: i32) -> u64 {
        self.sent.clear();
        let request = Request::BeginQuorumEpoch {
            voter: self.raft.key(),
            leader_id: 2,
            leader_epoch: epoch,
            endpoints: vec![endpoint(9002)],
        };
        let ticket = Ticket(1);
        self.on(at_ms, Event::Request { ticket, request });
        let fetch = self.sent.iter().find(|(_, _, sent)| matches!(sent, Request::Fetch(_)));
        let id = fetch.expect("it fetches").0;
        self.sent.clear();
        id
    }

    fn on(&mut self, at_ms: u64, event: Event) {
        let mut out = Outbox::default();
        let mut cx = Cx {
            now: Now {
                mono: Duration::from_millis(at_ms),
                ..now()
            },
            random: &mut Zero,
            disk: &self.disk,
            out: &mut out,
        };
        self.raft.on(event, &mut cx).unwrap();
        for sent in out.sends {
            match sent {
                Outgoing::Request { id, to, request } => self.sent.push((id, to, request)),
                Outgoing::Response { ticket, response } => drop(self.answered.insert(ticket.0, response)),
            }
        }
    }

    fn sync(&mut self, at_ms: u64) {
        let end_offset = self.raft.flush().unwrap();
        self.on(at_ms, Event::Synced { end_offset });
    }

    fn answer(&mut self, at_ms: u64, id: u64, epoch: i32, body: Body) {
        let response = Response {
            error: None,
            leader_id: None,
            leader_epoch: epoch,
            leader_endpoints: Vec::new(),
            body,
        };
        self.on(
            at_ms,
            Event::Response {
                id,
                response: Some(response),
            },
        );
    }

    /// Another replica fetches from the end of the leader's log.
    fn fetched_by(&mut self, at_ms: u64, replica: ReplicaKey) {
        let request = Request::Fetch(FetchRequest {
            replica,
            epoch: self.raft.epoch(),
            fetch_offset: self.raft.log_end_offset(),
            last_fetched_epoch: self.raft.epoch(),
            high_watermark: 0,
            max_wait_ms: 500,
        });
        let ticket = Ticket(900 + at_ms);
        self.on(at_ms, Event::Request { ticket, request });
    }

    fn ask(&mut self, at_ms: u64, ticket: u64, change: VoterChange) {
        self.sent.clear();
        let request = Request::Change(change);
        self.on(
            at_ms,
            Event::Request {
                ticket: Ticket(ticket),
                request,
            },
        );
    }

    /// The error a change was answered with; none while it was not answered.
    fn outcome(&self, ticket: u64) -> Option<Option<ErrorCode>> {
        self.answered.get(&ticket).map(|response| response.error)
    }

    /// The newcomer says what it knows.
    fn tell_versions(&mut self, at_ms: u64, versions: Option<(i16, i16)>) {
        let asked = self
            .sent
            .iter()
            .find(|(_, to, request)| *request == Request::KRaftVersions && *to == Peer::Node(OTHER.id));
        let id = asked.expect("the newcomer is asked").0;
        self.answer(at_ms, id, -1, Body::KRaftVersions(versions));
    }

    fn ids(&self) -> Vec<i32> {
        self.raft.voters().ids().collect()
    }
}

fn add(waits_for_commit: bool) -> VoterChange {
    VoterChange::Add {
        voter: dynamic(OTHER),
        waits_for_commit,
    }
}

#[test]
fn a_new_voter_counts_at_once_and_is_answered_for_once_it_has_the_record() {
    let mut leader = Member::leading(&[own()]);
    leader.fetched_by(10, OTHER);
    leader.ask(20, 1, add(true));
    assert_eq!(
        leader.raft.address_of(2),
        Some(("localhost", 9002)),
        "the newcomer can be asked"
    );
    for (ticket, change) in [(2, VoterChange::Remove(own())), (3, add(true))] {
        leader.ask(21, ticket, change);
        assert_eq!(
            leader.outcome(ticket),
            Some(Some(ErrorCode::RequestTimedOut)),
            "one at a time"
        );
    }
    for waits in [true, false] {
        let mut leader = Member::leading(&[own()]);
        leader.fetched_by(10, OTHER);
        let committed = leader.raft.high_watermark();
        leader.ask(20, 1, add(waits));
        leader.tell_versions(30, Some((0, 1)));
        assert_eq!(leader.ids(), [1, 2]);
        assert_eq!(leader.outcome(1), (!waits).then_some(None));
        leader.sync(31);
        assert_eq!(leader.raft.high_watermark(), committed, "it takes both of them now");
        assert!(leader.raft.uncommitted_change().is_some());
        leader.ask(32, 2, VoterChange::Remove(OTHER));
        assert_eq!(leader.outcome(2), Some(Some(ErrorCode::RequestTimedOut)));
        leader.fetched_by(40, OTHER);
        assert_eq!(leader.outcome(1), Some(None));
        assert_eq!(leader.raft.uncommitted_change(), None);
        leader.ask(50, 3, add(true));
        assert_eq!(leader.outcome(3), Some(Some(ErrorCode::DuplicateVoter)));
    }
}

#[test]
fn nobody_becomes_a_voter_who_does_not_follow_answer_or_know_kraft_version() {
    let timed_out = Some(Some(ErrorCode::RequestTimedOut));
    let mut silent = Member::leading(&[own()]);
    silent.ask(20, 1, add(true));
    silent.tell_versions(30, Some((0, 1)));
    assert_eq!(
        (silent.outcome(1), silent.ids()),
        (timed_out, vec![1]),
        "it never fetched"
    );

    let mut gone = Member::leading(&[own()]);
    gone.fetched_by(10, OTHER);
    gone.ask(3000, 1, add(true));
    gone.tell_versions(3010, Some((0, 1)));
    assert_eq!(
        (gone.outcome(1), gone.ids()),
        (timed_out, vec![1]),
        "it has not fetched of late"
    );

    let mut old = Member::leading(&[own()]);
    old.fetched_by(10, OTHER);
    for (ticket, versions) in [(1, None), (2, Some((0, 0)))] {
        old.ask(20, ticket, add(true));
        old.tell_versions(30, versions);
        assert_eq!(old.outcome(ticket), Some(Some(ErrorCode::InvalidRequest)));
    }

    let mut deaf = Member::leading(&[own()]);
    deaf.fetched_by(10, OTHER);
    deaf.ask(20, 1, add(true));
    let id = deaf
        .sent
        .iter()
        .find(|(_, _, asked)| *asked == Request::KRaftVersions)
        .unwrap()
        .0;
    deaf.on(30, Event::Response { id, response: None });
    assert_eq!((deaf.outcome(1), deaf.ids()), (timed_out, vec![1]), "it is not reached");
    // The next attempt waits until it may be reached again.
    deaf.ask(31, 2, add(true));
    assert_eq!(deaf.outcome(2), timed_out);
    deaf.ask(60, 3, add(true));
    deaf.on(60 + 2100, Event::Tick);
    assert_eq!(deaf.outcome(3), timed_out, "nobody waits for ever");
}

#[test]
fn changes_that_make_no_sense_are_refused() {
    let stranger = ReplicaKey {
        directory_id: Uuid::from_u128(1),
        ..own()
    };
    let nobody = ReplicaKey {
        directory_id: Uuid::ZERO,
        ..OTHER
    };
    let elsewhere = Voter {
        endpoints: vec![("OTHER".into(), "localhost".into(), 1)],
        ..dynamic(OTHER)
    };
    let update = |voter: Voter, kraft_versions| VoterChange::Update {
        epoch: 1,
        voter,
        kraft_versions,
    };
    let add = |voter| VoterChange::Add {
        voter,
        waits_for_commit: true,
    };
    let cases = [
        (VoterChange::Remove(OTHER), ErrorCode::VoterNotFound),
        (VoterChange::Remove(stranger), ErrorCode::VoterNotFound),
        (VoterChange::Remove(nobody), ErrorCode::InvalidRequest),
        (VoterChange::Remove(own()), ErrorCode::InvalidRequest),
        (add(dynamic(stranger)), ErrorCode::DuplicateVoter),
        (add(dynamic(nobody)), ErrorCode::InvalidRequest),
        (add(elsewhere.clone()), ErrorCode::InvalidRequest),
        (update(dynamic(OTHER), (0, 1)), ErrorCode::VoterNotFound),
        (update(dynamic(own()), (0, 0)), ErrorCode::InvalidRequest),
        (update(elsewhere, (0, 1)), ErrorCode::InvalidRequest),
    ];
    let mut leader = Member::leading(&[own()]);
    for (ticket, (change, expected)) in (1..).zip(cases) {
        leader.ask(20, ticket, change.clone());
        assert_eq!(leader.outcome(ticket), Some(Some(expected)), "{change:?}");
        assert_eq!(leader.ids(), [1]);
    }
    for (ticket, epoch, expected) in [
        (50, 0, ErrorCode::FencedLeaderEpoch),
        (51, 2, ErrorCode::UnknownLeaderEpoch),
    ] {
        let change = VoterChange::Update {
            epoch,
            voter: dynamic(own()),
            kraft_versions: (0, 1),
        };
        leader.ask(20, ticket, change);
        assert_eq!(leader.outcome(ticket), Some(Some(expected)));
    }
    let disk = SimDisk::default();
    let raft = open(&disk, vec![voter(1)], true);
    let mut of_static = Member::of(disk, raft);
    of_static.lead();
    of_static.ask(20, 1, VoterChange::Remove(own()));
    assert_eq!(of_static.outcome(1), Some(Some(ErrorCode::UnsupportedVersion)));
    let (disk, raft) = formatted(&[own(), OTHER]);
    let mut follower = Member::of(disk, raft);
    follower.ask(20, 1, VoterChange::Remove(OTHER));
    assert_eq!(follower.outcome(1), Some(Some(ErrorCode::NotLeaderOrFollower)));
}

#[test]
fn nothing_is_changed_before_the_leader_knows_what_is_committed() {
    let (disk, raft) = formatted(&[own(), OTHER]);
    let mut leader = Member::of(disk, raft);
    leader.lead();
    leader.ask(20, 1, VoterChange::Remove(OTHER));
    assert_eq!(leader.outcome(1), Some(Some(ErrorCode::RequestTimedOut)));
    leader.fetched_by(30, OTHER);
    leader.ask(40, 2, VoterChange::Remove(OTHER));
    assert_eq!((leader.outcome(2), leader.ids()), (None, vec![1]));
    leader.sync(41);
    leader.on(41, Event::Tick);
    assert_eq!(leader.outcome(2), Some(None), "the one that is left is a majority");
}

#[test]
fn a_leader_that_is_taken_out_leads_until_that_is_committed() {
    let mut leader = Member::leading(&[own(), OTHER]);
    leader.fetched_by(10, OTHER);
    leader.ask(20, 1, VoterChange::Remove(own()));
    leader.sync(21);
    leader.on(22, Event::Tick);
    assert!(
        leader.raft.is_leader() && leader.outcome(1).is_none(),
        "its own log counts no more"
    );
    leader.fetched_by(30, OTHER);
    assert_eq!(leader.outcome(1), Some(None));
    assert!(!leader.raft.is_leader());
    let ended = leader
        .sent
        .iter()
        .find(|(_, _, sent)| matches!(sent, Request::EndQuorumEpoch { .. }));
    let (id, to, _) = ended.cloned().unwrap();
    assert_eq!(to, Peer::Node(2));
    leader.sent.clear();
    leader.answer(31, id, leader.raft.epoch(), Body::Nothing);
    let looks = leader
        .sent
        .iter()
        .any(|(_, to, sent)| *to == Peer::Node(2) && matches!(sent, Request::Fetch(_)));
    assert!(looks, "it follows whoever leads now: {:?}", leader.sent);
    leader.on(60_000, Event::Tick);
    assert_eq!(leader.raft.epoch(), 1, "it asks for no votes");
}

#[test]
fn a_leader_that_ends_before_its_own_removal_is_committed_is_elected_again_to_commit_it() {
    let mut leader = Member::leading(&[own(), OTHER]);
    leader.fetched_by(10, OTHER);
    leader.ask(20, 1, VoterChange::Remove(own()));
    leader.sync(21);
    // The other does not have the record: its log is behind, so that it cannot be elected.
    let disk = leader.disk;
    drop(leader.raft);
    let mut member = Member::of(disk.clone(), open(&disk, vec![], false));
    assert_eq!(member.ids(), [OTHER.id]);
    member.on(0, Event::Start);
    member.on(2001, Event::Tick);
    while let Some((id, to, Request::Vote(vote))) = member.sent.pop() {
        assert_eq!(to, Peer::Node(OTHER.id));
        let epoch = member.raft.epoch().max(vote.epoch);
        member.answer(2002, id, epoch, Body::Vote { granted: true });
    }
    assert!(member.raft.is_leader());
    member.sync(2003);
    member.fetched_by(2004, OTHER);
    member.on(2005, Event::Tick);
    assert!(!member.raft.is_leader(), "it has done what it was needed for");
    member.sent.clear();
    member.on(60_000, Event::Tick);
    assert!(!member.sent.iter().any(|(_, _, sent)| matches!(sent, Request::Vote(_))));
}

#[test]
fn who_waits_for_a_change_is_told_that_the_leader_leads_no_more() {
    let mut leader = Member::leading(&[own(), OTHER]);
    leader.fetched_by(10, OTHER);
    leader.ask(20, 1, VoterChange::Remove(own()));
    let begin = Request::BeginQuorumEpoch {
        voter: own(),
        leader_id: 2,
        leader_epoch: 7,
        endpoints: vec![endpoint(9002)],
    };
    leader.on(
        30,
        Event::Request {
            ticket: Ticket(2),
            request: begin,
        },
    );
    assert_eq!(leader.outcome(1), Some(Some(ErrorCode::NotLeaderOrFollower)));
}

#[test]
fn static_voters_become_dynamic_once_all_have_told_who_they_are() {
    let disk = SimDisk::default();
    let raft = open(&disk, vec![voter(1), voter(2)], true);
    let mut leader = Member::of(disk.clone(), raft);
    leader.lead();
    let with_zero = ReplicaKey {
        directory_id: Uuid::ZERO,
        ..OTHER
    };
    leader.fetched_by(10, with_zero);
    assert!(leader.raft.dynamic_voters().unwrap_err().contains("Voter 2"));
    let update = |kraft_versions| VoterChange::Update {
        epoch: 1,
        voter: dynamic(OTHER),
        kraft_versions,
    };
    leader.ask(20, 1, update((0, 0)));
    assert_eq!(leader.outcome(1), Some(None));
    assert!(leader.raft.dynamic_voters().unwrap_err().contains("versions 0-0"));
    leader.ask(21, 2, update((0, 1)));
    let voters = leader.raft.dynamic_voters().unwrap();
    leader.raft.make_dynamic(&voters, now()).unwrap();
    assert_eq!(
        (leader.raft.kraft_version(), leader.raft.committed_kraft_version()),
        (1, 0)
    );
    leader.sync(22);
    leader.fetched_by(30, OTHER);
    assert_eq!(leader.raft.committed_kraft_version(), 1);
    assert_eq!(leader.raft.voters().get(2), Some(&dynamic(OTHER)));
    assert_eq!(leader.raft.voters().get(1).unwrap().directory_id, DIRECTORY);
    drop(leader);
    let again = open(&disk, vec![voter(1), voter(2)], true);
    assert_eq!(
        (again.kraft_version(), again.voters()),
        (1, &voters),
        "what the log says counts"
    );
    let state = disk.read(std::path::Path::new("/meta/__cluster_metadata-0/quorum-state"), 1000);
    assert!(
        String::from_utf8(state.unwrap())
            .unwrap()
            .contains("\"data_version\":0")
    );
}
