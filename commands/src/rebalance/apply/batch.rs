//! What is begun next: nothing that costs space or throttle that is not there, a little at first, the largest first then.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use client::PartitionKey;

use super::state::{Part, State, Status};
use super::view::View;

/// Partitions without data to be copied that are under way at a time.
const FREE_MAX: usize = 500;
/// The first to be copied has at most this part of all bytes.
const CANARY_PARTS: u64 = 100;

/// What brokers have to do at a time.
#[derive(Debug, Default)]
struct Load {
    receiving: u32,
    sending: u32,
    bytes: u64,
    /// What is still to come.
    to_come_bytes: u64,
    write_bytes_per_s: u64,
}

/// Why a partition is not begun now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Short {
    /// Others have to be done first.
    Busy,
    /// A broker has not enough room.
    Room {
        /// The broker.
        broker: i32,
        /// Bytes that it lacks.
        lacking_bytes: u64,
    },
}

/// What may be begun, and if that is nothing, why.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) keys: Vec<PartitionKey>,
    pub(crate) short: Option<Short>,
}

/// Chooses.
pub(crate) fn choose(state: &State, view: &View, window: u32) -> Chosen {
    let mut loads = Loads::new(state, view, window);
    let mut chosen = Chosen::default();
    let (free, copied): (Vec<_>, Vec<_>) = state.eligible().partition(|(_, part)| part.job.is_free(part.heading));
    let free_active = state
        .active()
        .filter(|(_, part)| part.job.is_free(part.heading))
        .count();
    let room = FREE_MAX.saturating_sub(free_active);
    chosen
        .keys
        .extend(free.into_iter().take(room).map(|(key, _)| key.clone()));
    if !chosen.keys.is_empty() || free_active > 0 {
        // Orders and leaders first: they cost nothing.
        return chosen;
    }
    let in_order = if is_measured(state) {
        ordered(copied, view, state)
    } else if loads.count > 0 {
        Vec::new()
    } else {
        canary(&copied).into_iter().collect()
    };
    for (key, part) in in_order {
        match loads.refusal(key, part) {
            Some(short) => {
                chosen.short.get_or_insert(short);
            }
            None => {
                loads.add(key, part);
                chosen.keys.push(key.clone());
            }
        }
        if loads.count >= state.options.moves_max {
            break;
        }
    }
    chosen
}

/// Whether something has been copied already.
fn is_measured(state: &State) -> bool {
    let is_copied = |part: &Part| part.status == Status::Settled && !part.job.is_free(part.heading);
    state.parts.values().any(is_copied)
}

/// The largest that is small, or else the smallest.
fn canary<'a>(copied: &[(&'a PartitionKey, &'a Part)]) -> Option<(&'a PartitionKey, &'a Part)> {
    let all_bytes: u64 = copied.iter().map(|(_, part)| part.job.moved_bytes(part.heading)).sum();
    let bytes = |part: &Part| part.job.moved_bytes(part.heading);
    let small = copied
        .iter()
        .filter(|(_, part)| bytes(part) <= all_bytes / CANARY_PARTS);
    let largest = small.max_by_key(|(key, part)| (bytes(part), Reverse(*key)));
    let found = largest.or_else(|| copied.iter().min_by_key(|(key, part)| (bytes(part), *key)));
    found.copied()
}

/// Those at risk first, then those that leave full disks, then by size.
fn ordered<'a>(
    mut copied: Vec<(&'a PartitionKey, &'a Part)>,
    view: &View,
    state: &State,
) -> Vec<(&'a PartitionKey, &'a Part)> {
    copied.sort_by_cached_key(|(key, part)| {
        let seen = view.partitions.get(*key);
        let is_at_risk = seen.is_some_and(|seen| seen.leader.is_none() || seen.isr.len() < seen.replicas.len());
        let leaving = part.origin().iter().filter(|id| !part.goal().contains(id));
        let relieves = leaving.copied().any(|id| is_too_full(view, state, id));
        (!is_at_risk, !relieves, Reverse(part.job.size_bytes), (*key).clone())
    });
    copied
}

/// Bytes of a broker that may be written to before its limit; none if it does not tell.
fn room_bytes(view: &View, state: &State, broker: i32) -> Option<u64> {
    let disk = view.disks.get(&broker)?;
    let (total, usable) = (disk.total_bytes?, disk.usable_bytes?);
    let percent = u64::from(100u8.saturating_sub(state.options.disk_limit_percent));
    Some(usable.saturating_sub(total.saturating_mul(percent) / 100))
}

fn is_too_full(view: &View, state: &State, broker: i32) -> bool {
    room_bytes(view, state, broker) == Some(0)
}

struct Loads<'a> {
    state: &'a State,
    view: &'a View,
    window: u32,
    count: u32,
    loads: BTreeMap<i32, Load>,
}

impl<'a> Loads<'a> {
    fn new(state: &'a State, view: &'a View, window: u32) -> Self {
        let mut loads = Self {
            state,
            view,
            window,
            count: 0,
            loads: BTreeMap::new(),
        };
        for (key, part) in state.active().filter(|(_, part)| !part.job.is_free(part.heading)) {
            loads.add(key, part);
        }
        loads
    }

    fn add(&mut self, key: &PartitionKey, part: &Part) {
        self.count += 1;
        let adding: Vec<i32> = part.adding().collect();
        for broker in &adding {
            let there = self.view.size_bytes(*broker, key);
            let load = self.loads.entry(*broker).or_default();
            load.receiving += 1;
            load.bytes = load.bytes.saturating_add(part.job.size_bytes);
            let to_come = part.job.size_bytes.saturating_sub(there);
            load.to_come_bytes = load.to_come_bytes.saturating_add(to_come);
            load.write_bytes_per_s = load.write_bytes_per_s.saturating_add(part.job.write_bytes_per_s);
        }
        if let Some(leader) = self.leader(key, part) {
            self.loads.entry(leader).or_default().sending += adding.len() as u32;
        }
    }

    fn leader(&self, key: &PartitionKey, part: &Part) -> Option<i32> {
        let seen = self.view.partitions.get(key).and_then(|seen| seen.leader);
        seen.or_else(|| part.origin().first().copied())
    }

    /// Why it cannot be begun beside what is under way.
    fn refusal(&self, key: &PartitionKey, part: &Part) -> Option<Short> {
        let none = Load::default();
        let load = |broker: i32| self.loads.get(&broker).unwrap_or(&none);
        for broker in part.adding() {
            let now = load(broker);
            let needed = now.to_come_bytes.saturating_add(part.job.size_bytes);
            let room = room_bytes(self.view, self.state, broker);
            if let Some(lacking_bytes) = room
                .and_then(|room| needed.checked_sub(room))
                .filter(|lacking| *lacking > 0)
            {
                return Some(Short::Room { broker, lacking_bytes });
            }
            if now.receiving > 0 && (now.receiving >= self.window || !self.is_in_time(now, part)) {
                return Some(Short::Busy);
            }
        }
        let adding = part.adding().count() as u32;
        let sender = self.leader(key, part).map(load);
        sender
            .is_some_and(|sender| sender.sending > 0 && sender.sending + adding > self.window)
            .then_some(Short::Busy)
    }

    /// Whether a broker that receives something already gets this besides in the time of a batch, while producers go on.
    fn is_in_time(&self, load: &Load, part: &Part) -> bool {
        let Some(throttle) = self.state.options.throttle_bytes_per_s else {
            return true;
        };
        let written = load.write_bytes_per_s.saturating_add(part.job.write_bytes_per_s);
        let left = throttle.saturating_sub(written.saturating_add(written / 4));
        let bytes = load.bytes.saturating_add(part.job.size_bytes);
        left > 0 && bytes <= left.saturating_mul(self.state.options.batch_ms) / 1000
    }
}
