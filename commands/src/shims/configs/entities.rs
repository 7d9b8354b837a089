//! What the settings are of.

use crate::shims::failed::Throwable;
use crate::shims::options::Parsed;

const TYPES: [&str; 8] = [
    "topics",
    "clients",
    "users",
    "brokers",
    "ips",
    "client-metrics",
    "groups",
    "broker-loggers",
];
/// Flags that have type and name at once.
const SHORT: [(&str, &str); 8] = [
    ("topic", "topics"),
    ("client", "clients"),
    ("user", "users"),
    ("broker", "brokers"),
    ("broker-logger", "broker-loggers"),
    ("ip", "ips"),
    ("client-metrics", "client-metrics"),
    ("group", "groups"),
];
/// Flags that have type and no name.
const DEFAULTS: [(&str, &str); 4] = [
    ("client-defaults", "clients"),
    ("user-defaults", "users"),
    ("broker-defaults", "brokers"),
    ("ip-defaults", "ips"),
];

/// Types and names; an empty name stands for the defaults.
#[derive(Debug)]
pub(super) struct Entities {
    pub(super) types: Vec<String>,
    pub(super) names: Vec<String>,
}

impl Entities {
    pub(super) fn of(parsed: &Parsed) -> Result<Self, Throwable> {
        let mut types: Vec<String> = parsed.values("entity-type").into_iter().map(str::to_owned).collect();
        let mut names: Vec<String> = parsed
            .in_order(&["entity-name", "entity-default"])
            .map(|value| value.unwrap_or_default().to_owned())
            .collect();
        for (flag, kind) in SHORT {
            if let Some(name) = parsed.value(flag)? {
                types.push(kind.to_owned());
                names.push(name.to_owned());
            }
        }
        for (flag, kind) in DEFAULTS {
            if parsed.has(flag) {
                types.push(kind.to_owned());
                names.push(String::new());
            }
        }
        Ok(Self { types, names })
    }

    fn has(&self, kind: &str) -> bool {
        self.types.iter().any(|known| known == kind)
    }

    pub(super) fn check(&self, parsed: &Parsed, is_alter: bool) -> Result<(), Throwable> {
        let all = self.types.join(",");
        let mut once = self.types.clone();
        once.sort_unstable();
        once.dedup();
        if once.len() != self.types.len() {
            return Err(Throwable::illegal(format!("Duplicate entity type(s) specified: {all}")));
        }
        if let Some(wrong) = self.types.iter().find(|kind| !TYPES.contains(&kind.as_str())) {
            return Err(Throwable::illegal(format!(
                "Invalid entity type {wrong}, the entity type must be one of {}",
                TYPES.join(", ")
            )));
        }
        if self.types.is_empty() {
            return Err(Throwable::illegal("At least one entity type must be specified"));
        }
        if self.types.len() > 1 && once != ["clients", "users"] {
            return Err(Throwable::illegal(
                "Only 'users' and 'clients' entity types may be specified together",
            ));
        }
        let is_long = ["entity-name", "entity-type", "entity-default"]
            .iter()
            .any(|flag| parsed.has(flag));
        let is_short = SHORT.iter().chain(&DEFAULTS).any(|(flag, _)| parsed.has(flag));
        if is_long && is_short {
            return Err(Throwable::illegal(
                "--entity-{type,name,default} should not be used in conjunction with specific entity flags",
            ));
        }
        if self.has("brokers") || self.has("broker-loggers") {
            let not_a_number = |name: &&String| !name.is_empty() && name.parse::<i32>().is_err();
            if let Some(name) = self.names.iter().find(not_a_number) {
                return Err(Throwable::illegal(format!(
                    "The entity name for {all} must be a valid integer broker id, but it is: {name}"
                )));
            }
        }
        if is_alter {
            self.check_alter(parsed, &all)
        } else {
            self.check_describe(parsed, &all)
        }
    }

    fn may_have_defaults(&self) -> bool {
        ["users", "clients", "brokers", "ips"].iter().any(|kind| self.has(kind))
    }

    fn check_describe(&self, parsed: &Parsed, all: &str) -> Result<(), Throwable> {
        if !self.may_have_defaults() && parsed.has("entity-default") {
            return Err(Throwable::illegal(format!(
                "--entity-default must not be specified with --describe of {all}"
            )));
        }
        if self.has("broker-loggers") && self.names.iter().all(String::is_empty) {
            return Err(Throwable::illegal(format!(
                "An entity name must be specified with --describe of {all}"
            )));
        }
        Ok(())
    }

    fn check_alter(&self, parsed: &Parsed, all: &str) -> Result<(), Throwable> {
        if self.may_have_defaults() && self.names.is_empty() {
            return Err(Throwable::illegal(
                "An entity-name or default entity must be specified with --alter of users, clients, brokers or ips",
            ));
        }
        if !self.may_have_defaults() && self.names.iter().all(String::is_empty) {
            return Err(Throwable::illegal(format!(
                "An entity name must be specified with --alter of {all}"
            )));
        }
        if parsed.has("add-config") && parsed.has("add-config-file") {
            return Err(Throwable::illegal(
                "Only one of --add-config or --add-config-file must be specified",
            ));
        }
        if !["add-config", "add-config-file", "delete-config"]
            .iter()
            .any(|flag| parsed.has(flag))
        {
            return Err(Throwable::illegal(
                "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter",
            ));
        }
        Ok(())
    }
}
