//! Replicas spread over the log directories of their broker; nothing moves between brokers.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use client::{LogDirContents, PartitionKey};
use planner::plan::Change;

use super::asked::Asked;
use super::file::{ANY_LOG_DIR, Move, PlanFile, PlanSummary, Proof, WindowRow};
use super::make::Parts;
use crate::error::CommandError;
use crate::snapshot::source::Gathered;

/// How far from its share a directory may be if nobody says.
const TOLERANCE: f64 = 0.09;

/// A directory that takes part.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Dir {
    path: String,
    /// Bytes that are free; none if the broker does not say.
    free: Option<u64>,
    /// Bytes of each replica, and whether it may move.
    replicas: BTreeMap<PartitionKey, (u64, bool)>,
}

impl Dir {
    fn load(&self) -> u64 {
        self.replicas.values().map(|(size, _)| size).sum()
    }

    fn capacity(&self) -> Option<u64> {
        self.free.map(|free| free.saturating_add(self.load()))
    }
}

/// A replica that moves, and where it goes.
type Step = (PartitionKey, String);

/// Makes the plan.
pub(super) fn make(known: &Gathered, asked: &Asked) -> Result<PlanFile, CommandError> {
    if known.dirs.is_empty() {
        return Err(
            CommandError::usage("which log directories replicas are in is known to a running cluster alone")
                .hint("do without --snapshot"),
        );
    }
    let cluster = &known.cluster;
    let tolerance = asked.windows.disk.unwrap_or(TOLERANCE);
    let topics = asked.movable_topics(cluster)?;
    let named = asked.named_brokers(cluster)?;
    let mut steps: BTreeMap<PartitionKey, BTreeMap<i32, String>> = BTreeMap::new();
    let mut summary = PlanSummary::of_cluster(cluster);
    let mut row = Tally::default();
    for (broker, contents) in &known.dirs {
        let takes_part = named.as_ref().is_none_or(|named| named.contains(broker));
        if !takes_part || asked.exclude_brokers.contains(broker) {
            continue;
        }
        let before = dirs(contents, &topics);
        let limits = Limits::of(&before, tolerance);
        let moved = spread(before.clone(), &limits);
        let after = checked(&before, &moved, &limits).map_err(|why| {
            CommandError::bug(format!("the plan of broker {broker} is wrong, and is not shown: {why}"))
        })?;
        row.add(&before, &after, &limits);
        summary.moved_within_bytes += bytes_of(&before, &moved);
        summary.bound_within_bytes += bound(&before, &after, &limits);
        for (key, path) in moved {
            steps.entry(key).or_default().insert(*broker, path);
        }
    }
    summary.windows_met = row.outside_after == 0;
    summary.gap = Some(0.0);
    summary.windows = vec![row.shown(tolerance)];
    let changes: Vec<Change> = steps.keys().filter_map(|key| unchanged(known, key)).collect();
    let moves = changes.iter().filter_map(|change| a_move(known, change, &steps));
    let parts = Parts {
        moves: moves.collect(),
        summary,
        certificate: Proof::default(),
        changes: &changes,
    };
    Ok(parts.file(cluster, asked))
}

/// The directories of a broker that work and are open to replicas. One that is moved already stays where it goes.
fn dirs(contents: &[LogDirContents], topics: &BTreeSet<String>) -> Vec<Dir> {
    let on_their_way: BTreeSet<PartitionKey> = contents
        .iter()
        .flat_map(|dir| dir.replicas.keys())
        .filter(|(_, _, is_future)| *is_future)
        .map(|(topic, number, _)| (topic.clone(), *number))
        .collect();
    let online = contents.iter().filter(|contents| contents.dir.error.is_none());
    let dir = |contents: &LogDirContents| {
        let mut replicas = BTreeMap::new();
        for ((topic, number, is_future), replica) in &contents.replicas {
            let key = (topic.clone(), *number);
            let moves = on_their_way.contains(&key);
            if *is_future || !moves {
                let size = u64::try_from(replica.size_bytes).unwrap_or(0);
                replicas.insert(key, (size, !moves && topics.contains(topic)));
            }
        }
        Dir {
            path: contents.dir.path.clone(),
            free: contents.dir.usable_bytes,
            replicas,
        }
    };
    online.map(dir).collect()
}

/// Between what each directory should be.
struct Limits {
    share: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Limits {
    /// Shares are as capacities are, where all are known.
    fn of(dirs: &[Dir], tolerance: f64) -> Self {
        let total: f64 = dirs.iter().map(|dir| dir.load() as f64).sum();
        let capacities: Option<Vec<f64>> = dirs
            .iter()
            .map(|dir| dir.capacity().map(|bytes| bytes as f64))
            .collect();
        let weights = capacities.filter(|all| all.iter().all(|bytes| *bytes > 0.0));
        let weights = weights.unwrap_or_else(|| vec![1.0; dirs.len()]);
        let all: f64 = weights.iter().sum();
        let share: Vec<f64> = weights
            .iter()
            .map(|weight| total * weight / all.max(f64::MIN_POSITIVE))
            .collect();
        Self {
            lower: share.iter().map(|share| share * (1.0 - tolerance)).collect(),
            upper: share.iter().map(|share| share * (1.0 + tolerance)).collect(),
            share,
        }
    }

    fn is_outside(&self, at: usize, load: u64) -> bool {
        let (lower, upper) = (self.lower.get(at), self.upper.get(at));
        lower.is_some_and(|lower| (load as f64) < *lower) || upper.is_some_and(|upper| load as f64 > *upper)
    }

    /// How far above its share a load is.
    fn above(&self, at: usize, load: u64) -> f64 {
        load as f64 - self.share.get(at).copied().unwrap_or_default()
    }
}

/// From the directory that has most too much to the one that has most too little, the largest replica that fits between,
/// until all are inside their windows or nothing helps. No replica moves twice.
fn spread(mut dirs: Vec<Dir>, limits: &Limits) -> Vec<Step> {
    let mut steps = Vec::new();
    loop {
        let mut above: Vec<(usize, f64)> = dirs
            .iter()
            .enumerate()
            .map(|(at, dir)| (at, limits.above(at, dir.load())))
            .collect();
        above.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let is_inside = dirs
            .iter()
            .enumerate()
            .all(|(at, dir)| !limits.is_outside(at, dir.load()));
        let (Some((from, over)), Some((to, under))) = (above.first().copied(), above.last().copied()) else {
            return steps;
        };
        let found = if is_inside {
            None
        } else {
            dirs.get(from)
                .zip(dirs.get(to))
                .and_then(|(a, b)| best(a, b, over, -under))
        };
        let Some(key) = found else { return steps };
        let taken = dirs.get_mut(from).and_then(|dir| dir.replicas.remove(&key));
        if let (Some((size, _)), Some(dir)) = (taken, dirs.get_mut(to)) {
            dir.free = dir.free.map(|free| free.saturating_sub(size));
            dir.replicas.insert(key.clone(), (size, false));
            steps.push((key, dir.path.clone()));
        }
    }
}

/// The replica after whose move both are nearest to their shares: the largest that is not more than either lacks, or else
/// the smallest that still makes it better.
fn best(from: &Dir, to: &Dir, over: f64, under: f64) -> Option<PartitionKey> {
    let fits = |size: u64| size > 0 && (size as f64) < over + under && to.free.is_none_or(|free| size < free);
    let movable = from
        .replicas
        .iter()
        .filter(|(_, (size, may_move))| *may_move && fits(*size));
    let rank = |size: u64| {
        let beyond = size as f64 - over.min(under);
        if beyond <= 0.0 {
            (0, -(size as f64))
        } else {
            (1, beyond)
        }
    };
    let nearest = movable.min_by(|(_, (a, _)), (_, (b, _))| {
        let (a, b) = (rank(*a), rank(*b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    nearest.map(|(key, _)| key.clone())
}

/// The directories when all is done, recomputed from the start; whatever is wrong with the steps is told.
fn checked(before: &[Dir], steps: &[Step], limits: &Limits) -> Result<Vec<Dir>, String> {
    let mut after = before.to_vec();
    for (key, path) in steps {
        let name = format!("{}-{}", key.0, key.1);
        let from = after.iter_mut().find(|dir| dir.replicas.contains_key(key));
        let from = from.ok_or_else(|| format!("{name} is in no directory"))?;
        if from.path == *path {
            return Err(format!("{name} is moved to where it is"));
        }
        let (size, may_move) = from.replicas.remove(key).unwrap_or_default();
        if !may_move {
            return Err(format!("{name} is to stay, or is moved twice"));
        }
        let to = after.iter_mut().find(|dir| dir.path == *path);
        let to = to.ok_or_else(|| format!("{path} is none of the directories"))?;
        to.replicas.insert(key.clone(), (size, false));
    }
    let outside = |dirs: &[Dir]| -> f64 {
        let beyond = dirs
            .iter()
            .enumerate()
            .map(|(at, dir)| limits.above(at, dir.load()).powi(2));
        beyond.sum()
    };
    if outside(&after) > outside(before) {
        return Err("loads are less even than before".to_owned());
    }
    Ok(after)
}

fn bytes_of(dirs: &[Dir], steps: &[Step]) -> u64 {
    let size = |key: &PartitionKey| {
        dirs.iter()
            .find_map(|dir| dir.replicas.get(key))
            .map_or(0, |(size, _)| *size)
    };
    steps.iter().map(|(key, _)| size(key)).sum()
}

/// What has to leave directories, or to come to them, before they are inside windows that are as wide as these and what was
/// reached.
fn bound(before: &[Dir], after: &[Dir], limits: &Limits) -> u64 {
    let (mut leaving, mut arriving) = (0.0, 0.0);
    let bounds = limits.lower.iter().zip(&limits.upper);
    for ((before, after), (lower, upper)) in before.iter().zip(after).zip(bounds) {
        let (load, reached) = (before.load() as f64, after.load() as f64);
        leaving += (load - upper.max(reached)).max(0.0);
        arriving += (lower.min(reached) - load).max(0.0);
    }
    leaving.max(arriving).floor() as u64
}

/// What the window of all directories is like.
#[derive(Debug, Default)]
struct Tally {
    before: Vec<u64>,
    after: Vec<u64>,
    outside_before: u64,
    outside_after: u64,
}

impl Tally {
    fn add(&mut self, before: &[Dir], after: &[Dir], limits: &Limits) {
        let outside = |dirs: &[Dir]| {
            let outside = dirs
                .iter()
                .enumerate()
                .filter(|(at, dir)| limits.is_outside(*at, dir.load()));
            outside.count() as u64
        };
        self.outside_before += outside(before);
        self.outside_after += outside(after);
        self.before.extend(before.iter().map(Dir::load));
        self.after.extend(after.iter().map(Dir::load));
    }

    fn shown(&self, tolerance: f64) -> WindowRow {
        let least = |loads: &[u64]| loads.iter().min().map_or(0, |load| *load as i64);
        let most = |loads: &[u64]| loads.iter().max().map_or(0, |load| *load as i64);
        let sum: f64 = self.before.iter().map(|load| *load as f64).sum();
        WindowRow {
            resource: "log-dirs".to_owned(),
            tolerance: Some(tolerance),
            average: sum / self.before.len().max(1) as f64,
            least_before: least(&self.before),
            most_before: most(&self.before),
            outside_before: self.outside_before,
            least_after: least(&self.after),
            most_after: most(&self.after),
            outside_after: self.outside_after,
        }
    }
}

/// A partition that stays on its brokers.
fn unchanged(known: &Gathered, (topic, number): &PartitionKey) -> Option<Change> {
    let cluster = &known.cluster;
    let replicas = cluster.ids(cluster.replicas(cluster.partition(topic, *number)?));
    Some(Change {
        topic: topic.clone(),
        partition: *number,
        from: replicas.clone(),
        to: replicas,
    })
}

fn a_move(known: &Gathered, change: &Change, steps: &BTreeMap<PartitionKey, BTreeMap<i32, String>>) -> Option<Move> {
    let at = known.cluster.partition(&change.topic, change.partition)?;
    let paths = steps.get(&(change.topic.clone(), change.partition))?;
    let path = |broker: &i32| paths.get(broker).cloned().unwrap_or_else(|| ANY_LOG_DIR.to_owned());
    Some(Move {
        topic: change.topic.clone(),
        partition: change.partition,
        replicas_from: change.from.clone(),
        replicas_to: change.to.clone(),
        log_dirs: Some(change.to.iter().map(path).collect()),
        size_bytes: known.cluster.partitions()[at].size_bytes as u64,
    })
}
