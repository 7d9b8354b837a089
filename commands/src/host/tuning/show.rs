//! What tune and undo print.

use schemars::JsonSchema;
use serde::Serialize;

use super::apply::{Applied, Done, Outcome};
use super::plan::{ByHand, Override, Plan};
use super::restore::Restored;
use crate::host::rules::Baseline;
use crate::output::{Shown, Table};

/// What becomes of a sysctl.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RowResult {
    /// It would be set.
    Planned,
    /// The kernel took the value.
    Set,
    /// The kernel made something else of it.
    Clamped,
    /// The kernel refused the value.
    Refused,
    /// It was not reached.
    Skipped,
}

impl RowResult {
    const fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Set => "set",
            Self::Clamped => "clamped",
            Self::Refused => "refused",
            Self::Skipped => "skipped",
        }
    }
}

/// A sysctl.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct ValueRow {
    /// Its name.
    pub(crate) key: String,
    /// The rules that want it; none for undo.
    pub(crate) rules: Vec<String>,
    /// What it was.
    pub(crate) before: String,
    /// What it is to be.
    pub(crate) wanted: String,
    /// What it is, as read back.
    pub(crate) now: String,
    /// What became of it.
    pub(crate) result: RowResult,
    /// Why the kernel refused it.
    pub(crate) reason: Option<String>,
}

impl ValueRow {
    fn planned(key: &str, rules: &[String], before: &str, wanted: &str) -> Self {
        Self {
            key: key.to_owned(),
            rules: rules.to_vec(),
            before: before.to_owned(),
            wanted: wanted.to_owned(),
            now: before.to_owned(),
            result: RowResult::Planned,
            reason: None,
        }
    }

    fn done(&mut self, all: &[Done]) {
        self.result = RowResult::Skipped;
        let Some(done) = all.iter().find(|done| done.key == self.key) else {
            return;
        };
        self.before.clone_from(&done.before);
        self.now.clone_from(&done.now);
        self.result = match &done.outcome {
            Outcome::Set => RowResult::Set,
            Outcome::Clamped => RowResult::Clamped,
            Outcome::Refused(_) => RowResult::Refused,
        };
        if let Outcome::Refused(reason) = &done.outcome {
            self.reason = Some(reason.clone());
        }
    }

    fn cells(&self) -> Vec<String> {
        let shown = |text: &str| {
            if text.is_empty() {
                "-".to_owned()
            } else {
                text.to_owned()
            }
        };
        let note = self.reason.clone().unwrap_or_else(|| self.rules.join(", "));
        vec![
            self.result.word().to_owned(),
            self.key.clone(),
            shown(&self.before),
            shown(&self.wanted),
            shown(&self.now),
            shown(&note),
        ]
    }
}

const HEADERS: [&str; 6] = ["RESULT", "KEY", "BEFORE", "WANTED", "NOW", "NOTE"];

/// How a host was set.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct HostTune {
    /// The tree; / for this machine.
    pub(crate) root: String,
    /// Whose advice counted.
    pub(crate) baseline: Baseline,
    /// Whether anything is not as it was.
    pub(crate) changed: bool,
    /// The file that keeps the values.
    pub(crate) file: String,
    /// Whether it is another one now.
    pub(crate) file_changed: bool,
    /// Where the old values are.
    pub(crate) journal: String,
    /// Sysctls, in the order in which they are set.
    pub(crate) values: Vec<ValueRow>,
    /// What is left to people.
    pub(crate) by_hand: Vec<ByHand>,
    /// What is set again after the file, to another value.
    pub(crate) overridden: Vec<Override>,
    /// Rules that could not be judged.
    pub(crate) unknown: Vec<String>,
    /// What ended it early.
    pub(crate) stopped: Option<String>,
}

impl HostTune {
    /// A plan, with nothing done.
    pub(crate) fn planned(root: &str, baseline: Baseline, plan: &Plan, file: String, journal: String) -> Self {
        let row = |step: &super::plan::Step| ValueRow::planned(&step.key, &step.rules, &step.before, &step.wanted);
        Self {
            root: root.to_owned(),
            baseline,
            changed: false,
            file,
            file_changed: false,
            journal,
            values: plan.steps.iter().map(row).collect(),
            by_hand: plan.by_hand.clone(),
            overridden: plan.overridden.clone(),
            unknown: plan.unknown.clone(),
            stopped: None,
        }
    }

    /// With what was done.
    pub(crate) fn done(&mut self, applied: Applied) {
        self.changed = applied.changed();
        self.file_changed = applied.file_changed;
        for row in &mut self.values {
            row.done(&applied.values);
        }
        self.stopped = applied.stopped;
    }

    /// Whether a value was taken as this.
    pub(crate) fn has(&self, result: RowResult) -> bool {
        self.values.iter().any(|row| row.result == result)
    }
}

impl Shown for HostTune {
    const SCHEMA: &'static str = "host-tune/1";

    fn table(&self, _: bool) -> Table {
        let dash = || "-".to_owned();
        let mut rows: Vec<Vec<String>> = self.values.iter().map(ValueRow::cells).collect();
        rows.extend(self.overridden.iter().map(|row| {
            let note = format!("{} sets {} later", row.by, row.value);
            vec![
                "overridden".to_owned(),
                row.key.clone(),
                dash(),
                row.ours.clone(),
                dash(),
                note,
            ]
        }));
        rows.extend(self.by_hand.iter().map(|row| {
            vec![
                "by hand".to_owned(),
                row.rule.clone(),
                dash(),
                dash(),
                dash(),
                row.text.clone(),
            ]
        }));
        Table {
            headers: HEADERS.to_vec(),
            rows,
        }
    }
}

/// How a host was put back.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct HostUndo {
    /// The tree; / for this machine.
    pub(crate) root: String,
    /// Whether anything is not as it was.
    pub(crate) changed: bool,
    /// The file that kept the values.
    pub(crate) file: String,
    /// Whether it is another one now.
    pub(crate) file_changed: bool,
    /// Where the old values were.
    pub(crate) journal: String,
    /// Sysctls, in the order in which they are set.
    pub(crate) values: Vec<ValueRow>,
    /// What could not be done.
    pub(crate) stopped: Option<String>,
}

impl HostUndo {
    /// What is to be put back, with what there is.
    pub(crate) fn planned(root: &str, pairs: &[(String, String, String)], file: String, journal: String) -> Self {
        let row = |(key, before, wanted): &(String, String, String)| ValueRow::planned(key, &[], before, wanted);
        Self {
            root: root.to_owned(),
            changed: false,
            file,
            file_changed: false,
            journal,
            values: pairs.iter().map(row).collect(),
            stopped: None,
        }
    }

    /// With what was done.
    pub(crate) fn done(&mut self, restored: Restored) {
        self.changed = restored.changed();
        self.file_changed = restored.file_changed;
        for row in &mut self.values {
            row.done(&restored.values);
        }
        self.stopped = restored.stopped;
    }
}

impl Shown for HostUndo {
    const SCHEMA: &'static str = "host-undo/1";

    fn table(&self, _: bool) -> Table {
        Table {
            headers: HEADERS.to_vec(),
            rows: self.values.iter().map(ValueRow::cells).collect(),
        }
    }
}
