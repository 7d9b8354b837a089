//! What a running cluster tells of itself.

use std::collections::BTreeMap;
use std::time::Duration;

use client::{Client, ListedOffset, OffsetSpec};
use protocol::api::messages::DescribeLogDirsRequest;

use crate::error::CommandError;

/// A partition.
type Key = (String, i32);

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measured {
    /// Brokers that are alive.
    pub(crate) brokers: u64,
    /// Partitions.
    pub(crate) partitions: u64,
    /// Replicas of the partition that has most.
    pub(crate) replication_factor: u64,
    /// Bytes of all replicas.
    pub(crate) stored: u64,
    /// Room of the broker that has least; none if a broker does not say.
    pub(crate) disk_bytes: Option<u64>,
    /// What producers write, bytes/s; none if nobody watched.
    pub(crate) write_rate: Option<u64>,
}

/// Bytes of a partition and its offsets before and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Growth {
    bytes: u64,
    earliest: i64,
    before: i64,
    after: i64,
}

/// Asks the cluster; watches what is written for some time, unless that is no time at all.
pub(crate) async fn measure(client: &Client, watch: Duration) -> Result<Measured, CommandError> {
    let metadata = client.metadata(None).await?;
    let (mut partitions, mut replication_factor) = (0, 0);
    let mut leaders = BTreeMap::new();
    for topic in &metadata.topics {
        let name = topic.name.as_ref().map_or(String::new(), |name| name.to_string());
        for partition in &topic.partitions {
            partitions += 1;
            replication_factor = replication_factor.max(partition.replica_nodes.len() as u64);
            if partition.leader_id.0 >= 0 {
                leaders.insert((name.clone(), partition.partition_index), partition.leader_id.0);
            }
        }
    }
    let ids: Vec<i32> = metadata.brokers.iter().map(|broker| broker.node_id.0).collect();
    let disks = disks(client, &ids).await?;
    let write_rate = if watch.is_zero() {
        None
    } else {
        Some(write_rate(client, &leaders, &disks.partitions, watch).await?)
    };
    Ok(Measured {
        brokers: ids.len() as u64,
        partitions,
        replication_factor,
        stored: disks.stored,
        disk_bytes: disks.room,
        write_rate,
    })
}

#[derive(Debug, Default)]
struct Disks {
    /// Bytes of all replicas.
    stored: u64,
    /// Bytes of the biggest replica of each partition.
    partitions: BTreeMap<Key, u64>,
    /// Room of the broker that has least.
    room: Option<u64>,
}

async fn disks(client: &Client, brokers: &[i32]) -> Result<Disks, CommandError> {
    let mut disks = Disks::default();
    let mut rooms = Vec::new();
    for id in brokers {
        let request = DescribeLogDirsRequest::default().with_topics(None);
        let response = client.send_to(*id, &request).await?;
        let mut room = Some(0);
        for dir in response.results {
            if dir.error_code != 0 {
                let what = format!("{} of broker {id}", dir.log_dir.as_str());
                return Err(client::ClientError::rejected(what, dir.error_code, None).into());
            }
            // Brokers before 3.3 do not say how big a disk is (KIP-827).
            let total = u64::try_from(dir.total_bytes).ok();
            room = room.zip(total).map(|(room, total)| room + total);
            for topic in dir.topics {
                for partition in topic.partitions {
                    let size = u64::try_from(partition.partition_size).unwrap_or(0);
                    disks.stored += size;
                    let key = (topic.name.to_string(), partition.partition_index);
                    let biggest = disks.partitions.entry(key).or_default();
                    *biggest = size.max(*biggest);
                }
            }
        }
        rooms.push(room);
    }
    disks.room = rooms
        .into_iter()
        .collect::<Option<Vec<u64>>>()
        .and_then(|rooms| rooms.into_iter().min());
    Ok(disks)
}

async fn write_rate(
    client: &Client,
    leaders: &BTreeMap<Key, i32>,
    bytes: &BTreeMap<Key, u64>,
    watch: Duration,
) -> Result<u64, CommandError> {
    let mut growth: BTreeMap<Key, Growth> = BTreeMap::new();
    let offsets = async |spec| client.list_offsets(leaders, spec).await.into_result();
    let key = |found: &ListedOffset| (found.topic.clone(), found.partition);
    for found in offsets(OffsetSpec::Earliest).await? {
        growth.entry(key(&found)).or_default().earliest = found.offset;
    }
    let since = tokio::time::Instant::now();
    for found in offsets(OffsetSpec::Latest).await? {
        growth.entry(key(&found)).or_default().before = found.offset;
    }
    tokio::time::sleep(watch).await;
    let seconds = since.elapsed().as_secs_f64();
    for found in offsets(OffsetSpec::Latest).await? {
        let of = growth.entry(key(&found)).or_default();
        of.after = found.offset;
        of.bytes = bytes.get(&key(&found)).copied().unwrap_or(0);
    }
    let written: u64 = growth.values().copied().map(written).sum();
    Ok((written as f64 / seconds) as u64)
}

/// Bytes that a partition has grown by: offsets, each worth what those before it are on average.
fn written(of: Growth) -> u64 {
    let grown = u64::try_from(of.after - of.before).unwrap_or(0);
    let held = u64::try_from(of.before - of.earliest).unwrap_or(0).max(1);
    (u128::from(grown) * u128::from(of.bytes) / u128::from(held)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_worth_what_records_were_worth_so_far() {
        let growth = |bytes, earliest, before, after| Growth {
            bytes,
            earliest,
            before,
            after,
        };
        assert_eq!(written(growth(1_000, 100, 200, 250)), 500, "ten bytes each");
        assert_eq!(written(growth(1_000, 0, 0, 0)), 0);
        assert_eq!(written(growth(1_000, 100, 200, 150)), 0, "truncated meanwhile");
        assert_eq!(written(growth(0, 0, 0, 10)), 0, "its bytes are not known yet");
    }
}
