//! An audit on a screen, as JSON, and as a line for each finding.

use planner::counted::counted;
use serde_json::json;

use super::findings::{Finding, HostAudit, HostSummary};
use super::rules::Status;
use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Format, Shown, Table};

impl Shown for HostAudit {
    const SCHEMA: &'static str = "host-audit/1";

    fn table(&self, _: bool) -> Table {
        if self.hosts.len() > 1 {
            return fleet(self);
        }
        let row = |finding: &Finding| {
            vec![
                finding.status.word().to_owned(),
                finding.rule.clone(),
                shown(finding.value.as_ref()),
                shown(finding.expected.as_ref()),
                set_by(finding),
                shown(finding.message.as_ref()),
            ]
        };
        Table {
            headers: vec!["STATUS", "RULE", "FOUND", "EXPECTED", "SET BY", "NOTE"],
            rows: sorted(&self.findings).into_iter().map(row).collect(),
        }
    }
}

impl Shown for Finding {
    const SCHEMA: &'static str = "host-finding/1";

    fn table(&self, _: bool) -> Table {
        Table::default()
    }
}

/// Prints an audit.
pub(crate) fn show(context: &Context, audit: &HostAudit) -> Result<(), CommandError> {
    let out = &context.out;
    match (out.format, audit.hosts.as_slice()) {
        (Format::Json, _) => out.show(None, audit, &[]),
        (Format::Ndjson, _) => {
            let line = |finding: &Finding| {
                let schema = format!("kfleet/{}", Finding::SCHEMA);
                format!("{}\n", json!({ "schema": schema, "cluster_id": null, "data": finding }))
            };
            out.print(&audit.findings.iter().map(line).collect::<String>())
        }
        (Format::Table, [host]) => {
            let bad = sorted(&audit.findings)
                .into_iter()
                .filter(|finding| finding.status > Status::Info);
            let text: String = bad.map(paragraph).collect();
            out.print(&(text + &verdict(audit, host)))
        }
        (_, hosts) => {
            out.show(None, audit, &[])?;
            match hosts {
                [host] => out.print(&verdict(audit, host)),
                _ => out.print(&format!(
                    "{}: {} hosts, baseline {}\n",
                    audit.verdict.word(),
                    hosts.len(),
                    baseline(audit)
                )),
            }
        }
    }
}

fn shown(text: Option<&String>) -> String {
    text.map_or_else(|| "-".to_owned(), Clone::clone)
}

fn set_by(finding: &Finding) -> String {
    finding
        .set_by
        .as_ref()
        .map_or_else(|| "-".to_owned(), |place| format!("{}:{}", place.file, place.line))
}

/// The worst first.
fn sorted(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.status));
    sorted
}

/// What is wrong, why it matters, who says so, and what puts it right.
fn paragraph(finding: &Finding) -> String {
    let mut head = format!("{:<8}  {}", finding.status.word(), finding.rule);
    if let Some(value) = &finding.value {
        head.push_str(&format!(": {value}"));
        if let Some(expected) = &finding.expected {
            head.push_str(&format!("; safe: {expected}"));
        }
    }
    let mut lines = vec![head];
    lines.extend(finding.message.clone());
    lines.extend(finding.changed_by.clone());
    let sources: Vec<String> = finding
        .authorities
        .iter()
        .take(3)
        .map(|by| format!("{}: {}", by.source, by.says))
        .collect();
    lines.push(if sources.is_empty() {
        finding.reason.clone()
    } else {
        format!("{} [{}]", finding.reason, sources.join("; "))
    });
    if let Some(place) = &finding.set_by {
        let hidden = finding
            .overrides
            .iter()
            .map(|place| format!("{}:{}", place.file, place.line));
        let hidden: Vec<String> = hidden.collect();
        let after = if hidden.is_empty() {
            String::new()
        } else {
            format!(", which overrides {}", hidden.join(", "))
        };
        lines.push(format!("set by {}:{}{after}", place.file, place.line));
    }
    lines.extend(finding.fix.as_ref().map(|fix| format!("fix: {}", fix.text)));
    lines.join("\n          ") + "\n"
}

fn baseline(audit: &HostAudit) -> String {
    serde_json::to_value(audit.baseline)
        .ok()
        .and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn verdict(audit: &HostAudit, host: &HostSummary) -> String {
    let counts = &host.counts;
    let brokers = match host.brokers.as_slice() {
        [] => "no broker".to_owned(),
        [one] => format!("broker {one}"),
        many => format!("{} brokers", many.len()),
    };
    format!(
        "{}: {} critical, {} unknown, {}, {} worth knowing, {} ok, {} not applicable ({}, {brokers}, baseline {})\n",
        audit.verdict.word(),
        counts.critical,
        counts.unknown,
        counted(counts.warning, "warning"),
        counts.info,
        counts.ok,
        counts.not_applicable,
        host.host.as_deref().unwrap_or(&host.root),
        baseline(audit)
    )
}

/// One line for each host.
fn fleet(audit: &HostAudit) -> Table {
    let row = |host: &HostSummary| {
        let findings: Vec<&Finding> = audit
            .findings
            .iter()
            .filter(|finding| finding.root == host.root)
            .collect();
        let worst = findings
            .iter()
            .filter(|finding| host.verdict > Status::Info && finding.status == host.verdict);
        let worst: Vec<&str> = worst.map(|finding| finding.rule.as_str()).collect();
        let more = worst.len().saturating_sub(3);
        let mut named = worst.iter().take(3).copied().collect::<Vec<_>>().join(", ");
        if more > 0 {
            named.push_str(&format!(" and {more} more"));
        }
        vec![
            host.root.clone(),
            shown(host.host.as_ref()),
            host.verdict.word().to_owned(),
            host.counts.critical.to_string(),
            host.counts.unknown.to_string(),
            host.counts.warning.to_string(),
            host.counts.ok.to_string(),
            if named.is_empty() { "-".to_owned() } else { named },
        ]
    };
    Table {
        headers: vec![
            "ROOT", "HOST", "VERDICT", "CRITICAL", "UNKNOWN", "WARNING", "OK", "WORST",
        ],
        rows: audit.hosts.iter().map(row).collect(),
    }
}
