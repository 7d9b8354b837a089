//! Resources and what is said of them, as Kafka's classes write them.

use std::fmt;

use client::{AclBinding, AclOperation, AclPattern, AclPermission, AclResource};

/// A resource, or those that a pattern stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) resource: AclResource,
    pub(super) name: String,
    pub(super) pattern: AclPattern,
}

impl Target {
    pub(super) fn in_binding(acl: &AclBinding) -> Self {
        Self {
            resource: acl.resource,
            name: acl.name.clone(),
            pattern: acl.pattern,
        }
    }
}

/// A name as Java's enums have it.
pub(super) fn in_capitals(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (resource, pattern) = (in_capitals(self.resource.name()), in_capitals(self.pattern.name()));
        let name = &self.name;
        write!(
            out,
            "ResourcePattern(resourceType={resource}, name={name}, patternType={pattern})"
        )
    }
}

/// Who may do what, from where; or may not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) principal: String,
    pub(super) host: String,
    pub(super) operation: AclOperation,
    pub(super) permission: AclPermission,
}

impl Entry {
    pub(super) fn in_binding(acl: &AclBinding) -> Self {
        Self {
            principal: acl.principal.clone(),
            host: acl.host.clone(),
            operation: acl.operation,
            permission: acl.permission,
        }
    }

    /// The same of a resource.
    pub(super) fn of(&self, target: &Target) -> AclBinding {
        AclBinding {
            resource: target.resource,
            name: target.name.clone(),
            pattern: target.pattern,
            principal: self.principal.clone(),
            host: self.host.clone(),
            operation: self.operation,
            permission: self.permission,
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "(principal={}, host={}, operation={}, permissionType={})",
            self.principal,
            self.host,
            in_capitals(self.operation.name()),
            in_capitals(self.permission.name())
        )
    }
}
