//! Plays a whole cluster in simulated time: `--seed N` tells the story of one run, `--seeds N..M` plays many, on a thread
//! for each processor, and tells what happened how often.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program for people")]

use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use broker_sim::{Totals, run};

/// Runs between two words about how far it has come.
const PROGRESS_EVERY: u64 = 10_000;
/// Runs that fail before the others are given up.
const FAILURES_MAX: usize = 20;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let told = match args.as_slice() {
        ["--seed", seed] => seed.parse().ok().map(one),
        ["--seeds", seeds] => seeds_of(seeds).map(many),
        _ => None,
    };
    told.unwrap_or_else(|| {
        eprintln!("usage: sim --seed N | --seeds N..M");
        ExitCode::from(64)
    })
}

fn seeds_of(text: &str) -> Option<Range<u64>> {
    let (from, to) = text.split_once("..")?;
    Some(from.parse().ok()?..to.parse().ok()?)
}

fn one(seed: u64) -> ExitCode {
    match run(seed, true) {
        Ok(outcome) => {
            for line in &outcome.story {
                println!("{line}");
            }
            print!("{}", outcome.totals);
            println!("hash {:016x}", outcome.hash);
            for line in &outcome.wrong {
                println!("{line}");
            }
            ExitCode::from(u8::from(!outcome.wrong.is_empty()))
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(70)
        }
    }
}

fn many(seeds: Range<u64>) -> ExitCode {
    let (next, started) = (AtomicU64::new(seeds.start), Instant::now());
    let (totals, failed) = (Mutex::new(Totals::default()), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let done = seed - seeds.start;
                    if done > 0 && done.is_multiple_of(PROGRESS_EVERY) {
                        eprintln!("{done} runs in {:.0} s", started.elapsed().as_secs_f64());
                    }
                    let wrong = play(seed, &totals);
                    let Ok(mut failed) = failed.lock() else { return };
                    if let Some(wrong) = wrong {
                        println!("seed {seed}: {wrong}");
                        failed.push(seed);
                    }
                    if failed.len() >= FAILURES_MAX {
                        return;
                    }
                }
            });
        }
    });
    let took = started.elapsed();
    let totals = totals.into_inner().unwrap_or_default();
    print!("{totals}");
    println!(
        "{:>12.1} seconds, {:.2} ms a run and thread",
        took.as_secs_f64(),
        took.as_secs_f64() * 1e3 * threads as f64 / totals.runs.max(1) as f64
    );
    let failed = failed.into_inner().unwrap_or_default();
    println!("{} of {} failed: {failed:?}", failed.len(), totals.runs);
    ExitCode::from(u8::from(!failed.is_empty()))
}

/// What was wrong first.
fn play(seed: u64, totals: &Mutex<Totals>) -> Option<String> {
    match std::panic::catch_unwind(|| run(seed, false)) {
        Ok(Ok(outcome)) => {
            if let Ok(mut totals) = totals.lock() {
                totals.add(&outcome.totals);
            }
            outcome.wrong.into_iter().next()
        }
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("it panicked".to_owned()),
    }
}
