//! SCRAM, the client's side (RFC 5802, RFC 7677), as Kafka does it: names and passwords are UTF-8 as they are, without
//! SASLprep.

mod hash;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{SaslError, Secret};
pub use hash::{ScramHash, UnusableKey};

/// Fewest iterations that Kafka's clients accept: fewer would help whoever wants to find out the password.
const ITERATIONS_MIN: u32 = 4096;
/// Most that are done for somebody who has proved nothing yet. Kafka's tools make 16384 at most.
const ITERATIONS_MAX: u32 = 1_000_000;
/// No channel is bound, and nobody else is acted for.
const GS2_HEADER: &str = "n,,";

impl From<UnusableKey> for SaslError {
    fn from(error: UnusableKey) -> Self {
        refusal(error.to_string())
    }
}

fn refusal(reason: impl Into<String>) -> SaslError {
    SaslError(reason.into())
}

/// One login.
#[derive(Debug)]
pub(crate) struct Scram {
    hash: ScramHash,
    password: Secret,
    nonce: String,
    first_bare: String,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The other side is to send its nonce, the salt and the iterations.
    Asked,
    /// The other side is to prove that it knows the password too.
    Proved {
        server_signature: Vec<u8>,
    },
    Done,
}

impl Scram {
    pub(super) fn new(hash: ScramHash, user: &str, password: Secret, is_token: bool, nonce: String) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        let extension = if is_token { ",tokenauth=true" } else { "" };
        let first_bare = format!("n={user},r={nonce}{extension}");
        Self {
            hash,
            password,
            nonce,
            first_bare,
            state: State::Asked,
        }
    }

    pub(super) const fn password(&self) -> &Secret {
        &self.password
    }

    pub(super) fn first(&self) -> Vec<u8> {
        format!("{GS2_HEADER}{}", self.first_bare).into_bytes()
    }

    /// What to say to a message of the server's; nothing if it has proved itself.
    pub(super) fn answer(&mut self, message: &[u8]) -> Result<Option<Vec<u8>>, SaslError> {
        let message = std::str::from_utf8(message).map_err(|_| refusal("its SCRAM message is not UTF-8"))?;
        if let Some(error) = message.strip_prefix("e=") {
            return Err(refusal(format!("it answers {error}")));
        }
        match &self.state {
            State::Asked => {
                let (proof, server_signature) = self.prove(message)?;
                self.state = State::Proved { server_signature };
                Ok(Some(proof))
            }
            State::Proved { server_signature } => {
                check_server(message, server_signature)?;
                self.state = State::Done;
                Ok(None)
            }
            State::Done => Err(refusal("it goes on after its last SCRAM message")),
        }
    }

    /// Our last message, and how the server will have to sign.
    fn prove(&self, message: &str) -> Result<(Vec<u8>, Vec<u8>), SaslError> {
        let ServerFirst {
            nonce,
            salt,
            iterations,
        } = ServerFirst::parse(message)?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err(refusal(
                "its nonce does not go on from ours: somebody repeats an old login",
            ));
        }
        if iterations < ITERATIONS_MIN {
            return Err(refusal(format!(
                "it asks for {iterations} iterations, and fewer than {ITERATIONS_MIN} do not protect the password"
            )));
        }
        if iterations > ITERATIONS_MAX {
            return Err(refusal(format!(
                "it asks for {iterations} iterations, and more than {ITERATIONS_MAX} are not done"
            )));
        }
        let salted = self.hash.salted(self.password.reveal(), &salt, iterations);
        let client_key = self.hash.hmac(&salted, b"Client Key")?;
        let without_proof = format!("c={},r={nonce}", STANDARD.encode(GS2_HEADER));
        let auth_message = format!("{},{message},{without_proof}", self.first_bare);
        let client_signature = self
            .hash
            .hmac(&self.hash.digest(&client_key), auth_message.as_bytes())?;
        let proof: Vec<u8> = client_key.iter().zip(&client_signature).map(|(a, b)| a ^ b).collect();
        let server_key = self.hash.hmac(&salted, b"Server Key")?;
        let server_signature = self.hash.hmac(&server_key, auth_message.as_bytes())?;
        let last = format!("{without_proof},p={}", STANDARD.encode(proof));
        Ok((last.into_bytes(), server_signature))
    }
}

fn check_server(message: &str, expected: &[u8]) -> Result<(), SaslError> {
    let signature = message.strip_prefix("v=").and_then(|rest| rest.split(',').next());
    let signature = signature.and_then(|text| STANDARD.decode(text).ok());
    let signature = signature.ok_or_else(|| refusal("its last SCRAM message makes no sense"))?;
    let difference = signature.iter().zip(expected).fold(0, |all, (a, b)| all | (a ^ b));
    if signature.len() != expected.len() || difference != 0 {
        return Err(refusal(
            "it does not know the password: somebody else answers for the node",
        ));
    }
    Ok(())
}

struct ServerFirst<'a> {
    nonce: &'a str,
    salt: Vec<u8>,
    iterations: u32,
}

impl<'a> ServerFirst<'a> {
    fn parse(message: &'a str) -> Result<Self, SaslError> {
        let senseless = || refusal("its first SCRAM message makes no sense");
        let mut attributes = message.split(',');
        let mut next = |prefix: &str| {
            let attribute = attributes.next().ok_or_else(senseless)?;
            attribute.strip_prefix(prefix).ok_or_else(senseless)
        };
        let nonce = next("r=")?;
        let salt = STANDARD.decode(next("s=")?).map_err(|_| senseless())?;
        let iterations = next("i=")?.parse().map_err(|_| senseless())?;
        Ok(Self {
            nonce,
            salt,
            iterations,
        })
    }
}

/// 24 random bytes, in a form that may stand in a message.
pub(super) fn random_nonce() -> Result<String, SaslError> {
    let mut bytes = [0; 24];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| SaslError(format!("the system has no random numbers: {error}")))?;
    Ok(STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests;
