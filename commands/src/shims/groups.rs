//! kafka-groups

use client::GroupType;
use protocol::api::messages::ListGroupsRequest;

use super::cluster::Where;
use super::failed::{Failed, Throwable};
use super::io::Io;
use super::options::{Parsed, Syntax, flag, valued};
use crate::storage::java_order;

/// Its flags.
pub(super) const SYNTAX: Syntax = Syntax {
    script: "kafka-groups",
    options: &[
        valued("bootstrap-server", "String"),
        valued("command-config", "String"),
        flag("consumer"),
        valued("group-type", "String"),
        flag("list"),
        valued("protocol", "String"),
        flag("share"),
        flag("streams"),
    ],
};

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    let parsed = SYNTAX.parse(args).map_err(|wrong| SYNTAX.usage(wrong.message))?;
    if parsed.has("help") {
        return Err(parsed.usage(""));
    }
    if parsed.has("version") {
        return Err(Failed::version());
    }
    parsed.require(&["bootstrap-server"])?;
    if !parsed.has("list") {
        return Err(parsed.usage("Command must include exactly one action: --list"));
    }
    let filters = ["consumer", "share", "streams"];
    for filter in filters {
        let others: Vec<&str> = filters
            .into_iter()
            .chain(["group-type", "protocol"])
            .filter(|other| *other != filter)
            .collect();
        parsed.exclude(filter, &others)?;
    }
    let kind = parsed
        .value("group-type")
        .map_err(|wrong| parsed.usage(wrong.message))?;
    let Ok(kind) = kind.map(str::parse::<GroupType>).transpose() else {
        return Err(parsed.usage("--group-type must be a valid group type."));
    };
    let cluster = Where::of(&parsed)?;
    list(&parsed, kind, &cluster, io).await.map_err(|error| {
        let mut failed = Failed::on_stdout(format!("Error while executing groups command : {}", error.message));
        failed.err = format!("ERROR {error}\n");
        failed
    })
}

async fn list(parsed: &Parsed, kind: Option<GroupType>, cluster: &Where, io: &mut Io) -> Result<(), Throwable> {
    let protocol = parsed.value("protocol")?;
    let client = cluster.connect("findAllBrokers").await.map_err(|_| {
        let message = "Failed to find brokers to send ListGroups";
        Throwable::new("org.apache.kafka.common.KafkaException", message)
    })?;
    let mut groups = Vec::new();
    for broker in client.broker_ids() {
        let response = client.send_to(broker, &ListGroupsRequest::default()).await?;
        if response.error_code != 0 {
            return Err(Throwable::of_code(response.error_code, None));
        }
        groups.extend(response.groups);
    }
    java_order::grown(&mut groups, |group| java_order::string_hash(&group.group_id));
    let mut rows = Vec::new();
    for group in groups {
        let of = group.group_type.parse::<GroupType>().ok();
        let is_meant = match kind {
            Some(kind) => of == Some(kind) && protocol.is_none_or(|protocol| *group.protocol_type == *protocol),
            None if protocol.is_some() => protocol == Some(&*group.protocol_type),
            None if parsed.has("consumer") => {
                matches!(&*group.protocol_type, "consumer" | "") || of == Some(GroupType::Consumer)
            }
            None if parsed.has("share") => of == Some(GroupType::Share),
            None if parsed.has("streams") => of == Some(GroupType::Streams),
            None => true,
        };
        if is_meant {
            rows.push([
                group.group_id.to_string(),
                capital(&group.group_type),
                group.protocol_type.to_string(),
            ]);
        }
    }
    let longest = rows.iter().flatten().map(|cell| cell.chars().count()).max();
    let width = longest.unwrap_or(0).max(20);
    io.line(format!("{:<width$} {:<width$} {:<width$}", "GROUP", "TYPE", "PROTOCOL"));
    for [group, kind, protocol] in rows {
        io.line(format!("{group:<width$} {kind:<width$} {protocol:<width$} "));
    }
    Ok(())
}

/// Kafka's word for a type, as it is shown.
fn capital(kind: &str) -> String {
    let mut letters = kind.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
