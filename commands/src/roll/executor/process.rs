//! Processes of this machine: told apart by when they started, stopped through descriptors that never mean another one.

use std::fs;
use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::sleep;

/// How often it is looked whether a process has ended.
const POLL: Duration = Duration::from_millis(10);

/// What no other process of this machine has been since it was booted; none if it has ended.
pub(super) fn identity(pid: u32) -> io::Result<Option<String>> {
    let text = match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // It ended while it was read.
        Err(error) if error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some((state, ticks)) = started(&text) else {
        return Ok(None);
    };
    // The first thread of a JVM is dead while its others still let go of their memory.
    if matches!(state, "Z" | "X" | "x") && has_ended(pid)? {
        return Ok(None);
    }
    Ok(Some(format!("process {pid}, started at tick {ticks}")))
}

/// The state of a process's first thread, and when it started, in ticks since the machine did (proc_pid_stat(5), fields 3
/// and 22). A name in brackets, which may have brackets and spaces itself, is the second field.
fn started(stat: &str) -> Option<(&str, u64)> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace();
    let state = fields.next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

/// Whether all threads of a process have ended; it may not be buried yet.
fn has_ended(pid: u32) -> io::Result<bool> {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return Ok(true);
    };
    let descriptor = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(descriptor) => descriptor,
        Err(Errno::SRCH) => return Ok(true),
        Err(error) => return Err(error.into()),
    };
    let mut asked = [PollFd::new(&descriptor, PollFlags::IN)];
    Ok(poll(&mut asked, Some(&Timespec::default()))? > 0)
}

/// Sends a process a signal and waits until it has ended, which takes as long as it takes. Not if it is another one than
/// expected.
pub(super) async fn end(pid: u32, expected: &str, signal: Signal) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("process {pid}: {error}");
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let raw = raw.ok_or_else(|| format!("{pid} is no process"))?;
    let descriptor = match pidfd_open(raw, PidfdFlags::empty()) {
        Ok(descriptor) => descriptor,
        Err(Errno::SRCH) => return Ok(()),
        Err(error) => return Err(failed(&error)),
    };
    // The descriptor is one process's, whatever becomes of its number.
    match identity(pid).map_err(|error| failed(&error))? {
        None => return Ok(()),
        Some(found) if found != expected => {
            return Err(format!(
                "it is another process than it was ({found}, not {expected}), and was left alone"
            ));
        }
        Some(_) => {}
    }
    match pidfd_send_signal(&descriptor, signal) {
        Ok(()) => {}
        Err(Errno::SRCH) => return Ok(()),
        Err(error) => return Err(failed(&error)),
    }
    // Another process with its number has another start.
    while identity(pid).map_err(|error| failed(&error))?.as_deref() == Some(expected) {
        sleep(POLL).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::context::block_on;

    #[test]
    fn a_start_is_read_whatever_the_name_is() {
        let fields =
            |state: &str| format!("12 (a) b (c) {state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21\n");
        assert_eq!(started(&fields("S")), Some(("S", 4711)));
        assert_eq!(started("12 (a) S 1"), None);
    }

    #[test]
    fn only_the_process_that_is_meant_is_ended() {
        let mut child = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
        let is = identity(child.id()).unwrap().unwrap();
        let other = block_on(end(child.id(), "process 1, started at tick 0", Signal::TERM)).unwrap();
        assert!(other.unwrap_err().contains("left alone"));
        assert_eq!(child.try_wait().unwrap(), None);
        block_on(end(child.id(), &is, Signal::TERM)).unwrap().unwrap();
        // Ended, and not yet buried.
        assert_eq!(identity(child.id()).unwrap(), None);
        block_on(end(child.id(), &is, Signal::TERM)).unwrap().unwrap();
        child.wait().unwrap();
    }
}
