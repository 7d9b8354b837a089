//! Logging in by SASL (KIP-43, KIP-152): what is said, without the connection it is said on.

mod http_answer;
mod oauthbearer;
mod scram;
mod token_endpoint;

use std::time::Duration;

pub use oauthbearer::TokenSource;
pub use scram::{ScramHash, UnusableKey};
pub use token_endpoint::{HttpsUrl, TokenEndpoint};

use super::secret::Secret;
use scram::Scram;

/// Who we say we are.
#[derive(Debug, Clone)]
pub enum Login {
    /// PLAIN (RFC 4616): the password itself is sent.
    Plain {
        /// Who.
        user: String,
        /// What proves it.
        password: Secret,
    },
    /// SCRAM-SHA-256 or SCRAM-SHA-512 (RFC 5802, RFC 7677): both sides prove that they know the password.
    Scram {
        /// Which of them.
        hash: ScramHash,
        /// Who; the id of a delegation token if it is one.
        user: String,
        /// What proves it; the token's HMAC if it is one.
        password: Secret,
        /// Whether it is a delegation token (KIP-48).
        is_token: bool,
    },
    /// OAUTHBEARER (RFC 7628, KIP-255): a token from somewhere else.
    OAuthBearer {
        /// Where it comes from, anew for each login.
        source: TokenSource,
        /// SASL extensions (KIP-342).
        extensions: Vec<(String, String)>,
    },
}

/// Why a login did not come about. No secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SaslError(pub(crate) String);

impl Login {
    /// The mechanism, as Kafka names it.
    pub fn mechanism(&self) -> &'static str {
        match self {
            Self::Plain { .. } => "PLAIN",
            Self::Scram { hash, .. } => hash.mechanism(),
            Self::OAuthBearer { .. } => "OAUTHBEARER",
        }
    }

    /// Begins a login that has to be over within `limit`: the conversation, and what is said first.
    pub(crate) async fn begin(&self, limit: Duration) -> Result<(Conversation, Vec<u8>), SaslError> {
        match self {
            Self::Plain { user, password } => {
                let first = format!("\0{user}\0{}", password.reveal()).into_bytes();
                Ok((Conversation::Said(password.clone()), first))
            }
            Self::Scram {
                hash,
                user,
                password,
                is_token,
            } => {
                let scram = Scram::new(*hash, user, password.clone(), *is_token, scram::random_nonce()?);
                let first = scram.first();
                Ok((Conversation::Scram(scram), first))
            }
            Self::OAuthBearer { source, extensions } => {
                let token = source.token(limit).await?;
                let first = oauthbearer::first(&token, extensions);
                Ok((Conversation::Token(token), first))
            }
        }
    }
}

/// One login on its way.
#[derive(Debug)]
pub(crate) enum Conversation {
    /// Everything has been said.
    Said(Secret),
    Scram(Scram),
    Token(Secret),
}

impl Conversation {
    /// What to say to an answer of the other side, which did not refuse; nothing if all is well and done.
    pub(crate) fn answer(&mut self, challenge: &[u8]) -> Result<Option<Vec<u8>>, SaslError> {
        match self {
            Self::Said(_) => Ok(None),
            Self::Scram(scram) => scram.answer(challenge),
            Self::Token(_) if challenge.is_empty() => Ok(None),
            // What is wrong with a token is told before the login fails; nobody is refused before that was heard.
            Self::Token(_) => Ok(Some(vec![1])),
        }
    }

    /// What the other side says, as it may be shown.
    pub(crate) fn shown(&self, text: &str) -> String {
        let printable: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        match self {
            Self::Said(secret) | Self::Token(secret) => secret.hide_in(&printable),
            Self::Scram(scram) => scram.password().hide_in(&printable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn plain_is_one_message() {
        let login = Login::Plain {
            user: "alice".to_owned(),
            password: Secret::new("s3cret"),
        };
        let (mut said, first) = login.begin(Duration::from_secs(1)).await.unwrap();
        assert_eq!(first, b"\0alice\0s3cret");
        assert_eq!(said.answer(b""), Ok(None));
        assert_eq!(said.shown("no: s3cret\n"), "no: [hidden] ");
        assert!(!format!("{login:?} {said:?}").contains("s3cret"));
    }
}
