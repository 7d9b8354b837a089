//! The features that go with a release, and what they need.

use std::collections::BTreeMap;

use super::releases::Release;

/// Feature levels by name.
pub(crate) type Levels = BTreeMap<String, i16>;

/// The feature that is the release itself.
pub(crate) const METADATA_VERSION: &str = "metadata.version";
/// The quorum's feature, which follows from how it is formed.
pub(crate) const KRAFT_VERSION: &str = "kraft.version";

/// One feature.
#[derive(Debug)]
pub(crate) struct Feature {
    pub(crate) name: &'static str,
    /// The metadata.version from which each level, from 1 on, is the default.
    default_since: &'static [i16],
    /// The metadata.version without which a level, from 1 on, cannot be; 0 for any.
    needs: &'static [i16],
}

/// All but metadata.version, in Kafka's order.
pub(crate) const FEATURES: [Feature; 6] = [
    Feature {
        name: KRAFT_VERSION,
        default_since: &[21],
        needs: &[0],
    },
    Feature {
        name: "transaction.version",
        default_since: &[24, 24],
        needs: &[0, 0],
    },
    Feature {
        name: "group.version",
        default_since: &[22],
        needs: &[0],
    },
    Feature {
        name: "eligible.leader.replicas.version",
        default_since: &[26],
        needs: &[23],
    },
    Feature {
        name: "share.version",
        default_since: &[28],
        needs: &[0],
    },
    Feature {
        name: "streams.version",
        default_since: &[29],
        needs: &[0],
    },
];

impl Feature {
    /// The feature with this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        FEATURES.iter().find(|feature| feature.name == name)
    }

    /// The level a release starts with.
    pub(crate) fn default_level(&self, release: Release) -> i16 {
        self.default_since
            .iter()
            .filter(|since| **since <= release.level())
            .count() as i16
    }

    /// The metadata.version that a level needs, if it needs one; none if there is no such level.
    pub(super) fn needs(&self, level: i16) -> Option<Option<i16>> {
        if level == 0 {
            return Some(None);
        }
        let at = usize::try_from(level).ok()?.checked_sub(1)?;
        self.needs.get(at).map(|needed| Some(*needed).filter(|n| *n > 0))
    }
}

/// Reads NAME=LEVEL arguments; a later one overrules an earlier one.
pub(crate) fn parse_levels(texts: &[String]) -> Result<Levels, String> {
    let parse = |text: &String| {
        let complaint = |what: &str| format!("Can't parse feature=level string {text}: {what}");
        let (name, level) = text
            .split_once('=')
            .ok_or_else(|| complaint("equals sign not found."))?;
        let parsed = level.trim().parse();
        let level = parsed.map_err(|_| complaint(&format!("unable to parse {level} as a short.")))?;
        Ok((name.to_owned(), level))
    };
    texts.iter().map(parse).collect()
}

/// The levels a cluster starts with: those of the release, with those `asked` for instead. Complaints are worded as
/// Apache's tool words them.
pub(super) fn effective(release: Release, asked: &Levels, is_quorum_dynamic: bool) -> Result<Levels, String> {
    let is_unknown = |name: &str| name != METADATA_VERSION && Feature::named(name).is_none();
    if let Some(name) = asked.keys().find(|name| is_unknown(name)) {
        let mut known = FEATURES.map(|feature| feature.name);
        known.sort_unstable();
        return Err(format!(
            "Unsupported feature: {name}. Supported features are: {}",
            known.join(", ")
        ));
    }
    let mut levels = asked.clone();
    levels.insert(METADATA_VERSION.to_owned(), release.level());
    let kraft = kraft_version(asked.get(KRAFT_VERSION).copied(), is_quorum_dynamic)?;
    levels.insert(KRAFT_VERSION.to_owned(), kraft);
    for feature in &FEATURES {
        let default = feature.default_level(release);
        levels.entry(feature.name.to_owned()).or_insert(default);
    }
    for (name, level) in &levels {
        let Some(feature) = Feature::named(name) else {
            continue;
        };
        let needed = feature
            .needs(*level)
            .ok_or_else(|| format!("No feature:{name} with feature level {level}"))?;
        if let Some(needed) = needed.filter(|needed| *needed > release.level()) {
            return Err(format!(
                "{name} could not be set to {level} because it depends on {METADATA_VERSION} level {needed}"
            ));
        }
    }
    Ok(levels)
}

fn kraft_version(asked: Option<i16>, is_quorum_dynamic: bool) -> Result<i16, String> {
    match asked {
        Some(0) if is_quorum_dynamic => Err(
            "Cannot set kraft.version to 0 if controller.quorum.voters is empty and one of the flags --standalone, --initial-controllers, or --no-initial-controllers is used. For dynamic controllers support, try removing the --feature flag for kraft.version."
                .to_owned(),
        ),
        Some(level) if level != 0 && !is_quorum_dynamic => Err(format!(
            "Cannot set kraft.version to {level} unless controller.quorum.voters is empty and one of the flags --standalone, --initial-controllers, or --no-initial-controllers is used. For dynamic controllers support, try using one of --standalone, --initial-controllers, or --no-initial-controllers and removing controller.quorum.voters."
        )),
        Some(level) => Ok(level),
        None => Ok(i16::from(is_quorum_dynamic)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(release: &str, asked: &[&str]) -> Result<Levels, String> {
        let asked: Vec<String> = asked.iter().map(|text| (*text).to_owned()).collect();
        effective(Release::parse(release, true).unwrap(), &parse_levels(&asked)?, true)
    }

    fn above_zero(levels: &Levels) -> Vec<&str> {
        let found = levels.iter().filter(|(_, level)| **level > 0);
        found.map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn features_come_with_their_release() {
        assert_eq!(above_zero(&of("3.9", &[]).unwrap()), [KRAFT_VERSION, METADATA_VERSION]);
        let of_4_0 = of("4.0", &[]).unwrap();
        assert_eq!(
            above_zero(&of_4_0),
            ["group.version", KRAFT_VERSION, METADATA_VERSION, "transaction.version"]
        );
        assert_eq!(above_zero(&of("4.3", &[]).unwrap()).len(), 7);
        let without = of("4.3", &["group.version=1", "group.version=0"]).unwrap();
        assert_eq!(without["group.version"], 0);
    }

    #[test]
    fn levels_that_cannot_be_are_refused() {
        let complaint = |release, asked: &str| of(release, &[asked]).unwrap_err();
        assert!(complaint("4.3", "foo=1").starts_with("Unsupported feature: foo. Supported features are: eligible"));
        assert_eq!(
            complaint("4.3", "group.version=2"),
            "No feature:group.version with feature level 2"
        );
        assert_eq!(
            complaint("3.9", "eligible.leader.replicas.version=1"),
            "eligible.leader.replicas.version could not be set to 1 because it depends on metadata.version level 23"
        );
        assert!(complaint("4.3", "kraft.version=0").starts_with("Cannot set kraft.version to 0 if"));
        assert!(complaint("4.3", "foo").ends_with("equals sign not found."));
        assert!(complaint("4.3", "foo=40000").ends_with("unable to parse 40000 as a short."));
        assert!(kraft_version(Some(1), false).is_err());
        assert_eq!(kraft_version(None, false), Ok(0));
    }
}
