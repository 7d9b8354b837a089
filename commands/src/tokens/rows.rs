//! Tokens as they are shown: never with their HMAC.

use client::{DelegationToken, Principal};
use schemars::JsonSchema;
use serde::Serialize;

use crate::change::result_cell;
use crate::offsets::time::text_of;
use crate::output::{Shown, Table};

/// A token.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TokenRow {
    /// Its id, which is the name to log in with.
    pub(super) token_id: String,
    /// In whose name one is logged in with it, as in User:alice.
    pub(super) owner: String,
    /// Who asked for it; none where the broker does not say.
    requester: Option<String>,
    /// Who else may renew it.
    renewers: Vec<String>,
    /// When it was created, in milliseconds since 1970.
    issued_ms: i64,
    /// When it ends unless it is renewed.
    pub(super) expires_ms: i64,
    /// When it ends in any case.
    pub(super) ends_ms: i64,
}

impl From<&DelegationToken> for TokenRow {
    fn from(token: &DelegationToken) -> Self {
        Self {
            token_id: token.id.clone(),
            owner: token.owner.to_string(),
            requester: token.requester.as_ref().map(Principal::to_string),
            renewers: token.renewers.iter().map(Principal::to_string).collect(),
            issued_ms: token.issued_ms,
            expires_ms: token.expires_ms,
            ends_ms: token.ends_ms,
        }
    }
}

impl Shown for Vec<TokenRow> {
    const SCHEMA: &'static str = "tokens-describe/1";

    fn table(&self, wide: bool) -> Table {
        let row = |row: &TokenRow| {
            let mut cells = vec![
                row.token_id.clone(),
                row.owner.clone(),
                text_of(row.expires_ms),
                text_of(row.ends_ms),
            ];
            if wide {
                let renewers = row.renewers.join(",");
                cells.extend([
                    row.requester.clone().unwrap_or_else(|| "-".to_owned()),
                    if renewers.is_empty() { "-".to_owned() } else { renewers },
                    text_of(row.issued_ms),
                ]);
            }
            cells
        };
        let mut headers = vec!["TOKEN-ID", "OWNER", "EXPIRES", "ENDS"];
        if wide {
            headers.extend(["REQUESTER", "RENEWERS", "ISSUED"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

/// What became of a token.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TokenChange {
    /// Its id.
    pub(super) token_id: String,
    /// When it ended before, in milliseconds since 1970.
    pub(super) expired_before_ms: i64,
    /// When it ends now.
    pub(super) expires_ms: i64,
    /// Whether it was changed.
    pub(super) changed: bool,
    /// Why not, if it was to be.
    pub(super) error: Option<String>,
}

impl Shown for Vec<TokenChange> {
    const SCHEMA: &'static str = "tokens-change/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &TokenChange| {
            vec![
                row.token_id.clone(),
                text_of(row.expired_before_ms),
                text_of(row.expires_ms),
                result_cell(row.changed, row.error.as_ref()),
            ]
        };
        Table {
            headers: vec!["TOKEN-ID", "BEFORE", "EXPIRES", "RESULT"],
            rows: self.iter().map(row).collect(),
        }
    }
}
