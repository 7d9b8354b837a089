//! Settings as the command line has them.

use protocol::properties::Properties;

use crate::shims::failed::Throwable;
use crate::shims::options::Parsed;

/// What is to be changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) set: Vec<(String, String)>,
    pub(super) delete: Vec<String>,
}

pub(super) fn changes(parsed: &Parsed) -> Result<Changes, Throwable> {
    let mut changes = Changes::default();
    if let Some(path) = parsed.value("add-config-file")? {
        let unreadable = |_| Throwable::new("java.nio.file.NoSuchFileException", path);
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let properties = Properties::parse(&bytes);
        changes
            .set
            .extend(properties.iter().map(|(key, value)| (key.to_owned(), value.to_owned())));
    }
    if let Some(text) = parsed.value("add-config")? {
        changes.set.extend(pairs(text)?);
    }
    // Of a key that is set twice the last value counts.
    changes.set.reverse();
    let mut seen: Vec<String> = Vec::new();
    changes.set.retain(|(key, _)| {
        let is_new = !seen.contains(key);
        seen.push(key.clone());
        is_new
    });
    let is_odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if let Some((key, _)) = changes.set.iter().find(|(key, _)| key.contains(is_odd)) {
        return Err(Throwable::illegal(format!(
            "Invalid character found for config key: {key}"
        )));
    }
    for list in parsed.values("delete-config") {
        changes.delete.extend(list.split(',').map(|key| key.trim().to_owned()));
    }
    Ok(changes)
}

/// `k=v,k=[v,v]`
fn pairs(text: &str) -> Result<Vec<(String, String)>, Throwable> {
    let pair = |pair: &str| match &split(pair, '=')[..] {
        [key, value] => Ok((key.trim().to_owned(), value.replace(['[', ']'], "").trim().to_owned())),
        _ => Err(Throwable::illegal(
            "requirement failed: Invalid entity config: all configs to be added must be in the format \"key=val\" or  \
             \"key=[val1,val2]\" to group values which contain commas.",
        )),
    };
    split(text, ',').into_iter().map(pair).collect()
}

/// Parts between separators that do not stand in brackets.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut is_in_brackets) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '[' => is_in_brackets = true,
            ']' => is_in_brackets = false,
            c if c == separator && !is_in_brackets => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_keep_commas_and_equals_signs_together() {
        let all = pairs("a=1, b=[x,y],SCRAM-SHA-256=[iterations=8192,password=p],c=").unwrap();
        let all: Vec<(&str, &str)> = all.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let scram = ("SCRAM-SHA-256", "iterations=8192,password=p");
        assert_eq!(all, [("a", "1"), ("b", "x,y"), scram, ("c", "")]);
        assert!(pairs("a").is_err() && pairs("a=b=c").is_err() && pairs("a=1,b").is_err());
    }
}
