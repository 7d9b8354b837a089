//! Releases and their metadata.version.

/// Level, name; the last one is not for production yet.
const METADATA_VERSIONS: [(i16, &str); 25] = [
    (7, "3.3-IV3"),
    (8, "3.4-IV0"),
    (9, "3.5-IV0"),
    (10, "3.5-IV1"),
    (11, "3.5-IV2"),
    (12, "3.6-IV0"),
    (13, "3.6-IV1"),
    (14, "3.6-IV2"),
    (15, "3.7-IV0"),
    (16, "3.7-IV1"),
    (17, "3.7-IV2"),
    (18, "3.7-IV3"),
    (19, "3.7-IV4"),
    (20, "3.8-IV0"),
    (21, "3.9-IV0"),
    (22, "4.0-IV0"),
    (23, "4.0-IV1"),
    (24, "4.0-IV2"),
    (25, "4.0-IV3"),
    (26, "4.1-IV0"),
    (27, "4.1-IV1"),
    (28, "4.2-IV0"),
    (29, "4.2-IV1"),
    (30, "4.3-IV0"),
    (31, "4.4-IV0"),
];

/// A level of metadata.version that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Release {
    level: i16,
}

impl Release {
    /// The newest one for production.
    pub(crate) const LATEST: Self = Self { level: 30 };
    /// The newest one of all.
    pub(super) const NEWEST: Self = Self { level: 31 };
    /// The first one whose metadata log can hold SCRAM credentials.
    pub(super) const FIRST_WITH_SCRAM: Self = Self { level: 11 };

    /// The release with this level.
    pub(crate) fn of_level(level: i16) -> Result<Self, String> {
        let known = METADATA_VERSIONS.iter().any(|(known, _)| *known == level);
        if known {
            Ok(Self { level })
        } else {
            Err(format!(
                "No MetadataVersion with feature level {level}. Valid feature levels are from {} to {}.",
                METADATA_VERSIONS[0].0,
                Self::NEWEST.level
            ))
        }
    }

    /// A release by its name: `4.3`, `4.3.1` or `4.3-IV0`. What is not for production yet has only its full name, and
    /// that only if `unstable` is allowed.
    pub(crate) fn parse(text: &str, unstable: bool) -> Result<Self, String> {
        let short: Vec<&str> = text.split('.').take(2).collect();
        let short = short.join(".");
        let any_of_it = format!("{short}-");
        let allowed = METADATA_VERSIONS
            .iter()
            .filter(|(level, _)| unstable || *level <= Self::LATEST.level);
        let exact = allowed.clone().find(|(_, name)| *name == short);
        let found = exact.or_else(|| {
            let newest_first = METADATA_VERSIONS.iter().rev();
            newest_first
                .filter(|(level, _)| *level <= Self::LATEST.level)
                .find(|(_, name)| name.starts_with(&any_of_it))
        });
        found.map(|(level, _)| Self { level: *level }).ok_or_else(|| {
            let known: Vec<&str> = allowed.map(|(_, name)| *name).collect();
            format!(
                "Unknown metadata.version '{text}'. Supported metadata.version are: {}",
                known.join(", ")
            )
        })
    }

    /// Its level.
    pub(crate) const fn level(self) -> i16 {
        self.level
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        METADATA_VERSIONS
            .iter()
            .find(|(known, _)| *known == self.level)
            .map_or("unknown", |(_, name)| name)
    }

    /// Whether it is for production.
    pub(super) fn is_stable(self) -> bool {
        self <= Self::LATEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_named_in_three_ways() {
        for text in ["4.3", "4.3.1", "4.3-IV0", "4.3.0-SNAPSHOT", "4.3-IV0.1"] {
            assert_eq!(Release::parse(text, false), Ok(Release::LATEST), "{text}");
        }
        assert_eq!(Release::parse("3.9", false).unwrap().name(), "3.9-IV0");
        assert_eq!(Release::parse("3.7.2", false).unwrap().level(), 19);
        for text in ["2.8", "3.3-IV2", "4", "4.3-", "", " 4.3", "v4.3"] {
            assert!(Release::parse(text, true).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_not_for_production_has_only_its_full_name() {
        assert_eq!(Release::parse("4.4-IV0", true), Ok(Release::NEWEST));
        assert!(Release::parse("4.4", true).is_err());
        assert!(!Release::parse("4.4-IV0", false).unwrap_err().ends_with("4.4-IV0"));
        assert!(!Release::NEWEST.is_stable() && Release::LATEST.is_stable());
        assert!(Release::of_level(6).unwrap_err().ends_with("from 7 to 31."));
    }
}
