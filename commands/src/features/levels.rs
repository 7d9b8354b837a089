//! Which levels features are to get, as the command line names them.

use clap::Args;
use client::FinalizedFeatures;

use super::level_text;
use crate::error::CommandError;
use crate::storage::{FEATURES, KRAFT_VERSION, Levels, METADATA_VERSION, Release, parse_levels};

/// Levels of features.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub(super) struct LevelArgs {
    /// A feature's level; may be repeated
    #[arg(short, long, value_name = "NAME=LEVEL", required_unless_present_any = ["metadata", "release_version"])]
    feature: Vec<String>,
    /// The release whose metadata.version is meant, as in 4.3 or 4.3-IV0
    #[arg(long, value_name = "RELEASE")]
    metadata: Option<String>,
    /// The release whose metadata.version and features are meant, all but kraft.version
    #[arg(short, long, value_name = "RELEASE", conflicts_with_all = ["metadata", "feature"])]
    release_version: Option<String>,
}

/// Which way levels go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Up.
    Up,
    /// Down.
    Down,
}

/// What is to be changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Levels that are not there yet.
    pub(super) changes: Levels,
    /// Levels that are there already.
    pub(super) same: Levels,
    /// What was left out, and why.
    pub(super) notes: Vec<String>,
}

impl LevelArgs {
    /// What is to be changed, given what counts now. A level that lies the other way is refused.
    pub(super) fn wanted(&self, direction: Direction, now: &FinalizedFeatures) -> Result<Wanted, CommandError> {
        match &self.release_version {
            Some(release) => Ok(of_release(&parse(release)?, direction, now)),
            None => self.named(direction, now),
        }
    }

    fn named(&self, direction: Direction, now: &FinalizedFeatures) -> Result<Wanted, CommandError> {
        let mut levels = parse_levels(&self.feature).map_err(CommandError::usage)?;
        if let Some(release) = &self.metadata {
            let level = parse(release)?.level();
            if levels
                .insert(METADATA_VERSION.to_owned(), level)
                .is_some_and(|other| other != level)
            {
                return Err(CommandError::usage(format!(
                    "--metadata and --feature name different levels of {METADATA_VERSION}"
                )));
            }
        }
        let mut wanted = Wanted::default();
        for (name, level) in levels {
            let current = now.level(&name);
            if level == current {
                wanted.same.insert(name, level);
                continue;
            }
            if (level > current) != (direction == Direction::Up) {
                return Err(other_way(&name, current, level));
            }
            wanted.changes.insert(name, level);
        }
        Ok(wanted)
    }
}

fn parse(release: &str) -> Result<Release, CommandError> {
    Release::parse(release, true).map_err(CommandError::usage)
}

fn other_way(name: &str, current: i16, level: i16) -> CommandError {
    let way = if level < current { "downgrade" } else { "upgrade" };
    CommandError::refused(format!(
        "{name} is at {}, and to {} is a {way}; nothing was changed",
        level_text(name, current),
        level_text(name, level)
    ))
    .hint(format!("kfleet features {way} does that"))
}

/// The levels of a release, where they lie the right way. Dynamic voters are for good and want other configurations,
/// so kraft.version is changed by its name only (KAFKA-21426).
fn of_release(release: &Release, direction: Direction, now: &FinalizedFeatures) -> Wanted {
    let mut wanted = Wanted::default();
    let defaults = FEATURES
        .iter()
        .map(|feature| (feature.name, feature.default_level(*release)));
    for (name, level) in [(METADATA_VERSION, release.level())].into_iter().chain(defaults) {
        let current = now.level(name);
        let lies_ahead = match direction {
            Direction::Up => level > current,
            Direction::Down => level < current,
        };
        if name == KRAFT_VERSION {
            if level > current && direction == Direction::Up {
                let note =
                    format!("{name} stays at {current}: --feature {name}={level} makes the voters dynamic, for good");
                wanted.notes.push(note);
            }
        } else if lies_ahead {
            wanted.changes.insert(name.to_owned(), level);
        } else if level == current {
            wanted.same.insert(name.to_owned(), level);
        } else {
            let note = format!("{name} stays at {}", level_text(name, current));
            wanted.notes.push(note);
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit_codes;

    fn now(levels: &[(&str, i16)]) -> FinalizedFeatures {
        FinalizedFeatures {
            levels: levels
                .iter()
                .map(|(name, level)| ((*name).to_owned(), *level))
                .collect(),
            epoch: None,
        }
    }

    fn args(feature: &[&str], metadata: Option<&str>, release: Option<&str>) -> LevelArgs {
        LevelArgs {
            feature: feature.iter().map(|text| (*text).to_owned()).collect(),
            metadata: metadata.map(str::to_owned),
            release_version: release.map(str::to_owned),
        }
    }

    fn of_3_9() -> FinalizedFeatures {
        now(&[(METADATA_VERSION, 21)])
    }

    #[test]
    fn a_release_raises_all_its_features_but_kraft_version() {
        let wanted = args(&[], None, Some("4.0")).wanted(Direction::Up, &of_3_9()).unwrap();
        let changes: Vec<(&str, i16)> = wanted
            .changes
            .iter()
            .map(|(name, level)| (name.as_str(), *level))
            .collect();
        assert_eq!(
            changes,
            [("group.version", 1), (METADATA_VERSION, 25), ("transaction.version", 2)]
        );
        assert!(matches!(wanted.notes.as_slice(), [note] if note.starts_with("kraft.version stays at 0")));
        let dynamic = now(&[(METADATA_VERSION, 21), (KRAFT_VERSION, 1)]);
        let wanted = args(&[], None, Some("4.0")).wanted(Direction::Up, &dynamic).unwrap();
        assert!(wanted.notes.is_empty());
    }

    #[test]
    fn a_release_lowers_what_is_above_it_and_never_kraft_version() {
        let levels = [
            (METADATA_VERSION, 30),
            (KRAFT_VERSION, 1),
            ("share.version", 1),
            ("group.version", 1),
        ];
        let wanted = args(&[], None, Some("4.1"))
            .wanted(Direction::Down, &now(&levels))
            .unwrap();
        let changes: Vec<(&str, i16)> = wanted
            .changes
            .iter()
            .map(|(name, level)| (name.as_str(), *level))
            .collect();
        assert_eq!(changes, [(METADATA_VERSION, 27), ("share.version", 0)]);
        assert!(wanted.same.contains_key("group.version"));
    }

    #[test]
    fn the_wrong_way_is_refused_and_the_same_level_is_not() {
        let refused = |args: &LevelArgs, direction| args.wanted(direction, &of_3_9()).unwrap_err().code;
        assert_eq!(
            refused(&args(&[], Some("3.8"), None), Direction::Up),
            exit_codes::REFUSED
        );
        assert_eq!(
            refused(&args(&["group.version=1"], None, None), Direction::Down),
            exit_codes::REFUSED
        );
        let same = args(&["group.version=0"], Some("3.9"), None)
            .wanted(Direction::Down, &of_3_9())
            .unwrap();
        assert!(same.changes.is_empty() && same.same.len() == 2);
        for wrong in [
            args(&["group.version"], None, None),
            args(&[], Some("9.9"), None),
            args(&["metadata.version=20"], Some("4.3"), None),
        ] {
            assert_eq!(refused(&wrong, Direction::Up), exit_codes::USAGE);
        }
    }
}
