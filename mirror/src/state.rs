//! What the mirror keeps of each partition in its state topic at the target: key and value, versioned.
//!
//! Key: version i8 = 1, flow and topic as a length u16 and UTF-8, partition i32. Value: version i16 = 1, ids of both
//! topics, leader epoch of the source i32, producer id i64 and epoch i16, offsets left out i64, next offsets of source and
//! target i64, and the spans of the offset map, each as unsigned varints: offsets to its beginning at the source and at the target
//! from the ends of the span before, its length at the source, and its length at the target plus 1, or 0 where it is exact.
//! Numbers are big-endian.

use crate::offset_map::{OffsetMap, Span};

const KEY_VERSION: u8 = 1;
const VALUE_VERSION: i16 = 1;
/// Most spans that are read; no map that was written has as many.
const SPANS_MAX: u64 = 4096;

/// Whose state a record of the topic is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// From where to where, as in `A->B`.
    pub flow: String,
    /// The topic's name at the source.
    pub topic: String,
    /// The partition, the same on both sides.
    pub partition: i32,
}

/// How far a partition is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The topic at the source.
    pub source_topic_id: [u8; 16],
    /// The topic at the target.
    pub target_topic_id: [u8; 16],
    /// Leader epoch of the last batch that was read; -1 for none.
    pub source_leader_epoch: i32,
    /// Who wrote last.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// Offsets of the source that the target has no records for, because they were left out.
    pub left_out: i64,
    /// Where everything is.
    pub map: OffsetMap,
}

/// Why a record of the state topic cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Of another release.
    #[error("version {0} of the mirror's state is not known here; a newer release wrote it")]
    Version(i16),
    /// It ends too early.
    #[error("the mirror's state is cut short")]
    CutShort,
    /// It contradicts itself.
    #[error("the mirror's state makes no sense: {0}")]
    Nonsense(&'static str),
}

impl Key {
    /// The bytes; a flow or topic of more than 65,535 bytes has none.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut out = vec![KEY_VERSION];
        for text in [&self.flow, &self.topic] {
            out.extend_from_slice(&u16::try_from(text.len()).ok()?.to_be_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        out.extend_from_slice(&self.partition.to_be_bytes());
        Some(out)
    }

    /// From its bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        let mut rest = bytes;
        let [version] = take(&mut rest)?;
        if version != KEY_VERSION {
            return Err(StateError::Version(i16::from(version)));
        }
        let key = Self {
            flow: take_text(&mut rest)?,
            topic: take_text(&mut rest)?,
            partition: i32::from_be_bytes(take(&mut rest)?),
        };
        ended(rest).map(|()| key)
    }
}

impl State {
    /// The bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = VALUE_VERSION.to_be_bytes().to_vec();
        out.extend_from_slice(&self.source_topic_id);
        out.extend_from_slice(&self.target_topic_id);
        out.extend_from_slice(&self.source_leader_epoch.to_be_bytes());
        out.extend_from_slice(&self.producer_id.to_be_bytes());
        out.extend_from_slice(&self.producer_epoch.to_be_bytes());
        out.extend_from_slice(&self.left_out.to_be_bytes());
        out.extend_from_slice(&self.map.source_next().to_be_bytes());
        out.extend_from_slice(&self.map.target_next().to_be_bytes());
        put_varint(&mut out, self.map.spans().len() as u64);
        let (mut source, mut target) = (0, 0);
        for span in self.map.spans() {
            put_varint(&mut out, (span.source - source) as u64);
            put_varint(&mut out, (span.target - target) as u64);
            put_varint(&mut out, (span.source_end - span.source) as u64);
            let length = (span.target_end - span.target) as u64;
            put_varint(&mut out, if span.is_exact { 0 } else { length + 1 });
            (source, target) = (span.source_end, span.target_end);
        }
        out
    }

    /// From its bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        let mut rest = bytes;
        let version = i16::from_be_bytes(take(&mut rest)?);
        if version != VALUE_VERSION {
            return Err(StateError::Version(version));
        }
        let source_topic_id = take(&mut rest)?;
        let target_topic_id = take(&mut rest)?;
        let source_leader_epoch = i32::from_be_bytes(take(&mut rest)?);
        let producer_id = i64::from_be_bytes(take(&mut rest)?);
        let producer_epoch = i16::from_be_bytes(take(&mut rest)?);
        let left_out = i64::from_be_bytes(take(&mut rest)?);
        let source_next = i64::from_be_bytes(take(&mut rest)?);
        let target_next = i64::from_be_bytes(take(&mut rest)?);
        let spans = take_spans(&mut rest)?;
        ended(rest)?;
        let map = OffsetMap::restore(spans, source_next, target_next);
        Ok(Self {
            source_topic_id,
            target_topic_id,
            source_leader_epoch,
            producer_id,
            producer_epoch,
            left_out,
            map: map.ok_or(StateError::Nonsense("its spans of offsets are not in order"))?,
        })
    }
}

fn take_spans(rest: &mut &[u8]) -> Result<Vec<Span>, StateError> {
    let count = take_varint(rest)?;
    if count > SPANS_MAX {
        return Err(StateError::Nonsense("it has too many spans of offsets"));
    }
    let too_far = StateError::Nonsense("an offset is too large");
    let (mut spans, mut source_end, mut target_end) = (Vec::new(), 0i64, 0i64);
    for _ in 0..count {
        let mut behind = |offset: i64| offset.checked_add_unsigned(take_varint(rest)?).ok_or(too_far);
        let source = behind(source_end)?;
        let target = behind(target_end)?;
        source_end = behind(source)?;
        let length = take_varint(rest)?;
        let is_exact = length == 0;
        let length = if is_exact {
            (source_end - source) as u64
        } else {
            length - 1
        };
        target_end = target.checked_add_unsigned(length).ok_or(too_far)?;
        spans.push(Span {
            source,
            source_end,
            target,
            target_end,
            is_exact,
        });
    }
    Ok(spans)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], StateError> {
    let (taken, behind) = rest.split_first_chunk::<N>().ok_or(StateError::CutShort)?;
    *rest = behind;
    Ok(*taken)
}

fn take_text(rest: &mut &[u8]) -> Result<String, StateError> {
    let length = usize::from(u16::from_be_bytes(take(rest)?));
    let (text, behind) = rest.split_at_checked(length).ok_or(StateError::CutShort)?;
    *rest = behind;
    let text = std::str::from_utf8(text).map_err(|_| StateError::Nonsense("a name is not UTF-8"))?;
    Ok(text.to_owned())
}

fn ended(rest: &[u8]) -> Result<(), StateError> {
    if rest.is_empty() {
        Ok(())
    } else {
        Err(StateError::Nonsense("there are bytes behind its end"))
    }
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_varint(rest: &mut &[u8]) -> Result<u64, StateError> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let [byte] = take(rest)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(StateError::Nonsense("a number is too large"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::re_encode::Run;

    fn state(runs: &[(i64, i64)]) -> State {
        let mut map = OffsetMap::new(0, 0);
        for (gap, count) in runs {
            let run = Run {
                source_offset: map.source_next() + gap,
                count: *count,
            };
            map.append(run, map.target_next());
        }
        State {
            source_topic_id: [1; 16],
            target_topic_id: [2; 16],
            source_leader_epoch: 3,
            producer_id: 4,
            producer_epoch: 5,
            left_out: 1,
            map,
        }
    }

    fn key() -> Key {
        Key {
            flow: "A->B".to_owned(),
            topic: "t".to_owned(),
            partition: 7,
        }
    }

    #[test]
    fn the_bytes_are_these() {
        let mut wanted = vec![1, 0, 4];
        wanted.extend_from_slice(b"A->B\x00\x01t");
        wanted.extend_from_slice(&[0, 0, 0, 7]);
        assert_eq!(key().encode().unwrap(), wanted);
        let mut wanted = vec![0, 1];
        wanted.extend_from_slice(&[1; 16]);
        wanted.extend_from_slice(&[2; 16]);
        wanted.extend_from_slice(&[0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 5]);
        wanted.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 1]);
        wanted.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 211]);
        wanted.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 210]);
        wanted.extend_from_slice(&[2, 0, 0, 10, 0, 1, 0, 0xc8, 1, 0]);
        assert_eq!(state(&[(0, 10), (1, 200)]).encode(), wanted);
    }

    #[test]
    fn other_versions_are_named() {
        let mut bytes = state(&[]).encode();
        bytes[1] = 2;
        assert_eq!(State::decode(&bytes), Err(StateError::Version(2)));
        let mut bytes = key().encode().unwrap();
        bytes[0] = 9;
        assert_eq!(Key::decode(&bytes), Err(StateError::Version(9)));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            runs in prop::collection::vec((0i64..1000, 1i64..1 << 40), 0..700),
            flow in ".{0,20}", topic in ".{0,20}", partition: i32,
        ) {
            let state = state(&runs);
            prop_assert_eq!(State::decode(&state.encode()), Ok(state));
            let key = Key { flow, topic, partition };
            prop_assert_eq!(Key::decode(&key.encode().unwrap()), Ok(key));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>, cut in 0usize..100, flip in 0usize..800) {
            let _any = (State::decode(&bytes), Key::decode(&bytes));
            let mut known = state(&[(0, 10), (1, 200)]).encode();
            let bit = flip % (known.len() * 8);
            known[bit / 8] ^= 1 << (bit % 8);
            let _any = State::decode(&known);
            known.truncate(known.len().saturating_sub(cut + 1));
            prop_assert!(State::decode(&known).is_err());
        }
    }
}
