//! Power cuts on a disk that does what was not synced in any order: no committed record is lost, and no epoch is begun
//! twice. Several records are synced together, as the shell does.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

struct Chance(std::iter::Cycle<std::vec::IntoIter<u32>>);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0.next().unwrap_or(0) as usize % bound.max(1)
    }
}

/// A voter through all its lives.
struct Life {
    disk: SimDisk,
    chance: Chance,
    raft: Option<Raft>,
    /// Values in the order they were proposed in this life, with the committed ones of all lives before them.
    proposed: Vec<Bytes>,
    committed: usize,
    /// Epochs in which this voter was elected, as far as anybody could know.
    epochs: BTreeSet<i32>,
}

impl Life {
    /// Opens the log and leads; an error only if the power is cut.
    fn start(&mut self) -> Result<(), RaftError> {
        let context = LogContext::new(Arc::new(self.disk.clone()), 8, 1 << 16);
        let config = RaftConfig {
            node_id: 1,
            directory_id: DIRECTORY,
            metadata_dir: "/meta".into(),
            static_voters: vec![voter(1)],
            bootstrap_servers: 0,
            clean: false,
            timeouts: Timeouts::default(),
        };
        let (mut raft, _) = Raft::open(&context, config)?;
        raft.elect(now())?;
        assert!(
            self.epochs.insert(raft.epoch()),
            "epoch {} was begun twice",
            raft.epoch()
        );
        self.raft = Some(raft);
        Ok(())
    }

    fn propose(&mut self, count: usize) -> Result<(), RaftError> {
        let raft = self.raft.as_mut().unwrap();
        let first = self.proposed.len();
        let values: Vec<Vec<u8>> = (first..first + count).map(|at| at.to_string().into_bytes()).collect();
        self.proposed
            .extend(values.iter().map(|value| Bytes::copy_from_slice(value)));
        raft.propose(&values, now()).map(drop)
    }

    fn sync(&mut self) -> Result<(), RaftError> {
        self.raft.as_mut().unwrap().sync()?;
        self.committed = self.proposed.len();
        Ok(())
    }

    /// After a power cut: starts, perhaps into the next one.
    fn recover(&mut self) {
        loop {
            self.raft = None;
            let chance = &mut self.chance;
            self.disk = self.disk.crash_in_any_order(|bound| chance.below(bound));
            if self.chance.below(3) == 0 {
                self.disk.cut_power_after(self.chance.below(12));
            }
            match self.start() {
                Ok(()) => break,
                Err(error) => assert!(self.disk.is_power_cut(), "{error}"),
            }
        }
        let found = values(self.raft.as_ref().unwrap());
        assert!(
            found.len() >= self.committed,
            "{} of {} committed",
            found.len(),
            self.committed
        );
        assert_eq!(found, self.proposed[..found.len()]);
        // A leader has all of its log committed before it serves.
        self.committed = found.len();
        self.proposed.truncate(found.len());
        let batches = self.raft.as_ref().unwrap().read_committed(0).unwrap();
        let mut epochs: BTreeMap<i32, i64> = BTreeMap::new();
        for batch in batches {
            let before = epochs.insert(batch.epoch, batch.base_offset);
            assert!(before.is_none_or(|before| before < batch.base_offset));
        }
        let in_order = epochs.values().zip(epochs.values().skip(1)).all(|(a, b)| a < b);
        assert!(in_order, "epochs go on in the log: {epochs:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("KFLEET_CRASHES").ok().and_then(|text| text.parse().ok()).unwrap_or(200)
    ))]

    #[test]
    fn a_power_cut_loses_no_committed_record_and_no_epoch_is_begun_twice(
        steps in prop::collection::vec((0u8..8, 1usize..5), 1..50),
        chance in prop::collection::vec(any::<u32>(), 300),
    ) {
        let mut life = Life {
            disk: SimDisk::default(),
            chance: Chance(chance.into_iter().cycle()),
            raft: None,
            proposed: Vec::new(),
            committed: 0,
            epochs: BTreeSet::new(),
        };
        life.start().unwrap();
        for (step, count) in steps {
            if life.chance.below(6) == 0 {
                let changes = life.chance.below(8);
                life.disk.cut_power_after(changes);
            }
            let done = match step {
                0..=3 => life.propose(count),
                4..=6 => life.sync(),
                _ => {
                    life.disk.cut_power_after(0);
                    Ok(())
                }
            };
            if let Err(error) = done {
                assert!(life.disk.is_power_cut(), "{error}");
            }
            if life.disk.is_power_cut() {
                life.recover();
            }
        }
    }
}
