//! --reset-offsets

use std::collections::BTreeMap;

use client::{Client, CommittedOffset, CommittedOffsets, GroupDescription, GroupOffsets, OffsetSpec, PartitionKey};
use protocol::api::ErrorCode;

use super::{Stopped, chosen, describe, partitions, wrapped, wrapped_twice};
use crate::offsets::time::{now_ms, parse_datetime, parse_span};
use crate::shims::failed::Throwable;
use crate::shims::hash_order;
use crate::shims::io::Io;
use crate::shims::options::Parsed;
use crate::storage::java_order;

/// New offsets in the order they are printed.
type Offsets = Vec<(PartitionKey, i64)>;

pub(super) async fn run(parsed: &Parsed, client: &Client, io: &mut Io) -> Result<(), Stopped> {
    let mut groups = chosen(parsed, client).await.map_err(wrapped_twice)?;
    java_order::grown(&mut groups, |group| java_order::string_hash(group));
    let (mut plans, mut is_whole) = (Vec::new(), true);
    for group in groups {
        let state = state_of(client, &group).await?;
        if !matches!(state.as_str(), "Empty" | "Dead") {
            io.line(format!(
                "\nError: Assignments can only be reset if the group '{group}' is inactive, but the current state is {state}."
            ));
            is_whole = false;
            plans.push((group, Offsets::new()));
            continue;
        }
        let Some(offsets) = Reset {
            parsed,
            client,
            group: &group,
        }
        .plan(io)
        .await?
        else {
            is_whole = false;
            plans.push((group, Offsets::new()));
            continue;
        };
        if parsed.has("execute") {
            commit(client, &group, &offsets).await?;
        }
        plans.push((group, offsets));
    }
    if parsed.has("export") {
        export(&plans, parsed.values("group").len() == 1, io);
    } else {
        print(&plans, io);
    }
    if is_whole { Ok(()) } else { Err(Stopped::InPart) }
}

/// Where a group is in its life; one that nobody knows may be made.
async fn state_of(client: &Client, group: &str) -> Result<String, Stopped> {
    let found = describe::described(client, &[group.to_owned()]).await;
    match found {
        Ok(groups) => Ok(groups
            .into_iter()
            .next()
            .map_or(String::new(), |group: GroupDescription| group.state)),
        Err(error) if error.is(ErrorCode::GroupIdNotFound) => Ok("Dead".to_owned()),
        Err(error) => Err(wrapped_twice(error)),
    }
}

async fn commit(client: &Client, group: &str, offsets: &Offsets) -> Result<(), Stopped> {
    let offsets: GroupOffsets = offsets
        .iter()
        .map(|(key, offset)| (key.clone(), CommittedOffset::at(*offset)))
        .collect();
    if offsets.is_empty() {
        return Ok(());
    }
    let results = client.commit_offsets(group, &offsets).await.map_err(Throwable::from)?;
    match results.into_values().find_map(Result::err) {
        Some(error) => Err(Throwable::from(error).into()),
        None => Ok(()),
    }
}

fn export(plans: &[(String, Offsets)], is_single: bool, io: &mut Io) {
    for (group, offsets) in plans {
        let group = if is_single { String::new() } else { format!("{group},") };
        for ((topic, partition), offset) in offsets {
            io.line(format!("{group}{topic},{partition},{offset}"));
        }
    }
    io.line("");
}

fn print(plans: &[(String, Offsets)], io: &mut Io) {
    let group_width = plans.iter().map(|(group, _)| group.chars().count()).max();
    let group_width = group_width.unwrap_or(0).max(15);
    let keys = plans.iter().flat_map(|(_, offsets)| offsets);
    let topic_width = keys.map(|((topic, _), _)| topic.chars().count()).max();
    let topic_width = topic_width.unwrap_or(0).max(15);
    let mut line = |group: &str, topic: &str, partition: &str, offset: &str| {
        io.text(format!(
            "\n{group:<group_width$} {topic:<topic_width$} {partition:<10} {offset}"
        ));
    };
    if !plans.is_empty() {
        line("GROUP", "TOPIC", "PARTITION", "NEW-OFFSET");
    }
    for (group, offsets) in plans {
        for ((topic, partition), offset) in offsets {
            line(group, topic, &partition.to_string(), &offset.to_string());
        }
    }
    io.line("");
}

/// A group that is to be reset.
struct Reset<'a> {
    parsed: &'a Parsed,
    client: &'a Client,
    group: &'a str,
}

impl Reset<'_> {
    /// What its offsets are to become; nothing if a file has none for it.
    async fn plan(&self, io: &mut Io) -> Result<Option<Offsets>, Stopped> {
        let mut keys = self.keys().await?;
        partitions::check(self.client, &keys).await?;
        hash_order::sort(&mut keys, |key| key);
        keys.dedup();
        let parsed = self.parsed;
        if let Some(offset) = parsed.number::<i64>("to-offset")? {
            let wished = keys.into_iter().map(|key| (key, offset)).collect();
            return self.within_logs(wished, io).await.map(Some);
        }
        if parsed.has("to-earliest") {
            return self.listed(&keys, OffsetSpec::Earliest).await.map(Some);
        }
        if parsed.has("to-latest") {
            return self.listed(&keys, OffsetSpec::Latest).await.map(Some);
        }
        if let Some(by) = parsed.number::<i64>("shift-by")? {
            return self.shifted(keys, by, io).await.map(Some);
        }
        if let Some(time) = parsed.value("to-datetime")? {
            return self.at_time(&keys, datetime(time)?, io).await.map(Some);
        }
        if let Some(duration) = parsed.value("by-duration")? {
            let wrong = |_| {
                Throwable::new(
                    "java.time.format.DateTimeParseException",
                    "Text cannot be parsed to a Duration",
                )
            };
            let duration_ms = parse_span(duration).map_err(wrong)?;
            return self
                .at_time(&keys, now_ms().saturating_sub(duration_ms), io)
                .await
                .map(Some);
        }
        if let Some(path) = parsed.values("from-file").first() {
            let Some(wished) = self.of_file(path)? else {
                io.line(format!("\nError: No reset plan for group {} found", self.group));
                return Ok(None);
            };
            return self.within_logs(wished, io).await.map(Some);
        }
        if parsed.has("to-current") {
            return self.current(keys).await.map(Some);
        }
        Err(Stopped::Usage(
            "Option '[reset-offsets]' requires one of its scenarios, such as --to-earliest".to_owned(),
        ))
    }

    async fn keys(&self) -> Result<Vec<PartitionKey>, Stopped> {
        if self.parsed.has("all-topics") {
            return Ok(self.committed().await?.into_keys().collect());
        }
        let topics = self.parsed.values("topic");
        if topics.is_empty() && !self.parsed.has("from-file") {
            return Err(Stopped::Usage(
                "One of the reset scopes should be defined: --all-topics, --topic.".to_owned(),
            ));
        }
        let (with, without): (Vec<&str>, Vec<&str>) = topics.into_iter().partition(|topic| topic.contains(':'));
        let mut keys = Vec::new();
        for topic in with {
            keys.extend(partitions::named(topic)?);
        }
        for topic in without {
            keys.extend(partitions::of_topic(self.client, topic).await?);
        }
        Ok(keys)
    }

    async fn committed(&self) -> Result<CommittedOffsets, Stopped> {
        let groups = [self.group.to_owned()];
        let found = self
            .client
            .group_offsets(&groups)
            .await
            .into_result()
            .map_err(wrapped_twice)?;
        let offsets = found.into_iter().flat_map(|(_, offsets)| offsets);
        Ok(offsets.map(|(key, committed)| (key, committed.offset)).collect())
    }

    async fn list(&self, keys: &[PartitionKey], spec: OffsetSpec) -> Result<CommittedOffsets, Stopped> {
        let mut topics: Vec<String> = keys.iter().map(|(topic, _)| topic.clone()).collect();
        topics.sort_unstable();
        topics.dedup();
        if topics.is_empty() {
            return Ok(CommittedOffsets::new());
        }
        let leaders = self.client.leaders(&topics).await.map_err(wrapped_twice)?;
        let leaders: BTreeMap<PartitionKey, i32> = leaders.into_iter().filter(|(key, _)| keys.contains(key)).collect();
        let listed = self
            .client
            .list_offsets(&leaders, spec)
            .await
            .into_result()
            .map_err(wrapped_twice)?;
        Ok(listed
            .into_iter()
            .map(|found| ((found.topic, found.partition), found.offset))
            .collect())
    }

    /// These offsets of the logs, in the order of the partitions.
    async fn listed(&self, keys: &[PartitionKey], spec: OffsetSpec) -> Result<Offsets, Stopped> {
        let found = self.list(keys, spec).await?;
        Ok(keys
            .iter()
            .filter_map(|key| Some((key.clone(), *found.get(key)?)))
            .collect())
    }

    /// What is outside of the logs becomes their nearest end.
    async fn within_logs(&self, wished: Offsets, io: &mut Io) -> Result<Offsets, Stopped> {
        let mut keys: Vec<PartitionKey> = wished.iter().map(|(key, _)| key.clone()).collect();
        hash_order::sort(&mut keys, |key| key);
        let starts = self.list(&keys, OffsetSpec::Earliest).await?;
        let ends = self.list(&keys, OffsetSpec::Latest).await?;
        let wished: CommittedOffsets = wished.into_iter().collect();
        let mut offsets = Offsets::new();
        for key in keys {
            let (Some(start), Some(end), Some(wish)) = (starts.get(&key), ends.get(&key), wished.get(&key)) else {
                continue;
            };
            let offset = if wish > end { *end } else { *wish.max(start) };
            if offset != *wish {
                io.note(format!(
                    "WARN {}-{}: {wish} is outside of the log and becomes {offset}",
                    key.0, key.1
                ));
            }
            offsets.push((key, offset));
        }
        Ok(offsets)
    }

    async fn shifted(&self, keys: Vec<PartitionKey>, by: i64, io: &mut Io) -> Result<Offsets, Stopped> {
        let committed = self.committed().await?;
        let shifted = keys.into_iter().map(|key| match committed.get(&key) {
            Some(offset) => Ok((key, offset.saturating_add(by))),
            None => Err(Stopped::Usage(format!(
                "Cannot shift offset for partition {}-{} since there is no current committed offset",
                key.0, key.1
            ))),
        });
        self.within_logs(shifted.collect::<Result<_, _>>()?, io).await
    }

    async fn at_time(&self, keys: &[PartitionKey], timestamp_ms: i64, io: &mut Io) -> Result<Offsets, Stopped> {
        let mut found = self.list(keys, OffsetSpec::Timestamp(timestamp_ms)).await?;
        found.retain(|_, offset| *offset >= 0);
        let late: Vec<PartitionKey> = keys.iter().filter(|key| !found.contains_key(key)).cloned().collect();
        for (topic, partition) in &late {
            io.line(format!(
                "\nWarn: Partition {partition} from topic {topic} is empty. Falling back to latest known offset."
            ));
        }
        found.extend(self.list(&late, OffsetSpec::Latest).await?);
        Ok(keys
            .iter()
            .filter_map(|key| Some((key.clone(), *found.get(key)?)))
            .collect())
    }

    async fn current(&self, keys: Vec<PartitionKey>) -> Result<Offsets, Stopped> {
        let committed = self.committed().await?;
        let (with, without): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| committed.contains_key(key));
        let ends = self.list(&without, OffsetSpec::Latest).await?;
        let mut keys: Vec<PartitionKey> = with.into_iter().chain(without).collect();
        hash_order::sort(&mut keys, |key| key);
        let offset = |key: &PartitionKey| committed.get(key).or_else(|| ends.get(key)).copied();
        Ok(keys
            .into_iter()
            .filter_map(|key| offset(&key).map(|offset| (key, offset)))
            .collect())
    }

    /// What a file has for the group: lines of `topic,partition,offset`, or with the group in front.
    fn of_file(&self, path: &str) -> Result<Option<Offsets>, Stopped> {
        let unreadable = |_| {
            wrapped(Throwable::new(
                "java.io.IOException",
                format!("Unable to read file {path}"),
            ))
        };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let is_single = self.parsed.values("group").len() == 1;
        let is_short = text.lines().next().is_none_or(|first| first.split(',').count() == 3);
        let mut plan: Option<Offsets> = None;
        for (line, number) in text.lines().zip(1..) {
            let wrong = || {
                wrapped(Throwable::new(
                    "java.io.IOException",
                    format!("{path}:{number}: \"{line}\" is no record"),
                ))
            };
            let cells: Vec<&str> = line.split(',').map(|cell| cell.trim_matches('"')).collect();
            let (group, topic, partition, offset) = match cells[..] {
                [topic, partition, offset] if is_single && is_short => (self.group, topic, partition, offset),
                [group, topic, partition, offset] => (group, topic, partition, offset),
                _ => return Err(wrong()),
            };
            let key = (topic.to_owned(), partition.parse().map_err(|_| wrong())?);
            let offset: i64 = offset.parse().map_err(|_| wrong())?;
            if group == self.group {
                plan.get_or_insert_default().push((key, offset));
            }
        }
        Ok(plan)
    }
}

fn datetime(text: &str) -> Result<i64, Stopped> {
    let class = "java.text.ParseException";
    if !text.contains('T') {
        let message = "Error parsing timestamp. It does not contain a 'T' according to ISO8601 format";
        return Err(wrapped(Throwable::new(class, message)));
    }
    parse_datetime(text).map_err(|_| wrapped(Throwable::new(class, format!("Unparseable date: \"{text}\""))))
}
