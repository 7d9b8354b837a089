//! What a shell is given to stop a node, to start it, and to tell which process it is.

use roller::run::Probe;
use serde::{Deserialize, Serialize};

use super::inventory::Place;

/// What carries lines out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub(super) enum By {
    /// Lines of whoever runs it.
    Templates {
        stop: String,
        start: String,
        probe: Option<String>,
    },
    /// systemd, here or where ssh leads.
    Systemd { is_remote: bool },
    /// Pods that something starts again when they are deleted.
    Kubectl,
}

/// Lines for one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) stop: String,
    pub(super) start: String,
    pub(super) probe: Option<String>,
    /// Ends it at once.
    pub(super) kill: Option<String>,
    /// Prints its meta.properties.
    pub(super) meta: Option<String>,
}

/// A word that a shell takes as it is.
pub(super) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A template with `{node}` and the values of a place, each as one word of a shell.
pub(super) fn filled(template: &str, node: i32, place: &Place) -> Result<String, String> {
    let mut line = template.replace("{node}", &node.to_string());
    for (name, value) in place.values() {
        let key = format!("{{{name}}}");
        if !line.contains(&key) {
            continue;
        }
        let value = value.ok_or_else(|| missing(name, node))?;
        line = line.replace(&key, &quoted(value));
    }
    Ok(line)
}

fn missing(name: &str, node: i32) -> String {
    format!("the inventory has no {name} for node {node}")
}

impl By {
    pub(super) fn lines(&self, node: i32, place: &Place) -> Result<Lines, String> {
        let needed = |name: &str, value: &Option<String>| value.clone().ok_or_else(|| missing(name, node));
        match self {
            Self::Templates { stop, start, probe } => Ok(Lines {
                stop: filled(stop, node, place)?,
                start: filled(start, node, place)?,
                probe: probe.as_deref().map(|probe| filled(probe, node, place)).transpose()?,
                kill: None,
                meta: None,
            }),
            Self::Systemd { is_remote } => {
                let unit = quoted(&needed("unit", &place.unit)?);
                let host = is_remote.then(|| needed("host", &place.host)).transpose()?;
                let run = |line: String| match &host {
                    None => line,
                    Some(host) => remote(host, place.user.as_deref(), &line),
                };
                let sudo = if *is_remote { "sudo -n " } else { "" };
                let show = format!("systemctl show -p LoadState,ActiveState,InvocationID {unit}");
                Ok(Lines {
                    stop: run(format!("{sudo}systemctl stop {unit}")),
                    start: run(format!("{sudo}systemctl start {unit}")),
                    probe: Some(run(show)),
                    kill: Some(run(format!("{sudo}systemctl kill -s KILL {unit}"))),
                    meta: place
                        .meta_properties
                        .as_deref()
                        .map(|path| run(format!("{sudo}cat {}", quoted(path)))),
                })
            }
            Self::Kubectl => {
                let pod = needed("pod", &place.pod)?;
                let namespace = place.namespace.as_deref().map(|name| format!(" -n {}", quoted(name)));
                let kubectl = format!("kubectl{}", namespace.unwrap_or_default());
                let of_pod = quoted(&pod);
                let shown = "'{.metadata.uid} {.status.containerStatuses[*].state.running.startedAt}'";
                Ok(Lines {
                    stop: format!("{kubectl} delete pod {of_pod} --wait=true --ignore-not-found"),
                    // The pod may not be there yet, which kubectl does not wait for.
                    start: format!(
                        "until {kubectl} wait --for=condition=Ready pod/{of_pod} --timeout=10s; do sleep 1; done"
                    ),
                    probe: Some(format!(
                        "{kubectl} get pod {of_pod} --ignore-not-found -o jsonpath={shown}"
                    )),
                    kill: None,
                    meta: place
                        .meta_properties
                        .as_deref()
                        .map(|path| format!("{kubectl} exec {of_pod} -- cat {}", quoted(path))),
                })
            }
        }
    }

    /// What a probe's output says.
    pub(super) fn identity(&self, output: &str) -> Result<Probe, String> {
        match self {
            Self::Systemd { .. } => of_unit(output),
            Self::Templates { .. } | Self::Kubectl => Ok(match output.trim() {
                "" => Probe::NotRunning,
                identity => Probe::Is(identity.to_owned()),
            }),
        }
    }
}

/// Over the system's ssh, with its configuration; nobody is there to type anything.
fn remote(host: &str, user: Option<&str>, line: &str) -> String {
    let target = user.map_or_else(|| host.to_owned(), |user| format!("{user}@{host}"));
    format!(
        "ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 {} {}",
        quoted(&target),
        quoted(line)
    )
}

/// Every start of a unit has an id of its own.
fn of_unit(output: &str) -> Result<Probe, String> {
    let value = |key: &str| {
        let mut lines = output.lines().filter_map(|line| line.split_once('='));
        lines.find(|(name, _)| *name == key).map(|(_, value)| value.trim())
    };
    match (value("LoadState"), value("ActiveState")) {
        (Some("loaded"), Some("inactive" | "failed")) => Ok(Probe::NotRunning),
        (Some("loaded"), Some(_)) => match value("InvocationID") {
            None | Some("") => Ok(Probe::Unknown),
            Some(id) => Ok(Probe::Is(format!("invocation {id}"))),
        },
        (Some(state), _) => Err(format!("systemd has no such unit: its LoadState is {state}")),
        (None, _) => Err(format!("systemctl said {output:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            host: Some("k 1".to_owned()),
            user: Some("ops".to_owned()),
            unit: Some("it's".to_owned()),
            pod: Some("k-1".to_owned()),
            ..Place::default()
        }
    }

    #[test]
    fn values_are_words_of_a_shell() {
        let line = filled("stop {node} {unit} {host}", 3, &place()).unwrap();
        assert_eq!(line, r"stop 3 'it'\''s' 'k 1'");
        let error = filled("cat {meta_properties}", 3, &place()).unwrap_err();
        assert_eq!(error, "the inventory has no meta_properties for node 3");
    }

    #[test]
    fn lines_over_ssh_are_quoted_twice() {
        let lines = By::Systemd { is_remote: true }.lines(1, &place()).unwrap();
        assert!(lines.stop.starts_with("ssh -o BatchMode=yes "), "{}", lines.stop);
        let inner = quoted(r"sudo -n systemctl stop 'it'\''s'");
        assert!(lines.stop.ends_with(&format!("'ops@k 1' {inner}")), "{}", lines.stop);
        let local = By::Systemd { is_remote: false }.lines(1, &place()).unwrap();
        assert_eq!(local.start, r"systemctl start 'it'\''s'");
        let nowhere = By::Systemd { is_remote: true }.lines(1, &Place::default());
        assert!(nowhere.unwrap_err().contains("no unit"));
    }

    #[test]
    fn a_unit_is_told_by_its_invocation() {
        let unit = |load: &str, active: &str, id: &str| {
            of_unit(&format!("InvocationID={id}\nLoadState={load}\nActiveState={active}\n"))
        };
        assert_eq!(
            unit("loaded", "active", "a1"),
            Ok(Probe::Is("invocation a1".to_owned()))
        );
        assert_eq!(
            unit("loaded", "deactivating", "a1"),
            Ok(Probe::Is("invocation a1".to_owned()))
        );
        assert_eq!(unit("loaded", "failed", "a1"), Ok(Probe::NotRunning));
        assert_eq!(unit("loaded", "active", ""), Ok(Probe::Unknown));
        assert!(unit("not-found", "inactive", "").is_err() && of_unit("").is_err());
    }
}
