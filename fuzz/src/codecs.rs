//! Our own codecs: metadata, coordinator, control and embedded records, frame headers, the Fetch response, and
//! compression. What decodes encodes again, to bytes that decode to the same.

use bytes::{Buf as _, Bytes, BytesMut};
use kafka_protocol::messages::FetchResponse;
use protocol::Uuid;
use protocol::api::fetch::{FetchHead, FetchPart, FetchPartition, FetchTopic, NodeEndpoint, write_response};
use protocol::api::{Decodable as _, HeaderVersion as _, StrBytes, split_request, split_response};
use protocol::messages::framing::{
    ControlType, decode_consumer_assignment, decode_metadata, decode_offsets_key, decode_offsets_value,
    encode_metadata, encode_offsets_key, encode_offsets_value,
};
use protocol::messages::{WireError, control, embedded, shares, transactions};
use protocol::records::{Compression, compress, decompress};

use crate::allocator::bounded;
use crate::input::Input;

/// What a decoded record may hold for each byte of it: an element of an array is a byte at least, and the
/// largest struct with its defaults.
const HELD_PER_BYTE: usize = 1024;
/// Held whatever the size: an error, a buffer.
const HELD_ALWAYS_BYTES: usize = 4096;

/// Held by a codec's tables and windows, however small the bytes: LZ4 keeps two blocks, of 8 MiB in its oldest
/// form.
pub(crate) fn codec_bytes(codec: Compression) -> usize {
    match codec {
        Compression::None => 0,
        Compression::Lz4 => 17 << 20,
        _ => 1 << 20,
    }
}

/// A round of one codec over a version and a body.
type Round = fn(u8, &[u8]);

macro_rules! messages {
    ($($message:ty),* $(,)?) => {
        [$(|version, body| {
            // One version beyond the known ones, which has to be refused.
            let versions = <$message>::MAX_VERSION - <$message>::MIN_VERSION + 2;
            let version = <$message>::MIN_VERSION + i16::from(version) % versions;
            let encode = |message: &$message| {
                let mut out = Vec::new();
                message.encode(version, &mut out).map(|()| out)
            };
            round(body, |bytes| <$message>::decode(bytes, version), encode);
        }),*]
    };
}

static MESSAGES: [Round; 15] = messages![
    control::LeaderChangeMessage,
    control::SnapshotHeaderRecord,
    control::SnapshotFooterRecord,
    control::KRaftVersionRecord,
    control::VotersRecord,
    control::EndTxnMarker,
    embedded::ConsumerProtocolSubscription,
    embedded::ConsumerProtocolAssignment,
    embedded::DefaultPrincipalData,
    transactions::TransactionLogKey,
    transactions::TransactionLogValue,
    shares::ShareSnapshotKey,
    shares::ShareSnapshotValue,
    shares::ShareUpdateKey,
    shares::ShareUpdateValue,
];

static FRAMED: [Round; 8] = [
    |_, body| {
        round(body, decode_metadata, |(record, version)| {
            encode_metadata(record, *version)
        });
    },
    |_, body| round(body, decode_offsets_key, encode_offsets_key),
    |kind, body| {
        let version = body.first_chunk().map_or(0, |bytes| i16::from_be_bytes(*bytes));
        let decode = |bytes: &[u8]| decode_offsets_value(i16::from(kind), bytes);
        round(body, decode, |value| encode_offsets_value(value, version));
    },
    |_, body| {
        let _ = decode_consumer_assignment(body);
        let _ = ControlType::decode(body).map(|kind| assert_eq!(ControlType::decode(&kind.key()), Ok(kind)));
    },
    headers,
    unpack,
    pack,
    fetch,
];

/// Codec and version in two bytes, then the body.
pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (codec, version) = (usize::from(input.byte()), input.byte());
    let all = MESSAGES.iter().chain(&FRAMED);
    if let Some(codec) = all.cycle().nth(codec) {
        codec(version, input.rest());
    }
}

fn round<T>(
    body: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, WireError>,
    encode: impl Fn(&T) -> Result<Vec<u8>, WireError>,
) {
    let held_bytes = HELD_ALWAYS_BYTES + body.len() * HELD_PER_BYTE;
    let Ok(message) = bounded(held_bytes, || decode(body)) else {
        return;
    };
    let first = encode(&message).expect("what was decoded encodes");
    let again = decode(&first).expect("what was encoded decodes");
    assert_eq!(encode(&again).expect("what was decoded encodes"), first);
}

fn headers(version: u8, body: &[u8]) {
    let frame = Bytes::copy_from_slice(body);
    bounded(HELD_ALWAYS_BYTES, || {
        if let Ok((header, rest)) = split_request(frame.clone()) {
            assert!(frame.ends_with(&rest));
            assert!(header.client_id.map_or(0, |id| id.len()) + rest.len() < frame.len());
        }
        if let Ok((_, rest)) = split_response(frame.clone(), i16::from(version % 2)) {
            assert!(frame.ends_with(&rest));
        }
    });
}

const CODECS: [Compression; 5] = [
    Compression::None,
    Compression::Gzip,
    Compression::Snappy,
    Compression::Lz4,
    Compression::Zstd,
];

fn unpack(codec: u8, packed: &[u8]) {
    let codec = CODECS[usize::from(codec) % CODECS.len()];
    let max_bytes = 64 << 10;
    // A buffer that grows by doubling holds the old and the new one.
    let held_bytes = codec_bytes(codec) + 4096 + 4 * max_bytes + packed.len();
    if let Ok(plain) = bounded(held_bytes, || decompress(codec, packed, max_bytes)) {
        assert!(plain.len() <= max_bytes);
    }
}

fn pack(codec: u8, plain: &[u8]) {
    let codec = CODECS[usize::from(codec) % CODECS.len()];
    let packed = compress(codec, plain).expect("anything can be packed");
    assert_eq!(
        decompress(codec, &packed, plain.len()).expect("what was packed unpacks"),
        plain
    );
    if let Some(less) = plain.len().checked_sub(1) {
        assert!(decompress(codec, &packed, less).is_err(), "a byte more than allowed");
    }
}

/// A Fetch response made of the input, written by us and read by the typed decoder.
fn fetch(version: u8, body: &[u8]) {
    let version = 4 + i16::from(version) % 15;
    let mut input = Input::new(body);
    let (mut topics, mut records) = (Vec::new(), Vec::new());
    while !input.is_empty() && topics.len() < 8 {
        let name: StrBytes = String::from_utf8_lossy(input.bytes(3)).into_owned().into();
        let id = Uuid::from_u128(u128::from(input.u16()));
        let partitions: Vec<_> = (0..input.byte() % 4).map(|_| partition(&mut input, version)).collect();
        records.extend(partitions.iter().map(|(head, payload)| {
            (
                head.clone(),
                payload.iter().flat_map(|(p, _)| p.to_vec()).collect::<Vec<u8>>(),
            )
        }));
        topics.push(FetchTopic { name, id, partitions });
    }
    let endpoints: Vec<NodeEndpoint> = (0..topics.len() as i32 / 2)
        .map(|id| (id, "host".into(), 9092, (id % 2 == 0).then(|| "rack".into())))
        .collect();
    let count = topics.len();
    let parts = write_response(version, 7, FetchHead::default(), topics, &endpoints);
    let mut frame = BytesMut::new();
    for part in parts {
        match part {
            FetchPart::Inline(bytes) | FetchPart::Records(bytes) => frame.extend_from_slice(&bytes),
        }
    }
    let mut frame = frame.freeze();
    assert_eq!(frame.get_i32() as usize, frame.len());
    let (correlation_id, mut frame) =
        split_response(frame, FetchResponse::header_version(version)).expect("a response header");
    assert_eq!(correlation_id, 7);
    let read = FetchResponse::decode(&mut frame, version).expect("a response");
    assert!(frame.is_empty());
    assert_eq!(read.responses.len(), count);
    let read: Vec<_> = read.responses.iter().flat_map(|topic| &topic.partitions).collect();
    assert_eq!(read.len(), records.len());
    for (read, (head, payload)) in read.into_iter().zip(&records) {
        assert_eq!(
            (read.partition_index, read.error_code),
            (head.partition, head.error_code)
        );
        assert_eq!(read.records.as_deref(), Some(payload.as_slice()));
        if version >= 12 {
            assert_eq!(
                read.diverging_epoch.end_offset,
                head.diverging_epoch.map_or(-1, |(_, end)| end)
            );
            assert_eq!(read.snapshot_id.epoch, head.snapshot_id.map_or(-1, |(_, epoch)| epoch));
        }
    }
}

fn partition(input: &mut Input<'_>, version: i16) -> (FetchPartition, Vec<(Bytes, usize)>) {
    let flags = input.byte();
    let tagged = |bit: u8| version >= 12 && flags & bit != 0;
    let mut head = FetchPartition::failed(i32::from(input.u16()), i16::from(input.byte()));
    if flags & 1 != 0 {
        head.aborted_transactions = Some((0..flags >> 4).map(|_| (i64::from(input.u16()), input.i64())).collect());
    }
    head.diverging_epoch = tagged(2).then(|| (i32::from(input.u16()), input.i64()));
    head.current_leader = tagged(4).then(|| (i32::from(input.u16()), i32::from(input.u16())));
    head.snapshot_id = tagged(8).then(|| (input.i64(), i32::from(input.u16())));
    let payload = (0..flags >> 6).map(|_| {
        let len = usize::from(input.byte());
        let bytes = Bytes::copy_from_slice(input.bytes(len));
        let size_bytes = bytes.len();
        (bytes, size_bytes)
    });
    (head, payload.collect())
}
