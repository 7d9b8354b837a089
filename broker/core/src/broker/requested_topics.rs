//! Topics that are asked of the controller because clients want them.

use std::sync::PoisonError;

use protocol::api::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use protocol::api::{StrBytes, TopicName};

use super::{Broker, NewTopic};

/// Most topics that are asked for at a time. Clients ask again for what is beyond it.
pub(super) const REQUESTED_MAX: usize = 1000;

impl Broker {
    /// The controller has answered for these topics, or gives no answer: they may be asked for again.
    pub fn forget_requested_topics<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        let mut creating = self.creating.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            creating.remove(name);
        }
    }
}

impl From<&NewTopic> for CreatableTopic {
    fn from(topic: &NewTopic) -> Self {
        let string = |text: &str| StrBytes::from_string(text.to_owned());
        let configs = topic.configs.iter().map(|(name, value)| {
            CreatableTopicConfig::default()
                .with_name(string(name))
                .with_value(Some(string(value)))
        });
        Self::default()
            .with_name(TopicName(string(&topic.name)))
            .with_num_partitions(topic.partitions)
            .with_replication_factor(topic.replication_factor)
            .with_configs(configs.collect())
    }
}
