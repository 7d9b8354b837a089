//! kafka-topics

mod change;
mod describe;

use client::Client;

use super::cluster::Where;
use super::failed::{Failed, Throwable};
use super::io::Io;
use super::names::{Included, is_internal};
use super::options::{Parsed, Syntax, flag, valued};

/// Its flags.
pub(super) const SYNTAX: Syntax = Syntax {
    script: "kafka-topics",
    options: &[
        flag("alter"),
        flag("at-min-isr-partitions"),
        valued("bootstrap-server", "String"),
        valued("command-config", "String"),
        valued("config", "String"),
        flag("create"),
        flag("delete"),
        valued("delete-config", "String"),
        flag("describe"),
        flag("exclude-internal"),
        flag("if-exists"),
        flag("if-not-exists"),
        flag("list"),
        valued("partition-size-limit-per-response", "Integer"),
        valued("partitions", "Integer"),
        valued("replica-assignment", "String"),
        valued("replication-factor", "Integer"),
        valued("topic", "String"),
        valued("topic-id", "String"),
        flag("topics-with-overrides"),
        flag("unavailable-partitions"),
        flag("under-min-isr-partitions"),
        flag("under-replicated-partitions"),
    ],
};

const ACTIONS: [&str; 5] = ["create", "list", "alter", "describe", "delete"];
/// Flags of --describe that each leave only some partitions.
const REPORTS: [&str; 4] = [
    "under-replicated-partitions",
    "under-min-isr-partitions",
    "at-min-isr-partitions",
    "unavailable-partitions",
];

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    if args.is_empty() {
        return Err(SYNTAX.usage("Create, delete, describe, or change a topic."));
    }
    let parsed = SYNTAX.parse_or_help(args)?;
    check(&parsed, io)?;
    let cluster = Where::of(&parsed)?;
    let done = if parsed.has("create") {
        change::create(&parsed, &cluster, io).await
    } else if parsed.has("alter") {
        change::alter(&parsed, &cluster).await
    } else if parsed.has("delete") {
        change::delete(&parsed, &cluster).await
    } else if parsed.has("list") {
        list(&parsed, &cluster, io).await
    } else {
        describe::run(&parsed, &cluster, io).await
    };
    done.map_err(|error| {
        let mut failed = Failed::on_stdout(format!("Error while executing topic command : {}", error.message));
        failed.err = format!("ERROR {error}\n");
        failed
    })
}

fn check(parsed: &Parsed, io: &mut Io) -> Result<(), Failed> {
    if ACTIONS.iter().filter(|action| parsed.has(action)).count() != 1 {
        return Err(
            parsed.usage("Command must include exactly one action: --list, --describe, --create, --alter or --delete")
        );
    }
    if parsed.has("delete-config") {
        io.note("delete-config has no effect since Apache Kafka 4.0");
    }
    if !parsed.has("bootstrap-server") {
        return Err(Failed::on_stderr("--bootstrap-server must be specified"));
    }
    if parsed.has("describe") && parsed.has("if-exists") {
        match (parsed.has("topic"), parsed.has("topic-id")) {
            (false, false) => return Err(parsed.usage("--topic or --topic-id is required to describe a topic")),
            (true, true) => io.line(
                "Only topic id will be used when both --topic and --topic-id are specified and topicId is not Uuid.ZERO_UUID",
            ),
            _ => {}
        }
    }
    if !parsed.has("list") && !parsed.has("describe") {
        parsed.require(&["topic"])?;
    }
    if parsed.has("alter") {
        if parsed.has("config") {
            return Err(parsed.usage(
                "Option combination \"[bootstrap-server],[config]\" can't be used with option \"[alter]\" (the kafka-configs tool alters configurations)",
            ));
        }
        parsed.require(&["partitions"])?;
    }
    let beside = |allowed: &[&str]| -> Vec<&str> {
        let others = ACTIONS.iter().copied();
        others.filter(|action| !allowed.contains(action)).collect()
    };
    parsed.exclude("config", &beside(&["alter", "create"]))?;
    parsed.exclude("partitions", &beside(&["alter", "create"]))?;
    parsed.exclude("replication-factor", &beside(&["create"]))?;
    parsed.exclude("replica-assignment", &beside(&["alter", "create"]))?;
    if parsed.has("create") {
        parsed.exclude("replica-assignment", &["partitions", "replication-factor"])?;
    }
    for report in REPORTS {
        parsed.exclude(report, &beside(&["describe"]))?;
        parsed.exclude(report, &["topics-with-overrides"])?;
    }
    parsed.exclude("topics-with-overrides", &beside(&["describe"]))?;
    parsed.exclude("if-exists", &beside(&["alter", "delete", "describe"]))?;
    parsed.exclude("if-not-exists", &beside(&["create"]))?;
    parsed.exclude("exclude-internal", &beside(&["list", "describe"]))
}

/// Topics that --topic means, sorted.
async fn chosen(parsed: &Parsed, client: &Client) -> Result<Vec<String>, Throwable> {
    let metadata = client.metadata(None).await?;
    let names = metadata.topics.into_iter().filter_map(|topic| topic.name);
    let mut names: Vec<String> = names.map(|name| name.to_string()).collect();
    names.sort_unstable();
    let included = parsed.value("topic")?.map(Included::new).transpose()?;
    let without_internal = parsed.has("exclude-internal");
    names
        .retain(|name| !(without_internal && is_internal(name)) && included.as_ref().is_none_or(|list| list.has(name)));
    Ok(names)
}

/// The same; that there is none of them is a failure unless --if-exists says otherwise.
async fn existing(parsed: &Parsed, client: &Client) -> Result<Vec<String>, Throwable> {
    let found = chosen(parsed, client).await?;
    let asked = parsed.value("topic")?.filter(|asked| !asked.is_empty());
    match asked.filter(|_| found.is_empty() && !parsed.has("if-exists")) {
        Some(asked) => Err(Throwable::illegal(format!(
            "Topic '{asked}' does not exist as expected"
        ))),
        None => Ok(found),
    }
}

async fn list(parsed: &Parsed, cluster: &Where, io: &mut Io) -> Result<(), Throwable> {
    let client = cluster.connect("listTopics").await?;
    io.line(chosen(parsed, &client).await?.join("\n"));
    Ok(())
}
