//! The names of Yelp's kafka-utils: each tells what does the same here, and does nothing.

use super::failed::Failed;
use super::io::Io;

/// A command of kafka-utils, and what does the same.
type Equivalent = (&'static str, &'static str);

const CHECK: [Equivalent; 6] = [
    ("kafka-check min_isr", "kfleet check min-isr"),
    ("kafka-check offline", "kfleet check offline"),
    ("kafka-check replica_unavailability", "kfleet check replica-unavailable"),
    ("kafka-check replication_factor", "kfleet check replication-factor"),
    ("--controller-only", "kfleet check NAME --controller-only"),
    ("--first-broker-only", "kfleet check NAME --first-broker-only"),
];

const CONSUMER_MANAGER: [Equivalent; 11] = [
    ("kafka-consumer-manager list_groups", "kfleet groups list"),
    (
        "kafka-consumer-manager list_topics GROUP",
        "kfleet groups describe GROUP",
    ),
    (
        "kafka-consumer-manager offset_get GROUP",
        "kfleet groups describe GROUP",
    ),
    (
        "kafka-consumer-manager offset_set GROUP TOPIC.PARTITION=OFFSET",
        "kfleet offsets set GROUP TOPIC:PARTITION=OFFSET",
    ),
    (
        "kafka-consumer-manager offset_advance GROUP",
        "kfleet offsets reset GROUP --to-latest",
    ),
    (
        "kafka-consumer-manager offset_rewind GROUP",
        "kfleet offsets reset GROUP --to-earliest",
    ),
    (
        "kafka-consumer-manager offset_save GROUP FILE",
        "kfleet offsets save GROUP",
    ),
    (
        "kafka-consumer-manager offset_restore FILE",
        "kfleet offsets restore FILE",
    ),
    (
        "kafka-consumer-manager copy_group FROM TO",
        "kfleet offsets copy FROM TO",
    ),
    (
        "kafka-consumer-manager rename_group FROM TO",
        "kfleet offsets copy FROM TO --delete-source",
    ),
    (
        "kafka-consumer-manager delete_group GROUP",
        "kfleet groups delete GROUP",
    ),
];

const CLUSTER_MANAGER: [Equivalent; 1] = [("kafka-cluster-manager", "nothing yet: kfleet is to have `rebalance`")];

const ROLLING_RESTART: [Equivalent; 1] = [("kafka-rolling-restart", "nothing yet: kfleet is to have `roll`")];

const CORRUPTION_CHECK: [Equivalent; 1] = [(
    "kafka-corruption-check",
    "kfleet logs verify DIR, which exits with 2 if anything is wrong",
)];

/// What a name of kafka-utils stands for.
pub(super) fn equivalents(name: &str) -> Option<&'static [Equivalent]> {
    match name {
        "kafka-check" => Some(&CHECK),
        "kafka-consumer-manager" => Some(&CONSUMER_MANAGER),
        "kafka-cluster-manager" => Some(&CLUSTER_MANAGER),
        "kafka-rolling-restart" => Some(&ROLLING_RESTART),
        "kafka-corruption-check" => Some(&CORRUPTION_CHECK),
        _ => None,
    }
}

/// Tells what does the same.
pub(super) fn tell(name: &str, equivalents: &[Equivalent], io: &mut Io) -> Result<(), Failed> {
    let width = equivalents.iter().map(|(theirs, _)| theirs.len()).max().unwrap_or(0);
    for (theirs, ours) in equivalents {
        io.line(format!("{theirs:<width$}  {ours}"));
    }
    Err(Failed::on_stderr(format!(
        "kfleet does not take the flags of kafka-utils; nothing was done as {name}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command that is renamed must not live on here.
    #[test]
    fn what_does_the_same_exists() {
        let definition = crate::definition();
        let mut count = 0;
        for name in ["kafka-check", "kafka-consumer-manager", "kafka-corruption-check"] {
            for (_, ours) in equivalents(name).unwrap() {
                let mut command = &definition;
                for word in ours.split_whitespace().skip(1) {
                    let Some(inner) = command.find_subcommand(word) else {
                        break;
                    };
                    command = inner;
                }
                assert!(
                    command.get_subcommands().next().is_none() && command.get_name() != "kfleet",
                    "{ours}"
                );
                count += 1;
            }
        }
        assert!(count > 10);
        assert!(equivalents("kafka-topics").is_none());
    }
}
