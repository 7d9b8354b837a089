//! --delete, --delete-offsets

use std::collections::{BTreeMap, BTreeSet};

use client::{Client, ClientError, PartitionKey};
use protocol::api::messages::DeleteGroupsRequest;
use protocol::api::{ErrorCode, GroupId, StrBytes};

use super::{Stopped, chosen, partitions, wrapped_twice};
use crate::shims::failed::Throwable;
use crate::shims::io::Io;
use crate::shims::options::Parsed;
use crate::storage::java_order;

pub(super) async fn delete(parsed: &Parsed, client: &Client, io: &mut Io) -> Result<(), Stopped> {
    let mut groups = chosen(parsed, client).await.map_err(wrapped_twice)?;
    java_order::grown(&mut groups, |group| java_order::string_hash(group));
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for group in &groups {
        match delete_group(client, group).await {
            Ok(()) => done.push(format!("'{group}'")),
            Err(error) => failed.push((group, error)),
        }
    }
    let done = done.join(", ");
    if failed.is_empty() {
        io.line(format!(
            "Deletion of requested consumer groups ({done}) was successful."
        ));
        return Ok(());
    }
    io.line("\nError: Deletion of some consumer groups failed:");
    for (group, error) in failed {
        io.line(format!("* Group '{group}' could not be deleted due to: {error}"));
    }
    if !done.is_empty() {
        io.line(format!("\nThese consumer groups were deleted successfully: {done}"));
    }
    Err(Stopped::InPart)
}

/// Deletes a group; that it is not there is a failure.
async fn delete_group(client: &Client, group: &str) -> Result<(), Throwable> {
    let request =
        DeleteGroupsRequest::default().with_groups_names(vec![GroupId(StrBytes::from_string(group.to_owned()))]);
    // Who coordinates it may have changed since that was found out.
    for is_last in [false, true] {
        let coordinator = client.coordinator(group).await?;
        let response = client.send_to(coordinator, &request).await?;
        let code = response.results.first().map_or(0, |result| result.error_code);
        match ClientError::rejected("", code, None) {
            _ if code == 0 => return Ok(()),
            error if error.is_retriable() && !is_last => {}
            error => return Err(error.into()),
        }
    }
    Ok(())
}

pub(super) async fn delete_offsets(parsed: &Parsed, client: &Client, io: &mut Io) -> Result<(), Stopped> {
    let group = parsed.value("group")?.unwrap_or_default();
    let mut results: BTreeMap<PartitionKey, Option<String>> = BTreeMap::new();
    let mut keys: BTreeSet<PartitionKey> = BTreeSet::new();
    for topic in parsed.values("topic") {
        if topic.contains(':') {
            keys.extend(partitions::named(topic)?);
            continue;
        }
        match partitions::of_topic(client, topic).await {
            Ok(found) => keys.extend(found),
            Err(error) => drop(results.insert((topic.to_owned(), -1), Some(error.to_string()))),
        }
    }
    let mut top: Option<Throwable> = None;
    match client.delete_offsets(group, &keys).await {
        Ok(answers) => {
            for (key, answer) in answers {
                let error = answer.err().map(Throwable::from);
                top = top.or_else(|| error.clone());
                results.insert(key, error.map(|error| error.to_string()));
            }
        }
        Err(error) => {
            let error = Throwable::from(error);
            results.extend(keys.into_iter().map(|key| (key, Some(error.to_string()))));
            top = Some(error);
        }
    }
    match &top {
        None => io.line(format!("Request succeeded for deleting offsets from group {group}.")),
        Some(error) => io.line(format!("\nError: {}", headline(error))),
    }
    print(&results, io);
    if results.values().all(Option::is_none) {
        Ok(())
    } else {
        Err(Stopped::InPart)
    }
}

/// What is said of the first failure before the partitions are listed.
fn headline(error: &Throwable) -> String {
    match error.code {
        Some(
            code @ (ErrorCode::InvalidGroupId
            | ErrorCode::GroupIdNotFound
            | ErrorCode::GroupAuthorizationFailed
            | ErrorCode::NonEmptyGroup),
        ) => Throwable::of_code(code.code(), None).message,
        Some(
            ErrorCode::GroupSubscribedToTopic
            | ErrorCode::TopicAuthorizationFailed
            | ErrorCode::UnknownTopicOrPartition,
        ) => "Encountered some partition-level error, see the follow-up details.".to_owned(),
        _ => format!("Encountered some unknown error: {error}"),
    }
}

fn print(results: &BTreeMap<PartitionKey, Option<String>>, io: &mut Io) {
    let longest = results.keys().map(|(topic, _)| topic.chars().count()).max();
    let width = longest.unwrap_or(0).max(15);
    let mut rows: Vec<(String, String)> = Vec::new();
    for ((topic, partition), error) in results {
        let status = error
            .as_ref()
            .map_or_else(|| "Successful".to_owned(), |error| format!("Error: {error}"));
        let shown = if *partition < 0 {
            "-".to_owned()
        } else {
            partition.to_string()
        };
        rows.push((
            format!("{topic}{partition}"),
            format!("\n{topic:<width$} {shown:<10} {status:<15}"),
        ));
    }
    rows.sort();
    io.text(format!("\n{:<width$} {:<10} {:<15}", "TOPIC", "PARTITION", "STATUS"));
    rows.into_iter().for_each(|(_, row)| io.text(row));
    io.line("");
}
