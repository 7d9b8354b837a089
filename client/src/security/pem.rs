//! PEM as Java's clients take it: sections may stand on one line, with blanks where line ends were.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};

use super::secret::Secret;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// What is wrong with a PEM text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct PemError {
    /// Where, in characters from the start of the text.
    pub at: usize,
    /// What is wrong.
    pub reason: String,
    /// What to do about it, if that is known.
    pub advice: Option<&'static str>,
}

impl PemError {
    fn new(at: usize, reason: impl Into<String>) -> Self {
        Self {
            at,
            reason: reason.into(),
            advice: None,
        }
    }

    fn advise(mut self, advice: &'static str) -> Self {
        self.advice = Some(advice);
        self
    }
}

/// Certificates, in the order of the text.
#[derive(Clone)]
pub struct Certificates(pub(super) Vec<CertificateDer<'static>>);

impl fmt::Debug for Certificates {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} certificates", self.0.len())
    }
}

impl Certificates {
    /// Reads all CERTIFICATE sections; one at least.
    pub fn parse(text: &str) -> Result<Self, PemError> {
        let mut found = Vec::new();
        for section in sections(text)? {
            if matches!(
                section.label,
                "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE"
            ) {
                found.push(CertificateDer::from(section.decode()?));
            }
        }
        if found.is_empty() {
            return Err(PemError::new(0, "there is no CERTIFICATE section"));
        }
        Ok(Self(found))
    }

    #[cfg(test)]
    pub(crate) fn ders(self) -> Vec<CertificateDer<'static>> {
        self.0
    }
}

/// A private key.
pub struct PrivateKey(pub(super) PrivateKeyDer<'static>);

impl fmt::Debug for PrivateKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PrivateKey([hidden])")
    }
}

/// How an encrypted key becomes one that can be read here.
const DECRYPT: &str = "openssl pkcs8 -topk8 -v2 aes-256-cbc -in key.pem -out key8.pem makes one that can be read";

impl PrivateKey {
    /// Reads the first section with a private key, which may be encrypted.
    pub fn parse(text: &str, password: Option<&Secret>) -> Result<Self, PemError> {
        let sections = sections(text)?;
        let key = sections.iter().find(|section| section.label.ends_with("PRIVATE KEY"));
        let key = key.ok_or_else(|| PemError::new(0, "there is no PRIVATE KEY section"))?;
        // A header of old OpenSSL: the key is encrypted in a way of its own.
        if key.body.contains("Proc-Type:") {
            return Err(PemError::new(key.at, "the key is encrypted in OpenSSL's old format").advise(DECRYPT));
        }
        let der = key.decode()?;
        let unencrypted = match key.label {
            "PRIVATE KEY" => PrivatePkcs8KeyDer::from(der).into(),
            "RSA PRIVATE KEY" => PrivatePkcs1KeyDer::from(der).into(),
            "EC PRIVATE KEY" => PrivateSec1KeyDer::from(der).into(),
            "ENCRYPTED PRIVATE KEY" => return decrypt(&der, password, key.at),
            _ => {
                let reason = "the key is of a kind that is not known here";
                return Err(PemError::new(key.at, reason).advise("keys of RSA, EC and Ed25519 are"));
            }
        };
        Ok(Self(unencrypted))
    }
}

fn decrypt(der: &[u8], password: Option<&Secret>, at: usize) -> Result<PrivateKey, PemError> {
    let Some(password) = password else {
        return Err(PemError::new(
            at,
            "the key is encrypted, and ssl.key.password is not given",
        ));
    };
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(der)
        .map_err(|_| PemError::new(at, "the key is encrypted in a way that is not known here").advise(DECRYPT))?;
    let decrypted = encrypted.decrypt(password.reveal()).map_err(|_| {
        PemError::new(
            at,
            "the key cannot be decrypted: ssl.key.password is wrong, or the cipher is not known here",
        )
        .advise(DECRYPT)
    })?;
    Ok(PrivateKey(
        PrivatePkcs8KeyDer::from(decrypted.as_bytes().to_vec()).into(),
    ))
}

/// What stands between a BEGIN and its END.
struct Section<'a> {
    label: &'a str,
    body: &'a str,
    /// Where it begins, in characters.
    at: usize,
}

impl Section<'_> {
    fn decode(&self) -> Result<Vec<u8>, PemError> {
        let packed: String = self.body.chars().filter(|c| !c.is_whitespace()).collect();
        let decoded = STANDARD.decode(packed);
        let invalid = |_| PemError::new(self.at, format!("the {} section is not base64", self.label));
        decoded.map_err(invalid)
    }
}

fn sections(text: &str) -> Result<Vec<Section<'_>>, PemError> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let at = text.chars().count() - rest.chars().count() + before.chars().count();
        let (label, after) = after
            .split_once(DASHES)
            .ok_or_else(|| PemError::new(at, "a BEGIN line is not complete"))?;
        let end = format!("{END}{label}{DASHES}");
        let (body, after) = after
            .split_once(&end)
            .ok_or_else(|| PemError::new(at, format!("the {label} section has no end")))?;
        found.push(Section { label, body, at });
        rest = after;
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
