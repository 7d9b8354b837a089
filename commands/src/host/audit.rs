//! host audit

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::facts::{
    self, FILE_BYTES_MAX, Fact, Facts, NamedConfig, Root, fields, is_archive, is_same_value, read_archive,
};
use super::findings::{Finding, HostAudit, HostSummary, Remedy, extra, of_host, verdict};
use super::rules::{self, Area, Baseline, Rule, Status};
use super::{report, sources};
use crate::context::Context;
use crate::error::CommandError;

/// Tell what is wrong with the settings of a host, why it matters to Kafka, who says so, and what puts it right.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 all is well, 1 WARNING, 2 CRITICAL, 3 UNKNOWN; CRITICAL wins over UNKNOWN over WARNING.\n\n\
    Examples:\n  kfleet host audit\n  kfleet host audit --baseline latency --skip disk.read_ahead_kb\n  \
    kfleet host audit --root broker-1.tar.gz --root broker-2.tar.gz\n  \
    kfleet host audit -o json | jq -r '.data.findings[] | select(.status == \"critical\") | .rule'"
)]
pub(crate) struct AuditArgs {
    /// Whose advice counts where authorities differ
    #[arg(long, value_enum, default_value = "throughput")]
    baseline: Baseline,
    /// A captured tree instead of this machine: a directory, a .tar or a .tar.gz; may be repeated
    #[arg(long, value_name = "DIR")]
    root: Vec<PathBuf>,
    /// The server.properties to judge by, read as it is and not below --root; found from the running broker if not given
    #[arg(long, value_name = "FILE")]
    broker_config: Option<PathBuf>,
    #[command(flatten)]
    rules: RuleArgs,
    /// The least that is not exit code 0
    #[arg(long, value_enum, default_value = "warning", value_name = "STATUS")]
    fail_on: FailOn,
    /// A sysctl that must have this value; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    expect: Vec<String>,
}

/// Which rules count.
#[derive(Debug, Args)]
pub(super) struct RuleArgs {
    /// Judge by these rules only: ids, groups or areas of `kfleet host rules`
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    only: Vec<String>,
    /// Leave out these rules: ids, groups or areas
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    skip: Vec<String>,
}

impl RuleArgs {
    /// Refuses words that mean no rule.
    pub(super) fn check(&self) -> Result<(), CommandError> {
        self.only.iter().chain(&self.skip).try_for_each(|word| check_word(word))
    }

    /// Whether a rule counts.
    pub(super) fn mean(&self, rule: &Rule) -> bool {
        let meant = |words: &[String]| words.iter().any(|word| rules::is_meant(rule, word));
        (self.only.is_empty() || meant(&self.only)) && !meant(&self.skip)
    }
}

/// The least that is not exit code 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Anything but OK.
    Warning,
    /// What could not be found out, and CRITICAL.
    Unknown,
    /// CRITICAL only.
    Critical,
}

/// What is expected of a sysctl.
struct Expected<'a> {
    key: &'a str,
    value: &'a str,
}

pub(crate) fn run(args: &AuditArgs, context: &Context) -> Result<(), CommandError> {
    args.rules.check()?;
    let expected = args
        .expect
        .iter()
        .map(|text| expected(text))
        .collect::<Result<Vec<_>, _>>()?;
    let audit = audit(args, &expected)?;
    report::show(context, &audit)?;
    let least = match args.fail_on {
        FailOn::Warning => Status::Warning,
        FailOn::Unknown => Status::Unknown,
        FailOn::Critical => Status::Critical,
    };
    if audit.verdict < least {
        return Ok(());
    }
    Err(CommandError::exit(audit.verdict.exit_code()))
}

fn check_word(word: &str) -> Result<(), CommandError> {
    if rules::all().any(|rule| rules::is_meant(rule, word)) {
        return Ok(());
    }
    let error = CommandError::usage(format!("no rule, group or area is named {word}"));
    Err(match rules::suggest(word) {
        Some(like) => error.hint(format!("did you mean {like}?")),
        None => error.hint("kfleet host rules lists them"),
    })
}

fn expected(text: &str) -> Result<Expected<'_>, CommandError> {
    let pair = text
        .split_once('=')
        .filter(|(key, value)| !key.trim().is_empty() && !value.trim().is_empty());
    let (key, value) = pair.ok_or_else(|| CommandError::usage(format!("--expect \"{text}\" is not KEY=VALUE")))?;
    Ok(Expected { key: key.trim(), value })
}

/// Audits this machine, or all trees.
fn audit(args: &AuditArgs, expected: &[Expected<'_>]) -> Result<HostAudit, CommandError> {
    let named = args.broker_config.as_deref().map(named_config).transpose()?;
    let mut audit = HostAudit {
        baseline: args.baseline,
        verdict: Status::Ok,
        hosts: Vec::new(),
        findings: Vec::new(),
    };
    let here = [PathBuf::from("/")];
    for path in if args.root.is_empty() { &here[..] } else { &args.root } {
        let name = path.display().to_string();
        let root = match open(path) {
            Ok(root) => root,
            Err(error) => {
                let mut finding = extra(
                    &name,
                    "host.root".to_owned(),
                    Area::Files,
                    Status::Unknown,
                    "Nothing could be found out.",
                );
                finding.message = Some(error.message);
                finding.kind = Some(error.kind);
                audit
                    .hosts
                    .push(HostSummary::of(&name, None, std::slice::from_ref(&finding)));
                audit.findings.push(finding);
                continue;
            }
        };
        let keys: Vec<&str> = expected.iter().map(|expected| expected.key).collect();
        let (facts, brokers) = facts::read(&root, &keys, named.as_ref());
        let mut findings = of_host(&name, &facts, &brokers, args.baseline, |rule| args.rules.mean(rule));
        findings.extend(expected.iter().map(|expected| judge_expected(&name, &facts, expected)));
        audit
            .hosts
            .push(HostSummary::of(&name, Some((&facts, &brokers)), &findings));
        audit.findings.extend(findings);
    }
    audit.verdict = verdict(&audit.findings);
    Ok(audit)
}

pub(super) fn open(path: &Path) -> Result<Root, CommandError> {
    if path == Path::new("/") {
        return Ok(Root::live());
    }
    let root = if path.is_dir() {
        Root::dir(path)
    } else if !path.exists() {
        return Err(CommandError::not_found(format!("{} does not exist", path.display())));
    } else if is_archive(path) {
        Root::memory(read_archive(path)?)
    } else {
        return Err(CommandError::data(format!(
            "{} is no directory, .tar or .tar.gz",
            path.display()
        )));
    };
    // A tree of something else has nothing in it that could be wrong.
    if ["proc", "sys", "etc"].iter().any(|folder| root.has(folder)) {
        return Ok(root);
    }
    let message = format!("{} has neither proc nor sys nor etc in it", path.display());
    Err(CommandError::data(message))
}

/// A configuration that is named on the command line. If it cannot be read, that is a finding of the rules that need it.
pub(super) fn named_config(path: &Path) -> Result<NamedConfig, CommandError> {
    let absolute = std::path::absolute(path)?;
    let bytes = match std::fs::metadata(&absolute) {
        Ok(metadata) if metadata.is_file() && metadata.len() > FILE_BYTES_MAX => {
            Fact::Unreadable(format!("{} is longer than {FILE_BYTES_MAX} bytes", path.display()))
        }
        Ok(metadata) if metadata.is_file() => match std::fs::read(&absolute) {
            Ok(bytes) => Fact::Present(bytes),
            Err(error) => Fact::Unreadable(format!("{}: {error}", path.display())),
        },
        Ok(_) => Fact::Unreadable(format!("{} is not a file", path.display())),
        Err(error) => Fact::Unreadable(format!("{}: {error}", path.display())),
    };
    Ok(NamedConfig {
        path: absolute.to_string_lossy().into_owned(),
        bytes,
    })
}

fn judge_expected(root: &str, facts: &Facts, expected: &Expected<'_>) -> Finding {
    let wanted = fields(expected.value);
    let reason = "It was expected on the command line.";
    let of = |status| extra(root, format!("expect:{}", expected.key), Area::Files, status, reason);
    let mut finding = match facts.sysctls.get(expected.key) {
        Fact::Present(value) => {
            let mut finding = of(if is_same_value(value, &wanted) {
                Status::Ok
            } else {
                Status::Warning
            });
            if finding.status != Status::Ok {
                finding.fix = Some(Remedy {
                    kind: "sysctl",
                    text: format!(
                        "{} = {wanted} in /etc/sysctl.d/90-kfleet.conf, then sysctl --system",
                        expected.key
                    ),
                    key: Some(expected.key.to_owned()),
                    value: Some(wanted.clone()),
                });
            }
            finding.value = Some(value.to_owned());
            finding
        }
        Fact::Absent => {
            let mut finding = of(Status::Warning);
            finding.message = Some(match sources::suggest(expected.key) {
                Some(like) => format!("no such key; did you mean {like}?"),
                None => "no such key".to_owned(),
            });
            finding
        }
        Fact::Unreadable(reason) => {
            let mut finding = of(Status::Unknown);
            finding.message = Some(reason);
            finding.kind = Some("unreadable");
            finding
        }
    };
    finding.expected = Some(wanted);
    finding
}
