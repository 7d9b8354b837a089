//! JAAS configurations as `sasl.jaas.config` has them: `module required key="value" ... ;`, in the syntax of the
//! tokenizer that Java's clients read them with.

use std::fmt;

/// A login module and its options.
#[derive(Clone, PartialEq, Eq)]
pub struct JaasEntry {
    /// The module's class.
    pub module: String,
    /// Options in the order of the text; of several of one name the last counts.
    pub options: Vec<(String, String)>,
}

impl JaasEntry {
    /// The value of an option.
    pub fn option(&self, name: &str) -> Option<&str> {
        let found = self.options.iter().rfind(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Values may be passwords, and are not shown.
impl fmt::Debug for JaasEntry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.options.iter().map(|(name, _)| name.as_str()).collect();
        let mut shown = out.debug_struct("JaasEntry");
        shown.field("module", &self.module).field("options", &names).finish()
    }
}

/// What is wrong with a configuration. None of its text is told: what is in the wrong place may be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct JaasError {
    /// Where, in characters from the start.
    pub at: usize,
    /// What is wrong.
    pub reason: &'static str,
}

/// Reads all entries.
pub fn parse(text: &str) -> Result<Vec<JaasEntry>, JaasError> {
    let mut tokens = Tokens {
        text: text.chars().collect(),
        at: 0,
    };
    let mut entries = Vec::new();
    loop {
        let (at, token) = tokens.next()?;
        match token {
            Token::End => return Ok(entries),
            Token::Text(module) => entries.push(entry(module, &mut tokens)?),
            Token::Number | Token::Symbol(_) => {
                return Err(wrong(at, "the class of a login module should stand here"));
            }
        }
    }
}

fn entry(module: String, tokens: &mut Tokens) -> Result<JaasEntry, JaasError> {
    let (at, flag) = tokens.next()?;
    let is_flag = |text: &str| {
        let flags = ["required", "requisite", "sufficient", "optional"];
        flags.iter().any(|flag| flag.eq_ignore_ascii_case(text))
    };
    if !matches!(&flag, Token::Text(text) if is_flag(text)) {
        return Err(wrong(at, "the word required should stand here, after the login module"));
    }
    let mut options = Vec::new();
    loop {
        let (at, token) = tokens.next()?;
        let name = match token {
            Token::Symbol(';') => return Ok(JaasEntry { module, options }),
            Token::End => {
                return Err(wrong(
                    at,
                    "a semicolon should stand here, at the end of the login module",
                ));
            }
            Token::Text(name) => name,
            Token::Number | Token::Symbol(_) => {
                return Err(wrong(
                    at,
                    "an option, as in username=\"...\", or a semicolon should stand here",
                ));
            }
        };
        let (at, token) = tokens.next()?;
        if !matches!(token, Token::Symbol('=')) {
            return Err(wrong(
                at,
                "an equals sign should stand here, between an option and its value",
            ));
        }
        let (at, token) = tokens.next()?;
        match token {
            Token::Text(value) => options.push((name, value)),
            Token::Number => return Err(wrong(at, "a value that begins like a number has to stand in quotes")),
            Token::Symbol(_) | Token::End => {
                return Err(wrong(at, "the value of an option should stand here, in quotes"));
            }
        }
    }
}

const fn wrong(at: usize, reason: &'static str) -> JaasError {
    JaasError { at, reason }
}

enum Token {
    /// A word or what stood in quotes.
    Text(String),
    /// What `java.io.StreamTokenizer` takes for a number, whose letters are lost.
    Number,
    Symbol(char),
    End,
}

struct Tokens {
    text: Vec<char>,
    at: usize,
}

impl Tokens {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn take_while(&mut self, is_in: impl Fn(char) -> bool) -> String {
        let taken: String = self.text.iter().skip(self.at).take_while(|c| is_in(**c)).collect();
        self.at += taken.chars().count();
        taken
    }

    /// The next token, and where it begins.
    fn next(&mut self) -> Result<(usize, Token), JaasError> {
        self.skip_blanks_and_comments()?;
        let begin = self.at;
        let Some(first) = self.peek() else {
            return Ok((begin, Token::End));
        };
        let second = self.text.get(self.at + 1).copied();
        let token = match first {
            '"' | '\'' => Token::Text(self.quoted(first)?),
            '0'..='9' | '.' => self.number(),
            '-' if second.is_some_and(|c| c == '.' || c.is_ascii_digit()) => self.number(),
            '-' => self.symbol(first),
            c if is_of_word(c) => Token::Text(self.take_while(is_of_word)),
            c => self.symbol(c),
        };
        Ok((begin, token))
    }

    fn symbol(&mut self, c: char) -> Token {
        self.at += 1;
        Token::Symbol(c)
    }

    fn number(&mut self) -> Token {
        self.take_while(|c| matches!(c, '-' | '.' | '0'..='9'));
        Token::Number
    }

    fn skip_blanks_and_comments(&mut self) -> Result<(), JaasError> {
        loop {
            self.take_while(|c| c <= ' ');
            if self.peek() != Some('/') {
                return Ok(());
            }
            if self.text.get(self.at + 1) == Some(&'*') {
                let end = self
                    .text
                    .iter()
                    .skip(self.at + 2)
                    .zip(self.text.iter().skip(self.at + 3));
                let length = end.take_while(|pair| *pair != (&'*', &'/')).count();
                if self.at + 3 + length >= self.text.len() {
                    return Err(wrong(self.at, "the comment has no end"));
                }
                self.at += length + 4;
            } else {
                // One slash is enough for the tokenizer.
                self.take_while(|c| c != '\n' && c != '\r');
            }
        }
    }

    /// What stands in quotes, with the escapes of C.
    fn quoted(&mut self, quote: char) -> Result<String, JaasError> {
        let begin = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            match self.peek() {
                None | Some('\n' | '\r') => return Err(wrong(begin, "the quotes are not closed")),
                Some('\\') => {
                    self.at += 1;
                    out.extend(self.escaped());
                }
                Some(c) => {
                    self.at += 1;
                    if c == quote {
                        return Ok(out);
                    }
                    out.push(c);
                }
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let c = self.peek()?;
        if let Some(first) = c.to_digit(8) {
            let digits_max = if first <= 3 { 3 } else { 2 };
            let mut value = 0;
            for _ in 0..digits_max {
                let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else {
                    break;
                };
                value = value * 8 + digit;
                self.at += 1;
            }
            return char::from_u32(value);
        }
        self.at += 1;
        Some(match c {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            other => other,
        })
    }
}

/// Letters of a word: those beyond ASCII's controls, and what Kafka adds.
const fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$' | '.') || c as u32 >= 160
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn single(text: &str) -> JaasEntry {
        let mut entries = parse(text).unwrap();
        assert_eq!(entries.len(), 1, "{text}");
        entries.remove(0)
    }

    #[test]
    fn modules_have_options() {
        let entry = single(
            "org.apache.kafka.common.security.scram.ScramLoginModule required \n username=\"alice\" password=\"al;i\\\"ce\" \
             tokenauth=true /* a\n comment */ x='y' // and another\n;",
        );
        assert!(entry.module.ends_with(".ScramLoginModule"));
        let options = ["username", "password", "tokenauth", "x", "z"].map(|name| entry.option(name));
        assert_eq!(
            options,
            [Some("alice"), Some("al;i\"ce"), Some("true"), Some("y"), None]
        );
        assert!(!format!("{entry:?}").contains("alice"));
        assert_eq!(parse("a required; b OPTIONAL;").unwrap().len(), 2);
        assert_eq!(parse("  ").unwrap(), []);
    }

    /// What `java.io.StreamTokenizer` makes of them.
    #[test]
    fn values_mean_what_they_mean_to_java() {
        for (value, expected) in [
            ("\"a\\tb\\\\c\\101\\4012\\9\"", "a\tb\\cA 129"),
            ("\"\\377\"", "ÿ"),
            ("\"it's\"", "it's"),
            ("a-b_c$d.1", "a-b_c$d.1"),
            ("\"\"", ""),
            ("é€", "é€"),
            ("'q\"q'", "q\"q"),
            ("\"\\8\\78\"", "8\u{7}8"),
            ("\"//no comment\"", "//no comment"),
            ("\"x\" k=\"y\"", "y"),
        ] {
            let entry = single(&format!("m required k={value};"));
            assert_eq!(entry.option("k"), Some(expected), "{value}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_without_its_text() {
        for (text, at, words) in [
            ("m", 1, "required"),
            ("m maybe k=v;", 2, "required"),
            ("m required k=\"v\"", 16, "semicolon"),
            ("m required k=12ab;", 13, "quotes"),
            ("m required k=;", 13, "value"),
            ("m required k \"v\";", 13, "equals"),
            ("m required p=\"sec\"ret\";", 21, "quotes are not closed"),
            ("m required p=sec/ret;", 21, "semicolon"),
            ("m required =v;", 11, "option"),
            ("; m required;", 0, "class"),
            ("m /* required;", 2, "comment"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.at, at, "{text}: {error}");
            assert!(error.to_string().contains(words), "{text}: {error}");
            assert!(!error.to_string().contains("sec"), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn quoted_values_come_back(value in "[^\\n\\r]{0,20}") {
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            let entry = single(&format!("m required k=\"{quoted}\";"));
            prop_assert_eq!(entry.option("k"), Some(value.as_str()));
        }

        #[test]
        fn no_text_is_fatal(text in "[ma=;\"'/*\\\\ 0-9\\n.-]{0,30}") {
            if let Err(error) = parse(&text) {
                prop_assert!(error.at <= text.chars().count());
            }
        }
    }
}
