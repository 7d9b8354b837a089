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

/// Kafka's numbers for hash functions.
const fn code(hash: ScramHash) -> i8 {
    match hash {
        ScramHash::Sha256 => 1,
        ScramHash::Sha512 => 2,
    }
}

fn of_code(number: i8) -> Option<ScramHash> {
    ScramHash::ALL.into_iter().find(|hash| code(*hash) == number)
}

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
                    .map(|(mechanism, iterations)| (of_code(mechanism), iterations))
                    .collect(),
            });
        }
        found.ok.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Deletes credentials and writes others; what became of each user, whose name is told.
    pub async fn alter_scram_users(
        &self,
        deletions: &[(String, ScramHash)],
        upsertions: &[ScramCredential],
    ) -> Result<Sharded<String>, ClientError> {
        let deletion = |(user, hash): &(String, ScramHash)| {
            ScramCredentialDeletion::default()
                .with_name(StrBytes::from_string(user.clone()))
                .with_mechanism(code(*hash))
        };
        let upsertion = |credential: &ScramCredential| {
            ScramCredentialUpsertion::default()
                .with_name(StrBytes::from_string(credential.user.clone()))
                .with_mechanism(code(credential.hash))
                .with_iterations(credential.iterations as i32)
                .with_salt(credential.salt.clone().into())
                .with_salted_password(credential.salted_password.clone().into())
        };
        let request = AlterUserScramCredentialsRequest::default()
            .with_deletions(deletions.iter().map(deletion).collect())
            .with_upsertions(upsertions.iter().map(upsertion).collect());
        let first = |response: &AlterUserScramCredentialsResponse| {
            let code = |result: &AlterUserScramCredentialsResult| result.error_code;
            response.results.first().map_or(0, code)
        };
        let response = self.send_active(&request, first).await?;
        let mut results = Sharded::default();
        for result in response.results {
            let user = result.user.to_string();
            match result.error_code {
                0 => results.ok.push(user),
                code => {
                    let message = result.error_message.as_deref();
                    results.fail(named(&user), ClientError::rejected(named(&user), code, message));
                }
            }
        }
        Ok(results)
    }
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
    fn numbers_are_kafkas() {
        assert_eq!(
            (of_code(1), of_code(2)),
            (Some(ScramHash::Sha256), Some(ScramHash::Sha512))
        );
        assert_eq!(of_code(0), None);
    }
}
