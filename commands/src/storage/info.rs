//! storage info

use std::path::{Path, PathBuf};

use clap::Args;
use protocol::files::{MetaProperties, MetaVersion, names};

use super::shown::StorageInfo;
use super::{dirs, format};
use crate::context::Context;
use crate::error::CommandError;

/// Tell what the log directories of a node are; exits 65 if anything is wrong with them.
#[derive(Debug, Args)]
#[command(
    infer_long_args = true,
    after_help = "Example:\n  kfleet storage info -c server.properties"
)]
pub(crate) struct InfoArgs {
    /// server.properties
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
}

pub(crate) fn run(args: &InfoArgs, context: &Context) -> Result<(), CommandError> {
    let config = format::read_config(&args.config)?;
    let mut report = Report::default();
    for dir in dirs::configured(&config) {
        report.look_at(&dir);
    }
    if report
        .first
        .as_ref()
        .is_some_and(|meta| meta.version == MetaVersion::V0)
    {
        report.problems.push(
            "The kafka configuration file appears to be for a cluster in KRaft mode, but the directories are formatted for legacy mode."
                .to_owned(),
        );
    }
    let text = report.text();
    let metadata = report
        .first
        .as_ref()
        .map(|meta| meta.sorted_entries().into_iter().collect());
    let info = StorageInfo {
        directories: report.found,
        metadata,
        problems: report.problems,
        text,
    };
    context.out.show(None, &info, &[])?;
    if info.problems.is_empty() {
        return Ok(());
    }
    let wrong = CommandError::data(info.problems.join("; "));
    Err(if context.out.is_json() {
        // The document has said so.
        CommandError::exit(wrong.code)
    } else {
        wrong
    })
}

/// What was found.
#[derive(Debug, Default)]
struct Report {
    found: Vec<String>,
    first: Option<MetaProperties>,
    problems: Vec<String>,
}

impl Report {
    fn look_at(&mut self, dir: &str) {
        // Without a slash at its end, as Java has paths.
        let path: PathBuf = Path::new(dir).components().collect();
        let shown = path.display();
        if !path.is_dir() {
            let what = if path.exists() {
                "is not a directory"
            } else {
                "does not exist"
            };
            self.problems.push(format!("{shown} {what}"));
            return;
        }
        self.found.push(shown.to_string());
        let file = path.join(names::META_PROPERTIES);
        if !file.exists() {
            self.problems.push(format!("{shown} is not formatted."));
            return;
        }
        let read = std::fs::read(&file).map_err(|error| error.to_string());
        match read.and_then(|bytes| MetaProperties::parse(&bytes).map_err(|error| error.to_string())) {
            Ok(meta) => self.compare(meta),
            Err(error) => self.problems.push(format!("Error loading {}: {error}", file.display())),
        }
    }

    fn compare(&mut self, meta: MetaProperties) {
        match &self.first {
            None => self.first = Some(meta),
            Some(first) if first.cluster_id != meta.cluster_id => {
                let problem = "Mismatched cluster IDs between storage directories.";
                self.problems.push(problem.to_owned());
            }
            Some(first) if first.node_id != meta.node_id => {
                let problem = "Mismatched node IDs between storage directories.";
                self.problems.push(problem.to_owned());
            }
            Some(_) => {}
        }
    }

    fn text(&self) -> String {
        let mut out = section("Found log director", ["y", "ies"], &self.found);
        if let Some(meta) = &self.first {
            let fields = meta.sorted_entries();
            let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
            out.push_str(&format!("Found metadata: {{{}}}\n\n", fields.join(", ")));
        }
        out.push_str(&section("Found problem", ["", "s"], &self.problems));
        out
    }
}

/// A headline with the ending for one or for many, and the items below it; nothing if there are none.
fn section(headline: &str, [one, many]: [&str; 2], items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let ending = if items.len() == 1 { one } else { many };
    let mut out = format!("{headline}{ending}:\n");
    for item in items {
        out.push_str(&format!("  {item}\n"));
    }
    out.push('\n');
    out
}
