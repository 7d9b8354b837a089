//! Shell: what tune would do, and the command that does it as root.

use super::plan::{Plan, Step};
use crate::error::CommandError;
use crate::host::findings::OWN_FILE;

/// A word of a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A script that does what the plan says, but for the journal.
pub(crate) fn script(plan: &Plan) -> String {
    let mut text = String::from("#!/bin/sh\n# What kfleet host tune would do; it keeps no journal.\nset -eu\n");
    let steps: Vec<&Step> = plan.steps.iter().collect();
    if let Some(file) = plan.file_with(&steps).filter(|_| !steps.is_empty()) {
        text.push_str("mkdir -p /etc/sysctl.d\n");
        text.push_str(&format!("printf %s {} > /etc/sysctl.d/{OWN_FILE}\n", quoted(&file)));
    }
    for step in steps {
        let pair = format!("{}={}", step.key, step.wanted);
        text.push_str(&format!("sysctl -w {}\n", quoted(&pair)));
    }
    for row in &plan.by_hand {
        text.push_str(&format!("# by hand: {}: {}\n", row.rule, row.text.replace('\n', " ")));
    }
    text
}

/// Refuses to go on without the rights, with the command that has them.
pub(crate) fn as_root() -> CommandError {
    let words = std::env::args().map(|word| quoted(&word));
    let command: Vec<String> = std::iter::once("sudo".to_owned()).chain(words).collect();
    CommandError::refused("only root may set the values of this host; nothing was changed")
        .hint(format!("run: {}", command.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_part_them() {
        assert_eq!(
            quoted("net.ipv4.tcp_rmem=4096 131072 5"),
            "'net.ipv4.tcp_rmem=4096 131072 5'"
        );
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted("--only=a,b"), "--only=a,b");
        assert_eq!(quoted(""), "''");
    }
}
