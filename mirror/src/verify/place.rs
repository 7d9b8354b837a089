//! Where the offset map has the record of the other side.

use crate::offset_map::{OffsetMap, Position};

/// Where a record of one side should be on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// There.
    At(i64),
    /// The map has left it out, or has it as none of the source's.
    Nowhere,
    /// It was there before the mirror, or has not been mirrored yet.
    Outside,
    /// By order only.
    Unknown,
}

/// Where a record of the source should be at the target.
pub(super) fn of_source(map: &OffsetMap, offset: i64) -> Place {
    if offset >= map.source_next() {
        return Place::Outside;
    }
    let back = |target: i64| target < map.target_next() && map.to_source(target) == Position::At(offset);
    placed(map.to_target(offset), back)
}

/// Where a record of the target should be from.
pub(super) fn of_target(map: &OffsetMap, offset: i64) -> Place {
    if offset >= map.target_next() {
        return Place::Outside;
    }
    let back = |source: i64| source < map.source_next() && map.to_target(source) == Position::At(offset);
    placed(map.to_source(offset), back)
}

/// A position is where a record lies only if the way back leads to the same; otherwise it is that of the next record.
fn placed(position: Position, leads_back: impl Fn(i64) -> bool) -> Place {
    match position {
        Position::At(offset) if leads_back(offset) => Place::At(offset),
        Position::At(_) => Place::Nowhere,
        Position::Before(_) | Position::Ahead => Place::Outside,
        Position::Scan(_) => Place::Unknown,
    }
}
