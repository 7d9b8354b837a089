//! Names that a cluster has now: asked for in a moment, or not at all.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

use clap::{Args as _, FromArgMatches as _};
use client::{Client, ClientError, ConfigEntity, ConfigEntry, ConfigResource, GroupFilter};

use super::cache::Cache;
use super::source::{Source, Subject};
use crate::configs::entity::EntityType;
use crate::configs::key_names;
use crate::context::{Context, GlobalArgs};
use crate::error::CommandError;
use crate::profiles::apply::{Sources, apply};
use crate::profiles::file::Found;

/// How long a cluster may take, from the first connection on: nobody waits any longer for a key that was pressed.
const ANSWER_MAX: Duration = Duration::from_millis(400);

/// Flags that say which cluster is meant, and how it is reached.
const CLUSTER_FLAGS: [&str; 5] = [
    "-b",
    "--bootstrap-server",
    "--bootstrap-controller",
    "--command-config",
    "--profile",
];

/// What a cluster is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Question {
    Topics,
    Groups,
    Brokers,
    Subscriptions,
    Keys(ConfigResource),
}

/// Names for a value, in the order in which they are shown; those that contain what no line can hold are left out.
pub(super) fn names(source: Source, words: &[String]) -> Vec<String> {
    let subject = Subject::of(words);
    let mut names = match (source, &subject) {
        (Source::Files, _) => Vec::new(),
        (Source::Profiles, _) => profiles(),
        (Source::Topics | Source::TopicParts, _) => asked(&Question::Topics, words),
        (Source::Groups, _) => asked(&Question::Groups, words),
        (Source::Brokers, _) => asked(&Question::Brokers, words),
        (Source::TopicPairs, _) => key_names(ConfigEntity::Topic, &[], true),
        (Source::ConfigNames, Some(subject)) => match subject.entity_type {
            EntityType::Topic => asked(&Question::Topics, words),
            EntityType::Broker | EntityType::BrokerLogger => asked(&Question::Brokers, words),
            EntityType::BrokerDefaults => Vec::new(),
            EntityType::Group => asked(&Question::Groups, words),
            EntityType::ClientMetrics => asked(&Question::Subscriptions, words),
        },
        (Source::ConfigKeys, Some(subject)) => keys(subject, words, false),
        (Source::ConfigPairs, Some(subject)) => keys(subject, words, true),
        (Source::ConfigNames | Source::ConfigKeys | Source::ConfigPairs, None) => Vec::new(),
    };
    names.retain(|name| !name.is_empty() && !name.chars().any(char::is_control));
    names
}

fn profiles() -> Vec<String> {
    let found = Found::read().ok().flatten();
    found.map_or_else(Vec::new, |found| found.profiles.profiles.into_keys().collect())
}

/// Keys of the first of the names, or those that are known without a cluster.
fn keys(subject: &Subject, words: &[String], can_change: bool) -> Vec<String> {
    let entity = subject.entity();
    let named = subject.names.iter().find(|name| !name.contains(['*', '?']));
    let told = named.map_or_else(Vec::new, |name| {
        asked(&Question::Keys(ConfigResource::new(entity, name.clone())), words)
    });
    let told: Vec<ConfigEntry> = told.into_iter().filter_map(|key| entry(&key)).collect();
    key_names(entity, &told, can_change)
}

/// A key as a cluster tells of it, in a word: whether it can only be changed in a file, where it comes from, its name.
fn word(entry: &ConfigEntry) -> String {
    format!("{} {} {}", entry.is_read_only, entry.source, entry.name)
}

fn entry(word: &str) -> Option<ConfigEntry> {
    let (is_read_only, rest) = word.split_once(' ')?;
    let (source, name) = rest.split_once(' ')?;
    Some(ConfigEntry {
        name: name.to_owned(),
        value: None,
        source: source.parse().ok()?,
        is_read_only: is_read_only == "true",
        is_sensitive: false,
        synonyms: Vec::new(),
    })
}

/// What the cluster on a command line answers, now or a moment ago; nothing if it does not.
fn asked(question: &Question, words: &[String]) -> Vec<String> {
    let Ok(global) = global(words) else { return Vec::new() };
    let cache = Cache::of_user();
    let cached_as = cached_as(question, &global);
    if let Some(known) = cache.as_ref().and_then(|cache| cache.get(&cached_as)) {
        return known;
    }
    let names = answer(question, global).unwrap_or_default();
    if let Some(cache) = cache {
        // That there was no answer is kept, too: the next key is not to wait for it again.
        cache.put(&cached_as, &names);
    }
    names
}

/// The cluster that a command line, the environment and the profile file name.
fn global(words: &[String]) -> Result<GlobalArgs, CommandError> {
    let command = GlobalArgs::augment_args(clap::Command::new("kfleet").args_override_self(true));
    let wrong = |error: clap::Error| CommandError::usage(error.to_string());
    let flags = std::iter::once("kfleet").chain(cluster_flags(words));
    let matches = command.try_get_matches_from(flags).map_err(wrong)?;
    let mut global = GlobalArgs::from_arg_matches(&matches).map_err(wrong)?;
    apply(&mut global, Sources::of(&matches), Found::read()?.as_ref())?;
    (global.timeout, global.has_timeout, global.quiet) = (ANSWER_MAX, true, true);
    Ok(global)
}

/// Flags with their values.
fn cluster_flags(words: &[String]) -> Vec<&str> {
    let mut flags = Vec::new();
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if word == "--" {
            break;
        }
        let takes = |flag: &&str| {
            let rest = word.strip_prefix(*flag)?;
            let is_long = flag.starts_with("--");
            Some(rest.is_empty()).filter(|is_alone| *is_alone || !is_long || rest.starts_with('='))
        };
        match CLUSTER_FLAGS.iter().find_map(takes) {
            Some(true) => {
                if let Some(value) = words.next() {
                    flags.extend([word, value]);
                }
            }
            Some(false) => flags.push(word),
            None => {}
        }
    }
    flags
}

/// What tells a question apart from all others, those with other logins included.
fn cached_as(question: &Question, global: &GlobalArgs) -> String {
    let changed = |path: &Path| -> Option<SystemTime> { std::fs::metadata(path).ok()?.modified().ok() };
    let config = global.command_config.as_deref();
    format!(
        "{question:?} {:?} {:?} {config:?} {:?}",
        global.bootstrap_server,
        global.bootstrap_controller,
        config.and_then(changed)
    )
}

fn answer(question: &Question, global: GlobalArgs) -> Result<Vec<String>, CommandError> {
    let context = Context::new(global);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let late = |_| CommandError::timed_out("no answer in time");
    let answered = runtime.block_on(async {
        tokio::time::timeout(ANSWER_MAX, async {
            let client = context.connect_to_any_role().await?;
            Ok::<_, CommandError>(ask(&client, question).await?)
        })
        .await
    });
    // A name server that does not answer would be waited for.
    runtime.shutdown_background();
    answered.map_err(late)?
}

async fn ask(client: &Client, question: &Question) -> Result<Vec<String>, ClientError> {
    match question {
        Question::Topics => {
            let topics = client.metadata(None).await?.topics.into_iter();
            let mut names: Vec<(bool, String)> = topics
                .filter_map(|topic| Some((topic.is_internal, topic.name?.to_string())))
                .collect();
            // The cluster's own come last.
            names.sort();
            Ok(names.into_iter().map(|(_, name)| name).collect())
        }
        Question::Groups => {
            let listed = client.list_groups(&GroupFilter::default(), client.deadline()).await;
            Ok(listed.ok.into_iter().map(|group| group.id).collect())
        }
        Question::Brokers => Ok(client.broker_ids().map(|id| id.to_string()).collect()),
        Question::Subscriptions => {
            let listed = client
                .list_config_resources(&BTreeSet::from([ConfigEntity::ClientMetrics]))
                .await?;
            Ok(listed.into_iter().map(|resource| resource.name).collect())
        }
        Question::Keys(resource) => {
            let told = client.describe_configs(&BTreeSet::from([resource.clone()])).await.ok;
            Ok(told.iter().flat_map(|(_, entries)| entries.iter().map(word)).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_cluster_on_the_line_is_found_wherever_it_stands() {
        let flags = |line: &str| cluster_flags(&words(line)).join(" ");
        assert_eq!(flags("kfleet -b a:1 topics describe"), "-b a:1");
        assert_eq!(flags("kfleet topics -ba:1 --profile=x describe"), "-ba:1 --profile=x");
        assert_eq!(
            flags("kfleet x --bootstrap-server a:1 --command-config c.properties --timeout 9s"),
            "--bootstrap-server a:1 --command-config c.properties"
        );
        assert_eq!(flags("kfleet x --bootstrap-servers a:1 --profiles b"), "");
        assert_eq!(flags("kfleet x -b"), "");
        assert_eq!(flags("kfleet sandbox -- kcat -b a:1"), "");
        let global = global(&words("kfleet -b a:1 topics -b b:2 --bootstrap-server=c:3")).unwrap();
        assert_eq!(global.bootstrap_server.as_deref(), Some("c:3"));
        assert!(global.quiet && global.timeout == ANSWER_MAX);
    }

    #[test]
    fn other_clusters_and_other_logins_have_other_answers() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let cached_as = |line: &str, question| cached_as(&question, &global(&words(line)).unwrap());
        let login = format!("kfleet -b a:1 --command-config {}", file.path().display());
        let first = cached_as(&login, Question::Topics);
        assert_eq!(first, cached_as(&login, Question::Topics));
        assert_ne!(first, cached_as("kfleet -b a:1", Question::Topics));
        assert_ne!(first, cached_as(&login.replace("a:1", "b:1"), Question::Topics));
        assert_ne!(first, cached_as(&login, Question::Groups));
        file.as_file().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_ne!(first, cached_as(&login, Question::Topics));
    }

    #[test]
    fn keys_are_known_without_a_cluster() {
        let keys = |source, line: &str| names(source, &words(line));
        let of_topic = keys(Source::ConfigPairs, "kfleet configs set topic");
        assert!(of_topic.contains(&"retention.ms".to_owned()) && !of_topic.contains(&"num.io.threads".to_owned()));
        let of_brokers = keys(Source::ConfigPairs, "kfleet configs set broker-defaults");
        assert!(of_brokers.contains(&"num.io.threads".to_owned()) && !of_brokers.contains(&"broker.rack".to_owned()));
        let seen = keys(Source::ConfigKeys, "kfleet configs describe broker");
        assert!(seen.contains(&"broker.rack".to_owned()));
        assert_eq!(keys(Source::ConfigPairs, "kfleet configs set"), Vec::<String>::new());
    }

    #[test]
    fn keys_that_a_cluster_tells_of_can_be_kept() {
        let told = ConfigEntry {
            name: "a.plugin key".to_owned(),
            value: None,
            source: 4,
            is_read_only: true,
            is_sensitive: false,
            synonyms: Vec::new(),
        };
        let kept = entry(&word(&told)).unwrap();
        assert_eq!((kept.name, kept.source, kept.is_read_only), (told.name, 4, true));
        assert!(entry("").is_none() && entry("true x y").is_none());
    }
}
