//! Makes plans: controllers one by one, then brokers in batches, a combined active controller last of all.

use planner::dense::{BrokerIx, PartitionIx, Table};

use super::steps::{Cutter, step_of_controller};
use super::{Blocked, Given, Plan, PlanError, Request, why};
use crate::batches::{self, Bound, Node, NodeIx, Task};
use crate::fleet::{Fleet, Role};
use crate::gate::Gate;
use crate::held::{Held, held};
use crate::rule;

/// Who restarts, and who may not.
#[derive(Debug, Default)]
struct Sorted {
    /// Controllers that are no brokers, the active one last.
    controllers: Vec<i32>,
    brokers: Vec<BrokerIx>,
    /// The active controller, if it is a broker, too.
    last: Option<BrokerIx>,
    blocked: Vec<Blocked>,
}

/// Plans a rolling restart. Nodes that may not stop now are named in the plan, and in none of its steps.
pub fn plan(fleet: Fleet<'_>, request: &Request) -> Result<Plan, PlanError> {
    let given = Given { fleet, request };
    let cluster = fleet.cluster;
    let rooms = request.rule.rooms(cluster);
    let wanted = wanted(given)?;
    let held = held(cluster, |broker| wanted[broker]);
    let sorted = sort(given, &rooms, &held);
    let nodes = nodes(given, &sorted);
    let task = Task {
        nodes: &nodes,
        held: &held,
        rooms: &rooms,
    };
    let (classes, bound) = batches::batches(cluster, task);
    let mut cutter = Cutter::new(given, &rooms, &held);
    let mut steps: Vec<_> = sorted.controllers.iter().map(|id| step_of_controller(*id)).collect();
    let brokers = |class: &Vec<NodeIx>| class.iter().map(|node| nodes[*node].broker).collect();
    cutter.cut(classes.iter().map(brokers).collect());
    if let Some(last) = sorted.last {
        cutter.cut(vec![vec![last]]);
    }
    steps.extend(cutter.steps);
    let seconds = steps.len() as u64 * (request.pace.restart_s + request.pace.settle_s);
    let with_last = usize::from(sorted.last.is_some());
    Ok(Plan {
        snapshot: cluster.fingerprint(),
        steps,
        classes: classes.len() + with_last,
        bound: Bound {
            batches: bound.batches + with_last,
            ..bound
        },
        blocked: sorted.blocked,
        unavoidable: names(given, &rule::unavoidable(cluster, &request.rule)),
        crowded: why::crowded(given, task, classes.len()),
        seconds,
    })
}

fn names(given: Given<'_>, partitions: &[PartitionIx]) -> Vec<String> {
    partitions.iter().map(|at| given.fleet.cluster.name(*at)).collect()
}

/// Which brokers are asked for, after all that is asked for was found to be there once.
fn wanted(given: Given<'_>) -> Result<Table<BrokerIx, bool>, PlanError> {
    let cluster = given.fleet.cluster;
    let mut wanted = Table::filled(cluster.brokers().len(), false);
    let mut seen = std::collections::BTreeSet::new();
    for id in &given.request.nodes {
        if !seen.insert(*id) {
            return Err(PlanError::Twice(*id));
        }
        match (cluster.broker(*id), given.fleet.quorum.is_voter(*id)) {
            (Some(broker), _) => wanted[broker] = true,
            (None, true) => {}
            (None, false) => return Err(PlanError::Unknown(*id)),
        }
    }
    Ok(wanted)
}

fn sort(given: Given<'_>, rooms: &Table<PartitionIx, i8>, held: &Held) -> Sorted {
    let Given { fleet, request } = given;
    let gate = Gate::new(fleet, &request.rule).accepting_quorum(request.accept_quorum);
    let mut sorted = Sorted::default();
    let mut nodes = request.nodes.clone();
    nodes.sort_by_key(|id| (fleet.quorum.leader == Some(*id), *id));
    for id in nodes {
        let broker = fleet.cluster.broker(id);
        let may_stop = broker.is_none_or(|broker| may_stop(rooms, held, broker))
            && (!fleet.quorum.is_voter(id) || gate.keeps_quorum(&[id]));
        match (broker, fleet.role(id)) {
            _ if !may_stop => sorted.blocked.push(Blocked {
                node: id,
                breaches: gate.breaches(&[id]),
            }),
            (Some(broker), Some(Role::Combined)) if fleet.quorum.leader == Some(id) => sorted.last = Some(broker),
            (Some(broker), _) => sorted.brokers.push(broker),
            (None, _) => sorted.controllers.push(id),
        }
    }
    sorted.brokers.sort_unstable();
    sorted
}

/// Whether a broker may stop alone, as far as partitions go.
fn may_stop(rooms: &Table<PartitionIx, i8>, held: &Held, broker: BrokerIx) -> bool {
    let mut seats = held[broker].iter();
    seats.all(|seat| rooms[seat.partition] >= i8::from(seat.is_in_sync))
}

fn nodes(given: Given<'_>, sorted: &Sorted) -> Table<NodeIx, Node> {
    let brokers = sorted.brokers.iter().map(|broker| {
        let of = &given.fleet.cluster.brokers()[*broker];
        Node {
            broker: *broker,
            rack: of.rack,
            is_voter: given.fleet.quorum.is_voter(of.id),
        }
    });
    brokers.collect()
}
