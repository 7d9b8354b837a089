//! Voters that a directory was formatted with come into the log, whatever becomes of the records that say so first.

use super::*;

/// Node 2 leads in epoch 2 and answers a fetch; then it is gone, and this member leads.
fn leads_after(mut member: Member, fetched: Fetched) -> Member {
    let id = member.follow(10, 2);
    member.answer(11, id, 2, Body::Fetch(fetched));
    member.sync(12);
    member.sent.clear();
    for at_ms in [60_000, 60_100] {
        member.on(at_ms, Event::Tick);
    }
    member.win(60_200);
    assert_eq!(member.raft.epoch(), 3);
    member
}

/// kraft.version and the voters at a node that was formatted without any, once it has all of the leader's log.
fn of_observer(leader: &Member) -> (i16, Vec<i32>) {
    let disk = SimDisk::default();
    let raft = open(&disk, vec![], true);
    let mut observer = Member::of(disk, raft);
    let id = observer.follow(0, 3);
    let end_offset = leader.raft.log_end_offset();
    let fetched = Fetched {
        high_watermark: end_offset,
        records: leader.raft.log.read(0, end_offset).unwrap(),
        ..Fetched::default()
    };
    observer.answer(1, id, 3, Body::Fetch(fetched));
    assert_eq!(observer.raft.high_watermark(), end_offset);
    (observer.raft.committed_kraft_version(), observer.ids())
}

#[test]
fn a_leader_whose_first_records_were_cut_off_writes_them_again_when_it_leads_again() {
    for is_restarted in [false, true] {
        let mut former = Member::leading(&[own(), OTHER]);
        assert_eq!(of_observer(&former), (1, vec![1, 2]));
        if is_restarted {
            // Killed with these records, it reads them when it starts.
            let raft = open(&former.disk, vec![], false);
            former = Member::of(former.disk, raft);
            former.on(0, Event::Start);
        }
        let nothing = Fetched {
            diverging: Some((0, 0)),
            ..Fetched::default()
        };
        let leader = leads_after(former, nothing);
        assert_eq!(leader.raft.upheavals(), (1, 0));
        assert_eq!(of_observer(&leader), (1, vec![1, 2]), "restarted: {is_restarted}");
    }
}

/// As such a leader left it that wrote neither, and changed the voters later.
#[test]
fn a_log_that_has_voters_and_no_kraft_version_is_completed() {
    let (disk, raft) = formatted(&[own(), OTHER]);
    let voters = VoterSet::new(vec![dynamic(own()), dynamic(OTHER)]);
    let records = [(ControlType::KRaftVoters, voters.encode().unwrap())];
    let batch = protocol::files::control_batch(0, 2, now().wall_ms, &records).unwrap();
    let fetched = Fetched {
        records: batch.into(),
        ..Fetched::default()
    };
    let leader = leads_after(Member::of(disk, raft), fetched);
    assert_eq!(of_observer(&leader), (1, vec![1, 2]));
}
