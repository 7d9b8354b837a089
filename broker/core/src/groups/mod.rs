//! Classic groups: membership, assignments, committed offsets.
//!
//! A group belongs to the partition of `__consumer_offsets` that its id hashes to, and lives where that
//! partition's leader is. A [`Shard`] is the groups of one partition. What has to survive is a committed record in that
//! partition before it is answered; membership between two generations is not.

mod group;
mod join;
mod offsets;
mod records;
mod shard;
mod sync;
mod transactions;
mod uncommitted;

pub use group::{Group, GroupState, JoinAnswer, Member, SyncAnswer};
pub use join::{JoinRequest, Joined};
pub use offsets::{CommittedOffset, OffsetKey};
pub use records::{KeyValue, RecordAt, group_record, group_tombstone, offset_record};
pub use shard::{GroupSettings, Shard};
pub use sync::Synced;
pub use uncommitted::Change;

/// The partition of `__consumer_offsets` that a group belongs to: the amount of Java's `String.hashCode` (0 for the one
/// that has none), modulo the number of partitions.
pub fn partition_of(group_id: &str, partitions: i32) -> i32 {
    let hash = group_id
        .encode_utf16()
        .fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    if partitions <= 0 {
        0
    } else {
        hash.checked_abs().unwrap_or(0) % partitions
    }
}

#[cfg(test)]
mod tests;
