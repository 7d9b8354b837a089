//! Colours: on terminals, unless somebody has said otherwise.

use std::net::TcpListener;
use std::process::Stdio;

use crate::support::admin_mock::{AdminMock, Made};
use crate::support::{KFLEET, Ran, isolated};

const BOLD: &str = "\u{1b}[1m";
const ESCAPE: char = '\u{1b}';

fn run(args: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = isolated(KFLEET);
    command.args(args).stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    Ran::of(&command.envs(variables.iter().copied()).output().unwrap())
}

/// What a command prints on a terminal.
fn on_a_terminal(args: &[&str], variables: &[(&str, &str)]) -> String {
    let quoted: Vec<String> = [KFLEET].iter().chain(args).map(|word| format!("'{word}'")).collect();
    let mut command = isolated("script");
    command
        .args(["-qec", &quoted.join(" "), "/dev/null"])
        .stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm").envs(variables.iter().copied());
    Ran::of(&command.output().unwrap()).stdout
}

#[test]
fn heads_of_tables_are_bold_where_colour_is_wanted() {
    let mock = AdminMock::start(Made::default());
    let list = ["topics", "describe", "-b", &mock.address];
    let with = |more: &[&str], variables: &[(&str, &str)]| {
        let args: Vec<&str> = list.iter().chain(more).copied().collect();
        run(&args, variables).exits(0).stdout
    };
    let plain = with(&[], &[]);
    assert!(!plain.contains(ESCAPE), "{plain}");
    let bold = with(&["--color", "always"], &[]);
    assert!(bold.starts_with(BOLD), "{bold:?}");
    assert_eq!(bold.replace(BOLD, "").replace("\u{1b}[0m", ""), plain);
    assert_eq!(bold.matches(BOLD).count(), 1, "only the head: {bold:?}");
    assert_eq!(
        with(&["--color=always", "--no-headers"], &[]).matches(ESCAPE).count(),
        0
    );
    assert_eq!(with(&[], &[("CLICOLOR_FORCE", "1")]), bold);
    assert_eq!(with(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), plain);
    assert_eq!(with(&["--color=never"], &[("CLICOLOR_FORCE", "1")]), plain);
    for format in ["json", "ndjson"] {
        let documents = with(&["--color=always", "-o", format], &[]);
        assert!(!documents.contains(ESCAPE), "{documents}");
    }
    run(&["topics", "list", "--color", "blue"], &[]).exits(64);
}

#[test]
fn a_terminal_has_colours_unless_it_is_dumb_or_somebody_wants_none() {
    let mock = AdminMock::start(Made::default());
    let list = ["topics", "describe", "-b", &mock.address];
    assert!(on_a_terminal(&list, &[]).contains(BOLD));
    for variables in [[("NO_COLOR", "1")], [("TERM", "dumb")], [("CLICOLOR", "0")]] {
        let shown = on_a_terminal(&list, &variables);
        assert!(
            shown.contains('t') && !shown.contains(ESCAPE),
            "{variables:?}: {shown:?}"
        );
    }
    let never = [&list[..], &["--color", "never"]].concat();
    assert!(!on_a_terminal(&never, &[]).contains(ESCAPE));
    assert!(on_a_terminal(&["--help"], &[]).contains(ESCAPE));
    assert!(!on_a_terminal(&["--help", "--color=never"], &[]).contains(ESCAPE));
}

#[test]
fn errors_and_help_go_by_it_too() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let failing = ["topics", "list", "-b", &nobody, "--timeout", "2s"];
    let ran = run(&failing, &[]).exits(69);
    assert!(
        ran.stderr.starts_with("error: ") && !ran.stderr.contains(ESCAPE),
        "{}",
        ran.stderr
    );
    let ran = run(&[&failing[..], &["--color", "always"]].concat(), &[]).exits(69);
    assert!(
        ran.stderr.starts_with("\u{1b}[1;31merror:\u{1b}[0m "),
        "{:?}",
        ran.stderr
    );
    assert!(ran.stderr.contains("hint:\u{1b}[0m "), "{:?}", ran.stderr);
    for (args, code) in [(&["--help"][..], 0), (&["topics", "frobnicate"], 64)] {
        let plain = run(args, &[]).exits(code);
        assert!(
            !format!("{}{}", plain.stdout, plain.stderr).contains(ESCAPE),
            "{args:?}"
        );
        let coloured = run(&[args, &["--color=always"]].concat(), &[]).exits(code);
        assert!(
            format!("{}{}", coloured.stdout, coloured.stderr).contains(ESCAPE),
            "{args:?}"
        );
    }
}
