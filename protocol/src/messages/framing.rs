//! How generated messages are put into records: metadata records carry frame version, number and version
//! ahead of their body; coordinator keys and values carry a 16-bit number or version; control records have
//! a four-byte key.

use super::control::{
    EndTxnMarker, KRaftVersionRecord, LeaderChangeMessage, SnapshotFooterRecord, SnapshotHeaderRecord, VotersRecord,
};
use super::embedded::{ConsumerProtocolAssignment, ConsumerProtocolSubscription};
use super::plain::{Plain, ToPlain as _};
use super::wire::{Reader, put_uvarint};
use super::{WireError, metadata, offsets, remote, shares, transactions};

/// The only frame version of metadata records.
const FRAME_VERSION: u32 = 1;

/// Reads the value of a metadata record; also the version it was written in.
pub fn decode_metadata(value: &[u8]) -> Result<(metadata::Record, i16), WireError> {
    let (key, version, body) = unframe(value, "metadata record")?;
    Ok((metadata::Record::decode(key, body, version)?, version))
}

/// Reads the value of a record of `__remote_log_metadata`, which is framed as metadata records are; also the version it
/// was written in.
pub fn decode_remote(value: &[u8]) -> Result<(remote::Record, i16), WireError> {
    let (key, version, body) = unframe(value, "remote log metadata record")?;
    Ok((remote::Record::decode(key, body, version)?, version))
}

/// Number, version and body.
fn unframe<'a>(value: &'a [u8], what: &'static str) -> Result<(i16, i16, &'a [u8]), WireError> {
    let mut reader = Reader::new(value, what);
    let frame_version = reader.uvarint()?;
    if frame_version != FRAME_VERSION {
        return Err(WireError::FrameVersion { version: frame_version });
    }
    let out_of_range = |value: u32| WireError::UnknownKey {
        key: i16::try_from(value).unwrap_or(i16::MAX),
    };
    let key = reader.uvarint()?;
    let key = i16::try_from(key).map_err(|_| out_of_range(key))?;
    let version = reader.uvarint()?;
    let version = i16::try_from(version).map_err(|_| out_of_range(version))?;
    Ok((key, version, reader.remaining()))
}

/// Writes the value of a metadata record.
pub fn encode_metadata(record: &metadata::Record, version: i16) -> Result<Vec<u8>, WireError> {
    let mut out = Vec::with_capacity(64);
    put_uvarint(&mut out, FRAME_VERSION);
    put_uvarint(&mut out, record.key() as u32);
    put_uvarint(&mut out, version as u32);
    record.encode(version, &mut out)?;
    Ok(out)
}

/// Reads a key of `__consumer_offsets`.
pub fn decode_offsets_key(bytes: &[u8]) -> Result<offsets::Key, WireError> {
    let (kind, body) = split(bytes, "key")?;
    offsets::Key::decode(kind, body, 0)
}

/// Writes a key of `__consumer_offsets`.
pub fn encode_offsets_key(key: &offsets::Key) -> Result<Vec<u8>, WireError> {
    let mut out = key.key().to_be_bytes().to_vec();
    key.encode(0, &mut out)?;
    Ok(out)
}

/// Reads the value that goes with a key of this number.
pub fn decode_offsets_value(kind: i16, bytes: &[u8]) -> Result<offsets::Value, WireError> {
    // The two oldest key versions are of one kind, with one value.
    let kind = if kind == offsets::LegacyOffsetCommitKey::KEY {
        offsets::OffsetCommitKey::KEY
    } else {
        kind
    };
    let (version, body) = split(bytes, "value")?;
    offsets::Value::decode(kind, body, version)
}

/// Writes a value of `__consumer_offsets` in this version.
pub fn encode_offsets_value(value: &offsets::Value, version: i16) -> Result<Vec<u8>, WireError> {
    let mut out = version.to_be_bytes().to_vec();
    value.encode(version, &mut out)?;
    Ok(out)
}

/// Reads a key of `__transaction_state`.
pub fn decode_transactions_key(bytes: &[u8]) -> Result<transactions::Key, WireError> {
    let (kind, body) = split(bytes, "key")?;
    transactions::Key::decode(kind, body, 0)
}

/// Reads the value that goes with a key of this number.
pub fn decode_transactions_value(kind: i16, bytes: &[u8]) -> Result<transactions::Value, WireError> {
    let (version, body) = split(bytes, "value")?;
    transactions::Value::decode(kind, body, version)
}

/// Reads a key of `__share_group_state`.
pub fn decode_shares_key(bytes: &[u8]) -> Result<shares::Key, WireError> {
    let (kind, body) = split(bytes, "key")?;
    shares::Key::decode(kind, body, 0)
}

/// Reads the value that goes with a key of this number.
pub fn decode_shares_value(kind: i16, bytes: &[u8]) -> Result<shares::Value, WireError> {
    let (version, body) = split(bytes, "value")?;
    shares::Value::decode(kind, body, version)
}

/// The version a coordinator record's value was written in.
pub fn value_version(bytes: &[u8]) -> Result<i16, WireError> {
    split(bytes, "value").map(|(version, _)| version)
}

/// Reads a member's assignment of the classic `consumer` protocol, which has its version in front. A newer
/// version is read as the newest known one, as Kafka's clients do.
pub fn decode_consumer_assignment(bytes: &[u8]) -> Result<ConsumerProtocolAssignment, WireError> {
    let (version, body) = split(bytes, "consumer assignment")?;
    ConsumerProtocolAssignment::decode(body, version.min(ConsumerProtocolAssignment::MAX_VERSION))
}

/// Reads what a member of the classic `consumer` protocol subscribes to, likewise.
pub fn decode_consumer_subscription(bytes: &[u8]) -> Result<ConsumerProtocolSubscription, WireError> {
    let (version, body) = split(bytes, "consumer subscription")?;
    ConsumerProtocolSubscription::decode(body, version.min(ConsumerProtocolSubscription::MAX_VERSION))
}

fn split<'a>(bytes: &'a [u8], what: &'static str) -> Result<(i16, &'a [u8]), WireError> {
    let (number, body) = bytes.split_first_chunk::<2>().ok_or(WireError::Truncated {
        what,
        needed: 2,
        left: bytes.len(),
    })?;
    Ok((i16::from_be_bytes(*number), body))
}

/// What a control record is, by the type in its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlType {
    /// A transaction was aborted.
    Abort,
    /// A transaction was committed.
    Commit,
    /// A new leader of a KRaft quorum.
    LeaderChange,
    /// The start of a snapshot.
    SnapshotHeader,
    /// The end of a snapshot.
    SnapshotFooter,
    /// The quorum's protocol version.
    KRaftVersion,
    /// The quorum's voters.
    KRaftVoters,
    /// A type that is not known here.
    Unknown(i16),
}

impl ControlType {
    const KNOWN: [Self; 7] = [
        Self::Abort,
        Self::Commit,
        Self::LeaderChange,
        Self::SnapshotHeader,
        Self::SnapshotFooter,
        Self::KRaftVersion,
        Self::KRaftVoters,
    ];

    /// Reads the key of a control record: version 0 and the type.
    pub fn decode(key: &[u8]) -> Result<Self, WireError> {
        let (_version, rest) = split(key, "control key")?;
        let (kind, _) = split(rest, "control key")?;
        Ok(usize::try_from(kind)
            .ok()
            .and_then(|at| Self::KNOWN.get(at))
            .copied()
            .unwrap_or(Self::Unknown(kind)))
    }

    /// Its name as Kafka has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Abort => "ABORT",
            Self::Commit => "COMMIT",
            Self::LeaderChange => "LEADER_CHANGE",
            Self::SnapshotHeader => "SNAPSHOT_HEADER",
            Self::SnapshotFooter => "SNAPSHOT_FOOTER",
            Self::KRaftVersion => "KRAFT_VERSION",
            Self::KRaftVoters => "KRAFT_VOTERS",
            Self::Unknown(_) => "UNKNOWN",
        }
    }

    /// Reads the value of a control record of this type as plain values; also the version it was written in. Every
    /// one of them starts with its version. None for a type that is not known here.
    pub fn decode_value(self, bytes: &[u8]) -> Result<Option<(Plain, i16)>, WireError> {
        let (version, marker) = split(bytes, "control record")?;
        let plain = match self {
            Self::Abort | Self::Commit => EndTxnMarker::decode(marker, version)?.to_plain(version),
            Self::LeaderChange => LeaderChangeMessage::decode(bytes, version)?.to_plain(version),
            Self::SnapshotHeader => SnapshotHeaderRecord::decode(bytes, version)?.to_plain(version),
            Self::SnapshotFooter => SnapshotFooterRecord::decode(bytes, version)?.to_plain(version),
            Self::KRaftVersion => KRaftVersionRecord::decode(bytes, version)?.to_plain(version),
            Self::KRaftVoters => VotersRecord::decode(bytes, version)?.to_plain(version),
            Self::Unknown(_) => return Ok(None),
        };
        Ok(Some((plain, version)))
    }

    /// The key of a control record of this type.
    pub fn key(self) -> [u8; 4] {
        let kind = match self {
            Self::Unknown(kind) => kind,
            known => Self::KNOWN.iter().position(|k| *k == known).unwrap_or(0) as i16,
        };
        let [high, low] = kind.to_be_bytes();
        [0, 0, high, low]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_keys_round_trip() {
        for (at, kind) in ControlType::KNOWN.into_iter().enumerate() {
            assert_eq!(kind.key(), [0, 0, 0, at as u8]);
            assert_eq!(ControlType::decode(&kind.key()).unwrap(), kind);
        }
        assert_eq!(ControlType::decode(&[0, 0, 1, 2]).unwrap(), ControlType::Unknown(258));
        assert!(ControlType::decode(&[0, 0, 1]).is_err());
    }

    #[test]
    fn a_tag_whose_default_is_the_empty_value_writes_null_and_not_the_default() {
        let written = |member: &offsets::ConsumerGroupMemberMetadataValue| {
            let mut out = Vec::new();
            member.encode(0, &mut out).unwrap();
            out
        };
        let default = offsets::ConsumerGroupMemberMetadataValue::default();
        assert!(default.classic_member_metadata.is_some(), "as Kafka's generator has it");
        let consumer = offsets::ConsumerGroupMemberMetadataValue {
            classic_member_metadata: None,
            ..default.clone()
        };
        // No tags; one tag 0 of one byte, which says null.
        assert_eq!(written(&default).last(), Some(&0));
        assert_eq!(
            written(&consumer).get(written(&default).len() - 1..),
            Some(&[1, 0, 1, 0xff][..])
        );
        let read = offsets::ConsumerGroupMemberMetadataValue::decode(&written(&consumer), 0).unwrap();
        assert_eq!(read, consumer);
    }

    #[test]
    fn what_kafkas_own_classes_wrote_of_remote_segments_is_read() {
        let bytes = |text: &str| -> Vec<u8> {
            let digits = (0..text.len()).step_by(2);
            digits
                .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
                .collect()
        };
        let segment = "0100000274000000000000000000000000000003840000000300000000000000000000000000000003850000000000000000\
             0a00000000000000140000000100000000000003e800000000000007d00200000002000000000000000a0000001000000000";
        let (record, version) = decode_remote(&bytes(segment)).unwrap();
        let remote::Record::RemoteLogSegmentMetadata(segment) = record else {
            panic!("{record:?}");
        };
        assert_eq!((version, segment.start_offset, segment.end_offset), (0, 10, 20));
        assert_eq!((segment.segment_size_in_bytes, segment.custom_metadata), (4096, None));
        assert_eq!(segment.segment_leader_epochs[0].offset, 10);
        let deletion = "0102000274000000000000000000000000000003840000000300000000070000000000000bb80000";
        let (record, _) = decode_remote(&bytes(deletion)).unwrap();
        assert_eq!(record.name(), "REMOTE_PARTITION_DELETE_METADATA_RECORD");
        assert!(matches!(
            decode_remote(&[1, 9, 0]),
            Err(WireError::UnknownKey { key: 9 })
        ));
        assert!(matches!(
            decode_remote(&[1, 0, 5]),
            Err(WireError::UnsupportedVersion { .. })
        ));
    }

    #[test]
    fn metadata_records_round_trip_and_refuse_trailing_bytes() {
        let record = metadata::Record::from(metadata::PartitionChangeRecord {
            partition_id: 3,
            isr: Some(vec![1, 2]),
            eligible_leader_replicas: Some(vec![3]),
            ..Default::default()
        });
        let mut bytes = encode_metadata(&record, 2).unwrap();
        assert_eq!(decode_metadata(&bytes).unwrap(), (record.clone(), 2));
        bytes.push(0);
        assert!(matches!(decode_metadata(&bytes), Err(WireError::Trailing { .. })));
        assert!(
            matches!(encode_metadata(&record, 1), Err(WireError::Absent { .. })),
            "version 1 has no ELR"
        );
    }
}
