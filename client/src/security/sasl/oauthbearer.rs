//! OAUTHBEARER: tokens that somebody else fetches.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use super::token_endpoint::TokenEndpoint;
use super::{SaslError, Secret};

/// Longest token.
const TOKEN_MAX_BYTES: u64 = 64 * 1024;

/// Where tokens come from.
#[derive(Debug, Clone)]
pub enum TokenSource {
    /// A file that somebody keeps up to date.
    File(PathBuf),
    /// What this command of the shell prints.
    Command(String),
    /// A server that knows us.
    Endpoint(Box<TokenEndpoint>),
}

impl TokenSource {
    /// A token as it is now.
    pub(super) async fn token(&self, limit: Duration) -> Result<Secret, SaslError> {
        let (from, read) = match self {
            Self::File(path) => (
                format!("the token file {}", path.display()),
                timeout(limit, read(path)).await,
            ),
            Self::Command(command) => ("the token command".to_owned(), timeout(limit, run(command)).await),
            Self::Endpoint(endpoint) => ("the token endpoint".to_owned(), timeout(limit, endpoint.token()).await),
        };
        let failed = |reason: String| SaslError(format!("{from} {reason}"));
        let text = read
            .map_err(|_| failed("gave no token in time".to_owned()))?
            .map_err(failed)?;
        let token = text.trim();
        if token.is_empty() {
            return Err(failed("gave no token".to_owned()));
        }
        if text.len() as u64 > TOKEN_MAX_BYTES {
            return Err(failed(format!("gave more than {TOKEN_MAX_BYTES} bytes")));
        }
        if !token.bytes().all(is_of_token) {
            return Err(failed("gave something else than a token (RFC 6750)".to_owned()));
        }
        Ok(Secret::new(token))
    }
}

/// Letters of a b64token.
const fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
}

async fn read(path: &Path) -> Result<String, String> {
    let path = path.to_owned();
    let text = tokio::task::spawn_blocking(move || {
        use std::io::Read as _;
        let mut text = String::new();
        std::fs::File::open(path)?
            .take(TOKEN_MAX_BYTES + 1)
            .read_to_string(&mut text)?;
        Ok::<_, std::io::Error>(text)
    });
    let text = text.await.map_err(|error| error.to_string())?;
    text.map_err(|error| format!("cannot be read: {error}"))
}

async fn run(command: &str) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("cannot be run: {error}");
    // What it has to say besides goes where ours goes.
    let mut child = tokio::process::Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(cannot)?;
    let mut text = String::new();
    if let Some(stdout) = child.stdout.take() {
        let read = stdout.take(TOKEN_MAX_BYTES + 1).read_to_string(&mut text).await;
        read.map_err(|_| "gave something else than a token (RFC 6750)".to_owned())?;
    }
    // It may wait for somebody who reads the rest.
    if text.len() as u64 > TOKEN_MAX_BYTES {
        return Ok(text);
    }
    let status = child.wait().await.map_err(cannot)?;
    if status.success() {
        Ok(text)
    } else {
        Err(format!("failed ({status})"))
    }
}

/// The client's first message (RFC 7628, KIP-342).
pub(super) fn first(token: &Secret, extensions: &[(String, String)]) -> Vec<u8> {
    let mut message = format!("n,,\u{1}auth=Bearer {}\u{1}", token.reveal());
    for (name, value) in extensions {
        message.push_str(&format!("{name}={value}\u{1}"));
    }
    message.push('\u{1}');
    message.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    async fn refusal(command: &str, limit: Duration) -> String {
        let source = TokenSource::Command(command.to_owned());
        source.token(limit).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn tokens_come_from_files_and_commands() {
        let file = std::env::temp_dir().join(format!("kfleet-token-{}", std::process::id()));
        std::fs::write(&file, "eyJ.a-b_c.\n").unwrap();
        let token = TokenSource::File(file.clone()).token(LIMIT).await.unwrap();
        assert_eq!(token.reveal(), "eyJ.a-b_c.");
        std::fs::remove_file(&file).unwrap();
        let gone = TokenSource::File(file).token(LIMIT).await.unwrap_err().to_string();
        assert!(gone.contains("cannot be read"), "{gone}");
        let token = TokenSource::Command("printf 'abc\\n'".to_owned())
            .token(LIMIT)
            .await
            .unwrap();
        assert_eq!(
            first(&token, &[("a".to_owned(), "b".to_owned())]),
            b"n,,\x01auth=Bearer abc\x01a=b\x01\x01"
        );
    }

    #[tokio::test]
    async fn what_is_no_token_is_not_shown() {
        assert!(
            refusal("echo abc; exit 3", LIMIT)
                .await
                .contains("failed (exit status: 3)")
        );
        assert!(refusal("true", LIMIT).await.contains("gave no token"));
        let two = refusal("echo 'one two'", LIMIT).await;
        assert!(two.contains("something else") && !two.contains("one"), "{two}");
        assert!(
            refusal("head -c 100000 /dev/zero | tr '\\0' a", LIMIT)
                .await
                .contains("more than")
        );
        assert!(refusal("sleep 60", Duration::from_millis(50)).await.contains("in time"));
    }
}
