//! The controller: turns requests into metadata records, appends them to the quorum's log, and answers once
//! they are committed.
//!
//! It keeps two images: `committed`, which everybody sees, and `latest`, which also has what it appended and is
//! what the next request is checked against.

mod activate;
mod api;
mod broker;
mod configs;
mod event;
mod partitions;
mod placement;
mod producer_ids;
mod quorum;
mod topics;
mod versions;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use protocol::api::DecodeError;
use protocol::config::NodeConfig;
use protocol::messages::framing::{decode_metadata, encode_metadata};
use protocol::messages::metadata::Record;

use crate::call::Call;
use crate::cx::{Cx, Ticket};
use crate::features::METADATA_VERSION;
use crate::image::{ApplyError, MetadataImage};
use crate::raft::{CommittedBatch, Raft, RaftError};
use crate::reply::{Refused, Reply};

pub use api::served;
pub use event::{BrokerStart, Event, NewTopic, Notice, bootstrap_records};
pub use versions::record_version;

/// What a controller's machine is handed: it has no peers and no timers yet.
pub type ControllerCx<'a> = Cx<'a, Infallible, Infallible>;

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
    Reply(Ticket, Reply),
    Notice(Notice),
}

/// The controller of a quorum.
#[derive(Debug)]
pub struct Controller {
    config: Arc<NodeConfig>,
    raft: Raft,
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
        Ok(Self {
            config,
            raft,
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
            Event::Start { bootstrap } => self.activate(bootstrap, cx),
            Event::Call { ticket, call } => self.on_call(ticket, &call, cx),
            Event::StartBroker(start) => self.start_broker(&start, cx),
            Event::StopBroker => self.stop_broker(cx),
            Event::CreateMissingTopics(topics) => self.create_missing_topics(&topics, cx),
            Event::AllocateProducerIds => self.allocate_producer_ids(cx),
        }
    }

    fn on_call(&mut self, ticket: Ticket, call: &Call, cx: &mut ControllerCx<'_>) -> Result<(), ControllerError> {
        match api::handle(self, call, cx) {
            Ok(plan) if plan.records.is_empty() => cx.out.reply(ticket, plan.reply),
            Ok(plan) => {
                let offset = self.append(plan.records, cx)?;
                self.waiting
                    .entry(offset)
                    .or_default()
                    .push(Waiting::Reply(ticket, plan.reply));
            }
            Err(error) => {
                tracing::warn!(host = call.peer.host, %error, "refused a request");
                cx.out.reply(ticket, Reply::Refused(Refused::Malformed));
            }
        }
        Ok(())
    }

    /// Appends records as one batch and applies them to the latest image; the offset of the last.
    fn append(&mut self, records: Vec<Record>, cx: &ControllerCx<'_>) -> Result<i64, ControllerError> {
        let level = self.latest.features().level(METADATA_VERSION);
        let mut values = Vec::with_capacity(records.len());
        for record in &records {
            values.push(encode_metadata(record, record_version(record, level))?);
        }
        let offset = self.raft.propose(&values, cx.now)?;
        for record in records {
            self.latest
                .apply(record)
                .map_err(|source| ControllerError::Apply { offset, source })?;
        }
        self.needs_sync = true;
        Ok(offset)
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
                Waiting::Reply(ticket, reply) => cx.out.reply(ticket, reply),
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
        image
            .apply(record)
            .map_err(|source| ControllerError::Apply { offset, source })?;
    }
    image.advance(batch.last_offset, batch.epoch, batch.timestamp_ms);
    Ok(())
}

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
