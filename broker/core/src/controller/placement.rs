//! Where the replicas of new partitions go.

use crate::cx::Random;
use crate::image::MetadataImage;

/// Replicas of `partitions` new partitions, the preferred leader first: leaders go round the live brokers
/// from a random one on, followers to those after it.
pub(super) fn place(
    image: &MetadataImage,
    partitions: usize,
    replication_factor: usize,
    random: &mut dyn Random,
) -> Result<Vec<Vec<i32>>, String> {
    let alive: Vec<i32> = image
        .brokers()
        .iter()
        .filter(|broker| !broker.fenced)
        .map(|broker| broker.id)
        .collect();
    let registered = image.brokers().iter().count();
    let unable = |why: String| format!("Unable to replicate the partition {replication_factor} time(s): {why}");
    if replication_factor > registered {
        return Err(unable(format!(
            "The target replication factor of {replication_factor} cannot be reached because only {registered} broker(s) are registered."
        )));
    }
    if alive.is_empty() {
        return Err(unable("All brokers are currently fenced.".to_owned()));
    }
    if replication_factor > alive.len() {
        return Err(unable(format!(
            "The target replication factor of {replication_factor} cannot be reached because only {} broker(s) are unfenced.",
            alive.len()
        )));
    }
    let start = random.below(alive.len() as u64) as usize;
    let replicas = |partition: usize| {
        let around = alive.iter().copied().cycle().skip(start + partition);
        around.take(replication_factor).collect()
    };
    Ok((0..partitions).map(replicas).collect())
}
