//! The commands: one file each, with its arguments and what it does.

pub mod color;
pub mod context;
pub mod error;
pub mod exit_codes;
pub mod failure;
pub mod output;

mod acls;
mod audit;
mod bench;
mod broker;
mod change;
mod check;
mod client_properties;
mod cluster;
mod complete;
mod completions;
mod configs;
mod consume;
mod data_dir;
mod features;
mod groups;
mod help;
mod host;
mod host_values;
mod input;
mod journal;
mod json_file;
mod json_lines;
mod leaders;
mod live_brokers;
mod log_dirs;
mod logs;
mod man;
mod mirror;
mod nearest;
mod offsets;
mod pattern;
mod produce;
mod producers;
mod profiles;
mod progress;
mod quorum;
mod quotas;
mod reassign;
mod rebalance;
mod records;
mod render;
mod replace_file;
mod roll;
mod sandbox;
mod schema;
mod shims;
mod size;
mod snapshot;
mod status;
mod storage;
mod stream;
mod throttle;
mod tokens;
mod topics;
mod tour;
mod transactions;
mod upgrade;
mod users;
mod verbosity;
mod watch;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use serde_json::json;

use color::Color;
use context::{Context, GlobalArgs};
use error::{CommandError, ErrorDocument};
use output::{Format, Output};
use profiles::apply::Sources;
use profiles::file::Found;

/// Run, change, move and watch Kafka clusters from one binary, which has a broker inside.
#[derive(Debug, Parser)]
#[command(name = "kfleet", version, args_override_self = true, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Access: who may do what
    #[command(subcommand)]
    Acls(acls::AclsCommand),
    /// Measure a cluster
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    /// The server
    #[command(subcommand)]
    Broker(broker::BrokerCommand),
    Check(Box<check::CheckArgs>),
    /// Identity and nodes of a cluster
    #[command(subcommand)]
    Cluster(cluster::ClusterCommand),
    #[command(hide = true)]
    Complete(complete::CompleteArgs),
    Completions(completions::CompletionsArgs),
    /// Settings of topics, brokers, loggers, groups and client-metrics
    #[command(subcommand)]
    Configs(configs::ConfigsCommand),
    Consume(consume::ConsumeArgs),
    Decommission(Box<rebalance::DecommissionArgs>),
    /// Features: what nodes support and what the cluster has agreed on
    #[command(subcommand)]
    Features(features::FeaturesCommand),
    /// Groups
    #[command(subcommand)]
    Groups(groups::GroupsCommand),
    /// The host a broker runs on: audit its settings
    #[command(subcommand)]
    Host(host::HostCommand),
    #[command(hide = true)]
    Launch(sandbox::launch::LaunchArgs),
    /// Leaders of partitions
    #[command(subcommand)]
    Leaders(leaders::LeadersCommand),
    /// Log directories of brokers
    #[command(subcommand)]
    LogDirs(log_dirs::LogDirsCommand),
    /// Files of logs, offline
    #[command(subcommand)]
    Logs(logs::LogsCommand),
    Man(man::ManArgs),
    /// Copies of topics in other clusters
    #[command(subcommand)]
    Mirror(mirror::MirrorCommand),
    /// Offsets of partitions
    #[command(subcommand)]
    Offsets(offsets::OffsetsCommand),
    Produce(produce::ProduceArgs),
    /// Producers, as leaders of partitions know them
    #[command(subcommand)]
    Producers(producers::ProducersCommand),
    /// Clusters by name: the profile file
    #[command(subcommand)]
    Profiles(profiles::ProfilesCommand),
    /// The metadata quorum
    #[command(subcommand)]
    Quorum(quorum::QuorumCommand),
    /// Quotas of users, client ids and addresses
    #[command(subcommand)]
    Quotas(quotas::QuotasCommand),
    /// Move replicas so that brokers and racks are loaded evenly
    #[command(subcommand)]
    Rebalance(rebalance::RebalanceCommand),
    /// Replicas moved as Kafka's JSON files say
    #[command(subcommand)]
    Reassign(reassign::ReassignCommand),
    Render(render::RenderArgs),
    Replace(Box<rebalance::ReplaceArgs>),
    Sandbox(sandbox::SandboxArgs),
    /// Rolling restarts that keep every partition writable
    #[command(subcommand)]
    Roll(roll::RollCommand),
    ScaleOut(Box<rebalance::ScaleOutArgs>),
    Schema(schema::SchemaArgs),
    SetReplicationFactor(Box<rebalance::FactorArgs>),
    /// Apache's scripts under their own names
    #[command(subcommand)]
    Shims(shims::ShimsCommand),
    Size(size::SizeArgs),
    /// Snapshots of clusters, from which plans are made
    #[command(subcommand)]
    Snapshot(snapshot::SnapshotCommand),
    /// Log directories: format and inspect; @FILE stands for the arguments in a file, one a line
    #[command(subcommand)]
    Storage(storage::StorageCommand),
    /// Limits on how fast replicas are copied
    #[command(subcommand)]
    Throttle(throttle::ThrottleCommand),
    /// Delegation tokens
    #[command(subcommand)]
    Tokens(tokens::TokensCommand),
    /// Topics
    #[command(subcommand)]
    Topics(topics::TopicsCommand),
    Tour(tour::TourArgs),
    /// Transactions: what is open, and what hangs
    #[command(subcommand)]
    Transactions(transactions::TransactionsCommand),
    /// Upgrades to another release
    #[command(subcommand)]
    Upgrade(upgrade::UpgradeCommand),
    /// Users that log in with SCRAM
    #[command(subcommand)]
    Users(users::UsersCommand),
}

impl Command {
    /// Whether it is about a cluster. A server, and what is done offline, must not fail for a user's file.
    fn takes_profiles(&self) -> bool {
        match self {
            Self::Broker(_)
            | Self::Complete(_)
            | Self::Completions(_)
            | Self::Host(_)
            | Self::Launch(_)
            | Self::Logs(_)
            | Self::Man(_)
            // It names both of its clusters.
            | Self::Mirror(_)
            | Self::Profiles(_)
            | Self::Render(_)
            | Self::Sandbox(_)
            | Self::Schema(_)
            | Self::Shims(_)
            | Self::Size(_)
            | Self::Storage(_)
            | Self::Tour(_) => false,
            Self::Acls(_)
            | Self::Bench(_)
            | Self::Check(_)
            | Self::Cluster(_)
            | Self::Configs(_)
            | Self::Consume(_)
            | Self::Decommission(_)
            | Self::Features(_)
            | Self::Groups(_)
            | Self::Leaders(_)
            | Self::LogDirs(_)
            | Self::Offsets(_)
            | Self::Produce(_)
            | Self::Producers(_)
            | Self::Quorum(_)
            | Self::Quotas(_)
            | Self::Rebalance(_)
            | Self::Replace(_)
            | Self::Roll(_)
            | Self::ScaleOut(_)
            | Self::SetReplicationFactor(_)
            | Self::Snapshot(_)
            | Self::Reassign(_)
            | Self::Throttle(_)
            | Self::Tokens(_)
            | Self::Topics(_)
            | Self::Transactions(_)
            | Self::Upgrade(_)
            | Self::Users(_) => true,
        }
    }
}

/// The definition of the command line.
pub fn definition() -> clap::Command {
    help::of_program(Cli::command())
}

/// Runs the command on this process's command line; the exit code. The commit that it was built from, if that is known,
/// is part of the version.
pub fn main(commit: Option<&str>) -> u8 {
    let mut words = std::env::args_os();
    let program = words.next();
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some(code) = shims::run_as(program.as_deref(), &words) {
        return code;
    }
    let args = storage::read_argument_files(std::env::args_os());
    let (mut cli, sources) = match args.and_then(|args| parse(args, commit)) {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error),
    };
    let profile = if cli.command.takes_profiles() {
        Found::read().and_then(|found| profiles::apply::apply(&mut cli.global, sources, found.as_ref()))
    } else {
        Ok(())
    };
    let is_check = matches!(cli.command, Command::Check(_));
    // A server has a log of its own.
    if !matches!(cli.command, Command::Broker(_)) {
        verbosity::start(cli.global.verbose);
    }
    let context = Context::new(cli.global);
    if let Err(error) = profile {
        return report(&context.out, &if is_check { error.graded() } else { error });
    }
    let code = match run(cli.command, &context) {
        Ok(()) => exit_codes::OK,
        Err(error) => report(&context.out, &error),
    };
    if let Err(error) = audit::end(code) {
        let message = format!("error: the end of this could not be written to the audit log: {error}");
        context.out.loud().note(&message);
    }
    code
}

fn shows_help(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// Reads a command line.
fn parse(args: Vec<OsString>, commit: Option<&str>) -> Result<(Cli, Sources), clap::Error> {
    let color = Color::asked_for(args.iter().cloned()).of_help();
    // How help is laid out is worked out only where it is shown.
    let mut command = Cli::command().color(color);
    if let Some(commit) = commit {
        command = command.version(format!("{} ({commit})", env!("CARGO_PKG_VERSION")));
    }
    let matches = command.try_get_matches_from(&args);
    let matches = match matches {
        Err(error) if shows_help(&error) => definition().color(color).try_get_matches_from(args)?,
        matches => matches?,
    };
    let mut cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut definition().color(color)))?;
    cli.global.has_timeout = matches.value_source("timeout") != Some(ValueSource::DefaultValue);
    Ok((cli, Sources::of(&matches)))
}

/// Help, the version, or what is wrong with the command line; the exit code.
fn usage(error: &clap::Error) -> u8 {
    if !error.use_stderr() {
        // Help and version go to stdout and are no error.
        let _closed = error.print();
        return exit_codes::OK;
    }
    let message = error.render().to_string();
    let wrong = CommandError::usage(message.trim_start_matches("error: ").trim());
    let wrong = if is_graded(std::env::args()) {
        wrong.graded()
    } else {
        wrong
    };
    match asked_for_json(std::env::args()) {
        Some(format) => {
            let out = Output {
                format,
                no_headers: false,
                quiet: false,
                color: Color::default(),
                frame: None,
            };
            report(&out, &wrong)
        }
        None => {
            let _closed = error.print();
            wrong.code
        }
    }
}

/// Whether a command line is one of a command that exits with 0 to 3 only.
fn is_graded(arguments: impl Iterator<Item = String>) -> bool {
    let definition = definition();
    let mut arguments = arguments.skip(1);
    let Some(noun) = arguments.find_map(|word| definition.find_subcommand(word)) else {
        return false;
    };
    let mut verb = |noun: &clap::Command| arguments.find(|word| noun.find_subcommand(word).is_some());
    match noun.get_name() {
        "check" => true,
        "host" => verb(noun).is_some_and(|verb| verb == "audit"),
        _ => false,
    }
}

/// The JSON that a command line asks for although the rest of it makes no sense.
fn asked_for_json(arguments: impl Iterator<Item = String>) -> Option<Format> {
    let mut asked = None;
    let mut value_follows = false;
    for argument in arguments {
        let value = if value_follows {
            Some(argument.as_str())
        } else {
            let long = argument.strip_prefix("--output=");
            long.or_else(|| argument.strip_prefix("-o").filter(|value| !value.is_empty()))
        };
        match value {
            Some("json") => asked = Some(Format::Json),
            Some("ndjson") => asked = Some(Format::Ndjson),
            Some(_) => asked = None,
            None => {}
        }
        value_follows = matches!(argument.as_str(), "-o" | "--output");
    }
    asked
}

fn run(command: Command, context: &Context) -> Result<(), CommandError> {
    match command {
        Command::Acls(command) => acls::run(command, context),
        Command::Bench(command) => bench::run(command, context),
        Command::Broker(command) => broker::run(command, context),
        // A check exits with 0 to 3 and nothing else.
        Command::Check(args) => watch::run(args.watch, *args, context, |args, context| {
            check::run(args, context).map_err(CommandError::graded)
        }),
        Command::Cluster(command) => cluster::run(command, context),
        Command::Complete(args) => complete::run(&args, context),
        Command::Completions(args) => completions::run(&args, context),
        Command::Configs(command) => configs::run(command, context),
        Command::Consume(args) => consume::run(&args, context),
        Command::Decommission(args) => rebalance::decommission(&args, context),
        Command::Features(command) => features::run(command, context),
        Command::Groups(command) => groups::run(command, context),
        Command::Host(command) => host::run(command, context),
        Command::Launch(args) => sandbox::launch::run(&args),
        Command::Leaders(command) => leaders::run(command, context),
        Command::LogDirs(command) => log_dirs::run(command, context),
        Command::Logs(command) => logs::run(command, context),
        Command::Man(args) => man::run(&args, context),
        Command::Mirror(command) => mirror::run(command, context),
        Command::Offsets(command) => offsets::run(command, context),
        Command::Produce(args) => produce::run(&args, context),
        Command::Producers(command) => producers::run(command, context),
        Command::Profiles(command) => profiles::run(command, context),
        Command::Quorum(command) => quorum::run(command, context),
        Command::Quotas(command) => quotas::run(command, context),
        Command::Rebalance(command) => rebalance::run(command, context),
        Command::Reassign(command) => reassign::run(command, context),
        Command::Render(args) => render::run(&args, context),
        Command::Replace(args) => rebalance::replace(&args, context),
        Command::Roll(command) => roll::run(command, context),
        Command::Sandbox(args) => sandbox::run(&args, context),
        Command::ScaleOut(args) => rebalance::scale_out(&args, context),
        Command::Schema(args) => schema::run(&args, context),
        Command::SetReplicationFactor(args) => rebalance::set_replication_factor(&args, context),
        Command::Shims(command) => shims::run(command, context),
        Command::Size(args) => size::run(&args, context),
        Command::Snapshot(command) => snapshot::run(command, context),
        Command::Storage(command) => storage::run(command, context),
        Command::Throttle(command) => throttle::run(command, context),
        Command::Tokens(command) => tokens::run(command, context),
        Command::Topics(command) => topics::run(command, context),
        Command::Tour(args) => tour::run(&args, context),
        Command::Transactions(command) => transactions::run(command, context),
        Command::Upgrade(command) => upgrade::run(&command, context),
        Command::Users(command) => users::run(command, context),
    }
}

fn report(out: &Output, error: &CommandError) -> u8 {
    if error.message.is_empty() {
        return error.code;
    }
    if matches!(out.format, Format::Json | Format::Ndjson) {
        let document = json!(ErrorDocument::from(error));
        if out.print(&format!("{document}\n")).is_ok() {
            return error.code;
        }
        // A stdout that takes nothing may be what failed.
    }
    let loud = out.loud();
    loud.note(&format!("error: {}", error.message));
    for hint in &error.hints {
        loud.note(&format!("hint: {hint}"));
    }
    error.code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_found_on_a_command_line_that_makes_no_sense() {
        let asked = |line: &str| asked_for_json(line.split(' ').map(str::to_owned));
        for line in [
            "kfleet -o json nope",
            "kfleet x --output=json",
            "kfleet x -ojson",
            "kfleet -o table --output json",
        ] {
            assert_eq!(asked(line), Some(Format::Json), "{line}");
        }
        assert_eq!(asked("kfleet nope -o ndjson"), Some(Format::Ndjson));
        for line in ["kfleet nope", "kfleet -o json -o table nope", "kfleet json"] {
            assert_eq!(asked(line), None, "{line}");
        }
    }

    #[test]
    fn a_timeout_is_known_wherever_it_stands() {
        let has = |line: &str| {
            parse(line.split(' ').map(OsString::from).collect(), None)
                .unwrap()
                .0
                .global
                .has_timeout
        };
        assert!(has("kfleet --timeout 30s topics list") && has("kfleet topics list --timeout 30s"));
        assert!(!has("kfleet topics list"));
    }

    #[test]
    fn the_version_has_the_commit_if_there_is_one() {
        let told = |commit| {
            let told = parse(["kfleet", "--version"].map(OsString::from).to_vec(), commit);
            told.unwrap_err().to_string()
        };
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(told(Some("0123abc")), format!("kfleet {version} (0123abc)\n"));
        assert_eq!(told(None), format!("kfleet {version}\n"));
    }

    #[test]
    fn audits_and_checks_are_known_by_their_words() {
        let graded = |line: &str| is_graded(line.split(' ').map(str::to_owned));
        assert!(graded("kfleet -o json host audit --nope") && graded("kfleet host -o json audit --nope"));
        assert!(!graded("kfleet host capture") && !graded("kfleet audit host"));
        assert!(!graded("kfleet host explain audit --nope"));
        assert!(graded("kfleet -o json check --nope") && graded("kfleet check topics --nope"));
        assert!(!graded("kfleet topics describe check --nope") && !graded("check topics --nope"));
    }

    #[test]
    fn the_definition_holds_together_and_every_command_has_help() {
        definition().debug_assert();
        fn check(command: &clap::Command) {
            assert!(
                command.get_about().is_some(),
                "{} has no description",
                command.get_name()
            );
            for inner in command.get_subcommands() {
                check(inner);
            }
        }
        check(&definition());
    }
}
