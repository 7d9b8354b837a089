//! What to do about a finding.

use broker_log::offline::{FaultKind, Finding, Severity};

const LOG: &str = "Stop the broker, move the partition's directory away and start it: the partition is copied from another replica. \
                   Without one, the batches before and after this are what is left; logs dump shows them.";
const INDEX: &str = "Stop the broker and delete the file: it is built anew at the next start.";
const TXN_INDEX: &str =
    "Stop the broker and delete the file together with the .index beside it: both are built anew at the next start.";
const PRODUCERS: &str = "Stop the broker and delete the file: producers are read from the log again.";
const EPOCHS: &str = "Stop the broker, move the partition's directory away and start it: the partition is copied from another replica. \
                      Without one, delete this file, .kafka_cleanshutdown and the partition's line in \
                      recovery-point-offset-checkpoint: all of the log is read again.";
const SNAPSHOT: &str = "Stop the node, move the file away and start it: an earlier snapshot and the log, or the leader, have the metadata. \
                        Of a single controller nothing else has it: keep the file.";
const CHECKPOINT: &str = "Stop the broker and delete the file: it is written anew, after all logs were looked through.";
const QUORUM_STATE: &str = "Stop the node and delete the file: it is written anew. It has whom the node voted for: \
                            start it only while the others have a leader.";
const TOPIC_ID: &str =
    "Stop the broker and write the topic's id, which topics describe tells, or delete the file: it is written anew.";
const NOTHING: &str = "Nothing is to be done: the next start of the broker puts it right.";
const EARLY: &str = "If the machine lost power, the disk lost what it had said was written. Move the partition's directory away and \
                     start the broker: the partition is copied from another replica.";

/// What to do.
pub(super) fn remedy(finding: &Finding) -> &'static str {
    if finding.severity == Severity::Warning {
        return NOTHING;
    }
    let name = finding
        .path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    match (name.rsplit('.').next().unwrap_or_default(), name) {
        ("log", _) if matches!(finding.kind, FaultKind::EndsEarly { .. }) => EARLY,
        ("log", _) => LOG,
        ("index" | "timeindex", _) => INDEX,
        ("txnindex", _) => TXN_INDEX,
        ("snapshot", _) => PRODUCERS,
        ("checkpoint", _) => SNAPSHOT,
        (_, "leader-epoch-checkpoint") => EPOCHS,
        (_, "quorum-state") => QUORUM_STATE,
        (_, "partition.metadata") => TOPIC_ID,
        _ => CHECKPOINT,
    }
}
