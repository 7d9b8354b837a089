//! Copies that an earlier run of the node left: taken up again, or put in the place that they were about to take.

use broker_log::{OpenOptions, PartitionDir};
use protocol::Uuid;

use super::Moves;
use crate::broker::partition::Partition;
use crate::broker::{Broker, OpenLogDir};
use crate::image::{PartitionImage, TopicImage};

impl Moves {
    /// With the copies that lie in these directories.
    pub(in crate::broker) fn found_in(dirs: &[OpenLogDir]) -> Self {
        let moves = Self::default();
        for home in dirs {
            match home.dir.futures() {
                Ok(futures) => moves.with(|state| {
                    for future in futures {
                        let name = (future.topic.clone(), future.partition);
                        state.found.entry(name).or_default().push((home.id, future));
                    }
                }),
                Err(error) => {
                    tracing::error!(path = %home.dir.path().display(), %error, "cannot look for replicas on the move");
                }
            }
        }
        moves
    }
}

impl Broker {
    /// Makes the copy that an earlier run left the partition's directory, if there is no other and the metadata has it
    /// there: that run stopped between removing the one and renaming the other.
    pub(in crate::broker) fn promote_found(&self, topic: &TopicImage, index: i32, state: &PartitionImage) {
        let name = (topic.name.clone(), index);
        if self.moves.with(|state| !state.found.contains_key(&name))
            || self.dirs.iter().any(|home| self.lies_in(home, &name))
        {
            return;
        }
        let assigned = state.directory(self.node_id());
        let fits = |(id, dir): &(Uuid, PartitionDir)| {
            (assigned == *id || assigned == Uuid::ZERO) && dir.topic_id == Some(topic.id)
        };
        let found = self.moves.with(|state| {
            let copies = state.found.get_mut(&name)?;
            let at = copies.iter().position(fits)?;
            Some(copies.swap_remove(at))
        });
        let Some((home, copy)) = found.and_then(|(id, copy)| Some((self.home_by_id(id)?, copy))) else {
            return;
        };
        match home.dir.promote_future(&copy.path, &topic.name, index) {
            Ok(path) => {
                tracing::info!(path = %path.display(), "a replica that was being moved is in its new directory");
            }
            Err(error) => home.note(&error),
        }
    }

    /// Goes on with a move that an earlier run did not come to finish.
    pub(in crate::broker) fn resume_move(&self, partition: &Partition) {
        let name = (partition.topic().to_owned(), partition.index());
        let found = self.moves.with(|state| state.found.remove(&name)).unwrap_or_default();
        for (id, copy) in found {
            let home = self.home_by_id(id).filter(|_| id != partition.log_dir_id());
            let Some(home) =
                home.filter(|_| copy.topic_id == Some(partition.topic_id()) && partition.moved().is_none())
            else {
                self.discard(&copy.path);
                continue;
            };
            let options = OpenOptions {
                clean: home.clean,
                recovery_point: home.recovery_points.get(&name).copied().unwrap_or(0),
                ..OpenOptions::default()
            };
            if let Err(error) = self.copy_into(partition, home, &copy.path, options) {
                tracing::error!(path = %copy.path.display(), %error, "cannot go on with the move of a replica");
            }
        }
    }
}
