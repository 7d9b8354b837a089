//! Files of invocations, a line each.
//!
//! `+ WORDS` runs kfleet to set something up, for each side if it has ME in it. `& WORDS` starts it, `&java SCRIPT WORDS`
//! Apache's script, to run until the file ends. `~ TEXT WORDS` runs kfleet until it prints TEXT. `@ NAME TEXT` writes a file. `< TEXT` is
//! stdin of the next line. `! ID` expects the next invocation to differ as docs/SHIMS.md says under this id. `= sorted` compares
//! its lines in any order, where theirs is random. `% ENGINE` has the next line on that engine only. `^ FROM NAME POSITION`
//! copies a file, with another byte there if a position is given. ME stands for whoever runs it, BOOT, CONTROLLER, LOGDIR, LOGDIR2 and DIR for where the
//! cluster and the files are. In TEXT, \n and \t are what they are in C.

use std::path::Path;

/// A line that does something.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) only_on: Option<String>,
    pub(super) step: Step,
}

impl Line {
    /// Whether it is for this engine, too.
    pub(super) fn is_on(&self, engine: &str) -> bool {
        self.only_on.as_deref().is_none_or(|only| only == engine)
    }
}

/// What is done.
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
    /// Copies a file, and changes a byte of it.
    Copy {
        from: String,
        name: String,
        position: Option<usize>,
    },
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
    /// Whether the order of lines is random.
    pub(super) in_any_order: bool,
}

impl Case {
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.script, self.args.join(" "))
    }
}

pub(super) fn read(path: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = Vec::new();
    let mut next = Next::default();
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(step) = next.take(line, number) {
            let only_on = next.only_on.take();
            lines.push(Line { only_on, step });
        }
    }
    lines
}

/// What has been said of the next line.
#[derive(Debug, Default)]
struct Next {
    input: String,
    differs: Option<String>,
    only_on: Option<String>,
    in_any_order: bool,
}

impl Next {
    fn take(&mut self, line: &str, number: usize) -> Option<Step> {
        let step = match line.split_once(' ') {
            Some(("<", text)) => {
                self.input = unescaped(text);
                return None;
            }
            Some(("!", id)) => {
                self.differs = Some(id.trim().to_owned());
                return None;
            }
            Some(("%", engine)) => {
                self.only_on = Some(engine.trim().to_owned());
                return None;
            }
            Some(("=", "sorted")) => {
                self.in_any_order = true;
                return None;
            }
            Some(("+", words)) => Step::SetUp {
                words: split(words),
                input: std::mem::take(&mut self.input),
            },
            Some(("&", words)) => Step::Start {
                script: None,
                words: split(words),
            },
            Some(("&java", words)) => {
                let mut words = split(words);
                Step::Start {
                    script: Some(words.remove(0)),
                    words,
                }
            }
            Some(("~", words)) => {
                let mut words = split(words);
                Step::Until {
                    text: words.remove(0),
                    words,
                }
            }
            Some(("@", file)) => {
                let (name, text) = file.split_once(' ').unwrap_or((file, ""));
                Step::File {
                    name: name.to_owned(),
                    text: unescaped(text),
                }
            }
            Some(("^", words)) => {
                let words = split(words);
                Step::Copy {
                    from: words[0].clone(),
                    name: words[1].clone(),
                    position: words.get(2).map(|position| position.parse().unwrap()),
                }
            }
            _ => {
                let mut words = split(line).into_iter();
                Step::Case(Case {
                    line: number,
                    script: words.next().unwrap(),
                    args: words.collect(),
                    input: std::mem::take(&mut self.input),
                    differs: self.differs.take(),
                    in_any_order: std::mem::take(&mut self.in_any_order),
                })
            }
        };
        Some(step)
    }
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
