//! Features and their levels.

use std::collections::BTreeMap;

/// The feature whose level says which metadata records are written.
pub const METADATA_VERSION: &str = "metadata.version";
/// The feature that tells static from dynamic voters.
pub const KRAFT_VERSION: &str = "kraft.version";
/// The feature that keeps track of eligible leader replicas (KIP-966).
pub const ELR_VERSION: &str = "eligible.leader.replicas.version";
pub(super) const GROUP_VERSION: &str = "group.version";
pub(super) const SHARE_VERSION: &str = "share.version";
pub(super) const STREAMS_VERSION: &str = "streams.version";
pub(super) const TRANSACTION_VERSION: &str = "transaction.version";

/// Levels of a feature that a node supports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// The lowest.
    pub min: i16,
    /// The highest.
    pub max: i16,
}

/// What a node supports, by the feature's name.
pub type Ranges = BTreeMap<String, Range>;
/// Levels that count, by the feature's name; what is not there is at 0.
pub type Levels = BTreeMap<String, i16>;

/// Levels of metadata.version from 1 on, by their names.
const METADATA_LEVELS: [&str; 33] = [
    "3.0-IV1", "3.1-IV0", "3.2-IV0", "3.3-IV0", "3.3-IV1", "3.3-IV2", "3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1",
    "3.5-IV2", "3.6-IV0", "3.6-IV1", "3.6-IV2", "3.7-IV0", "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0",
    "3.9-IV0", "4.0-IV0", "4.0-IV1", "4.0-IV2", "4.0-IV3", "4.1-IV0", "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0",
    "4.4-IV0", "4.4-IV1", "4.4-IV2",
];

/// Levels of metadata.version that brought records or fields (`didMetadataChange`): no way leads back below one.
const RECORDS_CHANGED_AT: [i16; 15] = [1, 3, 5, 6, 7, 8, 11, 13, 14, 15, 17, 23, 30, 32, 33];

/// The lowest metadata.version that a cluster at this one can go back to.
pub fn lowest_way_back(level: i16) -> i16 {
    let changed = RECORDS_CHANGED_AT.iter().rev().find(|changed| **changed <= level);
    changed.copied().unwrap_or(level)
}

/// A level, with the release that it is called by.
pub fn level_text(feature: &str, level: i16) -> String {
    let name = usize::try_from(level)
        .ok()
        .and_then(|level| level.checked_sub(1))
        .and_then(|at| METADATA_LEVELS.get(at))
        .filter(|_| feature == METADATA_VERSION);
    match name {
        Some(name) => format!("{level} ({name})"),
        None => level.to_string(),
    }
}
