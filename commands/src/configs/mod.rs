//! Settings of topics, brokers, their loggers, groups and client-metrics subscriptions.

mod change;
mod describe;
mod diff;
mod differences;
pub(crate) mod entity;
mod keys;
mod list;
mod pairs;
mod plan;
mod seen;

use clap::Subcommand;
use client::{ConfigEntity, ConfigEntry};

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use describe::ConfigRow;
pub(crate) use differences::ConfigDifference;
pub(crate) use list::ConfigResourceRow;
pub(crate) use plan::ConfigChangeRow;

/// Commands on settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigsCommand {
    Describe(describe::DescribeArgs),
    Diff(diff::DiffArgs),
    List(list::ListArgs),
    Set(change::SetArgs),
    Unset(change::UnsetArgs),
}

pub(crate) fn run(command: ConfigsCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        ConfigsCommand::Describe(args) => describe::run(&args, context),
        ConfigsCommand::Diff(args) => diff::run(&args, context),
        ConfigsCommand::List(args) => list::run(&args, context),
        ConfigsCommand::Set(args) => change::set(&args, context),
        ConfigsCommand::Unset(args) => change::unset(&args, context),
    }
}

/// Keys that there are, by what a cluster tells and what is known of Kafka: those that can be changed, or all of them.
pub(crate) fn key_names(entity: ConfigEntity, told: &[ConfigEntry], can_change: bool) -> Vec<String> {
    keys::KnownKeys::of(entity, told).names(can_change)
}

/// Where a value comes from, by Kafka's code.
const fn source_name(code: i8) -> &'static str {
    match code {
        1 => "topic",
        2 => "broker",
        3 => "all-brokers",
        4 => "file",
        5 => "default",
        6 => "broker-logger",
        7 => "client-metrics",
        8 => "group",
        _ => "unknown",
    }
}

/// A name as it is shown; all brokers have none.
fn shown_name(name: &str) -> String {
    if name.is_empty() { "(all)" } else { name }.to_owned()
}
