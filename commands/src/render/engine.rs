//! Template and values to text.

use std::collections::BTreeMap;

use clap::ValueEnum as _;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};
use protocol::properties::Properties;

use super::jmx::{Attribute, Rules, selector};
use super::library::Library;
use crate::error::CommandError;
use crate::host::Baseline;
use crate::host_values::{LIMITS, sysctl_values};

/// Renders a template.
pub(crate) fn render(library: &Library, name: &str, values: &BTreeMap<String, Value>) -> Result<String, CommandError> {
    let environment = environment(library)?;
    let template = environment.get_template(name).map_err(|error| told(library, &error))?;
    let text = template.render(values).map_err(|error| told(library, &error))?;
    Ok(format!("{}\n", text.trim()))
}

/// An environment with all templates, in which a variable that is not there is an error.
pub(crate) fn environment(library: &Library) -> Result<Environment<'_>, CommandError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_keep_trailing_newline(true);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    // JSON as people write it: what minijinja has escapes < and >, which expressions of Prometheus are full of.
    environment.add_filter("tojson", |value: Value| {
        serde_json::to_string(&value).map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))
    });
    environment.add_filter("property", |text: String| property(&text));
    // In a unit, % starts a specifier, and in its command lines $ a variable.
    environment.add_filter("unit", |text: String| text.replace('%', "%%"));
    environment.add_filter("command", |text: String| text.replace('%', "%%").replace('$', "$$"));
    environment.add_function("fail", |why: String| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, why))
    });
    environment.add_function("jmx", jmx);
    environment.add_function("process_limits", || Value::from_serialize(LIMITS));
    environment.add_function("sysctl_values", |baseline: String| {
        let unknown = |why| Error::new(ErrorKind::InvalidOperation, format!("\"{baseline}\": {why}"));
        let baseline = Baseline::from_str(&baseline, false).map_err(unknown)?;
        Ok(Value::from_serialize(sysctl_values(baseline)))
    });
    for (name, template) in library.all() {
        environment
            .add_template(name, &template.text)
            .map_err(|error| told(library, &error))?;
    }
    Ok(environment)
}

/// `jmx(rules, "domain:type:name", "value", matchers)`
fn jmx(rules: &str, mbean: &str, attribute: &str, matchers: Option<&str>) -> Result<String, Error> {
    let wrong = || {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("{rules}, {mbean}, {attribute}: no such metric"),
        )
    };
    let rules = Rules::parse(rules).ok_or_else(wrong)?;
    let attribute = Attribute::parse(attribute).ok_or_else(wrong)?;
    selector(rules, mbean, attribute, matchers.unwrap_or_default()).ok_or_else(wrong)
}

/// A value as server.properties has it: Java needs no backslash before a colon or an equals sign in it.
fn property(text: &str) -> String {
    Properties::escape_value(text).replace("\\:", ":").replace("\\=", "=")
}

/// What is wrong with a template, and where.
fn told(library: &Library, error: &Error) -> CommandError {
    // An error in a part is the cause of one in the template that includes it.
    let causes = std::iter::successors(Some(error), |error: &&Error| {
        std::error::Error::source(*error)?.downcast_ref()
    });
    let error = causes.last().unwrap_or(error);
    let name = error.name().unwrap_or("the template");
    let file = library.all().find(|(known, _)| *known == name);
    let shown = file.and_then(|(_, template)| template.file.as_deref()).unwrap_or(name);
    let line = error.line().map_or(String::new(), |line| format!(", line {line}"));
    let detail = error.detail().map_or(String::new(), |detail| format!(": {detail}"));
    let message = format!("{shown}{line}: {}{detail}", error.kind());
    match error.kind() {
        ErrorKind::UndefinedError => {
            CommandError::data(message).hint("declare the variable in the comment at the top of the template")
        }
        _ => CommandError::data(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_read_back_as_they_were() {
        for text in ["a:9093,b:9093", "/data/1", "a\\:b", " a", "a=b\\", "\u{e9}", "#a!"] {
            let line = format!("key={}", property(text));
            let read = Properties::parse(line.as_bytes());
            assert_eq!(read.iter().next(), Some(("key", text)), "{line}");
        }
        assert_eq!(property("PLAINTEXT://a:9092"), "PLAINTEXT://a:9092");
    }
}
