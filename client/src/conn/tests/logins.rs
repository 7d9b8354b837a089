use std::sync::atomic::Ordering;

use protocol::api::StrBytes;

use super::server::{Says, Server};
use super::*;
use crate::cluster::{Client, ClientConfig};
use crate::retry::Limit;
use crate::security::{ScramHash, Secret, TokenSource};

const PASSWORD: &str = "hunter2";

fn plain() -> Login {
    Login::Plain {
        user: "alice".to_owned(),
        password: Secret::new(PASSWORD),
    }
}

fn scram() -> Login {
    Login::Scram {
        hash: ScramHash::Sha256,
        user: "alice".to_owned(),
        password: Secret::new(PASSWORD),
        is_token: false,
    }
}

fn bearer() -> Login {
    Login::OAuthBearer {
        source: TokenSource::Command(format!("echo {PASSWORD}")),
        extensions: Vec::new(),
    }
}

fn refusal(message: &'static str) -> SaslAuthenticateResponse {
    SaslAuthenticateResponse::default()
        .with_error_code(58)
        .with_error_message(Some(StrBytes::from_static_str(message)))
}

fn challenge(bytes: &'static [u8]) -> SaslAuthenticateResponse {
    SaslAuthenticateResponse::default().with_auth_bytes(Bytes::from_static(bytes))
}

async fn log_in(login: Login, says: Says) -> Result<Connection, ClientError> {
    let server = Server::start(None, says).await;
    open(&server.address, &Security::new(None, Some(login))).await
}

/// The reason why nobody was let in; no secret is in it.
async fn refused(login: Login, says: Says) -> String {
    let error = log_in(login, says).await.unwrap_err();
    assert!(!error.is_retriable());
    assert!(!format!("{error:?} {error}").contains(PASSWORD), "{error:?}");
    match error {
        ClientError::Authentication { reason, .. } => reason,
        other => panic!("not about a login: {other:?}"),
    }
}

#[tokio::test]
async fn whoever_is_let_in_can_ask() {
    let says: Says = |at, message| match (at, message) {
        (0, b"\0alice\0hunter2") => SaslAuthenticateResponse::default(),
        _ => refusal("no"),
    };
    let connection = log_in(plain(), says).await.unwrap();
    assert!(is_of_use(&connection).await);
    assert!(!format!("{connection:?}").contains(PASSWORD));
    let says: Says = |at, message| match (at, message) {
        (0, b"n,,\x01auth=Bearer hunter2\x01\x01") => SaslAuthenticateResponse::default(),
        _ => refusal("no"),
    };
    assert!(is_of_use(&log_in(bearer(), says).await.unwrap()).await);
}

#[tokio::test]
async fn refusals_are_told_without_secrets() {
    assert_eq!(
        refused(plain(), |_, _| refusal("not\nyou, hunter2")).await,
        "not you, [hidden]"
    );
    let silent: Says = |_, _| SaslAuthenticateResponse::default().with_error_code(58);
    assert!(
        refused(plain(), silent)
            .await
            .contains("the login failed (SaslAuthenticationFailed)")
    );
    // What is wrong with a token is told in a challenge; the refusal comes after the answer to that.
    let token: Says = |at, message| match (at, message) {
        (0, _) => challenge(b"{\"status\":\"invalid_token\"}"),
        (1, [1]) => refusal("the token is no good"),
        _ => refusal("another message was expected"),
    };
    assert_eq!(refused(bearer(), token).await, "the token is no good");
    let sha512 = Login::Scram {
        hash: ScramHash::Sha512,
        user: "alice".to_owned(),
        password: Secret::new(PASSWORD),
        is_token: false,
    };
    assert_eq!(
        refused(sha512, welcome).await,
        "it offers PLAIN, SCRAM-SHA-256, OAUTHBEARER"
    );
    let nothing = Login::OAuthBearer {
        source: TokenSource::Command("exit 7".to_owned()),
        extensions: Vec::new(),
    };
    assert_eq!(
        refused(nothing, welcome).await,
        "the token command failed (exit status: 7)"
    );
}

#[tokio::test]
async fn a_server_that_does_not_know_the_password_is_not_believed() {
    assert!(
        refused(scram(), welcome).await.contains("makes no sense"),
        "it says nothing at all"
    );
    let repeats: Says = |_, _| challenge(b"r=somebody-elses-nonce,s=c2FsdA==,i=4096");
    assert!(refused(scram(), repeats).await.contains("does not go on from ours"));
    let pretends: Says = |at, message| match at {
        0 => {
            let nonce = String::from_utf8(message.to_vec()).unwrap();
            let nonce = nonce.rsplit_once("r=").unwrap().1.to_owned();
            let first = format!("r={nonce}x,s=c2FsdA==,i=4096");
            SaslAuthenticateResponse::default().with_auth_bytes(first.into())
        }
        _ => challenge(b"v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    };
    assert!(refused(scram(), pretends).await.contains("does not know the password"));
    let endless: Says = |_, _| challenge(b"more");
    assert!(refused(bearer(), endless).await.contains("does not end"));
}

#[tokio::test]
async fn a_session_is_renewed_on_the_same_connection() {
    const SESSION_MS: i64 = 40;
    let says: Says = |_, _| SaslAuthenticateResponse::default().with_session_lifetime_ms(SESSION_MS);
    let server = Server::start(None, says).await;
    let connection = open(&server.address, &Security::new(None, Some(plain())))
        .await
        .unwrap();
    while server.logins.load(Ordering::SeqCst) < 4 {
        assert!(is_of_use(&connection).await);
        tokio::task::yield_now().await;
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    let server = Server::start(None, welcome).await;
    let connection = open(&server.address, &Security::new(None, Some(plain())))
        .await
        .unwrap();
    for _ in 0..10 {
        assert!(is_of_use(&connection).await);
    }
    assert_eq!(
        server.logins.load(Ordering::SeqCst),
        1,
        "a session without an end is not renewed"
    );
}

/// Of several addresses, one that refuses the login says more than one where nobody listens.
#[tokio::test]
async fn a_refused_login_is_told_although_other_nodes_are_down() {
    let server = Server::start(None, |_, _| refusal("not you")).await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = closed.local_addr().unwrap().to_string();
    drop(closed);
    for bootstrap in [[&server.address, &nobody], [&nobody, &server.address]] {
        let config = ClientConfig {
            bootstrap: bootstrap.map(Clone::clone).to_vec(),
            client_id: "test".to_owned(),
            security: Security::new(None, Some(plain())),
            limit: Limit::Until(deadline_in(LIMIT)),
        };
        let error = Client::connect(config).await.unwrap_err();
        assert!(matches!(error, ClientError::Authentication { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_login_is_over_by_the_deadline() {
    let slow = Login::OAuthBearer {
        source: TokenSource::Command("sleep 60".to_owned()),
        extensions: Vec::new(),
    };
    let server = Server::start(None, welcome).await;
    let security = Security::new(None, Some(slow));
    let limit = deadline_in(Duration::from_millis(200));
    let late = Connection::open_secured(&server.address, "test", &security, limit).await;
    assert!(late.is_err());
}
