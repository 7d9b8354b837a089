//! A plan carried out: everything is journaled before it is changed, and read back after.

use super::journal::{Entry, Pair};
use super::machine::Machine;
use super::plan::{Plan, Step, partner};
use crate::error::CommandError;
use crate::host::facts::is_same_value;

/// What became of a sysctl.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The kernel took the value.
    Set,
    /// The kernel made something else of it.
    Clamped,
    /// The kernel refused it, and why.
    Refused(String),
}

/// A sysctl that was set, or was to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Done {
    /// Its name.
    pub(crate) key: String,
    /// What it was.
    pub(crate) before: String,
    /// What it is.
    pub(crate) now: String,
    /// What became of it.
    pub(crate) outcome: Outcome,
}

impl Done {
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.outcome, Outcome::Refused(_))
    }
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    /// Sysctls, in order.
    pub(crate) values: Vec<Done>,
    /// Whether our file is another one now.
    pub(crate) file_changed: bool,
    /// What ended it early.
    pub(crate) stopped: Option<String>,
}

impl Applied {
    /// Whether anything is not as it was.
    pub(crate) fn changed(&self) -> bool {
        self.file_changed || self.values.iter().any(|value| value.now != value.before)
    }
}

/// Carries out a plan. An error means that nothing was changed.
pub(crate) fn apply(plan: &Plan, machine: &mut dyn Machine) -> Result<Applied, CommandError> {
    let failed = |error: std::io::Error| CommandError::io("writing the journal", &error);
    let reading = |error: std::io::Error| CommandError::io("reading sysctl.d", &error);
    if machine.file().map_err(reading)? != plan.file {
        return Err(CommandError::refused(
            "the file in sysctl.d was changed while kfleet asked; nothing was changed",
        ));
    }
    let mut applied = Applied::default();
    let mut steps = Vec::new();
    for step in &plan.steps {
        match before(step, machine) {
            Ok(entry) => {
                machine.record(&entry).map_err(failed)?;
                steps.push(step);
            }
            Err(error) => applied.values.push(refused(step, &error)),
        }
    }
    let text = plan.file_with(&steps);
    replace(plan.file.as_ref(), text.as_ref(), machine)
        .map_err(|error| CommandError::io("writing sysctl.d", &error))?;
    for step in &steps {
        match set(&step.key, &step.wanted, machine) {
            Ok(done) => {
                let entry = Entry::Took {
                    key: done.key.clone(),
                    value: done.now.clone(),
                };
                applied.values.push(done);
                if let Err(error) = machine.record(&entry) {
                    applied.stopped = Some(format!("writing the journal: {error}"));
                    break;
                }
            }
            Err(error) => applied.values.push(refused(step, &error)),
        }
    }
    // What the kernel refuses now it would refuse at boot.
    let is_refused = |step: &Step| {
        applied
            .values
            .iter()
            .any(|done| done.key == step.key && done.is_refused())
    };
    steps.retain(|step| !is_refused(step));
    let taken = plan.file_with(&steps);
    if let Err(error) = replace(text.as_ref(), taken.as_ref(), machine) {
        applied.stopped.get_or_insert(format!("writing sysctl.d: {error}"));
        applied.file_changed = text != plan.file;
    } else {
        applied.file_changed = taken != plan.file;
    }
    Ok(applied)
}

/// What is to be remembered of a sysctl.
fn before(step: &Step, machine: &dyn Machine) -> std::io::Result<Entry> {
    let other = partner(&step.key).and_then(|key| Some((key, machine.read(key).ok()?)));
    Ok(Entry::Value {
        key: step.key.clone(),
        before: machine.read(&step.key)?,
        wanted: step.wanted.clone(),
        partner: other.map(|(key, value)| Pair {
            key: key.to_owned(),
            value,
        }),
    })
}

fn refused(step: &Step, error: &std::io::Error) -> Done {
    Done {
        key: step.key.clone(),
        before: step.before.clone(),
        now: step.before.clone(),
        outcome: Outcome::Refused(error.to_string()),
    }
}

/// Sets a sysctl and reads it back.
pub(crate) fn set(key: &str, wanted: &str, machine: &mut dyn Machine) -> std::io::Result<Done> {
    let before = machine.read(key)?;
    machine.write(key, wanted)?;
    let now = machine.read(key)?;
    Ok(Done {
        key: key.to_owned(),
        before,
        outcome: if is_same_value(&now, wanted) {
            Outcome::Set
        } else {
            Outcome::Clamped
        },
        now,
    })
}

/// Replaces our file, if it is to be another one.
fn replace(before: Option<&String>, after: Option<&String>, machine: &mut dyn Machine) -> std::io::Result<()> {
    if before == after {
        return Ok(());
    }
    let had_folder = machine.has_folder();
    machine.record(&Entry::File {
        before: before.cloned(),
        after: after.cloned(),
        had_folder,
    })?;
    machine.put_file(after.map(String::as_str), had_folder)
}
