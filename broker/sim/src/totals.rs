//! How much happened in runs.

use std::fmt;

macro_rules! totals {
    ($($name:ident: $what:literal,)*) => {
        /// How often what happened.
        #[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
        pub struct Totals {
            $(#[doc = $what] pub $name: u64,)*
        }

        impl Totals {
            /// Adds those of another run.
            pub fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
            }

            /// Each with its name.
            pub fn each(&self) -> Vec<(&'static str, u64)> {
                vec![$(($what, self.$name),)*]
            }
        }
    };
}

totals! {
    runs: "runs",
    simulated_seconds: "simulated seconds",
    frames: "frames",
    batches: "batches sent",
    acknowledged: "records acknowledged",
    read: "records read",
    offsets_committed: "offsets committed",
    offsets_fetched: "offsets fetched",
    admin_requests: "requests of the admin",
    retransmitted: "frames retransmitted",
    late: "frames late",
    connections_broken: "connections broken",
    answers_lost: "answers lost",
    ends_unseen: "ends of connections unseen",
    cuts_one_way: "networks cut one way",
    cuts: "networks cut",
    kills: "kills",
    kills_of_new_leaders: "kills of new leaders",
    kills_of_voters: "kills of voters that just granted",
    kills_of_controllers: "kills of new active controllers",
    kills_of_changing_leaders: "kills of active controllers that change the voters",
    overtaken: "power cuts of active controllers while another has what they have not synced",
    bridges: "restarts of voters between two that do not reach each other",
    proposals_held: "ISR proposals held back until they were out of date",
    fetches_held: "fetches held back until their leader led again",
    leaders_isolated: "leaders isolated with appends on their way",
    power_cuts: "power cuts",
    clean_stops: "clean stops",
    pauses: "pauses",
    clock_jumps: "clock jumps",
    syncs_failed: "disks that failed a sync",
    disks_full: "disks full",
    dirs_offline: "log directories offline",
    nodes_given_up: "nodes that gave up",
    starts: "starts",
    members_refused: "requests to members of the quorum refused",
    active_controllers: "active controllers",
    early_elections: "active controllers within half a fetch timeout after the end of the one before",
    leader_changes: "leader changes",
    isr_shrinks: "ISR shrinks",
    isr_expands: "ISR expansions",
    elr_members: "ELR entries",
    fences: "brokers fenced",
    fast_fences: "brokers fenced fast",
    restarts_at_once: "brokers registered again before they were fenced",
    metadata_truncations: "metadata truncations",
    truncations: "partition truncations",
    snapshots: "metadata snapshots",
    snapshot_loads: "metadata snapshots loaded",
    coordinator_changes: "coordinator changes",
    membership_changes: "membership changes",
    voters_added: "voters added",
    voters_removed: "voters removed",
    voters_updated: "voters that are reached elsewhere",
    quorums_raised: "quorums made dynamic",
    dirs_reformatted: "metadata directories formatted anew",
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in self.each() {
            writeln!(f, "{count:>12} {name}")?;
        }
        Ok(())
    }
}
