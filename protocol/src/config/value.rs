//! Values held against their key, with Kafka's wording.

use super::{Check, ConfigKey, Kind};

/// A value that a key does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid value {value} for configuration {name}: {reason}")]
pub struct ConfigError {
    /// The key.
    pub name: String,
    /// The value, or `[hidden]`.
    pub value: String,
    /// What is allowed.
    pub reason: String,
}

impl ConfigKey {
    /// Checks a value; it comes back trimmed.
    pub fn parse(&self, text: &str) -> Result<String, ConfigError> {
        let trimmed = text.trim();
        self.check_kind(trimmed)
            .and_then(|()| self.check_value(trimmed))
            .map_err(|reason| ConfigError {
                name: self.name.to_owned(),
                value: if self.is_sensitive() {
                    "[hidden]".to_owned()
                } else {
                    trimmed.to_owned()
                },
                reason,
            })?;
        Ok(trimmed.to_owned())
    }

    fn check_kind(&self, text: &str) -> Result<(), String> {
        let number = |ok: bool, kind: &str| {
            if ok {
                Ok(())
            } else {
                Err(format!("Not a number of type {kind}"))
            }
        };
        match self.kind {
            Kind::Bool if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") => Ok(()),
            Kind::Bool => Err("Expected value to be either true or false".to_owned()),
            Kind::Int => number(text.parse::<i32>().is_ok(), "INT"),
            Kind::Long => number(text.parse::<i64>().is_ok(), "LONG"),
            Kind::Short => number(text.parse::<i16>().is_ok(), "SHORT"),
            Kind::Double => number(text.parse::<f64>().is_ok(), "DOUBLE"),
            Kind::String | Kind::List | Kind::Password | Kind::Class => Ok(()),
        }
    }

    fn check_value(&self, text: &str) -> Result<(), String> {
        let at_least = |min: i64| text.parse::<i64>().is_ok_and(|value| value >= min);
        let double = text.parse::<f64>().unwrap_or(f64::NAN);
        let fail = |ok: bool, reason: &dyn Fn() -> String| if ok { Ok(()) } else { Err(reason()) };
        match self.check {
            Check::Any => Ok(()),
            Check::AtLeast(min) => fail(at_least(min), &|| format!("Value must be at least {min}")),
            Check::Between(min, max) => {
                fail(at_least(min), &|| format!("Value must be at least {min}"))?;
                fail(!at_least(max + 1), &|| format!("Value must be no more than {max}"))
            }
            Check::DoubleAtLeast(min) => fail(double >= min, &|| format!("Value must be at least {min}")),
            Check::DoubleBetween(min, max) => {
                fail(double >= min, &|| format!("Value must be at least {min:?}"))?;
                fail(double <= max, &|| format!("Value must be no more than {max:?}"))
            }
            Check::OneOf(allowed) => fail(allowed.contains(&text), &|| {
                format!("String must be one of: {}", allowed.join(", "))
            }),
            Check::OneOfAnyCase(allowed) => fail(allowed.iter().any(|a| a.eq_ignore_ascii_case(text)), &|| {
                format!("String must be one of (case insensitive): {}", allowed.join(", "))
            }),
            Check::ListOf(allowed) => {
                let all = list(text).all(|item| allowed.contains(&item));
                fail(all, &|| format!("String must be one of: {}", allowed.join(", ")))
            }
            Check::NonEmpty => fail(!text.is_empty(), &|| "String must be non-empty".to_owned()),
            Check::NonEmptyList => fail(list(text).next().is_some(), &|| "List must contain values".to_owned()),
            Check::ThrottledReplicas => fail(text == "*" || list(text).all(is_throttled), &|| {
                "must be the literal '*' or a list of replicas in the following format: \
                 [partitionId]:[brokerId],[partitionId]:[brokerId],..."
                    .to_owned()
            }),
            Check::GzipLevel => fail(at_least(1) && !at_least(10) || text == "-1", &|| {
                "Value must be between 1 and 9 or equal to -1".to_owned()
            }),
        }
    }
}

/// The items of a list.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn is_throttled(item: &str) -> bool {
    item.split_once(':')
        .is_some_and(|(partition, broker)| partition.parse::<u32>().is_ok() && broker.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::super::{Scope, lookup};

    #[test]
    fn complaints_read_like_kafkas() {
        let complaint = |name, value| {
            lookup(Scope::Topic, name)
                .unwrap()
                .parse(value)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            complaint("retention.ms", "soon"),
            "Invalid value soon for configuration retention.ms: Not a number of type LONG"
        );
        assert_eq!(
            complaint("retention.ms", "-5"),
            "Invalid value -5 for configuration retention.ms: Value must be at least -1"
        );
        assert_eq!(
            complaint("cleanup.policy", "shred"),
            "Invalid value shred for configuration cleanup.policy: String must be one of: compact, delete"
        );
        assert_eq!(
            lookup(Scope::Topic, "cleanup.policy")
                .unwrap()
                .parse(" compact,delete ")
                .unwrap(),
            "compact,delete"
        );
        assert!(
            lookup(Scope::Topic, "leader.replication.throttled.replicas")
                .unwrap()
                .parse("0:1,5:2")
                .is_ok()
        );
    }
}
