//! What to know before an upgrade, from the releases' notes.

use std::fmt;

use super::feature::SHARE_VERSION;
use super::judge::{Move, NodeVerdict};
use super::release::Release;
use super::view::View;
use crate::fleet::Role;

/// Fewer brokers than the topic of share groups has replicas.
const SHARE_STATE_REPLICAS: usize = 3;

/// What to know before an upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// Java for brokers.
    Java17,
    /// Old clients are not served any longer.
    OldClients,
    /// KAFKA-20322.
    Transactions420,
    /// Share groups on few brokers.
    FewBrokersForShareGroups,
    /// kfleet beside other releases.
    KfleetBeside43Only,
    /// What kfleet's broker does not serve, though it knows the levels.
    KfleetServesLess,
    /// Two releases that nodes cannot be told apart by.
    Alike43AndKfleet,
    /// Software that is older than some of the cluster's.
    BackOrder,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Java17 => "from 4.0 on brokers and controllers need Java 17 or newer",
            Self::OldClients => "from 4.0 on clients older than 2.1 are not served",
            Self::Transactions420 => {
                "take 4.2.1 or newer: while nodes of 4.2.0 stand beside older ones, transactional producers may fail (KAFKA-20322)"
            }
            Self::FewBrokersForShareGroups => {
                "with fewer than 3 brokers, share.coordinator.state.topic.replication.factor and share.coordinator.state.topic.min.isr \
                 have to be 1 before the first share group is used"
            }
            Self::KfleetBeside43Only => {
                "nodes of kfleet are tested beside those of 4.3 only: upgrade to 4.3 first, and go on from there"
            }
            Self::KfleetServesLess => {
                "kfleet's broker serves no transactions, no share or streams groups, no groups of KIP-848, no compaction, no TLS, SASL, ACLs \
                 or quotas yet, whatever levels are finalized: nothing of it may be in use"
            }
            Self::Alike43AndKfleet => {
                "4.3 and kfleet support the same: which of them a node runs has to be told for it"
            }
            Self::BackOrder => {
                "the way back is free as long as no newer level is finalized; brokers go first, so that none is newer than its controllers"
            }
        })
    }
}

pub(super) fn notes(view: &View, nodes: &[NodeVerdict], to: Release) -> Vec<Note> {
    let moves = |step: Move| nodes.iter().any(|node| node.step == Some(step));
    let ages = nodes.iter().flat_map(|node| node.software.releases());
    let is_from_3 = ages.clone().any(|release| *release == Release::V3_9)
        || nodes
            .iter()
            .any(|node| node.software.metadata_max().is_some_and(is_of_3) && node.software.releases().is_empty());
    let (is_to_4, is_up) = (to.age() >= Release::V4_0.age(), moves(Move::Up));
    let brokers = view.nodes.iter().filter(|node| node.role != Role::Controller).count();
    let is_new = |feature: &str| to.default_level(feature) > view.level(feature);
    let is_beside_others = ages.clone().any(|release| release.age() < Release::V4_3.age());
    let rules = [
        (Note::Java17, is_from_3 && is_to_4 && to != Release::Kfleet),
        (Note::OldClients, is_from_3 && is_to_4),
        (Note::Transactions420, is_up && to == Release::V4_2),
        (
            Note::FewBrokersForShareGroups,
            brokers < SHARE_STATE_REPLICAS && is_new(SHARE_VERSION),
        ),
        (Note::KfleetBeside43Only, to == Release::Kfleet && is_beside_others),
        (Note::KfleetServesLess, to == Release::Kfleet),
        (Note::Alike43AndKfleet, moves(Move::Unclear)),
        (Note::BackOrder, moves(Move::Back)),
    ];
    rules
        .into_iter()
        .filter(|(_, holds)| *holds)
        .map(|(note, _)| note)
        .collect()
}

fn is_of_3(metadata_max: i16) -> bool {
    metadata_max <= Release::V3_9.range(super::feature::METADATA_VERSION).max
}
