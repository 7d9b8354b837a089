//! The templates in the binary, and those of a folder, which come first.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use super::header::Header;
use crate::error::CommandError;

/// What the names of template files end with.
const SUFFIX: &str = ".jinja";
/// No template is longer.
const TEMPLATE_MAX_BYTES: u64 = 1 << 20;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../templates/", $name, ".jinja")))),*]
    };
}

/// Names that start with _ are parts of others.
const EMBEDDED: &[(&str, &str)] = embedded![
    "_server-broker",
    "_server-common",
    "_systemd-hardening",
    "_systemd-kfleet-broker",
    "grafana-dashboard",
    "limits",
    "prometheus-alerts",
    "prometheus-scrape",
    "server-broker",
    "server-combined",
    "server-controller",
    "sysctl",
    "systemd-apache-broker",
    "systemd-broker",
    "systemd-broker-template",
    "systemd-tune",
];

/// A template.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    /// Where it is from: a file, or none for one in the binary.
    pub(crate) file: Option<String>,
    /// Its text.
    pub(crate) text: String,
}

/// Templates by name.
#[derive(Debug)]
pub(crate) struct Library {
    templates: BTreeMap<String, Template>,
}

impl Library {
    /// Those in the binary, and over them those of a folder.
    pub(crate) fn open(folder: Option<&Path>) -> Result<Self, CommandError> {
        let embedded = EMBEDDED.iter().map(|(name, text)| {
            let template = Template {
                file: None,
                text: (*text).to_owned(),
            };
            ((*name).to_owned(), template)
        });
        let mut templates: BTreeMap<_, _> = embedded.collect();
        if let Some(folder) = folder {
            templates.extend(of_folder(folder)?);
        }
        Ok(Self { templates })
    }

    /// All templates and parts.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Template)> {
        self.templates.iter().map(|(name, template)| (name.as_str(), template))
    }

    /// Names of what can be rendered.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.templates
            .keys()
            .map(String::as_str)
            .filter(|name| !name.starts_with('_'))
    }

    /// A template and what it says of itself.
    pub(crate) fn find(&self, name: &str) -> Result<(&Template, Header), CommandError> {
        let found = self.templates.get(name).filter(|_| !name.starts_with('_'));
        let template = found.ok_or_else(|| {
            let names: Vec<&str> = self.names().collect();
            CommandError::not_found(format!("no template is named \"{name}\""))
                .hint(format!("the templates are {}", names.join(", ")))
        })?;
        let header = Header::parse(&template.text)
            .map_err(|why| CommandError::data(format!("{}: {why}", template.file.as_deref().unwrap_or(name))))?;
        Ok((template, header))
    }
}

fn of_folder(folder: &Path) -> Result<Vec<(String, Template)>, CommandError> {
    let failed = |path: &Path, error: &std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => CommandError::not_found(format!("{} does not exist", path.display())),
        _ => CommandError::io(&format!("reading {}", path.display()), error),
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, &error))? {
        let path = entry.map_err(|error| failed(folder, &error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(SUFFIX)) else {
            continue;
        };
        let mut text = String::new();
        let file = fs::File::open(&path).map_err(|error| failed(&path, &error))?;
        file.take(TEMPLATE_MAX_BYTES + 1)
            .read_to_string(&mut text)
            .map_err(|error| failed(&path, &error))?;
        if text.len() as u64 > TEMPLATE_MAX_BYTES {
            let message = format!("{} is longer than {TEMPLATE_MAX_BYTES} bytes", path.display());
            return Err(CommandError::data(message));
        }
        let template = Template {
            file: Some(path.display().to_string()),
            text,
        };
        found.push((name.to_owned(), template));
    }
    if found.is_empty() {
        let message = format!("{} has no templates", folder.display());
        return Err(CommandError::not_found(message).hint(format!("a template's file is named NAME{SUFFIX}")));
    }
    Ok(found)
}
