//! The order in which Apache's scripts go through partitions: that of Java's hash tables.

use client::PartitionKey;

use crate::storage::java_order;

/// Sorts what is about partitions as a table does that grows with what is put in.
pub(super) fn sort<T>(items: &mut [T], key: impl Fn(&T) -> &PartitionKey) {
    java_order::grown(items, |item| hash(key(item)));
}

/// The same for a table that was made for as many as it has.
pub(super) fn sort_sized<T>(items: &mut [T], key: impl Fn(&T) -> &PartitionKey) {
    java_order::sized(items, |item| hash(key(item)));
}

/// `TopicPartition.hashCode`.
fn hash((topic, partition): &PartitionKey) -> i32 {
    let hash = 31i32.wrapping_add(*partition);
    hash.wrapping_mul(31).wrapping_add(java_order::string_hash(topic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_come_as_apaches_scripts_print_them() {
        let mut keys: Vec<PartitionKey> = (0..3).map(|partition| ("g1".to_owned(), partition)).collect();
        sort(&mut keys, |key| key);
        let partitions: Vec<i32> = keys.iter().map(|(_, partition)| *partition).collect();
        assert_eq!(partitions, [2, 1, 0]);
    }
}
