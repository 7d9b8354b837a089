//! Keys and values as they are given: one by one, as a list with brackets as Kafka's script takes it, or in a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use client::ConfigChange;
use protocol::properties::Properties;

use crate::error::CommandError;

/// Where a change comes from, to tell what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// The command line.
    Flag,
    /// A file, and the line.
    File(PathBuf, usize),
}

impl Origin {
    /// That something is wrong with what was given there.
    pub(super) fn wrong(&self, why: &str) -> CommandError {
        match self {
            Self::Flag => CommandError::usage(why),
            Self::File(file, line) => CommandError::data(format!("{}: line {line}: {why}", file.display())),
        }
    }
}

/// What a value is for.
type Kind = fn(String) -> ConfigChange;

/// What is to become of keys, with where that was said.
pub(super) type Asked = BTreeMap<String, (ConfigChange, Origin)>;

/// Keys and values.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub(super) struct PairArgs {
    /// A key and its value, commas included; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", required_unless_present_any = ["add_config", "add_config_file", "append", "subtract"])]
    set: Vec<String>,
    /// Keys and values as in 'a=1,b=[x,y]', with brackets around values that have commas
    #[arg(long, value_name = "LIST")]
    add_config: Option<String>,
    /// A properties file with keys and values; for secrets, which others could see on a command line
    #[arg(long, value_name = "FILE")]
    add_config_file: Option<PathBuf>,
    /// Items to add to a key's list; may be repeated
    #[arg(long, value_name = "KEY=ITEMS")]
    append: Vec<String>,
    /// Items to take out of a key's list; may be repeated
    #[arg(long, value_name = "KEY=ITEMS")]
    subtract: Vec<String>,
}

impl PairArgs {
    /// All of them, each key once.
    pub(super) fn asked(&self) -> Result<Asked, CommandError> {
        let mut asked = Asked::new();
        let mut add = |key: &str, change: ConfigChange, origin: Origin| {
            if key.is_empty() {
                return Err(origin.wrong("a key is empty"));
            }
            match asked.insert(key.to_owned(), (change, origin.clone())) {
                None => Ok(()),
                Some(_) => Err(origin.wrong(&format!("{key} is given twice"))),
            }
        };
        let by_one: [(&Vec<String>, Kind); 3] = [
            (&self.set, ConfigChange::Set),
            (&self.append, ConfigChange::Append),
            (&self.subtract, ConfigChange::Subtract),
        ];
        for (texts, change) in by_one {
            for text in texts {
                let pair = text.split_once('=');
                let (key, value) = pair.ok_or_else(|| CommandError::usage(format!("\"{text}\" is not KEY=VALUE")))?;
                add(key.trim(), change(value.to_owned()), Origin::Flag)?;
            }
        }
        if let Some(list) = &self.add_config {
            for (key, value) in bracketed(list).map_err(CommandError::usage)? {
                add(&key, ConfigChange::Set(value), Origin::Flag)?;
            }
        }
        if let Some(file) = &self.add_config_file {
            let properties = read(file)?;
            let keys: BTreeMap<&str, &str> = properties.iter().collect();
            for (key, value) in keys {
                let line = properties.position(key, 0).map_or(1, |(line, _)| line);
                add(
                    key,
                    ConfigChange::Set(value.to_owned()),
                    Origin::File(file.clone(), line),
                )?;
            }
        }
        if asked.is_empty() {
            return Err(CommandError::data("the file has no keys"));
        }
        Ok(asked)
    }
}

/// Reads a properties file.
pub(super) fn read(file: &Path) -> Result<Properties, CommandError> {
    let shown = file.display();
    let bytes = std::fs::read(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => CommandError::not_found(format!("file {shown} does not exist")),
        _ => CommandError::io(&format!("reading {shown}"), &error),
    })?;
    let properties = Properties::parse(&bytes);
    match properties.duplicates().first() {
        Some(twice) => Err(CommandError::data(format!("{shown}: {twice} is there twice"))),
        None => Ok(properties),
    }
}

/// a=1,b=[x,y]: brackets keep what is in them together, and are no part of the value.
fn bracketed(text: &str) -> Result<Vec<(String, String)>, String> {
    let wrong = |part: &str| format!("\"{part}\" is not KEY=VALUE; a value with commas is put in brackets: a=[x,y]");
    let mut pairs = Vec::new();
    for part in split_outside(text, ',') {
        let fields = split_outside(part, '=');
        let [key, value] = fields.as_slice() else {
            return Err(wrong(part));
        };
        let value = value.replace(['[', ']'], "");
        pairs.push((key.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(pairs)
}

/// Parts between signs that are not in brackets: of the brackets behind a sign, the first one opens.
fn split_outside(text: &str, sign: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, _) in text.match_indices(sign) {
        let behind = text.get(at..).unwrap_or_default();
        if behind
            .find(['[', ']'])
            .is_none_or(|next| behind.get(next..).unwrap_or_default().starts_with('['))
        {
            parts.push(text.get(from..at).unwrap_or_default());
            from = at + sign.len_utf8();
        }
    }
    parts.push(text.get(from..).unwrap_or_default());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_kafkas_script_reads_them() {
        let read = |text: &str| bracketed(text).unwrap();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(read("a=1"), [pair("a", "1")]);
        assert_eq!(read("a=1, b = 2 "), [pair("a", "1"), pair("b", "2")]);
        assert_eq!(read("a=[x,y],b=[z]"), [pair("a", "x,y"), pair("b", "z")]);
        assert_eq!(read("a=[k=1,l=2],b="), [pair("a", "k=1,l=2"), pair("b", "")]);
        for wrong in ["", "a", "a=1,", "a=1=2", "a=x,y"] {
            assert!(bracketed(wrong).is_err(), "{wrong}");
        }
    }

    fn args(set: &[&str]) -> PairArgs {
        PairArgs {
            set: set.iter().map(|text| (*text).to_owned()).collect(),
            add_config: None,
            add_config_file: None,
            append: Vec::new(),
            subtract: Vec::new(),
        }
    }

    #[test]
    fn a_key_is_given_once_and_a_value_is_all_that_follows() {
        let asked = args(&["cleanup.policy=compact,delete", "a=b=c"]).asked().unwrap();
        let value = |key: &str| asked[key].0.clone();
        assert_eq!(value("cleanup.policy"), ConfigChange::Set("compact,delete".to_owned()));
        assert_eq!(value("a"), ConfigChange::Set("b=c".to_owned()));
        for wrong in [&["a=1", "a=2"][..], &["a"], &["=1"]] {
            assert_eq!(args(wrong).asked().unwrap_err().code, 64, "{wrong:?}");
        }
    }

    #[test]
    fn what_is_wrong_in_a_file_is_told_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("topic.properties");
        std::fs::write(&file, "# keys\nretention.ms = 5\ncleanup.policy=[a,b]\n").unwrap();
        let with = |file: &Path| PairArgs {
            add_config_file: Some(file.to_owned()),
            ..args(&[])
        };
        let asked = with(&file).asked().unwrap();
        let (change, origin) = &asked["cleanup.policy"];
        assert_eq!(*change, ConfigChange::Set("[a,b]".to_owned()));
        let error = origin.wrong("it is no key");
        assert!(
            error.code == 65 && error.message.ends_with("line 3: it is no key"),
            "{error:?}"
        );
        std::fs::write(&file, "a=1\na=2\n").unwrap();
        assert_eq!(with(&file).asked().unwrap_err().code, 65);
        assert_eq!(with(Path::new("/nowhere")).asked().unwrap_err().code, 66);
    }
}
