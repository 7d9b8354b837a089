//! A plan as people read it.

use std::collections::BTreeMap;

use planner::counted::counted;

use super::file::{ANY_LOG_DIR, Move, PlanFile, PlanSummary, WindowRow};
use crate::output::Table;
use crate::size::units::{bytes, count};

/// Moves that are shown; there may be many thousands.
pub(super) const MOVES_MAX: usize = 10;

/// The whole screen.
pub(super) fn text(file: &PlanFile, moves_max: usize) -> String {
    let of = &file.summary;
    let mut lines = vec![
        format!(
            "{}, {}, {}, {}",
            counted(of.brokers, "broker"),
            counted(of.partitions, "partition"),
            counted(of.replicas, "replica"),
            bytes(of.size_bytes)
        ),
        format!("now: {}", now(of)),
        String::new(),
        windows(&of.windows).plain(),
        String::new(),
    ];
    if file.moves.is_empty() {
        lines.push("nothing to move".to_owned());
        return lines.join("\n") + "\n";
    }
    if of.moved_within_bytes > 0 {
        let (moved, bound) = (bytes(of.moved_within_bytes), bytes(of.bound_within_bytes));
        lines.push(format!(
            "moved between log directories: {moved}; no plan moves less than {bound}"
        ));
    } else {
        lines.push(format!("moved bytes: {}", moved(of)));
    }
    lines.push(format!(
        "replica moves: {}, partitions: {}, leader changes: {}",
        count(of.replica_moves),
        count(file.moves.len() as u64),
        count(of.leader_changes)
    ));
    if let Some(rate) = file.request.rate_bytes_per_s.filter(|_| of.moved_bytes > 0) {
        let seconds = least_seconds(file, rate);
        lines.push(format!(
            "time: not below {} at {}/s a broker",
            time(seconds),
            bytes(rate)
        ));
    }
    lines.extend(fullest(file));
    lines.push(format!("after: {}", after(of)));
    lines.push(String::new());
    lines.push(moves(&file.moves, moves_max).plain());
    if file.moves.len() > moves_max {
        let more = count((file.moves.len() - moves_max) as u64);
        lines.push(format!("and {more} more, smaller ones"));
    }
    lines.join("\n") + "\n"
}

/// "1.2 GB, not below 1.19 GB (0.8 % above)".
fn moved(of: &PlanSummary) -> String {
    let bound = match of.gap {
        Some(gap) if gap <= 0.0 => "no plan moves less".to_owned(),
        Some(gap) => format!(
            "no plan moves less than {} (gap {:.1} %)",
            bytes(of.bound_bytes),
            gap * 100.0
        ),
        None => "no more than nothing is proven to be needed".to_owned(),
    };
    format!("{}; {bound}", bytes(of.moved_bytes))
}

fn outside(windows: &[WindowRow], brokers: impl Fn(&WindowRow) -> u64) -> Vec<String> {
    let outside = windows.iter().filter(|row| brokers(row) > 0);
    outside
        .map(|row| match row.resource.as_str() {
            "log-dirs" => counted(brokers(row), "log directory"),
            resource => format!("{resource} of {}", counted(brokers(row) as usize, "broker")),
        })
        .collect()
}

fn rack_faults(faults: u64) -> Option<String> {
    let partitions = counted(usize::try_from(faults).unwrap_or(usize::MAX), "partition");
    (faults > 0).then(|| format!("{partitions} with too many replicas in a rack"))
}

fn has_windows(of: &PlanSummary) -> bool {
    of.windows.iter().any(|row| row.tolerance.is_some())
}

fn now(of: &PlanSummary) -> String {
    let mut wrong = outside(&of.windows, |row| row.outside_before);
    if !wrong.is_empty() {
        wrong = vec![format!("outside of the window: {}", wrong.join(", "))];
    }
    wrong.extend(rack_faults(of.rack_faults_before));
    if wrong.is_empty() && has_windows(of) {
        "every load is in its window, and racks are as they should be".to_owned()
    } else if wrong.is_empty() {
        "racks are as they should be, and no windows were asked for".to_owned()
    } else {
        wrong.join("; ")
    }
}

fn after(of: &PlanSummary) -> String {
    let mut wrong = outside(&of.windows, |row| row.outside_after);
    if !wrong.is_empty() {
        wrong = vec![format!("still outside of the window: {}", wrong.join(", "))];
    }
    wrong.extend(rack_faults(of.rack_faults_after));
    if wrong.is_empty() && has_windows(of) {
        "all windows met".to_owned()
    } else if wrong.is_empty() {
        "all that was asked for".to_owned()
    } else {
        wrong.join("; ")
    }
}

fn windows(rows: &[WindowRow]) -> Table {
    let row = |row: &WindowRow| {
        let amount = |load: i64| match row.resource.as_str() {
            "replicas" | "leaders" => load.to_string(),
            "disk" | "log-dirs" => bytes(load.max(0) as u64),
            _ => format!("{}/s", bytes(load.max(0) as u64)),
        };
        let window = row
            .tolerance
            .map_or_else(|| "-".to_owned(), |share| format!("±{}%", percent(share)));
        vec![
            row.resource.clone(),
            window,
            amount(row.average.round() as i64),
            amount(row.least_before),
            amount(row.most_before),
            row.outside_before.to_string(),
            amount(row.least_after),
            amount(row.most_after),
            row.outside_after.to_string(),
        ]
    };
    Table {
        headers: vec![
            "RESOURCE",
            "WINDOW",
            "AVERAGE",
            "LEAST",
            "MOST",
            "OUTSIDE",
            "LEAST AFTER",
            "MOST AFTER",
            "OUTSIDE AFTER",
        ],
        rows: rows.iter().map(row).collect(),
    }
}

/// 9, 2.5: as few digits as say it.
pub(super) fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The fullest disk of those whose size is known.
fn fullest(file: &PlanFile) -> Option<String> {
    let share = |used: u64, all: Option<u64>| Some(used as f64 / all.filter(|all| *all > 0)? as f64);
    let known = file.brokers.iter().filter_map(|broker| {
        let after = share(broker.disk_after_bytes, broker.disk_bytes)?;
        Some((broker, share(broker.disk_before_bytes, broker.disk_bytes)?, after))
    });
    let (broker, before, after) = known.max_by(|(_, _, a), (_, _, b)| a.total_cmp(b))?;
    Some(format!(
        "fullest disk of those that change: broker {} at {} % (before: {} %)",
        broker.id,
        percent(after),
        percent(before)
    ))
}

/// The largest moves first.
fn moves(moves: &[Move], most: usize) -> Table {
    let list = |brokers: &[i32]| brokers.iter().map(i32::to_string).collect::<Vec<_>>().join(",");
    let has_dirs = moves.iter().any(|one| one.log_dirs.is_some());
    let into_dirs = |one: &Move| {
        let dirs = one.log_dirs.iter().flatten();
        dirs.filter(|dir| *dir != ANY_LOG_DIR).count()
    };
    let copied = |one: &Move| {
        one.size_bytes
            .saturating_mul((one.adding().count() + into_dirs(one)) as u64)
    };
    let mut largest: Vec<&Move> = moves.iter().collect();
    largest.sort_by_key(|one| std::cmp::Reverse(copied(one)));
    let row = |one: &&Move| {
        let mut cells = vec![
            one.topic.clone(),
            one.partition.to_string(),
            list(&one.replicas_from),
            list(&one.replicas_to),
            bytes(copied(one)),
        ];
        let dirs = one.log_dirs.as_ref().map(|dirs| dirs.join(","));
        cells.extend(has_dirs.then(|| dirs.unwrap_or_default()));
        cells
    };
    let mut headers = vec!["TOPIC", "PARTITION", "FROM", "TO", "COPIED"];
    headers.extend(has_dirs.then_some("LOG DIRS"));
    Table {
        headers,
        rows: largest.iter().take(most).map(row).collect(),
    }
}

/// The least time in which this can be copied if no broker takes in or gives out more than `rate` bytes a second.
/// Leaders give out what others take in.
pub(super) fn least_seconds(file: &PlanFile, rate: u64) -> u64 {
    let mut through: BTreeMap<(i32, bool), u64> = BTreeMap::new();
    for (one, before) in file.moves.iter().zip(&file.partitions) {
        let source = before.leader.or_else(|| one.replicas_from.first().copied());
        for broker in one.adding() {
            for end in [Some((broker, true)), source.map(|source| (source, false))]
                .into_iter()
                .flatten()
            {
                let sum = through.entry(end).or_default();
                *sum = sum.saturating_add(one.size_bytes);
            }
        }
    }
    through.values().max().map_or(0, |most| most.div_ceil(rate.max(1)))
}

/// 3 h 10 m.
pub(super) fn time(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} m {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} m", count(seconds / 3600), seconds % 3600 / 60),
    }
}
