//! Groups and offsets as records of `__consumer_offsets`.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use protocol::messages::WireError;
use protocol::messages::framing::{decode_offsets_key, decode_offsets_value, encode_offsets_key, encode_offsets_value};
use protocol::messages::offsets::{
    GroupMetadataKey, GroupMetadataMemberMetadata, GroupMetadataValue, Key, OffsetCommitKey, OffsetCommitValue, Value,
};

use super::group::{Group, GroupState, Member};
use super::offsets::{CommittedOffset, OffsetKey};
use super::shard::Shard;

/// Version of group metadata that Kafka 4.3 writes.
const GROUP_VERSION: i16 = 3;
/// Version of committed offsets that Kafka 4.3 writes.
const OFFSET_VERSION: i16 = 3;

/// Key and value; without a value it takes back what the key said.
pub type KeyValue = (Vec<u8>, Option<Vec<u8>>);

/// The record of a committed offset, or of its removal.
pub fn offset_record(group: &str, key: &OffsetKey, offset: Option<&CommittedOffset>) -> Result<KeyValue, WireError> {
    let (topic, partition) = key.clone();
    let key = OffsetCommitKey {
        group: group.to_owned(),
        topic,
        partition,
        ..Default::default()
    };
    let value = offset.map(|committed| {
        let value = OffsetCommitValue {
            offset: committed.offset,
            leader_epoch: committed.leader_epoch,
            metadata: committed.metadata.clone(),
            commit_timestamp: committed.commit_timestamp_ms,
            ..Default::default()
        };
        encode_offsets_value(&value.into(), OFFSET_VERSION)
    });
    Ok((encode_offsets_key(&key.into())?, value.transpose()?))
}

/// The record that takes a group back.
pub fn group_tombstone(group: &str) -> Result<KeyValue, WireError> {
    let key = GroupMetadataKey {
        group: group.to_owned(),
        ..Default::default()
    };
    Ok((encode_offsets_key(&key.into())?, None))
}

/// The record of a group with these assignments.
pub fn group_record(group: &Group, assignments: &BTreeMap<String, Bytes>, now_ms: i64) -> Result<KeyValue, WireError> {
    let protocol = group.protocol.clone().unwrap_or_default();
    let member = |member: &Member| GroupMetadataMemberMetadata {
        member_id: member.id.clone(),
        group_instance_id: member.instance_id.clone(),
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        rebalance_timeout: member.rebalance_timeout.as_millis() as i32,
        session_timeout: member.session_timeout.as_millis() as i32,
        subscription: member.metadata(&protocol),
        assignment: assignments.get(&member.id).cloned().unwrap_or_default(),
        ..Default::default()
    };
    let value = GroupMetadataValue {
        protocol_type: group.protocol_type.clone().unwrap_or_default(),
        generation: group.generation,
        protocol: group.protocol.clone(),
        leader: group.leader.clone(),
        current_state_timestamp: now_ms,
        members: group.members.values().map(member).collect(),
        ..Default::default()
    };
    let key = GroupMetadataKey {
        group: group.id.clone(),
        ..Default::default()
    };
    Ok((
        encode_offsets_key(&key.into())?,
        Some(encode_offsets_value(&value.into(), GROUP_VERSION)?),
    ))
}

/// Where a record is, and the producer whose transaction it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordAt {
    /// Its offset.
    pub offset: i64,
    /// The producer; none outside of transactions.
    pub transaction_of: Option<i64>,
}

impl Shard {
    /// Folds a record of the log into the state. Records of kinds that are not served are passed over.
    pub fn replay(&mut self, key: &[u8], value: Option<&[u8]>, at: RecordAt, now: Duration) -> Result<(), WireError> {
        match decode_offsets_key(key) {
            Ok(Key::OffsetCommit(key)) => self.replay_offset(key, value, at),
            Ok(Key::GroupMetadata(key)) => self.replay_group(&key.group, value, now),
            Ok(_) | Err(WireError::UnknownKey { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn replay_offset(&mut self, key: OffsetCommitKey, value: Option<&[u8]>, at: RecordAt) -> Result<(), WireError> {
        let about = (key.topic, key.partition);
        let Some(value) = value else {
            if let Some(group) = self.groups.get_mut(&key.group) {
                group.offsets.remove(&about);
            }
            self.transactions.forget(&key.group, &about);
            return Ok(());
        };
        if let Value::OffsetCommit(value) = decode_offsets_value(OffsetCommitKey::KEY, value)? {
            let committed = CommittedOffset {
                offset: value.offset,
                leader_epoch: value.leader_epoch,
                metadata: value.metadata,
                commit_timestamp_ms: value.commit_timestamp,
            };
            match at.transaction_of {
                Some(producer_id) => self
                    .transactions
                    .add(producer_id, (key.group, about), at.offset, committed),
                None => self.take_offset((key.group, about), at.offset, committed),
            }
        }
        Ok(())
    }

    fn replay_group(&mut self, id: &str, value: Option<&[u8]>, now: Duration) -> Result<(), WireError> {
        let Some(value) = value else {
            // Offsets have tombstones of their own.
            if self.groups.get(id).is_some_and(|group| group.offsets.is_empty()) {
                self.groups.remove(id);
            } else if let Some(group) = self.groups.get_mut(id) {
                group.members.clear();
                group.state = GroupState::Empty;
            }
            return Ok(());
        };
        let Value::GroupMetadata(value) = decode_offsets_value(GroupMetadataKey::KEY, value)? else {
            return Ok(());
        };
        let group = self.groups.entry(id.to_owned()).or_insert_with(|| Group::new(id));
        group.generation = value.generation;
        group.protocol_type = Some(value.protocol_type).filter(|kind| !kind.is_empty());
        group.protocol.clone_from(&value.protocol);
        group.leader = value.leader;
        group.state_since_ms = value.current_state_timestamp;
        let protocol = value.protocol.unwrap_or_default();
        let member = |m: GroupMetadataMemberMetadata| {
            let session_timeout = Duration::from_millis(u64::try_from(m.session_timeout).unwrap_or(0));
            let member = Member {
                id: m.member_id.clone(),
                instance_id: m.group_instance_id,
                client_id: m.client_id,
                client_host: m.client_host,
                session_timeout,
                rebalance_timeout: Duration::from_millis(u64::try_from(m.rebalance_timeout).unwrap_or(0)),
                protocols: vec![(protocol.clone(), m.subscription)],
                assignment: m.assignment,
                // Nobody knows how long it has been silent.
                expires: now + session_timeout,
                joining: false,
                syncing: false,
                join_answer: None,
                sync_answer: None,
            };
            (m.member_id, member)
        };
        group.members = value.members.into_iter().map(member).collect();
        group.state = if group.members.is_empty() {
            GroupState::Empty
        } else {
            GroupState::Stable
        };
        Ok(())
    }
}
