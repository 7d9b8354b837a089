//! offsets save

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use client::{Client, ListedGroup};
use schemars::JsonSchema;
use serde::Serialize;

use super::file::{SavedOffset, csv};
use super::store;
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::failure::together;
use crate::groups::find::KnownGroups;
use crate::output::{Format, Output, Shown, Table};
use crate::replace_file::replace_file;

/// Save what groups committed, for offsets restore.
///
/// It is all or nothing: a group that does not exist or cannot be asked leaves no file behind.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet offsets save billing --file billing.json -b localhost:9092\n  kfleet offsets save --all-groups --file all.json\n  kfleet offsets save billing --format csv > billing.csv"
)]
pub(crate) struct SaveArgs {
    /// Groups
    #[arg(required_unless_present = "all_groups", conflicts_with = "all_groups")]
    groups: Vec<String>,
    /// All groups
    #[arg(long)]
    all_groups: bool,
    /// How they are written
    #[arg(long, value_enum, default_value = "json")]
    format: SavedFormat,
    /// Into this file, which is replaced as a whole, and not to stdout
    #[arg(long)]
    file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SavedFormat {
    /// With all that was committed
    Json,
    /// Kafka's: topic,partition,offset, with the group in front if there are several
    Csv,
}

impl Shown for Vec<SavedOffset> {
    const SCHEMA: &'static str = "offsets-save/1";

    fn table(&self, _: bool) -> Table {
        Table::default()
    }
}

/// A file that was written.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OffsetsFile {
    /// The file.
    file: String,
    /// How many groups are in it.
    groups: usize,
    /// How many offsets are in it.
    offsets: usize,
}

impl Shown for OffsetsFile {
    const SCHEMA: &'static str = "offsets-file/1";

    fn table(&self, _: bool) -> Table {
        Table {
            headers: vec!["FILE", "GROUPS", "OFFSETS"],
            rows: vec![vec![
                self.file.clone(),
                self.groups.to_string(),
                self.offsets.to_string(),
            ]],
        }
    }
}

pub(crate) fn run(args: &SaveArgs, context: &Context) -> Result<(), CommandError> {
    let (id, groups, saved) = block_on(async {
        let client = context.connect().await?;
        let known = KnownGroups::ask(&client).await;
        let (groups, failures) = known.choose(&client, &args.groups, args.all_groups).await;
        if let Some(error) = together(&failures) {
            return Err(error);
        }
        let mut saved = Vec::new();
        for group in &groups {
            saved.extend(offsets_of(&client, group).await?);
        }
        Ok((client.cluster_id().to_owned(), groups.len(), saved))
    })??;
    let content = match args.format {
        SavedFormat::Csv => csv(&saved),
        SavedFormat::Json => Output::document(Some(&id), &saved, &[], &[])?,
    };
    let Some(path) = &args.file else {
        // Columns for people are nothing to restore from.
        return match (args.format, context.out.format) {
            (SavedFormat::Json, Format::Ndjson) => context.out.show(Some(&id), &saved, &[]),
            _ => context.out.print(&content),
        };
    };
    let file = path.display().to_string();
    replace_file(path, content.as_bytes()).map_err(|error| CommandError::io(&format!("writing {file}"), &error))?;
    let written = OffsetsFile {
        file,
        groups,
        offsets: saved.len(),
    };
    context.out.show(Some(&id), &written, &[])
}

async fn offsets_of(client: &Client, group: &ListedGroup) -> Result<Vec<SavedOffset>, CommandError> {
    let committed = store::read(client, group).await?;
    let saved = committed
        .into_iter()
        .map(|((topic, partition), committed)| SavedOffset {
            group: Some(group.id.clone()),
            kind: Some(group.kind().to_string()),
            topic,
            partition,
            offset: committed.offset,
            leader_epoch: Some(committed.leader_epoch).filter(|epoch| *epoch >= 0),
            metadata: Some(committed.metadata).filter(|metadata| !metadata.is_empty()),
        });
    Ok(saved.collect())
}
