//! Topics.

mod alter;
mod assignment;
mod change;
mod create;
mod delete;
mod describe;
mod filters;
mod list;
pub(crate) mod names;
mod records_delete;
mod records_plan;
mod summary;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;
use crate::watch;

pub(crate) use change::TopicChange;
pub(crate) use describe::PartitionRow;
pub(crate) use list::TopicRow;
pub(crate) use records_plan::RecordsDeletion;
pub(crate) use summary::TopicSummary;

/// Commands on topics.
#[derive(Debug, Subcommand)]
pub(crate) enum TopicsCommand {
    Alter(alter::AlterArgs),
    Create(create::CreateArgs),
    Delete(delete::DeleteArgs),
    Describe(describe::DescribeArgs),
    List(list::ListArgs),
    RecordsDelete(records_delete::RecordsDeleteArgs),
}

pub(crate) fn run(command: TopicsCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        TopicsCommand::Alter(args) => alter::run(&args, context),
        TopicsCommand::Create(args) => create::run(&args, context),
        TopicsCommand::Delete(args) => delete::run(&args, context),
        TopicsCommand::Describe(args) => watch::run(args.watch, args, context, describe::run),
        TopicsCommand::List(args) => list::run(&args, context),
        TopicsCommand::RecordsDelete(args) => records_delete::run(&args, context),
    }
}
