//! All that was found, each kind counted, and a part of it kept.

use std::collections::BTreeMap;
use std::fmt;

use super::finding::{Finding, Kind};

/// Findings that are kept of each kind: a log that is wrong from end to end must not fill memory.
const KEPT_MAX: u64 = 1000;

/// What a check came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    counts: BTreeMap<Kind, u64>,
    findings: Vec<Finding>,
}

impl Report {
    pub(super) fn add(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.kind()).or_insert(0);
        *count += 1;
        if *count <= KEPT_MAX {
            self.findings.push(finding);
        }
    }

    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.counts.is_empty()
    }

    /// How many there are of each kind.
    pub fn counts(&self) -> &BTreeMap<Kind, u64> {
        &self.counts
    }

    /// The first thousand of each kind.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

/// Counts, and the first of each kind with its evidence.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;
        if self.is_clean() {
            return f.write_str("nothing is wrong");
        }
        for (kind, count) in &self.counts {
            writeln!(f, "{count} {kind}:")?;
            let of_kind = self.findings.iter().filter(|finding| finding.kind() == *kind);
            for finding in of_kind.take(SHOWN) {
                writeln!(f, "  {finding}")?;
            }
        }
        Ok(())
    }
}
