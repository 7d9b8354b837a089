//! Kafka's rules for topic names (`org.apache.kafka.common.internals.Topic`).

/// Topics the cluster keeps for itself.
pub const INTERNAL_TOPICS: [&str; 3] = [CONSUMER_OFFSETS, TRANSACTION_STATE, SHARE_GROUP_STATE];
/// Group metadata and committed offsets.
pub const CONSUMER_OFFSETS: &str = "__consumer_offsets";
/// The transaction log.
pub const TRANSACTION_STATE: &str = "__transaction_state";
/// Share group state.
pub const SHARE_GROUP_STATE: &str = "__share_group_state";

/// Longest legal name, in characters.
const NAME_MAX_CHARS: usize = 249;

/// Whether clients treat the topic as the cluster's own.
pub fn is_internal(name: &str) -> bool {
    INTERNAL_TOPICS.contains(&name)
}

/// Whether a topic may have this name.
pub fn is_valid(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty() && name != "." && name != ".." && name.len() <= NAME_MAX_CHARS && name.chars().all(legal)
}

/// Kafka's words for what is wrong with a name that is not valid.
pub fn why_invalid(name: &str) -> String {
    match name {
        "" => "the empty string is not allowed".to_owned(),
        "." | ".." => "'.' or '..' is not allowed".to_owned(),
        _ if name.len() > NAME_MAX_CHARS => {
            format!("the length of '{name}' is longer than the max allowed length {NAME_MAX_CHARS}")
        }
        _ => format!("'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_kafkas_rules() {
        assert!(is_valid("a.b_c-D9") && is_valid(&"x".repeat(249)));
        for bad in ["", ".", "..", "a b", "a/b", "ä", &"x".repeat(250)] {
            assert!(!is_valid(bad), "{bad:?}");
        }
    }
}
