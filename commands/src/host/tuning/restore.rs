//! The way back: what a journal says there was, in the reverse order.

use super::apply::{Done, Outcome, set};
use super::journal::{Entry, Pair};
use super::machine::Machine;
use crate::error::CommandError;
use crate::host::findings::OWN_FILE;

/// Our file as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileBefore {
    /// What was in it; none if there was none.
    pub(crate) text: Option<String>,
    /// Whether its folder was there.
    pub(crate) had_folder: bool,
    /// All that kfleet has put into it, with what was there before.
    known: Vec<Option<String>>,
}

/// What there was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Restore {
    /// Sysctls in the order in which they are set; of a pair the one that was in force.
    pub(crate) values: Vec<Pair>,
    /// Our file, if it was changed.
    pub(crate) file: Option<FileBefore>,
}

impl Restore {
    /// From a journal. Of runs after each other, what was there before the first counts.
    pub(crate) fn of(entries: &[Entry]) -> Self {
        let mut restore = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for entry in entries {
            match entry {
                Entry::Value {
                    key, before, partner, ..
                } if !seen.contains(&key.as_str()) => {
                    seen.push(key);
                    let in_force = partner.as_ref().filter(|pair| before == "0" && pair.value != "0");
                    restore.values.push(in_force.cloned().unwrap_or_else(|| Pair {
                        key: key.clone(),
                        value: before.clone(),
                    }));
                }
                Entry::File {
                    before,
                    after,
                    had_folder,
                } => {
                    let file = restore.file.get_or_insert_with(|| FileBefore {
                        text: before.clone(),
                        had_folder: *had_folder,
                        known: Vec::new(),
                    });
                    file.known.extend([before.clone(), after.clone()]);
                }
                _ => {}
            }
        }
        restore.values.reverse();
        restore
    }

    /// Refuses where somebody has edited our file.
    pub(crate) fn check(&self, machine: &dyn Machine) -> Result<(), CommandError> {
        let Some(file) = &self.file else { return Ok(()) };
        let now = machine
            .file()
            .map_err(|error| CommandError::io(&format!("reading {OWN_FILE}"), &error))?;
        if now.is_none() || file.known.contains(&now) {
            return Ok(());
        }
        let message = format!("{OWN_FILE} in sysctl.d was edited after kfleet wrote it; nothing was undone");
        Err(CommandError::refused(message).hint("keep a copy elsewhere, take it away, and run this again"))
    }
}

/// What was put back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Restored {
    /// Sysctls, in order.
    pub(crate) values: Vec<Done>,
    /// Whether our file is another one now.
    pub(crate) file_changed: bool,
    /// What could not be done.
    pub(crate) stopped: Option<String>,
}

impl Restored {
    /// Whether anything is not as it was.
    pub(crate) fn changed(&self) -> bool {
        self.file_changed || self.values.iter().any(|value| value.now != value.before)
    }
}

/// Puts back what there was. The journal ends when all of it is back.
pub(crate) fn restore(restore: &Restore, machine: &mut dyn Machine) -> Restored {
    let mut restored = Restored::default();
    for pair in &restore.values {
        let done = set(&pair.key, &pair.value, machine).unwrap_or_else(|error| {
            let now = machine.read(&pair.key).unwrap_or_default();
            // What the kernel refuses to set, tune could not set either.
            let is_back = now == pair.value;
            Done {
                key: pair.key.clone(),
                before: now.clone(),
                now,
                outcome: if is_back {
                    Outcome::Set
                } else {
                    Outcome::Refused(error.to_string())
                },
            }
        });
        restored.values.push(done);
    }
    let is_missing = |done: &&Done| done.outcome != Outcome::Set;
    if let Some(done) = restored.values.iter().find(is_missing) {
        restored.stopped = Some(format!("{} is not as it was", done.key));
    }
    match put_back(restore, machine) {
        Ok(changed) => restored.file_changed = changed,
        Err(error) => restored.stopped = Some(format!("{OWN_FILE} is not as it was: {error}")),
    }
    if restored.stopped.is_none()
        && let Err(error) = machine.forget()
    {
        restored.stopped = Some(format!("all is as it was, and the journal cannot be removed: {error}"));
    }
    restored
}

fn put_back(restore: &Restore, machine: &mut dyn Machine) -> std::io::Result<bool> {
    let Some(file) = &restore.file else { return Ok(false) };
    machine.tidy()?;
    let before = machine.file()?;
    if before == file.text && (file.had_folder || file.text.is_some() || !machine.has_folder()) {
        return Ok(false);
    }
    machine.put_file(file.text.as_deref(), file.had_folder)?;
    Ok(before != file.text)
}
