//! The order in which Java's hash tables are walked. Apache's tool keeps log directories and voters in such tables, so that
//! the order of what it prints and writes is theirs.

/// A table that starts with 16 buckets and doubles when it is three quarters full (`new HashMap()`).
pub(crate) fn grown<T>(items: &mut [T], hash: impl Fn(&T) -> i32) {
    let mut buckets = 16;
    while items.len() > buckets / 4 * 3 {
        buckets *= 2;
    }
    walk(items, buckets, hash);
}

/// A table that was made as a copy of another (`new HashMap(map)`): as small as its content allows.
pub(crate) fn copied<T>(items: &mut [T], hash: impl Fn(&T) -> i32) {
    // The smallest power of two that is not below the quotient, cut off, of its length by 0.75, and 1.
    let buckets = (items.len() * 4 / 3 + 1).next_power_of_two();
    walk(items, buckets, hash);
}

/// A table that was made for as many as it has (`new HashMap(count)`), and grew if that was too small.
pub(crate) fn sized<T>(items: &mut [T], hash: impl Fn(&T) -> i32) {
    let mut buckets = items.len().next_power_of_two();
    while items.len() * 4 > buckets * 3 {
        buckets *= 2;
    }
    walk(items, buckets, hash);
}

/// Sorts by bucket; within one the order is that of insertion, which is that of `items`.
fn walk<T>(items: &mut [T], buckets: usize, hash: impl Fn(&T) -> i32) {
    items.sort_by_key(|item| {
        let hash = hash(item) as u32;
        (hash ^ (hash >> 16)) as usize & (buckets - 1)
    });
}

/// `String.hashCode`.
pub(crate) fn string_hash(text: &str) -> i32 {
    text.encode_utf16()
        .fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Java 17 walks `new HashMap` and its copies.
    #[test]
    fn items_come_as_java_gives_them() {
        let mut ids = [1, 17, 100, 1000, 2000, 3000];
        grown(&mut ids, |id| *id);
        assert_eq!(ids, [2000, 1, 17, 100, 1000, 3000]);
        let mut ids: Vec<i32> = (0..13).map(|id| 40 - id).collect();
        grown(&mut ids, |id| *id);
        assert_eq!(ids[..3], [32, 33, 34], "13 items are too many for 16 buckets");
        let mut ids = [1, 2];
        copied(&mut ids, |id| *id);
        assert_eq!(ids, [1, 2]);
        let mut ids = [3, 4];
        copied(&mut ids, |id| *id);
        assert_eq!(ids, [4, 3]);
        let mut ids = [1, 2, 3, 4, 8];
        sized(&mut ids, |id| *id);
        assert_eq!(ids, [8, 1, 2, 3, 4]);
        let mut ids = [4, 3, 2, 1];
        sized(&mut ids, |id| *id);
        assert_eq!(ids, [1, 2, 3, 4], "four are too many for four buckets");
        assert_eq!(string_hash("kafka"), 101_807_910);
    }
}
