//! Where reading begins and ends: what was asked for, and what that is in each partition.

use std::collections::BTreeMap;

use client::{Client, OffsetSpec, ReadFrom};

use crate::error::CommandError;

/// A place in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// Begin with the first record.
    Beginning,
    /// Begin at the end.
    End,
    /// Begin where the group left off.
    Stored,
    /// Begin with this offset.
    At(i64),
    /// Begin so many offsets before the end.
    BeforeEnd(i64),
    /// Begin with the first record at or after a time.
    From(i64),
    /// End before the first record at or after a time.
    Until(i64),
}

/// Reads a bound as kcat has it.
pub(crate) fn parse_bound(text: &str) -> Result<Bound, String> {
    let wrong =
        || format!("\"{text}\" is none of beginning, end, stored, N, -N, s@TIME and e@TIME (milliseconds or RFC 3339)");
    Ok(match text {
        "beginning" | "earliest" => Bound::Beginning,
        "end" | "latest" => Bound::End,
        "stored" => Bound::Stored,
        _ => match (text.strip_prefix("s@"), text.strip_prefix("e@"), text.strip_prefix('-')) {
            (Some(time), ..) => Bound::From(parse_time(time).ok_or_else(wrong)?),
            (_, Some(time), _) => Bound::Until(parse_time(time).ok_or_else(wrong)?),
            (.., Some(back)) => Bound::BeforeEnd(parse_number(back).ok_or_else(wrong)?),
            _ => Bound::At(parse_number(text).ok_or_else(wrong)?),
        },
    })
}

fn parse_number(text: &str) -> Option<i64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn parse_time(text: &str) -> Option<i64> {
    let time = || {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(jiff::Timestamp::as_millisecond)
    };
    parse_number(text).or_else(time)
}

/// A beginning and an end out of what was given.
pub(crate) fn bounds(given: &[Bound]) -> Result<(Bound, Option<i64>), CommandError> {
    let twice = || CommandError::usage("--offset can name one beginning and one end (e@TIME)");
    let (mut start, mut until) = (None, None);
    for bound in given {
        let before = match bound {
            Bound::Until(time) => until.replace(*time).is_some(),
            other => start.replace(*other).is_some(),
        };
        if before {
            return Err(twice());
        }
    }
    Ok((start.unwrap_or(Bound::Beginning), until))
}

/// What is known of a partition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Extent {
    start: i64,
    end: i64,
    /// Offsets of the times that were asked for; none if nothing is that late.
    from: Option<i64>,
    until: Option<i64>,
}

/// Offsets that begin and end: inside of what is there; no end only if it is followed.
fn range(extent: Extent, start: Bound, has_until: bool, follow: bool) -> (i64, Option<i64>) {
    let offset = match start {
        Bound::Beginning | Bound::Until(_) | Bound::Stored => extent.start,
        Bound::End => extent.end,
        Bound::At(offset) => offset,
        Bound::BeforeEnd(back) => extent.end.saturating_sub(back),
        Bound::From(_) => extent.from.unwrap_or(extent.end),
    };
    let until = match (has_until, follow) {
        (true, _) => Some(extent.until.unwrap_or(extent.end)),
        (false, true) => None,
        (false, false) => Some(extent.end),
    };
    (offset.clamp(extent.start, extent.end.max(extent.start)), until)
}

/// Partitions with their leaders.
pub(crate) type Leaders = BTreeMap<(String, i32), i32>;

/// The partitions of topics that are to be read, with their leaders. One that is not there, or has no leader, is told.
pub(crate) async fn partitions(client: &Client, topics: &[String], only: &[i32]) -> Result<Leaders, CommandError> {
    let mut leaders = client.leaders(topics).await?;
    for topic in topics {
        let count = client.partition_count(topic).await? as i32;
        if let Some(missing) = only.iter().find(|only| !(0..count).contains(*only)) {
            return Err(CommandError::not_found(format!("{topic} has no partition {missing}")));
        }
        let wanted = (0..count).filter(|partition| only.is_empty() || only.contains(partition));
        let leaderless: Vec<String> = wanted
            .filter(|partition| !leaders.contains_key(&(topic.clone(), *partition)))
            .map(|partition| format!("{topic}-{partition}"))
            .collect();
        if !leaderless.is_empty() {
            let message = format!("there is no leader of {}", leaderless.join(", "));
            return Err(CommandError::rejected(message).hint("--partition reads the others"));
        }
    }
    leaders.retain(|(_, partition), _| only.is_empty() || only.contains(partition));
    Ok(leaders)
}

/// Where to read these partitions. `stored` is what a group has committed.
pub(crate) async fn plan(
    client: &Client,
    leaders: &Leaders,
    (start, until): (Bound, Option<i64>),
    follow: bool,
    stored: &BTreeMap<(String, i32), i64>,
) -> Result<Vec<ReadFrom>, CommandError> {
    let earliest = listed(client, leaders, OffsetSpec::Earliest).await?;
    let latest = listed(client, leaders, OffsetSpec::Latest).await?;
    let from = match start {
        Bound::From(time) => listed(client, leaders, OffsetSpec::Timestamp(time)).await?,
        _ => BTreeMap::new(),
    };
    let untils = match until {
        Some(time) => listed(client, leaders, OffsetSpec::Timestamp(time)).await?,
        None => BTreeMap::new(),
    };
    let plan = leaders.keys().map(|key| {
        let known = |offsets: &BTreeMap<(String, i32), i64>| offsets.get(key).copied().filter(|offset| *offset >= 0);
        let extent = Extent {
            start: known(&earliest).unwrap_or(0),
            end: known(&latest).unwrap_or(0),
            from: known(&from),
            until: known(&untils),
        };
        let start = stored.get(key).map_or(start, |offset| Bound::At(*offset));
        let (offset, until) = range(extent, start, until.is_some(), follow);
        ReadFrom {
            topic: key.0.as_str().into(),
            partition: key.1,
            offset,
            until,
        }
    });
    Ok(plan.collect())
}

async fn listed(
    client: &Client,
    leaders: &Leaders,
    spec: OffsetSpec,
) -> Result<BTreeMap<(String, i32), i64>, CommandError> {
    let listed = client.list_offsets(leaders, spec).await.into_result()?;
    Ok(listed
        .into_iter()
        .map(|listed| ((listed.topic, listed.partition), listed.offset))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_kcats() {
        let cases = [
            ("beginning", Bound::Beginning),
            ("end", Bound::End),
            ("stored", Bound::Stored),
            ("17", Bound::At(17)),
            ("-17", Bound::BeforeEnd(17)),
            ("s@1000", Bound::From(1000)),
            ("e@1970-01-01T00:00:02Z", Bound::Until(2000)),
        ];
        for (text, bound) in cases {
            assert_eq!(parse_bound(text), Ok(bound), "{text}");
        }
        for bad in ["", "x", "--1", "+1", "s@", "e@yesterday", "-", "9999999999999999999"] {
            assert!(parse_bound(bad).is_err(), "{bad}");
        }
        assert_eq!(bounds(&[]).unwrap(), (Bound::Beginning, None));
        let both = [Bound::Until(5), Bound::From(3)];
        assert_eq!(bounds(&both).unwrap(), (Bound::From(3), Some(5)));
        assert!(bounds(&[Bound::End, Bound::At(1)]).is_err());
    }

    #[test]
    fn ranges_stay_inside_of_what_is_there() {
        let extent = Extent {
            start: 10,
            end: 20,
            from: Some(12),
            until: None,
        };
        let begins = |start| range(extent, start, false, false);
        assert_eq!(begins(Bound::Beginning), (10, Some(20)));
        assert_eq!(begins(Bound::End), (20, Some(20)));
        assert_eq!(begins(Bound::At(15)), (15, Some(20)));
        assert_eq!(begins(Bound::At(3)), (10, Some(20)), "what is gone is gone");
        assert_eq!(begins(Bound::At(99)), (20, Some(20)));
        assert_eq!(begins(Bound::BeforeEnd(4)), (16, Some(20)));
        assert_eq!(begins(Bound::BeforeEnd(400)), (10, Some(20)));
        assert_eq!(begins(Bound::From(0)), (12, Some(20)));
        assert_eq!(range(extent, Bound::Beginning, false, true), (10, None));
        assert_eq!(
            range(extent, Bound::Beginning, true, true),
            (10, Some(20)),
            "nothing is that late, so all of it is before"
        );
        let early = Extent {
            until: Some(11),
            ..extent
        };
        assert_eq!(range(early, Bound::Beginning, true, false), (10, Some(11)));
        let nothing_is_that_late = Extent { from: None, ..extent };
        assert_eq!(
            range(nothing_is_that_late, Bound::From(0), false, false),
            (20, Some(20))
        );
    }
}
