//! Numbers and what they count, as a sentence has them.

use std::fmt::Display;

/// What is counted: one partition, more or no partitions.
pub fn noun<N: Copy + PartialEq + From<u8>>(count: N, one: &str) -> String {
    let before_y = |stem: &str| !stem.ends_with(['a', 'e', 'i', 'o', 'u']);
    match one.strip_suffix('y').filter(|stem| before_y(stem)) {
        _ if count == N::from(1) => one.to_owned(),
        Some(stem) => format!("{stem}ies"),
        None => format!("{one}s"),
    }
}

/// The number with it: "1 partition", "2 partitions".
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(count: N, one: &str) -> String {
    format!("{count} {}", noun(count, one))
}

/// What goes with one, or with more or none: "is" or "are".
pub fn either<N: Copy + PartialEq + From<u8>>(count: N, one: &'static str, many: &'static str) -> &'static str {
    if count == N::from(1) { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_all_else_are_many() {
        assert_eq!(counted(1_usize, "partition"), "1 partition");
        assert_eq!(counted(0_u64, "partition"), "0 partitions");
        assert_eq!(counted(2_i32, "directory"), "2 directories");
        assert_eq!(counted(1_i64, "directory"), "1 directory");
        assert_eq!(counted(3_usize, "key"), "3 keys");
        assert_eq!(
            (either(1_usize, "is", "are"), either(0_usize, "is", "are")),
            ("is", "are")
        );
    }
}
