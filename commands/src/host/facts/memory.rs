//! /proc/meminfo.

use super::fact::Fact;
use super::root::Root;

/// Memory and swap of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
    /// All memory.
    pub(crate) total_bytes: u64,
    /// All swap.
    pub(crate) swap_bytes: u64,
    /// Swap that is in use.
    pub(crate) swap_used_bytes: u64,
}

impl Memory {
    pub(crate) fn read(root: &Root) -> Fact<Self> {
        root.text("proc/meminfo").and_then(|text| {
            let parse = || {
                let swap_bytes = kib_of(&text, "SwapTotal:").unwrap_or(0);
                Some(Self {
                    total_bytes: kib_of(&text, "MemTotal:").filter(|total| *total > 0)?,
                    swap_bytes,
                    swap_used_bytes: swap_bytes.saturating_sub(kib_of(&text, "SwapFree:").unwrap_or(0)),
                })
            };
            Fact::parsed("/proc/meminfo", parse())
        })
    }
}

/// The bytes of a line such as `MemTotal:  1024 kB`.
pub(crate) fn kib_of(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}
