//! Groups that are to have no members, since what is changed under a reader's feet does not last.

use std::time::Duration;

use clap::Args;
use client::{Client, ClientError, GroupMember, GroupType, ListedGroup};
use planner::counted::{counted, either};
use protocol::api::ErrorCode;
use tokio::time::{Instant, sleep};

use crate::context::{Context, parse_duration};
use crate::error::CommandError;

/// How often a group is looked at.
const POLL: Duration = Duration::from_millis(200);
/// How long a coordinator may take to be rid of members that it has removed.
const GONE_MAX: Duration = Duration::from_secs(5);
/// Members that are named.
const NAMED_MAX: usize = 10;

/// What is done about a group that has members.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct EmptyArgs {
    /// Wait so long for the group to have no members
    #[arg(long, value_parser = parse_duration, value_name = "DURATION")]
    pub(crate) wait_empty: Option<Duration>,
    /// Remove the group's members first, which only those that speak the classic protocol can be; they come back by
    /// themselves if they run
    #[arg(long)]
    pub(crate) remove_members: bool,
}

impl EmptyArgs {
    /// Connects for as long as it may take.
    pub(crate) async fn connect(&self, context: &Context) -> Result<Client, CommandError> {
        match self.wait_empty {
            Some(_) => context.connect_for_long().await,
            None => context.connect().await,
        }
    }

    /// Waits for a group to have no members, if it is to be waited for. Those it has, if they are to be removed; refuses
    /// if it is to have none.
    pub(crate) async fn members_to_remove(
        &self,
        client: &Client,
        group: &ListedGroup,
        dry_run: bool,
        context: &Context,
    ) -> Result<Vec<GroupMember>, CommandError> {
        let until = Instant::now() + self.wait_empty.filter(|_| !dry_run).unwrap_or_default();
        let mut told = false;
        loop {
            let members = members_of(client, &group.id, group.kind()).await?;
            if members.is_empty() {
                return Ok(Vec::new());
            }
            if Instant::now() < until {
                if !told {
                    context
                        .out
                        .note(&format!("waiting for {} to have no members", group.id));
                    told = true;
                }
                sleep(POLL.min(until - Instant::now())).await;
                continue;
            }
            if dry_run && self.wait_empty.is_some() && !self.remove_members {
                context
                    .out
                    .note(&format!("would wait: {}", sentence(&group.id, &members)));
                return Ok(Vec::new());
            }
            if !self.remove_members {
                return Err(refused(&group.id, &members));
            }
            if members.told.iter().any(|member| !member.is_classic) || members.untold.is_some() {
                let message = format!(
                    "{}, and only such of the classic protocol can be removed",
                    sentence(&group.id, &members)
                );
                return Err(CommandError::refused(format!("{message}; nothing was changed"))
                    .hint("stop them, or give --wait-empty DURATION"));
            }
            return Ok(members.told);
        }
    }
}

/// Who is in a group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    told: Vec<GroupMember>,
    /// The group's state, if it has members and they are not told.
    untold: Option<String>,
}

impl Members {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.told.is_empty() && self.untold.is_none()
    }
}

/// Members of a group; of one that is gone, none.
pub(crate) async fn members_of(client: &Client, group: &str, kind: GroupType) -> Result<Members, CommandError> {
    match client.describe_group(group, kind).await {
        Ok(described) => Ok(Members {
            told: described.members,
            untold: Some(described.state).filter(|_| !described.members_told),
        }),
        Err(error) if error.code() == Some(ErrorCode::GroupIdNotFound) => Ok(Members::default()),
        Err(error) => Err(error.into()),
    }
}

/// A refusal for the sake of a group's members.
pub(crate) fn refused(group: &str, members: &Members) -> CommandError {
    CommandError::refused(format!("{}; nothing was changed", sentence(group, members)))
        .hint("stop them, or give --wait-empty DURATION or --remove-members")
}

fn sentence(group: &str, members: &Members) -> String {
    if let Some(state) = &members.untold {
        return format!("group {group} is {state}, so that it has members");
    }
    let members = &members.told;
    let named: Vec<String> = members.iter().take(NAMED_MAX).map(name_of).collect();
    let more = members.len().saturating_sub(NAMED_MAX);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let count = match members.len() {
        1 => "a member".to_owned(),
        count => counted(count, "member"),
    };
    format!("group {group} has {count}: {}{more}", named.join(", "))
}

fn name_of(member: &GroupMember) -> String {
    let host = member.host.trim_start_matches('/');
    match &member.instance_id {
        Some(instance) => format!("{} ({instance}) at {host}", member.id),
        None => format!("{} at {host}", member.id),
    }
}

/// Removes members, and says which.
pub(crate) async fn remove(
    client: &Client,
    group: &ListedGroup,
    members: &[GroupMember],
) -> Result<Vec<String>, CommandError> {
    let mut warnings = Vec::new();
    if members.is_empty() {
        return Ok(warnings);
    }
    let mut failed = None;
    for (id, result) in client.remove_members(&group.id, members, "removed with kfleet").await? {
        if let Err(error) = result {
            failed = Some(error);
            continue;
        }
        let member = members.iter().find(|member| member.id == id);
        warnings.push(format!(
            "removed from group {}: {}",
            group.id,
            member.map_or(id, name_of)
        ));
    }
    match failed {
        Some(error) if warnings.is_empty() => return Err(error.into()),
        Some(error) => {
            let count = format!(
                "{} of {} {} removed",
                warnings.len(),
                counted(members.len(), "member"),
                either(warnings.len(), "was", "were")
            );
            return Err(CommandError::interrupted(format!("{count}: {error}")));
        }
        None => {}
    }
    let until = client.deadline().min(Instant::now() + GONE_MAX);
    loop {
        let left = members_of(client, &group.id, group.kind())
            .await
            .map_err(after_removal)?;
        if left.is_empty() {
            return Ok(warnings);
        }
        if Instant::now() + POLL >= until {
            return Err(came_back(&group.id, &left));
        }
        sleep(POLL).await;
    }
}

/// What went wrong once members were removed, which is a change.
pub(crate) fn after_removal(error: CommandError) -> CommandError {
    let message = format!("members were removed, and nothing else was changed: {}", error.message);
    CommandError {
        hints: error.hints,
        ..CommandError::interrupted(message)
    }
}

/// Members were removed, and came back before anything else was done.
pub(crate) fn came_back(group: &str, members: &Members) -> CommandError {
    let message = format!(
        "members were removed and others have joined: {}",
        sentence(group, members)
    );
    CommandError::interrupted(message).hint("members that run join again; stop them first")
}

/// Whether a coordinator says no because a group has members.
pub(crate) fn is_about_members(error: &ClientError) -> bool {
    matches!(
        error.code(),
        Some(
            ErrorCode::UnknownMemberId
                | ErrorCode::IllegalGeneration
                | ErrorCode::StaleMemberEpoch
                | ErrorCode::RebalanceInProgress
                | ErrorCode::NonEmptyGroup
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit_codes;

    #[test]
    fn members_are_named_but_not_all_of_many() {
        let member = |at: usize| GroupMember {
            id: format!("m{at}"),
            host: "/10.0.0.1".to_owned(),
            ..GroupMember::default()
        };
        let sentence = |told: Vec<GroupMember>| super::sentence("g", &Members { told, untold: None });
        assert_eq!(sentence(vec![member(0)]), "group g has a member: m0 at 10.0.0.1");
        let many: Vec<GroupMember> = (0..12).map(member).collect();
        assert!(sentence(many).ends_with("m9 at 10.0.0.1 and 2 more"));
        let static_member = GroupMember {
            instance_id: Some("i".to_owned()),
            ..member(1)
        };
        assert_eq!(
            sentence(vec![static_member]),
            "group g has a member: m1 (i) at 10.0.0.1"
        );
        let untold = Members {
            untold: Some("Stable".to_owned()),
            ..Members::default()
        };
        let refused = refused("g", &untold);
        assert_eq!(refused.code, exit_codes::REFUSED);
        assert!(refused.message.starts_with("group g is Stable"), "{}", refused.message);
        assert!(!untold.is_empty() && Members::default().is_empty());
    }
}
