//! Where the replicas of new partitions go (Kafka's `StripedReplicaPlacer`): leaders go round the racks and the
//! brokers within them, no two replicas share a rack as long as there is another, and fenced brokers come last.

use std::collections::BTreeMap;

use crate::cx::Random;
use crate::image::MetadataImage;

/// Replicas of `partitions` new partitions, the preferred leader first.
pub(super) fn place(
    image: &MetadataImage,
    partitions: usize,
    replication_factor: usize,
    random: &mut dyn Random,
) -> Result<Vec<Vec<i32>>, String> {
    let mut racks = Racks::new(image, random);
    if racks.unfenced == 0 {
        return Err("All brokers are currently fenced, or have all their log directories cordoned.".to_owned());
    }
    if replication_factor > racks.total {
        return Err(format!(
            "The target replication factor of {replication_factor} cannot be reached because only {} broker(s) are \
             registered or some brokers have all their log directories cordoned.",
            racks.total
        ));
    }
    let placed = (0..partitions).map(|_| racks.place(replication_factor, random));
    Ok(placed.collect())
}

/// Brokers that take turns: those behind the first of a round first.
#[derive(Debug, Default)]
struct Turns {
    brokers: Vec<i32>,
    index: usize,
    offset: usize,
    round: usize,
}

impl Turns {
    fn start(&mut self, random: &mut dyn Random) {
        self.brokers.sort_unstable();
        self.offset = random.below(self.brokers.len() as u64) as usize;
    }

    /// The next of this round, if there is one left.
    fn next(&mut self, round: usize) -> Option<i32> {
        let count = self.brokers.len();
        if count == 0 {
            return None;
        }
        if self.round != round {
            self.round = round;
            self.index = 0;
            self.offset = (self.offset + 1) % count;
        }
        if self.index >= count {
            return None;
        }
        let broker = self.brokers.get((self.index + self.offset) % count).copied();
        self.index += 1;
        broker
    }
}

#[derive(Debug, Default)]
struct Rack {
    unfenced: Turns,
    fenced: Turns,
}

impl Rack {
    fn next(&mut self, round: usize) -> Option<i32> {
        self.unfenced.next(round).or_else(|| self.fenced.next(round))
    }
}

#[derive(Debug)]
struct Racks {
    racks: Vec<Rack>,
    total: usize,
    unfenced: usize,
    round: usize,
    offset: usize,
}

impl Racks {
    fn new(image: &MetadataImage, random: &mut dyn Random) -> Self {
        let mut racks: BTreeMap<Option<&str>, Rack> = BTreeMap::new();
        let (mut total, mut unfenced) = (0, 0);
        for broker in image.brokers().iter() {
            let is_leaving = broker.in_controlled_shutdown && !broker.fenced;
            if is_leaving || !broker.takes_replicas() {
                continue;
            }
            let rack = racks.entry(broker.rack.as_deref()).or_default();
            let turns = if broker.fenced {
                &mut rack.fenced
            } else {
                &mut rack.unfenced
            };
            turns.brokers.push(broker.id);
            total += 1;
            unfenced += usize::from(!broker.fenced);
        }
        let mut racks: Vec<Rack> = racks.into_values().collect();
        for rack in &mut racks {
            rack.unfenced.start(random);
            rack.fenced.start(random);
        }
        let offset = random.below(racks.len() as u64) as usize;
        Self {
            racks,
            total,
            unfenced,
            round: 0,
            offset,
        }
    }

    /// There are enough brokers, and one of them is not fenced.
    fn place(&mut self, replication_factor: usize, random: &mut dyn Random) -> Vec<i32> {
        // All have led once: in another order assignments do not repeat.
        if self.round == self.unfenced && self.unfenced > 1 {
            self.shuffle(random);
            self.round = 0;
        }
        let count = self.racks.len();
        let (round, offset) = (self.round, self.offset % count);
        self.round += 1;
        self.offset = offset + 1;
        let mut around = (0..count).map(|step| (offset + step) % count);
        let first = around.find_map(|index| {
            let leader = self.racks.get_mut(index)?.unfenced.next(round);
            leader.map(|leader| (index, leader))
        });
        let Some((first, leader)) = first else {
            return Vec::new();
        };
        let mut replicas = vec![leader];
        // The leader's rack is passed over once.
        let mut skip = Some(first);
        let mut misses = 0;
        for index in (0..count).cycle().skip(offset) {
            if replicas.len() >= replication_factor || misses > count {
                break;
            }
            if skip == Some(index) {
                skip = None;
                continue;
            }
            match self.racks.get_mut(index).and_then(|rack| rack.next(round)) {
                Some(id) => {
                    replicas.push(id);
                    misses = 0;
                }
                None => misses += 1,
            }
        }
        replicas
    }

    fn shuffle(&mut self, random: &mut dyn Random) {
        shuffle(&mut self.racks, random);
        for rack in &mut self.racks {
            shuffle(&mut rack.unfenced.brokers, random);
            shuffle(&mut rack.fenced.brokers, random);
        }
    }
}

fn shuffle<T>(items: &mut [T], random: &mut dyn Random) {
    for end in (1..items.len()).rev() {
        items.swap(end, random.below(end as u64 + 1) as usize);
    }
}
