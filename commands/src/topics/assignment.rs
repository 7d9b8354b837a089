//! Replicas of partitions, as Kafka's script takes them: 1:2,2:3 is partition 0 on brokers 1 and 2, partition 1 on 2 and 3.

use std::collections::BTreeSet;
use std::str::FromStr;

use planner::counted::counted;

/// Brokers of each partition, the preferred leader first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment(pub(crate) Vec<Vec<i32>>);

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut partitions: Vec<Vec<i32>> = Vec::new();
        for (index, replicas) in text.split(',').enumerate() {
            let ids = replicas
                .split(':')
                .map(|id| id.trim().parse().ok().filter(|id: &i32| *id >= 0));
            let ids: Option<Vec<i32>> = ids.collect();
            let ids = ids.ok_or_else(|| {
                format!("\"{replicas}\" is not BROKER[:BROKER...]; partitions are separated by commas, as in 1:2,2:3")
            })?;
            if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
                return Err(format!("partition {index} has a broker twice: {replicas}"));
            }
            if let Some(first) = partitions.first().filter(|first| first.len() != ids.len()) {
                return Err(format!(
                    "partition {index} has {}, and partition 0 has {}",
                    counted(ids.len(), "replica"),
                    first.len()
                ));
            }
            partitions.push(ids);
        }
        Ok(Self(partitions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_read_as_kafkas_script_reads_them() {
        assert_eq!("1:2,2:3".parse(), Ok(Assignment(vec![vec![1, 2], vec![2, 3]])));
        assert_eq!("7".parse(), Ok(Assignment(vec![vec![7]])));
        for wrong in ["", "1,", "1:x", "1:-2", "1:1", "1:2,3", "1;2"] {
            assert!(wrong.parse::<Assignment>().is_err(), "{wrong}");
        }
    }
}
