//! What members of a classic group told each other, opened up as Kafka's tool does.

use protocol::messages::embedded::{ConsumerProtocolAssignment, ConsumerProtocolSubscription};
use protocol::messages::framing::{decode_consumer_assignment, decode_consumer_subscription, value_version};
use protocol::messages::offsets::Value;
use protocol::messages::{Plain, ToPlain};

/// The protocol whose messages are known.
const CONSUMER: &str = "consumer";

/// A value of `__consumer_offsets` with what is in it.
pub(super) struct Opened<'a>(pub(super) &'a Value);

impl ToPlain for Opened<'_> {
    fn to_plain(&self, version: i16) -> Plain {
        let mut plain = self.0.to_plain(version);
        if let Value::GroupMetadata(group) = self.0
            && group.protocol_type == CONSUMER
            && let Plain::Fields(fields) = &mut plain
            && let Some((_, Plain::List(members))) = fields.iter_mut().find(|(name, _)| *name == "members")
        {
            for (shown, member) in members.iter_mut().zip(&group.members) {
                replace(shown, "subscription", subscription(&member.subscription));
                replace(shown, "assignment", assignment(&member.assignment));
            }
        }
        plain
    }
}

/// Puts another value in a field's place, if there is one.
fn replace(shown: &mut Plain, name: &str, opened: Option<Plain>) {
    if let Plain::Fields(fields) = shown
        && let Some((_, value)) = fields.iter_mut().find(|(found, _)| *found == name)
        && let Some(opened) = opened
    {
        *value = opened;
    }
}

fn subscription(bytes: &[u8]) -> Option<Plain> {
    let version = value_version(bytes)
        .ok()?
        .min(ConsumerProtocolSubscription::MAX_VERSION);
    Some(decode_consumer_subscription(bytes).ok()?.to_plain(version))
}

fn assignment(bytes: &[u8]) -> Option<Plain> {
    let version = value_version(bytes).ok()?.min(ConsumerProtocolAssignment::MAX_VERSION);
    Some(decode_consumer_assignment(bytes).ok()?.to_plain(version))
}
