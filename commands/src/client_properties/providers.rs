//! Config providers (KIP-297): values that stand elsewhere, as `${file:/path:key}` and `${env:NAME}`.

use std::collections::BTreeMap;
use std::path::Path;

use protocol::properties::Properties;

use super::source::{Source, read_file};
use crate::error::CommandError;

const PACKAGE: &str = "org.apache.kafka.common.config.provider.";
const LIST: &str = "config.providers";

enum Provider {
    /// A key of a properties file.
    File,
    /// A file of a directory.
    Directory,
    /// A variable.
    Environment,
}

/// Values in which something was put in the place of `${...}`.
pub(super) fn resolve(source: &Source, warnings: &mut Vec<String>) -> Result<BTreeMap<String, String>, CommandError> {
    let providers = providers(source)?;
    let mut resolved = BTreeMap::new();
    for key in source.keys() {
        let Some(value) = source.get(key).filter(|value| value.contains("${")) else {
            continue;
        };
        if providers.is_empty() {
            if value.starts_with("${") {
                warnings.push(format!(
                    "{}:{}: {key}: ${{...}} stays as it is, because {LIST} is not given",
                    source.shown(),
                    source.line(key)
                ));
            }
            continue;
        }
        resolved.insert(key.to_owned(), replace(source, key, value, &providers)?);
    }
    Ok(resolved)
}

fn providers(source: &Source) -> Result<BTreeMap<String, Provider>, CommandError> {
    let mut providers = BTreeMap::new();
    let names = source.filled(LIST).unwrap_or_default();
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let key = format!("{LIST}.{name}.class");
        let class = source.filled(&key).and_then(|class| class.strip_prefix(PACKAGE));
        let provider = match class {
            Some("FileConfigProvider") => Provider::File,
            Some("DirectoryConfigProvider") => Provider::Directory,
            Some("EnvVarConfigProvider") => Provider::Environment,
            _ => {
                let key = if source.get(&key).is_some() { key.as_str() } else { LIST };
                let reason = format!(
                    "FileConfigProvider, DirectoryConfigProvider and EnvVarConfigProvider of {PACKAGE}* are known \
                     here, and {name} is none of them"
                );
                return Err(source.wrong(key, 0, &reason));
            }
        };
        providers.insert(name.to_owned(), provider);
    }
    Ok(providers)
}

fn replace(
    source: &Source,
    key: &str,
    value: &str,
    providers: &BTreeMap<String, Provider>,
) -> Result<String, CommandError> {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let at = value.chars().count() - rest.chars().count() + before.chars().count();
        let found = after.split_once('}').and_then(|(inner, after)| {
            let (name, path_and_key) = inner.split_once(':')?;
            Some((providers.get(name)?, path_and_key, after))
        });
        match found {
            Some((provider, path_and_key, after)) => {
                let (path, inner) = path_and_key.rsplit_once(':').unwrap_or(("", path_and_key));
                let text = provider.value(path, inner)?;
                let missing = || source.wrong(key, at, &format!("there is no {inner} where it is to come from"));
                out.push_str(&text.ok_or_else(missing)?);
                rest = after;
            }
            // Not for any provider.
            None => {
                out.push_str("${");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

impl Provider {
    fn value(&self, path: &str, key: &str) -> Result<Option<String>, CommandError> {
        match self {
            Self::File => {
                let properties = Properties::parse(&read_file(Path::new(path))?);
                Ok(properties.get(key).map(str::to_owned))
            }
            Self::Directory => {
                let bytes = read_file(&Path::new(path).join(key))?;
                Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
            }
            Self::Environment => Ok(std::env::var(key).ok()),
        }
    }
}
