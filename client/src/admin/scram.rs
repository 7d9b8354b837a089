//! Users' SCRAM credentials: which there are, and changes of them. Passwords never leave this side: what is sent is salted.

use std::fmt;

use protocol::api::StrBytes;
use protocol::api::messages::alter_user_scram_credentials_request::{
    ScramCredentialDeletion, ScramCredentialUpsertion,
};
use protocol::api::messages::alter_user_scram_credentials_response::AlterUserScramCredentialsResult;
use protocol::api::messages::describe_user_scram_credentials_request::UserName;
use protocol::api::messages::{
    AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse, DescribeUserScramCredentialsRequest,
};

use crate::cluster::Client;
use crate::error::ClientError;
use crate::security::ScramHash;
use crate::sharded::Sharded;

/// A user that can log in with SCRAM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScramUser {
    /// The name.
    pub name: String,
    /// Hash functions with their iterations; a hash function that is not known here is none.
    pub credentials: Vec<(Option<ScramHash>, i32)>,
}

/// A credential to be written.
#[derive(Clone, PartialEq, Eq)]
pub struct ScramCredential {
    /// The user.
    pub user: String,
    /// The hash function.
    pub hash: ScramHash,
    /// How often it is applied.
    pub iterations: u32,
    /// Random bytes.
    pub salt: Vec<u8>,
    /// The password, salted.
    pub salted_password: Vec<u8>,
}

impl fmt::Debug for ScramCredential {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = out.debug_struct("ScramCredential");
        fields.field("user", &self.user).field("hash", &self.hash);
        fields.finish_non_exhaustive()
    }
}

/// A change of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScramChange {
    /// A user's credential with this hash function is deleted.
    Delete(String, ScramHash),
    /// It is written, in the place of one that is there.
    Set(ScramCredential),
}

impl ScramChange {
    /// Whose it is, and with which hash function.
    fn key(&self) -> (String, ScramHash) {
        match self {
            Self::Delete(user, hash) => (user.clone(), *hash),
            Self::Set(credential) => (credential.user.clone(), credential.hash),
        }
    }
}

/// What became of credentials: whose, with which hash function.
pub type ScramResults = Vec<((String, ScramHash), Result<(), ClientError>)>;

fn named(user: &str) -> String {
    format!("user {user}")
}

impl Client {
    /// Credentials of these users, or of all if none is named; in the order of their names. A user without any is an
    /// error of its own.
    pub async fn scram_users(&self, names: &[String]) -> Result<Sharded<ScramUser>, ClientError> {
        let name = |name: &String| UserName::default().with_name(StrBytes::from_string(name.clone()));
        let users = (!names.is_empty()).then(|| names.iter().map(name).collect());
        let request = DescribeUserScramCredentialsRequest::default().with_users(users);
        let response = self.send_any(&request).await?;
        if response.error_code != 0 {
            let message = response.error_message.as_deref();
            return Err(ClientError::rejected("users", response.error_code, message));
        }
        let mut found = Sharded::default();
        for user in response.results {
            let name = user.user.to_string();
            if user.error_code != 0 {
                let message = user.error_message.as_deref();
                found.fail(
                    named(&name),
                    ClientError::rejected(named(&name), user.error_code, message),
                );
                continue;
            }
            let credentials = user.credential_infos.iter();
            let mut credentials: Vec<_> = credentials.map(|info| (info.mechanism, info.iterations)).collect();
            credentials.sort_unstable();
            let credentials = credentials.into_iter();
            found.ok.push(ScramUser {
                name,
                credentials: credentials
                    .map(|(mechanism, iterations)| (ScramHash::of_code(mechanism), iterations))
                    .collect(),
            });
        }
        found.ok.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Changes credentials, each on its own; what became of them, in the order of `changes`. Kafka takes one change of a
    /// user at a time.
    pub async fn alter_scram_users(&self, changes: &[ScramChange]) -> Result<ScramResults, ClientError> {
        let mut results = ScramResults::new();
        for round in rounds(changes) {
            match self.alter_once(&round).await {
                Ok(done) => results.extend(done),
                Err(error) if results.is_empty() => return Err(error),
                // What was changed before has to be told all the same.
                Err(error) => results.extend(round.iter().map(|change| (change.key(), Err(error.clone())))),
            }
        }
        let place = |key: &(String, ScramHash)| changes.iter().position(|change| change.key() == *key);
        results.sort_by_key(|(key, _)| place(key));
        Ok(results)
    }

    async fn alter_once(&self, changes: &[&ScramChange]) -> Result<ScramResults, ClientError> {
        let mut request = AlterUserScramCredentialsRequest::default();
        for change in changes {
            match change {
                ScramChange::Delete(user, hash) => request.deletions.push(deletion(user, *hash)),
                ScramChange::Set(credential) => request.upsertions.push(upsertion(credential)),
            }
        }
        let first = |response: &AlterUserScramCredentialsResponse| {
            let code = |result: &AlterUserScramCredentialsResult| result.error_code;
            response.results.first().map_or(0, code)
        };
        let response = self.send_active(&request, first).await?;
        let result_of = |change: &&ScramChange| {
            let key = change.key();
            let found = response.results.iter().find(|result| *result.user == *key.0);
            let result = match found {
                Some(result) if result.error_code == 0 => Ok(()),
                Some(result) => {
                    let message = result.error_message.as_deref();
                    Err(ClientError::rejected(named(&key.0), result.error_code, message))
                }
                None => Err(ClientError::Malformed {
                    address: "the cluster".to_owned(),
                    reason: format!("nothing is said of {}", named(&key.0)),
                }),
            };
            (key, result)
        };
        Ok(changes.iter().map(result_of).collect())
    }
}

/// Changes of which no two are of the same user.
fn rounds(changes: &[ScramChange]) -> Vec<Vec<&ScramChange>> {
    let mut rounds: Vec<Vec<&ScramChange>> = Vec::new();
    for change in changes {
        let user = change.key().0;
        let has_none = |round: &&mut Vec<&ScramChange>| round.iter().all(|other| other.key().0 != user);
        match rounds.iter_mut().find(has_none) {
            Some(round) => round.push(change),
            None => rounds.push(vec![change]),
        }
    }
    rounds
}

fn deletion(user: &str, hash: ScramHash) -> ScramCredentialDeletion {
    ScramCredentialDeletion::default()
        .with_name(StrBytes::from_string(user.to_owned()))
        .with_mechanism(hash.code())
}

fn upsertion(credential: &ScramCredential) -> ScramCredentialUpsertion {
    ScramCredentialUpsertion::default()
        .with_name(StrBytes::from_string(credential.user.clone()))
        .with_mechanism(credential.hash.code())
        .with_iterations(credential.iterations as i32)
        .with_salt(credential.salt.clone().into())
        .with_salted_password(credential.salted_password.clone().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_credential_is_made_of_is_not_shown() {
        let credential = ScramCredential {
            user: "alice".to_owned(),
            hash: ScramHash::Sha256,
            iterations: 4096,
            salt: b"salt".to_vec(),
            salted_password: vec![17; 32],
        };
        let shown = format!("{credential:?}");
        assert!(shown.contains("alice") && !shown.contains("17"), "{shown}");
    }

    #[test]
    fn no_user_is_twice_in_a_round() {
        let change = |(user, hash): (&str, ScramHash)| ScramChange::Delete(user.to_owned(), hash);
        let changes = [
            ("alice", ScramHash::Sha256),
            ("alice", ScramHash::Sha512),
            ("bob", ScramHash::Sha512),
        ]
        .map(change);
        let rounds = rounds(&changes);
        assert_eq!(rounds, [vec![&changes[0], &changes[2]], vec![&changes[1]]]);
    }

    #[test]
    fn numbers_are_kafkas() {
        assert_eq!(
            (ScramHash::of_code(1), ScramHash::of_code(2)),
            (Some(ScramHash::Sha256), Some(ScramHash::Sha512))
        );
        assert_eq!(ScramHash::of_code(0), None);
    }
}
