//! How tuned is configured.

use super::root::Root;

/// Whether tuned applies the files of sysctl.d after its profile, which it does unless it is told not to.
pub(crate) fn reapplies(root: &Root) -> bool {
    let main = root.text("etc/tuned/tuned-main.conf");
    let main = main.value().map(String::as_str).unwrap_or_default();
    let mut settings = main.lines().filter_map(|line| {
        let line = line.trim();
        let (key, value) = line.split_once('=').filter(|_| !line.starts_with(['#', ';']))?;
        Some((key.trim(), value.trim()))
    });
    let last = settings.rfind(|(key, _)| *key == "reapply_sysctl");
    let is_off = |value: &str| matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off");
    !last.is_some_and(|(_, value)| is_off(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::facts::{Node, Tree};

    #[test]
    fn files_of_sysctl_d_come_last_unless_it_is_switched_off() {
        for (text, expected) in [
            (None, true),
            (Some("daemon = 1\n"), true),
            (Some("reapply_sysctl = 1\n"), true),
            (Some("# reapply_sysctl = 0\n"), true),
            (Some("reapply_sysctl = 0\n"), false),
            (Some("reapply_sysctl=1\nreapply_sysctl=False\n"), false),
        ] {
            let node = text.map(|text| Node::File(text.as_bytes().to_vec()));
            let tree: Tree = node
                .map(|node| ("etc/tuned/tuned-main.conf".to_owned(), node))
                .into_iter()
                .collect();
            assert_eq!(reapplies(&Root::memory(tree)), expected, "{text:?}");
        }
    }
}
