//! render

mod engine;
mod header;
mod jmx;
mod library;
mod values;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Format, Shown, Table};
use crate::replace_file::replace_file;
use header::VariableRow;
use library::Library;

/// Write a file that a Kafka host or its monitoring needs, from a template.
#[derive(Debug, Args)]
#[command(after_help = "\
Brokers' metrics have the names of the JMX exporter, by its example kafka-2_0_0.yml or, with jmx_rules=default, without
rules; those of groups and topics have the names of kafka_exporter, those of hosts the names of node_exporter.

A template of your own starts with a comment that says what it is and declares its variables: see --source.

Examples:
  kfleet render --list
  kfleet render server-broker --list
  kfleet render server-combined --set node_id=1 --set host=kafka1 --set quorum=1@kafka1:9093 --out server.properties
  kfleet render systemd-broker --set log_dirs=/data/1,/data/2 --out /etc/systemd/system/kfleet-broker.service
  kfleet render sysctl --set baseline=confluent
  kfleet render prometheus-scrape --set hosts=kafka1,kafka2,kafka3
  kfleet render grafana-dashboard --set jmx_rules=default --out kafka.json
  kfleet render server-broker --source >our-templates/server-broker.jinja
  kfleet render server-broker --templates our-templates --set node_id=4 ...")]
pub(crate) struct RenderArgs {
    /// The template
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    /// A variable's value, KEY=VALUE; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// A folder with templates of your own, NAME.jinja; they come before those of the same name
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// Write to this file, which is there whole or not at all, and not to stdout
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    out: Option<PathBuf>,
    /// Replace the file if it is there and differs
    #[arg(long, requires = "out")]
    force: bool,
    /// List the templates, or the variables of the named one
    #[arg(long)]
    list: bool,
    /// Print the template itself, to change a copy of it in a folder of your own
    #[arg(long, conflicts_with_all = ["list", "out", "settings"])]
    source: bool,
}

/// A template, as it is listed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TemplateRow {
    /// Its name.
    name: String,
    /// What it is.
    about: String,
    /// Where its rendering belongs.
    installs: Option<String>,
    /// The file it is from; none if it is in the binary.
    file: Option<String>,
    /// Its variables.
    variables: Vec<VariableRow>,
}

/// Templates, or the variables of one.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct TemplateList(Vec<TemplateRow>);

impl Shown for TemplateList {
    const SCHEMA: &'static str = "render-list/1";

    fn table(&self, wide: bool) -> Table {
        let of = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let row = |template: &TemplateRow| {
            let mut row = vec![template.name.clone(), of(&template.installs), template.about.clone()];
            if wide {
                row.push(of(&template.file));
            }
            row
        };
        let mut headers = vec!["NAME", "BELONGS IN", "WHAT IT IS"];
        if wide {
            headers.push("FILE");
        }
        Table {
            headers,
            rows: self.0.iter().map(row).collect(),
        }
    }
}

/// The variables of one template.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct VariableList(Vec<VariableRow>);

impl Shown for VariableList {
    const SCHEMA: &'static str = "render-variables/1";

    fn table(&self, _: bool) -> Table {
        Table {
            headers: vec!["VARIABLE", "TAKES", "DEFAULT", "WHAT IT IS"],
            rows: self.0.iter().map(VariableRow::cells).collect(),
        }
    }
}

/// What was rendered.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Rendering {
    /// The template.
    name: String,
    /// The file it was written to; none if to stdout.
    file: Option<String>,
    /// Whether that file was changed.
    changed: bool,
    /// The text.
    text: String,
}

impl Shown for Rendering {
    const SCHEMA: &'static str = "render/1";

    fn table(&self, _: bool) -> Table {
        Table {
            headers: Vec::new(),
            rows: vec![vec![self.text.clone()]],
        }
    }
}

pub(crate) fn run(args: &RenderArgs, context: &Context) -> Result<(), CommandError> {
    let library = Library::open(args.templates.as_deref())?;
    let Some(name) = &args.name else {
        return context.out.show(None, &list(&library)?, &[]);
    };
    let (template, header) = library.find(name)?;
    if args.source {
        return context.out.print(&template.text);
    }
    if args.list {
        let rows = header.variables.iter().map(VariableRow::from).collect();
        return context.out.show(None, &VariableList(rows), &[]);
    }
    let values = values::values(name, &header, &args.settings)?;
    let text = engine::render(&library, name, &values)?;
    let changed = match &args.out {
        Some(file) => write(file, &text, args.force)?,
        None => false,
    };
    match (&args.out, context.out.format) {
        (None, Format::Table | Format::Wide) => context.out.print(&text),
        (Some(file), Format::Table | Format::Wide) => {
            let done = if changed { "wrote" } else { "no change in" };
            context.out.note(&format!("{done} {}", file.display()));
            Ok(())
        }
        (file, Format::Json | Format::Ndjson) => {
            let rendering = Rendering {
                name: name.clone(),
                file: file.as_ref().map(|file| file.display().to_string()),
                changed,
                text,
            };
            context.out.show(None, &rendering, &[])
        }
    }
}

fn list(library: &Library) -> Result<TemplateList, CommandError> {
    let rows = library.names().map(|name| {
        let (template, header) = library.find(name)?;
        Ok(TemplateRow {
            name: name.to_owned(),
            variables: header.variables.iter().map(VariableRow::from).collect(),
            about: header.about,
            installs: header.installs,
            file: template.file.clone(),
        })
    });
    Ok(TemplateList(rows.collect::<Result<_, CommandError>>()?))
}

/// Writes the file; whether that changed it.
fn write(file: &Path, text: &str, force: bool) -> Result<bool, CommandError> {
    let failed = |error: &std::io::Error| CommandError::io(&format!("writing {}", file.display()), error);
    match fs::read(file) {
        Ok(before) if before == text.as_bytes() => return Ok(false),
        Ok(_) if !force => {
            let message = format!("{} is there and differs; nothing was changed", file.display());
            return Err(
                CommandError::refused(message).hint("compare it with what is printed without --out, then give --force")
            );
        }
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(&error)),
    }
    replace_file(file, text.as_bytes()).map_err(|error| failed(&error))?;
    Ok(true)
}

#[cfg(test)]
mod tests;
