//! Which topics a script means: a list of regular expressions, each of which a whole name has to match.

use client::Client;
use regex_automata::meta::Regex;

use super::failed::Throwable;
use crate::pattern::whole;

/// Topics that are the cluster's own, as Apache's tools know them.
const INTERNAL: [&str; 3] = ["__consumer_offsets", "__share_group_state", "__transaction_state"];

/// Whether a topic is the cluster's own.
pub(super) fn is_internal(topic: &str) -> bool {
    INTERNAL.contains(&topic)
}

/// Topics that are meant.
#[derive(Debug, Clone)]
pub(super) struct Included(Regex);

impl Included {
    /// Of a list with commas between, which count as `|`.
    pub(super) fn new(list: &str) -> Result<Self, Throwable> {
        let list = list.trim().replace(',', "|").replace(' ', "");
        let list = list.trim_matches(['"', '\'']);
        match whole(list) {
            Ok(regex) => Ok(Self(regex)),
            Err(_) => Err(Throwable::new(
                "java.lang.RuntimeException",
                format!("{list} is an invalid regex."),
            )),
        }
    }

    /// Whether a topic is among them.
    pub(super) fn has(&self, topic: &str) -> bool {
        self.0.is_match(topic)
    }
}

/// Topics of a cluster that are meant, without its own.
pub(super) async fn of_cluster(client: &Client, is_meant: impl Fn(&str) -> bool) -> Result<Vec<String>, Throwable> {
    let topics = client.metadata(None).await?.topics.into_iter();
    let names = topics.filter(|topic| !topic.is_internal).filter_map(|topic| topic.name);
    Ok(names
        .map(|name| name.to_string())
        .filter(|name| is_meant(name))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_name_matches_one_of_the_list() {
        let has = |list: &str, topic: &str| Included::new(list).unwrap().has(topic);
        assert!(has("a, b.*", "bc") && has("'a|x'", "a") && has("a.b", "a-b"));
        assert!(!has("a,b", "ab") && !has("a", "ba"));
        assert_eq!(Included::new("(").unwrap_err().message, "( is an invalid regex.");
    }
}
