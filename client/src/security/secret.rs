//! Words that must not be seen.

use std::fmt;

/// A password or the like, which no `Debug` shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What is kept. It may go to the other side of a connection, and nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A text of the other side's without the secret in it.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        if self.0.is_empty() {
            text.to_owned()
        } else {
            text.replace(&self.0, "[hidden]")
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[hidden]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::new("hunter2");
        assert_eq!(
            format!("{secret:?} {:#?}", Some(&secret)),
            "[hidden] Some(\n    [hidden],\n)"
        );
        assert_eq!(secret.hide_in("not hunter2!"), "not [hidden]!");
        assert_eq!(Secret::new("").hide_in("as it is"), "as it is");
    }
}
