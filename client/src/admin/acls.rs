//! ACLs: described, created and deleted.

use std::collections::BTreeSet;

use protocol::api::StrBytes;
use protocol::api::messages::create_acls_request::AclCreation;
use protocol::api::messages::delete_acls_request::DeleteAclsFilter;
use protocol::api::messages::delete_acls_response::DeleteAclsFilterResult;
use protocol::api::messages::{
    CreateAclsRequest, CreateAclsResponse, DeleteAclsRequest, DeleteAclsResponse, DescribeAclsRequest,
};

use crate::admin::acl_types::{AclOperation, AclPattern, AclPermission, AclResource};
use crate::cluster::Client;
use crate::error::ClientError;

/// Kafka's code for anything.
const ANY: i8 = 1;

/// Who may do what to which resource, from where; or may not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AclBinding {
    /// Kind of resource.
    pub resource: AclResource,
    /// Its name, or how it begins.
    pub name: String,
    /// How the name is meant.
    pub pattern: AclPattern,
    /// Who, as in User:alice.
    pub principal: String,
    /// From where; `*` is anywhere.
    pub host: String,
    /// What is done.
    pub operation: AclOperation,
    /// Yes or no.
    pub permission: AclPermission,
}

/// Which resources; all of them by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclFilter {
    /// Kind of resource; none is any.
    pub resource: Option<AclResource>,
    /// Its name; none is any.
    pub name: Option<String>,
    /// How the name is meant.
    pub pattern: AclPattern,
}

impl Default for AclFilter {
    fn default() -> Self {
        Self {
            resource: None,
            name: None,
            pattern: AclPattern::Any,
        }
    }
}

/// What became of an ACL that was to be created or deleted.
pub type AclResults = Vec<(AclBinding, Result<(), ClientError>)>;

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

impl Client {
    /// ACLs of these resources.
    pub async fn acls(&self, filter: &AclFilter) -> Result<BTreeSet<AclBinding>, ClientError> {
        let request = DescribeAclsRequest::default()
            .with_resource_type_filter(filter.resource.map_or(ANY, AclResource::code))
            .with_resource_name_filter(filter.name.as_deref().map(text))
            .with_pattern_type_filter(filter.pattern.code())
            // Where nothing is said it is nobody's, and from nowhere.
            .with_principal_filter(None)
            .with_host_filter(None)
            .with_operation(ANY)
            .with_permission_type(ANY);
        let response = self.send_any(&request).await?;
        if response.error_code != 0 {
            let message = response.error_message.as_deref();
            return Err(ClientError::rejected("ACLs", response.error_code, message));
        }
        let mut found = BTreeSet::new();
        for resource in response.resources {
            found.extend(resource.acls.into_iter().map(|acl| AclBinding {
                resource: AclResource::of_code(resource.resource_type),
                name: resource.resource_name.to_string(),
                pattern: AclPattern::of_code(resource.pattern_type),
                principal: acl.principal.to_string(),
                host: acl.host.to_string(),
                operation: AclOperation::of_code(acl.operation),
                permission: AclPermission::of_code(acl.permission_type),
            }));
        }
        Ok(found)
    }

    /// Creates ACLs, each on its own; one that is there already is as good as created.
    pub async fn create_acls(&self, bindings: &[AclBinding]) -> Result<AclResults, ClientError> {
        let creation = |acl: &AclBinding| {
            AclCreation::default()
                .with_resource_type(acl.resource.code())
                .with_resource_name(text(&acl.name))
                .with_resource_pattern_type(acl.pattern.code())
                .with_principal(text(&acl.principal))
                .with_host(text(&acl.host))
                .with_operation(acl.operation.code())
                .with_permission_type(acl.permission.code())
        };
        let request = CreateAclsRequest::default().with_creations(bindings.iter().map(creation).collect());
        let first = |response: &CreateAclsResponse| response.results.first().map_or(0, |result| result.error_code);
        let response = self.send_active(&request, first).await?;
        let results = response.results.into_iter();
        let results = results.map(|result| match result.error_code {
            0 => Ok(()),
            code => Err(ClientError::rejected("ACL", code, result.error_message.as_deref())),
        });
        zip("CreateAcls", bindings, results.collect())
    }

    /// Deletes these ACLs and no others, each on its own; one that is not there any more is as good as deleted.
    pub async fn delete_acls(&self, bindings: &[AclBinding]) -> Result<AclResults, ClientError> {
        let filter = |acl: &AclBinding| {
            DeleteAclsFilter::default()
                .with_resource_type_filter(acl.resource.code())
                .with_resource_name_filter(Some(text(&acl.name)))
                .with_pattern_type_filter(acl.pattern.code())
                .with_principal_filter(Some(text(&acl.principal)))
                .with_host_filter(Some(text(&acl.host)))
                .with_operation(acl.operation.code())
                .with_permission_type(acl.permission.code())
        };
        let request = DeleteAclsRequest::default().with_filters(bindings.iter().map(filter).collect());
        let first =
            |response: &DeleteAclsResponse| response.filter_results.first().map_or(0, |result| result.error_code);
        let response = self.send_active(&request, first).await?;
        let results = response.filter_results.iter().map(deleted);
        zip("DeleteAcls", bindings, results.collect())
    }
}

fn deleted(result: &DeleteAclsFilterResult) -> Result<(), ClientError> {
    if result.error_code != 0 {
        let message = result.error_message.as_deref();
        return Err(ClientError::rejected("ACL", result.error_code, message));
    }
    let failed = result.matching_acls.iter().find(|acl| acl.error_code != 0);
    failed.map_or(Ok(()), |acl| {
        Err(ClientError::rejected(
            "ACL",
            acl.error_code,
            acl.error_message.as_deref(),
        ))
    })
}

/// Answers come in the order of what was asked.
fn zip(api: &str, bindings: &[AclBinding], results: Vec<Result<(), ClientError>>) -> Result<AclResults, ClientError> {
    if results.len() != bindings.len() {
        return Err(ClientError::Malformed {
            address: "the cluster".to_owned(),
            reason: format!("{api} of {} ACLs has {} results", bindings.len(), results.len()),
        });
    }
    Ok(bindings.iter().cloned().zip(results).collect())
}
