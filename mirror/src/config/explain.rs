//! What becomes of each line of a file.

use std::fmt;

use super::file::{File, is_secret};
use super::keys;

/// A line, and what it means here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The key as it stands in the file.
    pub key: String,
    /// Its value; none where it is a secret, or may be one because nobody knows what the key is.
    pub value: Option<String>,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// What becomes of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It counts for this: all flows, one flow, or a cluster.
    Understood(String),
    /// It is known, and nothing here depends on it.
    NotNeeded(&'static str),
    /// It is known, and counts neither here nor for MirrorMaker where it stands.
    NoEffect(&'static str),
    /// It asks for what cannot be done here; the file is refused unless it has a class that is known.
    Code,
    /// Nobody knows it; perhaps this one was meant.
    Unknown(Option<String>),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Understood(of_what) => write!(f, "counts for {of_what}"),
            Self::NotNeeded(why) => write!(f, "not needed: {why}"),
            Self::NoEffect(why) => write!(f, "no effect: {why}"),
            Self::Code => {
                f.write_str("names Java code, which does not run here; classes of MirrorMaker itself are known")
            }
            Self::Unknown(Some(nearest)) => write!(f, "unknown; did you mean {nearest}?"),
            Self::Unknown(None) => f.write_str("unknown"),
        }
    }
}

const TUNES: &str = "it tunes Java's clients; the mirror sizes its requests itself";
const NO_ROLE: &str = "MirrorMaker reads it after consumer., producer. or admin. only";
const OF_CLUSTER: &str = "a flow's key counts at the top or after A->B., not after a cluster";
const CLIENT_AT_TOP: &str = "a client's key counts after a cluster or after A->B., not at the top";
const PROVIDERS: &str = "config providers are not asked; values that refer to one have to be resolved before";

impl File {
    /// Each line in order of its key.
    pub fn explain(&self) -> Vec<Explained> {
        let explained = self.pairs.iter().map(|(key, value)| {
            let verdict = self.verdict(key);
            let may_be_secret = is_secret(key) || matches!(verdict, Verdict::Unknown(_));
            Explained {
                key: key.clone(),
                value: (!may_be_secret).then(|| value.clone()),
                verdict,
            }
        });
        explained.collect()
    }

    fn verdict(&self, key: &str) -> Verdict {
        if key == "clusters" {
            return Verdict::Understood("all clusters".to_owned());
        }
        if let Some((start, name)) = self.flow_of(key) {
            return of_flow(start, name);
        }
        if key.split_once('.').is_some_and(|(start, _)| start.contains("->")) {
            return Verdict::Unknown(self.nearest_flow(key));
        }
        // An alias may begin like another one with a dot behind it.
        let aliases = self.clusters.iter().filter_map(|alias| {
            let name = key.strip_prefix(alias.as_str())?.strip_prefix('.')?;
            Some((alias, name))
        });
        match aliases.max_by_key(|(alias, _)| alias.len()) {
            Some((alias, name)) => of_cluster(alias, name),
            None => self.of_top(key),
        }
    }

    /// A key's flow, with the dot behind it, and the rest.
    fn flow_of<'a>(&self, key: &'a str) -> Option<(&'a str, &'a str)> {
        let starts = self.clusters.iter().flat_map(|source| {
            let targets = self.clusters.iter().filter(move |target| *target != source);
            targets.map(move |target| format!("{source}->{target}."))
        });
        let start = starts
            .filter(|start| key.starts_with(start.as_str()))
            .max_by_key(String::len)?;
        key.split_at_checked(start.len())
    }

    fn nearest_flow(&self, key: &str) -> Option<String> {
        let (start, name) = key.split_once('.')?;
        let (source, target) = start.split_once("->")?;
        let like = |alias: &str| {
            let known = self
                .clusters
                .iter()
                .map(|known| (protocol::config::distance(alias, known), known));
            known
                .min()
                .filter(|(slips, known)| *slips < known.len().max(2))
                .map(|(_, known)| known)
        };
        let (source, target) = (like(source)?, like(target)?);
        (source != target).then(|| format!("{source}->{target}.{name}"))
    }

    fn of_top(&self, key: &str) -> Verdict {
        if is_flow_key(key) {
            return Verdict::Understood("all flows that have no value of their own".to_owned());
        }
        if keys::is_connection(key) {
            return Verdict::Understood("all clusters that have no value of their own".to_owned());
        }
        if let Some(verdict) = of_anywhere(key) {
            return verdict;
        }
        if let Some((_, name)) = role_of(key)
            && is_of_client(name)
        {
            return Verdict::NoEffect(CLIENT_AT_TOP);
        }
        if keys::TUNING.contains(&key) || keys::OF_CONSUMER.contains(&key) {
            return Verdict::NoEffect(CLIENT_AT_TOP);
        }
        let aliases = self.clusters.iter().map(|alias| format!("{alias}.bootstrap.servers"));
        let known: Vec<String> = known_of_flow().map(str::to_owned).chain(aliases).collect();
        let nearest = keys::nearest(key, known.iter().map(String::as_str).chain(["clusters"]));
        Verdict::Unknown(nearest.map(str::to_owned))
    }
}

fn of_flow(start: &str, name: &str) -> Verdict {
    let flow = start.trim_end_matches('.');
    if is_flow_key(name) {
        return Verdict::Understood(format!("the flow {flow}"));
    }
    if let Some(verdict) = of_anywhere(name) {
        return verdict;
    }
    for side in ["source", "target"] {
        if let Some(rest) = name.strip_prefix(side).and_then(|rest| rest.strip_prefix('.')) {
            let (role, rest) = match rest.strip_prefix("cluster.") {
                Some(rest) => ("clients", rest),
                None => match role_of(rest) {
                    Some(role) => role,
                    None => continue,
                },
            };
            return of_client(role, rest, &format!("the {role} of {flow} at the {side}"), start, name);
        }
    }
    if let Some((role, rest)) = role_of(name) {
        return of_client(role, rest, &format!("the {role} of {flow} on both sides"), start, name);
    }
    let nearest = keys::nearest(name, known_of_flow());
    Verdict::Unknown(nearest.map(|nearest| format!("{start}{nearest}")))
}

fn of_cluster(alias: &str, name: &str) -> Verdict {
    let start = format!("{alias}.");
    if keys::is_connection(name) {
        return Verdict::Understood(format!("the cluster {alias}"));
    }
    if let Some((role, rest)) = role_of(name) {
        return of_client(role, rest, &format!("the {role} of the cluster {alias}"), &start, name);
    }
    if is_flow_key(name) {
        return Verdict::NoEffect(OF_CLUSTER);
    }
    if let Some(verdict) = of_anywhere(name) {
        return match verdict {
            Verdict::Code => Verdict::NoEffect(OF_CLUSTER),
            other => other,
        };
    }
    if keys::TUNING.contains(&name) || keys::OF_CONSUMER.contains(&name) {
        return Verdict::NoEffect(NO_ROLE);
    }
    let nearest = keys::nearest(
        name,
        ["bootstrap.servers", "security.protocol"].into_iter().chain(security()),
    );
    Verdict::Unknown(nearest.map(|nearest| format!("{start}{nearest}")))
}

/// A client's key, behind where it says whose client.
fn of_client(role: &str, key: &str, whose: &str, start: &str, name: &str) -> Verdict {
    if keys::is_connection(key) || (role == "consumer" && keys::OF_CONSUMER.contains(&key)) {
        return Verdict::Understood(whose.to_owned());
    }
    if is_of_client(key) {
        return if role == "clients" {
            Verdict::NoEffect(NO_ROLE)
        } else {
            Verdict::NotNeeded(TUNES)
        };
    }
    let known = ["bootstrap.servers", "security.protocol"].into_iter().chain(security());
    let known = known.chain(keys::OF_CONSUMER.iter().chain(keys::TUNING).copied());
    let before = name.strip_suffix(key).unwrap_or_default();
    let nearest = keys::nearest(key, known);
    Verdict::Unknown(nearest.map(|nearest| format!("{start}{before}{nearest}")))
}

/// What is the same wherever it stands.
fn of_anywhere(key: &str) -> Option<Verdict> {
    let is_class = keys::CLASSES.iter().any(|(name, ..)| *name == key);
    if is_class || keys::CHANGES_RECORDS.contains(&key) {
        return Some(Verdict::Code);
    }
    if key == "config.providers" || key.starts_with("config.providers.") {
        return Some(Verdict::NoEffect(PROVIDERS));
    }
    let of_code = keys::CHANGES_RECORDS
        .iter()
        .any(|name| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')));
    if of_code {
        return Some(Verdict::Code);
    }
    keys::not_needed(key).map(Verdict::NotNeeded)
}

fn role_of(key: &str) -> Option<(&'static str, &str)> {
    let role = |role: &'static str| Some((role, key.strip_prefix(role)?.strip_prefix('.')?));
    keys::ROLES.into_iter().find_map(role)
}

fn is_flow_key(key: &str) -> bool {
    keys::FLOW.iter().any(|known| known.name == key)
}

fn is_of_client(key: &str) -> bool {
    keys::is_connection(key) || keys::OF_CONSUMER.contains(&key) || keys::TUNING.contains(&key)
}

fn known_of_flow() -> impl Iterator<Item = &'static str> {
    let codes = keys::CLASSES.iter().map(|(name, ..)| *name);
    keys::FLOW
        .iter()
        .map(|key| key.name)
        .chain(codes)
        .chain(keys::CHANGES_RECORDS.iter().copied())
}

/// Keys of security that slips are made in.
fn security() -> impl Iterator<Item = &'static str> {
    [
        "sasl.jaas.config",
        "sasl.mechanism",
        "ssl.truststore.location",
        "ssl.truststore.password",
        "ssl.truststore.type",
        "ssl.keystore.location",
        "ssl.keystore.password",
        "ssl.keystore.type",
        "ssl.key.password",
        "ssl.endpoint.identification.algorithm",
    ]
    .into_iter()
}
