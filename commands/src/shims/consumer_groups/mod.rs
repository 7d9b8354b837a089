//! kafka-consumer-groups

mod change;
mod check;
mod describe;
mod partitions;
mod reset;

use client::{Client, GroupType};
use protocol::api::messages::ListGroupsRequest;
use regex_automata::meta::Regex;

use super::cluster::Where;
use super::failed::{Failed, Throwable};
use super::io::Io;
use super::options::{Parsed, Syntax, flag, optional, valued};
use crate::storage::java_order;

/// Its flags.
pub(super) const SYNTAX: Syntax = Syntax {
    script: "kafka-consumer-groups",
    options: &[
        flag("all-groups"),
        flag("all-topics"),
        valued("bootstrap-server", "String"),
        valued("by-duration", "String"),
        valued("command-config", "String"),
        flag("delete"),
        flag("delete-offsets"),
        flag("describe"),
        flag("dry-run"),
        flag("execute"),
        flag("export"),
        valued("from-file", "String"),
        valued("group", "String"),
        flag("list"),
        flag("members"),
        flag("offsets"),
        flag("reset-offsets"),
        valued("shift-by", "Long"),
        optional("state", "String"),
        valued("timeout", "Long"),
        flag("to-current"),
        valued("to-datetime", "String"),
        flag("to-earliest"),
        flag("to-latest"),
        valued("to-offset", "Long"),
        valued("topic", "String"),
        optional("type", "String"),
        valued("validate-regex", "String"),
        flag("verbose"),
    ],
};

/// Why it stopped, and where Apache's script tells of it.
#[derive(Debug)]
enum Stopped {
    /// The command line makes no sense.
    Usage(String),
    /// Something failed; the script says so on stdout and exits with 0.
    Thrown(String),
    /// Parts failed, and all has been said.
    InPart,
}

impl From<Throwable> for Stopped {
    fn from(error: Throwable) -> Self {
        Self::Thrown(error.message)
    }
}

/// A failure that was wrapped once on its way up.
fn wrapped(error: impl Into<Throwable>) -> Stopped {
    Stopped::Thrown(error.into().to_string())
}

/// A failure that was wrapped twice.
fn wrapped_twice(error: impl Into<Throwable>) -> Stopped {
    Stopped::Thrown(format!("java.util.concurrent.ExecutionException: {}", error.into()))
}

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    if args.is_empty() {
        return Err(SYNTAX.usage("List all consumer groups, describe a consumer group, delete consumer group info, or reset consumer group offsets."));
    }
    let parsed = SYNTAX.parse(args).map_err(|wrong| SYNTAX.usage(wrong.message))?;
    if parsed.has("help") {
        return Err(parsed.usage(""));
    }
    if parsed.has("version") {
        return Err(Failed::version());
    }
    check::check(&parsed, io)?;
    if let Some(regex) = parsed
        .value("validate-regex")
        .map_err(|wrong| parsed.usage(wrong.message))?
    {
        validate(regex, io);
        return Ok(());
    }
    act(&parsed, io).await.map_err(|stopped| match stopped {
        Stopped::Usage(message) => parsed.usage(message),
        Stopped::Thrown(message) => {
            let text = format!("\nError: Executing consumer group command failed due to {message}");
            Failed::on_stdout(text).apache_exits_with_0()
        }
        Stopped::InPart => Failed::silently().apache_exits_with_0(),
    })
}

fn validate(regex: &str, io: &mut Io) {
    match Regex::new(regex) {
        Ok(_) => io.line(format!("The regular expression `{regex}` is valid.")),
        Err(error) => {
            let why = error.to_string().replace('\n', " ");
            io.line(format!("The regular expression `{regex}` is invalid: {why}."));
        }
    }
}

async fn act(parsed: &Parsed, io: &mut Io) -> Result<(), Stopped> {
    let timeout_ms = parsed.number::<i64>("timeout")?.unwrap_or(30_000);
    let servers = parsed.value("bootstrap-server")?.unwrap_or_default();
    let mut cluster = Where::new(servers, false, parsed.value("command-config")?)?;
    cluster.limit_ms(timeout_ms);
    if parsed.has("list") {
        let unreachable = |_| {
            let message = "Failed to find brokers to send ListGroups";
            wrapped_twice(Throwable::new("org.apache.kafka.common.KafkaException", message))
        };
        let client = cluster.connect("findAllBrokers").await.map_err(unreachable)?;
        return list(parsed, &client, io).await;
    }
    if parsed.has("describe") {
        let client = cluster.connect("findAllBrokers").await.map_err(wrapped)?;
        return describe::run(parsed, &client, io).await;
    }
    let client = cluster.connect("findAllBrokers").await.map_err(wrapped_twice)?;
    if parsed.has("delete") {
        change::delete(parsed, &client, io).await
    } else if parsed.has("reset-offsets") {
        reset::run(parsed, &client, io).await
    } else {
        change::delete_offsets(parsed, &client, io).await
    }
}

/// Consumer groups, in the order of the hash table that Apache's client keeps them in.
async fn listed(client: &Client) -> Result<Vec<Listed>, Throwable> {
    let mut groups = Vec::new();
    for broker in client.broker_ids() {
        let response = client.send_to(broker, &ListGroupsRequest::default()).await?;
        if response.error_code != 0 {
            return Err(Throwable::of_code(response.error_code, None));
        }
        let listed = response.groups.into_iter().map(|group| Listed {
            id: group.group_id.to_string(),
            // Brokers that do not say had only one type.
            kind: group.group_type.parse().unwrap_or(GroupType::Classic),
            protocol: group.protocol_type.to_string(),
            state: group.group_state.to_string(),
        });
        groups.extend(listed);
    }
    groups.retain(|group| matches!(group.protocol.as_str(), "" | "consumer"));
    java_order::grown(&mut groups, |group| java_order::string_hash(&group.id));
    Ok(groups)
}

/// A group as its coordinator lists it.
struct Listed {
    id: String,
    kind: GroupType,
    protocol: String,
    state: String,
}

/// Ids of the groups that --group or --all-groups means.
async fn chosen(parsed: &Parsed, client: &Client) -> Result<Vec<String>, Throwable> {
    if !parsed.has("all-groups") {
        let mut groups: Vec<String> = Vec::new();
        for group in parsed.values("group") {
            if !groups.iter().any(|known| known == group) {
                groups.push(group.to_owned());
            }
        }
        return Ok(groups);
    }
    let groups = listed(client).await?;
    let consumers = groups
        .into_iter()
        .filter(|group| matches!(group.kind, GroupType::Classic | GroupType::Consumer));
    Ok(consumers.map(|group| group.id).collect())
}

async fn list(parsed: &Parsed, client: &Client, io: &mut Io) -> Result<(), Stopped> {
    let (with_type, with_state) = (parsed.has("type"), parsed.has("state"));
    let types = check::types(parsed.value("type")?.unwrap_or_default())?;
    let states = check::states(parsed.value("state")?.unwrap_or_default())?;
    let mut groups = listed(client).await.map_err(wrapped_twice)?;
    if !with_type && !with_state {
        groups.retain(|group| matches!(group.kind, GroupType::Classic | GroupType::Consumer));
        groups.iter().for_each(|group| io.line(&group.id));
        return Ok(());
    }
    let is_state = |group: &Listed, state: &String| state.eq_ignore_ascii_case(&group.state);
    groups.retain(|group| types.is_empty() || types.contains(&group.kind));
    groups.retain(|group| states.is_empty() || states.iter().any(|state| is_state(group, state)));
    let longest = groups.iter().map(|group| group.id.chars().count()).max();
    let width = longest.unwrap_or(0).max(15) + 10;
    let mut row = |id: &str, type_name: &str, state: &str| {
        let type_name = if with_type {
            format!(" {type_name:<20}")
        } else {
            String::new()
        };
        let state = if with_state {
            format!(" {state:<20}")
        } else {
            String::new()
        };
        io.line(format!("{id:<width$}{type_name}{state}"));
    };
    row("GROUP", "TYPE", "STATE");
    for group in &groups {
        row(&group.id, type_name(group.kind), &group.state);
    }
    Ok(())
}

fn type_name(kind: GroupType) -> &'static str {
    match kind {
        GroupType::Classic => "Classic",
        GroupType::Consumer => "Consumer",
        GroupType::Share => "Share",
        GroupType::Streams => "Streams",
    }
}
