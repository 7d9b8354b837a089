//! Logins with tokens of a server, which speaks https on the loopback.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::server::{Authority, Server, tls};
use super::*;
use crate::security::{Certificates, HttpsUrl, Secret, Tls, TlsSpec, TlsVersion, TokenEndpoint, TokenSource, Trust};

const SECRET: &str = "hunter2";
const GIVEN: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n{\"access_token\":\"abc.def\",\"expires_in\":3600}\n\n";

/// A server of tokens that says the same to everybody.
struct Tokens {
    url: String,
    authority: Authority,
    asked: Arc<AtomicUsize>,
    heard: Arc<Mutex<String>>,
}

impl Tokens {
    async fn start(answer: &'static str, host: &str) -> Self {
        let authority = Authority::new();
        let acceptor = TlsAcceptor::from(Arc::new(tls(&authority.sign(&[host]), None)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/token", listener.local_addr().unwrap());
        let (asked, heard) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(String::new())));
        let (count, said) = (Arc::clone(&asked), Arc::clone(&heard));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(socket).await else {
                    continue;
                };
                let mut request = Vec::new();
                while !request.ends_with(b"grant_type=client_credentials&scope=a+b") {
                    match stream.read_buf(&mut request).await {
                        Ok(0) | Err(_) => break,
                        Ok(_) => {}
                    }
                }
                count.fetch_add(1, Ordering::SeqCst);
                *said.lock().await = String::from_utf8(request).unwrap();
                // It is closed without an end of TLS, as some do.
                let _gone = stream.write_all(answer.as_bytes()).await;
                let _gone = stream.flush().await;
            }
        });
        Self {
            url,
            authority,
            asked,
            heard,
        }
    }

    fn login(&self) -> Security {
        let spec = TlsSpec {
            trust: Trust::Certificates(Certificates::parse(&self.authority.pem).unwrap()),
            identity: None,
            check_host_names: true,
            versions: vec![TlsVersion::V1_3],
        };
        let url = HttpsUrl::parse(&self.url).unwrap();
        let endpoint = TokenEndpoint::new(url, Tls::new(spec).unwrap(), "me", Secret::new(SECRET), Some("a b"));
        let login = Login::OAuthBearer {
            source: TokenSource::Endpoint(Box::new(endpoint)),
            extensions: Vec::new(),
        };
        Security::new(None, Some(login))
    }
}

fn believes_the_token(_: usize, said: &[u8]) -> SaslAuthenticateResponse {
    let is_it = said == b"n,,\x01auth=Bearer abc.def\x01\x01";
    SaslAuthenticateResponse::default().with_error_code(if is_it { 0 } else { 58 })
}

#[tokio::test]
async fn a_token_is_fetched_once_for_all_connections_and_shown_to_each() {
    let tokens = Tokens::start(GIVEN, "127.0.0.1").await;
    let server = Server::start(None, believes_the_token).await;
    let security = tokens.login();
    for _ in 0..3 {
        assert!(is_of_use(&open(&server.address, &security).await.unwrap()).await);
    }
    assert_eq!(server.logins.load(Ordering::SeqCst), 3);
    assert_eq!(tokens.asked.load(Ordering::SeqCst), 1);
    let heard = tokens.heard.lock().await.clone();
    assert!(heard.starts_with("POST /token HTTP/1.1\r\nHost: 127.0.0.1:"), "{heard}");
    // me:hunter2
    assert!(
        heard.contains("\r\nAuthorization: Basic bWU6aHVudGVyMg==\r\n"),
        "{heard}"
    );
}

#[tokio::test]
async fn a_token_whose_life_is_not_told_is_used_once() {
    let answer = "HTTP/1.1 200 OK\r\n\r\n{\"access_token\":\"abc.def\"}";
    let tokens = Tokens::start(answer, "127.0.0.1").await;
    let server = Server::start(None, believes_the_token).await;
    let security = tokens.login();
    for _ in 0..2 {
        open(&server.address, &security).await.unwrap();
    }
    assert_eq!(tokens.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_keeps_a_token_from_us_is_told_without_the_secret() {
    for (answer, host, words) in [
        (
            "HTTP/1.1 401 Unauthorized\r\nContent-Length: 64\r\n\r\n{\"error\":\"invalid_client\",\"error_description\":\"not hunter2 too\"}",
            "127.0.0.1",
            "refused with status 401 invalid_client: not [hidden] too",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "127.0.0.1",
            "without an access_token",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}",
            "127.0.0.1",
            "was cut off",
        ),
        ("hello\r\n\r\n", "127.0.0.1", "something else than HTTP"),
        (GIVEN, "id.example", "cannot be reached"),
    ] {
        let tokens = Tokens::start(answer, host).await;
        let server = Server::start(None, believes_the_token).await;
        let error = open(&server.address, &tokens.login()).await.unwrap_err();
        let told = error.to_string();
        assert!(told.contains("the token endpoint") && told.contains(words), "{told}");
        assert!(!told.contains(SECRET), "{told}");
    }
}
