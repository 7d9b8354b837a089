//! Which resources, and which ACLs of theirs, a command line means.

use std::collections::BTreeSet;

use clap::Args;
use client::{AclBinding, AclFilter, AclOperation, AclPattern, AclPermission, AclResource, Client};

use crate::error::CommandError;
use crate::nearest::did_you_mean;

/// The cluster's name where ACLs are about it.
pub(super) const CLUSTER_NAME: &str = "kafka-cluster";

/// Resources.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(super) struct ResourceArgs {
    /// A topic; may be repeated; '*' is all of them
    #[arg(long)]
    pub(super) topic: Vec<String>,
    /// A group; may be repeated; '*' is all of them
    #[arg(long)]
    pub(super) group: Vec<String>,
    /// The cluster
    #[arg(long)]
    pub(super) cluster: bool,
    /// A transactional id; may be repeated; '*' is all of them
    #[arg(long, value_name = "ID")]
    pub(super) transactional_id: Vec<String>,
    /// A delegation token's id; may be repeated; '*' is all of them
    #[arg(long, value_name = "ID")]
    pub(super) delegation_token: Vec<String>,
    /// A user as the owner of tokens, as in User:alice; may be repeated; '*' is all of them
    #[arg(long, value_name = "PRINCIPAL")]
    pub(super) user_principal: Vec<String>,
}

impl ResourceArgs {
    /// Kinds and names.
    pub(super) fn named(&self) -> BTreeSet<(AclResource, &str)> {
        fn of(kind: AclResource, names: &[String]) -> Vec<(AclResource, &str)> {
            names.iter().map(|name| (kind, name.as_str())).collect()
        }
        let mut named: BTreeSet<(AclResource, &str)> = [
            of(AclResource::Topic, &self.topic),
            of(AclResource::Group, &self.group),
            of(AclResource::TransactionalId, &self.transactional_id),
            of(AclResource::DelegationToken, &self.delegation_token),
            of(AclResource::User, &self.user_principal),
        ]
        .concat()
        .into_iter()
        .collect();
        if self.cluster {
            named.insert((AclResource::Cluster, CLUSTER_NAME));
        }
        named
    }
}

/// Which ACLs there are.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(super) struct FilterArgs {
    #[command(flatten)]
    resources: ResourceArgs,
    /// How names are meant: literal is this name and nothing else, prefixed is the ACLs of this prefix, any is both, match is
    /// all that decides about a resource of this name: itself, its prefixes and '*'
    #[arg(
        long,
        alias = "resource-pattern-type",
        value_name = "TYPE",
        default_value = "literal"
    )]
    pattern_type: Option<AclPattern>,
    /// Only of this kind of resource: topic, group, cluster, transactional-id, delegation-token or user
    #[arg(long, value_name = "TYPE")]
    resource_type: Vec<AclResource>,
    /// Only of this principal, as in User:alice; may be repeated
    #[arg(long)]
    principal: Vec<String>,
    /// Only of this host; '*' is those of all hosts; may be repeated
    #[arg(long)]
    host: Vec<String>,
    /// Only of this operation, as in read or describe-configs; all is those of anything; may be repeated
    #[arg(long)]
    operation: Vec<AclOperation>,
    /// Only those that allow, or deny
    #[arg(long)]
    permission: Option<AclPermission>,
}

impl FilterArgs {
    /// Whether all ACLs are meant.
    pub(super) fn is_empty(&self) -> bool {
        self.resources.named().is_empty()
            && self.resource_type.is_empty()
            && self.principal.is_empty()
            && self.host.is_empty()
            && self.operation.is_empty()
            && self.permission.is_none()
    }

    fn filters(&self) -> Vec<AclFilter> {
        let named = self.resources.named();
        if named.is_empty() {
            return vec![AclFilter::default()];
        }
        let filter = |(kind, name): (AclResource, &str)| AclFilter {
            resource: Some(kind),
            name: Some(name.to_owned()),
            pattern: self.pattern_type.unwrap_or(AclPattern::Literal),
        };
        named.into_iter().map(filter).collect()
    }

    fn takes(&self, acl: &AclBinding) -> bool {
        fn one_of<T: PartialEq>(wanted: &[T], has: &T) -> bool {
            wanted.is_empty() || wanted.contains(has)
        }
        one_of(&self.resource_type, &acl.resource)
            && one_of(&self.principal, &acl.principal)
            && one_of(&self.host, &acl.host)
            && one_of(&self.operation, &acl.operation)
            && self.permission.is_none_or(|wanted| wanted == acl.permission)
    }

    /// The ACLs that are meant.
    pub(super) async fn find(&self, client: &Client) -> Result<BTreeSet<AclBinding>, CommandError> {
        let mut found = BTreeSet::new();
        for filter in self.filters() {
            found.extend(client.acls(&filter).await?);
        }
        found.retain(|acl| self.takes(acl));
        Ok(found)
    }

    /// That there are no such ACLs, with names that may be meant.
    pub(super) fn nothing_of(&self, all: &BTreeSet<AclBinding>) -> CommandError {
        let mut error = CommandError::not_found("no ACL is like that");
        for (kind, name) in self.resources.named() {
            let known: BTreeSet<&str> = all
                .iter()
                .filter(|acl| acl.resource == kind)
                .map(|acl| acl.name.as_str())
                .collect();
            if !known.contains(name) {
                error.hints.extend(did_you_mean(name, known));
            }
        }
        let known: BTreeSet<&str> = all.iter().map(|acl| acl.principal.as_str()).collect();
        for principal in &self.principal {
            if !known.contains(principal.as_str()) {
                error.hints.extend(did_you_mean(principal, known.iter().copied()));
            }
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl(name: &str, principal: &str) -> AclBinding {
        AclBinding {
            resource: AclResource::Topic,
            name: name.to_owned(),
            pattern: AclPattern::Literal,
            principal: principal.to_owned(),
            host: "*".to_owned(),
            operation: AclOperation::Read,
            permission: AclPermission::Allow,
        }
    }

    fn of_topic(name: &str) -> FilterArgs {
        FilterArgs {
            resources: ResourceArgs {
                topic: vec![name.to_owned()],
                ..ResourceArgs::default()
            },
            ..FilterArgs::default()
        }
    }

    #[test]
    fn each_resource_is_asked_for_and_the_rest_is_chosen_here() {
        assert_eq!(FilterArgs::default().filters(), [AclFilter::default()]);
        assert!(FilterArgs::default().is_empty() && !of_topic("t").is_empty());
        let mut args = of_topic("t");
        args.resources.cluster = true;
        let names: Vec<_> = args.filters().into_iter().map(|filter| filter.name.unwrap()).collect();
        assert_eq!(names, ["t", "kafka-cluster"]);
        args.principal = vec!["User:a".to_owned(), "User:b".to_owned()];
        assert!(args.takes(&acl("t", "User:b")) && !args.takes(&acl("t", "User:c")));
        args.operation = vec![AclOperation::All];
        assert!(!args.takes(&acl("t", "User:b")), "all is an operation of its own");
        args.operation.clear();
        args.permission = Some(AclPermission::Deny);
        assert!(!args.takes(&acl("t", "User:b")));
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is_like_it() {
        let all = BTreeSet::from([acl("orders", "User:alice"), acl("*", "User:bob")]);
        let error = of_topic("order").nothing_of(&all);
        assert_eq!(error.hints, ["did you mean orders?"]);
        let by_name = FilterArgs {
            principal: vec!["User:alcie".to_owned()],
            ..FilterArgs::default()
        };
        assert_eq!(by_name.nothing_of(&all).hints, ["did you mean User:alice?"]);
    }
}
