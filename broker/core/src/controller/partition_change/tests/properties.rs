//! Whatever happens to a partition, these hold.

use proptest::prelude::*;

use super::*;

/// What happens to a partition of replicas 1 to 4, on brokers 1 to 6.
#[derive(Debug, Clone)]
enum Step {
    Fence(i32),
    Unfence(i32),
    UncleanRestart(i32),
    ProposeIsr(u8),
    Reassign(Vec<i32>),
    Elect(Election),
}

const BROKERS: std::ops::RangeInclusive<i32> = 1..=6;

fn step() -> impl Strategy<Value = Step> {
    let elections = prop_oneof![
        Just(Election::Preferred),
        Just(Election::Clean),
        Just(Election::Unclean)
    ];
    let target = proptest::sample::subsequence(BROKERS.collect::<Vec<_>>(), 1..=4).prop_shuffle();
    prop_oneof![
        4 => BROKERS.prop_map(Step::Fence),
        4 => BROKERS.prop_map(Step::Unfence),
        1 => BROKERS.prop_map(Step::UncleanRestart),
        4 => any::<u8>().prop_map(Step::ProposeIsr),
        2 => target.prop_map(Step::Reassign),
        2 => elections.prop_map(Step::Elect),
    ]
}

#[derive(Debug, Clone, Copy)]
struct Settings {
    level: i16,
    min_isr: usize,
    elr: bool,
}

fn settings() -> impl Strategy<Value = Settings> {
    let levels = prop_oneof![Just(7), Just(17), Just(23), Just(30)];
    (levels, 1..=3_usize, any::<bool>()).prop_map(|(level, min_isr, elr)| Settings {
        level,
        min_isr,
        elr: elr && level >= 23,
    })
}

struct Model {
    settings: Settings,
    alive: Vec<i32>,
    partition: PartitionImage,
}

impl Model {
    fn new(settings: Settings) -> Self {
        let replicas = vec![1, 2, 3, 4];
        Self {
            settings,
            alive: BROKERS.collect(),
            partition: PartitionImage {
                directories: vec![
                    Uuid::ONE;
                    if settings.level < DIRECTORIES_FROM {
                        0
                    } else {
                        replicas.len()
                    }
                ],
                isr: replicas.clone(),
                replicas,
                elr: vec![],
                last_known_elr: vec![],
                removing_replicas: vec![],
                adding_replicas: vec![],
                leader: 1,
                leader_recovery_state: RECOVERED,
                leader_epoch: 0,
                partition_epoch: 0,
            },
        }
    }

    fn change(&self) -> PartitionChange<'_> {
        let rules = Rules {
            level: self.settings.level,
            min_isr: self.settings.min_isr.min(self.partition.replicas.len()),
            elr: self.settings.elr,
            can_lead: Box::new(|id| self.alive.contains(&id)),
            directory: Box::new(|_| Uuid::ONE),
        };
        PartitionChange::new(&self.partition, rules)
    }

    /// Takes a step as the controller does; the partition after it, if it changed, and its record.
    fn take(&mut self, step: &Step) -> Option<(PartitionImage, PartitionChangeRecord)> {
        match step {
            Step::Fence(id) | Step::UncleanRestart(id) => self.alive.retain(|alive| alive != id),
            Step::Unfence(id) if !self.alive.contains(id) => self.alive.push(*id),
            _ => {}
        }
        let mut change = self.change();
        match step {
            Step::Fence(id) => change.isr.retain(|member| member != id),
            Step::UncleanRestart(id) => {
                change.isr.retain(|member| member != id);
                change.unclean_shutdown = Some(*id);
            }
            Step::Unfence(_) => {}
            Step::ProposeIsr(bits) => {
                let leader = self.partition.leader;
                if leader < 0 || self.partition.leader_recovery_state == RECOVERING {
                    return None;
                }
                let asked = |id: &i32| *id == leader || (bits >> *id & 1 == 1 && self.alive.contains(id));
                change.isr = self.partition.replicas.iter().copied().filter(asked).collect();
            }
            Step::Reassign(target) => {
                let moved = Reassignment::towards(&self.partition, target);
                change.replicas = moved.replicas;
                change.adding = moved.adding;
                change.removing = moved.removing;
            }
            Step::Elect(election) => change.election = *election,
        }
        let record = change.record(Uuid::ONE, 0)?;
        let after = self.partition.changed(&record);
        let before = std::mem::replace(&mut self.partition, after);
        Some((before, record))
    }

    fn check(&self, step: &Step, before: &PartitionImage, record: &PartitionChangeRecord) {
        let now = &self.partition;
        assert_eq!(now.partition_epoch, before.partition_epoch + 1);
        let bumped = record.leader != LEADER_UNCHANGED;
        assert_eq!(now.leader_epoch, before.leader_epoch + i32::from(bumped));
        assert!(
            bumped || now.leader == before.leader,
            "a leader that changes begins an epoch"
        );
        assert!(self.settings.elr || !now.isr.is_empty(), "nobody is in sync");
        assert!(
            now.leader < 0 || now.isr.contains(&now.leader),
            "the leader is not in sync"
        );
        assert!(
            now.leader < 0 || self.alive.contains(&now.leader),
            "a fenced broker leads"
        );
        assert!(contains_all(&now.replicas, &now.isr) && contains_all(&now.replicas, &now.elr));
        assert!(
            now.elr.iter().all(|id| !now.isr.contains(id)),
            "in sync and eligible at once"
        );
        assert!(self.settings.elr || now.elr.is_empty());
        let joined = now.isr.iter().filter(|id| !before.isr.contains(id));
        for id in joined {
            assert!(self.alive.contains(id), "{id} is fenced and joined the ISR");
        }
        let named = if self.settings.level < DIRECTORIES_FROM {
            0
        } else {
            now.replicas.len()
        };
        assert_eq!(now.directories.len(), named);
        assert!(now.adding_replicas.iter().all(|id| now.replicas.contains(id)));
        assert!(now.removing_replicas.iter().all(|id| now.replicas.contains(id)));
        self.check_safety(step, before);
    }

    /// Who leads next has everything that was acknowledged, unless an unclean election says otherwise.
    fn check_safety(&self, step: &Step, before: &PartitionImage) {
        let now = &self.partition;
        let candidates =
            |partition: &PartitionImage| -> Vec<i32> { partition.isr.iter().chain(&partition.elr).copied().collect() };
        let proposed = matches!(step, Step::ProposeIsr(_));
        let changed = now.leader >= 0 && now.leader != before.leader;
        let unclean = changed && !proposed && !candidates(before).contains(&now.leader);
        if unclean {
            let mut others = candidates(before);
            others.retain(|id| !matches!(step, Step::UncleanRestart(gone) if gone == id));
            let known = before.last_known_elr.contains(&now.leader) && others.is_empty();
            assert!(
                known || matches!(step, Step::Elect(Election::Unclean)),
                "unclean without leave"
            );
            assert_eq!(now.leader_recovery_state, RECOVERING);
            assert_eq!(now.isr, [now.leader]);
        }
        let keeps = self.settings.elr && !unclean && !matches!(step, Step::UncleanRestart(_));
        if keeps && now.isr.len() < self.settings.min_isr.min(before.replicas.len()) {
            let mut lost = candidates(before);
            lost.retain(|id| now.replicas.contains(id) && !candidates(now).contains(id));
            assert!(lost.is_empty(), "{lost:?} were eligible and are not any longer");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_rules_hold(settings in settings(), steps in prop::collection::vec(step(), 1..60)) {
        let mut model = Model::new(settings);
        for step in &steps {
            if let Some((before, record)) = model.take(step) {
                model.check(step, &before, &record);
            }
        }
    }
}
