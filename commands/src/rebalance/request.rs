//! What was asked, worked out for one cluster: patterns become topics, racks brokers.

use std::collections::{BTreeMap, BTreeSet};

use planner::dense::PerResource;
use planner::model::{BrokerState, Cluster};
use planner::request::{Budget, Effort, Goal, Request, Rules, TopicSpread, Windows};

use super::asked::{Asked, AskedWindows, GoalName};
use crate::error::CommandError;
use crate::topics::names::{Choice, Known, Wanted, choose};

impl Asked {
    /// The request that this is for a cluster.
    pub(super) fn request(&self, cluster: &Cluster) -> Result<Request, CommandError> {
        Ok(Request {
            goal: self.goal()?,
            rules: self.rules(cluster)?,
            windows: self.windows(),
            budget: Budget {
                bytes: self.max_bytes,
                moves: self.max_moves,
            },
            replication_factors: self.factors(cluster)?,
            effort: Effort {
                seed: self.seed,
                ..Effort::default()
            },
        })
    }

    fn goal(&self) -> Result<Goal, CommandError> {
        Ok(match (self.goal, self.relief_above) {
            (GoalName::Relief, Some(above)) => Goal::Relief { above },
            (GoalName::Relief, None) => {
                return Err(
                    CommandError::usage("relief needs to be told from what share of a disk on it is wanted")
                        .hint("--relief-above 80%, for one"),
                );
            }
            (GoalName::Leaders, _) => Goal::Leaders,
            _ => Goal::Balance,
        })
    }

    fn windows(&self) -> Windows {
        let AskedWindows {
            disk,
            bytes_in,
            bytes_out,
            replicas,
            leaders,
        } = self.windows;
        // In the order of the planner's resources.
        let tolerances = match self.goal {
            GoalName::Balance | GoalName::Locality => [disk, bytes_in, replicas, bytes_out, leaders],
            GoalName::Leaders => [None, None, None, bytes_out, leaders],
            GoalName::Racks | GoalName::Relief | GoalName::LogDirs | GoalName::Demands => [None; 5],
        };
        Windows {
            tolerances: PerResource::new(tolerances),
        }
    }

    fn rules(&self, cluster: &Cluster) -> Result<Rules, CommandError> {
        Ok(Rules {
            racks: !self.ignore_racks,
            allowed: (!self.onto.is_empty()).then(|| self.onto.clone()),
            removed: self.remove.clone(),
            excluded: self.excluded_brokers(cluster)?,
            excluded_topics: self.excluded_topics(cluster)?,
            disk_limit: self.disk_limit,
            topic_spread: self.topic_spread.map(|factor| TopicSpread {
                factor,
                ..TopicSpread::default()
            }),
        })
    }

    /// Brokers that are named, alone or by their racks; `None` for all.
    pub(super) fn named_brokers(&self, cluster: &Cluster) -> Result<Option<BTreeSet<i32>>, CommandError> {
        if self.brokers.is_empty() && self.racks.is_empty() {
            return Ok(None);
        }
        for rack in &self.racks {
            if !cluster.racks().values().contains(rack) {
                let there = cluster.racks().values().join(", ");
                return Err(CommandError::not_found(format!("no broker is in rack {rack}"))
                    .hint(format!("there are racks {there}")));
            }
        }
        let mut named: BTreeSet<i32> = self.brokers.iter().copied().collect();
        for broker in cluster.brokers().values() {
            let rack = broker.rack.map(|rack| &cluster.racks()[rack]);
            if rack.is_some_and(|rack| self.racks.contains(rack)) {
                named.insert(broker.id);
            }
        }
        if let Some(id) = named.iter().find(|id| cluster.broker(**id).is_none()) {
            return Err(no_broker(*id, cluster));
        }
        Ok(Some(named))
    }

    fn excluded_brokers(&self, cluster: &Cluster) -> Result<Vec<i32>, CommandError> {
        let mut excluded: BTreeSet<i32> = self.exclude_brokers.iter().copied().collect();
        if let Some(named) = self.named_brokers(cluster)? {
            let others = cluster.brokers().values().iter().map(|broker| broker.id);
            excluded.extend(others.filter(|id| !named.contains(id) && !self.remove.contains(id)));
        }
        Ok(excluded.into_iter().collect())
    }

    /// Topics that are named; `None` for all.
    pub(super) fn named_topics(&self, cluster: &Cluster) -> Result<Option<BTreeSet<String>>, CommandError> {
        if self.topics.is_empty() {
            return Ok(None);
        }
        Ok(Some(chosen(&self.topics, cluster)?))
    }

    /// Topics that may move.
    pub(super) fn movable_topics(&self, cluster: &Cluster) -> Result<BTreeSet<String>, CommandError> {
        let excluded: BTreeSet<String> = self.excluded_topics(cluster)?.into_iter().collect();
        let names = cluster.topics().values().iter().map(|topic| topic.name.clone());
        Ok(names.filter(|name| !excluded.contains(name)).collect())
    }

    fn excluded_topics(&self, cluster: &Cluster) -> Result<Vec<String>, CommandError> {
        let mut excluded = chosen(&self.exclude_topics, cluster)?;
        if let Some(named) = self.named_topics(cluster)? {
            let names = cluster.topics().values().iter().map(|topic| topic.name.clone());
            excluded.extend(names.filter(|name| !named.contains(name)));
        }
        Ok(excluded.into_iter().collect())
    }

    fn factors(&self, cluster: &Cluster) -> Result<BTreeMap<String, usize>, CommandError> {
        let mut factors = BTreeMap::new();
        for (pattern, replicas) in &self.replication_factors {
            let topics = chosen(std::slice::from_ref(pattern), cluster)?;
            factors.extend(topics.into_iter().map(|topic| (topic, *replicas)));
        }
        Ok(factors)
    }
}

fn chosen(texts: &[String], cluster: &Cluster) -> Result<BTreeSet<String>, CommandError> {
    let names = cluster.topics().values().iter();
    let known: Known = names.map(|topic| (topic.name.clone(), false)).collect();
    Ok(choose(&Wanted::parse(texts, false)?, &known, Choice::LOOK)?.names)
}

/// That there is no such broker.
pub(super) fn no_broker(id: i32, cluster: &Cluster) -> CommandError {
    let there = cluster.brokers().values().iter();
    let alive = there.filter(|broker| broker.state != BrokerState::Excluded);
    let ids: Vec<String> = alive.map(|broker| broker.id.to_string()).collect();
    CommandError::not_found(format!("broker {id} does not exist"))
        .hint(format!("brokers that are alive: {}", ids.join(", ")))
}
