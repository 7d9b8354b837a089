//! The small files of a data directory and server.properties: whatever they hold is read or refused, and what was
//! read is the same after it was written back.

use protocol::config::NodeConfig;
use protocol::files::{
    MetaProperties, QuorumState, SnapshotId, format_checkpoint, format_clean_shutdown, format_leader_epochs,
    format_partition_metadata, format_producer_snapshot, parse_checkpoint, parse_clean_shutdown, parse_leader_epochs,
    parse_partition_metadata, parse_producer_snapshot,
};
use protocol::messages::framing::{ControlType, decode_metadata};
use protocol::properties::Properties;
use protocol::records::{Batches, Records, records_of};

use crate::allocator::bounded;
use crate::input::{Input, mend_checksums};

/// Held for each byte of a file, and always: an entry of two bytes, an error, a table of keys.
const HELD_PER_BYTE: usize = 256;
const HELD_ALWAYS_BYTES: usize = 256 << 10;

type Reader = fn(&[u8]);

static READERS: [Reader; 11] = [
    properties,
    edited_properties,
    meta_properties,
    checkpoint,
    leader_epochs,
    quorum_state,
    partition_metadata,
    clean_shutdown,
    producer_snapshot,
    snapshot,
    node_config,
];

/// The kind of file in a byte, then its content.
pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let reader = usize::from(input.byte()) % READERS.len();
    READERS[reader](input.rest());
}

fn held<T>(content: &[u8], read: impl FnOnce() -> T) -> T {
    bounded(HELD_ALWAYS_BYTES + content.len() * HELD_PER_BYTE, read)
}

fn text(content: &[u8]) -> String {
    String::from_utf8_lossy(content).into_owned()
}

fn properties(content: &[u8]) {
    let parsed = held(content, || Properties::parse(content));
    assert_eq!(parsed.to_bytes(), content);
    let mut written = Properties::default();
    for (key, value) in parsed.iter() {
        written.set(key, value);
        assert_eq!(written.get(key), Some(value));
    }
    let again = Properties::parse(&written.to_bytes());
    assert_eq!(again, written, "what was set is what is read");
    for (key, _) in again.iter() {
        assert_eq!(again.get(key), parsed.get(key));
    }
    assert!(again.duplicates().is_empty());
}

/// Sets and removes keys of a file; the others must not notice.
fn edited_properties(content: &[u8]) {
    let mut input = Input::new(content);
    let edits: Vec<(bool, u8, u8)> = (0..input.byte() % 4)
        .map(|_| (input.byte() & 1 == 0, input.byte(), input.byte()))
        .collect();
    let mut file = Properties::parse(input.rest());
    let name = |file: &Properties, at: u8| {
        let known = file.iter().nth(usize::from(at)).map(|(key, _)| key.to_owned());
        known.unwrap_or_else(|| format!("new.{at}"))
    };
    for (set, at, value) in edits {
        let key = name(&file, at);
        let before: Vec<(String, Option<String>)> = file
            .iter()
            .filter(|(other, _)| *other != key)
            .map(|(other, _)| (other.to_owned(), file.get(other).map(str::to_owned)))
            .collect();
        let value = name(&file, value);
        if set {
            file.set(&key, &value);
        } else {
            file.remove(&key);
        }
        let again = Properties::parse(&file.to_bytes());
        assert!(again.iter().eq(file.iter()), "the file says what its lines say");
        assert_eq!(again.get(&key), set.then_some(value.as_str()));
        for (other, value) in before {
            assert_eq!(again.get(&other), value.as_deref());
        }
        file = again;
    }
}

fn meta_properties(content: &[u8]) {
    let Ok(parsed) = held(content, || MetaProperties::parse(content)) else {
        return;
    };
    if parsed.cluster_id.is_some() && parsed.node_id.is_some() {
        assert_eq!(MetaProperties::parse(parsed.format("today").as_bytes()), Ok(parsed));
    }
}

fn checkpoint(content: &[u8]) {
    let text = text(content);
    if let Ok(entries) = held(content, || parse_checkpoint(&text)) {
        assert_eq!(parse_checkpoint(&format_checkpoint(&entries)), Ok(entries));
    }
}

fn leader_epochs(content: &[u8]) {
    let text = text(content);
    if let Ok(entries) = held(content, || parse_leader_epochs(&text)) {
        assert_eq!(parse_leader_epochs(&format_leader_epochs(&entries)), Ok(entries));
    }
}

fn quorum_state(content: &[u8]) {
    let text = text(content);
    let Ok(mut parsed) = held(content, || QuorumState::parse(&text)) else {
        return;
    };
    let voters = std::mem::take(&mut parsed.current_voters);
    assert_eq!(QuorumState::parse(&parsed.format(1)), Ok(parsed.clone()));
    parsed.current_voters = voters;
    if let Some(voted) = &mut parsed.voted {
        voted.directory_id = protocol::Uuid::ZERO;
    }
    assert_eq!(QuorumState::parse(&parsed.format(0)), Ok(parsed));
}

fn partition_metadata(content: &[u8]) {
    let text = text(content);
    if let Ok(id) = held(content, || parse_partition_metadata(&text)) {
        assert_eq!(parse_partition_metadata(&format_partition_metadata(id)), Ok(id));
    }
}

fn clean_shutdown(content: &[u8]) {
    let text = text(content);
    if let Some(epoch) = held(content, || parse_clean_shutdown(&text)) {
        assert_eq!(parse_clean_shutdown(&format_clean_shutdown(epoch)), Some(epoch));
    }
}

/// With the checksum as it stands, and with the right one.
fn producer_snapshot(content: &[u8]) {
    let mut mended = content.to_vec();
    if let Some((head, body)) = mended.split_at_mut_checked(6) {
        head[2..].copy_from_slice(&crc32c::crc32c(body).to_be_bytes());
    }
    for bytes in [content, &mended] {
        if let Ok(entries) = held(content, || parse_producer_snapshot(bytes)) {
            assert_eq!(
                parse_producer_snapshot(&format_producer_snapshot(&entries)),
                Ok(entries)
            );
        }
    }
}

/// A KRaft snapshot: its name, which a line feed ends, and its batches down to the records.
fn snapshot(content: &[u8]) {
    let at = content.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (name, batches) = content.split_at(at);
    if let Some(id) = SnapshotId::parse(&text(name)) {
        assert_eq!(SnapshotId::parse(&id.file_name()), Some(id));
    }
    let mut batches = batches.get(1..).unwrap_or_default().to_vec();
    mend_checksums(&mut batches);
    for (header, batch) in Batches::new(&batches).map_while(Result::ok) {
        let Ok(unpacked) = records_of(&header, batch, 1 << 16) else {
            continue;
        };
        for record in Records::new(header, &unpacked).map_while(Result::ok) {
            if header.is_control() {
                let _ = record.key.map(ControlType::decode);
            } else {
                let _ = record.value.map(decode_metadata);
            }
        }
    }
}

fn node_config(content: &[u8]) {
    let file = Properties::parse(content);
    let Ok(config) = held(content, || NodeConfig::parse(file.iter())) else {
        return;
    };
    for name in config.values.keys() {
        let _ = (config.number(name), config.flag(name));
    }
    let _ = config.inter_broker_listener();
    let again = NodeConfig::parse(config.values.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    assert_eq!(
        again.map(|again| again.values),
        Ok(config.values),
        "values are in their final form"
    );
}
