//! How connections to a cluster are secured: whom to trust, and who we say we are.

mod ec_key;
mod failure;
mod pem;
pub(crate) mod sasl;
mod secret;
mod tls;
mod verifier;

use std::sync::Arc;

pub use pem::{Certificates, PemError, PrivateKey};
pub use sasl::{HttpsUrl, Login, ScramHash, TokenEndpoint, TokenSource, UnusableKey};
pub use secret::Secret;
pub use tls::{Identity, Tls, TlsError, TlsSpec, TlsVersion, Trust};

pub(crate) use failure::{of_io as tls_failure, speaks_tls};
pub(crate) use tls::server_name;

/// How to connect to nodes; plaintext by default. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Security {
    tls: Option<Tls>,
    login: Option<Arc<Login>>,
}

impl Security {
    /// With TLS, or a login by SASL, or both.
    pub fn new(tls: Option<Tls>, login: Option<Login>) -> Self {
        Self {
            tls,
            login: login.map(Arc::new),
        }
    }

    /// How to encrypt, if at all.
    pub(crate) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// How to log in, if at all.
    pub(crate) fn login(&self) -> Option<&Arc<Login>> {
        self.login.as_ref()
    }
}
