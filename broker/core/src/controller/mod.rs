//! The controller: turns requests into metadata records, appends them to the quorum's log, and answers once
//! they are committed.
//!
//! It keeps two images: `committed`, which everybody sees, and `latest`, which also has what it appended and is
//! what the next request is checked against.

mod activate;
mod allocate_producer_ids;
pub(crate) mod alter_partition;
mod alter_partition_reassignments;
mod api;
mod assign_replicas_to_dirs;
mod broker_heartbeat;
mod broker_registration;
mod configs;
mod contacts;
mod controller_registration;
mod create_partitions;
mod create_topics;
mod delete_topics;
mod draft;
mod elect_leaders;
mod envelope;
mod event;
mod fast_fencing;
mod list_partition_reassignments;
mod listener;
mod member;
mod new_partitions;
mod not_controller;
mod partition_change;
mod placement;
mod quorum;
mod reassignment;
mod restarted;
mod sessions;
mod snapshots;
mod timers;
mod unregister_broker;
mod update_features;
mod versions;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use protocol::api::{ApiKey, DecodeError, ErrorCode};
use protocol::config::NodeConfig;
use protocol::messages::framing::{decode_metadata, encode_metadata};
use protocol::messages::metadata::Record;

use crate::call::{Call, ReplyTarget};
use crate::cx::{Cx, Ticket};
use crate::features::METADATA_VERSION;
use crate::image::{ApplyError, MetadataImage};
use crate::raft::{self, CommittedBatch, Presence, Raft, RaftError, VoterSet, wire};
use crate::reply::{Refused, Reply};

pub use api::{is_for_clients, served};
pub use event::{Event, QuorumRequest, bootstrap_records};
pub use fast_fencing::{FAST_FENCING_KEY, Probe, is_of_ours, note_software};
pub use not_controller::refuse;
pub use snapshots::{SnapshotFailed, SnapshotJob};
pub use timers::ControllerTimer;
pub use versions::record_version;

use contacts::Contacts;
use sessions::Sessions;
use snapshots::Snapshots;

/// What a controller's machine is handed.
pub type ControllerCx<'a> = Cx<'a, QuorumRequest, ControllerTimer>;

/// Most records in a batch of the log, so that it stays below 8 MiB. What has to come together is less: no request
/// may create more than 10,000 partitions.
const BATCH_MAX: usize = 20_000;

/// Why the controller cannot go on; its node has to stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControllerError {
    /// The quorum failed.
    #[error(transparent)]
    Raft(#[from] RaftError),
    /// A committed record does not fit what came before it.
    #[error("offset {offset} of the metadata log does not apply: {source}")]
    Apply {
        /// Where.
        offset: i64,
        /// Why.
        source: ApplyError,
    },
    /// A record is not readable or not writable.
    #[error("a metadata record is not usable: {0}")]
    Wire(#[from] protocol::messages::WireError),
}

/// What a request comes to.
pub(crate) struct Plan {
    /// Records that make it so, applied all or none.
    records: Vec<Record>,
    /// The answer once they are committed.
    reply: Reply,
}

/// An answer that is due once an offset is committed.
#[derive(Debug)]
struct Owed {
    ticket: Ticket,
    reply: Reply,
    /// What it answers, in case leadership is lost before.
    call: Call,
}

/// What a node brings to its controller besides the quorum.
#[derive(Debug)]
pub struct ControllerParts {
    /// The node's configuration.
    pub config: Arc<NodeConfig>,
    /// The cluster's id.
    pub cluster_id: String,
    /// The quorum, opened.
    pub raft: Raft,
    /// What the quorum's snapshot holds.
    pub snapshot: Option<Vec<CommittedBatch>>,
    /// The records of bootstrap.checkpoint, if there is one: what an empty log starts from.
    pub bootstrap: Option<Vec<Record>>,
}

/// A member of the metadata quorum: a voter that may become the active controller, or an observer, which only reads.
#[derive(Debug)]
pub struct Controller {
    config: Arc<NodeConfig>,
    cluster_id: String,
    raft: Raft,
    /// Whether this is the active controller.
    active: bool,
    sessions: Sessions,
    contacts: Contacts,
    /// Endpoints that are yet to be tried.
    probes: Vec<Probe>,
    snapshots: Snapshots,
    committed: MetadataImage,
    latest: MetadataImage,
    /// Answers by the offset they wait for.
    waiting: BTreeMap<i64, Vec<Owed>>,
    /// Requests of other members that the quorum's machine has yet to answer.
    asked: BTreeMap<Ticket, wire::ReplyTo>,
    /// Requests that came in an envelope.
    enveloped: BTreeMap<Ticket, ReplyTarget>,
    /// What an empty log starts from.
    bootstrap: Option<Vec<Record>>,
    /// The voters that a request that was just taken raises kraft.version with.
    make_dynamic: Option<VoterSet>,
    /// Whether records were appended that the others have not been offered.
    has_news: bool,
    needs_sync: bool,
    /// When something was appended last.
    appended_at: Duration,
    /// The offset of the image that was given out last.
    published: Option<i64>,
}

impl Controller {
    /// A controller on an opened quorum.
    pub fn new(parts: ControllerParts) -> Result<Self, ControllerError> {
        let committed = image_of(parts.snapshot.into_iter().flatten(), &parts.raft)?;
        let session_timeout = parts.config.number("broker.session.timeout.ms").max(1).unsigned_abs();
        Ok(Self {
            snapshots: Snapshots::new(&parts.config),
            config: parts.config,
            cluster_id: parts.cluster_id,
            raft: parts.raft,
            active: false,
            sessions: Sessions::new(Duration::from_millis(session_timeout)),
            contacts: Contacts::default(),
            probes: Vec::new(),
            latest: committed.clone(),
            committed,
            waiting: BTreeMap::new(),
            asked: BTreeMap::new(),
            enveloped: BTreeMap::new(),
            bootstrap: parts.bootstrap,
            make_dynamic: None,
            has_news: false,
            needs_sync: false,
            appended_at: Duration::ZERO,
            published: None,
        })
    }

    /// Takes an event. What it appends is not committed before [`Controller::commit`].
    pub fn on(&mut self, event: Event, cx: &mut ControllerCx<'_>) -> Result<(), ControllerError> {
        match event {
            Event::Start => {
                self.snapshots.restart(cx.now);
                self.check_snapshots(cx)?;
                self.drive_quorum(raft::Event::Start, cx)
            }
            Event::SnapshotMade { id, bytes } => self.keep_snapshot(id, bytes.as_ref(), cx),
            Event::QuorumResponse { id, response } => self.drive_quorum(raft::Event::Response { id, response }, cx),
            Event::QuorumRefused { id } if self.fences_fast() => self.drive_quorum(raft::Event::Refused { id }, cx),
            Event::QuorumRefused { id } => self.drive_quorum(raft::Event::Response { id, response: None }, cx),
            Event::Resign => self.drive_quorum(raft::Event::Resign, cx),
            Event::Timer(timer) => self.on_timer(timer, cx),
            Event::Call { ticket, call } => self.on_listener_call(ticket, call, cx),
            Event::ConnectionEnded { connection } => {
                self.connection_ended(connection, cx);
                Ok(())
            }
            Event::Probed { id, all_refused } => self.probed(id, all_refused, cx),
        }
    }

    fn on_call(&mut self, ticket: Ticket, call: Call, cx: &mut ControllerCx<'_>) -> Result<(), ControllerError> {
        if wire::is_change(&call) {
            return self.on_member_call(ticket, &call, cx);
        }
        if !self.active {
            self.refuse(ticket, &call, cx);
            return Ok(());
        }
        match api::handle(self, &call, cx) {
            Ok(Plan { records, reply }) => {
                if let Some(voters) = self.make_dynamic.take() {
                    self.raft.make_dynamic(&voters, cx.now)?;
                    (self.has_news, self.needs_sync) = (true, true);
                }
                let offset = if records.is_empty() {
                    // It may tell of records that are not committed yet, and must not be ahead of them.
                    let latest = Some(self.latest.offset()).filter(|offset| *offset >= self.raft.high_watermark());
                    latest
                        .max(self.raft.uncommitted_change())
                        .filter(|_| !api::is_about_quorum(&call))
                } else {
                    Some(self.append(records, cx)?)
                };
                match offset {
                    Some(offset) => {
                        let owed = Owed { ticket, reply, call };
                        self.waiting.entry(offset).or_default().push(owed);
                    }
                    None => self.answer(ticket, reply, cx),
                }
            }
            Err(error) => {
                tracing::warn!(host = call.peer.host, %error, "refused a request");
                self.answer(ticket, Reply::Refused(Refused::Malformed), cx);
            }
        }
        Ok(())
    }

    /// Appends records and applies them to the latest image; the offset of the last.
    fn append(&mut self, records: Vec<Record>, cx: &ControllerCx<'_>) -> Result<i64, ControllerError> {
        let level = self.latest.features().level(METADATA_VERSION);
        self.append_at(records, level, cx)
    }

    /// As many batches as it takes: those that have to come together are fewer than a batch holds.
    fn append_at(&mut self, records: Vec<Record>, level: i16, cx: &ControllerCx<'_>) -> Result<i64, ControllerError> {
        let mut last = self.raft.log_end_offset() - 1;
        let mut offsets = Vec::with_capacity(records.len());
        for batch in records.chunks(BATCH_MAX) {
            let mut values = Vec::with_capacity(batch.len());
            for record in batch {
                values.push(encode_metadata(record, record_version(record, level))?);
            }
            last = self.raft.propose(&values, cx.now)?;
            offsets.extend(last + 1 - batch.len() as i64..=last);
        }
        for (record, offset) in records.into_iter().zip(offsets) {
            self.latest.advance(offset, self.raft.epoch(), cx.now.wall_ms);
            self.latest
                .apply(record)
                .map_err(|source| ControllerError::Apply { offset, source })?;
        }
        self.has_news = true;
        self.needs_sync = true;
        self.appended_at = cx.now.mono;
        Ok(last)
    }

    /// Offers what was appended since the last call to the other members, so that they sync it while this one does.
    pub fn spread(&mut self, cx: &mut ControllerCx<'_>) -> Result<(), ControllerError> {
        if std::mem::take(&mut self.has_news) {
            self.drive_quorum(raft::Event::Tick, cx)?;
        }
        Ok(())
    }

    /// Syncs what was appended since the last call, and answers those who wait for what is committed by now. The
    /// committed image, if it has changed; none before the quorum was found and what is committed there is here, too.
    pub fn commit(&mut self, cx: &mut ControllerCx<'_>) -> Result<Option<MetadataImage>, ControllerError> {
        while std::mem::take(&mut self.needs_sync) {
            let end_offset = self.raft.flush()?;
            self.drive_quorum(raft::Event::Synced { end_offset }, cx)?;
        }
        self.apply_committed()?;
        let still = self.waiting.split_off(&self.raft.high_watermark());
        for owed in std::mem::replace(&mut self.waiting, still).into_values().flatten() {
            self.answer(owed.ticket, owed.reply, cx);
        }
        // Who leads by metadata of an earlier life may have been replaced, and takes an ISR for true that is not.
        if !self.raft.has_caught_up() {
            return Ok(None);
        }
        let offset = self.committed.offset();
        let is_new = self.published.replace(offset) != Some(offset);
        Ok(is_new.then(|| self.committed.clone()))
    }

    /// Applies what was committed since the last time.
    fn apply_committed(&mut self) -> Result<(), ControllerError> {
        loop {
            let batches = self.raft.read_committed(self.committed.offset() + 1)?;
            if batches.is_empty() {
                self.committed.set_kraft_version(self.raft.committed_kraft_version());
                return Ok(());
            }
            for batch in &batches {
                if batch.last_offset > self.committed.offset() {
                    apply_batch(&mut self.committed, batch)?;
                    self.snapshots.note(batch.size_bytes);
                }
            }
        }
    }

    /// What the quorum's machine knows.
    pub fn quorum(&self) -> &Raft {
        &self.raft
    }

    /// Says where this node is reached as a controller, and whether it joins the voters by itself.
    pub fn present(&mut self, presence: Presence) {
        self.raft.present(presence);
    }

    /// Whether brokers of other nodes wait for this controller to let them stop, or for what it has just decided.
    pub fn lets_brokers_go(&self) -> bool {
        let own = self.raft.node_id();
        let mut brokers = self.committed.brokers().iter();
        let mut owed = self.waiting.values().flatten();
        self.active
            && (brokers.any(|broker| broker.id != own && !broker.fenced && broker.in_controlled_shutdown)
                || owed.any(|owed| owed.call.header.api_key == ApiKey::BrokerHeartbeat as i16))
    }

    /// The committed image.
    pub fn image(&self) -> &MetadataImage {
        &self.committed
    }

    /// Closes the quorum's log cleanly.
    pub fn close(&mut self) -> Result<(), ControllerError> {
        Ok(self.raft.close()?)
    }
}

/// What the quorum's snapshot holds.
fn image_of(batches: impl Iterator<Item = CommittedBatch>, raft: &Raft) -> Result<MetadataImage, ControllerError> {
    let mut image = MetadataImage::empty();
    for batch in batches {
        apply_batch(&mut image, &batch)?;
    }
    if let Some(id) = raft.snapshot() {
        image.advance(id.end_offset - 1, id.epoch, image.timestamp_ms());
    }
    image.set_kraft_version(raft.committed_kraft_version());
    Ok(image)
}

fn apply_batch(image: &mut MetadataImage, batch: &CommittedBatch) -> Result<(), ControllerError> {
    for (value, offset) in batch.values.iter().zip(batch.base_offset..) {
        let (record, _) = decode_metadata(value)?;
        // A batch of a snapshot stands for the log up to its one offset.
        let offset = offset.min(batch.last_offset);
        image.advance(offset, batch.epoch, batch.timestamp_ms);
        image
            .apply(record)
            .map_err(|source| ControllerError::Apply { offset, source })?;
    }
    image.advance(batch.last_offset, batch.epoch, batch.timestamp_ms);
    Ok(())
}

/// A refusal: Kafka's error code and a sentence.
pub(crate) type Refusal = (ErrorCode, String);

/// What a handler of an API gives.
pub(crate) type Handled = Result<Plan, DecodeError>;

impl Plan {
    /// An answer that changes nothing.
    fn answer(reply: Reply) -> Self {
        Self {
            records: Vec::new(),
            reply,
        }
    }
}

#[cfg(test)]
mod tests;
