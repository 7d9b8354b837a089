//! A segment, read once from its first byte to its last.

use std::path::PathBuf;

use protocol::messages::framing::ControlType;
use protocol::records::{Records, records_of};

use super::super::segment::{SegmentStep, SegmentWalk, WalkedBatch};
use super::super::{Fault, FaultKind};
use super::content::unpack;
use super::finding::{Finding, Severity};
use super::indexes::{Ending, Indexes, Shown};
use super::{Left, PartitionFiles, VerifyOptions};
use crate::disk::Disk;
use crate::error::LogError;

/// Most bytes of a control batch that is looked into.
const CONTROL_MAX_BYTES: usize = 64 << 10;

/// What came of a segment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SegmentReport {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Its size.
    pub size_bytes: u64,
    /// Whole batches in it.
    pub batches: u64,
    /// Records in these, as they announce.
    pub records: u64,
}

/// Verifies a segment and its indexes.
pub fn verify_segment(
    disk: &dyn Disk,
    files: &PartitionFiles,
    base_offset: i64,
    options: &VerifyOptions,
) -> Result<SegmentReport, LogError> {
    let path = files.segment_path(base_offset);
    let next_base = files.next_base(base_offset);
    // What the indexes say of batches that are appended meanwhile is met before those are.
    let len = disk.size(&path).map_err(crate::segment::io_error("reading", &path))?;
    let indexes = Indexes::open(disk, &files.dir, base_offset, len)?;
    let walk = SegmentWalk::open_unordered(disk, &path)?;
    let mut pass = Pass {
        report: SegmentReport {
            size_bytes: walk.size_bytes(),
            ..SegmentReport::default()
        },
        path,
        files,
        options,
        base_offset,
        next_base,
        walk,
        indexes,
        least: base_offset,
        before: None,
        is_sound: true,
        waiting: None,
        epoch: None,
        latest_epoch: -1,
        epoch_faults: None,
        pending: Vec::new(),
    };
    pass.run()?;
    pass.end()
}

/// The batch before.
#[derive(Debug, Clone, Copy)]
struct Before {
    position: u64,
    base_offset: i64,
    /// The least offset that it could have.
    least: i64,
}

struct Pass<'a> {
    files: &'a PartitionFiles,
    options: &'a VerifyOptions,
    path: PathBuf,
    base_offset: i64,
    next_base: Option<i64>,
    walk: SegmentWalk,
    indexes: Indexes,
    /// The least offset that may come.
    least: i64,
    before: Option<Before>,
    /// Whether the batch before is what it should be.
    is_sound: bool,
    /// The batch before, until the next one bears out its offsets.
    waiting: Option<Shown>,
    /// By leader-epoch-checkpoint: an epoch and the offsets it goes for.
    epoch: Option<(i32, i64, i64)>,
    /// Without it: the latest of the batches.
    latest_epoch: i32,
    epoch_faults: Option<Finding>,
    /// Damage behind which no sound batch was found yet.
    pending: Vec<Finding>,
    report: SegmentReport,
}

impl Pass<'_> {
    fn run(&mut self) -> Result<(), LogError> {
        while let Some(step) = self.walk.next()? {
            let fault = match step {
                SegmentStep::Batch(batch) => match self.batch(&batch)? {
                    None => continue,
                    Some(fault) => fault,
                },
                SegmentStep::End(fault) => fault,
            };
            if !self.go_on_behind(fault)? {
                break;
            }
        }
        Ok(())
    }

    /// A batch; what is wrong if where it ends cannot be believed either.
    fn batch(&mut self, batch: &WalkedBatch) -> Result<Option<Fault>, LogError> {
        let header = &batch.header;
        if let Some(fault) = batch.faults.first().cloned() {
            if batch.is_valid == Some(false) && !self.walk.goes_on()? {
                return Ok(Some(fault));
            }
            self.pending.push(self.finding(fault, Some(self.least)));
            return self.show_to_indexes(batch, false).map(|()| None);
        }
        let order = self.order(batch);
        let is_sound = order.is_none();
        let what = match order {
            Some(fault) => Some(fault),
            None => self.content(batch)?.map(|kind| kind.at(batch.position)),
        };
        // A batch whose checksum holds: what lies before it is no torn end.
        self.report.findings.append(&mut self.pending);
        let offset = Some(header.base_offset);
        if let Some(fault) = what {
            self.push(fault, offset);
        }
        self.report.batches += 1;
        self.report.records += u64::try_from(header.record_count).unwrap_or(0);
        self.show_to_indexes(batch, is_sound)?;
        Ok(None)
    }

    fn finding(&self, fault: Fault, offset: Option<i64>) -> Finding {
        Finding {
            path: self.path.clone(),
            position: Some(fault.position),
            offset,
            severity: Severity::Error,
            kind: fault.kind,
            more: 0,
        }
    }

    fn push(&mut self, fault: Fault, offset: Option<i64>) {
        // A stretch of batches that do not belong where they are is one thing.
        if let (FaultKind::OffsetOrder { .. }, Some(last)) = (&fault.kind, self.report.findings.last_mut())
            && matches!(last.kind, FaultKind::OffsetOrder { .. })
        {
            last.more += 1;
            return;
        }
        let finding = self.finding(fault, offset);
        self.report.findings.push(finding);
    }

    /// Offsets only grow; compaction leaves gaps. They lie outside the checksum.
    fn order(&mut self, batch: &WalkedBatch) -> Option<Fault> {
        let header = &batch.header;
        let (found, least) = (header.base_offset, self.least);
        let last = header.last_offset();
        let end = self
            .next_base
            .unwrap_or_else(|| self.base_offset.saturating_add(i64::from(i32::MAX) + 1));
        let fault = if found < least {
            match self.before {
                // It is the one before that is ahead of all others.
                Some(before) if before.base_offset > before.least && found >= before.least => {
                    let (found, next) = (before.base_offset, found);
                    let fault = FaultKind::OffsetAhead { found, next }.at(before.position);
                    self.push(fault, Some(before.base_offset));
                    if let Some(waiting) = &mut self.waiting {
                        waiting.is_sound = false;
                    }
                    None
                }
                _ => Some(FaultKind::OffsetOrder { least, found }.at(batch.position)),
            }
        } else if last >= end {
            Some(FaultKind::BeyondEnd { last, end }.at(batch.position))
        } else {
            None
        };
        if fault.is_none() {
            self.before = Some(Before {
                position: batch.position,
                base_offset: found,
                least: least.min(found),
            });
            self.least = header.next_offset();
        }
        fault
    }

    /// What the header says of the records, and with unpacking what they are.
    fn content(&mut self, batch: &WalkedBatch) -> Result<Option<FaultKind>, LogError> {
        let header = &batch.header;
        let (count, slots) = (header.record_count, i64::from(header.last_offset_delta) + 1);
        if count < 0 || i64::from(count) > slots {
            return Ok(Some(FaultKind::RecordCount { count, slots }));
        }
        let Some(max_bytes) = self.options.unpack_max_bytes else {
            let codec = header.compression().err();
            return Ok(codec.map(|error| FaultKind::Records {
                what: error.to_string(),
            }));
        };
        if header.size_bytes() > max_bytes {
            let what = format!("the batch has more than {max_bytes} bytes, and was not unpacked");
            return Ok(Some(FaultKind::Records { what }));
        }
        let what = unpack(header, &self.walk.bytes(batch)?, max_bytes);
        Ok(what.map(|what| FaultKind::Records { what }))
    }

    /// A batch's leader epoch lies outside the checksum, too.
    fn check_epoch(&mut self, batch: &Shown) {
        let header = &batch.header;
        let found = header.leader_epoch;
        let expected = match &self.files.epochs {
            Some(epochs) => {
                let offset = header.base_offset;
                let is_current = self.epoch.is_some_and(|(_, from, to)| (from..to).contains(&offset));
                if !is_current {
                    self.epoch = epochs.span_of(offset);
                }
                let is_news = epochs.latest().is_some_and(|latest| found > latest);
                let is_ahead = is_news && self.options.left != Left::Clean && self.next_base.is_none();
                self.epoch.map(|(epoch, ..)| epoch).filter(|_| !is_ahead)
            }
            None => {
                let latest = self.latest_epoch.max(found);
                self.latest_epoch = latest;
                Some(latest)
            }
        };
        let Some(expected) = expected.filter(|expected| *expected != found) else {
            return;
        };
        match &mut self.epoch_faults {
            Some(finding) => finding.more += 1,
            none => {
                *none = Some(Finding {
                    path: self.path.clone(),
                    position: Some(batch.position),
                    offset: Some(header.base_offset),
                    severity: Severity::Error,
                    kind: FaultKind::LeaderEpoch { found, expected },
                    more: 0,
                });
            }
        }
    }

    fn show_to_indexes(&mut self, batch: &WalkedBatch, is_sound: bool) -> Result<(), LogError> {
        self.is_sound = is_sound;
        let header = &batch.header;
        let may_abort = is_sound && header.is_control() && header.producer_id >= 0;
        let is_abort = may_abort && header.size_bytes() <= CONTROL_MAX_BYTES && {
            let bytes = self.walk.read(batch)?;
            let unpacked = records_of(header, &bytes, CONTROL_MAX_BYTES).unwrap_or_default();
            let first = Records::new(*header, &unpacked).next().and_then(Result::ok);
            first.is_some_and(|record| ControlType::decode(record.key.unwrap_or_default()) == Ok(ControlType::Abort))
        };
        self.show_waiting()?;
        self.waiting = Some(Shown {
            position: batch.position,
            header: *header,
            is_sound,
            is_abort,
        });
        Ok(())
    }

    fn show_waiting(&mut self) -> Result<(), LogError> {
        let Some(shown) = self.waiting.take() else {
            return Ok(());
        };
        if shown.is_sound {
            self.check_epoch(&shown);
        }
        self.indexes.see(&shown)
    }

    /// Looks for a batch behind bytes that are none; whether there is one.
    fn go_on_behind(&mut self, fault: Fault) -> Result<bool, LogError> {
        let from = fault.position;
        let base_offset = self.base_offset;
        let end = self
            .next_base
            .unwrap_or_else(|| base_offset.saturating_add(i64::from(i32::MAX) + 1));
        let found = self.walk.resume(from + 1, |header| {
            header.base_offset >= base_offset && header.last_offset_delta >= 0 && header.last_offset() < end
        })?;
        let finding = self.finding(fault, Some(self.least));
        self.pending.push(finding);
        let to = found.unwrap_or(self.report.size_bytes);
        self.show_waiting()?;
        self.indexes.hide(from, to);
        Ok(found.is_some())
    }

    /// Whether the next start recovers this segment if the last end was not clean.
    fn is_doubtful(&self) -> bool {
        let recovery_point = self.options.recovery_point.unwrap_or(0);
        self.next_base.is_none_or(|next| next > recovery_point)
    }

    fn end(mut self) -> Result<SegmentReport, LogError> {
        self.show_waiting()?;
        let left = self.options.left;
        let is_last = self.next_base.is_none();
        let recovery_point = self.options.recovery_point;
        let is_unsynced = self.least >= recovery_point.unwrap_or(0);
        let is_cut = !self.pending.is_empty();
        if let Some(first) = self.pending.first().cloned() {
            let may_tear = is_last && left != Left::Clean && is_unsynced;
            if may_tear {
                // A broker that is at work is in the middle of a write, or has set space aside.
                if left != Left::InUse || !matches!(first.kind, FaultKind::ZeroTail { .. }) {
                    let left_bytes = self.report.size_bytes - first.position.unwrap_or(0);
                    self.report.findings.push(Finding {
                        severity: Severity::Warning,
                        kind: FaultKind::TornTail { left_bytes },
                        ..first
                    });
                }
            } else {
                self.report.findings.append(&mut self.pending);
            }
        }
        let mut is_short = false;
        if let Some(recovery_point) = recovery_point.filter(|_| is_last && !is_cut && left != Left::InUse) {
            let end = self.least;
            is_short = end < recovery_point;
            let kind = if is_short {
                Some(FaultKind::EndsEarly { end, recovery_point })
            } else {
                let is_late = end > recovery_point && left == Left::Clean;
                is_late.then_some(FaultKind::EndsLate { end, recovery_point })
            };
            let position = self.before.map_or(0, |before| before.position);
            if let Some(kind) = kind {
                self.push(kind.at(position), Some(end.min(recovery_point)));
            }
        }
        let is_recovered = left == Left::Unclean && self.is_doubtful();
        let severity = if is_recovered {
            Severity::Warning
        } else {
            Severity::Error
        };
        self.report.findings.extend(self.epoch_faults.take());
        let ending = Ending {
            next_offset: self.least,
            is_last,
            is_open: is_cut || is_short || !self.is_sound || (is_last && left == Left::InUse),
            is_active: is_last && left != Left::Clean || is_recovered,
            severity,
        };
        self.report.findings.extend(self.indexes.end(ending)?);
        Ok(self.report)
    }
}
