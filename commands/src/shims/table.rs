//! The scripts that there are.

use super::arguments::Grammar;
use super::failed::Failed;
use super::io::Io;
use super::options::Syntax;
use super::{
    acls, broker_api_versions, cluster_tool, configs, console_consumer, console_producer, consumer_groups,
    consumer_perf, delete_records, dump_log, features, get_offsets, groups, leader_election, log_dirs, producer_perf,
    quorum, reassign, storage, topics, transactions, verifiable_consumer, verifiable_producer, wait,
};

/// A script.
#[derive(Debug)]
pub(super) struct Shim {
    /// Its name, without `.sh`.
    pub(super) name: &'static str,
    /// What does the same among kfleet's own commands.
    pub(super) ours: &'static str,
    /// Its flags, as docs/PARITY.md has them.
    pub(super) flags: Flags,
    pub(super) run: fn(&[String], &mut Io) -> Result<(), Failed>,
}

/// The flags of a script.
#[derive(Debug)]
pub(super) enum Flags {
    /// Of the older scripts.
    Of(Syntax),
    /// Of the newer ones.
    In(Grammar),
}

impl Flags {
    /// Their names, as they are given, with the subcommand in front of those that belong to one.
    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Self::In(grammar) => grammar.names(),
            Self::Of(syntax) => syntax.all().map(|option| format!("--{}", option.name)).collect(),
        }
    }
}

pub(super) const SHIMS: &[Shim] = &[
    Shim {
        name: "kafka-acls",
        ours: "kfleet acls",
        flags: Flags::Of(acls::SYNTAX),
        run: |args, io| wait(acls::run(args, io)),
    },
    Shim {
        name: "kafka-broker-api-versions",
        ours: "kfleet cluster api-versions",
        flags: Flags::Of(broker_api_versions::SYNTAX),
        run: |args, io| wait(broker_api_versions::run(args, io)),
    },
    Shim {
        name: "kafka-cluster",
        ours: "kfleet cluster",
        flags: Flags::In(cluster_tool::GRAMMAR),
        run: |args, io| wait(cluster_tool::run(args, io)),
    },
    Shim {
        name: "kafka-configs",
        ours: "kfleet configs, kfleet quotas, kfleet users",
        flags: Flags::Of(configs::SYNTAX),
        run: |args, io| wait(configs::run(args, io)),
    },
    Shim {
        name: "kafka-console-consumer",
        ours: "kfleet consume",
        flags: Flags::Of(console_consumer::SYNTAX),
        run: |args, io| wait(console_consumer::run(args, io)),
    },
    Shim {
        name: "kafka-console-producer",
        ours: "kfleet produce",
        flags: Flags::Of(console_producer::SYNTAX),
        run: |args, io| wait(console_producer::run(args, io)),
    },
    Shim {
        name: "kafka-consumer-groups",
        ours: "kfleet groups, kfleet offsets",
        flags: Flags::Of(consumer_groups::SYNTAX),
        run: |args, io| wait(consumer_groups::run(args, io)),
    },
    Shim {
        name: "kafka-consumer-perf-test",
        ours: "kfleet bench consume",
        flags: Flags::Of(consumer_perf::SYNTAX),
        run: |args, io| wait(consumer_perf::run(args, io)),
    },
    Shim {
        name: "kafka-delete-records",
        ours: "kfleet topics records-delete",
        flags: Flags::Of(delete_records::SYNTAX),
        run: |args, io| wait(delete_records::run(args, io)),
    },
    Shim {
        name: "kafka-dump-log",
        ours: "kfleet logs dump, kfleet logs verify",
        flags: Flags::Of(dump_log::SYNTAX),
        run: dump_log::run,
    },
    Shim {
        name: "kafka-features",
        ours: "kfleet features",
        flags: Flags::In(features::GRAMMAR),
        run: |args, io| wait(features::run(args, io)),
    },
    Shim {
        name: "kafka-get-offsets",
        ours: "kfleet offsets get",
        flags: Flags::Of(get_offsets::SYNTAX),
        run: |args, io| wait(get_offsets::run(args, io)),
    },
    Shim {
        name: "kafka-groups",
        ours: "kfleet groups list",
        flags: Flags::Of(groups::SYNTAX),
        run: |args, io| wait(groups::run(args, io)),
    },
    Shim {
        name: "kafka-leader-election",
        ours: "kfleet leaders elect",
        flags: Flags::Of(leader_election::SYNTAX),
        run: |args, io| wait(leader_election::run(args, io)),
    },
    Shim {
        name: "kafka-log-dirs",
        ours: "kfleet log-dirs describe",
        flags: Flags::Of(log_dirs::SYNTAX),
        run: |args, io| wait(log_dirs::run(args, io)),
    },
    Shim {
        name: "kafka-metadata-quorum",
        ours: "kfleet quorum",
        flags: Flags::In(quorum::GRAMMAR),
        run: |args, io| wait(quorum::run(args, io)),
    },
    Shim {
        name: "kafka-producer-perf-test",
        ours: "kfleet bench produce",
        flags: Flags::In(producer_perf::GRAMMAR),
        run: |args, io| wait(producer_perf::run(args, io)),
    },
    Shim {
        name: "kafka-reassign-partitions",
        ours: "nothing yet: kfleet is to have `rebalance` and `reassign`",
        flags: Flags::Of(reassign::SYNTAX),
        run: |args, io| wait(reassign::run(args, io)),
    },
    Shim {
        name: "kafka-storage",
        ours: "kfleet storage",
        flags: Flags::In(storage::GRAMMAR),
        run: storage::run,
    },
    Shim {
        name: "kafka-topics",
        ours: "kfleet topics",
        flags: Flags::Of(topics::SYNTAX),
        run: |args, io| wait(topics::run(args, io)),
    },
    Shim {
        name: "kafka-transactions",
        ours: "kfleet transactions, kfleet producers",
        flags: Flags::In(transactions::GRAMMAR),
        run: |args, io| wait(transactions::run(args, io)),
    },
    Shim {
        name: "kafka-verifiable-consumer",
        ours: "kfleet consume",
        flags: Flags::In(verifiable_consumer::GRAMMAR),
        run: |args, io| wait(verifiable_consumer::run(args, io)),
    },
    Shim {
        name: "kafka-verifiable-producer",
        ours: "kfleet produce",
        flags: Flags::In(verifiable_producer::GRAMMAR),
        run: |args, io| wait(verifiable_producer::run(args, io)),
    },
];
