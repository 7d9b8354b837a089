//! host explain

use clap::Args;

use super::list::{RuleRow, name};
use super::rules::{self, Baseline};
use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Format, Shown, Table};

/// Tell what a rule reads, what is safe, why it matters, who says so, and what puts it right.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet host explain vm.swappiness")]
pub(crate) struct ExplainArgs {
    /// The rule
    rule: String,
}

impl Shown for RuleRow {
    const SCHEMA: &'static str = "host-rule/1";

    fn table(&self, _: bool) -> Table {
        Table::default()
    }
}

pub(crate) fn run(args: &ExplainArgs, context: &Context) -> Result<(), CommandError> {
    let Some(rule) = rules::lookup(&args.rule) else {
        let error = CommandError::not_found(format!("no rule is named {}", args.rule));
        return Err(match rules::suggest(&args.rule) {
            Some(like) => error.hint(format!("did you mean {like}?")),
            None => error.hint("kfleet host rules lists them"),
        });
    };
    let row = RuleRow::of(rule);
    match context.out.format {
        Format::Json | Format::Ndjson => context.out.show(None, &row, &[]),
        Format::Table | Format::Wide => context.out.print(&text(&row)),
    }
}

fn text(row: &RuleRow) -> String {
    let mut out = format!(
        "{} ({}, {} at worst)\n\n{}\n\n",
        row.rule,
        row.group,
        row.severity.word(),
        row.reason
    );
    out.push_str(&format!("reads     {}\n", row.subject));
    out.push_str(&safe(row));
    out.push_str("sources\n");
    for by in row.authorities {
        out.push_str(&format!("          {}: {}\n", by.source, by.says));
    }
    if let Some(dispute) = row.dispute {
        out.push_str(&format!("dispute   {dispute}\n"));
    }
    let how = if row.fix == "sysctl" {
        "sysctl; kfleet host tune sets it"
    } else {
        row.fix
    };
    out.push_str(&format!("fix       {} ({how})\n", row.fix_text));
    out
}

/// What is safe: once where all baselines agree.
fn safe(row: &RuleRow) -> String {
    let usual = row.safe.get(&name(Baseline::Throughput)).cloned().unwrap_or_default();
    let differ = row.safe.values().any(|safe| *safe != usual);
    if !differ {
        return format!("safe      {usual}\n");
    }
    let line = |(baseline, safe): (&String, &String)| format!("          {baseline}: {safe}\n");
    format!("safe\n{}", row.safe.iter().map(line).collect::<String>())
}
