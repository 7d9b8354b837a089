//! Transparent huge pages, and other files in which the choice that counts stands in brackets.

use super::fact::Fact;
use super::root::Root;

/// Which huge pages the kernel hands out by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HugePages {
    /// always, madvise or never.
    pub(crate) enabled: Fact<String>,
    /// When memory is compacted for them.
    pub(crate) defrag: Fact<String>,
}

impl HugePages {
    pub(crate) fn read(root: &Root) -> Self {
        let read = |name: &str| choice(root, &format!("sys/kernel/mm/transparent_hugepage/{name}"));
        Self {
            enabled: read("enabled"),
            defrag: read("defrag"),
        }
    }
}

/// What stands in brackets, or the only word there is.
pub(crate) fn choice(root: &Root, path: &str) -> Fact<String> {
    root.line(path).and_then(|line| {
        let chosen = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix('[')?.strip_suffix(']'));
        let only = || Some(line.as_str()).filter(|line| !line.contains(' '));
        Fact::parsed(
            &format!("\"{}\"", super::root::shortened(&line)),
            chosen.or_else(only).map(str::to_owned),
        )
    })
}
