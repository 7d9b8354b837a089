//! What is known of topics that come and go, and of what a group committed. Nothing here talks to a cluster.

use std::collections::{BTreeMap, BTreeSet};

/// What is known of topics that come and go.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    /// Whether each is there; not in it while nobody can know.
    there: BTreeMap<String, bool>,
    faults: BTreeSet<String>,
}

impl Topics {
    /// A creation or deletion is about to be asked for.
    pub(crate) fn changes(&mut self, name: &str) {
        self.there.remove(name);
    }

    /// A creation (`true`) or deletion was acknowledged.
    pub(crate) fn acknowledges(&mut self, name: &str, there: bool) {
        self.there.insert(name.to_owned(), there);
    }

    /// Somebody looked.
    pub(crate) fn sees(&mut self, name: &str, there: bool) {
        if self.there.insert(name.to_owned(), there) == Some(!there) {
            let wrong = if there { "is there again" } else { "is gone" };
            self.faults.insert(format!("topic {name} {wrong}"));
        }
    }

    /// Somebody read the records of a topic that has been created `generation` times.
    pub(crate) fn reads(&mut self, name: &str, generation: u32, records: &[(i64, String)]) {
        let expected = vec![(0, generation.to_string())];
        if records != expected {
            self.faults
                .insert(format!("topic {name} has {records:?} instead of {expected:?}"));
        }
    }

    /// Topics in the order of their names, and whether they are there.
    pub(crate) fn known(&self) -> impl Iterator<Item = (&String, bool)> {
        self.there.iter().map(|(name, there)| (name, *there))
    }

    /// What went wrong.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.faults.iter().cloned().collect()
    }
}

/// What a group committed for one partition: ever greater offsets.
#[derive(Debug, Default)]
pub(crate) struct Commits {
    tried: i64,
    acknowledged: i64,
    faults: Vec<String>,
}

impl Commits {
    /// The offset to commit next.
    pub(crate) fn next(&mut self) -> i64 {
        self.tried += 1;
        self.tried
    }

    /// A commit was acknowledged.
    pub(crate) fn acknowledges(&mut self, offset: i64) {
        self.acknowledged = self.acknowledged.max(offset);
    }

    /// Somebody asked what was committed; what was seen once counts as if it had been acknowledged.
    pub(crate) fn sees(&mut self, offset: i64) {
        if offset < self.acknowledged || offset > self.tried {
            let (acknowledged, tried) = (self.acknowledged, self.tried);
            self.faults.push(format!(
                "committed offset {offset} is not between {acknowledged} and {tried}"
            ));
        }
        self.acknowledges(offset);
    }

    /// How many commits were acknowledged, and what went wrong.
    pub(crate) fn outcome(&self) -> (i64, &[String]) {
        (self.acknowledged, &self.faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_that_vanish_or_come_back_are_found() {
        let mut topics = Topics::default();
        topics.changes("a");
        topics.sees("a", false);
        topics.changes("a");
        topics.acknowledges("a", true);
        topics.sees("a", true);
        topics.reads("a", 3, &[(0, "3".into())]);
        assert_eq!(topics.faults(), Vec::<String>::new());
        topics.sees("a", false);
        topics.changes("a");
        topics.acknowledges("a", false);
        topics.sees("a", true);
        topics.reads("a", 3, &[(0, "2".into()), (1, "3".into())]);
        topics.reads("a", 3, &[]);
        assert_eq!(topics.faults().len(), 4, "{:?}", topics.faults());
    }

    #[test]
    fn a_commit_that_goes_back_is_found() {
        let mut commits = Commits::default();
        let first = commits.next();
        commits.acknowledges(first);
        commits.next();
        commits.sees(2);
        commits.sees(2);
        assert_eq!(commits.outcome(), (2, &[][..]));
        commits.sees(1);
        commits.sees(3);
        assert_eq!(commits.outcome().1.len(), 2);
    }
}
