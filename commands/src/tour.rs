//! tour

mod cluster;
mod records;
mod transfer;
mod writing;

use std::time::{Duration, Instant};

use clap::Args;
use client::Client;
use planner::counted::counted;

use self::cluster::{Leaders, MIN_IN_SYNC, PARTITIONS, REPLICAS, TOPIC};
use self::transfer::KeyValue;
use self::writing::{Writing, Written};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::sandbox::{Engine, Sandbox, SandboxSpec, Shape, Signals};

const BROKERS: u16 = 3;
const RECORDS: usize = 10_000;
/// How long a partition may go without an acknowledgement while a broker stops and starts: a clean stop hands leaders
/// over first. The rest is for machines with much else to do.
const CLEAN_GAP_MAX: Duration = Duration::from_secs(1);

/// The main job in one go, on a sandbox of three brokers: what it did, and what it checked.
///
/// One of the brokers is killed while records are written, and another is stopped and started again. A step that does
/// not hold ends the tour with exit code 2.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet tour")]
pub(crate) struct TourArgs {}

/// Prints steps with the time each took.
struct Steps<'a> {
    context: &'a Context,
    signals: &'a Signals,
    since: Instant,
    number: usize,
}

impl Steps<'_> {
    /// Prints a step that is done. After SIGINT or SIGTERM it is the last: the tour ends, and puts everything away.
    fn done(&mut self, what: &str) -> Result<(), CommandError> {
        self.signals.check()?;
        self.number += 1;
        let millis = self.since.elapsed().as_millis();
        self.since = Instant::now();
        self.context
            .out
            .print(&format!("{:>2}. {what} ({millis} ms)\n", self.number))
    }
}

/// A tour under way.
struct Tour<'a> {
    context: &'a Context,
    steps: Steps<'a>,
    sandbox: Sandbox,
    /// All that was acknowledged so far.
    written: Vec<KeyValue>,
}

pub(crate) fn run(_: &TourArgs, context: &Context) -> Result<(), CommandError> {
    let signals = Signals::listen()?;
    let mut steps = Steps {
        context,
        signals: &signals,
        since: Instant::now(),
        number: 0,
    };
    let data = tempfile::Builder::new().prefix("kfleet-tour-").tempdir()?;
    let spec = SandboxSpec {
        shape: Shape {
            brokers: BROKERS,
            racks: Some(BROKERS),
            ..Shape::SINGLE
        },
        is_dynamic: false,
        engines: vec![Engine::Kfleet],
        kafka_libs: None,
        data_dir: Some(data.path().to_owned()),
        settings: Vec::new(),
        timeout: context.global.timeout,
    };
    let sandbox = Sandbox::start(&spec, &mut |_| signals.check())?;
    let pids = (1..=i32::from(BROKERS)).filter_map(|id| sandbox.pid(id));
    steps.done(&format!(
        "formatted and started {BROKERS} brokers in {BROKERS} racks, {}, as processes {}; they serve",
        sandbox.bootstrap().replace(',', ", "),
        listed(pids)
    ))?;
    let mut tour = Tour {
        context,
        steps,
        sandbox,
        written: Vec::new(),
    };
    tour.fill()?;
    let killed = tour.kill_one()?;
    tour.start_again(killed)?;
    tour.restart_one()?;
    let Tour { mut steps, sandbox, .. } = tour;
    sandbox.stop()?;
    data.close()?;
    steps.done("stopped the brokers and removed everything")?;
    let [critical, unknown, warnings] = crate::host::count_findings();
    steps.done(&format!(
        "audited this host: {critical} critical, {unknown} unknown, {}; kfleet host audit tells which",
        counted(warnings, "warning")
    ))
}

impl Tour<'_> {
    /// Does something with a client of its own.
    fn ask<T>(&self, what: impl AsyncFnOnce(&Client) -> Result<T, CommandError>) -> Result<T, CommandError> {
        block_on(async {
            let client = cluster::connect(self.sandbox.bootstrap(), self.context.global.timeout).await?;
            what(&client).await
        })?
    }

    fn fill(&mut self) -> Result<(), CommandError> {
        self.ask(cluster::create_topic)?;
        self.steps.done(&format!(
            "created topic {TOPIC} with {PARTITIONS} partitions, {REPLICAS} replicas each and \
             min.insync.replicas={MIN_IN_SYNC}; all replicas are in sync"
        ))?;
        let records = records::records(RECORDS);
        self.ask(async |client| records::write(client, &records).await)?;
        self.written = records;
        self.steps.done(&format!(
            "wrote {RECORDS} records with keys, each acknowledged by all in-sync replicas"
        ))?;
        self.check_records()?;
        self.steps.done(&format!(
            "read them back: {RECORDS} records, none missing, none twice, each key in order"
        ))?;
        let total = self.ask(cluster::total_offsets)?;
        if total != RECORDS as i64 {
            return Err(CommandError::critical(format!(
                "the offsets say {total} records, and {RECORDS} were written"
            )));
        }
        self.steps.done(&format!(
            "asked for the offsets of all partitions: they add up to {total}"
        ))
    }

    /// Kills a broker while records are written; which one.
    fn kill_one(&mut self) -> Result<i32, CommandError> {
        let (victim, before) = self.victim()?;
        let mut writing = self.start_writing("killing")?;
        self.sandbox.kill_node(victim)?;
        writing.wait_for_each()?;
        let gap = self.keep(writing.finish()?);
        let after = self.ask(cluster::leaders)?;
        let moved = led_by(&before, victim);
        if let Some(partition) = moved.iter().find(|partition| after.get(partition) == Some(&victim)) {
            return Err(CommandError::critical(format!(
                "partition {partition} is still led by broker {victim}, which was killed"
            )));
        }
        self.steps.done(&format!(
            "killed broker {victim} with SIGKILL while all partitions were written to: partitions {} have new leaders, \
             none went without an acknowledgement for longer than {gap} ms",
            listed(moved)
        ))?;
        let written = self.check_records()?;
        self.steps.done(&format!(
            "read everything back from the two that are left: {written} records, nothing acknowledged was lost, \
             nothing is there twice"
        ))?;
        Ok(victim)
    }

    /// Starts a broker that was killed.
    fn start_again(&mut self, id: i32) -> Result<(), CommandError> {
        self.sandbox.start_node(id)?;
        self.ask(cluster::wait_until_in_sync)?;
        self.steps.done(&format!(
            "started broker {id} again: it has caught up, all replicas are in sync"
        ))
    }

    /// Stops a broker and starts it again while records are written.
    fn restart_one(&mut self) -> Result<(), CommandError> {
        let (chosen, _) = self.victim()?;
        let mut writing = self.start_writing("restarting")?;
        self.sandbox.stop_node(chosen)?;
        writing.wait_for_each()?;
        self.sandbox.start_node(chosen)?;
        self.ask(cluster::wait_until_in_sync)?;
        writing.wait_for_each()?;
        let gap = self.keep(writing.finish()?);
        if gap > CLEAN_GAP_MAX.as_millis() {
            return Err(CommandError::critical(format!(
                "a partition went {gap} ms without an acknowledgement while broker {chosen} was restarted; {} are the most",
                CLEAN_GAP_MAX.as_millis()
            )));
        }
        let written = self.check_records()?;
        self.steps.done(&format!(
            "stopped broker {chosen} cleanly and started it again, while writing: no partition went without an \
             acknowledgement for longer than {gap} ms, all {written} records are there once"
        ))
    }

    /// A broker to take away, and who leads what before.
    fn victim(&self) -> Result<(i32, Leaders), CommandError> {
        self.ask(async |client| {
            let leaders = cluster::leaders(client).await?;
            Ok((cluster::victim(client, &leaders).await?, leaders))
        })
    }

    fn start_writing(&self, name: &str) -> Result<Writing, CommandError> {
        Writing::start(self.sandbox.bootstrap(), self.context.global.timeout, name)
    }

    /// Keeps what was written to look for it later; the longest gap in milliseconds.
    fn keep(&mut self, written: Written) -> u128 {
        self.written.extend(written.records);
        written.longest_gap.as_millis()
    }

    /// Whether all that was acknowledged can be read, and nothing else; how many records.
    fn check_records(&self) -> Result<usize, CommandError> {
        let read = self.ask(records::read)?;
        records::compare(&self.written, &read)?;
        Ok(read.len())
    }
}

/// The partitions of a leader.
fn led_by(leaders: &Leaders, id: i32) -> Vec<i32> {
    let led = leaders.iter().filter(|(_, leader)| **leader == id);
    led.map(|(partition, _)| *partition).collect()
}

/// `1`, `1 and 2`, `1, 2 and 3`.
fn listed(items: impl IntoIterator<Item = impl ToString>) -> String {
    let mut items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match items.pop() {
        Some(last) if !items.is_empty() => format!("{} and {last}", items.join(", ")),
        last => last.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_aloud() {
        assert_eq!(listed([0_i32; 0]), "");
        assert_eq!(listed([1]), "1");
        assert_eq!(listed([1, 2]), "1 and 2");
        assert_eq!(listed([1, 2, 3]), "1, 2 and 3");
    }

    #[test]
    fn partitions_of_a_leader_are_found() {
        let leaders = Leaders::from([(0, 1), (1, 2), (2, 1)]);
        assert_eq!(led_by(&leaders, 1), [0, 2]);
        assert_eq!(led_by(&leaders, 3), [0_i32; 0]);
    }
}
