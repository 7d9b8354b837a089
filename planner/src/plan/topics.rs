//! How many replicas of a topic each broker has, for topics large enough for their cap to matter.

use crate::dense::{BrokerIx, Key, SlotIx, Table, TopicIx};
use crate::request::Problem;

#[derive(Debug, Clone)]
pub(crate) struct TopicCounts {
    /// The cap, and where the topic's row begins; `None` for a topic that cannot exceed it.
    rows: Table<TopicIx, Option<(u32, u32)>>,
    /// By row and broker.
    counts: Table<SlotIx, u32>,
    /// What they were at first.
    before: Table<SlotIx, u32>,
}

impl TopicCounts {
    pub(crate) fn new(problem: &Problem<'_>) -> Self {
        let brokers = problem.roles.len();
        let mut length = 0;
        let row = |(at, topic): (TopicIx, &crate::model::Topic)| {
            let cap = problem.topic_caps[at];
            // A broker has at most one replica of each partition.
            let binds = topic.partitions().len() > cap as usize;
            binds.then(|| {
                length += brokers;
                (cap, (length - brokers) as u32)
            })
        };
        let rows = problem.cluster.topics().iter().map(row).collect();
        Self {
            rows,
            counts: Table::filled(length, 0),
            before: Table::new(),
        }
    }

    pub(crate) fn add(&mut self, topic: TopicIx, broker: BrokerIx, sign: i64) {
        if let Some((_, row)) = self.rows[topic] {
            let count = &mut self.counts[SlotIx::from_index(row as usize + broker.index())];
            *count = count.wrapping_add_signed(sign as i32);
        }
    }

    /// Remembers what everybody has.
    pub(crate) fn start(&mut self) {
        self.before = self.counts.clone();
    }

    /// Whether a broker may have one more; who had more than the cap may have that many back.
    pub(crate) fn has_room(&self, topic: TopicIx, broker: BrokerIx, comes_back: bool) -> bool {
        let Some((cap, row)) = self.rows[topic] else {
            return true;
        };
        let place = SlotIx::from_index(row as usize + broker.index());
        let before = self.before.lookup(place).copied().unwrap_or_default();
        self.counts[place] < if comes_back { cap.max(before) } else { cap }
    }
}
