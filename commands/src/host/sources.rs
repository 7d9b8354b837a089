//! Where the value of a sysctl comes from: the files that set it at boot, which of them counts, and keys in them that no
//! kernel has.

use super::facts::{Fact, Root, fields, normal, sysctl_path};
use protocol::config::distance;

/// Folders with files, the ones that count more first: a file hides those of its name in later folders.
const FOLDERS: [&str; 5] = [
    "etc/sysctl.d",
    "run/sysctl.d",
    "usr/local/lib/sysctl.d",
    "usr/lib/sysctl.d",
    "lib/sysctl.d",
];
/// The file that `sysctl -p` and `sysctl --system` of procps read, and systemd does not.
const OLD_FILE: &str = "etc/sysctl.conf";
/// Most files that are read.
const FILES_MAX: usize = 1_000;

/// A line that sets a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The key, as written.
    pub(crate) written: String,
    /// The key, with dots between names.
    pub(crate) key: String,
    /// The value.
    pub(crate) value: String,
    /// The file.
    pub(crate) file: String,
    /// The line.
    pub(crate) line: usize,
    /// Whether the key exists.
    pub(crate) exists: bool,
    /// Whether a failure to set it is of no account.
    pub(crate) is_optional: bool,
}

/// Files that set sysctls, in the order in which they are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SysctlFiles {
    /// Lines; of two with one key, the later one counts.
    pub(crate) settings: Vec<Setting>,
    /// Lines of the old file, if only procps reads it.
    pub(crate) old: Vec<Setting>,
    /// Files that cannot be read, and why.
    pub(crate) unreadable: Vec<String>,
    /// Whether there are any files.
    pub(crate) any: bool,
    /// Whether keys that the tree lacks are keys that the kernel lacks.
    pub(crate) is_complete: bool,
}

impl SysctlFiles {
    pub(crate) fn read(root: &Root) -> Self {
        let mut files = Self {
            is_complete: root.is_live() || !root.measured().schema.is_empty(),
            ..Self::default()
        };
        // The path, by name: names order files, wherever they lie.
        let mut by_name: Vec<(String, String)> = Vec::new();
        for folder in FOLDERS {
            match root.names(folder) {
                Fact::Absent => {}
                Fact::Unreadable(reason) => files.unreadable.push(format!("/{folder}: {reason}")),
                Fact::Present(names) => {
                    for name in names.into_iter().filter(|name| name.ends_with(".conf")) {
                        if !by_name.iter().any(|(known, _)| *known == name) {
                            by_name.push((name.clone(), format!("{folder}/{name}")));
                        }
                    }
                }
            }
        }
        by_name.sort();
        for (_, path) in by_name.iter().take(FILES_MAX) {
            let settings = files.file(root, path);
            files.settings.extend(settings);
        }
        let old = files.file(root, OLD_FILE);
        // Debian links it from sysctl.d, and then it has been read.
        let is_linked = |setting: &Setting| {
            let same = |other: &Setting| {
                other.line == setting.line && other.key == setting.key && other.value == setting.value
            };
            files.settings.iter().any(same)
        };
        if !old.iter().all(is_linked) {
            files.old = old;
        }
        files
    }

    fn file(&mut self, root: &Root, path: &str) -> Vec<Setting> {
        match root.text(path) {
            Fact::Absent => Vec::new(),
            Fact::Unreadable(reason) => {
                // A link to /dev/null is how a file is switched off.
                if reason != "is not a file" {
                    self.unreadable.push(format!("/{path}: {reason}"));
                }
                Vec::new()
            }
            Fact::Present(text) => {
                self.any = true;
                let numbered = text.lines().enumerate();
                numbered
                    .filter_map(|(at, line)| setting(root, path, at + 1, line))
                    .collect()
            }
        }
    }

    /// All keys, without patterns.
    pub(crate) fn keys(&self) -> Vec<String> {
        let all = self.settings.iter().chain(&self.old).map(|setting| setting.key.clone());
        all.filter(|key| !is_secret(key)).collect()
    }

    /// The lines that set a key: the last one counts.
    pub(crate) fn of(&self, key: &str) -> Vec<&Setting> {
        let key = normal(key);
        self.settings.iter().filter(|setting| setting.key == key).collect()
    }

    /// Lines with keys that do not exist.
    pub(crate) fn unknown(&self) -> Vec<&Setting> {
        let all = self.settings.iter().chain(&self.old);
        all.filter(|setting| !setting.exists && (self.is_complete || suggest(&setting.key).is_some()))
            .collect()
    }
}

/// Whether a value must not be read.
fn is_secret(key: &str) -> bool {
    key.contains("secret")
}

/// A line such as `-vm.swappiness = 1`.
fn setting(root: &Root, path: &str, line: usize, text: &str) -> Option<Setting> {
    let text = text.trim();
    if text.is_empty() || text.starts_with(['#', ';']) {
        return None;
    }
    let (written, value) = text.split_once('=')?;
    let is_optional = written.starts_with('-');
    let written = written.trim_start_matches('-').trim();
    if written.is_empty() || written.contains(['*', '?', '[']) {
        return None;
    }
    Some(Setting {
        key: normal(written),
        value: fields(value),
        file: format!("/{path}"),
        exists: root.has(&sysctl_path(written)),
        written: written.to_owned(),
        line,
        is_optional,
    })
}

/// Keys that people misspell and no rule reads.
const OTHERS: [&str; 12] = [
    "fs.aio-max-nr",
    "fs.inotify.max_user_watches",
    "kernel.core_pattern",
    "kernel.panic",
    "kernel.sysrq",
    "net.core.busy_poll",
    "net.core.default_qdisc",
    "net.core.optmem_max",
    "net.ipv4.ip_forward",
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_mem",
];

/// The key that was meant by one that does not exist.
pub(crate) fn suggest(key: &str) -> Option<&'static str> {
    // Separators are what is mixed up most.
    let plain = |key: &str| key.replace(['.', '/', '-'], "_").trim_matches('_').to_lowercase();
    let asked = plain(key);
    let of_rules = super::rules::all().flat_map(|rule| rule.keys.iter().copied());
    let distances = of_rules
        .chain(OTHERS)
        .map(|known| (distance(&plain(known), &asked), known));
    distances
        .min()
        .filter(|(distance, known)| *distance <= 2 && normal(key) != **known)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::facts::{Node, Tree};

    fn root(files: &[(&str, &str)]) -> Root {
        let node = |(path, text): &(&str, &str)| {
            let node = text
                .strip_prefix("->")
                .map_or_else(|| Node::File(text.as_bytes().to_vec()), |to| Node::Link(to.to_owned()));
            ((*path).to_owned(), node)
        };
        Root::memory(files.iter().map(node).collect::<Tree>())
    }

    #[test]
    fn names_order_files_and_etc_hides_the_rest() {
        let files = SysctlFiles::read(&root(&[
            ("proc/sys/vm/swappiness", "1\n"),
            ("usr/lib/sysctl.d/50-a.conf", "vm.swappiness=60\n"),
            ("etc/sysctl.d/50-a.conf", "# none\nvm.swappiness = 10\n"),
            ("run/sysctl.d/99-z.conf", "; late\n-vm/swappiness=1\n"),
            (
                "etc/sysctl.d/10-first.conf",
                "vm.swappiness=2\nnonsense\nnet.ipv4.conf.*.rp_filter=1\n",
            ),
            ("etc/sysctl.d/README", "vm.swappiness=3\n"),
        ]));
        let of = files.of("vm.swappiness");
        let shown: Vec<_> = of.iter().map(|s| (s.file.as_str(), s.line, s.value.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("/etc/sysctl.d/10-first.conf", 1, "2"),
                ("/etc/sysctl.d/50-a.conf", 2, "10"),
                ("/run/sysctl.d/99-z.conf", 2, "1")
            ]
        );
        assert!(of[2].is_optional && files.unknown().is_empty() && files.old.is_empty());
    }

    #[test]
    fn the_old_file_counts_where_it_is_linked() {
        let linked = [
            ("etc/sysctl.conf", "vm.swappiness=1\n"),
            ("etc/sysctl.d/99-sysctl.conf", "->../sysctl.conf"),
            ("etc/sysctl.d/50-off.conf", "->/dev/null"),
        ];
        let files = SysctlFiles::read(&root(&linked));
        assert_eq!((files.of("vm.swappiness").len(), files.old.len()), (1, 0));
        let files = SysctlFiles::read(&root(&linked[..1]));
        assert_eq!((files.of("vm.swappiness").len(), files.old.len()), (0, 1));
    }

    #[test]
    fn wrong_names_get_the_right_one() {
        for (wrong, right) in [
            ("net.core.wmem.default", Some("net.core.wmem_default")),
            ("net.core.rmem.max", Some("net.core.rmem_max")),
            ("vm.dirty.background.ratio", Some("vm.dirty_background_ratio")),
            ("vm.swapiness", Some("vm.swappiness")),
            ("vm.max_map_counts", Some("vm.max_map_count")),
            ("net.bridge.bridge-nf-call-iptables", None),
            ("vm.swappiness", None),
            ("", None),
        ] {
            assert_eq!(suggest(wrong), right, "{wrong}");
        }
    }
}
