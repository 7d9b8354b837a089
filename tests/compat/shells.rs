//! Completion in real shells on a real terminal: somebody types the beginning of a name and presses TAB.

use std::cell::Cell;
use std::path::Path;

use crate::support::terminal::Terminal;
use crate::support::{Cluster, Engine, KFLEET};

/// A shell, and how it takes up the script.
struct Shell {
    start: &'static str,
    script: &'static str,
    /// Before the script.
    first: &'static str,
}

const BASH: Shell = Shell {
    start: "bash --norc --noprofile -i",
    script: "kfleet.bash",
    first: "bind 'set bell-style none'",
};
const ZSH: Shell = Shell {
    start: "zsh -f -i",
    script: "_kfleet",
    first: "PS1='$ '; unsetopt beep; autoload -U compinit; compinit -u -d $HOME/dump",
};
const FISH: Shell = Shell {
    start: "fish --no-config -i",
    script: "kfleet.fish",
    first: "function fish_prompt; echo '$ '; end; set fish_greeting; function fish_right_prompt; end",
};

/// Topics `orders`, `orders-eu` and `payments`; a group with a space in its name, and one with quotes.
fn cluster() -> Cluster {
    let cluster = Cluster::start(Engine::Kfleet);
    cluster
        .kfleet(&[
            "topics",
            "create",
            "orders",
            "orders-eu",
            "payments",
            "--partitions",
            "1",
            "--yes",
        ])
        .exits(0);
    for group in ["my group", "it's \"$HOME\""] {
        cluster
            .kfleet(&["offsets", "set", group, "orders:0=0", "--create", "--yes"])
            .exits(0);
    }
    cluster
}

struct Session {
    terminal: Terminal,
    /// Lines that were run.
    runs: Cell<u32>,
    _home: tempfile::TempDir,
}

impl Session {
    fn start(shell: &Shell, cluster: &Cluster) -> Self {
        let home = tempfile::Builder::new().prefix("kfleet-test-").tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let bin = Path::new(KFLEET).parent().unwrap();
        let path = format!("{}:/usr/bin:/bin", bin.display());
        let variables = [
            ("HOME", home.path().to_str().unwrap()),
            ("PATH", &path),
            ("KFLEET_BOOTSTRAP_SERVER", &cluster.bootstrap),
        ];
        let terminal = Terminal::start(home.path(), &variables, shell.start);
        let session = Self {
            terminal,
            runs: Cell::new(0),
            _home: home,
        };
        session.run(&format!("cd '{}'", root.display()));
        session.run(shell.first);
        session.run(&format!("source completions/{}", shell.script));
        session
    }

    /// Runs a line, and waits until its shell is ready for the next.
    #[track_caller]
    fn run(&self, line: &str) {
        let terminal = &self.terminal;
        terminal.types(line);
        terminal.presses("Enter");
        self.runs.set(self.runs.get() + 1);
        let ready = format!("ready {}", self.runs.get());
        terminal.types(&format!("clear; echo rea''dy {}", self.runs.get()));
        terminal.presses("Enter");
        terminal.shows(|screen| screen.lines().any(|line| line == ready), &ready);
    }

    /// Types, presses TAB, and sees this behind it.
    #[track_caller]
    fn completes(&self, typed: &str, completed: &str) {
        self.terminal.types(typed);
        self.terminal.presses("Tab");
        self.terminal.shows(|screen| screen.contains(completed), completed);
        self.forget();
    }

    /// Types, presses TAB until its shell lists all there are, and sees this among them.
    #[track_caller]
    fn lists(&self, typed: &str, listed: &str) {
        self.terminal.types(typed);
        for _ in 0..3 {
            self.terminal.presses("Tab");
        }
        self.terminal.shows(|screen| screen.contains(listed), listed);
        self.forget();
    }

    /// Drops the line and what is on the screen.
    fn forget(&self) {
        self.terminal.presses("C-c");
        self.run("true");
    }
}

/// What goes for all shells, with quotes as this one writes them.
fn names_are_completed(shell: &Shell, quoted_space: &str, quoted_quotes: &str) {
    let cluster = cluster();
    let session = Session::start(shell, &cluster);
    session.completes("kfleet topics describe pay", "topics describe payments");
    session.lists("kfleet topics describe ord", "orders-eu");
    session.completes("kfleet topics describe orders-", "topics describe orders-eu");
    session.completes("kfleet groups describe my", &format!("groups describe {quoted_space}"));
    session.completes("kfleet groups describe it", &format!("groups describe {quoted_quotes}"));
    session.completes("kfleet consume orders --group=my", &format!("--group={quoted_space}"));
    session.completes(
        "kfleet configs set topic orders --set retention.m",
        "--set retention.ms=",
    );
    session.completes("kfleet offsets set 'my group' pay", "payments:");
    session.completes("kfleet quorum repl", "quorum replication");
    session.completes("kfleet topics describe --under-rep", "--under-replicated");
    session.completes("kfleet --command-config rust-tool", "rust-toolchain.toml");
    session.completes(
        "kfleet topics list --command-config=rust-tool",
        "--command-config=rust-toolchain.toml",
    );
    // The cluster on the line counts, and one that is not there is no complaint.
    let other = format!("kfleet -b {} topics describe pay", cluster.bootstrap);
    session.completes(&other, "describe payments");
    session.terminal.types("kfleet -b localhost:1 topics describe pay");
    session.terminal.presses("Tab");
    session.terminal.types("X");
    let screen = session.terminal.shows(|screen| screen.contains("payX"), "payX");
    assert!(!screen.contains("error"), "{screen}");
    session.forget();
    // What a shell has completed is one word to it.
    for (typed, name) in [("my", "my group"), ("it", "it's \"$HOME\"")] {
        session
            .terminal
            .types(&format!("kfleet groups describe --state -o ndjson {typed}"));
        session.terminal.presses("Tab");
        session.terminal.presses("Enter");
        let as_json = format!("\"group\":{}", serde_json::json!(name));
        session
            .terminal
            .shows(|screen| screen.replace('\n', "").contains(&as_json), &as_json);
        session.run("true");
    }
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn bash_completes_names_of_the_cluster() {
    names_are_completed(&BASH, "my\\ group", "it\\'s\\ \\\"\\$HOME\\\"");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn zsh_completes_names_of_the_cluster() {
    names_are_completed(&ZSH, "my\\ group", "it\\'s\\ \\\"\\$HOME\\\"");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn fish_completes_names_of_the_cluster() {
    names_are_completed(&FISH, "my\\ group", "it\\'s\\ \\\"\\$HOME\\\"");
}

/// Runs take each other's place, and Ctrl-C ends with the last one's exit code.
#[test]
#[ignore = "needs tests/compat/setup"]
fn a_watched_command_is_drawn_in_place() {
    let cluster = cluster();
    let session = Session::start(&BASH, &cluster);
    session
        .terminal
        .types("kfleet topics describe 'orders*' --watch=0.2; echo code $?");
    session.terminal.presses("Enter");
    let once = |screen: &str| screen.matches("orders-eu").count() == 1 && screen.contains("until Ctrl-C");
    session.terminal.shows(once, "orders-eu");
    cluster
        .kfleet(&["topics", "create", "orders-us", "--partitions", "1", "--yes"])
        .exits(0);
    let screen = session
        .terminal
        .shows(|screen| screen.contains("orders-us"), "orders-us");
    assert!(once(&screen) && screen.matches("TOPIC").count() == 1, "{screen}");
    session.terminal.presses("C-c");
    session.terminal.shows(|screen| screen.contains("code 0"), "code 0");
}
