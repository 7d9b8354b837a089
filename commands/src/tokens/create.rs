//! tokens create

use std::time::Duration;

use clap::Args;
use client::Principal;
use protocol::api::messages::CreateDelegationTokenRequest;
use schemars::JsonSchema;
use serde::Serialize;

use super::rows::TokenRow;
use crate::context::{Context, SafetyArgs, block_on, parse_duration};
use crate::error::CommandError;
use crate::offsets::time::text_of;
use crate::output::{Shown, Table};

/// Create a token to log in with, by SCRAM: its id is the name, its HMAC the password.
///
/// The HMAC is shown this one time and never again.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet tokens create --yes --command-config admin.properties\n  kfleet tokens create --owner User:job --renewer User:ops --max-life-time 24h -o json --yes > token.json"
)]
pub(crate) struct CreateArgs {
    /// In whose name one is logged in with it, as in User:job; ours if not given
    #[arg(long, alias = "owner-principal", value_name = "PRINCIPAL")]
    owner: Option<Principal>,
    /// Who else may renew it; may be repeated
    #[arg(long, alias = "renewer-principal", value_name = "PRINCIPAL")]
    renewer: Vec<Principal>,
    /// How long it can live, as in 24h; as long as brokers allow if not given
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    max_life_time: Option<Duration>,
    #[command(flatten)]
    safety: SafetyArgs,
}

// It has no `Debug`, which would show the HMAC.
/// A token that was created.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TokenCreation {
    /// Whether it was created.
    changed: bool,
    /// The token; none if it was not created.
    token: Option<TokenRow>,
    /// The password to log in with, in base64; shown here and nowhere else.
    hmac: Option<String>,
}

impl Shown for TokenCreation {
    const SCHEMA: &'static str = "tokens-create/1";

    fn table(&self, _: bool) -> Table {
        let row = |token: &TokenRow| {
            vec![
                token.token_id.clone(),
                token.owner.clone(),
                self.hmac.clone().unwrap_or_default(),
                text_of(token.expires_ms),
                text_of(token.ends_ms),
            ]
        };
        Table {
            headers: vec!["TOKEN-ID", "OWNER", "HMAC", "EXPIRES", "ENDS"],
            rows: self.token.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &CreateArgs, context: &Context) -> Result<(), CommandError> {
    let max_lifetime_ms = args.max_life_time.map(|time| time.as_millis() as i64);
    let owner = args.owner.as_ref();
    let (id, token) = block_on(async {
        let client = context.connect().await?;
        let id = client.cluster_id().to_owned();
        client.check_served::<CreateDelegationTokenRequest>().await?;
        let whose = owner.map_or_else(|| "ourselves".to_owned(), ToString::to_string);
        let plan = format!("create a token with which one is logged in as {whose}");
        if !context.may_change(&args.safety, &id, &plan)? {
            return Ok((id, None));
        }
        let token = client.create_token(owner, &args.renewer, max_lifetime_ms).await?;
        Ok::<_, CommandError>((id, Some(token)))
    })??;
    let creation = TokenCreation {
        changed: token.is_some(),
        token: token.as_ref().map(TokenRow::from),
        hmac: token.map(|token| token.hmac.reveal().to_owned()),
    };
    context.out.show(Some(&id), &creation, &[])
}
