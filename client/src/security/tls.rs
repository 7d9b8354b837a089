//! What TLS is told once for all connections.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::ec_key;
use super::pem::{Certificates, PrivateKey};
use super::verifier::NodeVerifier;

/// Whose certificates are good.
#[derive(Debug)]
pub enum Trust {
    /// Those that the system trusts.
    System,
    /// Those that these have signed, and these themselves.
    Certificates(Certificates),
}

/// Who we are, for nodes that ask (mutual TLS).
#[derive(Debug)]
pub struct Identity {
    /// Our certificate, and those between it and an authority.
    pub chain: Certificates,
    /// The key of the first of them.
    pub key: PrivateKey,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsVersion {
    /// 1.2
    V1_2,
    /// 1.3
    V1_3,
}

/// How to do TLS.
#[derive(Debug)]
pub struct TlsSpec {
    /// Whose certificates are good.
    pub trust: Trust,
    /// Who we are, if we are to say so.
    pub identity: Option<Identity>,
    /// Whether a certificate has to name the host that was asked for.
    pub check_host_names: bool,
    /// Versions that may be spoken.
    pub versions: Vec<TlsVersion>,
}

/// Why TLS cannot be done that way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// Nobody is trusted.
    #[error("the system has no trusted certificates, and no others were given")]
    NoTrust,
    /// A certificate that is none.
    #[error("certificate {number} of the truststore cannot be used: {reason}")]
    Untrustable {
        /// Counted from 1.
        number: usize,
        /// Why.
        reason: String,
    },
    /// Certificate and key do not go together, or cannot be used.
    #[error("our own certificate and key cannot be used: {reason}")]
    Identity {
        /// Why.
        reason: String,
    },
    /// Nothing can be spoken.
    #[error("no version of TLS is left that may be spoken")]
    NoVersion,
}

/// TLS as it is done on all connections.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
    check_host_names: bool,
}

impl fmt::Debug for Tls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = out.debug_struct("Tls");
        shown
            .field("check_host_names", &self.check_host_names)
            .finish_non_exhaustive()
    }
}

impl Tls {
    /// Checks what it is told, and reads the system's certificates if those are trusted.
    pub fn new(spec: TlsSpec) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let versions: Vec<&'static SupportedProtocolVersion> = spec.versions.iter().map(|v| v.rustls()).collect();
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)
            .map_err(|_| TlsError::NoVersion)?;
        let (roots, pinned) = match spec.trust {
            Trust::System => (system_roots()?, Vec::new()),
            Trust::Certificates(Certificates(given)) => {
                let mut roots = RootCertStore::empty();
                for (at, certificate) in given.iter().enumerate() {
                    roots.add(certificate.clone()).map_err(|error| TlsError::Untrustable {
                        number: at + 1,
                        reason: error.to_string(),
                    })?;
                }
                (roots, given)
            }
        };
        let verifier = NodeVerifier {
            roots,
            pinned,
            check_host_names: spec.check_host_names,
            algorithms,
        };
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        let config = match spec.identity {
            None => builder.with_no_client_auth(),
            Some(Identity { chain, key }) => {
                let key = match chain.0.first() {
                    Some(certificate) => ec_key::completed(key.0, certificate),
                    None => key.0,
                };
                builder
                    .with_client_auth_cert(chain.0, key)
                    .map_err(|error| TlsError::Identity {
                        reason: error.to_string(),
                    })?
            }
        };
        Ok(Self {
            config: Arc::new(config),
            check_host_names: spec.check_host_names,
        })
    }

    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }
}

impl TlsVersion {
    const fn rustls(self) -> &'static SupportedProtocolVersion {
        match self {
            Self::V1_2 => &TLS12,
            Self::V1_3 => &TLS13,
        }
    }
}

fn system_roots() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    // What of a system's store cannot be read or used is left out, as others do.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        Err(TlsError::NoTrust)
    } else {
        Ok(roots)
    }
}

/// The host of host:port, as a certificate would name it.
pub(crate) fn server_name(address: &str) -> Option<ServerName<'static>> {
    let (host, _) = address.rsplit_once(':')?;
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    ServerName::try_from(host.trim_end_matches('.').to_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_hosts_without_ports() {
        let name = |address| server_name(address).map(|name| name.to_str().into_owned());
        assert_eq!(name("kafka-1.example:9093").as_deref(), Some("kafka-1.example"));
        assert_eq!(name("kafka_1.:9093").as_deref(), Some("kafka_1"));
        assert_eq!(name("127.0.0.1:1").as_deref(), Some("127.0.0.1"));
        assert_eq!(name("[::1]:1").as_deref(), Some("::1"));
        assert_eq!(name("a b:1"), None);
        assert_eq!(name("nothing"), None);
    }
}
