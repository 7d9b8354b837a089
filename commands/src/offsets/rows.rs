//! What became of each partition, as it is shown.

use client::{ListedGroup, PartitionResults};
use schemars::JsonSchema;
use serde::Serialize;

use super::plan::{Plan, Planned};
use crate::output::{Shown, Table};

/// An offset of a group, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct OffsetChange {
    /// The group.
    group: String,
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// What was committed before; none if nothing was.
    pub(super) current_offset: Option<i64>,
    /// What is to be committed; none if nothing is.
    pub(super) new_offset: Option<i64>,
    /// Records between the two.
    difference: Option<i64>,
    /// Whether it was changed.
    changed: bool,
    /// Why not, if it was to be.
    error: Option<String>,
}

impl Shown for Vec<OffsetChange> {
    const SCHEMA: &'static str = "offsets-change/1";

    fn table(&self, _: bool) -> Table {
        table(self, true)
    }
}

/// Columns of a plan, or of what became of it.
pub(super) fn table(rows: &[OffsetChange], with_results: bool) -> Table {
    let number = |value: Option<i64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let row = |row: &OffsetChange| {
        let mut cells = vec![
            row.group.clone(),
            row.topic.clone(),
            row.partition.to_string(),
            number(row.current_offset),
            number(row.new_offset),
            row.difference
                .map_or_else(|| "-".to_owned(), |difference| format!("{difference:+}")),
        ];
        if with_results {
            cells.push(match (&row.error, row.changed) {
                (Some(error), _) => error.clone(),
                (None, true) => "done".to_owned(),
                (None, false) => "unchanged".to_owned(),
            });
        }
        cells
    };
    let mut headers = vec!["GROUP", "TOPIC", "PARTITION", "CURRENT", "NEW", "DIFFERENCE"];
    if with_results {
        headers.push("RESULT");
    }
    Table {
        headers,
        rows: rows.iter().map(row).collect(),
    }
}

/// Rows of a plan, with what became of its partitions if it was carried out.
pub(super) fn rows(group: &ListedGroup, plan: &Plan, results: Option<&PartitionResults>) -> Vec<OffsetChange> {
    let row = |planned: &Planned| {
        let result = results.and_then(|results| results.get(&planned.key));
        OffsetChange {
            group: group.id.clone(),
            topic: planned.key.0.clone(),
            partition: planned.key.1,
            current_offset: planned.current.as_ref().map(|current| current.offset),
            new_offset: planned.new.as_ref().map(|new| new.offset),
            difference: planned.difference(),
            changed: result.is_some_and(Result::is_ok),
            error: match result {
                Some(result) => result.as_ref().err().map(client::ClientError::reason),
                None if results.is_some() && planned.is_change() => {
                    Some("the coordinator says nothing of it".to_owned())
                }
                None => None,
            },
        }
    };
    plan.partitions.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use client::ClientError;

    use super::super::change::Target;
    use super::super::plan::sample;
    use super::*;

    #[test]
    fn rows_tell_what_became_of_each() {
        let group = Target::new("g", "").group;
        let seen = |rows: Vec<OffsetChange>| {
            let row = |row: &OffsetChange| (row.difference, row.changed, row.error.is_some());
            rows.iter().map(row).collect::<Vec<_>>()
        };
        let planned = [(Some(4), false, false), (None, false, false), (Some(0), false, false)];
        assert_eq!(seen(rows(&group, &sample(), None)), planned);
        let error = ClientError::rejected("t-1", 3, None);
        let results = BTreeMap::from([(("t".to_owned(), 0), Ok(())), (("t".to_owned(), 1), Err(error))]);
        let told = [(Some(4), true, false), (None, false, true), (Some(0), false, false)];
        assert_eq!(seen(rows(&group, &sample(), Some(&results))), told);
        let silent = rows(&group, &sample(), Some(&BTreeMap::new()));
        assert!(silent[0].error.is_some() && silent[2].error.is_none());
    }
}
