//! Words as shells split and quote them.

/// Whose rules count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Bash,
    Fish,
}

/// What a word is in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    None,
    Single,
    Double,
}

/// A command line up to the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its words without their quotes; the last one, which may be empty, is at the cursor.
    pub(super) words: Vec<String>,
    /// The last one as it stands there.
    pub(super) typed: String,
}

/// Splits a line, which may be in the middle of a quote.
pub(super) fn split(line: &str, dialect: Dialect) -> Line {
    let (mut words, mut word, mut start) = (Vec::new(), None, line.len());
    let mut quote = Quote::None;
    let mut rest = line.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        if quote == Quote::None && c.is_whitespace() {
            words.extend(word.take());
            start = line.len();
            continue;
        }
        if word.is_none() {
            start = at;
        }
        let word = word.get_or_insert_with(String::new);
        match (quote, c) {
            (Quote::None, '\'') => quote = Quote::Single,
            (Quote::None, '"') => quote = Quote::Double,
            (Quote::Single, '\'') | (Quote::Double, '"') => quote = Quote::None,
            (_, '\\') => match rest.next_if(|(_, next)| is_escaped(*next, quote, dialect)) {
                Some((_, next)) => word.push(next),
                // At the end of a word nothing is escaped yet.
                None if quote == Quote::None => {}
                None => word.push(c),
            },
            _ => word.push(c),
        }
    }
    words.push(word.unwrap_or_default());
    // Variables for the command alone: a shell takes them away.
    let of_shell = |word: &String| {
        let name = word.split_once('=').map_or("", |(name, _)| name);
        !name.is_empty() && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
    };
    let before = words.iter().take_while(|word| of_shell(word)).count();
    words.drain(..before.min(words.len() - 1));
    Line {
        words,
        typed: line.get(start..).unwrap_or_default().to_owned(),
    }
}

/// Whether a backslash takes away what a character means.
fn is_escaped(c: char, quote: Quote, dialect: Dialect) -> bool {
    match (quote, dialect) {
        (Quote::None, _) => true,
        (Quote::Single, Dialect::Bash) => false,
        (Quote::Single, Dialect::Fish) => matches!(c, '\'' | '\\'),
        (Quote::Double, Dialect::Bash) => matches!(c, '"' | '\\' | '$' | '`'),
        (Quote::Double, Dialect::Fish) => matches!(c, '"' | '\\' | '$'),
    }
}

/// What replaces `current`, the last part of a word that bash completes by itself - it starts behind a quote, and behind
/// each : and = - for the word to become `value`; none if it cannot.
pub(super) fn replacement(typed: &str, current: &str, value: &str) -> Option<String> {
    let before = typed.strip_suffix(current)?;
    let (quote, text) = unquoted(before);
    Some(quoted(value.strip_prefix(&text)?, quote))
}

/// The text of the beginning of a word, and what it ends in the middle of.
fn unquoted(typed: &str) -> (Quote, String) {
    let text = split(typed, Dialect::Bash).words.pop().unwrap_or_default();
    let mut quote = Quote::None;
    let mut rest = typed.chars();
    while let Some(c) = rest.next() {
        quote = match (quote, c) {
            (Quote::None, '\'') => Quote::Single,
            (Quote::None, '"') => Quote::Double,
            (Quote::Single, '\'') | (Quote::Double, '"') => Quote::None,
            (Quote::None | Quote::Double, '\\') => {
                rest.next();
                quote
            }
            _ => quote,
        };
    }
    (quote, text)
}

/// A text for bash, which is in the middle of a quote.
fn quoted(text: &str, quote: Quote) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match quote {
            Quote::Single if c == '\'' => out.push_str("'\\'"),
            Quote::Double if matches!(c, '"' | '\\' | '$' | '`') => out.push('\\'),
            Quote::None if " \t\"'\\$`&|;<>()[]{}*?!#~".contains(c) => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(line: &str, dialect: Dialect, words: &[&str], typed: &str) {
        let split = split(line, dialect);
        assert_eq!(split.words, words, "{line}");
        assert_eq!(split.typed, typed, "{line}");
    }

    #[test]
    fn lines_are_split_as_shells_do_it() {
        for dialect in [Dialect::Bash, Dialect::Fish] {
            check("kfleet ", dialect, &["kfleet", ""], "");
            check("kfleet  topics des", dialect, &["kfleet", "topics", "des"], "des");
            check("kfleet x my\\ gr", dialect, &["kfleet", "x", "my gr"], "my\\ gr");
            check("kfleet x 'my gr", dialect, &["kfleet", "x", "my gr"], "'my gr");
            check("kfleet 'a b'\"c d\" \"e", dialect, &["kfleet", "a bc d", "e"], "\"e");
            check("kfleet \"a\\\"b", dialect, &["kfleet", "a\"b"], "\"a\\\"b");
            check("kfleet '' ", dialect, &["kfleet", "", ""], "");
            check("kfleet a\\", dialect, &["kfleet", "a"], "a\\");
            check("K=1 LANG=C kfleet t", dialect, &["kfleet", "t"], "t");
            check("", dialect, &[""], "");
        }
        check("k 'a\\' b", Dialect::Bash, &["k", "a\\", "b"], "b");
        check("k 'a\\' b", Dialect::Fish, &["k", "a' b"], "'a\\' b");
    }

    #[test]
    fn bash_is_given_what_stands_behind_its_own_breaks() {
        let replaced = |typed, current, value| replacement(typed, current, value);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(replaced("or", "or", "orders"), some("orders"));
        assert_eq!(replaced("--topic=or", "or", "--topic=orders"), some("orders"));
        assert_eq!(replaced("a:b", "b", "a:bc"), some("bc"));
        assert_eq!(replaced("my\\ g", "my\\ g", "my group"), some("my\\ group"));
        assert_eq!(replaced("\"my g", "my g", "my $group"), some("my \\$group"));
        assert_eq!(replaced("'it", "it", "it's"), some("it'\\''s"));
        assert_eq!(replaced("it\\'", "it\\'", "it's"), some("it\\'s"));
        assert_eq!(replaced("x", "x", "$(rm -rf ~)"), some("\\$\\(rm\\ -rf\\ \\~\\)"));
        // What a word was completed to already is not lost.
        assert_eq!(replaced("--topic=or", "or", "orders"), None);
        assert_eq!(replaced("or", "no", "orders"), None);
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_as_it_was(text in "[a-z '\"$`\\\\;&|(){}*?!#~<>:=.]{0,12}", opened in 0..3usize) {
            let (quote, open, close) = [(Quote::None, "", ""), (Quote::Single, "'", "'"), (Quote::Double, "\"", "\"")][opened];
            let line = format!("kfleet x{open}{}{close} ", quoted(&text, quote));
            prop_assert_eq!(&split(&line, Dialect::Bash).words[1], &format!("x{text}"));
        }

        #[test]
        fn no_line_is_too_odd(line in "\\PC{0,40}") {
            for dialect in [Dialect::Bash, Dialect::Fish] {
                let split = split(&line, dialect);
                prop_assert!(!split.words.is_empty() && line.ends_with(&split.typed));
            }
        }
    }
}
