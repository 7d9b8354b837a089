//! schema

use clap::Args;
use schemars::{JsonSchema, Schema, schema_for};

use crate::context::Context;
use crate::error::CommandError;
use crate::output::Shown;
use crate::records::envelope::RecordRow;
use crate::stream::Streamed;

/// The JSON schema of what a command prints with --output json.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet schema topics-list")]
pub(crate) struct SchemaArgs {
    /// The command, as in topics-list; all of them are listed if none is named
    command: Option<String>,
}

/// Name with version, and schema of its data.
type Named = (&'static str, Schema);

fn of<T: Shown + JsonSchema>() -> Named {
    (T::SCHEMA, schema_for!(T))
}

fn of_streamed<T: Streamed>() -> Named {
    (T::SCHEMA, schema_for!(Vec<T>))
}

fn all() -> Vec<Named> {
    vec![
        of::<Vec<crate::acls::AclChange>>(),
        of::<Vec<crate::acls::AclRow>>(),
        of::<crate::bench::ConsumeBench>(),
        of::<crate::bench::LatencyBench>(),
        of::<crate::bench::ProduceBench>(),
        of::<Vec<crate::check::CheckRow>>(),
        of::<Vec<crate::cluster::ApiVersionRow>>(),
        of::<Vec<crate::cluster::ClusterNode>>(),
        of::<Vec<crate::cluster::EndpointRow>>(),
        of::<crate::cluster::ClusterId>(),
        of::<crate::cluster::Unregistered>(),
        of::<Vec<crate::configs::ConfigChangeRow>>(),
        of::<Vec<crate::configs::ConfigRow>>(),
        of::<Vec<crate::configs::ConfigDifference>>(),
        of::<Vec<crate::configs::ConfigResourceRow>>(),
        (RecordRow::SCHEMA, schema_for!(Vec<RecordRow<'static>>)),
        of::<Vec<crate::features::FeatureChange>>(),
        of::<Vec<crate::features::FeatureRow>>(),
        of::<Vec<crate::groups::GroupDeletion>>(),
        of::<Vec<crate::groups::GroupOffsetRow>>(),
        of::<Vec<crate::groups::GroupRow>>(),
        of::<Vec<crate::groups::GroupMemberRow>>(),
        of::<Vec<crate::groups::GroupStateRow>>(),
        of::<crate::host::HostAudit>(),
        of::<crate::host::Finding>(),
        of::<crate::host::RuleRow>(),
        of::<Vec<crate::host::RuleRow>>(),
        of::<crate::host::HostTune>(),
        of::<crate::host::HostUndo>(),
        of::<Vec<crate::leaders::ElectionRow>>(),
        of::<Vec<crate::log_dirs::LogDirRow>>(),
        of::<Vec<crate::log_dirs::LogDirReplicaRow>>(),
        of_streamed::<crate::logs::DumpElement>(),
        of_streamed::<crate::logs::VerifyElement>(),
        of::<Vec<crate::mirror::MirroredPartition>>(),
        of::<Vec<crate::offsets::OffsetChange>>(),
        of::<crate::offsets::OffsetsFile>(),
        of::<Vec<crate::offsets::OffsetRow>>(),
        of::<Vec<crate::offsets::SavedOffset>>(),
        of::<Vec<crate::producers::ProducerRow>>(),
        of::<Vec<crate::profiles::ImportedProfile>>(),
        of::<Vec<crate::profiles::ProfileRow>>(),
        of::<crate::quorum::QuorumChange>(),
        of::<Vec<crate::quorum::ReplicationRow>>(),
        of::<crate::quorum::QuorumStatus>(),
        of::<Vec<crate::quotas::QuotaChange>>(),
        of::<Vec<crate::quotas::QuotaRow>>(),
        of::<crate::rebalance::file::PlanFile>(),
        of::<Vec<crate::rebalance::TradeoffRow>>(),
        of::<crate::rebalance::apply::ApplyReport>(),
        of::<Vec<crate::reassign::CancelRow>>(),
        of::<crate::reassign::Execution>(),
        of::<crate::reassign::Proposal>(),
        of::<Vec<crate::reassign::ReassignmentRow>>(),
        of::<Vec<crate::reassign::VerifyRow>>(),
        of::<crate::render::Rendering>(),
        of::<crate::render::TemplateList>(),
        of::<crate::render::VariableList>(),
        of::<crate::sandbox::SandboxCluster>(),
        of::<Vec<crate::shims::InstalledShim>>(),
        of::<Vec<crate::shims::ShimRow>>(),
        of::<crate::size::Sizing>(),
        of::<crate::roll::RollPlan>(),
        of::<crate::snapshot::SavedSnapshot>(),
        of::<crate::snapshot::SnapshotStats>(),
        of::<Vec<crate::throttle::ThrottleChange>>(),
        of::<Vec<crate::throttle::ThrottleRow>>(),
        of::<Vec<crate::tokens::TokenChange>>(),
        of::<crate::tokens::TokenCreation>(),
        of::<Vec<crate::tokens::TokenRow>>(),
        of::<crate::storage::StorageCheck>(),
        of::<Vec<crate::storage::Dependencies>>(),
        of::<crate::storage::Formatted>(),
        of::<crate::storage::StorageInfo>(),
        of::<crate::storage::RandomUuid>(),
        of::<crate::storage::VersionMapping>(),
        of::<Vec<crate::topics::TopicChange>>(),
        of::<Vec<crate::topics::PartitionRow>>(),
        of::<Vec<crate::topics::TopicRow>>(),
        of::<Vec<crate::transactions::AbortRow>>(),
        of::<Vec<crate::transactions::HangingRow>>(),
        of::<Vec<crate::transactions::TransactionDescriptionRow>>(),
        of::<Vec<crate::transactions::TransactionRow>>(),
        of::<Vec<crate::users::UserChange>>(),
        of::<Vec<crate::users::UserRow>>(),
        of::<Vec<crate::topics::RecordsDeletion>>(),
        of::<Vec<crate::topics::TopicSummary>>(),
    ]
}

pub(crate) fn run(args: &SchemaArgs, context: &Context) -> Result<(), CommandError> {
    let all = all();
    let Some(asked) = &args.command else {
        let names: Vec<String> = all.iter().map(|(name, _)| format!("{name}\n")).collect();
        return context.out.print(&names.concat());
    };
    let found = all
        .into_iter()
        .find(|(name, _)| name == asked || name.split('/').next() == Some(asked));
    let (_, schema) = found.ok_or_else(|| CommandError::not_found(format!("no schema is named {asked}")))?;
    let text = serde_json::to_string_pretty(&schema).map_err(|error| CommandError::bug(error.to_string()))?;
    context.out.print(&format!("{text}\n"))
}
