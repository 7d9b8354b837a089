//! Two stretches of records that do not begin alike: where they go on together, and what happened before.

use super::side::Seen;
use super::{Fields, Kind};

/// As many records alike are no chance.
const ALIKE: usize = 4;

/// What happened to a record, by its place in the stretch of its side; where the other side has none, by the place that it
/// would have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) kind: Kind,
    pub(super) source: usize,
    pub(super) target: usize,
}

/// How many records of each side lie before the place where both go on together; none if there is no such place. At the end
/// of both sides that is a place too.
pub(super) fn meeting(source: &[Seen], target: &[Seen], is_end: bool) -> Option<(usize, usize)> {
    for distance in 1..=source.len() + target.len() {
        let least = distance.saturating_sub(target.len());
        for i in least..=distance.min(source.len()) {
            let j = distance - i;
            let (ours, theirs) = (source.get(i..)?, target.get(j..)?);
            let alike = ours
                .iter()
                .zip(theirs)
                .take(ALIKE)
                .take_while(|(a, b)| a.is_same(b))
                .count();
            let ends_alike = is_end && ours.len() == theirs.len() && alike == ours.len();
            if alike == ALIKE || ends_alike {
                return Some((i, j));
            }
        }
    }
    None
}

/// What happened in two stretches, in their order, and which of their records are alike.
pub(super) fn findings(source: &[Seen], target: &[Seen]) -> (Vec<Finding>, Vec<(usize, usize)>) {
    let alike = in_common(source, target);
    let mut moved = moved(source, target, &alike);
    let mut findings = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (next_i, next_j) in alike.iter().copied().chain([(source.len(), target.len())]) {
        let mut ours = (i..next_i).filter(|i| !moved.iter().any(|(from, _)| from == i));
        let mut theirs = (j..next_j).filter(|j| !moved.iter().any(|(_, to)| to == j));
        loop {
            let finding = match (ours.next(), theirs.next()) {
                (Some(source_at), Some(target_at)) => Finding {
                    kind: Kind::Altered(altered(source, target, source_at, target_at)),
                    source: source_at,
                    target: target_at,
                },
                (Some(source), None) => Finding {
                    kind: Kind::Missing,
                    source,
                    target: next_j,
                },
                (None, Some(target)) => Finding {
                    kind: Kind::Extra,
                    source: next_i,
                    target,
                },
                (None, None) => break,
            };
            findings.push(finding);
        }
        (i, j) = (next_i + 1, next_j + 1);
    }
    findings.extend(moved.drain(..).map(|(source, target)| Finding {
        kind: Kind::Moved,
        source,
        target,
    }));
    findings.sort_by_key(|finding| (finding.source, finding.target));
    (findings, alike)
}

/// Records that are alike and in the same order on both sides, as many as there are.
fn in_common(source: &[Seen], target: &[Seen]) -> Vec<(usize, usize)> {
    let (rows, columns) = (source.len() + 1, target.len() + 1);
    // How many are in common behind both places.
    let mut lengths = vec![0u32; rows * columns];
    let length = |lengths: &[u32], i: usize, j: usize| lengths.get(i * columns + j).copied().unwrap_or(0);
    for (i, ours) in source.iter().enumerate().rev() {
        for (j, theirs) in target.iter().enumerate().rev() {
            let longest = if ours.is_same(theirs) {
                length(&lengths, i + 1, j + 1) + 1
            } else {
                length(&lengths, i + 1, j).max(length(&lengths, i, j + 1))
            };
            if let Some(cell) = lengths.get_mut(i * columns + j) {
                *cell = longest;
            }
        }
    }
    let (mut i, mut j, mut alike) = (0, 0, Vec::new());
    while let (Some(ours), Some(theirs)) = (source.get(i), target.get(j)) {
        if ours.is_same(theirs) {
            alike.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if length(&lengths, i + 1, j) >= length(&lengths, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    alike
}

/// Records that both sides have, in another order.
fn moved(source: &[Seen], target: &[Seen], alike: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let (mut ours, mut theirs): (Vec<_>, Vec<_>) =
        (source.iter().map(Some).collect(), target.iter().map(Some).collect());
    for (i, j) in alike {
        take(&mut ours, *i);
        take(&mut theirs, *j);
    }
    let mut moved = Vec::new();
    for (i, record) in ours.into_iter().enumerate() {
        let Some(record) = record else {
            continue;
        };
        let is_it = |other: &Option<&Seen>| other.is_some_and(|other| other.is_same(record));
        if let Some(j) = theirs.iter().position(is_it) {
            take(&mut theirs, j);
            moved.push((i, j));
        }
    }
    moved
}

fn take(records: &mut [Option<&Seen>], at: usize) {
    if let Some(place) = records.get_mut(at) {
        *place = None;
    }
}

fn altered(source: &[Seen], target: &[Seen], i: usize, j: usize) -> Fields {
    match (source.get(i), target.get(j)) {
        (Some(ours), Some(theirs)) => Fields::between(ours, theirs),
        _ => Fields::default(),
    }
}
