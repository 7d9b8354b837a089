//! offsets reset

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use client::{Client, GroupOffsets, OffsetSpec, PartitionKey};

use super::change::{ChangeArgs, Deed, Target};
use super::file::{self, SavedOffset};
use super::group::{GroupArgs, no_plan};
use super::plan::{Plan, Wish, plan};
use super::scope::ScopeArgs;
use super::store::{self, Partitions};
use super::time::{now_ms, parse_datetime, parse_span, text_of};
use crate::context::{Context, block_on};
use crate::error::CommandError;

/// Make a group go on elsewhere: at an end of the logs, a time, an offset, so many records further or back, or where a
/// file says.
///
/// An offset outside the log becomes that of its nearest end; where no record is as late as a time, the end of the log is
/// taken. The group must not have members.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet offsets reset billing --to-earliest --all-topics --dry-run\n  kfleet offsets reset billing --to-datetime 2026-11-27T14:30:00.000 --topic orders:0,1 --yes\n  kfleet offsets reset billing --by-duration PT2H --topic orders --wait-empty 5m --yes\n  kfleet offsets reset billing --from-file offsets.csv --yes"
)]
pub(crate) struct ResetArgs {
    #[command(flatten)]
    group: GroupArgs,
    #[command(flatten)]
    wish: WishArgs,
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Where to.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
struct WishArgs {
    /// To the first record there is
    #[arg(long)]
    to_earliest: bool,
    /// Past the last record
    #[arg(long)]
    to_latest: bool,
    /// To where the group stands; where it does not stand, past the last record
    #[arg(long)]
    to_current: bool,
    /// To this offset
    #[arg(long, value_name = "OFFSET", allow_negative_numbers = true)]
    to_offset: Option<i64>,
    /// So many records further, or back if the number is below zero
    #[arg(long, value_name = "RECORDS", allow_negative_numbers = true)]
    shift_by: Option<i64>,
    /// To the first record at or after a time, as in 2026-11-27T14:30:00.000; UTC unless it ends with Z or an offset
    #[arg(long, value_name = "TIME", value_parser = parse_datetime)]
    to_datetime: Option<i64>,
    /// To the first record at or after so long ago, as in PT2H30M, P1D, 36h
    #[arg(long, value_name = "DURATION", value_parser = parse_span, allow_hyphen_values = true)]
    by_duration: Option<i64>,
    /// To what a file says: Kafka's CSV (topic,partition,offset), or what offsets save writes
    #[arg(long, value_name = "FILE")]
    from_file: Option<PathBuf>,
}

impl WishArgs {
    /// A time to look for.
    fn timestamp_ms(&self) -> Option<i64> {
        let ago = self.by_duration.map(|duration_ms| now_ms().saturating_sub(duration_ms));
        self.to_datetime.or(ago)
    }

    fn fixed(&self) -> Wish {
        match (self.to_offset, self.shift_by) {
            (Some(offset), _) => Wish::To(offset),
            (None, Some(by)) => Wish::Shift(by),
            _ if self.to_earliest => Wish::Earliest,
            _ if self.to_latest => Wish::Latest,
            _ => Wish::Current,
        }
    }
}

pub(crate) fn run(args: &ResetArgs, context: &Context) -> Result<(), CommandError> {
    let of_file = match &args.wish.from_file {
        Some(_) if args.scope.is_given() => {
            return Err(CommandError::usage("a file says itself which partitions are meant")
                .hint("leave out --topic and --all-topics"));
        }
        Some(path) => Some(offsets_of(&args.group.group, file::read(path)?)?),
        None => {
            args.scope.check()?;
            None
        }
    };
    let timestamp_ms = args.wish.timestamp_ms();
    if let Some(timestamp_ms) = timestamp_ms {
        context
            .out
            .note(&format!("looking for records from {}", text_of(timestamp_ms)));
    }
    let (id, changed) = block_on(async {
        let client = args.change.empty.connect(context).await?;
        let target = [args.group.target(&client).await?];
        let changed = super::change::change(context, &client, &target, &args.change, Deed::Commit, async |target| {
            make(args, &client, target, of_file.as_ref(), timestamp_ms).await
        });
        Ok::<_, CommandError>((client.cluster_id().to_owned(), changed.await?))
    })??;
    changed.show(context, &id)
}

async fn make(
    args: &ResetArgs,
    client: &Client,
    target: &Target,
    of_file: Option<&GroupOffsets>,
    timestamp_ms: Option<i64>,
) -> Result<Plan, CommandError> {
    let mut warnings = Vec::new();
    let current = target.current(client).await?;
    let partitions = match of_file {
        Some(offsets) => store::all_of(client, &offsets.keys().cloned().collect()).await?,
        None => args.scope.resolve(client, &current, &mut warnings).await?,
    };
    let keys: BTreeSet<PartitionKey> = partitions.keys().cloned().collect();
    let wish = match (of_file, timestamp_ms) {
        (Some(offsets), _) => Wish::Each(offsets.clone()),
        (None, Some(timestamp_ms)) => Wish::AtTime(at_time(client, &partitions, timestamp_ms).await?),
        (None, None) => args.wish.fixed(),
    };
    let logs = store::logs(client, &partitions).await?;
    let mut plan = plan(&wish, &keys, &current, &logs).map_err(no_plan)?;
    plan.warnings.splice(0..0, warnings);
    Ok(plan)
}

/// The first record at or after a time, of partitions that have one.
async fn at_time(
    client: &Client,
    partitions: &Partitions,
    timestamp_ms: i64,
) -> Result<BTreeMap<PartitionKey, i64>, CommandError> {
    // Below zero, Kafka's timestamps have other meanings.
    let spec = OffsetSpec::Timestamp(timestamp_ms.max(0));
    let mut found = store::offsets(client, partitions, spec).await?;
    found.retain(|_, offset| *offset >= 0);
    Ok(found)
}

/// What a file says of a group.
fn offsets_of(group: &str, saved: Vec<SavedOffset>) -> Result<GroupOffsets, CommandError> {
    let of_group = |saved: &SavedOffset| saved.group.as_deref().is_none_or(|of| of == group);
    let offsets: GroupOffsets = saved
        .into_iter()
        .filter(of_group)
        .map(|saved| ((saved.topic.clone(), saved.partition), saved.committed()))
        .collect();
    if offsets.is_empty() {
        return Err(CommandError::not_found(format!(
            "the file has no offsets of group {group}"
        )));
    }
    Ok(offsets)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        reset: ResetArgs,
    }

    fn wish(words: &[&str]) -> Option<WishArgs> {
        let line = [&["reset", "g", "--all-topics"], words].concat();
        Line::try_parse_from(line).ok().map(|line| line.reset.wish)
    }

    #[test]
    fn there_is_one_wish() {
        assert_eq!(wish(&["--to-earliest"]).unwrap().fixed(), Wish::Earliest);
        assert_eq!(wish(&["--to-latest"]).unwrap().fixed(), Wish::Latest);
        assert_eq!(wish(&["--to-current"]).unwrap().fixed(), Wish::Current);
        assert_eq!(wish(&["--to-offset", "7"]).unwrap().fixed(), Wish::To(7));
        assert_eq!(wish(&["--shift-by", "-7"]).unwrap().fixed(), Wish::Shift(-7));
        let at = wish(&["--to-datetime", "1970-01-01T00:00:01Z"]).unwrap();
        assert_eq!(at.timestamp_ms(), Some(1000));
        let ago = wish(&["--by-duration", "PT1H"]).unwrap().timestamp_ms().unwrap();
        assert!((now_ms() - ago - 3_600_000).abs() < 60_000);
        assert!(wish(&[]).is_none() && wish(&["--to-earliest", "--to-latest"]).is_none());
        assert!(wish(&["--to-datetime", "noon"]).is_none());
    }

    #[test]
    fn a_file_of_several_groups_counts_for_the_one_that_is_meant() {
        let saved = |group: Option<&str>| SavedOffset {
            group: group.map(str::to_owned),
            kind: None,
            topic: "t".to_owned(),
            partition: 0,
            offset: 3,
            leader_epoch: None,
            metadata: None,
        };
        let found = offsets_of("g", vec![saved(Some("other")), saved(Some("g"))]).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(offsets_of("g", vec![saved(None)]).unwrap().len(), 1);
        assert_eq!(offsets_of("g", vec![saved(Some("other"))]).unwrap_err().code, 66);
    }
}
