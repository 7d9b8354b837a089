//! quorum: whether a leader is known, and who follows it.

use client::{Quorum, QuorumReplica};
use planner::counted::counted;

use super::{Definition, Judged, Limits, Need, Rules};
use crate::check::facts::Facts;
use crate::check::verdict::Finding;
use crate::status::Status;

pub(super) const CHECK: Definition = Definition {
    name: "quorum",
    unit: None,
    limits: Limits::NONE,
    needs: &[Need::Quorum],
    takes_topics: false,
    judge,
};

/// Whoever has not fetched for so long does not follow; replicas fetch several times a second.
const SILENCE_MAX_MS: i64 = 10_000;

fn judge(facts: &Facts, rules: &Rules) -> Judged {
    let quorum = match &facts.quorum {
        Ok(quorum) => quorum,
        Err(why) => return Judged::unknown(why.clone()),
    };
    if quorum.leader_id < 0 {
        return Judged::new(Status::Critical, "no leader is known").metric("voters", quorum.voters.len());
    }
    let behind = |replica: &&QuorumReplica| is_behind(quorum, replica, rules.max_lag);
    let voters: Vec<&QuorumReplica> = quorum.voters.iter().filter(behind).collect();
    let observers: Vec<&QuorumReplica> = quorum.observers.iter().filter(behind).collect();
    let following = quorum.voters.len() - voters.len();
    let status = if following < quorum.voters.len() / 2 + 1 {
        Status::Critical
    } else if voters.is_empty() && observers.is_empty() {
        Status::Ok
    } else {
        Status::Warning
    };
    let of = |behind: &[&QuorumReplica], all: &[QuorumReplica], noun: &str| match behind.len() {
        0 => counted(all.len(), noun),
        some => format!("{some} of {} behind", counted(all.len(), noun)),
    };
    let summary = format!(
        "leader {}, {}, {}",
        quorum.leader_id,
        of(&voters, &quorum.voters, "voter"),
        of(&observers, &quorum.observers, "observer")
    );
    let lag_max = quorum.voters.iter().filter_map(|voter| quorum.lag(voter)).max();
    let mut judged = Judged::new(status, summary)
        .metric("voters", quorum.voters.len())
        .metric("voters_behind", voters.len())
        .metric("observers", quorum.observers.len())
        .metric("observers_behind", observers.len());
    if let Some(lag) = lag_max {
        judged = judged.metric("voter_lag", lag);
    }
    let found = |role: &'static str| {
        move |replica: &&QuorumReplica| {
            let what = format!("{role} {}", replica.id);
            let mut finding = Finding::of_node(what, detail(quorum, replica), replica.id);
            finding.value = quorum.lag(replica).and_then(|lag| u64::try_from(lag).ok());
            finding
        }
    };
    judged.findings.extend(voters.iter().map(found("voter")));
    judged.findings.extend(observers.iter().map(found("observer")));
    judged
}

fn is_behind(quorum: &Quorum, replica: &QuorumReplica, max_lag: i64) -> bool {
    if replica.id == quorum.leader_id {
        return false;
    }
    let is_silent = quorum.since_fetch_ms(replica).is_some_and(|ms| ms > SILENCE_MAX_MS);
    is_silent || quorum.lag(replica).is_none_or(|lag| lag > max_lag)
}

fn detail(quorum: &Quorum, replica: &QuorumReplica) -> String {
    let lag = match quorum.lag(replica) {
        Some(lag) => format!("lag {lag}"),
        None => "lag not known to the leader".to_owned(),
    };
    match quorum.since_fetch_ms(replica) {
        Some(ms) if ms > SILENCE_MAX_MS => format!("{lag}, last fetched {} s ago", ms / 1000),
        _ => lag,
    }
}
