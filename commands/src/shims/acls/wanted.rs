//! Which ACLs a command line of kafka-acls stands for.

use std::collections::{BTreeMap, BTreeSet};

use client::{AclOperation, AclPattern, AclPermission, AclResource};

use super::super::failed::{Failed, Throwable};
use super::super::options::Parsed;
use super::failed;
use super::text::{Entry, Target, in_capitals};

/// The cluster's name where ACLs are about it.
const CLUSTER_NAME: &str = "kafka-cluster";

/// What is to be added or removed, by resource; nothing stands for everything.
#[derive(Debug)]
pub(super) struct Wanted(pub(super) BTreeMap<Target, BTreeSet<Entry>>);

impl Wanted {
    pub(super) fn of(parsed: &Parsed) -> Result<Self, Failed> {
        use AclOperation::{Create, Describe, IdempotentWrite, Read, Write};
        let mut wanted: BTreeMap<Target, BTreeSet<Entry>> = BTreeMap::new();
        let named = targets(parsed)?;
        let (is_producer, is_consumer) = (parsed.has("producer"), parsed.has("consumer"));
        if named.is_empty() && !(is_producer || is_consumer) {
            return Err(parsed.usage(
                "You must provide at least one resource: --topic, --cluster, --group, --transactional-id, --delegation-token or --user-principal",
            ));
        }
        if !is_producer && !is_consumer {
            let entries = entries(parsed, &operations(parsed)?)?;
            wanted.extend(named.iter().map(|target| (target.clone(), entries.clone())));
        }
        let mut give = |resource, operations: &[AclOperation]| -> Result<(), Failed> {
            let entries = entries(parsed, operations)?;
            for target in named.iter().filter(|target| target.resource == resource) {
                wanted
                    .entry(target.clone())
                    .or_default()
                    .extend(entries.iter().cloned());
            }
            Ok(())
        };
        if is_producer {
            give(AclResource::Topic, &[Write, Describe, Create])?;
            give(AclResource::TransactionalId, &[Write, Describe])?;
        }
        if is_consumer {
            give(AclResource::Topic, &[Read, Describe])?;
            give(AclResource::Group, &[Read])?;
        }
        if is_producer && parsed.has("idempotent") {
            wanted.insert(cluster(), entries(parsed, &[IdempotentWrite])?);
        }
        let wanted = Self(wanted);
        wanted.check(parsed)?;
        Ok(wanted)
    }

    /// Whether there are such operations.
    fn check(&self, parsed: &Parsed) -> Result<(), Failed> {
        for (target, entries) in &self.0 {
            let can = target.resource.operations();
            let cannot = |entry: &Entry| entry.operation != AclOperation::All && !can.contains(&entry.operation);
            if entries.iter().any(cannot) {
                let can: Vec<String> = can.iter().map(|operation| in_capitals(operation.name())).collect();
                let resource = in_capitals(target.resource.name());
                let can = can.join(", ");
                return Err(parsed.usage(format!("ResourceType {resource} only supports operations [{can}, ALL]")));
            }
        }
        Ok(())
    }

    /// Whether it can be added.
    pub(super) fn check_for_adding(&self, parsed: &Parsed) -> Result<(), Failed> {
        let pattern = pattern(parsed)?;
        if !matches!(pattern, AclPattern::Literal | AclPattern::Prefixed) {
            let pattern = in_capitals(pattern.name());
            return Err(parsed.usage(format!(
                "A '--resource-pattern-type' value of '{pattern}' is not valid when adding acls."
            )));
        }
        if self.0.values().any(BTreeSet::is_empty) {
            return Err(
                parsed.usage("You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.")
            );
        }
        Ok(())
    }
}

fn cluster() -> Target {
    Target {
        resource: AclResource::Cluster,
        name: CLUSTER_NAME.to_owned(),
        pattern: AclPattern::Literal,
    }
}

fn pattern(parsed: &Parsed) -> Result<AclPattern, Failed> {
    const FLAG: &str = "resource-pattern-type";
    let Some(text) = parsed.value(FLAG).map_err(failed)? else {
        return Ok(AclPattern::Literal);
    };
    let known = AclPattern::ALL
        .iter()
        .find(|known| known.name().eq_ignore_ascii_case(text));
    known.copied().ok_or_else(|| {
        failed(Throwable::new(
            "joptsimple.OptionArgumentConversionException",
            format!("Cannot parse argument '{text}' of option {FLAG}"),
        ))
    })
}

/// Resources that are named.
pub(super) fn targets(parsed: &Parsed) -> Result<BTreeSet<Target>, Failed> {
    let pattern = pattern(parsed)?;
    let mut targets = BTreeSet::new();
    for (flag, resource) in [
        ("topic", AclResource::Topic),
        ("group", AclResource::Group),
        ("transactional-id", AclResource::TransactionalId),
        ("delegation-token", AclResource::DelegationToken),
        ("user-principal", AclResource::User),
    ] {
        targets.extend(parsed.values(flag).into_iter().map(|name| Target {
            resource,
            // A transactional id is taken as it stands.
            name: if flag == "transactional-id" { name } else { name.trim() }.to_owned(),
            pattern,
        }));
    }
    if pattern == AclPattern::Literal && (parsed.has("cluster") || parsed.has("idempotent")) {
        targets.insert(cluster());
    }
    Ok(targets)
}

/// Kinds and names of principals.
pub(super) fn principals(parsed: &Parsed, flag: &str) -> Result<Vec<(String, String)>, Failed> {
    let principal = |text: &str| {
        let text = text.trim();
        let parts = text.split_once(':');
        let parts = parts.map(|(kind, name)| (kind.to_owned(), name.to_owned()));
        parts.ok_or_else(|| {
            failed(Throwable::illegal(format!(
                "expected a string in format principalType:principalName but got {text}"
            )))
        })
    };
    parsed.values(flag).into_iter().map(principal).collect()
}

fn operations(parsed: &Parsed) -> Result<Vec<AclOperation>, Failed> {
    let mut operations = Vec::new();
    for text in parsed.values("operation") {
        let text = text.trim();
        // Names are written without anything between their words.
        let known = text.parse().ok().filter(|_| !text.contains(['-', '_']));
        operations.push(known.unwrap_or(AclOperation::Unknown(0)));
    }
    if operations.is_empty() {
        operations.push(AclOperation::All);
    }
    Ok(operations)
}

/// Everybody who is named with every address and operation.
fn entries(parsed: &Parsed, operations: &[AclOperation]) -> Result<BTreeSet<Entry>, Failed> {
    let mut entries = BTreeSet::new();
    for (principals_flag, hosts_flag, permission) in [
        ("allow-principal", "allow-host", AclPermission::Allow),
        ("deny-principal", "deny-host", AclPermission::Deny),
    ] {
        let given = parsed.values(hosts_flag);
        let hosts = if parsed.has(hosts_flag) { given } else { vec!["*"] };
        for (kind, name) in principals(parsed, principals_flag)? {
            for host in &hosts {
                entries.extend(operations.iter().map(|operation| Entry {
                    principal: format!("{kind}:{name}"),
                    host: host.trim().to_owned(),
                    operation: *operation,
                    permission,
                }));
            }
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::super::SYNTAX;
    use super::*;

    fn wanted(line: &str) -> Result<Vec<String>, String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let parsed = SYNTAX.parse(&words).map_err(|wrong| wrong.message)?;
        let wanted = Wanted::of(&parsed).map_err(|failed| failed.err + &failed.out)?;
        let each = wanted.0.into_iter().flat_map(|(target, entries)| {
            let entries = entries.into_iter();
            entries.map(move |entry| format!("{} {} {entry}", target.resource, target.name))
        });
        Ok(each.collect())
    }

    #[test]
    fn producers_and_consumers_are_given_what_they_need() {
        let line = "--producer --consumer --idempotent --topic t --group g --allow-principal User:a";
        let told: Vec<String> = wanted(line).unwrap();
        let of = |principal: &str, operation: &str| {
            format!("(principal={principal}, host=*, operation={operation}, permissionType=ALLOW)")
        };
        assert_eq!(
            told,
            [
                format!("topic t {}", of("User:a", "READ")),
                format!("topic t {}", of("User:a", "WRITE")),
                format!("topic t {}", of("User:a", "CREATE")),
                format!("topic t {}", of("User:a", "DESCRIBE")),
                format!("group g {}", of("User:a", "READ")),
                format!("cluster kafka-cluster {}", of("User:a", "IDEMPOTENT_WRITE")),
            ]
        );
    }

    #[test]
    fn operations_are_those_of_the_resource() {
        assert_eq!(
            wanted("--topic t --allow-principal User:a --operation describeconfigs")
                .unwrap()
                .len(),
            1
        );
        for wrong in ["Describe-Configs", "ClusterAction", "nope"] {
            let line = format!("--topic t --allow-principal User:a --operation {wrong}");
            assert!(
                wanted(&line).unwrap_err().contains("only supports operations [READ"),
                "{wrong}"
            );
        }
        assert!(
            wanted("--allow-principal User:a")
                .unwrap_err()
                .contains("at least one resource")
        );
        let wrong = wanted("--topic t --allow-principal a").unwrap_err();
        assert!(
            wrong.contains("java.lang.IllegalArgumentException: expected a string"),
            "{wrong}"
        );
    }
}
