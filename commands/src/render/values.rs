//! From KEY=VALUE to what a template sees: every value is checked against its declaration.

use std::collections::BTreeMap;

use minijinja::Value;

use super::header::{Declared, Header, Kind};
use crate::error::CommandError;

/// The values of all variables of a template, set or not.
pub(crate) fn values(
    name: &str,
    header: &Header,
    settings: &[String],
) -> Result<BTreeMap<String, Value>, CommandError> {
    let mut set = BTreeMap::new();
    for setting in settings {
        let pair = setting.split_once('=');
        let (key, value) = pair.ok_or_else(|| CommandError::usage(format!("\"{setting}\" is not KEY=VALUE")))?;
        if !header.variables.iter().any(|declared| declared.name == key) {
            return Err(CommandError::usage(format!("{name} has no variable \"{key}\"")).hint(known(name, header)));
        }
        if set.insert(key, value).is_some() {
            return Err(CommandError::usage(format!("{key} is set twice")));
        }
    }
    let given = |declared: &Declared| {
        let set = set.get(declared.name.as_str()).copied();
        set.or(declared.default.as_deref()).map(str::to_owned)
    };
    let missing: Vec<String> = header
        .variables
        .iter()
        .filter(|declared| given(declared).is_none())
        .map(|declared| format!("--set {}=... ({})", declared.name, declared.help))
        .collect();
    if !missing.is_empty() {
        return Err(CommandError::usage(format!("{name} needs {}", missing.join(", "))));
    }
    let mut values = BTreeMap::new();
    for declared in &header.variables {
        let text = given(declared).unwrap_or_default();
        let optional = declared.default.as_deref() == Some("");
        let value = value(&declared.kind, &text, optional)
            .map_err(|why| CommandError::usage(format!("{}: {why}", declared.name)))?;
        values.insert(declared.name.clone(), value);
    }
    Ok(values)
}

fn known(name: &str, header: &Header) -> String {
    let names: Vec<&str> = header.variables.iter().map(|declared| declared.name.as_str()).collect();
    match names.as_slice() {
        [] => format!("{name} has no variables"),
        _ => format!(
            "its variables are {}; kfleet render {name} --list tells what they mean",
            names.join(", ")
        ),
    }
}

/// A value of a kind; what may be empty is then an empty text or list.
fn value(kind: &Kind, text: &str, optional: bool) -> Result<Value, String> {
    if text.chars().any(char::is_control) {
        return Err("control characters and ends of lines are not taken".to_owned());
    }
    let empty = text.trim().is_empty();
    if empty && !optional {
        return Err("it must not be empty".to_owned());
    }
    let items = || {
        text.split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
    };
    Ok(match kind {
        Kind::List => items().collect::<Vec<_>>().into(),
        Kind::Paths => items()
            .map(|path| absolute(&path))
            .collect::<Result<Vec<_>, _>>()?
            .into(),
        _ if empty => "".into(),
        Kind::Text => text.trim().into(),
        Kind::Path => absolute(text.trim())?.into(),
        Kind::Number => {
            let number: Result<u32, _> = text.parse();
            number.map_err(|_| format!("\"{text}\" is not a whole number"))?.into()
        }
        Kind::Port => {
            let port = text.parse::<u16>().ok().filter(|port| *port > 0);
            port.ok_or_else(|| format!("\"{text}\" is not a port"))?.into()
        }
        Kind::Flag => match text {
            "true" => true.into(),
            "false" => false.into(),
            _ => return Err(format!("\"{text}\" is neither true nor false")),
        },
        Kind::Choice(choices) if choices.iter().any(|choice| choice == text) => text.into(),
        Kind::Choice(choices) => return Err(format!("\"{text}\" is not one of {}", choices.join(", "))),
    })
}

/// A path that means the same in a unit, in a properties file and in YAML.
fn absolute(path: &str) -> Result<String, String> {
    if !path.starts_with('/') {
        return Err(format!("\"{path}\" is not an absolute path"));
    }
    if path.contains([' ', '"', '\'', '\\']) {
        return Err(format!("\"{path}\" has blanks, quotes or backslashes"));
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let text = "{# t\nn: number -- its id\np: port = 9092 -- port\nl: list = -- list\nf: flag = false -- flag\n\
                    d: paths = /a,/b -- dirs\nc: x|y = x -- choice\n#}";
        Header::parse(text).unwrap()
    }

    fn set(settings: &[&str]) -> Result<BTreeMap<String, Value>, CommandError> {
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        values("t", &header(), &settings)
    }

    #[test]
    fn defaults_fill_what_is_not_set() {
        let values = set(&["n=7"]).unwrap();
        assert_eq!(values["n"], Value::from(7u32));
        assert_eq!(values["p"], Value::from(9092u32));
        assert_eq!(values["l"].len(), Some(0));
        assert_eq!(values["d"], Value::from(vec!["/a", "/b"]));
        assert_eq!(set(&["n=7", "l=a, b,"]).unwrap()["l"], Value::from(vec!["a", "b"]));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (settings, said) in [
            (&["n=1", "x=2"][..], "t has no variable \"x\""),
            (&[], "t needs --set n=... (its id)"),
            (&["n=1", "n=2"], "n is set twice"),
            (&["n"], "\"n\" is not KEY=VALUE"),
            (&["n=-1"], "n: \"-1\" is not a whole number"),
            (&["n=1", "p=0"], "p: \"0\" is not a port"),
            (&["n=1", "f=yes"], "f: \"yes\" is neither true nor false"),
            (&["n=1", "d=/a,b"], "d: \"b\" is not an absolute path"),
            (&["n=1", "d=/a b"], "d: \"/a b\" has blanks"),
            (&["n=1", "c=z"], "c: \"z\" is not one of x, y"),
            (&["n=1", "l=a\nb"], "l: control characters"),
            (&["n=1", "c="], "c: it must not be empty"),
        ] {
            let error = set(settings).unwrap_err();
            assert!(error.message.contains(said), "{settings:?}: {}", error.message);
            assert_eq!(error.code, crate::exit_codes::USAGE);
        }
        let hints = set(&["n=1", "x=2"]).unwrap_err().hints.concat();
        assert!(hints.contains("its variables are n, p, l, f, d, c"), "{hints}");
    }
}
