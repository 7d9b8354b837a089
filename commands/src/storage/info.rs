//! storage info

use std::path::PathBuf;

use clap::Args;
use protocol::config::NodeConfig;
use protocol::files::{MetaProperties, names};
use protocol::properties::Properties;

use crate::context::Context;
use crate::error::CommandError;

/// Tell what the log directories of a node are; exits 65 if anything is wrong with them.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet storage info -c server.properties")]
pub(crate) struct InfoArgs {
    /// server.properties
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
}

pub(crate) fn run(args: &InfoArgs, context: &Context) -> Result<(), CommandError> {
    let path = &args.config;
    let bytes =
        std::fs::read(path).map_err(|error| CommandError::io(&format!("reading {}", path.display()), &error))?;
    let file = Properties::parse(&bytes);
    let config =
        NodeConfig::parse(file.iter()).map_err(|error| CommandError::data(format!("{}: {error}", path.display())))?;
    let mut dirs = config.log_dirs.clone();
    dirs.push(config.metadata_log_dir.clone());
    dirs.sort();
    dirs.dedup();
    let (mut found, mut problems, mut metas) = (Vec::new(), Vec::new(), Vec::new());
    for dir in &dirs {
        if !dir.exists() {
            problems.push(format!("{} does not exist", dir.display()));
            continue;
        }
        if !dir.is_dir() {
            problems.push(format!("{} is not a directory", dir.display()));
            continue;
        }
        found.push(dir.display().to_string());
        match std::fs::read(dir.join(names::META_PROPERTIES)) {
            Err(_) => problems.push(format!("{} is not formatted.", dir.display())),
            Ok(bytes) => match MetaProperties::parse(&bytes) {
                Err(error) => problems.push(format!("Error loading {}: {error}", dir.display())),
                Ok(meta) => metas.push(meta),
            },
        }
    }
    let differ = |same: &dyn Fn(&MetaProperties, &MetaProperties) -> bool| {
        metas
            .first()
            .is_some_and(|first| metas.iter().any(|meta| !same(first, meta)))
    };
    if differ(&|a, b| a.cluster_id == b.cluster_id) {
        problems.push("Mismatched cluster IDs between storage directories.".to_owned());
    }
    if differ(&|a, b| a.node_id == b.node_id) {
        problems.push("Mismatched node IDs between storage directories.".to_owned());
    }
    context.out.print(&told(&found, metas.first(), &problems))?;
    if problems.is_empty() {
        Ok(())
    } else {
        Err(CommandError::data(problems.join("; ")))
    }
}

fn told(found: &[String], meta: Option<&MetaProperties>, problems: &[String]) -> String {
    let mut out = String::new();
    let mut section = |one: &str, many: &str, items: &[String]| {
        if !items.is_empty() {
            out.push_str(if items.len() == 1 { one } else { many });
            out.push('\n');
            for item in items {
                out.push_str(&format!("  {item}\n"));
            }
            out.push('\n');
        }
    };
    section("Found log directory:", "Found log directories:", found);
    if let Some(meta) = meta {
        let mut fields = Vec::new();
        fields.extend(meta.cluster_id.as_ref().map(|id| format!("cluster.id={id}")));
        fields.extend(meta.directory_id.as_ref().map(|id| format!("directory.id={id}")));
        fields.extend(meta.node_id.map(|id| format!("node.id={id}")));
        fields.push("version=1".to_owned());
        out.push_str(&format!("Found metadata: {{{}}}\n\n", fields.join(", ")));
    }
    let mut section = |one: &str, many: &str, items: &[String]| {
        if !items.is_empty() {
            out.push_str(if items.len() == 1 { one } else { many });
            out.push('\n');
            for item in items {
                out.push_str(&format!("  {item}\n"));
            }
            out.push('\n');
        }
    };
    section("Found problem:", "Found problems:", problems);
    out
}
