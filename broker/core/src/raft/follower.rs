//! A follower: it fetches, cuts off what the leader does not have, and loads snapshots.

use std::time::Duration;

use broker_log::AppendError;
use protocol::api::ErrorCode;
use protocol::files::SnapshotId;
use protocol::records::Batches;

use super::election::random_below;
use super::event::{Notice, Outgoing, RaftCx};
use super::message::{Body, FetchRequest, FetchSnapshotRequest, Fetched, Peer, Request, Response, SnapshotPiece};
use super::role::{Download, Following, Role};
use super::state_files::SNAPSHOT_MAX_BYTES;
use super::{Raft, RaftError};
use crate::cx::Ticket;
use crate::mutation::{Mutation, mutated};

/// How long a leader may wait for records, at most.
const FETCH_MAX_WAIT: Duration = Duration::from_millis(500);
/// A leader that has refused all connections for so long is gone, and not about to be.
const REFUSED_FOR: Duration = Duration::from_millis(50);
/// Bytes of a snapshot asked for at a time.
const PIECE_BYTES: usize = 1 << 20;

impl Raft {
    /// Follows a leader.
    pub(super) fn become_follower(&mut self, epoch: i32, leader_id: i32, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        self.step_down(cx);
        if epoch > self.epoch {
            self.voted = None;
        }
        self.epoch = epoch;
        self.leader_id = Some(leader_id);
        self.store_state()?;
        self.requests.forget();
        self.role = Role::Follower(Following {
            leader_id,
            fetch_deadline: cx.now.mono + self.config.timeouts.fetch,
            has_fetched: false,
            refused_since: None,
            download: None,
            unsynced: self.log.synced_offset() < self.log.end_offset(),
            told: false,
            tell_at: cx.now.mono,
        });
        Ok(())
    }

    pub(super) fn act_as_follower(&mut self, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        let Role::Follower(following) = &self.role else {
            return Ok(());
        };
        if following.fetch_deadline <= cx.now.mono {
            return if self.may_lead() {
                self.become_prospective(cx)
            } else {
                self.become_unattached(self.epoch, cx)
            };
        }
        if following.unsynced {
            cx.out.sync = true;
            return Ok(());
        }
        let to = Peer::Node(following.leader_id);
        self.tell_leader(cx);
        let Role::Follower(following) = &self.role else {
            return Ok(());
        };
        let request = match &following.download {
            Some(download) => Request::FetchSnapshot(FetchSnapshotRequest {
                replica: self.key(),
                epoch: self.epoch,
                snapshot: download.id,
                position: download.bytes.len() as u64,
                max_bytes: PIECE_BYTES,
            }),
            None => Request::Fetch(self.next_fetch()),
        };
        self.send_if_free(to, request, cx);
        Ok(())
    }

    /// The leader's endpoint refused a connection. When it has done so for a while there is no such process any more: the
    /// fetch timeout need not be waited for. Whoever has the same proof grants a pre-vote (KIP-996: one that does not hear
    /// the leader); others, who hear it, refuse as before, so that one that alone cannot reach the leader disturbs nobody.
    pub(super) fn leader_refuses(&mut self, from: Peer, cx: &mut RaftCx<'_>) {
        // Not all voters at once, or they would split the votes.
        let wait = random_below(self.config.timeouts.first_election_max, cx);
        let now = cx.now.mono;
        if let Role::Follower(following) = &mut self.role
            && from == Peer::Node(following.leader_id)
            && now >= *following.refused_since.get_or_insert(now) + REFUSED_FOR
        {
            following.has_fetched = false;
            following.fetch_deadline = following.fetch_deadline.min(now + wait);
        }
    }

    /// The leader's endpoint did something else than refuse a connection.
    pub(super) fn leader_is_there(&mut self, from: Peer) {
        if let Role::Follower(following) = &mut self.role
            && from == Peer::Node(following.leader_id)
        {
            following.refused_since = None;
        }
    }

    /// A fetch from the end of the log.
    pub(super) fn next_fetch(&self) -> FetchRequest {
        FetchRequest {
            replica: self.key(),
            epoch: self.epoch,
            fetch_offset: self.log.end_offset(),
            last_fetched_epoch: self.log.last_epoch(),
            high_watermark: self.high_watermark,
            // An answer has to come well before the leader is taken for gone.
            max_wait_ms: FETCH_MAX_WAIT.min(self.config.timeouts.fetch / 4).as_millis() as i32,
        }
    }

    /// Takes a leader's answer.
    pub(super) fn on_fetched(&mut self, fetched: &Fetched, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        let Role::Follower(following) = &mut self.role else {
            return Ok(());
        };
        following.has_fetched = true;
        following.fetch_deadline = cx.now.mono + self.config.timeouts.fetch;
        if let Some((epoch, end_offset)) = fetched.diverging {
            return self.cut_off(epoch, end_offset);
        }
        if let Some(id) = fetched.snapshot {
            following.download = Some(Download { id, bytes: Vec::new() });
            return Ok(());
        }
        let whole = whole_batches(&fetched.records);
        if whole > 0 {
            let from = self.log.end_offset();
            match self
                .log
                .append_as_follower(&fetched.records.slice(..whole), cx.now.wall_ms)
            {
                Ok(()) => {}
                Err(RaftError::Append(error)) if !matches!(error, AppendError::Log(_)) => {
                    tracing::warn!(leader_id = ?self.leader_id, %error, "took nothing of what the leader sent");
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            self.read_control(from)?;
            if let Role::Follower(following) = &mut self.role {
                following.unsynced = true;
            }
            cx.out.sync = true;
        }
        if fetched.high_watermark >= 0 {
            self.established.get_or_insert(fetched.high_watermark);
        }
        let committed = fetched.high_watermark.min(self.log.end_offset());
        if committed > self.high_watermark {
            self.high_watermark = committed;
            self.log.set_high_watermark(committed);
        }
        Ok(())
    }

    /// Drops what the leader's log does not have.
    fn cut_off(&mut self, epoch: i32, end_offset: i64) -> Result<(), RaftError> {
        let (own_epoch, own_end) = self.log.end_offset_for_epoch(epoch);
        let offset = if own_epoch == epoch || epoch == 0 {
            own_end.min(end_offset)
        } else {
            own_end
        };
        if offset < self.high_watermark {
            return Err(RaftError::CommittedLost {
                epoch: self.epoch,
                offset,
                high_watermark: self.high_watermark,
            });
        }
        tracing::info!(
            offset,
            end_offset = self.log.end_offset(),
            "cut off what the leader does not have"
        );
        if !mutated(Mutation::NoTruncation) {
            self.log.truncate_to(offset)?;
            self.voters.truncate_to(offset);
            self.kraft_versions.truncate_to(offset);
        }
        self.truncations += 1;
        Ok(())
    }

    /// Takes a piece of a snapshot.
    pub(super) fn on_piece(&mut self, piece: &SnapshotPiece, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        let Role::Follower(following) = &mut self.role else {
            return Ok(());
        };
        following.fetch_deadline = cx.now.mono + self.config.timeouts.fetch;
        let Some(download) = &mut following.download else {
            return Ok(());
        };
        let fits = download.id == piece.snapshot && download.bytes.len() as u64 == piece.position;
        if !fits || piece.bytes.is_empty() || piece.size_bytes > SNAPSHOT_MAX_BYTES {
            following.download = None;
            return Ok(());
        }
        download.bytes.extend_from_slice(&piece.bytes);
        if (download.bytes.len() as u64) < piece.size_bytes {
            return Ok(());
        }
        let Some(Download { id, bytes }) = following.download.take() else {
            return Ok(());
        };
        self.load(id, &bytes)
    }

    /// A snapshot takes the place of the log.
    fn load(&mut self, id: SnapshotId, bytes: &[u8]) -> Result<(), RaftError> {
        if id.end_offset <= self.high_watermark {
            return Ok(());
        }
        if super::metadata_log::checked(bytes).is_err() {
            tracing::warn!(%id, "a snapshot came damaged and is fetched again");
            return Ok(());
        }
        self.log.replace_by_snapshot(id, bytes)?;
        self.voters.restart();
        self.kraft_versions.restart();
        self.load_snapshot()?;
        self.high_watermark = id.end_offset;
        self.snapshot_loads += 1;
        self.notices.push(Notice::Snapshot(id));
        Ok(())
    }

    /// Whatever kept a snapshot from coming, the log tells which is the one now.
    pub(super) fn give_up_download(&mut self) {
        if let Role::Follower(following) = &mut self.role {
            following.download = None;
        }
    }

    /// Answers with a piece of a snapshot.
    pub(super) fn on_fetch_snapshot(
        &mut self,
        ticket: Ticket,
        request: FetchSnapshotRequest,
        cx: &mut RaftCx<'_>,
    ) -> Result<(), RaftError> {
        let response = self.piece_of(&request, cx)?;
        cx.out.sends.push(Outgoing::Response { ticket, response });
        Ok(())
    }

    fn piece_of(&mut self, request: &FetchSnapshotRequest, cx: &RaftCx<'_>) -> Result<Response, RaftError> {
        let refused = |raft: &Self, error| Ok(raft.refusal(&Request::FetchSnapshot(*request), error));
        if let Some(error) = self.not_leading(request.epoch) {
            return refused(self, error);
        }
        let max_bytes = request.max_bytes.clamp(1, PIECE_BYTES);
        let Some((bytes, size_bytes)) = self.log.piece_of(request.snapshot, request.position, max_bytes)? else {
            return refused(self, ErrorCode::SnapshotNotFound);
        };
        self.note_alive(request.replica, cx.now.mono);
        if bytes.is_empty() {
            return refused(self, ErrorCode::PositionOutOfRange);
        }
        let piece = SnapshotPiece {
            snapshot: request.snapshot,
            size_bytes,
            position: request.position,
            bytes,
        };
        Ok(self.response(None, Body::FetchSnapshot(piece)))
    }
}

/// Bytes of the whole batches at the front.
fn whole_batches(records: &[u8]) -> usize {
    let mut whole = 0;
    for batch in Batches::new(records) {
        let Ok((header, _)) = batch else { break };
        whole += header.size_bytes();
    }
    whole
}
