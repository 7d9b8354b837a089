//! Where a password comes from: a file, stdin, or whoever sits at the terminal.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::PathBuf;

use clap::Args;
use client::security::Secret;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::context::Context;
use crate::error::CommandError;
use crate::input;

/// What a shell makes of SIGINT.
const INTERRUPTED: u8 = 130;

/// Where it comes from.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub(super) struct PasswordArgs {
    /// A file with the password in its only line; - is stdin; without it, the password is asked for
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl PasswordArgs {
    /// The password. Nobody is asked for one that is not used.
    pub(super) fn read(&self, user: &str, is_dry: bool, context: &Context) -> Result<Option<Secret>, CommandError> {
        if let Some(file) = &self.password_file {
            let text = input::read_text(file)?;
            return match only_line(&text) {
                Ok(password) => Ok(Some(Secret::new(password))),
                Err(why) => Err(CommandError::data(format!("{}: {why}", file.display()))),
            };
        }
        if is_dry {
            return Ok(None);
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Err(CommandError::usage("there is no terminal to ask for the password on")
                .hint("give --password-file FILE, or --password-file - for stdin; no flag takes a password itself"));
        }
        let password = ask(&format!("Password of user {user}: "), context)?;
        let again = ask("Once more: ", context)?;
        if password.reveal().is_empty() {
            return Err(CommandError::data("an empty password is none"));
        }
        if password != again {
            return Err(CommandError::data("the two passwords differ"));
        }
        Ok(Some(password))
    }
}

/// The password that a file has.
fn only_line(text: &str) -> Result<&str, &'static str> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.contains(['\n', '\r']) {
        return Err("a password is one line, and it has several");
    }
    if line.is_empty() {
        return Err("there is no password in it");
    }
    Ok(line)
}

/// A terminal that shows nothing of what is typed, until it is dropped.
struct Hidden {
    before: Termios,
}

impl Hidden {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut hidden = before.clone();
        // Without signals nobody leaves while nothing is shown, and without lines each key is seen.
        hidden
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(io::stdin(), OptionalActions::Flush, &hidden)?;
        Ok(Self { before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Who closed the terminal does not see it any more.
        let _gone = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }
}

fn ask(question: &str, context: &Context) -> Result<Secret, CommandError> {
    context.out.note(question);
    let hidden = Hidden::new()?;
    let mut typed = Typed::default();
    let ended = loop {
        let mut key = [0];
        if io::stdin().read(&mut key)? == 0 {
            break End::Left;
        }
        if let Some(ended) = typed.key(key[0]) {
            break ended;
        }
    };
    drop(hidden);
    match ended {
        End::Entered => match String::from_utf8(typed.bytes) {
            Ok(password) => Ok(Secret::new(password)),
            Err(_) => Err(CommandError::data("the password is not UTF-8")),
        },
        End::Left => Err(CommandError::declined()),
        End::Interrupted => Err(CommandError::exit(INTERRUPTED)),
    }
}

/// How somebody ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// With Enter.
    Entered,
    /// With Ctrl-D, or by hanging up.
    Left,
    /// With Ctrl-C.
    Interrupted,
}

/// What was typed so far.
#[derive(Default)]
struct Typed {
    bytes: Vec<u8>,
}

impl Typed {
    fn key(&mut self, key: u8) -> Option<End> {
        match key {
            b'\n' | b'\r' => return Some(End::Entered),
            0x03 | 0x1c => return Some(End::Interrupted),
            0x04 => return Some(if self.bytes.is_empty() { End::Left } else { End::Entered }),
            // Ctrl-U
            0x15 => self.bytes.clear(),
            0x08 | 0x7f => {
                // The last character with all its bytes.
                while self.bytes.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
            }
            key => self.bytes.push(key),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_line() {
        for text in ["pa ss", "pa ss\n", "pa ss\r\n"] {
            assert_eq!(only_line(text), Ok("pa ss"));
        }
        assert_eq!(only_line(" pa\t"), Ok(" pa\t"), "spaces are part of it");
        for text in ["", "\n", "\r\n", "a\nb", "a\n\n"] {
            assert!(only_line(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn keys_do_what_they_do_on_a_terminal() {
        let typed = |keys: &[u8]| {
            let mut typed = Typed::default();
            let ended = keys.iter().find_map(|key| typed.key(*key));
            (String::from_utf8(typed.bytes).unwrap(), ended)
        };
        assert_eq!(typed(b"ab\n"), ("ab".to_owned(), Some(End::Entered)));
        assert_eq!(typed("aé\u{7f}b\r".as_bytes()), ("ab".to_owned(), Some(End::Entered)));
        assert_eq!(typed(b"\x7fxy\x15ab\x04"), ("ab".to_owned(), Some(End::Entered)));
        assert_eq!(typed(b"\x04").1, Some(End::Left));
        assert_eq!(typed(b"ab\x03").1, Some(End::Interrupted));
        assert_eq!(typed(b"ab"), ("ab".to_owned(), None));
    }
}
