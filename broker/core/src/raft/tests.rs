use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use broker_log::LogContext;
use broker_log::disk::{Disk, SimDisk};
use bytes::Bytes;
use protocol::Uuid;
use protocol::files::{SnapshotId, SnapshotWriter};
use protocol::messages::control::{KRaftVersionRecord, LeaderChangeMessage};
use protocol::messages::framing::ControlType;
use protocol::records::{Records, records_of};

use super::metadata_log::checked;
use super::*;
use crate::cx::{Cx, Outbox, Random};

const DIRECTORY: Uuid = Uuid::from_u128(4242);

fn now() -> Now {
    Now {
        wall_ms: 1_700_000_000_000,
        ..Now::default()
    }
}

fn voter(id: i32) -> Voter {
    Voter {
        id,
        directory_id: Uuid::ZERO,
        endpoints: vec![("CONTROLLER".into(), "localhost".into(), 9093)],
    }
}

fn config() -> RaftConfig {
    RaftConfig {
        node_id: 1,
        directory_id: DIRECTORY,
        metadata_dir: "/meta".into(),
        static_voters: Vec::new(),
        bootstrap_servers: 0,
        clean: true,
        timeouts: Timeouts::default(),
    }
}

fn open_configured(disk: &SimDisk, config: RaftConfig) -> Raft {
    let context = LogContext::new(Arc::new(disk.clone()), 8, 1 << 16);
    Raft::open(&context, config).unwrap().0
}

fn open(disk: &SimDisk, voters: Vec<Voter>, clean: bool) -> Raft {
    let config = RaftConfig {
        static_voters: voters,
        clean,
        ..config()
    };
    open_configured(disk, config)
}

/// A member of a dynamic quorum that knows a bootstrap server.
fn open_bootstrapped(disk: &SimDisk, node_id: i32) -> Raft {
    let config = RaftConfig {
        node_id,
        bootstrap_servers: 1,
        ..config()
    };
    open_configured(disk, config)
}

/// A metadata directory of a dynamic quorum, formatted with these voters.
fn formatted_with(voters: Vec<Voter>) -> (SimDisk, &'static Path) {
    let disk = SimDisk::default();
    let control = records::voter_records(1, &VoterSet::new(voters)).unwrap();
    let snapshot = SnapshotWriter::new(0, 0, 0, control).unwrap().finish().unwrap();
    let dir = Path::new("/meta/__cluster_metadata-0");
    disk.create_dir_all(dir).unwrap();
    disk.write_atomic(&dir.join(SnapshotId::default().file_name()), &snapshot)
        .unwrap();
    (disk, dir)
}

struct Zero;

impl Random for Zero {
    fn next_u64(&mut self) -> u64 {
        0
    }
}

/// Lets a member take an event; what it sends.
fn outgoing(raft: &mut Raft, disk: &SimDisk, at_ms: u64, event: Event) -> Vec<Outgoing> {
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
    raft.on(event, &mut cx).unwrap();
    out.sends
}

/// Lets a member take an event; the requests it sends with their numbers.
fn sent(raft: &mut Raft, disk: &SimDisk, at_ms: u64, event: Event) -> Vec<(u64, Peer, Request)> {
    let sends = outgoing(raft, disk, at_ms, event).into_iter();
    let requests = sends.filter_map(|sent| match sent {
        Outgoing::Request { id, to, request } => Some((id, to, request)),
        Outgoing::Response { .. } => None,
    });
    requests.collect()
}

fn values(raft: &Raft) -> Vec<Bytes> {
    let mut out = Vec::new();
    let mut offset = 0;
    loop {
        let batches = raft.read_committed(offset).unwrap();
        let Some(last) = batches.last() else { return out };
        offset = last.last_offset + 1;
        out.extend(batches.into_iter().flat_map(|batch| batch.values));
    }
}

#[test]
fn a_lone_voter_leads_and_commits_what_is_synced() {
    let disk = SimDisk::default();
    let mut raft = open(&disk, vec![voter(1)], true);
    raft.elect(now()).unwrap();
    assert_eq!((raft.epoch(), raft.high_watermark()), (1, 1));
    let last = raft.propose(&[b"a".to_vec(), b"b".to_vec()], now()).unwrap();
    assert_eq!(
        (last, raft.high_watermark()),
        (2, 1),
        "not committed before it is synced"
    );
    assert_eq!(raft.sync().unwrap(), 3);
    assert_eq!(values(&raft), ["a", "b"]);
}

#[test]
fn every_start_begins_a_new_epoch_and_committed_records_survive_a_crash() {
    let mut disk = SimDisk::default();
    for start in 1..=3 {
        let mut raft = open(&disk, vec![voter(1)], false);
        assert_eq!(values(&raft).len(), 0, "nothing counts before the election");
        raft.elect(now()).unwrap();
        assert_eq!(raft.epoch(), start);
        assert_eq!(values(&raft).len() as i32, start - 1);
        raft.propose(&[vec![start as u8]], now()).unwrap();
        raft.sync().unwrap();
        raft.propose(&[b"never synced".to_vec()], now()).unwrap();
        drop(raft);
        disk = disk.crash(|_, _| 0);
    }
    let state = disk
        .read(std::path::Path::new("/meta/__cluster_metadata-0/quorum-state"), 1000)
        .unwrap();
    let state = QuorumState::parse(std::str::from_utf8(&state).unwrap()).unwrap();
    assert_eq!((state.leader_epoch, state.leader_id), (3, Some(1)));
}

#[test]
fn what_a_clean_end_left_is_durable() {
    let disk = SimDisk::default();
    let mut raft = open(&disk, vec![voter(1)], true);
    raft.elect(now()).unwrap();
    raft.propose(&[b"a".to_vec()], now()).unwrap();
    raft.close().unwrap();
    for clean in [true, false] {
        // A follower asks for nothing while something of its log is to be synced.
        let mut follower = open(&disk, vec![voter(1), voter(2)], clean);
        assert_eq!(follower.flush().unwrap(), follower.log_end_offset(), "clean: {clean}");
    }
}

#[test]
fn others_votes_are_not_taken_for_granted() {
    let disk = SimDisk::default();
    let mut several = open(&disk, vec![voter(1), voter(2)], true);
    assert!(matches!(several.elect(now()), Err(RaftError::NotAlone { voters, .. }) if voters == [1, 2]));
    let mut nobody = open(&SimDisk::default(), vec![], true);
    assert!(matches!(nobody.elect(now()), Err(RaftError::NoVoters)));
}

#[test]
fn voters_of_a_bootstrap_snapshot_are_written_into_the_log_once() {
    let disk = SimDisk::default();
    let dir = std::path::Path::new("/meta/__cluster_metadata-0");
    disk.create_dir_all(dir).unwrap();
    let set = VoterSet::new(vec![Voter {
        directory_id: DIRECTORY,
        ..voter(1)
    }]);
    let mut version = Vec::new();
    KRaftVersionRecord {
        kraft_version: 1,
        ..Default::default()
    }
    .encode(0, &mut version)
    .unwrap();
    let control = vec![
        (ControlType::KRaftVersion, version),
        (ControlType::KRaftVoters, set.encode().unwrap()),
    ];
    let snapshot = protocol::files::SnapshotWriter::new(0, 0, 0, control)
        .unwrap()
        .finish()
        .unwrap();
    disk.write_atomic(&dir.join(SnapshotId::default().file_name()), &snapshot)
        .unwrap();
    for start in 1..=2 {
        let mut raft = open(&disk, vec![], true);
        assert_eq!((raft.kraft_version(), raft.voters()), (1, &set));
        raft.elect(now()).unwrap();
        assert_eq!(
            raft.high_watermark(),
            2 + start,
            "three records first, then one an epoch"
        );
    }
}

/// Kafka 4.3 does not start on a log whose LeaderChange record has version 1.
#[test]
fn the_leader_of_a_dynamic_quorum_announces_itself_in_version_0() {
    use protocol::files::SnapshotWriter;
    let disk = SimDisk::default();
    let mut version = Vec::new();
    let record = KRaftVersionRecord {
        kraft_version: 1,
        ..Default::default()
    };
    record.encode(0, &mut version).unwrap();
    let voters = VoterSet::new(vec![Voter {
        directory_id: DIRECTORY,
        ..voter(1)
    }]);
    let control = vec![
        (ControlType::KRaftVersion, version),
        (ControlType::KRaftVoters, voters.encode().unwrap()),
    ];
    let snapshot = SnapshotWriter::new(0, 0, 0, control).unwrap().finish().unwrap();
    let dir = std::path::Path::new("/meta/__cluster_metadata-0");
    disk.create_dir_all(dir).unwrap();
    disk.write_atomic(&dir.join(SnapshotId::default().file_name()), &snapshot)
        .unwrap();
    let mut raft = open(&disk, vec![], true);
    raft.elect(now()).unwrap();
    let bytes = raft.log.read(0, raft.log_end_offset()).unwrap();
    let (header, batch) = checked(&bytes).unwrap()[0];
    let unpacked = records_of(&header, batch, 1 << 10).unwrap();
    let record = Records::new(header, &unpacked).next().unwrap().unwrap();
    let message = LeaderChangeMessage::decode(record.value.unwrap(), 0).unwrap();
    assert_eq!((message.version, message.leader_id, message.voters.len()), (0, 1, 1));
}

mod crashes;
mod handover;
mod leader_search;
mod lost_leader;
mod observers;
mod reconfigure;
mod sim;
mod votes;
