//! Logging in on a connection, and again before the session ends (KIP-368).

use std::time::Duration;

use bytes::Bytes;
use protocol::api::messages::{SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest};
use protocol::api::{ApiKey, ErrorCode, Request, StrBytes};
use tokio::time::{Instant, timeout_at};

use super::{Connection, Stream};
use crate::error::ClientError;
use crate::security::Login;
use crate::words::in_words;

/// Most messages of ours in one login; no mechanism needs more than three.
const MESSAGES_MAX: usize = 5;

impl Connection {
    /// Logs in on a new connection.
    pub(super) async fn log_in(&self, deadline: Instant) -> Result<(), ClientError> {
        let mut stream = self.stream.lock().await;
        stream.broken = true;
        let work = self.authenticate(&mut stream, deadline);
        timeout_at(deadline, work)
            .await
            .map_err(|_| self.timed_out(ApiKey::SaslAuthenticate))??;
        stream.broken = false;
        Ok(())
    }

    /// Says who we are; on a session that has lasted for a while, anew.
    pub(super) async fn authenticate(&self, stream: &mut Stream, deadline: Instant) -> Result<(), ClientError> {
        let Some(login) = self.login.as_deref() else {
            return Ok(());
        };
        self.choose(stream, login).await?;
        let limit = deadline.saturating_duration_since(Instant::now());
        let began = Instant::now();
        let (mut conversation, mut message) = login
            .begin(limit)
            .await
            .map_err(|error| self.no_login(login, error.0))?;
        for _ in 0..MESSAGES_MAX {
            let request = SaslAuthenticateRequest::default().with_auth_bytes(Bytes::from(message));
            let response: SaslAuthenticateResponse = self.ask(stream, &request).await?;
            if response.error_code != 0 {
                let code = ErrorCode::try_from_code(response.error_code);
                let said = response.error_message.as_deref().unwrap_or_default();
                let reason = match code {
                    _ if !said.is_empty() => conversation.shown(said),
                    Some(code) => format!("{} ({code:?})", in_words(code)),
                    None => format!("error {}", response.error_code),
                };
                return Err(self.no_login(login, reason));
            }
            match conversation.answer(&response.auth_bytes) {
                Ok(Some(next)) => message = next,
                Ok(None) => {
                    stream.renew_at = renewal(began, response.session_lifetime_ms);
                    return Ok(());
                }
                Err(error) => {
                    return Err(self.no_login(login, conversation.shown(&error.0)));
                }
            }
        }
        Err(self.no_login(login, "the conversation does not end".to_owned()))
    }

    /// Agrees on the mechanism.
    async fn choose(&self, stream: &mut Stream, login: &Login) -> Result<(), ClientError> {
        let request = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(login.mechanism()));
        let response = self.ask(stream, &request).await?;
        let reason = match ErrorCode::try_from_code(response.error_code) {
            None => return Ok(()),
            Some(ErrorCode::UnsupportedSaslMechanism) => {
                let offered: Vec<&str> = response.mechanisms.iter().map(|name| &**name).collect();
                format!("it offers {}", offered.join(", ").escape_debug())
            }
            Some(ErrorCode::IllegalSaslState) => {
                "it asks nobody to log in: its listener has security.protocol PLAINTEXT or SSL".to_owned()
            }
            Some(code) => format!("{} ({code:?})", in_words(code)),
        };
        Err(self.no_login(login, reason))
    }

    /// One request on a connection that is held already.
    async fn ask<R: Request>(&self, stream: &mut Stream, request: &R) -> Result<R::Response, ClientError>
    where
        R::Response: protocol::api::Decodable + protocol::api::HeaderVersion,
    {
        let version = self.version_of::<R>()?;
        let answer = self.answer_to(stream, self.call(version, request, true)?).await?;
        self.decode::<R>(version, answer)
    }

    fn no_login(&self, login: &Login, reason: String) -> ClientError {
        ClientError::Authentication {
            address: self.address.to_string(),
            mechanism: login.mechanism(),
            reason,
        }
    }
}

/// When to log in again: while there is time left for it. A lifetime of 0 means that the session does not end.
fn renewal(began: Instant, lifetime_ms: i64) -> Option<Instant> {
    let lifetime = Duration::from_millis(u64::try_from(lifetime_ms).ok().filter(|ms| *ms > 0)?);
    began.checked_add(lifetime.mul_f64(0.85))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_renewed_before_they_end() {
        let now = Instant::now();
        assert_eq!(renewal(now, 10_000), Some(now + Duration::from_millis(8500)));
        assert_eq!(renewal(now, 0), None);
        assert_eq!(renewal(now, -1), None);
        let _no_panic = renewal(now, i64::MAX);
    }
}
