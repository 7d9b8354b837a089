//! SCRAM credentials of users. What Apache's script has in arguments this one has, too: a password among them.

use client::Client;
use client::security::ScramHash;
use protocol::api::StrBytes;
use protocol::api::messages::alter_user_scram_credentials_request::{
    ScramCredentialDeletion, ScramCredentialUpsertion,
};
use protocol::api::messages::describe_user_scram_credentials_request::UserName;
use protocol::api::messages::{AlterUserScramCredentialsRequest, DescribeUserScramCredentialsRequest};

use super::Stopped;
use super::pairs::Changes;
use crate::shims::failed::Throwable;
use crate::shims::io::Io;
use crate::storage::{ITERATIONS_MAX, ITERATIONS_MIN, random_salt};

/// No credential of that user.
const NOT_FOUND: i16 = 91;

/// Whether a key is a mechanism.
pub(super) fn is_mechanism(key: &str) -> bool {
    ScramHash::of_mechanism(key).is_some()
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

pub(super) async fn describe(client: &Client, users: &[String], io: &mut Io) -> Result<(), Stopped> {
    let named = users.iter().map(|user| UserName::default().with_name(text(user)));
    let request = DescribeUserScramCredentialsRequest::default().with_users(Some(named.collect()));
    let response = client.send_any(&request).await?;
    if response.error_code != 0 {
        return Err(Throwable::of_code(response.error_code, response.error_message.as_deref()).into());
    }
    for result in response
        .results
        .into_iter()
        .filter(|result| result.error_code != NOT_FOUND)
    {
        let user = &*result.user;
        if result.error_code != 0 {
            let error = Throwable::of_code(result.error_code, result.error_message.as_deref());
            io.line(format!(
                "Error retrieving SCRAM credential configs for user-principal '{user}': ExecutionException: {error}"
            ));
            continue;
        }
        let infos = result.credential_infos.iter().map(|info| {
            let name = ScramHash::of_code(info.mechanism).map_or("UNKNOWN", ScramHash::mechanism);
            format!("{name}=iterations={}", info.iterations)
        });
        let infos: Vec<String> = infos.collect();
        io.line(format!(
            "SCRAM credential configs for user-principal '{user}' are {}",
            infos.join(", ")
        ));
    }
    Ok(())
}

pub(super) async fn alter(client: &Client, user: &str, changes: &Changes) -> Result<(), Stopped> {
    let mut request = AlterUserScramCredentialsRequest::default();
    for hash in changes.delete.iter().filter_map(|key| ScramHash::of_mechanism(key)) {
        let deletion = ScramCredentialDeletion::default()
            .with_name(text(user))
            .with_mechanism(hash.code());
        request.deletions.push(deletion);
    }
    for (key, value) in &changes.set {
        let Some(hash) = ScramHash::of_mechanism(key) else {
            continue;
        };
        let (iterations, password) = credential(key, value)?;
        let salt = random_salt().map_err(|reason| Throwable::new("java.security.ProviderException", reason))?;
        let salted = hash.salted(password, &salt, iterations.cast_unsigned());
        request.upsertions.push(
            ScramCredentialUpsertion::default()
                .with_name(text(user))
                .with_mechanism(hash.code())
                .with_iterations(iterations)
                .with_salt(salt.into())
                .with_salted_password(salted.into()),
        );
    }
    let response = client
        .send_active(&request, |response| {
            response.results.first().map_or(0, |result| result.error_code)
        })
        .await?;
    match response.results.iter().find(|result| result.error_code != 0) {
        Some(refused) => Err(Throwable::of_code(refused.error_code, refused.error_message.as_deref()).into()),
        None => Ok(()),
    }
}

/// `[iterations=N,]password=P`
fn credential<'a>(mechanism: &str, value: &'a str) -> Result<(i32, &'a str), Throwable> {
    // The value itself is not told: there may be a password in it.
    let invalid = || Throwable::illegal(format!("Invalid credential property of {mechanism}"));
    let (iterations, rest) = match value.strip_prefix("iterations=") {
        Some(rest) => rest.split_once(',').ok_or_else(invalid)?,
        None => ("-1", value),
    };
    let password = rest.strip_prefix("password=").ok_or_else(invalid)?;
    let iterations = match iterations.parse::<i32>().map_err(|_| invalid())? {
        -1 => ITERATIONS_MIN,
        iterations => iterations,
    };
    if iterations < ITERATIONS_MIN {
        return Err(Throwable::illegal(format!(
            "Iterations {iterations} is less than the minimum {ITERATIONS_MIN} required for {mechanism}"
        )));
    }
    if iterations > ITERATIONS_MAX {
        return Err(Throwable::illegal(format!(
            "Iterations {iterations} is greater than the maximum {ITERATIONS_MAX} allowed for {mechanism}"
        )));
    }
    Ok((iterations, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_have_a_password_and_maybe_iterations() {
        assert_eq!(credential("m", "password=a=b,c").unwrap(), (4096, "a=b,c"));
        assert_eq!(credential("m", "iterations=8192,password=p").unwrap(), (8192, "p"));
        for wrong in [
            "iterations=8192",
            "secret",
            "iterations=1,password=p",
            "iterations=20000,password=p",
        ] {
            let error = credential("m", wrong).unwrap_err();
            assert!(
                !error.message.contains("secret") && !error.message.contains("=p"),
                "{error}"
            );
        }
    }
}
