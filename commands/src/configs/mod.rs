//! Settings of topics, brokers and groups.

mod change;
mod describe;

use clap::{Args, Subcommand, ValueEnum};

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use describe::ConfigRow;

/// What settings are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EntityType {
    /// Topics.
    Topic,
    /// A broker, or all of them if none is named.
    Broker,
    /// A group.
    Group,
}

impl EntityType {
    /// Kafka's code.
    const fn code(self) -> i8 {
        match self {
            Self::Topic => 2,
            Self::Broker => 4,
            Self::Group => 32,
        }
    }
}

/// Whose settings.
#[derive(Debug, Clone, Args)]
pub(crate) struct EntityArgs {
    /// What the settings are about
    #[arg(value_enum)]
    entity_type: EntityType,
    /// Its name; leave it out for what counts for all brokers
    #[arg(default_value = "")]
    name: String,
}

/// Commands on settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigsCommand {
    /// List settings and where they come from
    Describe(describe::DescribeArgs),
    /// Set keys
    Set(change::SetArgs),
    /// Return keys to what counts without them
    Unset(change::UnsetArgs),
}

pub(crate) fn run(command: ConfigsCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        ConfigsCommand::Describe(args) => describe::run(&args, context),
        ConfigsCommand::Set(args) => change::set(&args, context),
        ConfigsCommand::Unset(args) => change::unset(&args, context),
    }
}
