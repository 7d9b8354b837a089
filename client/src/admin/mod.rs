//! Admin calls that need more than one request, or whose answers need to be put together.

pub(crate) mod acl_types;
pub(crate) mod acls;
pub(crate) mod configs;
pub(crate) mod coordinators;
pub(crate) mod elections;
pub(crate) mod features;
pub(crate) mod group_members;
pub(crate) mod group_offsets;
pub(crate) mod groups;
pub(crate) mod log_dirs;
pub(crate) mod nodes;
pub(crate) mod offsets;
pub(crate) mod producers;
pub(crate) mod quorum;
pub(crate) mod quotas;
pub(crate) mod reassignments;
pub(crate) mod records;
pub(crate) mod scram;
pub(crate) mod settings;
pub(crate) mod share_offsets;
pub(crate) mod tokens;
pub(crate) mod topic_changes;
pub(crate) mod topics;
pub(crate) mod transactions;
