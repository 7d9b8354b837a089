//! The files of a directory as text that is the same for two runs: what is random or depends on the time is masked.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// What differs from run to run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Masks {
    /// The voters of a quorum have made-up directory ids.
    pub(crate) voter_ids: bool,
    /// SCRAM credentials have made-up salts, of which keys and sizes follow.
    pub(crate) salts: bool,
}

/// Every file and directory below this one, by its path in it.
pub(crate) fn tree(dir: &Path, known_ids: &str, masks: Masks) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut todo = vec![dir.to_owned()];
    while let Some(next) = todo.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                found.insert(name, "a directory".to_owned());
                todo.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let text = if name.ends_with("meta.properties") {
                meta_properties(&bytes, known_ids)
            } else if name.ends_with(".checkpoint") {
                batches(&bytes, masks)
            } else {
                String::from_utf8(bytes).unwrap_or_else(|error| hex(error.as_bytes()))
            };
            found.insert(name, text);
        }
    }
    found
}

/// Sorted lines, without the date and without directory ids that were not known beforehand.
fn meta_properties(bytes: &[u8], known_ids: &str) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mask = |line: &str| match line.split_once('=') {
        Some(("directory.id", id)) if !known_ids.contains(id) => format!("directory.id=({} characters)", id.len()),
        None if line.starts_with('#') && line.len() > 1 => "#(date)".to_owned(),
        _ => line.to_owned(),
    };
    let mut lines: Vec<String> = text.lines().map(mask).collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// Record batches, all of their bytes but CRCs and times.
pub(crate) fn batches(bytes: &[u8], masks: Masks) -> String {
    let mut out = String::new();
    let mut reader = Reader(bytes);
    while !reader.0.is_empty() {
        let offset = reader.number(8);
        let length = reader.number(4);
        let epoch = reader.number(4);
        let magic = reader.number(1);
        let _crc = reader.number(4);
        let attributes = reader.number(2);
        let last = reader.number(4);
        let _base_and_max_time = (reader.number(8), reader.number(8));
        let producer = (reader.number(8), reader.number(2), reader.number(4));
        let count = reader.number(4);
        let has_salts = masks.salts && attributes == 0;
        let length = if has_salts { -1 } else { length };
        writeln!(
            out,
            "batch {offset}..+{last} length={length} epoch={epoch} magic={magic} attributes={attributes} producer={producer:?} count={count}"
        )
        .unwrap();
        for _ in 0..count {
            writeln!(out, "  {}", record(&mut reader, attributes, masks)).unwrap();
        }
    }
    out
}

fn record(reader: &mut Reader<'_>, batch_attributes: i64, masks: Masks) -> String {
    let length = reader.varint();
    let attributes = reader.number(1);
    let _time_delta = reader.varint();
    let offset_delta = reader.varint();
    let key_length = reader.varint();
    let key = reader.take(key_length.max(0) as usize).to_vec();
    let value_length = reader.varint() as usize;
    let mut value = reader.take(value_length).to_vec();
    let headers = reader.varint();
    let is_control = batch_attributes & 0x20 != 0;
    match (is_control, key.last()) {
        // The snapshot's header: a version, and the time of the last record in it.
        (true, Some(3)) => value[2..10].fill(0),
        // Voters: a version, how many, and for each an id and its directory's id.
        (true, Some(6)) if masks.voter_ids => value[7..23].fill(0),
        (false, _) if masks.salts && value.starts_with(&[1, 11]) => {
            return format!("+{offset_delta} {attributes} {headers} {}", credential(&value));
        }
        _ => {}
    }
    format!(
        "+{offset_delta} {attributes} {headers} length={length} key={key_length}:{} value={}",
        hex(&key),
        hex(&value)
    )
}

/// A credential without what follows from its salt.
fn credential(value: &[u8]) -> String {
    let mut reader = Reader(&value[3..]);
    let name = reader.compact();
    let mechanism = reader.number(1);
    let (salt, stored_key, server_key) = (reader.compact(), reader.compact(), reader.compact());
    assert!(
        (20..=26).contains(&salt.len()) && salt.iter().all(u8::is_ascii_alphanumeric),
        "{salt:?}"
    );
    format!(
        "credential name={} mechanism={mechanism} keys of {} and {} iterations={} rest={}",
        String::from_utf8_lossy(name),
        stored_key.len(),
        server_key.len(),
        reader.number(4),
        hex(reader.0)
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    /// A signed big-endian number.
    fn number(&mut self, size_bytes: usize) -> i64 {
        let mut bytes = [0; 8];
        bytes[..size_bytes].copy_from_slice(self.take(size_bytes));
        i64::from_be_bytes(bytes) >> (64 - 8 * size_bytes)
    }

    fn unsigned_varint(&mut self) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = self.take(1)[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        value
    }

    /// Bytes after their length and one.
    fn compact(&mut self) -> &'a [u8] {
        let length = self.unsigned_varint() as usize - 1;
        self.take(length)
    }

    fn varint(&mut self) -> i64 {
        let raw = self.unsigned_varint();
        (raw >> 1) as i64 ^ -((raw & 1) as i64)
    }
}
