//! A server that is made up: with TLS or without, and with what it says to logins.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use protocol::api::messages::api_versions_response::ApiVersion;
use protocol::api::messages::{
    ApiVersionsResponse, MetadataResponse, SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest,
    SaslHandshakeResponse,
};
use protocol::api::{
    ApiKey, DECODE_BUDGET_BYTES, RequestHeader, StrBytes, decode_request, encode_response, split_request,
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Somebody who signs certificates.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) pem: String,
}

/// A certificate and its key.
pub(super) struct Signed {
    pub(super) certificate: String,
    pub(super) key: KeyPair,
    der: CertificateDer<'static>,
}

impl Authority {
    pub(super) fn new() -> Self {
        Self::named("authority")
    }

    pub(super) fn named(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { issuer, pem }
    }

    pub(super) fn sign(&self, hosts: &[&str]) -> Signed {
        self.sign_in_years(hosts, 2020, 2099)
    }

    pub(super) fn sign_in_years(&self, hosts: &[&str], from: i32, to: i32) -> Signed {
        let mut params = params(hosts);
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(to, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let (certificate, der) = (certificate.pem(), certificate.der().clone());
        Signed { certificate, key, der }
    }
}

/// A certificate that signs itself and says that it is an authority, as `openssl req -x509` makes them.
pub(super) fn self_signed(hosts: &[&str]) -> Signed {
    let mut params = params(hosts);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let (certificate, der) = (certificate.pem(), certificate.der().clone());
    Signed { certificate, key, der }
}

fn params(hosts: &[&str]) -> CertificateParams {
    CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>()).unwrap()
}

/// What TLS the server has; with somebody to sign clients' certificates they are asked for.
pub(super) fn tls(signed: &Signed, clients: Option<&str>) -> ServerConfig {
    let provider = Arc::new(ring::default_provider());
    let key = PrivatePkcs8KeyDer::from(signed.key.serialize_der()).into();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in crate::security::Certificates::parse(pem).unwrap().ders() {
                roots.add(certificate).unwrap();
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    builder.with_single_cert(vec![signed.der.clone()], key).unwrap()
}

/// What the server says to the n-th message of a login, from 0.
pub(super) type Says = fn(usize, &[u8]) -> SaslAuthenticateResponse;

/// A running server.
pub(super) struct Server {
    pub(super) address: String,
    /// How often somebody has begun to log in.
    pub(super) logins: Arc<AtomicUsize>,
    /// How many connections were accepted.
    pub(super) connections: Arc<AtomicUsize>,
}

impl Server {
    pub(super) async fn start(tls: Option<ServerConfig>, says: Says) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let logins = Arc::new(AtomicUsize::new(0));
        let connections = Arc::new(AtomicUsize::new(0));
        let acceptor = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let (counted, accepted) = (Arc::clone(&logins), Arc::clone(&connections));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::SeqCst);
                let (acceptor, counted) = (acceptor.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(socket, &counted, says).await,
                        Some(acceptor) => serve(acceptor.accept(socket).await.ok()?, &counted, says).await,
                    }
                });
            }
        });
        Self {
            address,
            logins,
            connections,
        }
    }

    /// One that sends these bytes to whoever connects, once they have said something, and then nothing or the end.
    pub(super) async fn saying(bytes: &'static [u8], then_closes: bool) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut heard = [0; 4096];
                if socket.read(&mut heard).await.is_ok() && socket.write_all(bytes).await.is_ok() && !then_closes {
                    open.push(socket);
                }
            }
        });
        address
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, logins: &AtomicUsize, says: Says) -> Option<()> {
    let mut messages = 0;
    loop {
        let length = stream.read_i32().await.ok()?;
        let mut frame = vec![0; length as usize];
        stream.read_exact(&mut frame).await.ok()?;
        let (header, body) = split_request(Bytes::from(frame)).unwrap();
        let key = ApiKey::try_from(header.api_key).unwrap();
        if key == ApiKey::SaslHandshake {
            logins.fetch_add(1, Ordering::SeqCst);
            messages = 0;
        }
        stream.write_all(&answer(&header, body, messages, says)).await.ok()?;
        stream.flush().await.ok()?;
        messages += usize::from(key == ApiKey::SaslAuthenticate);
    }
}

fn answer(header: &RequestHeader, body: Bytes, messages: usize, says: Says) -> Bytes {
    let (key, version, id) = (header.api_key, header.api_version, header.correlation_id);
    let encoded = match ApiKey::try_from(key).unwrap() {
        ApiKey::ApiVersions => {
            let served = [
                ApiKey::ApiVersions,
                ApiKey::Metadata,
                ApiKey::SaslHandshake,
                ApiKey::SaslAuthenticate,
            ];
            let served = served.map(|api| {
                let versions = api.valid_versions();
                ApiVersion::default()
                    .with_api_key(api as i16)
                    .with_min_version(versions.min)
                    .with_max_version(versions.max)
            });
            encode_response(
                key,
                version,
                id,
                &ApiVersionsResponse::default().with_api_keys(served.to_vec()),
            )
        }
        ApiKey::SaslHandshake => {
            let asked: SaslHandshakeRequest = decode_request(version, body, DECODE_BUDGET_BYTES).unwrap();
            let served = ["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"];
            let response = SaslHandshakeResponse::default()
                .with_error_code(if served.contains(&&*asked.mechanism) { 0 } else { 33 })
                .with_mechanisms(served.map(StrBytes::from_static_str).to_vec());
            encode_response(key, version, id, &response)
        }
        ApiKey::SaslAuthenticate => {
            let asked: SaslAuthenticateRequest = decode_request(version, body, DECODE_BUDGET_BYTES).unwrap();
            encode_response(key, version, id, &says(messages, &asked.auth_bytes))
        }
        _ => encode_response(key, version, id, &MetadataResponse::default()),
    };
    encoded.unwrap()
}
