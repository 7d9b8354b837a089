//! check: what a monitor runs every minute.

mod checks;
mod facts;
mod gather;
mod lags;
mod limits;
mod turn;
mod verdict;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use client::Client;
use tokio::time::{Instant, timeout_at};

use checks::{Definition, Rules};
use facts::{Facts, Scope};
use limits::Given;
use turn::{LocalNode, Turn};
use verdict::Untold;

pub(crate) use verdict::CheckRow;

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::exit_codes;
use crate::pattern::Pattern;
use crate::status::Status;
use crate::watch::WatchArgs;

/// What is asked for to make all checks.
const EVERYTHING: &str = "all";
/// Left of --timeout for connections to end and for the line to be printed.
const RESERVE_MAX: Duration = Duration::from_millis(250);

/// Check a cluster for a monitor: a line for each check, and the worst as the exit code.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN; CRITICAL wins over UNKNOWN over WARNING. What could not be \
    found out, for any reason, is UNKNOWN and never OK.\n\n\
    Checks, and what --warn and --crit count:\n  \
    offline              partitions without a live leader (--crit 1)\n  \
    min-isr              partitions with fewer replicas in sync than min.insync.replicas (--crit 1)\n  \
    at-min-isr           partitions with just so many (--warn 1)\n  \
    under-replicated     partitions with replicas out of sync, apart from those being added (--crit 1)\n  \
    replica-unavailable  partitions with replicas that are not there (--crit 1)\n  \
    replication-factor   topics with fewer replicas than min.insync.replicas + 1, or than --min (--crit 1)\n  \
    quorum               CRITICAL without a leader or a majority that follows it, WARNING if a replica is behind\n  \
    controller           CRITICAL unless exactly one controller is active\n  \
    log-dirs             CRITICAL if a directory is offline; how full volumes are, in percent\n  \
    lag                  records that a group has still to read, of all partitions together\n  \
    throttles            limits on replication that no reassignment needs (--warn 1)\n  \
    reassignments        partitions on the move (--warn 1)\n  \
    versions             WARNING unless nodes serve the same APIs and features and know the same levels\n\n\
    Examples:\n  kfleet check under-replicated min-isr -b localhost:9092\n  \
    kfleet check all --timeout 8s --warn lag=1000 --crit lag=100000 --crit log-dirs=90\n  \
    kfleet check lag --group 'billing-*' --topic orders --warn 1000 --crit 10000\n  \
    kfleet check all --controller-only --broker-config /etc/kafka/server.properties\n  \
    kfleet check offline -o json | jq -r '.data[].findings[] | \"\\(.topic)-\\(.partition)\"'"
)]
pub(crate) struct CheckArgs {
    /// What to check; all makes all checks
    #[arg(required = true, value_name = "NAME", value_parser = PossibleValuesParser::new(names()))]
    names: Vec<String>,
    /// From how many on it is a WARNING, instead of what counts otherwise; NAME= if several things are counted
    #[arg(long, value_name = "[NAME=]N")]
    warn: Vec<Given>,
    /// From how many on it is CRITICAL, instead of what counts otherwise; NAME= if several things are counted
    #[arg(long, value_name = "[NAME=]N")]
    crit: Vec<Given>,
    /// Only topics like this, with * and ?; may be repeated
    #[arg(long, value_name = "PATTERN")]
    topic: Vec<Pattern>,
    /// No topics like this; may be repeated
    #[arg(long, value_name = "PATTERN")]
    exclude_topic: Vec<Pattern>,
    /// lag: only groups like this, with * and ?; may be repeated
    #[arg(long, value_name = "PATTERN")]
    group: Vec<Pattern>,
    /// replication-factor: the least that topics have to have
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    min: Option<u32>,
    /// quorum: records that a replica may be behind the leader [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    max_lag: Option<i64>,
    /// How many findings a line names; --output wide lists all of them below it
    #[arg(long, value_name = "N", default_value_t = 3)]
    head: usize,
    /// Check only if the node of this host is the active controller, and be OK otherwise
    #[arg(long, conflicts_with = "first_broker_only")]
    controller_only: bool,
    /// Check only if the node of this host is the live broker with the lowest id, and be OK otherwise
    #[arg(long)]
    first_broker_only: bool,
    /// The id of this host's node, for --controller-only and --first-broker-only
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i32).range(0..), conflicts_with = "broker_config")]
    node_id: Option<i32>,
    /// The server.properties of this host's node, for the same
    #[arg(long, value_name = "FILE")]
    broker_config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) watch: WatchArgs,
}

/// Records that a replica of the quorum may be behind.
const MAX_LAG: i64 = 1000;

fn names() -> Vec<&'static str> {
    let names = checks::ALL.iter().map(|check| check.name);
    names.chain([EVERYTHING]).collect()
}

/// A check and how to make it.
type Asked = (&'static Definition, Rules);

pub(crate) fn run(args: &CheckArgs, context: &Context) -> Result<(), CommandError> {
    let asked = asked(args)?;
    let found = match turn(args) {
        Ok(turn) => block_on(rows(args, turn, &asked, context))?,
        Err(error) if error.code == exit_codes::USAGE => return Err(error),
        Err(error) => Err(Untold::of("the node of this host", &error)),
    };
    let (cluster_id, rows) = match found {
        Ok(found) => found,
        Err(why) => (None, unknown(args, &asked, &why)),
    };
    let worst = Status::worst(rows.iter().map(CheckRow::status));
    match context.out.show(cluster_id.as_deref(), &rows, &[]) {
        // Whoever has read enough of the line still wants the exit code.
        Err(error) if error.kind != "broken-pipe" => return Err(error),
        _ => {}
    }
    match worst.exit_code() {
        exit_codes::OK => Ok(()),
        code => Err(CommandError::exit(code)),
    }
}

/// The checks that are named, each once, and how to make them; refuses flags that none of them has a use for.
fn asked(args: &CheckArgs) -> Result<Vec<Asked>, CommandError> {
    let is_named = |check: &&'static Definition| {
        let mut names = args.names.iter();
        names.any(|name| name == check.name || name == EVERYTHING)
    };
    let checks: Vec<&'static Definition> = checks::ALL.into_iter().filter(is_named).collect();
    let has = |name: &str| checks.iter().any(|check| check.name == name);
    let takes_topics = checks.iter().any(|check| check.takes_topics);
    for (flag, is_given, is_of_use) in [
        ("--topic", !args.topic.is_empty(), takes_topics),
        ("--exclude-topic", !args.exclude_topic.is_empty(), takes_topics),
        ("--group", !args.group.is_empty(), has("lag")),
        ("--min", args.min.is_some(), has("replication-factor")),
        ("--max-lag", args.max_lag.is_some(), has("quorum")),
    ] {
        if is_given && !is_of_use {
            return Err(CommandError::usage(format!(
                "{flag} is of no use to {}",
                args.names.join(" ")
            )));
        }
    }
    limits::refuse_idle(&checks, &args.warn, "--warn")?;
    limits::refuse_idle(&checks, &args.crit, "--crit")?;
    let with_rules = |check: &&'static Definition| {
        let limits = limits::chosen(&checks, check, &args.warn, &args.crit)?;
        // As one of all checks it tells how far groups are; by itself it would never be anything but OK.
        if check.name == "lag" && limits.is_none() && args.names.iter().any(|name| name == "lag") {
            let error = CommandError::usage("lag is nothing to be judged without --warn or --crit");
            return Err(error.hint("--warn lag=1000 --crit lag=10000"));
        }
        let rules = Rules {
            limits,
            replicas_min: args.min,
            max_lag: args.max_lag.unwrap_or(MAX_LAG),
        };
        Ok((*check, rules))
    };
    checks.iter().map(with_rules).collect()
}

/// Whose turn it has to be, and which node this host has.
fn turn(args: &CheckArgs) -> Result<Option<(Turn, LocalNode)>, CommandError> {
    let turn = match (args.controller_only, args.first_broker_only) {
        (true, _) => Turn::Controller,
        (_, true) => Turn::FirstBroker,
        _ if args.node_id.is_some() || args.broker_config.is_some() => {
            let error = CommandError::usage("which node this host has matters only to some checks");
            return Err(error.hint("give --controller-only or --first-broker-only, too"));
        }
        _ => return Ok(None),
    };
    let node = match (args.node_id, &args.broker_config) {
        (Some(id), _) => LocalNode::of_id(id),
        (None, Some(path)) => LocalNode::read(path)?,
        (None, None) => {
            let error = CommandError::usage("whose turn it is cannot be told without the id of this host's node");
            return Err(error.hint("give --node-id ID or --broker-config server.properties"));
        }
    };
    Ok(Some((turn, node)))
}

type Found = (Option<String>, Vec<CheckRow>);

/// What the checks say; an error if nothing at all could be found out.
async fn rows(
    args: &CheckArgs,
    turn: Option<(Turn, LocalNode)>,
    asked: &[Asked],
    context: &Context,
) -> Result<Found, Untold> {
    let failed = |error: CommandError| Untold::of("the cluster", &error);
    let timeout = context.timeout().map_err(failed)?;
    let deadline = client::conn::deadline_in(timeout - (timeout / 10).min(RESERVE_MAX));
    let client = context.connect_to_any_role_until(deadline).await.map_err(failed)?;
    let cluster_id = Some(client.cluster_id().to_owned());
    if let Some((turn, node)) = turn
        && let Some(why) = node.yields_to(turn, &client).await?
    {
        let skipped = asked.iter().map(|(check, _)| CheckRow::skipped(check.name, &why));
        return Ok((cluster_id, skipped.collect()));
    }
    let facts = facts(args, asked, context, &client, deadline).await;
    Ok((cluster_id, judged(args, asked, &facts)))
}

async fn facts(args: &CheckArgs, asked: &[Asked], context: &Context, client: &Client, deadline: Instant) -> Facts {
    let checks: Vec<&'static Definition> = asked.iter().map(|(check, _)| *check).collect();
    let scope = Scope {
        topics: args.topic.clone(),
        excluded: args.exclude_topic.clone(),
        groups: args.group.clone(),
    };
    let needs = checks::needs(&checks);
    let facts = gather::gather(client, context, &needs, &scope, deadline);
    // Each request ends by the deadline by itself; this is for whatever is done in between.
    let facts = timeout_at(deadline + RESERVE_MAX / 2, facts).await;
    facts.unwrap_or_else(|_| Facts::none(&Untold::new("the cluster", "timed-out", "it was not all told in time")))
}

fn judged(args: &CheckArgs, asked: &[Asked], facts: &Facts) -> Vec<CheckRow> {
    let row = |(check, rules): &Asked| CheckRow::new(check.name, (check.judge)(facts, rules), rules.limits, args.head);
    asked.iter().map(row).collect()
}

/// The same, for a reason that all have in common.
fn unknown(args: &CheckArgs, asked: &[Asked], why: &Untold) -> Vec<CheckRow> {
    let row = |(check, rules): &Asked| {
        let judged = verdict::Judged::unknown(why.clone());
        CheckRow::new(check.name, judged, rules.limits, args.head)
    };
    asked.iter().map(row).collect()
}
