//! Files of invocations, a line each.
//!
//! `+ WORDS` runs kfleet to set something up, for each side if it has ME in it. `& WORDS` starts it, `&java SCRIPT WORDS`
//! Apache's script, to run until the file ends. `~ TEXT WORDS` runs kfleet until it prints TEXT. `@ NAME TEXT` writes a file. `< TEXT` is
//! stdin of the next line. `! ID` expects the next invocation to differ as docs/SHIMS.md says under this id. `% ENGINE` has
//! the next invocation on that engine only. ME stands for whoever runs it, BOOT, CONTROLLER, LOGDIR and DIR for where the
//! cluster and the files are. In TEXT, \n and \t are what they are in C.

use std::path::Path;

/// A line that does something.
#[derive(Debug)]
pub(super) enum Step {
    /// Runs kfleet.
    SetUp { words: Vec<String>, input: String },
    /// Starts a program: kfleet, or Apache's script of that name.
    Start { script: Option<String>, words: Vec<String> },
    /// Waits until kfleet prints this.
    Until { text: String, words: Vec<String> },
    /// Writes a file.
    File { name: String, text: String },
    /// Compares.
    Case(Case),
}

/// An invocation.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) line: usize,
    pub(super) script: String,
    pub(super) args: Vec<String>,
    pub(super) input: String,
    /// The id of the difference it is to show.
    pub(super) differs: Option<String>,
    pub(super) only_on: Option<String>,
}

impl Case {
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.script, self.args.join(" "))
    }
}

pub(super) fn read(path: &Path) -> Vec<Step> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut steps = Vec::new();
    let (mut input, mut differs, mut only_on) = (String::new(), None, None);
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        match line.split_once(' ') {
            _ if line.is_empty() || line.starts_with('#') => {}
            Some(("<", text)) => input = unescaped(text),
            Some(("!", id)) => differs = Some(id.trim().to_owned()),
            Some(("%", engine)) => only_on = Some(engine.trim().to_owned()),
            Some(("+", words)) => steps.push(Step::SetUp {
                words: split(words),
                input: std::mem::take(&mut input),
            }),
            Some(("&", words)) => steps.push(Step::Start {
                script: None,
                words: split(words),
            }),
            Some(("&java", words)) => {
                let mut words = split(words);
                steps.push(Step::Start {
                    script: Some(words.remove(0)),
                    words,
                });
            }
            Some(("~", words)) => {
                let mut words = split(words);
                steps.push(Step::Until {
                    text: words.remove(0),
                    words,
                });
            }
            Some(("@", file)) => {
                let (name, text) = file.split_once(' ').unwrap_or((file, ""));
                steps.push(Step::File {
                    name: name.to_owned(),
                    text: unescaped(text),
                });
            }
            _ => {
                let mut words = split(line).into_iter();
                steps.push(Step::Case(Case {
                    line: number,
                    script: words.next().unwrap(),
                    args: words.collect(),
                    input: std::mem::take(&mut input),
                    differs: differs.take(),
                    only_on: only_on.take(),
                }));
            }
        }
    }
    steps
}

fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t")
}

/// Words, with blanks in those that stand in quotes.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (' ', None) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[test]
fn words_are_split_as_a_shell_does() {
    assert_eq!(split("a  'b c' \"\" d'e'f"), ["a", "b c", "", "def"]);
}
