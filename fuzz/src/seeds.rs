//! What the fuzzer starts from where chance would take long: bytes that our own encoders and a log of ours wrote.

use std::path::Path;
use std::sync::Arc;

use broker_log::disk::{Disk as _, SimDisk};
use broker_log::{Log, LogConfig, LogContext, OpenOptions, Origin};
use bytes::Bytes;
use protocol::files::control_batch;
use protocol::messages::framing::ControlType;
use protocol::records::{BatchBuilder, Compression, NewRecord, ProducerStamp, compress};

const CODECS: [Compression; 5] = [
    Compression::None,
    Compression::Gzip,
    Compression::Snappy,
    Compression::Lz4,
    Compression::Zstd,
];

/// The small files, in the order in which the target counts them.
const FILES: [&str; 11] = [
    "# head\na=1\n b : 2\\\n  3\nc\\=\\u00e9 = x\n",
    "\u{2}\0\u{1}\u{2}a=1\nb=2\\\n",
    "#\n#Mon Nov 23 18:55:26 UTC 2026\nnode.id=1\ndirectory.id=g42deArWBTRM5A1yuVpMCg\nversion=1\ncluster.id=a\n",
    "0\n2\na 0 5\nb.c 12 1234567890123\n",
    "0\n2\n0 0\n3 17\n",
    r#"{"clusterId":"","leaderId":1,"leaderEpoch":2,"votedId":1,"votedDirectoryId":"J8aAPcfLQt2bqs1JT_rMgQ","appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0}"#,
    "version: 0\ntopic_id: J8aAPcfLQt2bqs1JT_rMgQ\n",
    "{\"version\":0,\"brokerEpoch\":7}\n",
    "",
    "",
    "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@localhost:9093\nlisteners=PLAINTEXT://:9092,CONTROLLER://127.0.0.1:9093\ncontroller.listener.names=CONTROLLER\nlog.dirs=/a, /b\nlog.retention.hours=5\n",
];

/// Seeds: the target's name and an input.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    let mut seeds: Vec<(&'static str, Vec<u8>)> = Vec::new();
    for (at, text) in FILES.iter().enumerate() {
        seeds.push(("files", [&[at as u8], text.as_bytes()].concat()));
    }
    let marker = control_batch(4, 2, 9, &[(ControlType::SnapshotHeader, vec![0; 11])]).expect("a batch");
    seeds.push((
        "files",
        [b"\x0900000000000000001234-0000000007.checkpoint\n", marker.as_slice()].concat(),
    ));
    for (at, codec) in CODECS.into_iter().enumerate() {
        seeds.push(("batches", [&[1], batch(codec, 5, None, false).as_ref()].concat()));
        let packed = compress(codec, &[7; 300]).expect("packed");
        // The codec that unpacks is the 21st, the one that packs the 22nd.
        seeds.push(("codecs", [&[20, at as u8], packed.as_slice()].concat()));
        seeds.push(("codecs", [&[21, at as u8], [7; 40].as_slice()].concat()));
    }
    for small_segments in [false, true] {
        for codec in [Compression::None, Compression::Zstd] {
            seeds.push(("segment", directory(codec, small_segments)));
        }
    }
    seeds
}

fn batch(codec: Compression, records: u8, producer: Option<i32>, transactional: bool) -> Bytes {
    let mut builder = BatchBuilder::new(0, codec);
    if let Some(base_sequence) = producer {
        builder = builder.producer(ProducerStamp {
            id: 7,
            epoch: 0,
            base_sequence,
        });
    }
    if transactional {
        builder = builder.transactional();
    }
    for at in 0..records {
        let headers: [(&[u8], Option<&[u8]>); 2] = [(b"h", Some(b"1")), (b"h", None)];
        builder.push(&NewRecord {
            timestamp: 100 + i64::from(at),
            key: Some(&[at]),
            value: (at != 3).then_some(b"value"),
            headers: headers.get(..usize::from(at % 3)).unwrap_or_default(),
        });
    }
    builder.build().expect("a batch").into()
}

/// The marker that ends producer 7's transaction.
fn marker(kind: ControlType) -> Bytes {
    let key = kind.key();
    let mut builder = BatchBuilder::new(0, Compression::None)
        .transactional()
        .control()
        .producer(ProducerStamp {
            id: 7,
            epoch: 0,
            base_sequence: -1,
        });
    builder.push(&NewRecord {
        timestamp: 110,
        key: Some(&key),
        value: Some(&[0, 0, 0, 0, 0, 1]),
        headers: &[],
    });
    builder.build().expect("a batch").into()
}

/// A log that was written and closed, as the `segment` target takes it.
fn directory(codec: Compression, small_segments: bool) -> Vec<u8> {
    let (disk, dir) = (SimDisk::default(), Path::new("/logs/t-0"));
    let context = LogContext::new(Arc::new(disk.clone()), 4, 4096);
    let config = LogConfig {
        segment_bytes: if small_segments { 200 } else { 1 << 20 },
        index_interval_bytes: 64,
        ..LogConfig::default()
    };
    let (mut log, _) = Log::open(&context, dir, Arc::new(config), OpenOptions::default()).expect("a log");
    let mut append = |batch: &Bytes, epoch: i32| {
        log.append_as_leader(batch, epoch, Origin::Coordinator, 120)
            .expect("appended");
    };
    append(&batch(codec, 2, Some(0), false), 0);
    append(&batch(codec, 2, Some(2), true), 1);
    append(&marker(ControlType::Abort), 1);
    append(&batch(codec, 1, None, false), 3);
    append(&batch(codec, 1, Some(4), true), 3);
    log.close().expect("closed");
    let mut out = vec![if small_segments { 2 } else { 0 }, 9, 0, 9];
    for entry in disk.list(dir).expect("names") {
        let content = disk.read(&dir.join(&entry.name), 1 << 16).expect("a file");
        let (base, suffix) = entry.name.split_once('.').unwrap_or((&entry.name, ""));
        let kinds = ["log", "", "", "index", "timeindex", "txnindex", "snapshot", ""];
        let kind = kinds
            .iter()
            .position(|kind| *kind == suffix && !kind.is_empty())
            .unwrap_or(7);
        out.extend([kind as u8, base.parse().unwrap_or(0)]);
        out.extend((content.len() as u16).to_be_bytes());
        out.extend(content);
    }
    out
}
