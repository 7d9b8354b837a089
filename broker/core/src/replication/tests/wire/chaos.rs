//! Three brokers with fetchers for each other: answers that are lost on the way there or back, sessions that leaders
//! forget, fetchers that start anew, leaders that move while some brokers hear of it late. In the end all logs are the
//! same and nothing acknowledged is missing.

use protocol::messages::metadata::PartitionChangeRecord;

use super::super::chaos::{Chance, number};
use super::*;
use crate::broker::Broker;

const BROKERS: i32 = 3;
const PARTITIONS: i32 = 4;

struct World {
    seed: u64,
    chance: Chance,
    brokers: Vec<Arc<Broker>>,
    followers: Vec<Follower>,
    image: MetadataImage,
    second: u64,
    next_value: usize,
    written: Vec<(i32, i32, Appended, String)>,
    acknowledged: usize,
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("replication over the wire: seed {} failed", self.seed);
        }
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let all: Vec<i32> = (1..=BROKERS).collect();
        let mut image = image_of(&all);
        for partition_id in 0..PARTITIONS {
            add_partition(&mut image, 0, partition_id, &all, (1 + partition_id % BROKERS, 1, 1));
        }
        let brokers: Vec<Arc<Broker>> = all.iter().map(|id| broker(*id)).collect();
        let followers = brokers.iter().map(|broker| {
            broker.publish(image.clone(), seconds(0));
            let mut follower = Follower::new(Arc::clone(broker));
            follower.assign();
            follower
        });
        Self {
            seed,
            chance: Chance::new(seed),
            followers: followers.collect(),
            brokers,
            image,
            second: 0,
            next_value: 0,
            written: Vec::new(),
            acknowledged: 0,
        }
    }

    fn step(&mut self) {
        let at = self.chance.below(self.brokers.len());
        match self.chance.below(100) {
            0..60 => self.fetch(at),
            60..80 => self.produce(at),
            80..88 => self.publish(at),
            88..91 => self.move_leader(),
            91..93 => self.followers[at].forget_fetcher(self.chance.below(2)),
            93..97 => self.second += 1,
            _ => self.acknowledge(),
        }
    }

    fn fetch(&mut self, at: usize) {
        let leaders = self.followers[at].leaders();
        if leaders.is_empty() {
            return;
        }
        let leader = leaders[self.chance.below(leaders.len())];
        let fate = match self.chance.below(12) {
            0 => Fate::LostThere,
            1 => Fate::LostBack,
            2 if self.chance.one_in(4) => Fate::SessionForgotten,
            _ => Fate::Answered,
        };
        let led = Arc::clone(&self.brokers[leader as usize - 1]);
        self.followers[at].round_with(leader, &led, fate, seconds(self.second));
    }

    fn produce(&mut self, at: usize) {
        let index = self.chance.below(PARTITIONS as usize) as i32;
        let partition = self.brokers[at].partition_by_id(topic(0), index).unwrap();
        let value = self.next_value.to_string();
        if let Ok(appended) = partition.append_as_leader(&batch(std::slice::from_ref(&value)), -1, seconds(self.second))
        {
            self.next_value += 1;
            self.written.push((at as i32, index, appended, value));
        }
    }

    fn publish(&mut self, at: usize) {
        self.brokers[at].publish(self.image.clone(), seconds(self.second));
        self.followers[at].assign();
    }

    fn move_leader(&mut self) {
        let leader = 1 + self.chance.below(self.brokers.len()) as i32;
        let record = PartitionChangeRecord {
            topic_id: topic(0),
            partition_id: self.chance.below(PARTITIONS as usize) as i32,
            leader,
            leader_recovery_state: -1,
            ..Default::default()
        };
        self.image.apply(record.into()).unwrap();
    }

    /// Drops what was acknowledged from the list of writes, and remembers that it has to be there in the end.
    fn acknowledge(&mut self) {
        for (at, index, appended, value) in std::mem::take(&mut self.written) {
            if at < 0 {
                self.written.push((at, index, appended, value));
                continue;
            }
            let partition = self.brokers[at as usize].partition_by_id(topic(0), index).unwrap();
            match partition.replicated_to(&appended, 1, Waker::noop()) {
                Replicated::Yes => {
                    self.acknowledged += 1;
                    self.written.push((-1, index, appended, value));
                }
                Replicated::NotYet => self.written.push((at, index, appended, value)),
                Replicated::Failed(_) => {}
            }
        }
    }

    fn settle(&mut self) {
        self.acknowledge();
        for _ in 0..60 {
            self.second += 1;
            for at in 0..self.brokers.len() {
                self.publish(at);
                for leader in self.followers[at].leaders() {
                    let led = Arc::clone(&self.brokers[leader as usize - 1]);
                    self.followers[at].round_with(leader, &led, Fate::Answered, seconds(self.second));
                }
            }
        }
    }

    fn check(&self) {
        for index in 0..PARTITIONS {
            let logs: Vec<_> = self
                .brokers
                .iter()
                .map(|broker| {
                    let partition = broker.partition_by_id(topic(0), index).unwrap();
                    let (_, high_watermark, end) = partition.offsets();
                    assert_eq!(high_watermark, end, "partition {index} of {}", broker.node_id());
                    records_of_partition(&partition, 0, Isolation::LogEndOffset)
                })
                .collect();
            assert!(logs.iter().all(|log| *log == logs[0]), "partition {index}: {logs:?}");
            for (_, _, appended, value) in self.written.iter().filter(|(at, of, ..)| *at < 0 && *of == index) {
                let held = logs[0]
                    .iter()
                    .any(|(offset, _, held)| *offset == appended.first_offset && held == value);
                assert!(
                    held,
                    "{value} at offset {} of partition {index} was acknowledged",
                    appended.first_offset
                );
            }
        }
    }
}

#[test]
fn fetchers_bring_all_logs_together_whatever_gets_lost() {
    let seeds = match number("KFLEET_SEED") {
        Some(seed) => seed..seed + 1,
        // Seed 30: a high watermark that came too late was not told again.
        None => 0..number("KFLEET_SEEDS").unwrap_or(31),
    };
    let mut acknowledged = 0;
    for seed in seeds {
        let mut world = World::new(seed);
        for _ in 0..1500 {
            world.step();
        }
        world.settle();
        world.check();
        acknowledged += world.acknowledged;
    }
    println!("{acknowledged} writes were acknowledged");
    assert!(acknowledged > 20, "it tests too little");
}
