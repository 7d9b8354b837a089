//! kafka-acls

mod text;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal as _};

use client::{AclBinding, AclFilter, Client};
use protocol::api::messages::DeleteAclsRequest;

use super::cluster::Where;
use super::failed::{Failed, Throwable};
use super::io::Io;
use super::options::{Parsed, Syntax, flag, optional, valued};
use crate::storage::java_order;
use text::{Entry, Target};
use wanted::Wanted;

/// Its flags.
pub(super) const SYNTAX: Syntax = Syntax {
    script: "kafka-acls",
    options: &[
        flag("add"),
        valued("allow-host", "String"),
        valued("allow-principal", "String"),
        valued("bootstrap-controller", "String"),
        valued("bootstrap-server", "String"),
        flag("cluster"),
        optional("command-config", "String"),
        flag("consumer"),
        valued("delegation-token", "String"),
        valued("deny-host", "String"),
        valued("deny-principal", "String"),
        flag("force"),
        valued("group", "String"),
        flag("idempotent"),
        flag("list"),
        valued("operation", "String"),
        optional("principal", "String"),
        flag("producer"),
        flag("remove"),
        valued("resource-pattern-type", "ANY|MATCH|LITERAL|PREFIXED"),
        valued("topic", "String"),
        valued("transactional-id", "String"),
        valued("user-principal", "String"),
    ],
};

const ACTIONS: [&str; 3] = ["list", "add", "remove"];

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    if args.is_empty() {
        return Err(SYNTAX.usage("This tool helps to manage acls on kafka."));
    }
    let parsed = SYNTAX.parse_or_help(args)?;
    check(&parsed)?;
    let controller = parsed.value("bootstrap-controller").map_err(failed)?;
    let servers = parsed.value("bootstrap-server").map_err(failed)?;
    let (servers, is_controller) = (servers.or(controller).unwrap_or_default(), controller.is_some());
    let config = parsed.value("command-config").map_err(failed)?;
    let cluster = Where::new(servers, is_controller, config).map_err(failed)?;
    if parsed.has("add") {
        add(&parsed, &cluster, io).await
    } else if parsed.has("remove") {
        remove(&parsed, &cluster, io).await
    } else {
        list(&parsed, &cluster, io).await
    }
}

/// What could not be done, as the script says it on stdout; behind it stands where in Java that was.
fn failed(error: impl Into<Throwable>) -> Failed {
    let (message, first) = error.into().waited_for();
    Failed::on_stdout(format!("Error while executing ACL command: {message}\n{first}\n"))
}

fn check(parsed: &Parsed) -> Result<(), Failed> {
    let has = |name: &str| parsed.has(name);
    if has("bootstrap-server") == has("bootstrap-controller") {
        return Err(parsed.usage("Exactly one of --bootstrap-server or --bootstrap-controller must be specified"));
    }
    if ACTIONS.iter().filter(|action| has(action)).count() != 1 {
        return Err(parsed.usage("Command must include exactly one action: --list, --add, --remove. "));
    }
    let parties = ["allow-host", "allow-principal", "deny-host", "deny-principal"];
    parsed.exclude("list", &["producer", "consumer"])?;
    parsed.exclude("list", &parties)?;
    for role in ["producer", "consumer"] {
        parsed.exclude(role, &["operation", "deny-principal", "deny-host"])?;
    }
    let is_wrong = [
        (
            has("principal") && !has("list"),
            "The --principal option is only available if --list is set",
        ),
        (
            has("producer") && !has("topic"),
            "With --producer you must specify a --topic",
        ),
        (
            has("idempotent") && !has("producer"),
            "The --idempotent option is only available if --producer is set",
        ),
        (
            has("consumer")
                && (!has("topic")
                    || !has("group")
                    || (!has("producer") && (has("cluster") || has("transactional-id")))),
            "With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option should be specified.",
        ),
    ];
    match is_wrong.iter().find(|(is_wrong, _)| *is_wrong) {
        Some((_, wrong)) => Err(parsed.usage(wrong)),
        None => Ok(()),
    }
}

/// ACLs of a resource, or of those that a pattern stands for.
async fn of(client: &Client, target: &Target) -> Result<BTreeSet<AclBinding>, Failed> {
    let filter = AclFilter {
        resource: Some(target.resource),
        name: Some(target.name.clone()),
        pattern: target.pattern,
    };
    client.acls(&filter).await.map_err(failed)
}

async fn connect(cluster: &Where) -> Result<Client, Failed> {
    cluster.connect("describeAcls").await.map_err(failed)
}

async fn add(parsed: &Parsed, cluster: &Where, io: &mut Io) -> Result<(), Failed> {
    let wanted = Wanted::of(parsed)?;
    wanted.check_for_adding(parsed)?;
    let client = connect(cluster).await?;
    for (target, entries) in wanted.0 {
        let there = of(&client, &target).await?;
        let mut new = Vec::new();
        for entry in entries {
            let binding = entry.of(&target);
            if there.contains(&binding) {
                io.line(format!("Acl (pattern={target}, entry={entry}) already exists."));
            } else {
                new.push((entry, binding));
            }
        }
        if new.is_empty() {
            continue;
        }
        let lines: Vec<String> = new.iter().map(|(entry, _)| format!("\t{entry}")).collect();
        io.line(format!(
            "Adding ACLs for resource `{target}`: \n {}\n",
            lines.join("\n")
        ));
        let bindings: Vec<AclBinding> = new.into_iter().map(|(_, binding)| binding).collect();
        let results = client.create_acls(&bindings).await.map_err(failed)?;
        all_done(results)?;
    }
    Ok(())
}

fn all_done(results: client::AclResults) -> Result<(), Failed> {
    let first = results.into_iter().find_map(|(_, result)| result.err());
    first.map_or(Ok(()), |error| Err(failed(error)))
}

async fn remove(parsed: &Parsed, cluster: &Where, io: &mut Io) -> Result<(), Failed> {
    let wanted = Wanted::of(parsed)?;
    let client = connect(cluster).await?;
    client.check_served::<DeleteAclsRequest>().await.map_err(failed)?;
    for (target, entries) in wanted.0 {
        let question = if entries.is_empty() {
            format!("Are you sure you want to delete all ACLs for resource filter `{target}`? (y/n)")
        } else {
            let lines: Vec<String> = entries.iter().map(|entry| format!("\t{entry}")).collect();
            format!(
                "Are you sure you want to remove ACLs: \n {}\n from resource filter `{target}`? (y/n)",
                lines.join("\n")
            )
        };
        if !may(parsed, &question, io)? {
            continue;
        }
        let mut there: Vec<AclBinding> = of(&client, &target).await?.into_iter().collect();
        there.retain(|acl| entries.is_empty() || entries.contains(&Entry::in_binding(acl)));
        if !there.is_empty() {
            let results = client.delete_acls(&there).await.map_err(failed)?;
            all_done(results)?;
        }
    }
    Ok(())
}

/// Asks whoever sits at the terminal.
fn may(parsed: &Parsed, question: &str, io: &mut Io) -> Result<bool, Failed> {
    if parsed.has("force") {
        return Ok(true);
    }
    io.line(question);
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(failed(Throwable::new(
            "java.lang.NullPointerException",
            "there is no terminal to ask on, and --force is not given",
        )));
    }
    io.flush()?;
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    read.map_err(|error| failed(Throwable::new("java.io.IOError", error.to_string())))?;
    Ok(answer.trim_end_matches(['\n', '\r']).eq_ignore_ascii_case("y"))
}

async fn list(parsed: &Parsed, cluster: &Where, io: &mut Io) -> Result<(), Failed> {
    let targets = wanted::targets(parsed)?;
    let mut principals = wanted::principals(parsed, "principal")?;
    let client = connect(cluster).await?;
    let mut found = BTreeSet::new();
    if targets.is_empty() {
        found = client.acls(&AclFilter::default()).await.map_err(failed)?;
    }
    for target in &targets {
        found.extend(of(&client, target).await?);
    }
    if principals.is_empty() {
        print(&found, None, io);
    }
    principals.sort_unstable();
    principals.dedup();
    java_order::grown(&mut principals, |(kind, name)| {
        let of_kind = java_order::string_hash(kind);
        of_kind.wrapping_mul(31).wrapping_add(java_order::string_hash(name))
    });
    for (kind, name) in principals {
        let principal = format!("{kind}:{name}");
        io.line(format!("ACLs for principal `{principal}`"));
        print(&found, Some(&principal), io);
    }
    Ok(())
}

fn print(found: &BTreeSet<AclBinding>, principal: Option<&str>, io: &mut Io) {
    let mut by_target: BTreeMap<Target, Vec<Entry>> = BTreeMap::new();
    for acl in found {
        if principal.is_none_or(|principal| acl.principal == principal) {
            let entries = by_target.entry(Target::in_binding(acl)).or_default();
            entries.push(Entry::in_binding(acl));
        }
    }
    for (target, entries) in by_target {
        let lines: Vec<String> = entries.iter().map(|entry| format!("\t{entry}")).collect();
        io.line(format!("Current ACLs for resource `{target}`:\n{}\n", lines.join("\n")));
    }
}
