//! Who leads while brokers are away, and what that costs those that stay.
//!
//! A broker that shuts down is out of the ISR and never elected; the controller takes the first replica of the
//! assignment that is in the ISR and active (KRaft's `PartitionChangeBuilder`). Without other changes that is exact.

use planner::dense::{BrokerIx, PartitionIx, Resource, Table};
use planner::model::Cluster;

use crate::held::Held;

/// Bytes a second that each broker's leaders give out.
pub(crate) type Out = Table<BrokerIx, i64>;

/// What a leader of this partition gives out.
fn out_of(cluster: &Cluster, partition: PartitionIx) -> i64 {
    let of = &cluster.partitions()[partition];
    of.load(of.replication_factor())[Resource::BytesOut]
}

/// What each broker gives out now.
pub(crate) fn out_now(cluster: &Cluster) -> Out {
    let mut out = Table::filled(cluster.brokers().len(), 0);
    for partition in cluster.partitions().keys() {
        if let Some(leader) = cluster.leader(partition) {
            out[leader] += out_of(cluster, partition);
        }
    }
    out
}

/// Who leads a partition when some brokers are away.
pub(crate) fn leader_without(
    cluster: &Cluster,
    partition: PartitionIx,
    is_away: &Table<BrokerIx, bool>,
) -> Option<BrokerIx> {
    let leader = cluster.leader(partition).filter(|leader| !is_away[*leader]);
    leader.or_else(|| cluster.in_sync(partition).find(|broker| !is_away[*broker]))
}

/// Brokers that are away together, and where their leaders are meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct Away<'a> {
    cluster: &'a Cluster,
    held: &'a Held,
    is_away: Table<BrokerIx, bool>,
    pub(crate) out: Out,
    pub(crate) leaders_moved: usize,
}

impl<'a> Away<'a> {
    /// Nobody is away.
    pub(crate) fn nobody(cluster: &'a Cluster, held: &'a Held, out_now: &Out) -> Self {
        Self {
            cluster,
            held,
            is_away: Table::filled(cluster.brokers().len(), false),
            out: out_now.clone(),
            leaders_moved: 0,
        }
    }

    /// One goes, too; those that lead more then.
    pub(crate) fn goes(&mut self, broker: BrokerIx) -> Vec<BrokerIx> {
        let mut gaining = Vec::new();
        for seat in &self.held[broker] {
            let at = seat.partition;
            if leader_without(self.cluster, at, &self.is_away) != Some(broker) {
                continue;
            }
            self.is_away[broker] = true;
            let next = leader_without(self.cluster, at, &self.is_away);
            self.is_away[broker] = false;
            let out = out_of(self.cluster, at);
            self.out[broker] -= out;
            if let Some(next) = next {
                self.out[next] += out;
                self.leaders_moved += usize::from(self.cluster.leader(at) == Some(broker));
                gaining.push(next);
            }
        }
        self.is_away[broker] = true;
        gaining.sort_unstable();
        gaining.dedup();
        gaining
    }

    /// Who is left and gives out the most.
    pub(crate) fn busiest(&self) -> Option<(BrokerIx, i64)> {
        let left = self.out.iter().filter(|(broker, _)| !self.is_away[*broker]);
        left.map(|(broker, out)| (broker, *out))
            .reduce(|most, other| if other.1 > most.1 { other } else { most })
    }
}
