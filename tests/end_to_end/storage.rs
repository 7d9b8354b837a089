//! `storage` writes what Apache Kafka 4.3.1's tool writes. The expectations are what that tool left behind on the same
//! arguments, without CRCs and times.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::files::{Masks, tree};
use crate::support::{Ran, kfleet};

const QUORUM: &str = "process.roles=broker,controller\nnode.id=1\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093\n\
     controller.listener.names=CONTROLLER\ncontroller.quorum.bootstrap.servers=localhost:9093\n";

/// A directory with a server.properties that names these directories in it.
fn prepared(dirs: &[&str]) -> tempfile::TempDir {
    let temporary = tempfile::Builder::new().prefix("kfleet-test-").tempdir().unwrap();
    let dirs: Vec<String> = dirs
        .iter()
        .map(|dir| temporary.path().join(dir).display().to_string())
        .collect();
    let config = format!("{QUORUM}log.dirs={}\n", dirs.join(","));
    std::fs::write(temporary.path().join("server.properties"), config).unwrap();
    temporary
}

#[track_caller]
fn format(dir: &Path, args: &[&str]) -> Ran {
    let config = dir.join("server.properties");
    let fixed = ["storage", "format", "-c", config.to_str().unwrap(), "-t", "the-cluster"];
    kfleet(&[&fixed[..], args].concat())
}

fn files(dir: &Path, known_ids: &str) -> BTreeMap<String, String> {
    tree(&dir.join("a"), known_ids, Masks::default())
}

const HEADER: &str = "batch 0..+0 length=71 epoch=0 magic=2 attributes=32 producer=(-1, -1, -1) count=1\n  \
     +0 0 0 length=21 key=4:00000003 value=0000000000000000000000\n";

/// The batch after the records, which end before this offset.
fn footer(offset: i64) -> String {
    format!(
        "batch {offset}..+0 length=63 epoch=0 magic=2 attributes=32 producer=(-1, -1, -1) count=1\n  \
         +0 0 0 length=13 key=4:00000004 value=000000\n"
    )
}

#[test]
fn a_new_quorum_starts_with_its_voters_and_the_features_of_the_release() {
    let node = prepared(&["a"]);
    let id = "JEXY6aqzQY-32P5TStzaFg";
    let voters = format!("3@[::1]:9093:07R5amHmR32VDA6jHkGbTA,1@localhost:9093:{id}");
    format(node.path(), &["-I", &voters]).exits(0);
    let files = files(node.path(), id);
    let expected = format!(
        "{HEADER}batch 1..+5 length=241 epoch=0 magic=2 attributes=0 producer=(-1, -1, -1) count=6\n  \
         +0 0 0 length=29 key=-1: value=010c00116d657461646174612e76657273696f6e001e00\n  \
         +1 0 0 length=45 key=-1: value=010c0021656c696769626c652e6c65616465722e7265706c696361732e76657273696f6e000100\n  \
         +2 0 0 length=26 key=-1: value=010c000e67726f75702e76657273696f6e000100\n  \
         +3 0 0 length=26 key=-1: value=010c000e73686172652e76657273696f6e000100\n  \
         +4 0 0 length=28 key=-1: value=010c001073747265616d732e76657273696f6e000100\n  \
         +5 0 0 length=32 key=-1: value=010c00147472616e73616374696f6e2e76657273696f6e000200\n{}",
        footer(7)
    );
    assert_eq!(files["bootstrap.checkpoint"], expected);
    let expected = format!(
        "batch 0..+2 length=212 epoch=0 magic=2 attributes=32 producer=(-1, -1, -1) count=3\n  \
         +0 0 0 length=21 key=4:00000003 value=0000000000000000000000\n  \
         +1 0 0 length=15 key=4:00000005 value=0000000100\n  \
         +2 0 0 length=123 key=4:00000006 value=000003000000012445d8e9aab3418fb7d8fe534adcda16020b434f4e54524f4c4c45520a6c6f63616c686f7374238500000000010000\
         00000003d3b4796a61e6477d950c0ea31e419b4c020b434f4e54524f4c4c455210303a303a303a303a303a303a303a3123850000000001000000\n{}",
        footer(3)
    );
    assert_eq!(
        files["__cluster_metadata-0/00000000000000000000-0000000000.checkpoint"],
        expected
    );
    assert_eq!(
        files["meta.properties"],
        format!("#\n#(date)\ncluster.id=the-cluster\ndirectory.id={id}\nnode.id=1\nversion=1")
    );
    assert_eq!(files.len(), 4, "{files:?}");
}

#[test]
fn an_old_release_and_a_credential() {
    let node = prepared(&["a"]);
    let scram = "SCRAM-SHA-256=[name=alice,iterations=8192,salt=\"N3E=\",saltedpassword=\"YCE=\"]";
    let formatted = format(node.path(), &["-N", "-r", "3.9", "-S", scram]).exits(0);
    let lines = formatted.lines();
    assert!(lines[0].starts_with("Bootstrap metadata: BootstrapMetadata(records=[ApiMessageAndVersion(FeatureLevelRecord(name='metadata.version', featureLevel=21) at version 0), ApiMessageAndVersion(UserScramCredentialRecord(name='alice', mechanism=1, salt=[55, 113], storedKey=[-24, -19, 126, 121, "));
    let dir = node.path().join("a");
    assert_eq!(
        lines[1..],
        [format!(
            "Formatting metadata directory {} with metadata.version 3.9-IV0.",
            dir.display()
        )]
    );
    let files = files(node.path(), "");
    let expected = format!(
        "{HEADER}batch 1..+1 length=172 epoch=0 magic=2 attributes=0 producer=(-1, -1, -1) count=2\n  \
         +0 0 0 length=29 key=-1: value=010c00116d657461646174612e76657273696f6e001500\n  \
         +1 0 0 length=91 key=-1: value=010b0006616c69636501033771\
         21e8ed7e79a880316a18a5a18f63a109902c2dfd958a29a66e7bb487eb5fd3455a\
         21cdef114d813edc6a3d8e4f842a7383f87f017eb06e8af3c0e5a3981bcb1d5c600000200000\n{}",
        footer(3)
    );
    assert_eq!(files["bootstrap.checkpoint"], expected);
    assert_eq!(files.len(), 2, "{files:?}");
}

#[test]
fn what_is_formatted_stays_and_what_is_foreign_is_refused() {
    let node = prepared(&["a", "b"]);
    let meta = node.path().join("a/meta.properties");
    std::fs::create_dir(node.path().join("a")).unwrap();
    std::fs::write(&meta, "version=1\nnode.id=1\ncluster.id=the-cluster\n").unwrap();
    let again = format(node.path(), &["-s"]).exits(77);
    assert!(
        again.stderr.contains("is already formatted. Use --ignore-formatted"),
        "{}",
        again.stderr
    );
    let new_disk = format(node.path(), &["-s", "-g"]).exits(0);
    assert!(new_disk.lines()[1].starts_with("Formatting data directory "));
    assert_eq!(
        format(node.path(), &["-s", "-g"]).exits(0).lines(),
        ["All of the log directories are already formatted."]
    );
    std::fs::write(&meta, "version=1\nnode.id=7\ncluster.id=the-cluster\n").unwrap();
    let foreign = format(node.path(), &["-s", "-g"]).exits(77);
    assert!(
        foreign
            .stderr
            .contains("Stored node id 7 doesn't match previous node id 1"),
        "{}",
        foreign.stderr
    );
    let config = node.path().join("server.properties");
    let info = kfleet(&["storage", "info", "-c", config.to_str().unwrap()]).exits(65);
    assert!(info.stdout.contains("Found metadata: {cluster.id=the-cluster, node.id=7, version=1}\n\nFound problem:\n  Mismatched node IDs between storage directories.\n"), "{}", info.stdout);
}

#[test]
fn nothing_is_written_before_all_is_checked() {
    let node = prepared(&["a"]);
    let cases: [(&[&str], i32, &str); 5] = [
        (
            &[],
            64,
            "you must specify one of the following: --standalone, --initial-controllers",
        ),
        (&["-s", "-r", "2.8"], 65, "Unknown metadata.version '2.8'."),
        (
            &["-s", "-f", "group.version=9"],
            65,
            "No feature:group.version with feature level 9",
        ),
        (
            &["-s", "-S", "SCRAM-SHA-256=[name=a]"],
            65,
            "You must supply one of 'password' or 'saltedpassword'",
        ),
        (
            &["-I", "0@a:1:x"],
            64,
            "Failed to parse directory ID in dynamic voter string.",
        ),
    ];
    for (args, code, complaint) in cases {
        let refused = format(node.path(), args).exits(code);
        assert!(refused.stderr.contains(complaint), "{}", refused.stderr);
        assert!(!node.path().join("a").exists());
    }
}
