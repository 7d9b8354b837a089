//! A node of a sandbox, and its process.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, ExitStatus};

use rustix::process::{Pid, Signal, kill_process};

use super::directory::Files;
use super::layout::NodePlan;
use super::ports::Port;
use super::properties::{Endpoints, address};
use super::{Engine, engine};
use crate::error::CommandError;

/// Lines that are quoted of what a node said last.
const QUOTED_LINES: usize = 5;

/// The ports of a node, which stay its own while its process comes and goes.
#[derive(Debug)]
pub(super) struct Listeners {
    pub(super) broker: Option<Port>,
    pub(super) controller: Option<Port>,
}

impl Listeners {
    pub(super) fn endpoints(&self) -> Endpoints {
        Endpoints {
            broker: self.broker.as_ref().map(|port| port.number),
            controller: self.controller.as_ref().map(|port| port.number),
        }
    }
}

/// A node, running or not.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) plan: NodePlan,
    pub(super) engine: Engine,
    pub(super) files: Files,
    pub(super) listeners: Listeners,
    pub(super) log_dirs: Vec<PathBuf>,
    /// What runs it.
    pub(super) command: Vec<OsString>,
    pub(super) child: Option<Child>,
}

impl Node {
    /// Where clients find it, if it is a broker.
    pub(super) fn address(&self) -> Option<String> {
        self.listeners.endpoints().broker.map(address)
    }

    /// Where controllers find it, if it is one.
    pub(super) fn controller_address(&self) -> Option<String> {
        self.listeners.endpoints().controller.map(address)
    }

    /// Starts its process; what it says is added to its log.
    pub(super) fn spawn(&mut self) -> Result<(), CommandError> {
        let log = File::options().create(true).append(true).open(&self.files.log);
        let log = log.map_err(|error| CommandError::io(&format!("opening {}", self.files.log.display()), &error))?;
        self.child = Some(engine::start(self.engine, &self.command, log)?);
        Ok(())
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Sends its process a signal, if it has one. It may have ended by itself, which whoever waits for it finds out.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            let _ended = kill_process(Pid::from_child(child), signal);
        }
    }

    /// Asks it to stop. If it is paused, it goes on, or it could not.
    pub(super) fn terminate(&self) {
        self.signal(Signal::TERM);
        self.signal(Signal::CONT);
    }

    /// Waits until it has ended.
    pub(super) fn wait(&mut self) -> Result<(), CommandError> {
        if let Some(mut child) = self.child.take() {
            child.wait()?;
        }
        Ok(())
    }

    /// How its process ended, if it has since this was last asked.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>, CommandError> {
        let status = self.child.as_mut().map(Child::try_wait).transpose()?.flatten();
        if status.is_some() {
            self.child = None;
        }
        Ok(status)
    }

    /// Whether it has a process.
    pub(super) fn runs(&mut self) -> Result<bool, CommandError> {
        self.ended()?;
        Ok(self.child.is_some())
    }

    /// What it said last.
    pub(super) fn last_lines(&self) -> String {
        let said = fs::read(&self.files.log).unwrap_or_default();
        last_lines(&String::from_utf8_lossy(&said))
    }
}

/// The last lines, without Java's stacks, which would leave no room for the reason.
fn last_lines(said: &str) -> String {
    let is_frame = |line: &&str| line.starts_with("\tat ") || line.starts_with("\t... ");
    let lines: Vec<&str> = said.lines().filter(|line| !is_frame(line)).collect();
    let (_, last) = lines.split_at(lines.len().saturating_sub(QUOTED_LINES));
    last.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_those_with_a_reason() {
        assert_eq!(last_lines(""), "");
        assert_eq!(last_lines("1\n2\n3\n4\n5\n6\n"), "2\n3\n4\n5\n6");
        let said = "ERROR no such class\n\tat a.B.c(B.scala:1)\n\tat a.B.d(B.scala:2)\nCaused by: x\n\t... 4 more\n";
        assert_eq!(last_lines(said), "ERROR no such class\nCaused by: x");
    }
}
