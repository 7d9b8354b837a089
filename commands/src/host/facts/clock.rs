//! Whether something keeps the clock, and which programs that rules ask for are running. Only the kernel's clock
//! state tells the truth, and only through a system call; the programs that make it are asked.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::fact::Fact;
use super::measured::Clock;
use super::root::Root;

/// How long a program may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// Programs that keep a clock.
const KEEPERS: [&str; 6] = [
    "chronyd",
    "ntpd",
    "systemd-timesyn",
    "ntp-daemon",
    "openntpd",
    "phc2sys",
];
/// Other programs that rules ask for.
const OTHERS: [&str; 2] = ["irqbalance", "tuned"];

/// Names of the programs that rules ask for, among those that run.
pub(crate) fn read_daemons(root: &Root) -> Fact<Vec<String>> {
    let ask = || {
        root.scan("proc").map(|names| {
            let pids = names
                .iter()
                .filter(|name| name.starts_with(|c: char| c.is_ascii_digit()));
            let comm = |pid: &String| {
                super::root::as_text(root.peek(&format!("proc/{pid}/comm")))
                    .value()
                    .cloned()
            };
            let known = |comm: String| {
                let comm = comm.trim();
                KEEPERS
                    .iter()
                    .chain(&OTHERS)
                    .find(|known| **known == comm)
                    .map(|known| (*known).to_owned())
            };
            let mut daemons: Vec<String> = pids.filter_map(comm).filter_map(known).collect();
            daemons.sort();
            daemons.dedup();
            daemons
        })
    };
    root.measure(
        ask,
        |measured, daemons| measured.daemons = daemons,
        |measured| Some(measured.daemons.clone()),
    )
}

/// Whether the clock is in sync.
pub(crate) fn read(root: &Root, daemons: &Fact<Vec<String>>) -> Fact<Clock> {
    if root.has("run/systemd/timesync/synchronized") && root.read("run/systemd/timesync/synchronized").value().is_some()
    {
        return Fact::Present(Clock {
            in_sync: true,
            source: "systemd-timesyncd".to_owned(),
        });
    }
    let keeper = daemons
        .value()
        .and_then(|names| names.iter().find(|name| KEEPERS.contains(&name.as_str())));
    let ask = || match (keeper, root.has("run/systemd/system")) {
        (None, false) => Fact::Present(Clock {
            in_sync: false,
            source: "no program that keeps a clock runs here".to_owned(),
        }),
        (keeper, systemd) => asked(keeper.map(String::as_str), systemd),
    };
    root.measure(
        ask,
        |measured, clock| measured.clock = clock,
        |measured| Some(measured.clock.clone()),
    )
}

fn asked(keeper: Option<&str>, systemd: bool) -> Fact<Clock> {
    let timedatectl = || answer("timedatectl", &["show", "--property=NTPSynchronized", "--value"]);
    if let Some(answer) = systemd
        .then(timedatectl)
        .flatten()
        .filter(|answer| matches!(answer.as_str(), "yes" | "no"))
    {
        return Fact::Present(Clock {
            in_sync: answer == "yes",
            source: "timedatectl".to_owned(),
        });
    }
    if let Some(answer) = answer("chronyc", &["-n", "-c", "tracking"]).filter(|_| keeper == Some("chronyd")) {
        return Fact::Present(Clock {
            in_sync: !answer.ends_with("Not synchronised"),
            source: "chronyc".to_owned(),
        });
    }
    Fact::Unreadable(match keeper {
        Some(keeper) => format!("{keeper} runs, and neither timedatectl nor chronyc says whether the clock is in sync"),
        None => "timedatectl does not answer".to_owned(),
    })
}

/// The last line a program prints, if it ends well and soon.
fn answer(program: &str, args: &[&str]) -> Option<String> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let (done, waited) = std::sync::mpsc::channel();
    let mut stdout = child.stdout.take()?;
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = std::io::Read::read_to_string(&mut std::io::Read::take(&mut stdout, 1 << 16), &mut text);
        // Nobody listens any more if it took too long.
        let _late = done.send(read.map(|_| text));
    });
    let text = waited.recv_timeout(ANSWER_WITHIN);
    if text.is_err() {
        // It may have ended in the meantime.
        let _ended = child.kill();
    }
    let status = child.wait().ok()?;
    let text = text.ok()?.ok()?;
    status
        .success()
        .then(|| text.trim().lines().last().unwrap_or_default().to_owned())
}
