//! Indexes, entry by entry.

use std::path::Path;

use broker_log::disk::RealDisk;
use broker_log::offline::{Fault, IndexStep, OffsetIndexWalk, TimeIndexWalk, TxnIndexWalk};

use super::element::Element;
use super::{Dump, Sink, Stop};

impl<S: Sink> Dump<'_, S> {
    /// An `.index`.
    pub(super) fn offset_index(&mut self, path: &Path) -> Result<(), Stop> {
        let mut walk = if self.args.index_sanity_check {
            OffsetIndexWalk::open_alone(&RealDisk, path)?
        } else {
            let walk = OffsetIndexWalk::open(&RealDisk, path)?;
            self.note_missing_segment(walk.has_segment());
            walk
        };
        while let Some(step) = walk.next()? {
            self.step(step, |position, entry| Element::OffsetIndexEntry {
                position,
                offset: entry.offset,
                batch_position: entry.position,
            })?;
        }
        Ok(())
    }

    /// A `.timeindex`.
    pub(super) fn time_index(&mut self, path: &Path) -> Result<(), Stop> {
        let mut walk = if self.args.index_sanity_check {
            TimeIndexWalk::open_alone(&RealDisk, path)?
        } else {
            let walk = TimeIndexWalk::open(&RealDisk, path)?;
            self.note_missing_segment(walk.has_segment());
            walk
        };
        while let Some(step) = walk.next()? {
            self.step(step, |position, entry| Element::TimeIndexEntry {
                position,
                timestamp: entry.timestamp,
                offset: entry.offset,
            })?;
        }
        Ok(())
    }

    /// A `.txnindex`.
    pub(super) fn txn_index(&mut self, path: &Path) -> Result<(), Stop> {
        let mut walk = TxnIndexWalk::open(&RealDisk, path)?;
        while let Some(step) = walk.next()? {
            self.step(step, |position, entry| Element::AbortedTransaction {
                position,
                producer_id: entry.producer_id,
                first_offset: entry.first_offset,
                last_offset: entry.last_offset,
                last_stable_offset: entry.last_stable_offset,
            })?;
        }
        Ok(())
    }

    fn note_missing_segment(&mut self, is_there: bool) {
        if !is_there {
            let file = &self.file;
            self.warnings.push(format!(
                "{file} is not checked against its segment, which is not beside it"
            ));
        }
    }

    fn step<E>(&mut self, step: IndexStep<E>, shown: impl FnOnce(u64, E) -> Element<'static>) -> Result<(), Stop> {
        let faults: Vec<Fault> = match step {
            IndexStep::Entry {
                position,
                entry,
                faults,
            } => {
                if !self.args.shows_no_entries() {
                    self.push(shown(position, entry))?;
                }
                faults
            }
            IndexStep::Unused { .. } if self.args.shows_no_entries() && !self.args.as_kafka => Vec::new(),
            IndexStep::Unused { position, left_bytes } => {
                self.push(Element::Unused {
                    position,
                    size_bytes: left_bytes,
                })?;
                Vec::new()
            }
            IndexStep::End(fault) => vec![fault],
        };
        for fault in faults {
            self.fault(Some(fault.position), &fault.kind)?;
        }
        Ok(())
    }
}
