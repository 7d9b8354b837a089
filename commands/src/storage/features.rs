//! Releases, their metadata.version, and the features that go with them.

/// Feature levels by name.
pub(super) type Levels = Vec<(String, i16)>;

/// Level, name.
const METADATA_VERSIONS: [(i16, &str); 24] = [
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
];

/// The level that is written if no release is named.
pub(super) const LATEST: i16 = 30;

/// Feature, its highest level, and the metadata.version from which each level is the default.
const FEATURES: [(&str, i16, &[i16]); 5] = [
    ("eligible.leader.replicas.version", 1, &[26]),
    ("group.version", 1, &[22]),
    ("share.version", 1, &[28]),
    ("streams.version", 1, &[29]),
    ("transaction.version", 2, &[24, 24]),
];

/// The level of a release: `4.3`, `4.3.1` or `4.3-IV0`.
pub(super) fn parse_release(text: &str) -> Result<i16, String> {
    let exact = METADATA_VERSIONS.iter().find(|(_, name)| *name == text);
    let short: String = text.split('.').take(2).collect::<Vec<_>>().join(".");
    let prefix = format!("{short}-");
    let found = exact.or_else(|| {
        METADATA_VERSIONS
            .iter()
            .rev()
            .find(|(_, name)| name.starts_with(&prefix))
    });
    found.map(|(level, _)| *level).ok_or_else(|| {
        let known: Vec<&str> = METADATA_VERSIONS.iter().map(|(_, name)| *name).collect();
        format!(
            "Unknown metadata.version '{text}'. Supported metadata.version are: {}",
            known.join(", ")
        )
    })
}

/// The name of a level.
pub(super) fn release_name(level: i16) -> &'static str {
    METADATA_VERSIONS
        .iter()
        .find(|(known, _)| *known == level)
        .map_or("unknown", |(_, name)| name)
}

/// The features of a release, with those named in `asked` at other levels. Levels of 0 are left out.
pub(super) fn levels(release: i16, asked: &Levels) -> Result<Levels, String> {
    let names = || FEATURES.iter().map(|(name, ..)| *name).chain(["kraft.version"]);
    for (name, level) in asked {
        let Some((_, max, _)) = FEATURES.iter().find(|(known, ..)| known == name) else {
            if name == "kraft.version" || name == "metadata.version" {
                continue;
            }
            let mut known: Vec<&str> = names().collect();
            known.sort_unstable();
            return Err(format!(
                "Unsupported feature: {name}. Supported features are: {}",
                known.join(", ")
            ));
        };
        if *level < 0 || level > max {
            return Err(format!("No feature:{name} with feature level {level}"));
        }
        if name == "eligible.leader.replicas.version" && *level > 0 && release < 23 {
            return Err(format!(
                "{name} could not be set to {level} because it depends on metadata.version level 23"
            ));
        }
    }
    let mut levels = vec![("metadata.version".to_owned(), release)];
    for (name, _, since) in FEATURES {
        let default = since.iter().filter(|from| **from <= release).count() as i16;
        let level = asked
            .iter()
            .find(|(known, _)| known == name)
            .map_or(default, |(_, level)| *level);
        if level > 0 {
            levels.push((name.to_owned(), level));
        }
    }
    Ok(levels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_named_in_three_ways() {
        for text in ["4.3", "4.3.1", "4.3-IV0"] {
            assert_eq!(parse_release(text), Ok(30));
        }
        assert_eq!(parse_release("3.9"), Ok(21));
        assert_eq!(parse_release("3.7.2"), Ok(19));
        assert!(parse_release("2.8").is_err());
    }

    #[test]
    fn features_come_with_their_release() {
        let names = |release| {
            levels(release, &vec![])
                .unwrap()
                .into_iter()
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(21), ["metadata.version"]);
        assert_eq!(names(25), ["metadata.version", "group.version", "transaction.version"]);
        assert_eq!(names(30).len(), 6);
        assert!(
            levels(30, &vec![("foo".into(), 1)])
                .unwrap_err()
                .starts_with("Unsupported feature: foo.")
        );
        assert_eq!(levels(30, &vec![("group.version".into(), 0)]).unwrap().len(), 5);
    }
}
