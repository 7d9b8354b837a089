//! Offsets of groups on the other side, and whether they may be committed there.
//!
//! Exact or not at all: the first record that a reader finds from the translated offset is the one that it would have found from
//! its own. Where the map does not reach yet, a group stands at its end, which is never too late, and is brought on in a later
//! round. Leader epochs of one cluster mean nothing to another, so -1 is committed; who commits does that.

use crate::offset_map::{OffsetMap, Position};

/// From which side to which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// As the mirror goes.
    ToTarget,
    /// Back again.
    ToSource,
}

/// How far a group may be moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Never back, as MirrorMaker does it.
    #[default]
    ForwardOnly,
    /// Wherever it stands on its own side, back too.
    Mirror,
}

/// What a group is doing where its offset would be committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupState {
    /// There is no such group, or it is dead.
    Absent,
    /// It has no members.
    Empty,
    /// It has members, which commit for themselves.
    Active,
}

/// What a group committed for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The next offset to be read; a broker says -1 for none.
    pub offset: i64,
    /// Whatever the group wrote with it.
    pub metadata: String,
}

/// How groups are brought over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rules {
    /// How far they may be moved.
    pub mode: Mode,
    /// Also groups that have members there; the coordinator may still refuse.
    pub with_members: bool,
}

/// The partition on the side where the offset would be committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Its first offset.
    pub start: i64,
    /// Behind the last that may be read.
    pub end: i64,
}

/// A group and a partition.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What it committed on its own side, if anything.
    pub own: Option<&'a Committed>,
    /// What it is doing on the other.
    pub state: GroupState,
    /// What is committed there, if anything.
    pub other: Option<&'a Committed>,
    /// The partition there.
    pub bounds: Bounds,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// This is committed.
    Commit {
        /// The next offset to be read there.
        offset: i64,
        /// As the group wrote it.
        metadata: String,
        /// Whether the group is further on its own side than what is mirrored.
        is_ahead: bool,
    },
    /// What is committed there stays.
    Keep(Kept),
    /// Not yet.
    Wait(Waits),
}

/// Why what is committed stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Kept {
    /// Nothing to bring over.
    #[error("the group has committed nothing for the partition")]
    NothingCommitted,
    /// It is there already.
    #[error("the group stands there already")]
    Same,
    /// It would be moved back.
    #[error("the group stands at {0} there, further than it is here, and is never moved back")]
    Further(i64),
    /// Its members know better.
    #[error("the group has members there, which commit for themselves")]
    HasMembers,
}

/// Why it cannot be committed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Waits {
    /// The map knows nothing.
    #[error("nothing of the partition has been mirrored yet")]
    NothingMirrored,
    /// Something else brought over what the group is to read next.
    #[error("offset {0} is of before the mirror, which does not know where it lies on the other side")]
    BeforeMirror(i64),
    /// The other side lost records, and the mirror has not found that out yet.
    #[error("offset {offset} lies behind the other side's end {end}")]
    BehindEnd {
        /// Where the group would stand.
        offset: i64,
        /// The other side's end.
        end: i64,
    },
    /// The offset is in a span that has to be counted first.
    #[error("the records around offset {0} have to be counted")]
    NotCounted(i64),
}

/// Where a position of one side lies on the other.
pub fn translate(map: &OffsetMap, direction: Direction, offset: i64) -> Position {
    match direction {
        Direction::ToTarget => map.to_target(offset),
        Direction::ToSource => map.to_source(offset),
    }
}

/// What becomes of a group's offset, by [`translate`]'s answer to it; of a [`Position::Scan`] the answer is
/// [`Position::At`] what was counted.
pub fn decide(rules: Rules, map: &OffsetMap, direction: Direction, asked: Asked<'_>, position: Position) -> Decision {
    let Some(own) = asked.own.filter(|own| own.offset >= 0) else {
        return Decision::Keep(Kept::NothingCommitted);
    };
    if asked.state == GroupState::Active && !rules.with_members {
        return Decision::Keep(Kept::HasMembers);
    }
    let map_end = match direction {
        Direction::ToTarget => map.target_next(),
        Direction::ToSource => map.source_next(),
    };
    let Bounds { start, end } = asked.bounds;
    let (offset, is_ahead) = match position {
        Position::At(offset) => (offset, false),
        // Nothing is there before, so the first that the mirror knows is the first.
        Position::Before(offset) if offset <= start => (offset, false),
        Position::Before(_) => return Decision::Wait(Waits::BeforeMirror(own.offset)),
        Position::Ahead if map.spans().is_empty() => return Decision::Wait(Waits::NothingMirrored),
        Position::Ahead => (map_end, true),
        Position::Scan(_) => return Decision::Wait(Waits::NotCounted(own.offset)),
    };
    if offset > end {
        return Decision::Wait(Waits::BehindEnd { offset, end });
    }
    // What retention took is not read any more; an offset before it would send the group wherever its reset does.
    settle(rules, own, offset.max(start), is_ahead, asked.other)
}

fn settle(rules: Rules, own: &Committed, offset: i64, is_ahead: bool, other: Option<&Committed>) -> Decision {
    if let Some(other) = other.filter(|other| other.offset >= 0) {
        let is_same = other.offset == offset && (rules.mode == Mode::ForwardOnly || other.metadata == own.metadata);
        if is_same {
            return Decision::Keep(Kept::Same);
        }
        if rules.mode == Mode::ForwardOnly && other.offset > offset {
            return Decision::Keep(Kept::Further(other.offset));
        }
    }
    Decision::Commit {
        offset,
        metadata: own.metadata.clone(),
        is_ahead,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::re_encode::Run;

    /// Source 10..20 at target 3..13, a marker at 20, 21..31 at 13..23, another marker.
    fn map() -> OffsetMap {
        let mut map = OffsetMap::new(10, 3);
        for (source_offset, target) in [(10, 3), (21, 13)] {
            map.append(
                Run {
                    source_offset,
                    count: 10,
                },
                target,
            );
        }
        map.skip_to(32);
        map
    }

    const BOUNDS: Bounds = Bounds { start: 3, end: 23 };

    fn committed(offset: i64) -> Committed {
        Committed {
            offset,
            metadata: "m".to_owned(),
        }
    }

    fn commit(offset: i64, is_ahead: bool) -> Decision {
        Decision::Commit {
            offset,
            metadata: "m".to_owned(),
            is_ahead,
        }
    }

    struct Case {
        rules: Rules,
        state: GroupState,
        bounds: Bounds,
        other: Option<i64>,
    }

    const PLAIN: Case = Case {
        rules: Rules {
            mode: Mode::ForwardOnly,
            with_members: false,
        },
        state: GroupState::Empty,
        bounds: BOUNDS,
        other: None,
    };

    const MIRROR: Rules = Rules {
        mode: Mode::Mirror,
        with_members: false,
    };

    impl Case {
        fn of(&self, map: &OffsetMap, direction: Direction, own: i64) -> Decision {
            let (own, other) = (committed(own), self.other.map(committed));
            let asked = Asked {
                own: Some(&own),
                state: self.state,
                other: other.as_ref(),
                bounds: self.bounds,
            };
            decide(self.rules, map, direction, asked, translate(map, direction, own.offset))
        }

        fn to_target(&self, own: i64) -> Decision {
            self.of(&map(), Direction::ToTarget, own)
        }
    }

    #[test]
    fn a_group_stands_before_the_same_record() {
        assert_eq!(PLAIN.to_target(15), commit(8, false));
        assert_eq!(PLAIN.to_target(20), commit(13, false), "at a marker");
        assert_eq!(
            PLAIN.to_target(31),
            commit(23, false),
            "at the last marker: the target's end"
        );
        assert_eq!(PLAIN.to_target(32), commit(23, false), "at the end");
        assert_eq!(PLAIN.to_target(0), commit(3, false), "before the source's first record");
        let back = Case {
            bounds: Bounds { start: 10, end: 32 },
            ..PLAIN
        };
        assert_eq!(back.of(&map(), Direction::ToSource, 13), commit(21, false));
        assert_eq!(back.of(&map(), Direction::ToSource, 23), commit(32, false));
        assert_eq!(back.of(&map(), Direction::ToSource, 24), commit(32, true));
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        assert_eq!(
            PLAIN.to_target(40),
            commit(23, true),
            "ahead of the mirror, as far as it got"
        );
        let empty = OffsetMap::new(0, 0);
        assert_eq!(
            PLAIN.of(&empty, Direction::ToTarget, 5),
            Decision::Wait(Waits::NothingMirrored)
        );
        let earlier = Case {
            bounds: Bounds { start: 0, end: 23 },
            ..PLAIN
        };
        assert_eq!(earlier.to_target(5), Decision::Wait(Waits::BeforeMirror(5)));
        assert_eq!(earlier.to_target(10), commit(3, false), "the mirror's first record");
        let lost = Case {
            bounds: Bounds { start: 3, end: 10 },
            ..PLAIN
        };
        let behind = Waits::BehindEnd { offset: 13, end: 10 };
        assert_eq!(lost.to_target(21), Decision::Wait(behind));
        let expired = Case {
            bounds: Bounds { start: 12, end: 23 },
            ..PLAIN
        };
        assert_eq!(expired.to_target(15), commit(12, false), "what retention left");
        assert_eq!(PLAIN.to_target(-1), Decision::Keep(Kept::NothingCommitted));
    }

    #[test]
    fn groups_are_moved_as_the_mode_says() {
        let at = |other, rules| Case {
            other: Some(other),
            rules,
            ..PLAIN
        };
        assert_eq!(at(5, PLAIN.rules).to_target(15), commit(8, false));
        assert_eq!(at(8, PLAIN.rules).to_target(15), Decision::Keep(Kept::Same));
        assert_eq!(at(9, PLAIN.rules).to_target(15), Decision::Keep(Kept::Further(9)));
        assert_eq!(at(9, MIRROR).to_target(15), commit(8, false), "back");
        assert_eq!(at(8, MIRROR).to_target(15), Decision::Keep(Kept::Same));
        assert_eq!(
            at(-1, PLAIN.rules).to_target(15),
            commit(8, false),
            "nothing committed there"
        );
    }

    #[test]
    fn other_metadata_is_brought_over_where_everything_is() {
        let (own, other) = (
            committed(15),
            Committed {
                offset: 8,
                metadata: "old".to_owned(),
            },
        );
        let asked = Asked {
            own: Some(&own),
            state: GroupState::Empty,
            other: Some(&other),
            bounds: BOUNDS,
        };
        let of = |rules| decide(rules, &map(), Direction::ToTarget, asked, Position::At(8));
        assert_eq!(of(MIRROR), commit(8, false));
        assert_eq!(of(PLAIN.rules), Decision::Keep(Kept::Same));
    }

    #[test]
    fn members_are_left_alone() {
        let with = |state, with_members| Case {
            state,
            rules: Rules {
                with_members,
                ..PLAIN.rules
            },
            ..PLAIN
        };
        let has_members = Decision::Keep(Kept::HasMembers);
        assert_eq!(with(GroupState::Active, false).to_target(15), has_members);
        assert_eq!(with(GroupState::Active, true).to_target(15), commit(8, false));
        assert_eq!(with(GroupState::Absent, false).to_target(15), commit(8, false));
    }
}
