//! The comment at the top of a template: what it is, where its rendering belongs, and its variables.

use schemars::JsonSchema;
use serde::Serialize;

/// What a variable takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One line of text.
    Text,
    /// A whole number, 0 or above.
    Number,
    /// A TCP port.
    Port,
    /// true or false.
    Flag,
    /// An absolute path.
    Path,
    /// Texts with commas between them.
    List,
    /// Absolute paths with commas between them.
    Paths,
    /// One of these.
    Choice(Vec<String>),
}

impl Kind {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "text" => Self::Text,
            "number" => Self::Number,
            "port" => Self::Port,
            "flag" => Self::Flag,
            "path" => Self::Path,
            "list" => Self::List,
            "paths" => Self::Paths,
            _ if text.contains('|') => Self::Choice(text.split('|').map(|one| one.trim().to_owned()).collect()),
            _ => return None,
        })
    }

    /// As it is written in a template.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Number => "number".to_owned(),
            Self::Port => "port".to_owned(),
            Self::Flag => "flag".to_owned(),
            Self::Path => "path".to_owned(),
            Self::List => "list".to_owned(),
            Self::Paths => "paths".to_owned(),
            Self::Choice(choices) => choices.join("|"),
        }
    }
}

/// A variable of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declared {
    /// Its name.
    pub(crate) name: String,
    /// What it takes.
    pub(crate) kind: Kind,
    /// What it is if it is not set; none if it has to be.
    pub(crate) default: Option<String>,
    /// What it means.
    pub(crate) help: String,
}

/// A variable, as it is listed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct VariableRow {
    /// Its name.
    name: String,
    /// What it takes: text, number, port, flag, path, list, paths, or the choices.
    takes: String,
    /// What it is if it is not set; none if it has to be.
    default: Option<String>,
    /// What it means.
    help: String,
}

impl VariableRow {
    /// As columns.
    pub(crate) fn cells(&self) -> Vec<String> {
        let default = self
            .default
            .as_deref()
            .map_or("(required)", |text| if text.is_empty() { "-" } else { text });
        vec![
            self.name.clone(),
            self.takes.clone(),
            default.to_owned(),
            self.help.clone(),
        ]
    }
}

impl From<&Declared> for VariableRow {
    fn from(declared: &Declared) -> Self {
        Self {
            name: declared.name.clone(),
            takes: declared.kind.name(),
            default: declared.default.clone(),
            help: declared.help.clone(),
        }
    }
}

/// What a template says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// What it is, in a few words.
    pub(crate) about: String,
    /// Where its rendering belongs.
    pub(crate) installs: Option<String>,
    /// Its variables.
    pub(crate) variables: Vec<Declared>,
}

impl Header {
    /// Reads the comment; the error says which line is wrong and why.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let expected = "a template starts with a comment {# ... #} that says what it is and names its variables";
        let inside = text.strip_prefix("{#").and_then(|rest| rest.split_once("#}"));
        let (inside, _) = inside.ok_or(expected)?;
        let mut header = Self::default();
        for (at, line) in inside.trim_matches('-').lines().enumerate() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            if header.about.is_empty() {
                line.clone_into(&mut header.about);
            } else if let Some(path) = line.strip_prefix("installs: ") {
                header.installs = Some(path.trim().to_owned());
            } else {
                let declared = variable(line).map_err(|why| format!("line {}: {why}", at + 1))?;
                if header.variables.iter().any(|known| known.name == declared.name) {
                    return Err(format!("line {}: {} is declared twice", at + 1, declared.name));
                }
                header.variables.push(declared);
            }
        }
        if header.about.is_empty() {
            return Err(expected.to_owned());
        }
        Ok(header)
    }
}

/// `NAME: KIND [= DEFAULT] -- HELP`
fn variable(line: &str) -> Result<Declared, String> {
    let shape = || format!("\"{line}\" is not NAME: KIND [= DEFAULT] -- HELP");
    let (head, help) = line.split_once(" -- ").ok_or_else(shape)?;
    let (name, rest) = head.split_once(':').ok_or_else(shape)?;
    let name = name.trim();
    let well_named = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !well_named {
        return Err(format!("\"{name}\" cannot be the name of a variable"));
    }
    let (kind, default) = match rest.split_once('=') {
        Some((kind, default)) => (kind.trim(), Some(default.trim().to_owned())),
        None => (rest.trim(), None),
    };
    let known = "text, number, port, flag, path, list, paths or a|b|c";
    let kind = Kind::parse(kind).ok_or_else(|| format!("\"{kind}\" is not {known}"))?;
    Ok(Declared {
        name: name.to_owned(),
        kind,
        default,
        help: help.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_understood() {
        let text = "{#-\n a file\n installs: /etc/a\n\n n: number -- needed\n l: list = a,b -- has a default\n \
                    e: text = -- may be empty\n c: x|y = x -- one of two\n#}\nbody";
        let header = Header::parse(text).unwrap();
        assert_eq!(header.about, "a file");
        assert_eq!(header.installs.as_deref(), Some("/etc/a"));
        let told = |at: usize| {
            let variable: &Declared = &header.variables[at];
            (
                variable.name.as_str(),
                variable.kind.name(),
                variable.default.as_deref(),
            )
        };
        assert_eq!(told(0), ("n", "number".to_owned(), None));
        assert_eq!(told(1), ("l", "list".to_owned(), Some("a,b")));
        assert_eq!(told(2), ("e", "text".to_owned(), Some("")));
        assert_eq!(told(3), ("c", "x|y".to_owned(), Some("x")));
        assert_eq!(header.variables[3].help, "one of two");
    }

    #[test]
    fn what_is_wrong_with_a_header_is_said_with_its_line() {
        for (text, said) in [
            ("no comment", "starts with a comment"),
            ("{# never closed", "starts with a comment"),
            ("{##}", "starts with a comment"),
            ("{# a\nn number -- x #}", "line 2: \"n number -- x\" is not NAME"),
            ("{# a\nn: number #}", "line 2: \"n: number\" is not NAME"),
            ("{# a\nn: float -- x #}", "line 2: \"float\" is not text"),
            ("{# a\nN: text -- x #}", "\"N\" cannot be the name"),
            ("{# a\nn: text -- x\nn: text -- x #}", "line 3: n is declared twice"),
        ] {
            let error = Header::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
