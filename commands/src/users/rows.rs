//! Users as they are shown.

use client::security::ScramHash;
use client::{Client, ClientError, ScramResults, ScramUser, Sharded};
use protocol::api::ErrorCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::change::result_cell;
use crate::error::CommandError;
use crate::failure::Failure;
use crate::nearest::did_you_mean;
use crate::output::{Shown, Table};

/// A credential of a user.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct UserRow {
    /// The user.
    user: String,
    /// SCRAM-SHA-256 or SCRAM-SHA-512.
    mechanism: &'static str,
    /// How often the hash function is applied to the password.
    iterations: i32,
}

impl Shown for Vec<UserRow> {
    const SCHEMA: &'static str = "users-list/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &UserRow| vec![row.user.clone(), row.mechanism.to_owned(), row.iterations.to_string()];
        Table {
            headers: vec!["USER", "MECHANISM", "ITERATIONS"],
            rows: self.iter().map(row).collect(),
        }
    }
}

/// A row for each credential.
pub(super) fn rows(users: &[ScramUser]) -> Vec<UserRow> {
    let of_user = |user: &ScramUser| {
        let credentials = user.credentials.iter();
        let rows = credentials.map(|(hash, iterations)| UserRow {
            user: user.name.clone(),
            mechanism: hash.map_or("unknown", ScramHash::mechanism),
            iterations: *iterations,
        });
        rows.collect::<Vec<_>>()
    };
    users.iter().flat_map(of_user).collect()
}

/// What became of a credential.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct UserChange {
    /// The user.
    pub(super) user: String,
    /// SCRAM-SHA-256 or SCRAM-SHA-512; none if the user has no credential.
    pub(super) mechanism: Option<&'static str>,
    /// How often the hash function is applied; none if there is no such credential any more.
    pub(super) iterations: Option<u32>,
    /// Whether it was changed.
    pub(super) changed: bool,
    /// Why not, if it was to be.
    pub(super) error: Option<String>,
}

impl Shown for Vec<UserChange> {
    const SCHEMA: &'static str = "users-change/1";

    fn table(&self, _: bool) -> Table {
        table(self, true)
    }
}

/// Columns of a plan, or of what became of it.
pub(super) fn table(rows: &[UserChange], with_results: bool) -> Table {
    let row = |row: &UserChange| {
        let mut cells = vec![
            row.user.clone(),
            row.mechanism.unwrap_or("-").to_owned(),
            row.iterations.map_or_else(|| "-".to_owned(), |count| count.to_string()),
        ];
        if with_results {
            cells.push(result_cell(row.changed, row.error.as_ref()));
        }
        cells
    };
    let mut headers = vec!["USER", "MECHANISM", "ITERATIONS"];
    if with_results {
        headers.push("RESULT");
    }
    Table {
        headers,
        rows: rows.iter().map(row).collect(),
    }
}

/// Whether an error says that a user has no credential.
fn is_unknown(error: &ClientError) -> bool {
    error.code() == Some(ErrorCode::ResourceNotFound)
}

/// These users, the names of those that there are not, and what else went wrong.
pub(super) async fn find(
    client: &Client,
    names: &[String],
) -> Result<(Vec<ScramUser>, Vec<String>, Vec<Failure>), CommandError> {
    let found: Sharded<ScramUser> = client.scram_users(names).await?;
    let (mut missing, mut failures) = (Vec::new(), Vec::new());
    for failed in found.errors {
        match failed.what.strip_prefix("user ") {
            Some(name) if is_unknown(&failed.error) => missing.push(name.to_owned()),
            _ => failures.push(Failure::from(failed)),
        }
    }
    Ok((found.ok, missing, failures))
}

/// That there are no such users, with those that may be meant.
pub(super) async fn unknown(client: &Client, missing: &[String]) -> Result<Vec<Failure>, CommandError> {
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let all = client.scram_users(&[]).await?.ok;
    let failure = |name: &String| {
        let what = format!("user {name}");
        let error = CommandError::not_found(format!("{what} has no SCRAM credential"));
        Failure::new(
            what,
            match did_you_mean(name, all.iter().map(|user| user.name.as_str())) {
                Some(hint) => error.hint(hint),
                None => error,
            },
        )
    };
    Ok(missing.iter().map(failure).collect())
}

/// Tells in the rows what became of credentials, and what failed on its own.
pub(super) fn take(rows: &mut [UserChange], results: ScramResults) -> Vec<Failure> {
    let mut failures = Vec::new();
    for ((user, hash), result) in results {
        let mechanism = hash.mechanism();
        let is_it = |row: &&mut UserChange| row.user == user && row.mechanism == Some(mechanism);
        if let Some(row) = rows.iter_mut().find(is_it) {
            row.changed = result.is_ok();
            row.error = result.as_ref().err().map(ClientError::reason);
        }
        if let Err(error) = result {
            failures.push(Failure::of(format!("{mechanism} of user {user}"), error));
        }
    }
    failures
}
