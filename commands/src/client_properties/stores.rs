//! Stores of keys and certificates: PEM is read, and of the others is told how they become PEM.

use std::path::Path;

use super::source::{Source, read_file};
use crate::error::CommandError;

/// Which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Store {
    Keys,
    Trust,
}

impl Store {
    const fn word(self) -> &'static str {
        match self {
            Self::Keys => "keystore",
            Self::Trust => "truststore",
        }
    }

    /// A key of this store's.
    pub(super) fn key(self, what: &str) -> String {
        format!("ssl.{}.{what}", self.word())
    }

    /// What stands in its file; nothing if it has none.
    pub(super) fn file(self, source: &Source) -> Result<Option<(String, String)>, CommandError> {
        let Some(location) = source.filled(&self.key("location")) else {
            return Ok(None);
        };
        let bytes = read_file(Path::new(location))?;
        self.check_type(source, location, &bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Some((location.to_owned(), text)))
    }

    /// Java takes the type from the file of properties, and JKS if that has none.
    fn check_type(self, source: &Source, location: &str, bytes: &[u8]) -> Result<(), CommandError> {
        let key = self.key("type");
        let given = source.filled(&key).map(str::to_ascii_uppercase);
        let is_pem = bytes.windows(11).any(|window| window == b"-----BEGIN ");
        match (given.as_deref(), is_pem) {
            (Some("PEM"), true) => Ok(()),
            (_, true) => {
                let given = given.unwrap_or_else(|| "JKS if it is not given".to_owned());
                let reason = format!("{location} is PEM, and {key} is {given}");
                Err(source
                    .wrong(&self.key("location"), 0, &reason)
                    .hint(format!("set {key}=PEM")))
            }
            (_, false) => {
                let kind = match bytes {
                    [0xfe, 0xed, 0xfe, 0xed, ..] => "a JKS store",
                    [0x30, ..] => "a PKCS12 store",
                    _ => "no store that is known here",
                };
                let reason = format!("{location} is {kind}, and PEM is read here");
                let wrong = source.wrong(&self.key("location"), 0, &reason);
                Err(self.conversion(location, bytes).fold(wrong, CommandError::hint))
            }
        }
    }

    /// The commands that make PEM of a store.
    fn conversion(self, location: &str, bytes: &[u8]) -> impl Iterator<Item = String> {
        let stem = Path::new(location).with_extension("");
        let stem = stem.display();
        let key = self.key("");
        let convert = match (self, bytes) {
            (Self::Trust, [0xfe, 0xed, 0xfe, 0xed, ..]) => {
                Some(format!("keytool -list -rfc -keystore {location} > {stem}.pem"))
            }
            (Self::Trust, [0x30, ..]) => Some(format!("openssl pkcs12 -in {location} -nokeys -out {stem}.pem")),
            (Self::Keys, [0xfe, 0xed, 0xfe, 0xed, ..]) => Some(format!(
                "keytool -importkeystore -srckeystore {location} -destkeystore {stem}.p12 -deststoretype PKCS12 && \
                 openssl pkcs12 -in {stem}.p12 -nodes -out {stem}.pem"
            )),
            (Self::Keys, [0x30, ..]) => Some(format!("openssl pkcs12 -in {location} -nodes -out {stem}.pem")),
            _ => None,
        };
        let set = convert
            .is_some()
            .then(|| format!("then {key}type=PEM and {key}location={stem}.pem"));
        convert.into_iter().chain(set)
    }
}
