//! tokens renew, tokens expire

use std::time::Duration;

use clap::Args;
use client::{Client, DelegationToken};

use super::rows::TokenChange;
use crate::context::{Context, SafetyArgs, block_on, parse_duration};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::nearest::did_you_mean;
use crate::offsets::time::text_of;

/// Let a token live longer, up to its end in any case. Its owner may do that, and its renewers.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet tokens renew TOKEN-ID --yes --command-config admin.properties\n  kfleet tokens renew TOKEN-ID --period 12h"
)]
pub(crate) struct RenewArgs {
    /// Its id, as tokens describe has it
    token_id: String,
    /// For how long from now; as long as brokers choose if not given
    #[arg(long, alias = "renew-time-period", value_name = "DURATION", value_parser = parse_duration)]
    period: Option<Duration>,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// End a token, at once or after a while. Its owner may do that, and its renewers.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet tokens expire TOKEN-ID --yes --command-config admin.properties\n  kfleet tokens expire TOKEN-ID --after 1h"
)]
pub(crate) struct ExpireArgs {
    /// Its id, as tokens describe has it
    token_id: String,
    /// After how long; at once if not given
    #[arg(long, alias = "expiry-time-period", value_name = "DURATION", value_parser = parse_duration)]
    after: Option<Duration>,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn renew(args: &RenewArgs, context: &Context) -> Result<(), CommandError> {
    let period_ms = args.period.map(|period| period.as_millis() as i64);
    change(&args.token_id, &args.safety, Deed::Renew, period_ms, context)
}

pub(crate) fn expire(args: &ExpireArgs, context: &Context) -> Result<(), CommandError> {
    let period_ms = args.after.map(|period| period.as_millis() as i64);
    change(&args.token_id, &args.safety, Deed::Expire, period_ms, context)
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    Renew,
    Expire,
}

impl Deed {
    const fn word(self) -> &'static str {
        match self {
            Self::Renew => "renew",
            Self::Expire => "end",
        }
    }
}

/// The token of this id. Whoever may renew it may see it, and with it the HMAC that the cluster wants to be told.
async fn find(client: &Client, id: &str) -> Result<DelegationToken, CommandError> {
    let mut tokens = client.tokens().await?;
    if let Some(at) = tokens.iter().position(|token| token.id == id) {
        return Ok(tokens.swap_remove(at));
    }
    let error = CommandError::not_found(format!("token {id} does not exist, or is not ours to see"));
    Err(match did_you_mean(id, tokens.iter().map(|token| token.id.as_str())) {
        Some(hint) => error.hint(hint),
        None => error,
    })
}

fn change(
    token_id: &str,
    safety: &SafetyArgs,
    deed: Deed,
    period_ms: Option<i64>,
    context: &Context,
) -> Result<(), CommandError> {
    let (id, row, failures) = block_on(async {
        let client = context.connect().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(safety, &id)?;
        let token = find(&client, token_id).await?;
        let mut row = TokenChange {
            token_id: token_id.to_owned(),
            expired_before_ms: token.expires_ms,
            expires_ms: token.expires_ms,
            changed: false,
            error: None,
        };
        let (word, owner, expires) = (deed.word(), &token.owner, text_of(token.expires_ms));
        let plan = format!("{word} token {token_id} of {owner}, which expires at {expires}");
        if !context.may_change(safety, &id, &plan)? {
            return Ok((id, row, Vec::new()));
        }
        let done = match deed {
            Deed::Renew => client.renew_token(&token, period_ms).await,
            Deed::Expire => client.expire_token(&token, period_ms).await,
        };
        let mut failures = Vec::new();
        match done {
            Ok(expires_ms) => (row.expires_ms, row.changed) = (expires_ms, true),
            Err(error) => {
                row.error = Some(error.reason());
                failures.push(Failure::of(format!("token {token_id}"), error));
            }
        }
        Ok::<_, CommandError>((id, row, failures))
    })??;
    context.out.show_part(Some(&id), &vec![row], &[], &failures)
}
