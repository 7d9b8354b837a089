//! Names of topics at the target, and topics that must not be mirrored because they would go round in a circle.

/// How a topic is called at the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// As MirrorMaker 2 does by default: the source's alias and the separator before it.
    Prefix {
        /// Between alias and topic, `.` unless something else is set.
        separator: String,
    },
    /// Under the same name. Names do not tell then where a topic is from.
    Identity,
    /// By a pattern.
    Template(Template),
}

/// A pattern with `{topic}` in it, and perhaps `{source}` for the source's alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(String);

/// Why a pattern or a flow makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NamingError {
    /// All topics would become one.
    #[error("the template {0:?} for names of topics has no {{topic}} in it, so all topics would have one name")]
    NoTopic(String),
    /// Something in braces that is not known.
    #[error("the template {0:?} for names of topics has {{{1}}} in it; {{topic}} and {{source}} are known")]
    Unknown(String, String),
    /// What is mirrored would come back for ever.
    #[error(
        "{0} and {1} mirror each other under names that do not tell where a topic is from, so records would go round for \
         ever; use the prefix naming, or let both leave out what the other's producer wrote"
    )]
    Cycle(String, String),
}

impl Template {
    /// From its text.
    pub fn parse(text: &str) -> Result<Self, NamingError> {
        let mut rest = text;
        let mut has_topic = false;
        while let Some((_, behind)) = rest.split_once('{') {
            let Some((name, behind)) = behind.split_once('}') else {
                return Err(NamingError::Unknown(text.to_owned(), behind.to_owned()));
            };
            match name {
                "topic" => has_topic = true,
                "source" => {}
                other => return Err(NamingError::Unknown(text.to_owned(), other.to_owned())),
            }
            rest = behind;
        }
        if has_topic {
            Ok(Self(text.to_owned()))
        } else {
            Err(NamingError::NoTopic(text.to_owned()))
        }
    }
}

impl Default for Naming {
    fn default() -> Self {
        Self::Prefix {
            separator: ".".to_owned(),
        }
    }
}

impl Naming {
    /// The name at the target of a topic of the cluster with alias `source`.
    pub fn remote(&self, source: &str, topic: &str) -> String {
        match self {
            // MirrorMaker's heartbeats bear where they are from whatever the policy.
            Self::Identity if !topic.ends_with("heartbeats") => topic.to_owned(),
            Self::Identity => format!("{source}.{topic}"),
            Self::Prefix { separator } => format!("{source}{separator}{topic}"),
            Self::Template(Template(text)) => {
                // In one pass: a topic may be called `{source}` as little as anything else in braces, but an alias may.
                let parts = text.split("{topic}").map(|part| part.replace("{source}", source));
                parts.collect::<Vec<_>>().join(topic)
            }
        }
    }

    /// The cluster that a topic was mirrored from and its name there, if its name tells.
    pub fn origin<'a>(&self, topic: &'a str) -> Option<(&'a str, &'a str)> {
        match self {
            Self::Prefix { separator } if !separator.is_empty() => topic.split_once(separator.as_str()),
            _ => None,
        }
    }

    /// Whether a topic came from cluster `target` on its way, so that mirroring it there would close a circle.
    pub fn is_cycle(&self, topic: &str, target: &str) -> bool {
        let mut topic = topic;
        while let Some((source, upstream)) = self.origin(topic) {
            if source == target {
                return true;
            }
            topic = upstream;
        }
        false
    }

    /// Whether a topic belongs to Kafka, to Connect, or to a mirror, and stays where it is.
    pub fn is_internal(&self, topic: &str) -> bool {
        let starts = ["__", "."].iter().any(|start| topic.starts_with(start));
        let separator = match self {
            Self::Prefix { separator } => separator,
            _ => ".",
        };
        let ends = ["-internal", ".internal"].iter().any(|end| topic.ends_with(end));
        starts || ends || topic.ends_with(&format!("{separator}internal"))
    }

    /// Refuses two clusters that mirror to each other, unless names tell where topics are from, or both leave out what the
    /// other's producer wrote.
    pub fn check_pair(&self, one: &str, other: &str, by_producer: bool) -> Result<(), NamingError> {
        if by_producer || matches!(self, Self::Prefix { .. }) {
            return Ok(());
        }
        Err(NamingError::Cycle(one.to_owned(), other.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Naming {
        Naming::Template(Template::parse(text).unwrap())
    }

    #[test]
    fn topics_are_named_by_the_policy() {
        assert_eq!(Naming::default().remote("A", "t"), "A.t");
        let underscore = Naming::Prefix {
            separator: "_".to_owned(),
        };
        assert_eq!(underscore.remote("A", "t"), "A_t");
        assert_eq!(underscore.origin("A_b_c"), Some(("A", "b_c")));
        assert_eq!(Naming::Identity.remote("A", "t"), "t");
        assert_eq!(Naming::Identity.remote("A", "heartbeats"), "A.heartbeats");
        assert_eq!(template("dr-{source}-{topic}").remote("A", "t"), "dr-A-t");
        assert_eq!(template("{topic}").remote("A", "{source}"), "{source}");
    }

    #[test]
    fn templates_that_make_no_sense_are_refused() {
        assert!(matches!(Template::parse("x-{source}"), Err(NamingError::NoTopic(_))));
        let unknown = Template::parse("{topc}").unwrap_err();
        assert!(unknown.to_string().contains("{topc}"), "{unknown}");
        assert!(Template::parse("{topic").is_err(), "a brace that is not closed");
    }

    #[test]
    fn circles_are_seen_however_long() {
        let naming = Naming::default();
        assert!(naming.is_cycle("B.t", "B"));
        assert!(naming.is_cycle("C.B.t", "B"), "by way of C");
        assert!(!naming.is_cycle("C.t", "B"));
        assert!(!naming.is_cycle("B", "B"), "a topic of that name");
        assert!(!Naming::Identity.is_cycle("B.t", "B"), "names do not tell");
        assert!(naming.check_pair("A", "B", false).is_ok());
        assert!(Naming::Identity.check_pair("A", "B", false).is_err());
        assert!(Naming::Identity.check_pair("A", "B", true).is_ok());
    }

    #[test]
    fn topics_of_the_machinery_stay_where_they_are() {
        let naming = Naming::default();
        for internal in [
            "__consumer_offsets",
            ".x",
            "mm2-offsets.A.internal",
            "x-internal",
            "kfleet-mirror.A.internal",
        ] {
            assert!(naming.is_internal(internal), "{internal}");
        }
        assert!(!naming.is_internal("internal"));
        assert!(!naming.is_internal("A.t"));
    }
}
