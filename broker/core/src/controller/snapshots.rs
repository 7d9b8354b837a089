//! When a node sums up its metadata log in a snapshot, how, and how much of the log it keeps.
//!
//! Every node does so for itself, of what it knows to be committed. The bytes are made elsewhere, so that the quorum goes
//! on meanwhile: [`Controller::snapshot_due`] hands out what they are made of, [`super::Event::SnapshotMade`] brings them.

use std::time::Duration;

use bytes::Bytes;
use protocol::config::NodeConfig;
use protocol::files::{SnapshotError, SnapshotId, SnapshotWriter};
use protocol::messages::WireError;
use protocol::messages::framing::{ControlType, encode_metadata};

use super::{Controller, ControllerCx, ControllerError, ControllerTimer};
use crate::cx::Now;
use crate::image::MetadataImage;
use crate::raft::Retention;

/// Between two looks at what is due; Kafka cleans its snapshots as often.
const CHECK_INTERVAL_MAX: Duration = Duration::from_secs(60);
const CHECK_INTERVAL_MIN: Duration = Duration::from_secs(1);

/// What a snapshot is made of.
#[derive(Debug)]
pub struct SnapshotJob {
    /// Which.
    pub id: SnapshotId,
    image: MetadataImage,
    control: Vec<(ControlType, Vec<u8>)>,
    now_ms: i64,
}

/// Why a snapshot was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotFailed {
    /// A record of the image cannot be written.
    #[error("a record of a snapshot cannot be written: {0}")]
    Record(#[from] WireError),
    /// The file cannot be put together.
    #[error(transparent)]
    File(#[from] SnapshotError),
}

impl SnapshotJob {
    /// The snapshot file.
    pub fn bytes(&self) -> Result<Bytes, SnapshotFailed> {
        let control = self.control.clone();
        let mut writer = SnapshotWriter::new(self.id.epoch, self.image.timestamp_ms(), self.now_ms, control)?;
        for (record, version) in self.image.records() {
            writer.push(&encode_metadata(&record, version)?)?;
        }
        Ok(writer.finish()?)
    }
}

/// Where a node stands between two snapshots.
#[derive(Debug)]
pub(super) struct Snapshots {
    /// metadata.log.max.record.bytes.between.snapshots.
    max_bytes: u64,
    /// metadata.log.max.snapshot.interval.ms; none for 0.
    interval: Option<Duration>,
    retention: Retention,
    /// Bytes committed since the last one.
    new_bytes: u64,
    /// When the last one was made, or the node started.
    since: Duration,
    is_in_work: bool,
}

impl Snapshots {
    pub(super) fn new(config: &NodeConfig) -> Self {
        let positive = |key: &str| u64::try_from(config.number(key)).ok();
        let interval_ms = positive("metadata.log.max.snapshot.interval.ms").filter(|ms| *ms > 0);
        Self {
            max_bytes: positive("metadata.log.max.record.bytes.between.snapshots").unwrap_or(u64::MAX),
            interval: interval_ms.map(Duration::from_millis),
            retention: Retention {
                size_bytes: positive("metadata.max.retention.bytes"),
                age_ms: positive("metadata.max.retention.ms").and_then(|ms| i64::try_from(ms).ok()),
            },
            new_bytes: 0,
            since: Duration::ZERO,
            is_in_work: false,
        }
    }

    /// A batch was applied.
    pub(super) fn note(&mut self, size_bytes: usize) {
        self.new_bytes = self.new_bytes.saturating_add(size_bytes as u64);
    }

    /// All that was applied is in a snapshot.
    pub(super) fn restart(&mut self, now: Now) {
        (self.new_bytes, self.since) = (0, now.mono);
    }

    fn is_due(&self, now: Now) -> bool {
        let is_late = self
            .interval
            .is_some_and(|interval| now.mono.saturating_sub(self.since) >= interval);
        !self.is_in_work && self.new_bytes > 0 && (self.new_bytes >= self.max_bytes || is_late)
    }
}

impl Controller {
    /// What the next snapshot is made of, if it is time for one.
    pub fn snapshot_due(&mut self, now: Now) -> Result<Option<SnapshotJob>, ControllerError> {
        // One in the middle of a transaction would be without what has come of it: its end is near.
        if !self.snapshots.is_due(now) || self.committed.is_in_transaction() {
            return Ok(None);
        }
        let end_offset = self.committed.offset() + 1;
        let is_news = self.raft.snapshot().is_none_or(|latest| latest.end_offset < end_offset);
        let Some(id) = self.raft.snapshot_id(end_offset).filter(|_| is_news) else {
            return Ok(None);
        };
        self.snapshots.restart(now);
        self.snapshots.is_in_work = true;
        Ok(Some(SnapshotJob {
            id,
            image: self.committed.clone(),
            control: self.raft.control_records(end_offset)?,
            now_ms: now.wall_ms,
        }))
    }

    /// A snapshot is made, or was not.
    pub(super) fn keep_snapshot(
        &mut self,
        id: SnapshotId,
        bytes: Option<&Bytes>,
        cx: &ControllerCx<'_>,
    ) -> Result<(), ControllerError> {
        self.snapshots.is_in_work = false;
        let Some(bytes) = bytes else { return Ok(()) };
        tracing::info!(%id, size_bytes = bytes.len(), "took a snapshot of the metadata");
        self.raft.snapshot_taken(id, bytes)?;
        self.clean_log(cx)
    }

    /// Looks at the log now and then.
    pub(super) fn check_snapshots(&mut self, cx: &mut ControllerCx<'_>) -> Result<(), ControllerError> {
        let interval = self.snapshots.interval.unwrap_or(CHECK_INTERVAL_MAX);
        let interval = interval.clamp(CHECK_INTERVAL_MIN, CHECK_INTERVAL_MAX);
        cx.out.arm(ControllerTimer::Snapshots, cx.now.mono + interval);
        self.clean_log(cx)
    }

    fn clean_log(&mut self, cx: &ControllerCx<'_>) -> Result<(), ControllerError> {
        if self.raft.clean(&self.snapshots.retention, cx.now)? {
            let log_start_offset = self.raft.log_start_offset();
            tracing::info!(
                log_start_offset,
                "dropped old snapshots, and the metadata log that a later one has"
            );
        }
        Ok(())
    }
}
