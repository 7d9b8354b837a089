//! Files of server.properties, held against a release.

use std::path::PathBuf;

use protocol::properties::Properties;
use roller::upgrade::config::check::{Finding, What, check};
use roller::upgrade::config::rewrite::rewrite;
use roller::upgrade::release::Release;

use super::report::{ConfigFinding, ConfigRow};
use crate::error::CommandError;
use crate::json_file::read_text;

/// A file that was read.
#[derive(Debug)]
pub(super) struct ConfigFile {
    name: String,
    text: String,
}

pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<ConfigFile>, CommandError> {
    let file = |path: &PathBuf| {
        Ok(ConfigFile {
            name: path.display().to_string(),
            text: read_text(path)?,
        })
    };
    paths.iter().map(file).collect()
}

impl ConfigFile {
    /// What a release makes of it.
    pub(super) fn row(&self, from: Release, to: Release) -> ConfigRow {
        let properties = Properties::parse(self.text.as_bytes());
        let checked = check(properties.iter(), from, to);
        let rewritten = rewrite(&self.text, &checked);
        ConfigRow {
            file: self.name.clone(),
            starts: checked.starts(),
            diff: rewritten.diff(&self.name),
            by_hand: rewritten.by_hand,
            findings: checked.findings.iter().map(finding).collect(),
            unknown: checked.unknown,
        }
    }
}

fn finding(finding: &Finding) -> ConfigFinding {
    let name = |release: Release| release.name();
    let (instead, detail) = match &finding.what {
        What::Removed => (Vec::new(), "it is ignored".to_owned()),
        What::Renamed(names) => (names.clone(), format!("it is {} now", names.join(" and "))),
        What::Deprecated(None) => (Vec::new(), "it will go".to_owned()),
        What::Deprecated(Some(other)) => (vec![other.clone()], format!("it will go: {other} is in its place")),
        What::Refused(rule) => (
            Vec::new(),
            format!("nodes do not start with its value, but with {rule}"),
        ),
        What::Missing => (Vec::new(), "nodes do not start without it".to_owned()),
        What::Default { old, new } => (Vec::new(), format!("not set, and no longer {old} then, but {new}")),
        What::Meaning(text) => (Vec::new(), text.clone()),
        What::NotYet => (Vec::new(), "the release has it not yet".to_owned()),
    };
    ConfigFinding {
        key: finding.key.clone(),
        what: finding.what.name(),
        since: name(finding.since),
        instead,
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> ConfigRow {
        let file = ConfigFile {
            name: "f".to_owned(),
            text: text.to_owned(),
        };
        file.row(Release::V3_9, Release::V4_3)
    }

    #[test]
    fn what_stays_of_a_file_is_what_java_reads_of_it() {
        let text = "# a\nprocess.roles=broker\nlog.message.format.version = 3.0\\\n   -IV1\nnode.id: 7\n";
        let file = row(text);
        assert!(file.starts && file.by_hand.is_empty());
        assert_eq!(
            file.diff,
            "--- f\n+++ f\n@@ -3,2 +2,0 @@\n-log.message.format.version = 3.0\\\n-   -IV1\n"
        );
        let checked = check(Properties::parse(text.as_bytes()).iter(), Release::V3_9, Release::V4_3);
        let new = Properties::parse(rewrite(text, &checked).text.as_bytes());
        let pairs: Vec<_> = new.iter().collect();
        assert_eq!(pairs, [("process.roles", "broker"), ("node.id", "7")]);
    }

    #[test]
    fn findings_say_what_to_do_and_no_values() {
        let file = row("process.roles=broker\ndelegation.token.master.key=pst\nnum.replica.fetchers=0\n");
        assert!(!file.starts);
        let of = |key: &str| file.findings.iter().find(|finding| finding.key == key).unwrap();
        let key = of("delegation.token.master.key");
        assert_eq!((key.what, key.since), ("renamed", "4.0"));
        assert_eq!(key.instead, ["delegation.token.secret.key"]);
        assert_eq!(of("num.replica.fetchers").what, "refused");
        assert!(!serde_json::to_string(&file).unwrap().contains("pst"));
    }
}
