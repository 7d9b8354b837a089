//! topics records-delete

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use client::{Client, OffsetSpec, PartitionKey};
use planner::counted::counted;

use super::names::unknown_topic;
use super::records_plan::{Log, OffsetsFile, RecordsDeletion, Wish, Wishes, collect, plan, plan_table};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::json_file;

/// Delete records from the beginnings of partitions.
///
/// All records before an offset are gone for good; -1 stands for the high watermark, which is all that was committed.
/// Topics that are only compacted do not take it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet topics records-delete orders:0=500 orders:1=-1 --dry-run\n  kfleet topics records-delete --offset-json-file delete.json --yes -o json\n\nThe file is the one of kafka-delete-records:\n  {\"partitions\":[{\"topic\":\"orders\",\"partition\":0,\"offset\":500}],\"version\":1}"
)]
pub(crate) struct RecordsDeleteArgs {
    /// Partitions with the offset of the first record that stays
    #[arg(value_name = "TOPIC:PARTITION=OFFSET", required_unless_present = "offset_json_file")]
    offsets: Vec<Wish>,
    /// A file that names them; - is stdin
    #[arg(long, alias = "file", value_name = "FILE", conflicts_with = "offsets")]
    offset_json_file: Option<PathBuf>,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// Lines of a plan that are shown before it is asked about.
const LINES_MAX: usize = 20;

pub(crate) fn run(args: &RecordsDeleteArgs, context: &Context) -> Result<(), CommandError> {
    let wishes = match &args.offset_json_file {
        Some(file) => json_file::read(file, OffsetsFile::wishes)?,
        None => collect(args.offsets.iter().cloned()).map_err(CommandError::usage)?,
    };
    let (id, rows, failures) = block_on(async {
        let client = context.connect().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(&args.safety, &id)?;
        let leaders = leaders(&client, &wishes).await?;
        let logs = logs(&client, &leaders).await?;
        let rows = plan(&wishes, &logs).map_err(|why| {
            let error = match &args.offset_json_file {
                Some(_) => CommandError::data(why),
                None => CommandError::usage(why),
            };
            error.hint("-1 stands for the high watermark")
        })?;
        let (rows, failures) = delete(args, rows, &leaders, &client, context).await?;
        Ok::<_, CommandError>((id, rows, failures))
    })??;
    context.out.show_part(Some(&id), &rows, &[], &failures)
}

/// Leaders of the partitions, all of which have to be there.
async fn leaders(client: &Client, wishes: &Wishes) -> Result<BTreeMap<PartitionKey, i32>, CommandError> {
    let topics: BTreeSet<String> = wishes.keys().map(|(topic, _)| topic.clone()).collect();
    let topics: Vec<String> = topics.into_iter().collect();
    let found = client.partition_leaders(&topics).await?;
    let mut failures = Vec::new();
    for failed in found.errors {
        let meant = wishes
            .keys()
            .any(|(topic, partition)| failed.what == format!("{topic}-{partition}"));
        let topic = failed.what.strip_prefix("topic ").map(str::to_owned);
        match topic {
            Some(topic) => {
                let error = match failed.error.code() {
                    Some(protocol::api::ErrorCode::UnknownTopicOrPartition) => unknown_topic(client, &topic).await,
                    _ => failed.error.into(),
                };
                failures.push(Failure::new(failed.what, error));
            }
            None if meant => failures.push(Failure::from(failed)),
            None => {}
        }
    }
    let mut leaders: BTreeMap<PartitionKey, i32> = found.ok.into_iter().collect();
    leaders.retain(|key, _| wishes.contains_key(key));
    for (topic, partition) in wishes.keys() {
        let told = |failure: &Failure| {
            failure.what == format!("topic {topic}") || failure.what == format!("{topic}-{partition}")
        };
        if !leaders.contains_key(&(topic.clone(), *partition)) && !failures.iter().any(told) {
            let error = CommandError::not_found(format!("topic {topic} has no partition {partition}"));
            failures.push(Failure::new(format!("{topic}-{partition}"), error));
        }
    }
    match together(&failures) {
        Some(error) => Err(error),
        None => Ok(leaders),
    }
}

/// Where the logs begin, and their high watermarks. A plan needs all of them.
async fn logs(
    client: &Client,
    leaders: &BTreeMap<PartitionKey, i32>,
) -> Result<BTreeMap<PartitionKey, Log>, CommandError> {
    let starts = client.list_offsets(leaders, OffsetSpec::Earliest).await;
    let ends = client.list_offsets(leaders, OffsetSpec::Latest).await;
    let failures: Vec<Failure> = starts
        .errors
        .into_iter()
        .chain(ends.errors)
        .map(Failure::from)
        .collect();
    if let Some(error) = together(&failures) {
        return Err(error);
    }
    let by_key = |found: Vec<client::ListedOffset>| {
        let found = found.into_iter();
        found
            .map(|found| ((found.topic, found.partition), found.offset))
            .collect::<BTreeMap<PartitionKey, i64>>()
    };
    let ends = by_key(ends.ok);
    let log = |(key, start): (PartitionKey, i64)| {
        let end = *ends.get(&key)?;
        Some((key, (start, end)))
    };
    Ok(by_key(starts.ok).into_iter().filter_map(log).collect())
}

async fn delete(
    args: &RecordsDeleteArgs,
    mut rows: Vec<RecordsDeletion>,
    leaders: &BTreeMap<PartitionKey, i32>,
    client: &Client,
    context: &Context,
) -> Result<(Vec<RecordsDeletion>, Vec<Failure>), CommandError> {
    let changes: Vec<RecordsDeletion> = rows.iter().filter(|row| row.is_change()).cloned().collect();
    if changes.is_empty() {
        return Ok((rows, Vec::new()));
    }
    if !args.safety.ask.dry_run {
        let shown = changes.get(..LINES_MAX).unwrap_or(&changes);
        let table = context.out.text_of(plan_table(shown, false));
        context.out.note(table.trim_end());
        if changes.len() > LINES_MAX {
            context.out.note(&format!("and {} more", changes.len() - LINES_MAX));
        }
    }
    let offsets: i64 = changes.iter().map(|row| row.offsets).sum();
    let plan = format!(
        "delete up to {} of {}, for good",
        counted(offsets, "record"),
        counted(changes.len(), "partition")
    );
    if !context.may_go_ahead(&args.safety.ask, &plan)? {
        return Ok((rows, Vec::new()));
    }
    let asked: BTreeMap<PartitionKey, i64> = changes.iter().map(|row| (row.key(), row.before_offset)).collect();
    let results = client.delete_records(&asked, leaders).await;
    let mut failures = Vec::new();
    for row in &mut rows {
        match results.get(&row.key()) {
            Some(Ok(low_watermark)) => {
                row.low_watermark = Some(*low_watermark);
                row.changed = true;
            }
            Some(Err(error)) => {
                row.error = Some(error.reason());
                failures.push(Failure::of(format!("{}-{}", row.topic, row.partition), error.clone()));
            }
            None if row.is_change() => {
                let what = format!("{}-{}", row.topic, row.partition);
                let error = CommandError::rejected("the broker did not say what became of it");
                row.error = Some(error.message.clone());
                failures.push(Failure::new(what, error));
            }
            None => {}
        }
    }
    Ok((rows, failures))
}
