//! Upgrades of made-up clusters: what may go where, what finalizing sets, and what becomes of server.properties.

mod finalizing;
mod properties;
mod releases;
mod verdicts;

use kfleet_roller::fleet::Role;
use kfleet_roller::upgrade::feature::{KRAFT_VERSION, Levels, Range, Ranges};
use kfleet_roller::upgrade::release::Release;
use kfleet_roller::upgrade::view::{Node, View};

/// What a node of a release supports, and tells.
fn ranges(release: Release) -> Ranges {
    let range = |feature: &'static str| (feature.to_owned(), release.range(feature));
    Release::features()
        .map(range)
        .filter(|(_, range)| *range != Range::default())
        .collect()
}

fn node(id: i32, role: Role, release: Release) -> Node {
    Node {
        id,
        role,
        told: None,
        features: Some(ranges(release)),
    }
}

/// The levels of a cluster that was begun with a release, with static voters.
fn levels(release: Release) -> Levels {
    let level = |feature: &'static str| (feature.to_owned(), release.default_level(feature));
    Release::features()
        .map(level)
        .filter(|(feature, level)| *level > 0 && feature != KRAFT_VERSION)
        .collect()
}

/// Controllers 1 to 3, of which 2 is active, and brokers 11 to 13; all of one release, finalized at another.
fn view(software: Release, finalized: Release) -> View {
    let controllers = (1..=3).map(|id| node(id, Role::Controller, software));
    let brokers = (11..=13).map(|id| node(id, Role::Broker, software));
    View {
        nodes: controllers.chain(brokers).collect(),
        active_controller: Some(2),
        is_kraft: true,
        finalized: levels(finalized),
        broker_min_isr: Vec::new(),
    }
}
