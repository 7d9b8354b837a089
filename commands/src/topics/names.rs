//! Topics by name, by pattern, by regular expression or by id.

use std::collections::{BTreeMap, BTreeSet};

use client::Client;
use protocol::Uuid;
use protocol::api::ErrorCode;
use protocol::api::messages::MetadataResponse;
use regex_automata::meta::Regex;

use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::nearest::did_you_mean;
use crate::pattern::{Pattern, whole};

/// What a topic is called by.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// A name, or what stands for names.
    Pattern(Pattern),
    /// Names as a whole.
    Regex(String, Regex),
}

impl Wanted {
    /// Reads names and patterns, or regular expressions.
    pub(crate) fn parse(texts: &[String], is_regex: bool) -> Result<Vec<Self>, CommandError> {
        let one = |text: &String| {
            if !is_regex {
                return text.parse().map(Self::Pattern).map_err(CommandError::usage);
            }
            Ok(Self::Regex(text.clone(), whole(text)?))
        };
        texts.iter().map(one).collect()
    }

    /// The name, if it can only be one.
    fn name(&self) -> Option<&str> {
        match self {
            Self::Pattern(pattern) if pattern.is_name() => Some(pattern.as_str()),
            _ => None,
        }
    }

    /// Whether it can only be one name.
    pub(crate) fn is_name(&self) -> bool {
        self.name().is_some()
    }

    fn text(&self) -> &str {
        match self {
            Self::Pattern(pattern) => pattern.as_str(),
            Self::Regex(text, _) => text,
        }
    }

    /// Whether a topic is meant.
    pub(crate) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Pattern(pattern) => pattern.matches(name),
            Self::Regex(_, regex) => regex.is_match(name),
        }
    }
}

/// How topics are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Whether patterns reach the cluster's own topics.
    pub(crate) reach_internal: bool,
    /// Whether those that are not there are no error.
    pub(crate) if_exists: bool,
}

impl Choice {
    /// To look at.
    pub(crate) const LOOK: Self = Self {
        reach_internal: true,
        if_exists: false,
    };
    /// To change.
    pub(crate) const CHANGE: Self = Self {
        reach_internal: false,
        if_exists: false,
    };
}

/// The topics that are meant, all of which are there, and the names of those that are not there and need not be.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) names: BTreeSet<String>,
    pub(crate) missing: BTreeSet<String>,
}

/// Names of topics, and whether they are the cluster's own.
pub(crate) type Known = BTreeMap<String, bool>;

/// Those of the known topics that are meant.
pub(crate) fn choose(wanted: &[Wanted], known: &Known, choice: Choice) -> Result<Chosen, CommandError> {
    let mut chosen = Chosen::default();
    let mut failures = Vec::new();
    for wanted in wanted {
        if let Some(name) = wanted.name() {
            if known.contains_key(name) {
                chosen.names.insert(name.to_owned());
            } else if choice.if_exists {
                chosen.missing.insert(name.to_owned());
            } else {
                failures.push(Failure::new(format!("topic {name}"), no_topic(name, known)));
            }
            continue;
        }
        let of_cluster = |is_internal: bool| is_internal && !choice.reach_internal;
        let found = known
            .iter()
            .filter(|(name, internal)| !of_cluster(**internal) && wanted.matches(name));
        let found: Vec<String> = found.map(|(name, _)| name.clone()).collect();
        if found.is_empty() && !choice.if_exists {
            let text = wanted.text();
            let why = CommandError::not_found(format!("no topic is like \"{text}\""));
            failures.push(Failure::new("no topic", why));
        }
        chosen.names.extend(found);
    }
    match together(&failures) {
        Some(error) => Err(error),
        None => Ok(chosen),
    }
}

fn no_topic(name: &str, known: &Known) -> CommandError {
    let error = CommandError::not_found(format!("topic {name} does not exist"));
    let hint = did_you_mean(name, known.keys().map(String::as_str));
    hint.into_iter().fold(error, CommandError::hint)
}

/// The topics that are meant, as the cluster has them now.
pub(crate) async fn resolve(client: &Client, wanted: &[Wanted], choice: Choice) -> Result<Chosen, CommandError> {
    let names: Option<Vec<String>> = wanted.iter().map(|wanted| wanted.name().map(str::to_owned)).collect();
    if let Some(names) = names {
        // Of topics that are all there nobody has to be asked about the others.
        let metadata = client.metadata(Some(&names)).await?;
        if metadata.topics.iter().all(|topic| !is_missing(topic.error_code)) {
            return choose(wanted, &known(&metadata)?, choice);
        }
    }
    choose(wanted, &known(&client.metadata(None).await?)?, choice)
}

/// The topic with this id.
pub(crate) async fn by_id(client: &Client, id: &str) -> Result<String, CommandError> {
    let wanted: Uuid = id
        .parse()
        .map_err(|error: protocol::ParseUuidError| CommandError::usage(error.to_string()))?;
    let topics = client.metadata(None).await?.topics;
    let found = topics.into_iter().find(|topic| Uuid::from(topic.topic_id) == wanted);
    let name = found.and_then(|topic| topic.name);
    name.map(|name| name.to_string())
        .ok_or_else(|| CommandError::not_found(format!("no topic has id {id}")))
}

/// That there is no such topic, with those that may be meant.
pub(crate) async fn unknown_topic(client: &Client, name: &str) -> CommandError {
    // It does not exist in any case; names that are like it are a help and no more.
    let known = match client.metadata(None).await {
        Ok(metadata) => known(&metadata).unwrap_or_default(),
        Err(_) => Known::default(),
    };
    no_topic(name, &known)
}

fn is_missing(code: i16) -> bool {
    [ErrorCode::UnknownTopicOrPartition, ErrorCode::InvalidTopicException]
        .iter()
        .any(|missing| missing.code() == code)
}

fn known(metadata: &MetadataResponse) -> Result<Known, CommandError> {
    let mut known = Known::new();
    for topic in &metadata.topics {
        let Some(name) = &topic.name else { continue };
        match topic.error_code {
            // One without a leader is there.
            code if code == ErrorCode::LeaderNotAvailable.code() => {}
            0 => {}
            code if is_missing(code) => continue,
            code => return Err(client::ClientError::rejected(format!("topic {}", name.as_str()), code, None).into()),
        }
        known.insert(name.to_string(), topic.is_internal);
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(texts: &[&str], is_regex: bool, choice: Choice) -> Result<Vec<String>, CommandError> {
        let known: Known = [("orders", false), ("orders-eu", false), ("__consumer_offsets", true)]
            .map(|(name, internal)| (name.to_owned(), internal))
            .into();
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let chosen = choose(&Wanted::parse(&texts, is_regex)?, &known, choice)?;
        Ok(chosen.names.into_iter().collect())
    }

    #[test]
    fn names_patterns_and_expressions_mean_whole_names() {
        let look = |texts: &[&str], is_regex| chosen(texts, is_regex, Choice::LOOK).unwrap();
        assert_eq!(look(&["orders"], false), ["orders"]);
        assert_eq!(look(&["orders*"], false), ["orders", "orders-eu"]);
        assert_eq!(look(&["*"], false).len(), 3);
        assert_eq!(look(&["orders.*"], true), ["orders", "orders-eu"]);
        assert_eq!(chosen(&["rders"], true, Choice::LOOK).unwrap_err().code, 66);
    }

    #[test]
    fn patterns_do_not_reach_the_clusters_own_topics_to_change_them() {
        let change = |text: &str| chosen(&[text], false, Choice::CHANGE).unwrap();
        assert_eq!(change("*"), ["orders", "orders-eu"]);
        assert_eq!(change("__consumer_offsets"), ["__consumer_offsets"]);
        assert_eq!(chosen(&["__.*"], true, Choice::CHANGE).unwrap_err().code, 66);
    }

    #[test]
    fn what_is_not_there_is_named_with_what_is_like_it() {
        let error = chosen(&["order", "x*", "orders"], false, Choice::LOOK).unwrap_err();
        assert_eq!(error.code, 66);
        assert_eq!(error.message, "topic order does not exist; no topic is like \"x*\"");
        assert_eq!(error.hints, ["did you mean orders or orders-eu?"]);
        assert_eq!(chosen(&["("], true, Choice::LOOK).unwrap_err().code, 64);
        let lenient = Choice {
            if_exists: true,
            ..Choice::CHANGE
        };
        assert!(chosen(&["order", "x*"], false, lenient).unwrap().is_empty());
    }
}
