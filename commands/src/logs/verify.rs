//! logs verify

mod disk;
mod element;
mod job;
mod remedy;
mod scope;
mod workers;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use broker_log::disk::Disk;
use clap::Args;

use crate::context::Context;
use crate::error::CommandError;
use crate::exit_codes;
use crate::progress::Progress;
use crate::size::units::parse_rate;
use crate::stream::Stream;

use disk::MeteredDisk;
use element::Summary;
pub(crate) use element::VerifyElement;
use scope::Scope;

const HELP: &str = "\
Examples:
  kfleet logs verify /var/lib/kafka
  kfleet logs verify --deep --threads 4 --rate-limit 100MB/s /disk1/kafka /disk2/kafka
  kfleet logs verify --since 1h -o ndjson /var/lib/kafka/orders-0
  kfleet logs verify /var/lib/kafka/orders-0/00000000000000000000.log

Checksums, lengths, the order of offsets, leader epochs, the indexes against the log, snapshots of producers and of the
metadata, checkpoints. Nothing is written, and a running broker is not disturbed.

What the next start of the broker puts right is a warning: the torn end of a log that was being written when its
broker was killed, and indexes of segments that are recovered then. Everything else is corruption.
Exit codes: 0 nothing, 1 warnings, 2 corruption, 74 something could not be read.";

/// Find corruption in log directories, partitions and files, offline; exits 2 if there is any.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct VerifyArgs {
    /// Log directories, directories of partitions, or files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Also unpack every batch and read its records
    #[arg(long)]
    deep: bool,
    /// Files to read at a time; as many as there are processors if not given
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Read no more than this, as in 100MB/s
    #[arg(long, value_name = "BYTES/s", value_parser = parse_rate)]
    rate_limit: Option<u64>,
    /// Only segments written to since then: a time such as 2026-11-27T14:30:00Z, or how long ago, as in 90m or P1D
    #[arg(long, value_name = "TIME", value_parser = scope::parse_since)]
    since: Option<i64>,
    /// With --deep: batches that are larger than this, packed or unpacked, count as damaged
    #[arg(long, value_name = "BYTES", default_value_t = 256 << 20, requires = "deep")]
    max_message_size: usize,
}

pub(crate) fn run(args: &VerifyArgs, context: &Context) -> Result<(), CommandError> {
    let metered = MeteredDisk::new(args.rate_limit);
    let bytes_read = metered.bytes_read();
    let disk: Arc<dyn Disk> = Arc::new(metered);
    let scope = Scope::of(args, &disk)?;
    let mut stream = Stream::start::<VerifyElement>(&context.out)?;
    let mut summary = Summary::of(&scope);
    let progress = Progress::new(context, "bytes", scope.size_bytes);
    let threads = args
        .threads
        .or_else(|| std::thread::available_parallelism().ok())
        .map_or(1, NonZeroUsize::get);
    workers::run(&scope, &disk, threads, |event| match event {
        workers::Event::Tick => {
            progress.set(bytes_read.load(std::sync::atomic::Ordering::Relaxed));
            Ok(())
        }
        workers::Event::Done(outcome) => {
            for element in summary.take(outcome) {
                stream.push(&element)?;
            }
            Ok(())
        }
    })?;
    drop(progress);
    let code = summary.exit_code();
    stream.push(&VerifyElement::Summary(summary))?;
    stream.finish(&[])?;
    match code {
        exit_codes::OK => Ok(()),
        // The report has said why.
        code => Err(CommandError::exit(code)),
    }
}
