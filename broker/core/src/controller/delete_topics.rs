//! DeleteTopics (20), versions 1 to 6.

use std::collections::BTreeSet;

use protocol::Uuid;
use protocol::api::messages::delete_topics_request::DeleteTopicsRequest;
use protocol::api::messages::delete_topics_response::{DeletableTopicResult, DeleteTopicsResponse};
use protocol::api::{ErrorCode, StrBytes, TopicName};
use protocol::messages::metadata::RemoveTopicRecord;

use super::{Controller, Handled, Plan};
use crate::call::Call;

impl Controller {
    pub(super) fn delete_topics(&self, call: &Call) -> Handled {
        let request: DeleteTopicsRequest = call.decode()?;
        let by_name = request.topic_names.into_iter().map(|name| (Some(name), Uuid::ZERO));
        let by_either = request
            .topics
            .into_iter()
            .map(|topic| (topic.name, Uuid::from(topic.topic_id)));
        let mut records = Vec::new();
        let mut done = BTreeSet::new();
        let mut results = Vec::new();
        for (name, id) in by_name.chain(by_either) {
            let found = match &name {
                Some(name) => self.latest.topics().by_name(name),
                None => self.latest.topics().by_id(id),
            };
            let result = DeletableTopicResult::default();
            results.push(match found {
                Some(topic) if done.insert(topic.id) => {
                    records.push(
                        RemoveTopicRecord {
                            topic_id: topic.id,
                            ..Default::default()
                        }
                        .into(),
                    );
                    let name = TopicName(StrBytes::from_string(topic.name.clone()));
                    result.with_name(Some(name)).with_topic_id(topic.id.into())
                }
                found => {
                    let code = match (found, &name) {
                        (Some(_), _) => ErrorCode::InvalidRequest,
                        (None, Some(_)) => ErrorCode::UnknownTopicOrPartition,
                        (None, None) => ErrorCode::UnknownTopicId,
                    };
                    let message = if found.is_some() {
                        "Duplicate topic.".to_owned()
                    } else {
                        code.to_string()
                    };
                    result
                        .with_name(name)
                        .with_topic_id(id.into())
                        .with_error_code(code.code())
                        .with_error_message(Some(StrBytes::from_string(message)))
                }
            });
        }
        let reply = call.reply(&DeleteTopicsResponse::default().with_responses(results))?;
        Ok(Plan { records, reply })
    }
}
