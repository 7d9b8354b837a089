//! host rules

use std::collections::BTreeMap;

use clap::{Args, ValueEnum as _};
use schemars::JsonSchema;
use serde::Serialize;

use super::rules::{self, Area, Authority, Baseline, Fix, Rule, Status};
use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// List the rules of the audit.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kfleet host rules\n  kfleet host rules -o json | jq -r '.data[].rule'")]
pub(crate) struct RulesArgs {
    /// Only the rules that this baseline has
    #[arg(long, value_enum, default_value = "throughput")]
    baseline: Baseline,
}

/// A rule.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RuleRow {
    /// Its name.
    pub(crate) rule: &'static str,
    /// Its group.
    pub(crate) group: &'static str,
    /// What it is about.
    pub(crate) area: Area,
    /// What it reads.
    pub(crate) subject: &'static str,
    /// The worst it finds.
    pub(crate) severity: Status,
    /// What is safe, by baseline; minimal only where it has the rule.
    pub(crate) safe: BTreeMap<String, String>,
    /// Why it matters to Kafka.
    pub(crate) reason: &'static str,
    /// Who says so.
    pub(crate) authorities: &'static [Authority],
    /// Where they differ, and what is done then.
    pub(crate) dispute: Option<&'static str>,
    /// sysctl, mount, boot, broker, jvm, limits or note.
    pub(crate) fix: &'static str,
    /// What puts it right.
    pub(crate) fix_text: String,
}

impl RuleRow {
    pub(crate) fn of(rule: &Rule) -> Self {
        let has = |baseline: &Baseline| *baseline != Baseline::Minimal || rule.is_essential;
        let baselines = Baseline::value_variants().iter().filter(|baseline| has(baseline));
        let safe = baselines.map(|baseline| (name(*baseline), rule.safe_text(*baseline)));
        let fix_text = match rule.fix {
            Fix::Sysctl(key) => match rule.set_text(Baseline::Throughput) {
                Some(set) => format!("{key} = {set}"),
                None => format!("{key}, computed from this host"),
            },
            Fix::Mount(text)
            | Fix::Boot(text)
            | Fix::Broker(text)
            | Fix::Jvm(text)
            | Fix::Limits(text)
            | Fix::Note(text) => text.to_owned(),
        };
        Self {
            rule: rule.id,
            group: rule.group,
            area: rule.area,
            subject: rule.subject,
            severity: rule.severity,
            safe: safe.collect(),
            reason: rule.reason,
            authorities: rule.authorities,
            dispute: Some(rule.dispute).filter(|dispute| !dispute.is_empty()),
            fix: rule.fix.kind(),
            fix_text,
        }
    }
}

/// A baseline as it is written on a command line.
pub(crate) fn name(baseline: Baseline) -> String {
    baseline
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned())
}

impl Shown for Vec<RuleRow> {
    const SCHEMA: &'static str = "host-rules/1";

    fn table(&self, wide: bool) -> Table {
        let row = |rule: &RuleRow| {
            let safe = rule.safe.get("throughput").cloned().unwrap_or_default();
            let mut row = vec![
                rule.rule.to_owned(),
                rule.group.to_owned(),
                rule.severity.word().to_owned(),
                safe,
            ];
            if wide {
                row.push(rule.subject.to_owned());
                row.push(rule.reason.to_owned());
            }
            row
        };
        let mut headers = vec!["RULE", "GROUP", "SEVERITY", "SAFE"];
        if wide {
            headers.extend(["READS", "REASON"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &RulesArgs, context: &Context) -> Result<(), CommandError> {
    let mut rows: Vec<RuleRow> = rules::all().map(RuleRow::of).collect();
    let chosen = name(args.baseline);
    rows.retain(|row| row.safe.contains_key(&chosen));
    context.out.show(None, &rows, &[])
}

/// The rules as a section of a manual page: a table to look them up in, then what each is about. The table fits 80 columns.
pub(crate) fn manual() -> String {
    let escape = |text: &str| text.replace('\\', "\\e").replace('-', "\\-");
    let mut page = String::from(
        ".SH RULES\nSafe values are those of the throughput baseline. kfleet\\-host\\-tune(1) sets what is marked with *.\n\
         .PP\n.ad l\n.nh\n.TS\nlb lb lb\nl l lw(20n).\nRULE\tWORST\tSAFE\n_\n",
    );
    for rule in rules::all() {
        let is_set = if matches!(rule.fix, Fix::Sysctl(_)) { "*" } else { "" };
        // Long names may be parted in a narrow column.
        let safe = escape(&rule.safe_text(Baseline::Throughput));
        let safe = safe.replace('.', ".\\:").replace('_', "_\\:").replace('=', "\\:=");
        page.push_str(&format!(
            "{}{is_set}\t{}\tT{{\n{safe}\nT}}\n",
            escape(rule.id),
            rule.severity.word()
        ));
    }
    page.push_str(".TE\n.ad\n.hy\n.SH WHAT THE RULES READ, AND WHY\n");
    for rule in rules::all() {
        page.push_str(&format!(
            ".TP\n\\fB{}\\fR  ({})\nReads {}. {}\n",
            escape(rule.id),
            rule.group,
            escape(rule.subject),
            escape(rule.reason)
        ));
    }
    page
}
