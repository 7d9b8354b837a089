//! A node of a sandbox, and its process.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Child;

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

    /// Kills it, as a crash would.
    pub(super) fn kill(&mut self) -> Result<(), CommandError> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Whether it has no process, or none any more.
    pub(super) fn has_ended(&mut self) -> Result<bool, CommandError> {
        let Some(child) = &mut self.child else {
            return Ok(true);
        };
        if child.try_wait()?.is_none() {
            return Ok(false);
        }
        self.child = None;
        Ok(true)
    }

    /// What it said last.
    pub(super) fn last_lines(&self) -> String {
        let said = fs::read(&self.files.log).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let lines: Vec<&str> = said.lines().collect();
        let (_, last) = lines.split_at(lines.len().saturating_sub(QUOTED_LINES));
        last.join("\n")
    }
}
