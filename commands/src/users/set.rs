//! users set

use clap::Args;
use client::security::{ScramHash, Secret};
use client::{Client, ScramChange, ScramCredential};

use super::password::PasswordArgs;
use super::rows::{UserChange, find, table, take};
use crate::change::show_plan;
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::storage::{ITERATIONS_MAX, ITERATIONS_MIN, random_salt};

/// Give a user a password for SCRAM, or another one.
///
/// The password is asked for on the terminal, or read from a file or from stdin, and never an argument. It does not leave
/// this process: the cluster gets it salted.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet users set alice -b localhost:9092\n  kfleet users set alice --password-file alice.password --yes\n  pass show kafka/alice | kfleet users set alice --password-file - --mechanism SCRAM-SHA-256 --iterations 8192 --yes"
)]
pub(crate) struct SetArgs {
    /// The user
    user: String,
    /// SCRAM-SHA-256 or SCRAM-SHA-512; may be repeated
    #[arg(
        long,
        value_name = "MECHANISM",
        value_delimiter = ',',
        default_value = "SCRAM-SHA-512",
        value_parser = parse_mechanism
    )]
    mechanism: Vec<ScramHash>,
    /// How often the hash function is applied: the more, the longer it takes to guess the password, and to log in
    #[arg(
        long,
        value_name = "COUNT",
        default_value_t = ITERATIONS_MIN.unsigned_abs(),
        value_parser = clap::value_parser!(u32).range(i64::from(ITERATIONS_MIN)..=i64::from(ITERATIONS_MAX))
    )]
    iterations: u32,
    #[command(flatten)]
    password: PasswordArgs,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// A mechanism by its name, in letters of any size.
pub(super) fn parse_mechanism(text: &str) -> Result<ScramHash, String> {
    let mut all = ScramHash::ALL.into_iter();
    let found = all.find(|hash| hash.mechanism().eq_ignore_ascii_case(text));
    found.ok_or_else(|| format!("\"{text}\" is neither SCRAM-SHA-256 nor SCRAM-SHA-512"))
}

pub(crate) fn run(args: &SetArgs, context: &Context) -> Result<(), CommandError> {
    let password = args.password.read(&args.user, args.safety.ask.dry_run, context)?;
    let (id, rows, failures) = block_on(set(args, password, context))??;
    context.out.show_part(Some(&id), &rows, &[], &failures)
}

type Done = (String, Vec<UserChange>, Vec<Failure>);

async fn set(args: &SetArgs, password: Option<Secret>, context: &Context) -> Result<Done, CommandError> {
    let client = context.connect().await?;
    let id = client.cluster_id().to_owned();
    let mut hashes = args.mechanism.clone();
    hashes.sort_unstable_by_key(|hash| hash.mechanism());
    hashes.dedup();
    let mut rows: Vec<UserChange> = hashes.iter().map(|hash| planned(args, *hash)).collect();
    let plan = sentence(args, &hashes, &client).await?;
    if !args.safety.ask.dry_run {
        show_plan(context, table(&rows, false));
    }
    if !context.may_change(&args.safety, &id, &plan)? {
        return Ok((id, rows, Vec::new()));
    }
    let password = password.ok_or_else(|| CommandError::bug("a password is missing"))?;
    let changes = hashes
        .iter()
        .map(|hash| credential(args, *hash, &password).map(ScramChange::Set));
    let changes = changes.collect::<Result<Vec<_>, _>>()?;
    let failures = take(&mut rows, client.alter_scram_users(&changes).await?);
    Ok((id, rows, failures))
}

fn planned(args: &SetArgs, hash: ScramHash) -> UserChange {
    UserChange {
        user: args.user.clone(),
        mechanism: Some(hash.mechanism()),
        iterations: Some(args.iterations),
        changed: false,
        error: None,
    }
}

async fn sentence(args: &SetArgs, hashes: &[ScramHash], client: &Client) -> Result<String, CommandError> {
    let (known, _, failures) = find(client, std::slice::from_ref(&args.user)).await?;
    if let Some(error) = crate::failure::together(&failures) {
        return Err(error);
    }
    let has = |hash: &ScramHash| {
        let credentials = known.iter().flat_map(|user| &user.credentials);
        credentials.clone().any(|(known, _)| *known == Some(*hash))
    };
    let word = if hashes.iter().any(has) { "replace" } else { "set" };
    Ok(format!("{word} the SCRAM password of user {}", args.user))
}

fn credential(args: &SetArgs, hash: ScramHash, password: &Secret) -> Result<ScramCredential, CommandError> {
    let salt = random_salt().map_err(CommandError::bug)?;
    Ok(ScramCredential {
        user: args.user.clone(),
        hash,
        iterations: args.iterations,
        salted_password: hash.salted(password.reveal(), &salt, args.iterations),
        salt,
    })
}
