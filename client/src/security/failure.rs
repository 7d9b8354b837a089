//! What went wrong with TLS, in words.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

use crate::error::ClientError;

/// First bytes of an alert as a node with TLS sends it to whoever speaks something else.
const ALERT: [u8; 2] = [21, 3];

/// Whether bytes that should be an answer in plaintext are TLS.
pub(crate) fn speaks_tls(answer: &[u8]) -> bool {
    answer.starts_with(&ALERT)
}

/// A failure of TLS, if an error of a connection is one.
pub(crate) fn of_io(address: &str, error: &io::Error) -> Option<ClientError> {
    let inner = error.get_ref()?.downcast_ref::<Error>()?;
    let (reason, advice) = describe(inner);
    Some(ClientError::Tls {
        address: address.to_owned(),
        reason,
        advice: advice.to_owned(),
    })
}

fn describe(error: &Error) -> (String, &'static str) {
    match error {
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::AlertReceived(alert) => of_alert(*alert),
        // Whatever a plaintext listener says first is no TLS record.
        Error::InvalidMessage(_) => (
            "it does not speak TLS".to_owned(),
            "a listener without TLS has security.protocol PLAINTEXT or SASL_PLAINTEXT",
        ),
        Error::PeerIncompatible(_) => (
            "it speaks no version of TLS, or no ciphers, that may be spoken here".to_owned(),
            "TLS 1.2 and 1.3 are spoken, as far as ssl.enabled.protocols allows",
        ),
        other => (
            other.to_string(),
            "openssl s_client -connect HOST:PORT shows what it offers",
        ),
    }
}

fn of_certificate(error: &CertificateError) -> (String, &'static str) {
    match error {
        CertificateError::UnknownIssuer => (
            "its certificate is not signed by anybody who is trusted".to_owned(),
            "the certificate of the authority that signed it belongs into ssl.truststore.location, with \
             ssl.truststore.type=PEM; openssl s_client -connect HOST:PORT -showcerts shows who that is",
        ),
        // That of an authority, which is good as a node's own only if it is trusted itself; or something odder.
        CertificateError::Other(_) => (
            "it shows a certificate that is no node's, and is not trusted itself".to_owned(),
            "a certificate that signs itself belongs into ssl.truststore.location, with ssl.truststore.type=PEM; \
             openssl s_client -connect HOST:PORT -showcerts shows it",
        ),
        CertificateError::BadSignature => (
            "its certificate is signed by another authority than the trusted one of the same name".to_owned(),
            "an authority that was made anew belongs into ssl.truststore.location in place of the old one",
        ),
        CertificateError::ExpiredContext { time, not_after } => {
            let ago = time.as_secs().saturating_sub(not_after.as_secs());
            (
                format!("its certificate expired {} ago", rough(ago)),
                "the node needs a new certificate, or the clock here is wrong",
            )
        }
        CertificateError::Expired => (
            "its certificate has expired".to_owned(),
            "the node needs a new certificate, or the clock here is wrong",
        ),
        CertificateError::NotValidYetContext { time, not_before } => {
            let left = not_before.as_secs().saturating_sub(time.as_secs());
            (
                format!("its certificate is not valid for another {}", rough(left)),
                "the clock here is wrong, or that of whoever made the certificate",
            )
        }
        CertificateError::NotValidYet => (
            "its certificate is not valid yet".to_owned(),
            "the clock here is wrong, or that of whoever made the certificate",
        ),
        CertificateError::NotValidForNameContext { expected, presented } => (
            format!(
                "its certificate is not for {}, but for {}",
                expected.to_str(),
                names(presented)
            ),
            "connect by a name that it has; or, if whoever answers there is to be believed anyway, \
             ssl.endpoint.identification.algorithm= switches the check off",
        ),
        other => (
            format!("its certificate cannot be accepted: {other}"),
            "openssl s_client -connect HOST:PORT -showcerts shows it",
        ),
    }
}

fn of_alert(alert: AlertDescription) -> (String, &'static str) {
    let ours = "it asks for a certificate of ours: ssl.keystore.type=PEM, with ssl.keystore.location, or \
                ssl.keystore.certificate.chain and ssl.keystore.key; its truststore has to know who signed that";
    match alert {
        AlertDescription::CertificateRequired => ("it wants a certificate of ours".to_owned(), ours),
        AlertDescription::BadCertificate
        | AlertDescription::UnknownCA
        | AlertDescription::CertificateUnknown
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::DecryptError
        | AlertDescription::AccessDenied => (format!("it does not accept our certificate ({alert:?})"), ours),
        AlertDescription::ProtocolVersion
        | AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity => (
            format!("it refuses what is spoken here ({alert:?})"),
            "TLS 1.2 and 1.3 are spoken, as far as ssl.enabled.protocols allows; a node that wants a certificate of \
             ours may also say so",
        ),
        other => (format!("it gave up the handshake ({other:?})"), "its log tells why"),
    }
}

/// The names of a certificate, without how they are wrapped.
fn names(presented: &[String]) -> String {
    if presented.is_empty() {
        return "no host at all (it has no subjectAltName)".to_owned();
    }
    let bare = |name: &String| {
        let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
        inner.unwrap_or(name).trim_matches('"').to_owned()
    };
    presented.iter().map(bare).collect::<Vec<_>>().join(", ")
}

fn rough(seconds: u64) -> String {
    match seconds {
        ..120 => format!("{seconds} seconds"),
        120..7200 => format!("{} minutes", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unwrapped_and_times_are_rough() {
        let presented = ["DnsName(\"a.example\")", "IpAddress(127.0.0.1)", "odd"].map(str::to_owned);
        assert_eq!(names(&presented), "a.example, 127.0.0.1, odd");
        assert!(names(&[]).contains("subjectAltName"));
        assert_eq!(
            [5, 600, 7200, 900_000].map(rough),
            ["5 seconds", "10 minutes", "2 hours", "10 days"]
        );
        assert!(speaks_tls(&[21, 3, 3, 0, 2, 2, 80]) && !speaks_tls(&[0, 0, 0, 21]));
    }
}
