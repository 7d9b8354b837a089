//! ElectLeaders (43), versions 0 to 2.

use protocol::Uuid;
use protocol::api::messages::elect_leaders_request::ElectLeadersRequest;
use protocol::api::messages::elect_leaders_response::{ElectLeadersResponse, PartitionResult, ReplicaElectionResult};
use protocol::api::{ErrorCode, StrBytes, TopicName};

use super::draft::Draft;
use super::partition_change::{Election, NO_LEADER};
use super::{Controller, Handled, Plan, Refusal};
use crate::call::Call;

/// Elections by their codes on the wire; version 0 knows the first only.
const PREFERRED: i8 = 0;
const UNCLEAN: i8 = 1;
/// First version with an error of the whole request.
const TOP_ERROR_FROM: i16 = 1;

impl Controller {
    pub(super) fn elect_leaders(&self, call: &Call) -> Handled {
        let request: ElectLeadersRequest = call.decode()?;
        let election = match request.election_type {
            PREFERRED => Election::Preferred,
            UNCLEAN => Election::Unclean,
            _ => {
                let code = ErrorCode::InvalidRequest.code();
                let top = if call.header.api_version >= TOP_ERROR_FROM {
                    code
                } else {
                    0
                };
                let response = ElectLeadersResponse::default().with_error_code(top);
                return Ok(Plan::answer(call.reply(&response)?));
            }
        };
        let mut draft = Draft::new(self);
        let results = match &request.topic_partitions {
            Some(topics) => {
                let topics = topics.iter().map(|topic| {
                    let elected = topic.partitions.iter().map(|index| {
                        let outcome = elect(&mut draft, &topic.topic, *index, election);
                        (*index, outcome)
                    });
                    result(topic.topic.clone(), elected.collect())
                });
                topics.collect()
            }
            None => elect_all(&mut draft, election),
        };
        let response = ElectLeadersResponse::default().with_replica_election_results(results);
        let reply = call.reply(&response)?;
        Ok(Plan {
            records: draft.into_records(),
            reply,
        })
    }
}

/// Of all partitions only those are told where something was to be done.
fn elect_all(draft: &mut Draft<'_>, election: Election) -> Vec<ReplicaElectionResult> {
    let topics = draft.image().topics().clone();
    let mut results = Vec::with_capacity(topics.len());
    for topic in topics.iter() {
        let mut elected = Vec::new();
        for (index, _) in topic.partitions() {
            let outcome = elect(draft, &topic.name, index, election);
            if !matches!(outcome, Err((ErrorCode::ElectionNotNeeded, _))) {
                elected.push((index, outcome));
            }
        }
        results.push(result(TopicName(StrBytes::from_string(topic.name.clone())), elected));
    }
    results
}

fn elect(draft: &mut Draft<'_>, topic: &str, index: i32, election: Election) -> Result<(), Refusal> {
    let (id, needed) = what_to_elect(draft, topic, index, election)?;
    if !needed {
        let message = "Leader election not needed for topic partition.".to_owned();
        return Err((ErrorCode::ElectionNotNeeded, message));
    }
    let elected = draft.change_partition((id, index), None, |_, _, change| change.election = election);
    match election {
        _ if elected => Ok(()),
        Election::Preferred | Election::Clean => Err((
            ErrorCode::PreferredLeaderNotAvailable,
            "The preferred leader was not available.".to_owned(),
        )),
        Election::Unclean => Err((
            ErrorCode::EligibleLeadersNotAvailable,
            "Eligible topic partition leaders are not available.".to_owned(),
        )),
    }
}

fn what_to_elect(draft: &Draft<'_>, topic: &str, index: i32, election: Election) -> Result<(Uuid, bool), Refusal> {
    let unknown = |message: String| (ErrorCode::UnknownTopicOrPartition, message);
    let found = draft.image().topics().by_name(topic);
    let found = found.ok_or_else(|| unknown(format!("No such topic as {topic}")))?;
    let partition = found.partition(index);
    let partition = partition.ok_or_else(|| unknown(format!("No such partition as {topic}-{index}")))?;
    let needed = match election {
        Election::Unclean => partition.leader == NO_LEADER,
        Election::Preferred | Election::Clean => partition.replicas.first() != Some(&partition.leader),
    };
    Ok((found.id, needed))
}

fn result(topic: TopicName, elected: Vec<(i32, Result<(), Refusal>)>) -> ReplicaElectionResult {
    let partitions = elected.into_iter().map(|(index, outcome)| {
        let result = PartitionResult::default().with_partition_id(index);
        match outcome {
            Ok(()) => result.with_error_message(None),
            Err((code, message)) => result
                .with_error_code(code.code())
                .with_error_message(Some(StrBytes::from_string(message))),
        }
    });
    ReplicaElectionResult::default()
        .with_topic(topic)
        .with_partition_result(partitions.collect())
}
