//! Reading from a partition: records, offsets, the ends of epochs.

use std::task::Waker;

use broker_log::{LogError, Slice};
use protocol::api::ErrorCode;
use protocol::api::fetch::FetchPartition;

use super::{FoundOffset, Inner, Isolation, OffsetSpec, Partition, PartitionError, Read, ReadRequest, ReplicaFetch};
use crate::mutation::{Mutation, mutated};
use crate::reply::ReplyPart;

impl Partition {
    /// Reads for a client; leaves a waker for the next change if there is one.
    pub fn read(&self, request: &ReadRequest, waiter: Option<(u64, &Waker)>) -> Result<Read, PartitionError> {
        let mut inner = self.lock();
        if request.leader_only || inner.retired {
            inner.check_leader(request.current_leader_epoch)?;
        } else {
            inner.check_epoch(request.current_leader_epoch)?;
        }
        if let Some((id, waker)) = waiter {
            inner.waiters.register(id, waker);
        }
        inner.read(request)
    }

    /// Reads for a follower, which tells how far it is; leaves a waker for the next append if there is one.
    pub fn read_as_replica(
        &self,
        request: &ReadRequest,
        fetch: &ReplicaFetch,
        waiter: Option<(u64, &Waker)>,
    ) -> Result<Read, PartitionError> {
        let mut inner = self.lock();
        let any_epoch = mutated(Mutation::FetchEpochUnchecked);
        inner.check_leader(if any_epoch { -1 } else { request.current_leader_epoch })?;
        inner.check_replica(fetch, request.current_leader_epoch)?;
        if let Some(diverging_epoch) = inner.divergence(request)? {
            return Ok(inner.diverged(diverging_epoch));
        }
        inner.check_range(request.offset)?;
        if let Some((id, waker)) = waiter {
            inner.end_waiters.register(id, waker);
        }
        if fetch.is_news {
            inner.note_fetch(fetch, request.offset, fetch.at);
        }
        // Members of the ISR are counted, but not held up: they would leave it.
        let throttled = inner.throttled.as_leader;
        let in_sync = inner.state.isr.contains(&fetch.broker_id);
        if throttled && !in_sync && inner.context.leader_throttle().is_exceeded(fetch.at) {
            return Ok(Read::nothing(inner.head()));
        }
        Ok(Read {
            throttled,
            ..inner.read_log(request)?
        })
    }

    /// Offsets as a read that found nothing tells them, for a consumer that is sent to another replica.
    pub fn head(&self, current_leader_epoch: i32) -> Result<FetchPartition, PartitionError> {
        let inner = self.lock();
        inner.check_epoch(current_leader_epoch)?;
        Ok(inner.head())
    }

    /// Answers ListOffsets.
    pub fn find_offset(
        &self,
        spec: OffsetSpec,
        isolation: Isolation,
        current_leader_epoch: i32,
    ) -> Result<FoundOffset, PartitionError> {
        let inner = self.lock();
        inner.check_leader(current_leader_epoch)?;
        inner.find_offset(spec, isolation)
    }

    /// The greatest epoch up to `epoch` and where it ended; (-1, -1) if it is not known.
    pub fn end_offset_for_epoch(&self, epoch: i32, current_leader_epoch: i32) -> Result<(i32, i64), PartitionError> {
        let inner = self.lock();
        inner.check_leader(current_leader_epoch)?;
        Ok(inner.log.end_offset_for_epoch(epoch).unwrap_or((-1, -1)))
    }
}

impl Inner {
    fn end_of(&self, isolation: Isolation) -> i64 {
        match isolation {
            Isolation::LogEndOffset => self.log.log_end_offset(),
            Isolation::HighWatermark => self.log.high_watermark(),
            Isolation::ReadCommitted => self.log.last_stable_offset(),
        }
    }

    fn head(&self) -> FetchPartition {
        FetchPartition {
            partition: self.index,
            high_watermark: self.log.high_watermark(),
            last_stable_offset: self.log.last_stable_offset(),
            log_start_offset: self.log.log_start_offset(),
            preferred_read_replica: -1,
            ..FetchPartition::default()
        }
    }

    fn read(&self, request: &ReadRequest) -> Result<Read, PartitionError> {
        match self.divergence(request)? {
            Some(diverging_epoch) => Ok(self.diverged(diverging_epoch)),
            None => self.read_log(request),
        }
    }

    fn diverged(&self, diverging_epoch: (i32, i64)) -> Read {
        Read::nothing(FetchPartition {
            diverging_epoch: Some(diverging_epoch),
            ..self.head()
        })
    }

    fn out_of_range(&self, offset: i64) -> PartitionError {
        let error = LogError::OutOfRange {
            offset,
            start_offset: self.log.log_start_offset(),
            end_offset: self.log.log_end_offset(),
        };
        error.into()
    }

    fn check_range(&self, offset: i64) -> Result<(), PartitionError> {
        if offset < self.log.log_start_offset() || offset > self.log.log_end_offset() {
            return Err(self.out_of_range(offset));
        }
        Ok(())
    }

    fn read_log(&self, request: &ReadRequest) -> Result<Read, PartitionError> {
        let end_offset = self.end_of(request.isolation);
        let mut head = self.head();
        let slices = self.log.read(
            request.offset,
            end_offset,
            request.max_bytes,
            request.at_least_one_batch,
        )?;
        if request.isolation == Isolation::ReadCommitted {
            let aborted = self.log.aborted_transactions(request.offset, end_offset)?;
            head.aborted_transactions = Some(aborted.iter().map(|txn| (txn.producer_id, txn.first_offset)).collect());
        }
        let records: Vec<(ReplyPart, usize)> = slices.into_iter().map(part).collect();
        let size_bytes = records.iter().map(|(_, size_bytes)| size_bytes).sum();
        Ok(Read {
            head,
            records,
            size_bytes,
            throttled: false,
        })
    }

    /// Where the reader's log parts from this one, if it does (KIP-595). An epoch that is not known here says nothing.
    fn divergence(&self, request: &ReadRequest) -> Result<Option<(i32, i64)>, PartitionError> {
        if request.last_fetched_epoch < 0 {
            return Ok(None);
        }
        let found = self.log.end_offset_for_epoch(request.last_fetched_epoch);
        let Some((epoch, end_offset)) = found.filter(|_| request.offset >= self.log.log_start_offset()) else {
            return Err(self.out_of_range(request.offset));
        };
        Ok((epoch < request.last_fetched_epoch || end_offset < request.offset).then_some((epoch, end_offset)))
    }

    /// Clients may not see offsets that go back: a new leader's high watermark can lag behind what the one before it
    /// told, up to where its epoch starts (KIP-207).
    fn check_offsets_are_known(&self, isolation: Isolation) -> Result<(), PartitionError> {
        let lags = |start: i64| isolation != Isolation::LogEndOffset && start > self.log.high_watermark();
        match &self.leading {
            Some(leading) if lags(leading.epoch_start_offset) => Err(PartitionError {
                message: Some("the high watermark has not reached the leader's epoch yet".to_owned()),
                ..ErrorCode::OffsetNotAvailable.into()
            }),
            _ => Ok(()),
        }
    }

    fn find_offset(&self, spec: OffsetSpec, isolation: Isolation) -> Result<FoundOffset, PartitionError> {
        let end_offset = self.end_of(isolation);
        let epoch_of = |offset: i64| self.log.epochs().epoch_of(offset).unwrap_or(-1);
        let at = |offset: i64| FoundOffset {
            offset,
            timestamp: -1,
            leader_epoch: epoch_of(offset),
        };
        let none = FoundOffset {
            offset: -1,
            timestamp: -1,
            leader_epoch: -1,
        };
        let log_end_offset = self.log.log_end_offset();
        let found = match spec {
            OffsetSpec::Earliest => return Ok(at(self.log.log_start_offset())),
            OffsetSpec::Latest => {
                self.check_offsets_are_known(isolation)?;
                return Ok(FoundOffset {
                    leader_epoch: self.state.leader_epoch,
                    ..at(end_offset)
                });
            }
            OffsetSpec::LatestTiered => return Ok(none),
            OffsetSpec::MaxTimestamp => self.log.offset_of_max_timestamp()?,
            OffsetSpec::Timestamp(timestamp) => self.log.offset_for_timestamp(timestamp, log_end_offset)?,
        };
        let Some(found) = found.filter(|found| found.offset < end_offset) else {
            self.check_offsets_are_known(isolation)?;
            return Ok(none);
        };
        Ok(FoundOffset {
            offset: found.offset,
            timestamp: found.timestamp,
            leader_epoch: found.leader_epoch.unwrap_or(-1),
        })
    }
}

fn part(slice: Slice) -> (ReplyPart, usize) {
    let size_bytes = slice.size_bytes();
    let part = match slice {
        Slice::Bytes(bytes) => ReplyPart::Bytes(bytes),
        Slice::File {
            file,
            position,
            size_bytes,
        } => ReplyPart::File {
            file,
            position,
            size_bytes,
        },
    };
    (part, size_bytes)
}
