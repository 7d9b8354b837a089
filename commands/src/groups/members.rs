//! groups members

use clap::Args;
use client::{GroupDescription, GroupMember, StreamsTasks, TopicPartitions};
use schemars::JsonSchema;
use serde::Serialize;

use super::describe::{Names, show as show_rows};
use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Shown, Table};
use crate::watch::WatchArgs;

/// Print who is in groups.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet groups members billing -b localhost:9092\n  kfleet groups members --all-groups --verbose"
)]
pub(crate) struct MembersArgs {
    /// Groups; * stands for any characters and ? for one
    #[arg(required_unless_present = "all_groups", conflicts_with = "all_groups")]
    groups: Vec<String>,
    /// All groups
    #[arg(long)]
    all_groups: bool,
    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

/// A member of a group.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct GroupMemberRow {
    /// The group.
    group: String,
    /// The group's type: classic, consumer, share or streams.
    #[serde(rename = "type")]
    kind: String,
    /// The member's id.
    member: String,
    /// The name it keeps from one life to the next, if it has one.
    instance_id: Option<String>,
    /// What its client calls itself.
    client_id: String,
    /// Where it is.
    host: String,
    /// Its epoch, where the type has one.
    epoch: Option<i32>,
    /// Whether it speaks the classic protocol.
    classic: bool,
    /// How many partitions it reads.
    partitions: usize,
    /// Which, by topic.
    assignment: TopicPartitions,
    /// Which it is to read; none where members decide that among themselves.
    target_assignment: Option<TopicPartitions>,
    /// Its tasks by subtopology; none unless it is in a streams group.
    tasks: Option<MemberTasks>,
}

/// Tasks of a member of a streams group: partitions by subtopology.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MemberTasks {
    /// Those it works on.
    active: TopicPartitions,
    /// Those whose state it keeps for whoever works on them.
    standby: TopicPartitions,
    /// Those whose state it is building up, to work on them.
    warmup: TopicPartitions,
}

impl From<StreamsTasks> for MemberTasks {
    fn from(tasks: StreamsTasks) -> Self {
        Self {
            active: tasks.active,
            standby: tasks.standby,
            warmup: tasks.warmup,
        }
    }
}

impl Shown for Vec<GroupMemberRow> {
    const SCHEMA: &'static str = "groups-members/1";

    fn table(&self, wide: bool) -> Table {
        let row = |row: &GroupMemberRow| {
            let mut cells = vec![
                row.group.clone(),
                row.member.clone(),
                row.client_id.clone(),
                row.host.clone(),
                row.partitions.to_string(),
            ];
            if wide {
                let epoch = row.epoch.map_or_else(|| "-".to_owned(), |epoch| epoch.to_string());
                let target = row
                    .target_assignment
                    .as_ref()
                    .map_or_else(|| "-".to_owned(), assignment_text);
                let instance = row.instance_id.clone().unwrap_or_else(|| "-".to_owned());
                let tasks = row.tasks.as_ref().map_or_else(|| "-".to_owned(), tasks_text);
                cells.extend([instance, epoch, assignment_text(&row.assignment), target, tasks]);
            }
            cells
        };
        let mut headers = vec!["GROUP", "MEMBER", "CLIENT", "HOST", "PARTITIONS"];
        if wide {
            headers.extend(["INSTANCE", "EPOCH", "ASSIGNMENT", "TARGET", "TASKS"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

/// As Kafka's script writes it: `orders:0,1;payments:2`.
pub(crate) fn assignment_text(partitions: &TopicPartitions) -> String {
    let topic = |(topic, partitions): (&String, &Vec<i32>)| {
        let partitions: Vec<String> = partitions.iter().map(ToString::to_string).collect();
        format!("{topic}:{}", partitions.join(","))
    };
    let topics: Vec<String> = partitions.iter().map(topic).collect();
    if topics.is_empty() {
        "-".to_owned()
    } else {
        topics.join(";")
    }
}

/// `active 0:1,2 standby 1:0`.
fn tasks_text(tasks: &MemberTasks) -> String {
    let kinds = [
        ("active", &tasks.active),
        ("standby", &tasks.standby),
        ("warmup", &tasks.warmup),
    ];
    let some = kinds.into_iter().filter(|(_, tasks)| !tasks.is_empty());
    let texts: Vec<String> = some
        .map(|(kind, tasks)| format!("{kind} {}", assignment_text(tasks)))
        .collect();
    if texts.is_empty() {
        "-".to_owned()
    } else {
        texts.join(" ")
    }
}

pub(crate) fn run(args: &MembersArgs, context: &Context) -> Result<(), CommandError> {
    let names = Names {
        groups: &args.groups,
        all: args.all_groups,
    };
    show(&names, context)
}

/// Shows members of groups.
pub(super) fn show(names: &Names<'_>, context: &Context) -> Result<(), CommandError> {
    show_rows(names, context, async |_, found| {
        let rows = found.groups.iter().flat_map(|group| {
            let members = group.members.iter();
            members.map(|member| row(group, member)).collect::<Vec<_>>()
        });
        rows.collect::<Vec<GroupMemberRow>>()
    })
}

fn row(group: &GroupDescription, member: &GroupMember) -> GroupMemberRow {
    GroupMemberRow {
        group: group.id.clone(),
        kind: group.kind.to_string(),
        member: member.id.clone(),
        instance_id: member.instance_id.clone(),
        client_id: member.client_id.clone(),
        host: member.host.clone(),
        epoch: member.epoch,
        classic: member.is_classic,
        partitions: member.assignment.values().map(Vec::len).sum(),
        assignment: member.assignment.clone(),
        target_assignment: member.target.clone(),
        tasks: member.tasks.clone().map(MemberTasks::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_read_as_kafkas_script_writes_them() {
        let partitions = TopicPartitions::from([("b".to_owned(), vec![2]), ("a".to_owned(), vec![0, 1])]);
        assert_eq!(assignment_text(&partitions), "a:0,1;b:2");
        assert_eq!(assignment_text(&TopicPartitions::new()), "-");
        let mut tasks = MemberTasks::from(StreamsTasks::default());
        assert_eq!(tasks_text(&tasks), "-");
        (tasks.active, tasks.warmup) = (partitions.clone(), partitions);
        assert_eq!(tasks_text(&tasks), "active a:0,1;b:2 warmup a:0,1;b:2");
    }
}
