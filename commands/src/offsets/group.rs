//! The group that is meant.

use clap::Args;
use client::Client;

use super::change::Target;
use super::plan::NoPlan;
use crate::error::CommandError;
use crate::groups::find::KnownGroups;

/// A group that may be made.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub(super) struct GroupArgs {
    /// The group
    pub(super) group: String,
    /// Make the group if it does not exist
    #[arg(long)]
    create: bool,
}

impl GroupArgs {
    /// The group; one that does not exist only if it may be made.
    pub(super) async fn target(&self, client: &Client) -> Result<Target, CommandError> {
        let known = KnownGroups::ask(client).await;
        match known.get(client, &self.group).await? {
            Some(group) => Ok(Target::of(group)),
            None if self.create => Ok(Target::new(&self.group, "")),
            None => Err(known.unknown(&self.group).hint("give --create to make it")),
        }
    }
}

/// A group that has to be there.
pub(super) async fn existing(client: &Client, group: &str) -> Result<Target, CommandError> {
    let known = KnownGroups::ask(client).await;
    Ok(Target::of(known.find(client, group).await?))
}

/// Why there is no plan, as operators see it.
pub(super) fn no_plan(why: NoPlan) -> CommandError {
    match why {
        NoPlan::NothingCommitted(keys) => {
            let names: Vec<String> = keys.iter().take(10).map(|(topic, p)| format!("{topic}-{p}")).collect();
            let more = if keys.len() > names.len() { " and more" } else { "" };
            CommandError::refused(format!(
                "the group stands nowhere in {}{more}, so that nothing can be shifted there; nothing was changed",
                names.join(", ")
            ))
            .hint("give them offsets with offsets reset, or name only those that have some")
        }
        NoPlan::NoLog((topic, partition)) => CommandError::rejected(format!(
            "where the log of {topic}-{partition} ends was not told; nothing was changed"
        )),
    }
}
