//! Which ACLs a command line stands for, by the rules of kafka-acls.

use std::collections::BTreeSet;

use clap::Args;
use client::{AclBinding, AclOperation, AclPattern, AclPermission, AclResource, Principal};

use super::resources::{CLUSTER_NAME, ResourceArgs};
use crate::error::CommandError;

/// What is to be allowed or denied, and to whom.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(super) struct GrantArgs {
    /// Who may, as in User:alice; 'User:*' is everybody; may be repeated
    #[arg(long, value_name = "PRINCIPAL")]
    allow_principal: Vec<Principal>,
    /// Who may not, which is stronger; may be repeated
    #[arg(long, value_name = "PRINCIPAL")]
    deny_principal: Vec<Principal>,
    /// Addresses they may do it from; anywhere if not given; may be repeated
    #[arg(long, value_name = "HOST", requires = "allow_principal")]
    allow_host: Vec<String>,
    /// Addresses they may not do it from; nowhere if not given; may be repeated
    #[arg(long, value_name = "HOST", requires = "deny_principal")]
    deny_host: Vec<String>,
    /// What is done: read, write, create, delete, alter, describe, cluster-action, describe-configs, alter-configs,
    /// idempotent-write, create-tokens, describe-tokens, two-phase-commit; all is anything; may be repeated
    #[arg(long)]
    operation: Vec<AclOperation>,
    #[command(flatten)]
    resources: ResourceArgs,
    /// How names are meant: literal, or prefixed for all that begin so
    #[arg(
        long,
        alias = "resource-pattern-type",
        value_name = "TYPE",
        default_value = "literal"
    )]
    pattern_type: Option<AclPattern>,
    /// All it takes to write: write, describe and create topics; write and describe transactional ids
    #[arg(long, requires = "topic", conflicts_with_all = ["operation", "deny_principal"])]
    producer: bool,
    /// All it takes to read: read and describe topics, read groups
    #[arg(long, requires = "topic", requires = "group", conflicts_with_all = ["operation", "deny_principal"])]
    consumer: bool,
    /// With --producer: also idempotent-write of the cluster, which brokers before Kafka 2.8 ask for
    #[arg(long, requires = "producer")]
    idempotent: bool,
}

impl GrantArgs {
    /// The ACLs.
    pub(super) fn bindings(&self) -> Result<BTreeSet<AclBinding>, CommandError> {
        if self.allow_principal.is_empty() && self.deny_principal.is_empty() {
            return Err(CommandError::usage("nobody is named")
                .hint("give --allow-principal User:NAME or --deny-principal User:NAME"));
        }
        let pattern = self.pattern_type.unwrap_or(AclPattern::Literal);
        if !matches!(pattern, AclPattern::Literal | AclPattern::Prefixed) {
            let message = format!("{pattern} only looks for ACLs: one that is created is literal or prefixed");
            return Err(CommandError::usage(message));
        }
        let mut bindings = BTreeSet::new();
        for (resource, name, operation) in self.operations()? {
            let pattern = match resource {
                // There is only one.
                AclResource::Cluster => AclPattern::Literal,
                _ => pattern,
            };
            for (principal, host, permission) in self.parties() {
                bindings.insert(AclBinding {
                    resource,
                    name: name.to_owned(),
                    pattern,
                    principal,
                    host,
                    operation,
                    permission,
                });
            }
        }
        Ok(bindings)
    }

    fn parties(&self) -> Vec<(String, String, AclPermission)> {
        let anywhere = ["*".to_owned()];
        let of = |principals: &[Principal], hosts: &[String], permission| {
            let hosts = if hosts.is_empty() { &anywhere } else { hosts };
            let pairs = principals.iter().flat_map(|principal| {
                hosts
                    .iter()
                    .map(move |host| (principal.to_string(), host.clone(), permission))
            });
            pairs.collect::<Vec<_>>()
        };
        let mut parties = of(&self.allow_principal, &self.allow_host, AclPermission::Allow);
        parties.extend(of(&self.deny_principal, &self.deny_host, AclPermission::Deny));
        parties
    }

    fn operations(&self) -> Result<Vec<(AclResource, &str, AclOperation)>, CommandError> {
        let named = self.resources.named();
        if named.is_empty() {
            return Err(CommandError::usage("no resource is named")
                .hint("give --topic, --group, --cluster, --transactional-id, --delegation-token or --user-principal"));
        }
        let mut found = Vec::new();
        for (resource, name) in named {
            let operations = self.operations_of(resource)?;
            found.extend(operations.into_iter().map(|operation| (resource, name, operation)));
        }
        if self.idempotent {
            found.push((AclResource::Cluster, CLUSTER_NAME, AclOperation::IdempotentWrite));
        }
        Ok(found)
    }

    fn operations_of(&self, resource: AclResource) -> Result<Vec<AclOperation>, CommandError> {
        use AclOperation::{Create, Describe, Read, Write};
        if self.producer || self.consumer {
            let mut operations = Vec::new();
            if self.producer {
                operations.extend(match resource {
                    AclResource::Topic => &[Write, Describe, Create][..],
                    AclResource::TransactionalId => &[Write, Describe],
                    _ => &[],
                });
            }
            if self.consumer {
                operations.extend(match resource {
                    AclResource::Topic => &[Read, Describe][..],
                    AclResource::Group => &[Read],
                    _ => &[],
                });
            }
            if operations.is_empty() {
                let message = format!("--producer and --consumer have nothing to say of a {resource}");
                return Err(CommandError::usage(message).hint("give it --operation in a command of its own"));
            }
            return Ok(operations);
        }
        if self.operation.is_empty() {
            return Err(CommandError::usage("it is not said what is to be done")
                .hint("give --operation, as in --operation read; --operation all is anything"));
        }
        let can = resource.operations();
        let cannot = |operation: &&AclOperation| **operation != AclOperation::All && !can.contains(operation);
        if let Some(operation) = self.operation.iter().find(cannot) {
            let can: Vec<&str> = can.iter().map(|operation| operation.name()).collect();
            let message = format!(
                "nobody can {operation} a {resource}: its operations are {}",
                can.join(", ")
            );
            return Err(CommandError::usage(message));
        }
        Ok(self.operation.clone())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        grant: GrantArgs,
    }

    fn bindings(line: &str) -> Result<Vec<String>, String> {
        let words = std::iter::once("acls").chain(line.split(' '));
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        let bindings = line.grant.bindings().map_err(|error| error.message)?;
        let shown = bindings.iter().map(|acl| {
            let AclBinding {
                resource,
                name,
                pattern,
                principal,
                host,
                operation,
                permission,
            } = acl;
            format!("{resource} {name} {pattern} {principal} {host} {operation} {permission}")
        });
        Ok(shown.collect())
    }

    #[test]
    fn everybody_is_combined_with_every_host_operation_and_resource() {
        let line = "--allow-principal User:a --allow-host 10.0.0.1 --allow-host 10.0.0.2 --deny-principal User:b \
                    --operation Read --topic t --group g --pattern-type PREFIXED";
        assert_eq!(
            bindings(line).unwrap(),
            [
                "topic t prefixed User:a 10.0.0.1 read allow",
                "topic t prefixed User:a 10.0.0.2 read allow",
                "topic t prefixed User:b * read deny",
                "group g prefixed User:a 10.0.0.1 read allow",
                "group g prefixed User:a 10.0.0.2 read allow",
                "group g prefixed User:b * read deny",
            ]
        );
        let cluster = "--allow-principal User:a --operation all --cluster --resource-pattern-type prefixed";
        assert_eq!(
            bindings(cluster).unwrap(),
            ["cluster kafka-cluster literal User:a * all allow"]
        );
        let user = "--allow-principal User:a --operation CreateTokens --user-principal User:b";
        assert_eq!(
            bindings(user).unwrap(),
            ["user User:b literal User:a * create-tokens allow"]
        );
    }

    #[test]
    fn producers_and_consumers_get_what_kafka_acls_gives_them() {
        let both =
            "--allow-principal User:a --producer --consumer --idempotent --topic t --group g --transactional-id x";
        assert_eq!(
            bindings(both).unwrap(),
            [
                "topic t literal User:a * read allow",
                "topic t literal User:a * write allow",
                "topic t literal User:a * create allow",
                "topic t literal User:a * describe allow",
                "group g literal User:a * read allow",
                "cluster kafka-cluster literal User:a * idempotent-write allow",
                "transactional-id x literal User:a * write allow",
                "transactional-id x literal User:a * describe allow",
            ]
        );
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (line, why) in [
            ("--operation read --topic t", "nobody is named"),
            ("--allow-principal alice --operation read --topic t", "no principal"),
            ("--allow-principal User:a --topic t", "not said what is to be done"),
            ("--allow-principal User:a --operation read", "no resource"),
            (
                "--allow-principal User:a --operation write --group g",
                "nobody can write a group",
            ),
            (
                "--allow-principal User:a --operation read --topic t --pattern-type match",
                "only looks",
            ),
            ("--allow-principal User:a --operation reed --topic t", "no operation"),
            ("--allow-principal User:a --producer", "--topic"),
            ("--allow-principal User:a --consumer --topic t", "--group"),
            (
                "--allow-principal User:a --producer --topic t --operation read",
                "cannot be used",
            ),
            ("--deny-principal User:a --producer --topic t", "cannot be used"),
            ("--allow-principal User:a --idempotent --topic t", "--producer"),
            (
                "--allow-principal User:a --producer --topic t --cluster",
                "nothing to say of a cluster",
            ),
            (
                "--deny-principal User:a --allow-host h --operation read --topic t",
                "--allow-principal",
            ),
        ] {
            let error = bindings(line).unwrap_err();
            assert!(error.contains(why), "{line}: {error}");
        }
    }
}
