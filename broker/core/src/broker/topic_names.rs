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
