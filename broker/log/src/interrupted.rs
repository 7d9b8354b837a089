//! What interrupted operations left in a partition's directory: deletions that were not finished, and segments that
//! the cleaner had rewritten and not yet put in the place of the old ones.

use std::ops::Range;
use std::path::PathBuf;

use crate::error::LogError;
use crate::load::LoadReport;
use crate::log::Log;
use crate::segment::{Segment, io_error, parse_offset};

/// A rewritten segment that is whole and replaces others.
const SWAP: &str = ".swap";
/// One that was still being written.
const CLEANED: &str = ".cleaned";
/// What can go, whatever it is.
const STALE: [&str; 3] = [CLEANED, ".deleted", ".tmp"];

impl Log {
    /// Removes what can go, and completes the replacement of segments; the names that are there then.
    pub(crate) fn finish_interrupted(
        &self,
        names: Vec<String>,
        report: &mut LoadReport,
    ) -> Result<Vec<String>, LogError> {
        let is_interrupted = |name: &String| name.ends_with(SWAP) || STALE.iter().any(|suffix| name.ends_with(suffix));
        if !names.iter().any(is_interrupted) {
            return Ok(names);
        }
        // A segment that overflowed is split in order: what lies behind an unfinished part is unfinished, too.
        let unfinished = names.iter().filter(|name| name.ends_with(CLEANED));
        let unfinished_from = unfinished.filter_map(|name| offset_of(name)).min().unwrap_or(i64::MAX);
        let mut swaps = Vec::new();
        for name in names {
            if STALE.iter().any(|suffix| name.ends_with(suffix)) {
                self.remove(name, report)?;
            } else if let Some(offset) = offset_of(&name).filter(|_| name.ends_with(SWAP)) {
                if offset >= unfinished_from {
                    self.remove(name, report)?;
                } else {
                    swaps.push(name);
                }
            }
        }
        if swaps.is_empty() {
            return self.file_names();
        }
        let replaced = self.replaced_by(&swaps)?;
        for name in self.file_names()? {
            if !name.ends_with(SWAP) && offset_of(&name).is_some_and(|offset| replaced.contains(&offset)) {
                self.remove(name, report)?;
            }
        }
        let disk = self.files.disk();
        for name in swaps {
            let (from, to) = (self.dir.join(&name), self.dir.join(name.trim_end_matches(SWAP)));
            disk.rename(&from, &to).map_err(io_error("renaming", &from))?;
        }
        disk.sync_dir(&self.dir).map_err(io_error("syncing", &self.dir))?;
        self.file_names()
    }

    /// Names of the files in the log's directory.
    pub(crate) fn file_names(&self) -> Result<Vec<String>, LogError> {
        let entries = self.files.disk().list(&self.dir);
        let entries = entries.map_err(io_error("listing", &self.dir))?;
        Ok(entries
            .into_iter()
            .filter(|entry| !entry.is_dir)
            .map(|entry| entry.name)
            .collect())
    }

    fn remove(&self, name: String, report: &mut LoadReport) -> Result<(), LogError> {
        let path: PathBuf = self.dir.join(name);
        self.files
            .disk()
            .remove_file(&path)
            .map_err(io_error("removing", &path))?;
        report.removed.push(path);
        Ok(())
    }

    /// From the first to behind the last offset of the rewritten segments.
    fn replaced_by(&self, swaps: &[String]) -> Result<Range<i64>, LogError> {
        let (mut first, mut behind_last) = (i64::MAX, i64::MIN);
        for name in swaps.iter().filter(|name| name.ends_with(".log.swap")) {
            let Some(base) = offset_of(name) else { continue };
            let path = self.dir.join(name);
            let len = self.files.get(&path).and_then(|file| file.len());
            let mut segment = Segment::rebuilt(&self.dir, base, len.map_err(io_error("opening", &path))?, &self.files)?;
            segment.path.clone_from(&path);
            let (mut scan, mut end) = (segment.scan(0, &self.files)?, base);
            while let Some((_, header)) = scan.next()? {
                end = header.next_offset();
            }
            self.files.forget(&path);
            (first, behind_last) = (first.min(base), behind_last.max(end));
        }
        Ok(first..behind_last)
    }
}

fn offset_of(name: &str) -> Option<i64> {
    parse_offset(name.split_once('.')?.0)
}
