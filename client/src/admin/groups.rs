//! Groups of all types: who has them, and what they are.

use std::fmt;
use std::str::FromStr;

use protocol::api::messages::ListGroupsRequest;
use protocol::api::{ApiKey, ErrorCode, StrBytes};
use tokio::time::{Instant, timeout_at};

use crate::cluster::Client;
use crate::error::ClientError;
use crate::retry::Backoff;
use crate::sharded::Sharded;
use crate::together;

/// First version of ListGroups that filters by state (KIP-518).
const STATES_FROM: i16 = 4;
/// First version of ListGroups that filters by type (KIP-848).
const TYPES_FROM: i16 = 5;

/// Kind of group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupType {
    /// Members agree among themselves.
    Classic,
    /// The coordinator assigns partitions (KIP-848).
    Consumer,
    /// Members share partitions, record by record (KIP-932).
    Share,
    /// The coordinator assigns tasks of Kafka Streams (KIP-1071).
    Streams,
}

impl GroupType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Classic, Self::Consumer, Self::Share, Self::Streams];

    /// Kafka's word, in small letters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Consumer => "consumer",
            Self::Share => "share",
            Self::Streams => "streams",
        }
    }

    /// The API that describes such groups.
    const fn described_by(self) -> i16 {
        match self {
            Self::Classic => ApiKey::DescribeGroups as i16,
            Self::Consumer => ApiKey::ConsumerGroupDescribe as i16,
            Self::Share => ApiKey::ShareGroupDescribe as i16,
            Self::Streams => STREAMS_GROUP_DESCRIBE,
        }
    }
}

/// StreamsGroupDescribe, which kafka-protocol does not know.
const STREAMS_GROUP_DESCRIBE: i16 = 89;

impl fmt::Display for GroupType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for GroupType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| format!("\"{text}\" is no type of group"))
    }
}

/// A group as its coordinator lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedGroup {
    /// Its id.
    pub id: String,
    /// Kafka's word for its type; empty where the broker does not say.
    pub type_name: String,
    /// Protocol of its members, as in consumer or connect.
    pub protocol_type: String,
    /// Where it is in its life; empty where the broker does not say.
    pub state: String,
    /// The broker that coordinates it.
    pub coordinator: i32,
}

impl ListedGroup {
    /// Its type. Brokers that do not say had only one.
    pub fn kind(&self) -> GroupType {
        self.type_name.parse().unwrap_or(GroupType::Classic)
    }
}

/// Which groups; all of them by default.
#[derive(Debug, Clone, Default)]
pub struct GroupFilter {
    /// In one of these states.
    pub states: Vec<String>,
    /// Of one of these types.
    pub types: Vec<GroupType>,
}

impl GroupFilter {
    fn request(&self, version: i16) -> ListGroupsRequest {
        let mut request = ListGroupsRequest::default();
        if version >= STATES_FROM {
            let states = self.states.iter().cloned().map(StrBytes::from_string);
            request.states_filter = states.collect();
        }
        if version >= TYPES_FROM {
            let types = self.types.iter().map(|kind| StrBytes::from_static_str(kind.name()));
            request.types_filter = types.collect();
        }
        request
    }

    /// Brokers whose version has no filter list all of theirs.
    fn takes(&self, group: &ListedGroup) -> bool {
        let is_state = |state: &String| state.eq_ignore_ascii_case(&group.state);
        (self.states.is_empty() || self.states.iter().any(is_state))
            && (self.types.is_empty() || self.types.contains(&group.kind()))
    }
}

impl Client {
    /// Groups of all brokers, which are asked at the same time and not waited for any longer than `deadline`; in the order
    /// of their ids.
    pub async fn list_groups(&self, filter: &GroupFilter, deadline: Instant) -> Sharded<ListedGroup> {
        let asked = self.broker_ids().map(async |broker| {
            let late = |_| ClientError::TimedOut {
                address: format!("broker {broker}"),
                what: "its groups".to_owned(),
            };
            let listed = timeout_at(deadline, self.groups_of(broker, filter)).await;
            (broker, listed.map_err(late).and_then(|listed| listed))
        });
        let mut results = Sharded::default();
        for (broker, listed) in together::all(asked).await {
            match listed {
                Ok(groups) => results.ok.extend(groups),
                Err(error) => results.fail(format!("broker {broker}"), error),
            }
        }
        results.ok.sort_by(|a, b| a.id.cmp(&b.id));
        results
    }

    /// A broker's groups; it is asked again while it reads them in.
    pub(crate) async fn groups_of(&self, broker: i32, filter: &GroupFilter) -> Result<Vec<ListedGroup>, ClientError> {
        let connection = self.broker(broker).await?;
        let version = connection.version_of::<ListGroupsRequest>()?;
        let request = filter.request(version);
        let mut backoff = Backoff::new(self.deadline());
        loop {
            let response = connection.exchange(version, &request, self.deadline()).await?;
            if response.error_code != 0 {
                let what = format!("broker {broker}");
                backoff
                    .again(ClientError::rejected(what, response.error_code, None))
                    .await?;
                continue;
            }
            let listed = response.groups.into_iter().map(|group| ListedGroup {
                id: group.group_id.to_string(),
                type_name: group.group_type.to_ascii_lowercase(),
                protocol_type: group.protocol_type.to_string(),
                state: group.group_state.to_string(),
                coordinator: broker,
            });
            return Ok(listed.filter(|group| filter.takes(group)).collect());
        }
    }

    /// Whether the cluster has groups of a type; an error that says so if it does not.
    pub async fn check_group_type(&self, kind: GroupType) -> Result<(), ClientError> {
        let any = self.any().await?;
        let mut served = any.api_versions().api_keys.iter();
        if served.any(|api| api.api_key == kind.described_by()) {
            return Ok(());
        }
        Err(ClientError::Rejected {
            what: any.address().to_owned(),
            code: ErrorCode::UnsupportedVersion,
            message: format!("it does not serve {kind} groups"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(type_name: &str, state: &str) -> ListedGroup {
        ListedGroup {
            id: "g".to_owned(),
            type_name: type_name.to_owned(),
            protocol_type: "consumer".to_owned(),
            state: state.to_owned(),
            coordinator: 1,
        }
    }

    #[test]
    fn filters_count_where_a_broker_has_none() {
        let filter = GroupFilter {
            states: vec!["empty".to_owned()],
            types: vec![GroupType::Classic, GroupType::Share],
        };
        assert!(filter.takes(&group("", "Empty")) && filter.takes(&group("share", "Empty")));
        assert!(!filter.takes(&group("", "Stable")) && !filter.takes(&group("consumer", "Empty")));
        assert!(GroupFilter::default().takes(&group("streams", "NotReady")));
        let old = filter.request(STATES_FROM - 1);
        assert!(old.states_filter.is_empty() && old.types_filter.is_empty());
        let new = filter.request(TYPES_FROM);
        assert_eq!((new.states_filter.len(), &*new.types_filter[1]), (1, "share"));
    }

    #[test]
    fn types_have_kafkas_names() {
        for kind in GroupType::ALL {
            assert_eq!(kind.to_string().to_uppercase().parse(), Ok(kind));
        }
        assert!("consumers".parse::<GroupType>().is_err());
    }
}
