//! From which count on something is a WARNING or CRITICAL.

use std::str::FromStr;

use super::checks::{Definition, find};
use crate::error::CommandError;
use crate::status::Status;

/// The least counts that matter; none where no count does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) warn: Option<u64>,
    pub(super) crit: Option<u64>,
}

impl Limits {
    /// One is too many.
    pub(super) const CRITICAL_AT_ONE: Self = Self {
        warn: None,
        crit: Some(1),
    };
    /// One is worth a look.
    pub(super) const WARNING_AT_ONE: Self = Self {
        warn: Some(1),
        crit: None,
    };
    /// Only what is said on the command line.
    pub(super) const NONE: Self = Self { warn: None, crit: None };

    /// What a count is.
    pub(super) fn grade(self, count: u64) -> Status {
        let reached = |limit: Option<u64>| limit.is_some_and(|limit| count >= limit);
        if reached(self.crit) {
            Status::Critical
        } else if reached(self.warn) {
            Status::Warning
        } else {
            Status::Ok
        }
    }

    /// Whether any count matters.
    pub(super) const fn is_none(self) -> bool {
        self.warn.is_none() && self.crit.is_none()
    }
}

/// N, or NAME=N.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    check: Option<&'static str>,
    count: u64,
}

impl FromStr for Given {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (check, count) = match text.split_once('=') {
            Some((name, count)) => {
                let found = find(name).ok_or_else(|| format!("no check is named {name}"))?;
                (Some(found.name), count)
            }
            None => (None, text),
        };
        let number = count.parse().ok().filter(|count| *count > 0);
        match number {
            Some(count) => Ok(Self { check, count }),
            None => Err(format!("\"{count}\" is not a number from 1 on")),
        }
    }
}

/// The limits of a check, as chosen. Whoever gives one of the two does without the default of the other.
pub(super) fn chosen(
    asked: &[&'static Definition],
    of: &Definition,
    warn: &[Given],
    crit: &[Given],
) -> Result<Limits, CommandError> {
    let (warn, crit) = (pick(asked, of, warn, "--warn")?, pick(asked, of, crit, "--crit")?);
    if warn.is_none() && crit.is_none() {
        return Ok(of.limits);
    }
    if let (Some(warn), Some(crit)) = (warn, crit)
        && warn > crit
    {
        let message = format!("{}: --warn {warn} is more than --crit {crit}", of.name);
        return Err(CommandError::usage(message));
    }
    Ok(Limits { warn, crit })
}

fn pick(
    asked: &[&'static Definition],
    of: &Definition,
    given: &[Given],
    flag: &str,
) -> Result<Option<u64>, CommandError> {
    let own = given.iter().rev().find(|given| given.check == Some(of.name));
    let plain = given.iter().rev().find(|given| given.check.is_none());
    Ok(match (own, plain) {
        (Some(own), _) => Some(own.count),
        (None, Some(plain)) if of.unit.is_some() => {
            if asked.iter().any(|other| other.unit.is_some() && other.unit != of.unit) {
                let message = format!("{flag} {} of what? The checks count different things", plain.count);
                return Err(CommandError::usage(message).hint(format!("{flag} {}={}", of.name, plain.count)));
            }
            Some(plain.count)
        }
        _ => None,
    })
}

/// Refuses limits that no check has a use for.
pub(super) fn refuse_idle(asked: &[&'static Definition], given: &[Given], flag: &str) -> Result<(), CommandError> {
    for given in given {
        let counts = |check: &&&'static Definition| check.unit.is_some();
        let is_of_use = match given.check {
            Some(name) => asked.iter().filter(counts).any(|check| check.name == name),
            None => asked.iter().any(|check| check.unit.is_some()),
        };
        if !is_of_use {
            let of = given.check.map_or(String::new(), |name| format!("{name}="));
            let message = format!("{flag} {of}{} is of no use: nothing is counted for it", given.count);
            return Err(CommandError::usage(message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(texts: &[&str]) -> Vec<Given> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn defined(names: &[&str]) -> Vec<&'static Definition> {
        names.iter().map(|name| find(name).unwrap()).collect()
    }

    #[test]
    fn limits_are_for_one_check_or_for_all_that_count_the_same() {
        let two = defined(&["under-replicated", "offline"]);
        let limits = |asked: &[&'static Definition], warn: &[&str], crit: &[&str]| {
            chosen(asked, asked[0], &given(warn), &given(crit))
        };
        assert_eq!(limits(&two, &[], &[]).unwrap(), Limits::CRITICAL_AT_ONE);
        let warn_only = Limits {
            warn: Some(2),
            crit: None,
        };
        assert_eq!(limits(&two, &["2"], &[]).unwrap(), warn_only);
        assert_eq!(
            limits(&two, &["2", "offline=7"], &["under-replicated=9"]).unwrap(),
            Limits {
                warn: Some(2),
                crit: Some(9)
            }
        );
        assert_eq!(limits(&two, &["9"], &["2"]).unwrap_err().kind, "usage");
        let mixed = defined(&["lag", "log-dirs"]);
        assert_eq!(limits(&mixed, &["80"], &[]).unwrap_err().kind, "usage");
        assert_eq!(limits(&mixed, &["lag=80"], &[]).unwrap().warn, Some(80));
        for bad in ["0", "-1", "x", "nope=3", "lag="] {
            assert!(bad.parse::<Given>().is_err(), "{bad}");
        }
        assert!(refuse_idle(&two, &given(&["lag=3"]), "--warn").is_err());
        assert!(refuse_idle(&defined(&["quorum"]), &given(&["3"]), "--warn").is_err());
        assert!(refuse_idle(&two, &given(&["offline=3"]), "--warn").is_ok());
    }

    #[test]
    fn a_count_is_graded_by_the_least_that_matters() {
        let limits = Limits {
            warn: Some(2),
            crit: Some(5),
        };
        let grades = [1, 2, 4, 5].map(|count| limits.grade(count));
        assert_eq!(grades, [Status::Ok, Status::Warning, Status::Warning, Status::Critical]);
        assert_eq!(Limits::NONE.grade(u64::MAX), Status::Ok);
    }
}
