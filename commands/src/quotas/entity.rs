//! Whose quotas a command line means, and which keys those can have.

use std::collections::BTreeSet;

use clap::Args;
use client::QuotaEntity;

use crate::error::CommandError;
use crate::nearest::did_you_mean;

/// Kafka's names of what has quotas.
pub(super) const USER: &str = "user";
pub(super) const CLIENT_ID: &str = "client-id";
pub(super) const IP: &str = "ip";

/// Whose.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(super) struct EntityArgs {
    /// A user; with --client-id, what its clients of that id have together
    #[arg(long, value_name = "NAME", conflicts_with = "user_default")]
    user: Option<String>,
    /// Each user that has no quota of its own
    #[arg(long, alias = "user-defaults")]
    user_default: bool,
    /// A client id
    #[arg(long, alias = "client", value_name = "ID", conflicts_with = "client_id_default")]
    client_id: Option<String>,
    /// Each client id that has no quota of its own
    #[arg(long, alias = "client-defaults")]
    client_id_default: bool,
    /// An address
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["ip_default", "user", "user_default", "client_id", "client_id_default"])]
    ip: Option<String>,
    /// Each address that has no quota of its own
    #[arg(long, alias = "ip-defaults", conflicts_with_all = ["user", "user_default", "client_id", "client_id_default"])]
    ip_default: bool,
}

impl EntityArgs {
    /// What is named; nothing if nothing is.
    pub(super) fn named(&self) -> QuotaEntity {
        let part = |kind: &str, name: &Option<String>, is_default: bool| {
            (name.is_some() || is_default).then(|| (kind.to_owned(), name.clone()))
        };
        let parts = [
            part(USER, &self.user, self.user_default),
            part(CLIENT_ID, &self.client_id, self.client_id_default),
            part(IP, &self.ip, self.ip_default),
        ];
        parts.into_iter().flatten().collect()
    }

    /// One entity, which has to be named.
    pub(super) fn one(&self) -> Result<QuotaEntity, CommandError> {
        let named = self.named();
        if named.is_empty() {
            return Err(
                CommandError::usage("it is not said whose quotas").hint("give --user, --client-id, both, or --ip")
            );
        }
        Ok(named)
    }
}

/// An entity in words.
pub(super) fn in_words(entity: &QuotaEntity) -> String {
    let part = |(kind, name): (&String, &Option<String>)| match name {
        Some(name) => format!("{kind} {name}"),
        None => format!("each other {kind}"),
    };
    entity.iter().rev().map(part).collect::<Vec<_>>().join(", ")
}

/// "did you mean", of the names that are like one that has no quota.
pub(super) fn like<'a>(entity: &QuotaEntity, known: impl Iterator<Item = &'a QuotaEntity>) -> Vec<String> {
    let known: Vec<&QuotaEntity> = known.collect();
    let hints = entity.iter().filter_map(|(kind, name)| {
        let names: BTreeSet<&str> = known.iter().filter_map(|entity| entity.get(kind)?.as_deref()).collect();
        let name = name.as_deref().filter(|name| !names.contains(name))?;
        did_you_mean(name, names)
    });
    hints.collect()
}

/// The keys that an entity can have.
fn keys_of(entity: &QuotaEntity) -> &'static [&'static str] {
    if entity.contains_key(IP) {
        &["connection_creation_rate"]
    } else {
        &[
            "producer_byte_rate",
            "consumer_byte_rate",
            "request_percentage",
            "controller_mutation_rate",
        ]
    }
}

/// Insists on a key that an entity can have.
pub(super) fn check_key(entity: &QuotaEntity, key: &str) -> Result<(), CommandError> {
    let keys = keys_of(entity);
    if keys.contains(&key) {
        return Ok(());
    }
    let message = format!("{key} is no quota of {}", in_words(entity));
    let hint = did_you_mean(key, keys.iter().copied());
    Err(CommandError::usage(message).hint(hint.unwrap_or_else(|| format!("there are {}", keys.join(", ")))))
}

/// Reads KEY=VALUE.
pub(super) fn parse_pair(entity: &QuotaEntity, text: &str) -> Result<(String, f64), CommandError> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| CommandError::usage(format!("\"{text}\" is not KEY=VALUE")))?;
    check_key(entity, key)?;
    let number: Option<f64> = value.parse().ok();
    match number.filter(|number| number.is_finite() && *number > 0.0) {
        Some(number) => Ok((key.to_owned(), number)),
        None => Err(
            CommandError::usage(format!("{key}={value}: a quota is a number greater than zero"))
                .hint("rates are bytes, mutations or connections a second; request_percentage is of one thread's time"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn entity(parts: &[(&str, Option<&str>)]) -> QuotaEntity {
        let part = |(kind, name): &(&str, Option<&str>)| ((*kind).to_owned(), name.map(str::to_owned));
        parts.iter().map(part).collect()
    }

    #[test]
    fn entities_have_kafkas_parts() {
        let args = EntityArgs {
            user: Some("alice".to_owned()),
            client_id_default: true,
            ..EntityArgs::default()
        };
        let named = args.one().unwrap();
        assert_eq!(named, entity(&[(USER, Some("alice")), (CLIENT_ID, None)]));
        assert_eq!(in_words(&named), "user alice, each other client-id");
        assert_eq!(EntityArgs::default().one().unwrap_err().code, 64);
    }

    #[test]
    fn keys_and_values_are_checked_with_what_is_like_them() {
        let (user, ip) = (entity(&[(USER, None)]), entity(&[(IP, Some("10.0.0.1"))]));
        assert_eq!(
            parse_pair(&user, "producer_byte_rate=1048576").unwrap(),
            ("producer_byte_rate".to_owned(), 1_048_576.0)
        );
        assert_eq!(parse_pair(&user, "request_percentage=12.5").unwrap().1, 12.5);
        parse_pair(&ip, "connection_creation_rate=10").unwrap();
        for (entity, text, hint) in [
            (&user, "producer_byte_rat=1", "did you mean producer_byte_rate?"),
            (&user, "connection_creation_rate=1", "there are producer_byte_rate"),
            (&ip, "producer_byte_rate=1", "there are connection_creation_rate"),
            (&user, "producer_byte_rate=0", "rates are bytes"),
            (&user, "producer_byte_rate=-1", "rates are bytes"),
            (&user, "producer_byte_rate=inf", "rates are bytes"),
            (&user, "producer_byte_rate=1MB", "rates are bytes"),
        ] {
            let error = parse_pair(entity, text).unwrap_err();
            assert!(error.hints[0].contains(hint), "{text}: {:?}", error.hints);
        }
        assert!(parse_pair(&user, "producer_byte_rate").is_err());
        let known = [entity(&[(USER, Some("alice"))])];
        let hints = like(&entity(&[(USER, Some("alic"))]), known.iter());
        assert_eq!(hints, ["did you mean alice?"]);
    }
}
