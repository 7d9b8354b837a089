//! A terminal that somebody types on: tmux, which tests/compat/setup brings.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// How long something may take to be seen.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// How often it is looked at.
const POLL: Duration = Duration::from_millis(50);

/// A tmux server of its own, with one window.
#[derive(Debug)]
pub(crate) struct Terminal {
    socket: String,
}

impl Terminal {
    /// Runs a command line in a directory, with nothing but these variables.
    pub(crate) fn start(dir: &Path, variables: &[(&str, &str)], command: &str) -> Self {
        let terminal = Self {
            socket: dir.join("tmux").display().to_string(),
        };
        let mut line = String::from("exec env -i TERM=screen LANG=C.UTF-8");
        for (name, value) in variables {
            line.push_str(&format!(" {name}='{value}'"));
        }
        line.push_str(&format!(" {command}"));
        let size = ["-x", "130", "-y", "40"];
        let started = terminal.tmux(&[&["-f", "/dev/null", "new-session", "-d"][..], &size, &[&line]].concat());
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        terminal
    }

    fn tmux(&self, args: &[&str]) -> Output {
        let mut command = Command::new("tmux");
        command.args(["-S", &self.socket]).args(args).env_remove("TMUX");
        command
            .output()
            .unwrap_or_else(|error| panic!("tmux: {error}; run tests/compat/setup"))
    }

    /// Types text as it is.
    pub(crate) fn types(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Presses a key by tmux's name.
    pub(crate) fn presses(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// What is on it.
    pub(crate) fn screen(&self) -> String {
        let shown = self.tmux(&["capture-pane", "-p", "-J"]);
        String::from_utf8_lossy(&shown.stdout).into_owned()
    }

    /// Waits until something is on it.
    #[track_caller]
    pub(crate) fn shows(&self, is_there: impl Fn(&str) -> bool, what: &str) -> String {
        let until = Instant::now() + WAIT_MAX;
        loop {
            let screen = self.screen();
            if is_there(&screen) {
                return screen;
            }
            assert!(Instant::now() < until, "{what} is not on the screen:\n{screen}");
            std::thread::sleep(POLL);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}
