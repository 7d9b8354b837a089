//! Tokens from a server (RFC 6749, client credentials), as Java's clients ask for them (KIP-768).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Secret;
use super::http_answer::{self, HttpAnswer};
use crate::security::{Security, Tls};
use crate::transport::Transport;

/// Most bytes of an answer.
const ANSWER_MAX_BYTES: usize = 256 * 1024;
/// The port of https.
const PORT: u16 = 443;
/// Most of what a server has to say about a refusal that is shown.
const REASON_MAX_CHARS: usize = 300;
/// Longest life of a token that is believed.
const LIFETIME_MAX_S: u64 = 24 * 3600;
/// What of a token's life it is used for.
const USED_FOR: f64 = 0.8;

/// Where an https URL leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpsUrl {
    /// host:port, and the host alone as the server is to hear it.
    address: String,
    host: String,
    /// The path with what follows it.
    target: String,
}

impl HttpsUrl {
    /// Reads a URL; nothing if it is none that leads to a server by https.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("https://")?;
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) || rest.contains(['#', '@']) {
            return None;
        }
        let (host, target) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (name, port) = match host.rsplit_once(':') {
            // Colons of an IPv6 address stand in brackets.
            Some((name, port)) if !port.ends_with(']') => (name, port.parse::<u16>().ok()?),
            _ => (host, PORT),
        };
        if name.is_empty() || name.contains(':') != name.starts_with('[') {
            return None;
        }
        Some(Self {
            address: format!("{name}:{port}"),
            host: host.to_owned(),
            target: if target.starts_with('/') {
                target.to_owned()
            } else {
                format!("/{target}")
            },
        })
    }
}

/// A server that gives out tokens to who has an id and a secret.
#[derive(Debug, Clone)]
pub struct TokenEndpoint {
    url: HttpsUrl,
    tls: Tls,
    client_id: String,
    client_secret: Secret,
    scope: Option<String>,
    /// The token at hand, and until when it is used.
    at_hand: Arc<Mutex<Option<(Secret, Instant)>>>,
}

impl TokenEndpoint {
    /// A server, how to reach it, and who we say we are.
    pub fn new(url: HttpsUrl, tls: Tls, client_id: &str, client_secret: Secret, scope: Option<&str>) -> Self {
        Self {
            url,
            tls,
            client_id: client_id.to_owned(),
            client_secret,
            scope: scope.map(str::to_owned),
            at_hand: Arc::default(),
        }
    }

    /// A token for a login: the one at hand, unless its life is almost over. All that log in at the same time wait for
    /// one answer.
    pub(super) async fn token(&self) -> Result<String, String> {
        let mut at_hand = self.at_hand.lock().await;
        if let Some((token, until)) = at_hand.as_ref().filter(|(_, until)| *until > Instant::now()) {
            tracing::debug!(
                left_ms = until.duration_since(Instant::now()).as_millis(),
                "a token at hand"
            );
            return Ok(token.reveal().to_owned());
        }
        let (token, lifetime) = self.ask().await?;
        let until = Instant::now() + lifetime.mul_f64(USED_FOR);
        *at_hand = Some((Secret::new(token.clone()), until));
        Ok(token)
    }

    /// Asks the server: a token, and how long it lives. No more than that is kept of a token whose life is not told.
    async fn ask(&self) -> Result<(String, Duration), String> {
        let answer = self.exchange().await?;
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |name: &str| told.get(name).and_then(Value::as_str);
        if answer.status != 200 {
            let reason = [text("error"), text("error_description")].into_iter().flatten();
            let reason = reason.collect::<Vec<_>>().join(": ");
            let reason: String = reason
                .chars()
                .filter(|c| !c.is_control())
                .take(REASON_MAX_CHARS)
                .collect();
            let hidden = self.client_secret.hide_in(&reason);
            return Err(format!("refused with status {} {hidden}", answer.status)
                .trim_end()
                .to_owned());
        }
        let token = text("access_token").ok_or("answered without an access_token")?;
        let lifetime_s = told.get("expires_in").and_then(Value::as_u64).unwrap_or_default();
        Ok((token.to_owned(), Duration::from_secs(lifetime_s.min(LIFETIME_MAX_S))))
    }

    async fn exchange(&self) -> Result<HttpAnswer, String> {
        let security = Security::new(Some(self.tls.clone()), None);
        // Whoever asks for a token sees to it that it does not take too long.
        let far = Instant::now() + Duration::from_secs(LIFETIME_MAX_S);
        let opened = Transport::open(&self.url.address, &security, far).await;
        let mut transport = opened.map_err(|error| format!("cannot be reached: {error}"))?;
        let cut = |error: std::io::Error| format!("was cut off: {error}");
        transport.write_all(self.request().as_bytes()).await.map_err(cut)?;
        let mut buffer = BytesMut::new();
        loop {
            let read = transport.read_buf(&mut buffer).await;
            // Not all servers end TLS before they close.
            let has_ended = !matches!(read, Ok(count) if count > 0);
            if let Some(answer) = http_answer::parse(&buffer, has_ended)? {
                return Ok(answer);
            }
            if buffer.len() > ANSWER_MAX_BYTES {
                return Err(format!("answered with more than {ANSWER_MAX_BYTES} bytes"));
            }
            if has_ended {
                let reason = read
                    .err()
                    .map_or_else(|| "it has closed".to_owned(), |error| error.to_string());
                return Err(format!("was cut off: {reason}"));
            }
        }
    }

    fn request(&self) -> String {
        let mut form = "grant_type=client_credentials".to_owned();
        if let Some(scope) = &self.scope {
            form.push_str("&scope=");
            form.push_str(&form_encoded(scope));
        }
        let login = STANDARD.encode(format!("{}:{}", self.client_id, self.client_secret.reveal()));
        format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {login}\r\nAccept: application/json\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{form}",
            self.url.target,
            self.url.host,
            form.len()
        )
    }
}

fn form_encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        byte if byte.is_ascii_alphanumeric() || b"-._*".contains(&byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lead_to_servers_by_https() {
        let parts = |text: &str| HttpsUrl::parse(text).map(|url| (url.address, url.host, url.target));
        let of =
            |address: &str, host: &str, target: &str| Some((address.to_owned(), host.to_owned(), target.to_owned()));
        assert_eq!(parts("https://id.example"), of("id.example:443", "id.example", "/"));
        assert_eq!(
            parts("https://id.example:8443/a/token?b=c"),
            of("id.example:8443", "id.example:8443", "/a/token?b=c")
        );
        assert_eq!(parts("https://[::1]:1?x"), of("[::1]:1", "[::1]:1", "/?x"));
        assert_eq!(parts("https://[::1]/"), of("[::1]:443", "[::1]", "/"));
        for bad in [
            "http://id.example",
            "https://",
            "https:///token",
            "https://a:b",
            "https://a:99999",
            "https://me:secret@a",
            "https://a/b#c",
            "https://a/b c",
            "https://a\r\nX: y",
            "https://::1",
            "file:///token",
        ] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }

    #[test]
    fn forms_hold_any_scope() {
        assert_eq!(form_encoded("kafka.read a/b&c"), "kafka.read+a%2Fb%26c");
    }
}
