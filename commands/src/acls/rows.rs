//! ACLs as they are shown, saved, and read from files.

use client::AclBinding;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::change::result_cell;
use crate::output::{Shown, Table};

/// An ACL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AclRow {
    /// Kind of resource: topic, group, cluster, transactional-id, delegation-token or user.
    resource_type: String,
    /// Its name, or how it begins.
    resource: String,
    /// How the name is meant: literal or prefixed.
    pattern_type: String,
    /// Who, as in User:alice.
    principal: String,
    /// From where; * is anywhere.
    host: String,
    /// What is done, as in read or describe-configs; all is anything.
    operation: String,
    /// allow or deny.
    permission: String,
}

impl From<&AclBinding> for AclRow {
    fn from(acl: &AclBinding) -> Self {
        Self {
            resource_type: acl.resource.to_string(),
            resource: acl.name.clone(),
            pattern_type: acl.pattern.to_string(),
            principal: acl.principal.clone(),
            host: acl.host.clone(),
            operation: acl.operation.to_string(),
            permission: acl.permission.to_string(),
        }
    }
}

impl AclRow {
    /// What is to be created.
    pub(super) fn binding(&self) -> Result<AclBinding, String> {
        Ok(AclBinding {
            resource: self.resource_type.parse()?,
            name: self.resource.clone(),
            pattern: self.pattern_type.parse()?,
            principal: self.principal.clone(),
            host: self.host.clone(),
            operation: self.operation.parse()?,
            permission: self.permission.parse()?,
        })
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.resource_type.clone(),
            self.resource.clone(),
            self.pattern_type.clone(),
            self.principal.clone(),
            self.host.clone(),
            self.operation.clone(),
            self.permission.clone(),
        ]
    }
}

const HEADERS: [&str; 7] = [
    "TYPE",
    "RESOURCE",
    "PATTERN",
    "PRINCIPAL",
    "HOST",
    "OPERATION",
    "PERMISSION",
];

impl Shown for Vec<AclRow> {
    const SCHEMA: &'static str = "acls-list/1";

    fn table(&self, _: bool) -> Table {
        Table {
            headers: HEADERS.to_vec(),
            rows: self.iter().map(AclRow::cells).collect(),
        }
    }
}

/// What is done with an ACL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AclAction {
    /// It is created.
    Create,
    /// It is deleted.
    Delete,
}

impl AclAction {
    const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Delete => "delete",
        }
    }
}

/// What became of an ACL.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct AclChange {
    /// What was to be done.
    pub(super) action: AclAction,
    /// The ACL.
    #[serde(flatten)]
    pub(super) acl: AclRow,
    /// Whether it was done.
    pub(super) changed: bool,
    /// Why not, if it was to be.
    pub(super) error: Option<String>,
}

impl Shown for Vec<AclChange> {
    const SCHEMA: &'static str = "acls-change/1";

    fn table(&self, _: bool) -> Table {
        table(self, true)
    }
}

/// Columns of a plan, or of what became of it.
pub(super) fn table(rows: &[AclChange], with_results: bool) -> Table {
    let row = |row: &AclChange| {
        let mut cells = vec![row.action.word().to_owned()];
        cells.extend(row.acl.cells());
        if with_results {
            cells.push(result_cell(row.changed, row.error.as_ref()));
        }
        cells
    };
    let mut headers = vec!["ACTION"];
    headers.extend(HEADERS);
    if with_results {
        headers.push("RESULT");
    }
    Table {
        headers,
        rows: rows.iter().map(row).collect(),
    }
}

/// What an ACL is called in errors.
pub(super) fn named(acl: &AclBinding) -> String {
    format!(
        "{} {} for {} from {} on {} {} ({})",
        acl.permission, acl.operation, acl.principal, acl.host, acl.resource, acl.name, acl.pattern
    )
}
