//! What a log knows besides its batches, read from small files where they can be trusted and from the batches where
//! not: leader epochs, producers.

use protocol::files::{names, parse_leader_epochs, parse_producer_snapshot};
use protocol::records::HEADER_BYTES;

use crate::epochs::EpochCache;
use crate::error::LogError;
use crate::log::Log;
use crate::producers::Producers;
use crate::segment::io_error;

/// Most bytes of a small file.
const SMALL_FILE_MAX_BYTES: u64 = 256 << 20;

impl Log {
    /// Reads leader-epoch-checkpoint; what is wrong with it, if it makes no sense.
    pub(crate) fn load_epochs(&mut self) -> Result<Option<String>, LogError> {
        let path = self.dir.join(names::LEADER_EPOCHS);
        let disk = self.files.disk();
        if !disk.exists(&path).map_err(io_error("looking for", &path))? {
            return Ok(Some(format!("{} is missing", path.display())));
        }
        let bytes = disk
            .read(&path, SMALL_FILE_MAX_BYTES)
            .map_err(io_error("reading", &path))?;
        // A last line without its end may be a number without its last digits.
        if !bytes.ends_with(b"\n") {
            return Ok(Some(format!("{} ends in the middle of a line", path.display())));
        }
        match parse_leader_epochs(&String::from_utf8_lossy(&bytes)) {
            Ok(entries) => {
                self.epochs = EpochCache::from_entries(&entries);
                Ok(None)
            }
            Err(error) => Ok(Some(format!("{}: {error}", path.display()))),
        }
    }

    /// Reads the leader epochs from the batches.
    pub(crate) fn rebuild_epochs(&mut self) -> Result<(), LogError> {
        let mut epochs = EpochCache::default();
        for segment in self.segments.values() {
            let mut scan = segment.scan(0, &self.files)?;
            while let Some((_, header)) = scan.next()? {
                epochs.walk(header.leader_epoch, header.base_offset);
            }
        }
        self.epochs = epochs;
        self.store_epochs()
    }

    /// Offsets of the producer snapshots there are.
    fn snapshots(&self) -> Result<Vec<i64>, LogError> {
        let entries = self
            .files
            .disk()
            .list(&self.dir)
            .map_err(io_error("listing", &self.dir))?;
        let offsets = entries
            .iter()
            .filter_map(|entry| crate::segment::offset_of(&entry.name, "snapshot"));
        Ok(offsets.collect())
    }

    /// Restores the producers, after a crash from no later on than the first segment that was recovered: its
    /// aborted transactions are indexed anew on the way. The offset of the latest snapshot that is kept.
    pub(crate) fn load_producers(&mut self, recovered_from: Option<i64>) -> Result<Option<i64>, LogError> {
        if self.snapshots()?.is_empty() {
            self.producers = Producers::default();
            self.replay_producers(self.log_start_offset)?;
            return Ok(None);
        }
        let trusted = recovered_from.unwrap_or(i64::MAX).min(self.log_end_offset);
        self.remove_snapshots(|offset| offset > trusted)?;
        self.rebuild_producers()?;
        // Each segment starts with a snapshot; the others but the last are of earlier shutdowns.
        let last = self.snapshots()?.into_iter().max();
        let segments: Vec<i64> = self.segments.keys().copied().collect();
        self.remove_snapshots(|offset| Some(offset) != last && !segments.contains(&offset))?;
        Ok(last)
    }

    /// Removes the producer snapshots at some offsets.
    pub(crate) fn remove_snapshots(&self, unwanted: impl Fn(i64) -> bool) -> Result<(), LogError> {
        for offset in self.snapshots()?.into_iter().filter(|offset| unwanted(*offset)) {
            let path = crate::segment::file(&self.dir, offset, "snapshot");
            self.files
                .disk()
                .remove_file(&path)
                .map_err(io_error("removing", &path))?;
        }
        Ok(())
    }

    /// Starts from the latest usable producer snapshot and walks the batches after it.
    pub(crate) fn rebuild_producers(&mut self) -> Result<(), LogError> {
        self.producers = Producers::default();
        let mut from = self.log_start_offset;
        let mut offsets = self.snapshots()?;
        offsets.retain(|offset| *offset <= self.log_end_offset);
        offsets.sort_unstable();
        while let Some(offset) = offsets.pop() {
            let path = crate::segment::file(&self.dir, offset, "snapshot");
            let bytes = self
                .files
                .disk()
                .read(&path, SMALL_FILE_MAX_BYTES)
                .map_err(io_error("reading", &path))?;
            if let Ok(entries) = parse_producer_snapshot(&bytes) {
                self.producers = Producers::from_snapshot(&entries);
                from = from.max(offset);
                break;
            }
            self.files
                .disk()
                .remove_file(&path)
                .map_err(io_error("removing", &path))?;
        }
        self.replay_producers(from)
    }

    fn replay_producers(&mut self, from: i64) -> Result<(), LogError> {
        if from >= self.log_end_offset {
            return Ok(());
        }
        let first = self.segments.range(..=from).next_back().map_or(from, |(base, _)| *base);
        let bases: Vec<i64> = self.segments.range(first..).map(|(base, _)| *base).collect();
        for base in bases {
            let Some(segment) = self.segments.get(&base) else {
                continue;
            };
            let mut found = Vec::new();
            if let Some((position, _)) = segment.find(from, &self.files)? {
                let mut scan = segment.scan(position, &self.files)?;
                while let Some((position, header)) = scan.next()? {
                    if header.producer_id >= 0 && header.base_offset >= from {
                        let batch = if header.is_control() {
                            segment.read_batch(position, &header, &self.files)?
                        } else {
                            Vec::new()
                        };
                        found.push((header, batch));
                    }
                }
            }
            for (header, batch) in found {
                self.replay_producer(base, &header, batch.get(HEADER_BYTES..).unwrap_or_default())?;
            }
        }
        Ok(())
    }
}
