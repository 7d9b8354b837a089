//! consume

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use client::{Client, Member, Reader};

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::Format;
use crate::pattern::whole;

mod format;
mod group;
mod offsets;
mod printer;

use format::TextFormat;
use group::HowToRead;
use offsets::{Bound, bounds, parse_bound};
use printer::{Look, Printer};

/// What stands for null under -Z.
const NULL: &str = "NULL";

/// Read the records there are, and end; with --follow, wait for more.
///
/// Records are printed as they are, with a line feed after each; -f gives them another look, and --output json or ndjson
/// prints all there is of them, for `kfleet produce --json` to write them somewhere else. Only records of transactions
/// that were committed are read, unless --isolation says otherwise.
///
/// With --group it reads as a member of a group of the classic protocol, from where the group has left off, and commits
/// what was printed: every few seconds, and at last when it ends.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kfleet consume orders --print-key -b localhost:9092
  kfleet consume orders -p 0,1 --offset -100 -f '%t %p %o %k: %s\\n'
  kfleet consume orders --offset s@2026-01-01T00:00:00Z --offset e@2026-01-02T00:00:00Z -o ndjson
  kfleet consume orders payments -G audit --follow
  kfleet consume --regex 'orders-.*' --follow --offset end

In -f: %t topic, %p partition, %o offset, %k key, %K its length, %s value, %S its length, %R that as four bytes,
%h headers, %T timestamp, %% a percent sign; \\n \\r \\t \\0 \\\\ \\xNN.")]
pub(crate) struct ConsumeArgs {
    /// The topics
    #[arg(required = true)]
    topics: Vec<String>,
    /// The topics are regular expressions, each for whole names; what it finds at the start is read
    #[arg(long)]
    regex: bool,
    /// Read these partitions only
    #[arg(short, long, value_delimiter = ',')]
    partition: Vec<i32>,
    /// Where to begin: beginning, end, stored (where the group left off), N, -N (before the end), s@TIME; and where to
    /// end: e@TIME. TIME is in milliseconds or RFC 3339
    #[arg(long, value_parser = parse_bound, allow_hyphen_values = true, value_name = "OFFSET")]
    offset: Vec<Bound>,
    /// At most so many records
    #[arg(short, long, short_alias = 'n')]
    count: Option<u64>,
    /// End at the end, as it does by itself; takes back a --follow before it
    #[arg(short, long, overrides_with = "follow")]
    exit_at_end: bool,
    /// Wait for more at the end
    #[arg(long, overrides_with = "exit_at_end")]
    follow: bool,
    /// How each record is printed
    #[arg(short, long, value_name = "FORMAT", conflicts_with_all = ["print_key", "print_headers", "key_delimiter", "delimiter"])]
    format: Option<String>,
    /// Print the key and a tab before each value
    #[arg(long)]
    print_key: bool,
    /// Print the headers, as in a=1,b=2, and a tab before all else
    #[arg(long)]
    print_headers: bool,
    /// Print the key and this before each value
    #[arg(short = 'K', long, value_name = "TEXT")]
    key_delimiter: Option<String>,
    /// What is printed after each record
    #[arg(
        short = 'D',
        long,
        value_name = "TEXT",
        default_value = "\\n",
        hide_default_value = true
    )]
    delimiter: String,
    /// Print keys and values that are null as NULL
    #[arg(short = 'Z', long = "null", conflicts_with = "null_marker")]
    null: bool,
    /// Print this for keys and values that are null
    #[arg(long, value_name = "TEXT")]
    null_marker: Option<String>,
    /// Read as a member of this group
    #[arg(short = 'G', long, conflicts_with = "partition")]
    group: Option<String>,
    /// Which records of transactions are read
    #[arg(long, value_enum, default_value = "read-committed")]
    isolation: Isolation,
}

/// Kafka's isolation levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Isolation {
    /// Those that were committed
    ReadCommitted,
    /// All, also those that were aborted or may be yet
    ReadUncommitted,
}

impl ConsumeArgs {
    fn look(&self, output: Format) -> Result<Look, CommandError> {
        if matches!(output, Format::Json | Format::Ndjson) {
            let asked = self.format.is_some() || self.print_key || self.print_headers || self.key_delimiter.is_some();
            if asked {
                return Err(CommandError::usage(
                    "how text looks cannot be chosen where --output asks for JSON, which has everything",
                ));
            }
            return Ok(if output == Format::Json {
                Look::Json
            } else {
                Look::Ndjson
            });
        }
        let null = match &self.null_marker {
            Some(marker) => marker.as_str(),
            None if self.null => NULL,
            None => "",
        };
        let tab = self.print_key.then_some("\\t");
        let format = match &self.format {
            Some(format) => TextFormat::parse(format, null),
            None => {
                let key_delimiter = self.key_delimiter.as_deref().or(tab);
                TextFormat::lines(key_delimiter, self.print_headers, &self.delimiter, null)
            }
        };
        format.map(Look::Text).map_err(CommandError::usage)
    }

    fn how_to_read(&self) -> Result<HowToRead, CommandError> {
        let bounds = bounds(&self.offset)?;
        if bounds.0 == Bound::Stored && self.group.is_none() {
            return Err(CommandError::usage(
                "--offset stored is where a group left off: name it with --group",
            ));
        }
        Ok(HowToRead {
            bounds,
            follow: self.follow && !self.exit_at_end,
            committed_only: self.isolation == Isolation::ReadCommitted,
        })
    }
}

pub(crate) fn run(args: &ConsumeArgs, context: &Context) -> Result<(), CommandError> {
    let look = args.look(context.out.format)?;
    let how = args.how_to_read()?;
    block_on(async {
        let client = Arc::new(context.connect_for_long().await?);
        let topics = topics(&client, args).await?;
        let printer = Printer::new(look, client.cluster_id(), args.count)?;
        if let Some(group) = &args.group {
            // What does not exist is told before the group hears of it.
            offsets::partitions(&client, &topics, &[]).await?;
            let member = Member::new(context.connect_for_long().await?, group, topics);
            return group::read_as_member(client, member, printer, how).await;
        }
        let leaders = offsets::partitions(&client, &topics, &args.partition).await?;
        let from = offsets::plan(&client, &leaders, how.bounds, how.follow, &BTreeMap::new()).await?;
        let (_reader, chunks) = Reader::start(client, from, how.committed_only);
        let (printer, result) = printer
            .start(chunks)?
            .await
            .map_err(|_| CommandError::bug("the printer ended"))?;
        result?;
        printer.finish()
    })?
}

/// The topics that are meant.
async fn topics(client: &Client, args: &ConsumeArgs) -> Result<Vec<String>, CommandError> {
    let mut topics = args.topics.clone();
    if args.regex {
        let mut expressions = Vec::new();
        for text in &args.topics {
            expressions.push(whole(text)?);
        }
        let all = client.metadata(None).await?.topics;
        let names = all
            .into_iter()
            .filter(|topic| topic.error_code == 0 && !topic.is_internal)
            .filter_map(|topic| topic.name.map(|name| name.to_string()));
        topics = names
            .filter(|name| expressions.iter().any(|expression| expression.is_match(name)))
            .collect();
        if topics.is_empty() {
            return Err(CommandError::not_found("no topic has such a name"));
        }
    }
    topics.sort_unstable();
    topics.dedup();
    Ok(topics)
}
