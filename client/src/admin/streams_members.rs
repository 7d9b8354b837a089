//! Members of streams groups (KIP-1071): their tasks, and which partitions of topics those stand for.

use std::collections::BTreeMap;

use protocol::api::streams_group::{
    StreamsGroupDescribeResponseAssignment as Assignment, StreamsGroupDescribeResponseMember as Member,
    StreamsGroupDescribeResponseTaskIds as TaskIds,
};

pub(super) use protocol::api::streams_group::StreamsGroupDescribeResponseDescribedGroup as DescribedGroup;

use crate::admin::group_members::{GroupDescription, GroupMember, StreamsTasks, TopicPartitions, in_order, sorted};
use crate::admin::groups::GroupType;

/// Topics that the tasks of each subtopology read.
type Sources<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// A group as its coordinator describes it.
pub(super) fn description(coordinator: i32, group: &DescribedGroup) -> GroupDescription {
    let sources = sources(group);
    GroupDescription {
        id: group.group_id.clone(),
        kind: GroupType::Streams,
        state: group.group_state.clone(),
        coordinator,
        assignor: String::new(),
        epoch: Some(group.group_epoch),
        target_epoch: Some(group.assignment_epoch),
        members: in_order(group.members.iter().map(|member| described(member, &sources))),
        members_told: true,
    }
}

fn sources(group: &DescribedGroup) -> Sources<'_> {
    let topology = group
        .topology
        .as_ref()
        .and_then(|topology| topology.subtopologies.as_ref());
    let topics = topology.into_iter().flatten().map(|part| {
        let repartitioned = part.repartition_source_topics.iter().map(|topic| topic.name.as_str());
        let topics = part.source_topics.iter().map(String::as_str).chain(repartitioned);
        (part.subtopology_id.as_str(), topics.collect())
    });
    topics.collect()
}

fn described(member: &Member, sources: &Sources<'_>) -> GroupMember {
    GroupMember {
        id: member.member_id.clone(),
        instance_id: member.instance_id.clone(),
        client_id: member.client_id.clone(),
        host: member.client_host.clone(),
        epoch: Some(member.member_epoch),
        is_classic: member.is_classic,
        assignment: read_by(&member.assignment, sources),
        target: Some(read_by(&member.target_assignment, sources)),
        tasks: Some(StreamsTasks {
            active: tasks(&member.assignment.active_tasks),
            standby: tasks(&member.assignment.standby_tasks),
            warmup: tasks(&member.assignment.warmup_tasks),
        }),
    }
}

fn tasks(ids: &[TaskIds]) -> TopicPartitions {
    sorted(
        ids.iter()
            .map(|ids| (ids.subtopology_id.clone(), ids.partitions.clone())),
    )
}

/// An active task reads the partition of its number of each topic of its subtopology.
fn read_by(assignment: &Assignment, sources: &Sources<'_>) -> TopicPartitions {
    let read = assignment.active_tasks.iter().flat_map(|ids| {
        let topics = sources.get(ids.subtopology_id.as_str()).into_iter().flatten();
        topics.map(|topic| ((*topic).to_owned(), ids.partitions.clone()))
    });
    sorted(read)
}

#[cfg(test)]
mod tests {
    use protocol::api::streams_group::{
        StreamsGroupDescribeResponseSubtopology as Subtopology, StreamsGroupDescribeResponseTopicInfo as TopicInfo,
        StreamsGroupDescribeResponseTopology as Topology,
    };

    use super::*;

    fn ids(subtopology: &str, partitions: &[i32]) -> TaskIds {
        TaskIds {
            subtopology_id: subtopology.to_owned(),
            partitions: partitions.to_vec(),
            ..TaskIds::default()
        }
    }

    #[test]
    fn active_tasks_read_all_topics_of_their_subtopology() {
        let subtopology = |id: &str, topics: &[&str], repartitioned: &[&str]| Subtopology {
            subtopology_id: id.to_owned(),
            source_topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            repartition_source_topics: repartitioned
                .iter()
                .map(|topic| TopicInfo {
                    name: (*topic).to_owned(),
                    ..TopicInfo::default()
                })
                .collect(),
            ..Subtopology::default()
        };
        let member = Member {
            member_id: "m".to_owned(),
            assignment: Assignment {
                active_tasks: vec![ids("0", &[1, 0]), ids("1", &[2]), ids("gone", &[0])],
                standby_tasks: vec![ids("1", &[0])],
                ..Assignment::default()
            },
            ..Member::default()
        };
        let group = DescribedGroup {
            group_id: "g".to_owned(),
            topology: Some(Topology {
                subtopologies: Some(vec![
                    subtopology("0", &["a", "b"], &[]),
                    subtopology("1", &[], &["by-key"]),
                ]),
                ..Topology::default()
            }),
            members: vec![member],
            ..DescribedGroup::default()
        };
        let described = description(1, &group);
        let read = |topic: &str, partitions: &[i32]| (topic.to_owned(), partitions.to_vec());
        let member = &described.members[0];
        let expected = [read("a", &[0, 1]), read("b", &[0, 1]), read("by-key", &[2])];
        assert_eq!(member.assignment, TopicPartitions::from(expected));
        let tasks = member.tasks.as_ref().unwrap();
        assert_eq!(tasks.standby, TopicPartitions::from([read("1", &[0])]));
        assert_eq!(
            tasks.active.len(),
            3,
            "a task counts although nobody tells what it reads"
        );
        assert_eq!(member.target, Some(TopicPartitions::new()));
    }

    #[test]
    fn a_group_without_a_topology_has_members_without_partitions() {
        let group = DescribedGroup {
            members: vec![Member::default()],
            ..DescribedGroup::default()
        };
        assert!(description(1, &group).members[0].assignment.is_empty());
    }
}
