//! acls apply

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use client::{AclBinding, AclFilter, AclPattern};
use serde::Deserialize;

use super::change::{Plan, change};
use super::rows::AclRow;
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::input;

/// Make ACLs those that a file has: what is missing is created, and with --prune all others are deleted.
///
/// The file is what acls list --output json prints; - is stdin.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet acls list -o json > acls.json\n  kfleet acls apply acls.json --dry-run\n  kfleet acls apply acls.json --prune --yes"
)]
pub(crate) struct ApplyArgs {
    /// The file
    file: PathBuf,
    /// Delete ACLs that the file does not have
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// What `acls list` prints.
#[derive(Debug, Deserialize)]
struct Document {
    data: Vec<AclRow>,
}

fn parse(text: &str) -> Result<BTreeSet<AclBinding>, String> {
    // Errors of serde_json end with line and column.
    let rows: Vec<AclRow> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(|error| error.to_string())?
    } else {
        let document: Document = serde_json::from_str(text).map_err(|error| error.to_string())?;
        document.data
    };
    let mut bindings = BTreeSet::new();
    for (at, row) in (1..).zip(&rows) {
        let binding = row.binding().map_err(|why| format!("ACL {at}: {why}"))?;
        if !matches!(binding.pattern, AclPattern::Literal | AclPattern::Prefixed) {
            return Err(format!("ACL {at}: {} is no pattern of an ACL", binding.pattern));
        }
        bindings.insert(binding);
    }
    Ok(bindings)
}

fn read(file: &Path) -> Result<BTreeSet<AclBinding>, CommandError> {
    let text = input::read_text(file)?;
    parse(&text).map_err(|why| CommandError::data(format!("{}: {why}", file.display())))
}

pub(crate) fn run(args: &ApplyArgs, context: &Context) -> Result<(), CommandError> {
    let wanted = read(&args.file)?;
    if wanted.is_empty() && args.prune {
        let message = format!(
            "{} has no ACL, and --prune would delete all there are",
            args.file.display()
        );
        return Err(CommandError::refused(message).hint("kfleet acls delete --all does that"));
    }
    let (id, changed) = block_on(async {
        let client = context.connect_to_any_role().await?;
        client.prefer_active().await?;
        let known = client.acls(&AclFilter::default()).await?;
        let deletions = match args.prune {
            true => known.difference(&wanted).cloned().collect(),
            false => BTreeSet::new(),
        };
        let plan = Plan {
            deletions,
            ..Plan::create(wanted, &known)
        };
        let changed = change(context, &client, &args.safety, &plan).await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), changed))
    })??;
    changed.show(context, &id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"resource_type":"topic","resource":"t","pattern_type":"literal","principal":"User:a",
        "host":"*","operation":"read","permission":"allow"}"#;

    #[test]
    fn files_are_what_list_prints_or_its_rows() {
        let document = format!(r#"{{"schema":"kfleet/acls-list/1","data":[{ROW},{ROW}],"warnings":[]}}"#);
        let bindings = parse(&document).unwrap();
        assert_eq!(bindings, parse(&format!("[{ROW}]")).unwrap());
        let binding = bindings.first().unwrap();
        let again = serde_json::to_string(&[AclRow::from(binding)]).unwrap();
        assert_eq!(parse(&again).unwrap(), bindings);
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_place() {
        for (text, why) in [
            ("{", "line 1 column 1"),
            (r#"{"data":[{"resource":"t"}]}"#, "missing field"),
            (
                &format!("[{}]", ROW.replace("read", "reed")),
                "ACL 1: \"reed\" is no operation",
            ),
            (
                &format!("[{}]", ROW.replace("literal", "match")),
                "ACL 1: match is no pattern",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
