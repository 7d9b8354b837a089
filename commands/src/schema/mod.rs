//! schema

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::Args;
use schemars::{JsonSchema, Schema, schema_for};

use crate::context::Context;
use crate::error::CommandError;
use crate::output::Shown;
use crate::records::envelope::RecordRow;
use crate::stream::Streamed;

/// The JSON schema of what a command prints with --output json.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kfleet schema topics-list\n  kfleet schema --dir schemas")]
pub(crate) struct SchemaArgs {
    /// The command, as in topics-list; all of them are listed if none is named
    command: Option<String>,
    /// Write all of them into this directory instead, as NAME.VERSION.json
    #[arg(long, conflicts_with = "command")]
    dir: Option<PathBuf>,
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
        (crate::audit::SCHEMA, schema_for!(crate::audit::Line<'static>)),
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
        (crate::error::SCHEMA, schema_for!(crate::error::ErrorDocument<'static>)),
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
        of::<Vec<crate::rebalance::ForgottenRow>>(),
        of::<Vec<crate::leaders::EvacuationRow>>(),
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
        of::<crate::roll::RollReport>(),
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
        of::<crate::upgrade::UpgradePlan>(),
        of::<Vec<crate::users::UserChange>>(),
        of::<Vec<crate::users::UserRow>>(),
        of::<Vec<crate::topics::RecordsDeletion>>(),
        of::<Vec<crate::topics::TopicSummary>>(),
    ]
}

pub(crate) fn run(args: &SchemaArgs, context: &Context) -> Result<(), CommandError> {
    if let Some(dir) = &args.dir {
        return write_all(dir);
    }
    let all = all();
    let Some(asked) = &args.command else {
        let names: Vec<String> = all.iter().map(|(name, _)| format!("{name}\n")).collect();
        return context.out.print(&names.concat());
    };
    let found = all
        .into_iter()
        .find(|(name, _)| name == asked || name.split('/').next() == Some(asked));
    let (_, schema) = found.ok_or_else(|| CommandError::not_found(format!("no schema is named {asked}")))?;
    context.out.print(&text_of(&schema)?)
}

fn text_of(schema: &Schema) -> Result<String, CommandError> {
    let text = serde_json::to_string_pretty(schema).map_err(|error| CommandError::bug(error.to_string()))?;
    Ok(text + "\n")
}

/// Names of files, and what they hold.
fn files() -> Result<Vec<(String, String)>, CommandError> {
    let file = |(name, schema): (&str, Schema)| Ok((format!("{}.json", name.replace('/', ".")), text_of(&schema)?));
    all().into_iter().map(file).collect()
}

fn write_all(dir: &Path) -> Result<(), CommandError> {
    let failed = |path: &Path, error: &io::Error| CommandError::io(&format!("writing {}", path.display()), error);
    fs::create_dir_all(dir).map_err(|error| failed(dir, &error))?;
    for (name, text) in files()? {
        let path = dir.join(name);
        fs::write(&path, text).map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}
