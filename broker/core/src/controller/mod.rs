//! The controller: turns requests into metadata records, appends them to the quorum's log, and answers once
//! they are committed.
//!
//! It keeps two images: `committed`, which everybody sees, and `latest`, which also has what it appended and is
//! what the next request is checked against.

mod activate;
mod allocate_producer_ids;
mod alter_partition;
mod alter_partition_reassignments;
mod api;
mod assign_replicas_to_dirs;
mod broker;
mod broker_heartbeat;
mod broker_registration;
mod configs;
mod controller_registration;
mod create_partitions;
mod create_topics;
mod delete_topics;
mod draft;
mod elect_leaders;
mod event;
mod fast_fencing;
mod list_partition_reassignments;
mod new_partitions;
mod not_controller;
mod partition_change;
mod placement;
mod quorum;
mod reassignment;
mod sessions;
mod timers;
mod unregister_broker;
mod update_features;
mod versions;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use protocol::api::{DecodeError, ErrorCode};
use protocol::config::NodeConfig;
use protocol::messages::framing::{decode_metadata, encode_metadata};
use protocol::messages::metadata::Record;

use crate::call::Call;
use crate::cx::{Cx, Ticket};
use crate::features::METADATA_VERSION;
use crate::image::{ApplyError, MetadataImage};
use crate::raft::{CommittedBatch, Raft, RaftError};
use crate::reply::{Refused, Reply};

pub use api::{served, served_to_nodes};
pub use event::{BrokerStart, Event, NewTopic, Notice, bootstrap_records};
pub use fast_fencing::FAST_FENCING_KEY;
pub use timers::ControllerTimer;
pub use versions::record_version;

use sessions::Sessions;

/// What a controller's machine is handed: it sends nothing of its own accord.
pub type ControllerCx<'a> = Cx<'a, Infallible, ControllerTimer>;

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

/// Someone who waits for an offset to be committed.
#[derive(Debug)]
enum Waiting {
    Reply(Owed),
    Notice(Notice),
}

/// An answer that is due once an offset is committed.
#[derive(Debug)]
struct Owed {
    ticket: Ticket,
    reply: Reply,
    /// What it answers, in case leadership is lost before.
    call: Call,
}

/// The controller of a quorum.
#[derive(Debug)]
pub struct Controller {
    config: Arc<NodeConfig>,
    cluster_id: String,
    raft: Raft,
    /// Whether this is the active controller.
    active: bool,
    sessions: Sessions,
    committed: MetadataImage,
    latest: MetadataImage,
    waiting: BTreeMap<i64, Vec<Waiting>>,
    notices: Vec<Notice>,
    needs_sync: bool,
}

impl Controller {
    /// A controller on an opened quorum; `snapshot` is what the quorum's snapshot holds.
    pub fn new(
        config: Arc<NodeConfig>,
        cluster_id: String,
        raft: Raft,
        snapshot: Option<Vec<CommittedBatch>>,
    ) -> Result<Self, ControllerError> {
        let mut committed = MetadataImage::empty();
        let end = raft.snapshot();
        for batch in snapshot.into_iter().flatten() {
            apply_batch(&mut committed, &batch)?;
        }
        if let Some(id) = end {
            committed.advance(id.end_offset - 1, id.epoch, committed.timestamp_ms());
        }
        let session_timeout = config.number("broker.session.timeout.ms").max(1).unsigned_abs();
        Ok(Self {
            config,
            cluster_id,
            raft,
            active: false,
            sessions: Sessions::new(Duration::from_millis(session_timeout)),
            latest: committed.clone(),
            committed,
            waiting: BTreeMap::new(),
            notices: Vec::new(),
            needs_sync: false,
        })
    }

    /// Takes an event. What it appends is not committed before [`Controller::commit`].
    pub fn on(&mut self, event: Event, cx: &mut ControllerCx<'_>) -> Result<(), ControllerError> {
        match event {
            Event::Start { bootstrap } => self.start(bootstrap, cx),
            Event::Elected { bootstrap } => self.activate(bootstrap, cx),
            Event::Resigned => self.resign(cx),
            Event::Timer(timer) => self.on_timer(timer, cx),
            Event::Call { ticket, call } => self.on_call(ticket, call, cx),
            event if !self.active => {
                tracing::warn!(
                    ?event,
                    "this node does not lead the quorum: its broker has to ask the one that does"
                );
                Ok(())
            }
            Event::Unreachable {
                broker_id,
                broker_epoch,
            } => self.fence_unreachable(broker_id, broker_epoch, cx),
            Event::StartBroker(start) => self.start_broker(&start, cx),
            Event::StopBroker => self.stop_broker(cx),
            Event::CreateMissingTopics(topics) => self.create_missing_topics(&topics, cx),
            Event::AllocateProducerIds => self.allocate_for_own_broker(cx),
        }
    }

    fn on_call(&mut self, ticket: Ticket, call: Call, cx: &mut ControllerCx<'_>) -> Result<(), ControllerError> {
        if !self.active {
            cx.out.reply(ticket, not_controller::refuse(&call));
            return Ok(());
        }
        match api::handle(self, &call, cx) {
            Ok(Plan { records, reply }) => {
                let offset = if records.is_empty() {
                    // It may tell of records that are not committed yet, and must not be ahead of them.
                    let pending = self.waiting.last_key_value().map(|(offset, _)| *offset);
                    pending.filter(|_| !api::is_about_quorum(&call))
                } else {
                    Some(self.append(records, cx)?)
                };
                match offset {
                    Some(offset) => {
                        let owed = Owed { ticket, reply, call };
                        self.waiting.entry(offset).or_default().push(Waiting::Reply(owed));
                    }
                    None => cx.out.reply(ticket, reply),
                }
            }
            Err(error) => {
                tracing::warn!(host = call.peer.host, %error, "refused a request");
                cx.out.reply(ticket, Reply::Refused(Refused::Malformed));
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
        self.needs_sync = true;
        Ok(last)
    }

    fn notify(&mut self, offset: i64, notice: Notice) {
        self.waiting.entry(offset).or_default().push(Waiting::Notice(notice));
    }

    /// Syncs what was appended since the last call and answers those who wait for it. The new committed
    /// image, if there is one.
    pub fn commit(&mut self, cx: &mut ControllerCx<'_>) -> Result<Option<MetadataImage>, ControllerError> {
        if !self.needs_sync {
            return Ok(None);
        }
        self.needs_sync = false;
        let high_watermark = self.raft.sync()?;
        self.apply_committed()?;
        let still = self.waiting.split_off(&high_watermark);
        for waiting in std::mem::replace(&mut self.waiting, still).into_values().flatten() {
            match waiting {
                Waiting::Reply(owed) => cx.out.reply(owed.ticket, owed.reply),
                Waiting::Notice(notice) => self.notices.push(notice),
            }
        }
        Ok(Some(self.committed.clone()))
    }

    /// What became true with the last commits.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Applies what was committed since the last time.
    fn apply_committed(&mut self) -> Result<(), ControllerError> {
        loop {
            let batches = self.raft.read_committed(self.committed.offset() + 1)?;
            if batches.is_empty() {
                return Ok(());
            }
            for batch in &batches {
                if batch.last_offset > self.committed.offset() {
                    apply_batch(&mut self.committed, batch)?;
                }
            }
        }
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

fn apply_batch(image: &mut MetadataImage, batch: &CommittedBatch) -> Result<(), ControllerError> {
    for (value, offset) in batch.values.iter().zip(batch.base_offset..) {
        let (record, _) = decode_metadata(value)?;
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
