//! One flow, from a cluster to another, with all that is set for it.

use super::ConfigError;
use super::file::{File, Origin, Role, Settings, Side};
use super::patterns::{Filter, Patterns};
use super::reader::{Reader, is_reference};
use crate::naming::Naming;

/// What mirrors from one cluster to another. Intervals are in seconds; none is never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Alias of the cluster that is read.
    pub source: String,
    /// Alias of the one that is written.
    pub target: String,
    /// Whether topics are mirrored; heartbeats are a matter of their own.
    pub is_enabled: bool,
    /// Topics of the source.
    pub topics: Filter,
    /// Groups of the source.
    pub groups: Filter,
    /// Properties of topics that stay as the target has them.
    pub properties_exclude: Patterns,
    /// Whose defaults count for properties that the source has not set.
    pub defaults_from: Side,
    /// How topics are called at the target.
    pub naming: Naming,
    /// What stands between the parts of the names of the mirror's own topics.
    pub internal_separator: String,
    /// Replicas of mirrored topics; -1 for the target's default.
    pub replication_factor: i16,
    /// Replicas of the topic of offset syncs.
    pub offset_syncs_replication_factor: i16,
    /// Replicas of the topic of checkpoints.
    pub checkpoints_replication_factor: i16,
    /// Replicas of the topic of heartbeats.
    pub heartbeats_replication_factor: i16,
    /// How often new topics and partitions are looked for.
    pub refresh_topics_s: Option<u64>,
    /// How often new groups are looked for.
    pub refresh_groups_s: Option<u64>,
    /// How often properties of topics are brought over.
    pub sync_topic_configs_s: Option<u64>,
    /// How often ACLs of topics are brought over.
    pub sync_topic_acls_s: Option<u64>,
    /// How often offsets of groups are brought over.
    pub sync_group_offsets_s: Option<u64>,
    /// How often checkpoints are written.
    pub emit_checkpoints_s: Option<u64>,
    /// How often heartbeats are written.
    pub emit_heartbeats_s: Option<u64>,
    /// Whether topics of heartbeats are mirrored whatever `topics` says.
    pub mirrors_heartbeats: bool,
    /// Whether offset syncs are written.
    pub emits_offset_syncs: bool,
    /// Where they are written.
    pub offset_syncs_at: Side,
    /// How many offsets may go by without one.
    pub offset_lag_max: u64,
    /// Where partitions begin that were never mirrored.
    pub starts_at: StartsAt,
    /// Whether only what was committed is mirrored.
    pub reads_committed: bool,
    /// Reads the source.
    pub source_consumer: Settings,
    /// Asks the source.
    pub source_admin: Settings,
    /// Writes offset syncs to the source, if that is where they belong.
    pub source_producer: Settings,
    /// Writes the target.
    pub target_producer: Settings,
    /// Asks and changes the target.
    pub target_admin: Settings,
    /// Reads what the mirror itself wrote at the target.
    pub target_consumer: Settings,
    /// The values that all this is from, by key.
    pub values: Vec<Value>,
}

/// Where a partition begins that was never mirrored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StartsAt {
    /// With all that the source has.
    #[default]
    Earliest,
    /// With what comes.
    Latest,
}

/// A value that counts for a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The key, without `A->B.`.
    pub key: &'static str,
    /// What it is.
    pub value: String,
    /// Where it is from.
    pub origin: Origin,
}

impl Flow {
    /// As in `A->B`.
    pub fn name(&self) -> String {
        format!("{}->{}", self.source, self.target)
    }

    pub(super) fn read(file: &File, source: &str, target: &str, errors: &mut Vec<ConfigError>) -> Self {
        let mut reader = Reader::new(file, source, target, errors);
        reader.refuse_code();
        let client = |side, role| file.client(source, target, side, role);
        let consumer = client(Side::Source, Role::Consumer);
        let separator = reader.separator();
        let has_separator = reader.bool("replication.policy.internal.topic.separator.enabled");
        let flow = Self {
            source: source.to_owned(),
            target: target.to_owned(),
            is_enabled: reader.bool("enabled"),
            topics: reader.filter("topics", "topics.exclude"),
            groups: reader.filter("groups", "groups.exclude"),
            properties_exclude: reader.patterns("config.properties.exclude"),
            defaults_from: reader.side("use.defaults.from"),
            naming: reader.naming(&separator),
            internal_separator: if has_separator { separator } else { ".".to_owned() },
            replication_factor: reader.replicas("replication.factor"),
            offset_syncs_replication_factor: reader.replicas("offset-syncs.topic.replication.factor"),
            checkpoints_replication_factor: reader.replicas("checkpoints.topic.replication.factor"),
            heartbeats_replication_factor: reader.replicas("heartbeats.topic.replication.factor"),
            refresh_topics_s: reader.every("refresh.topics"),
            refresh_groups_s: reader.every("refresh.groups"),
            sync_topic_configs_s: reader.every("sync.topic.configs"),
            sync_topic_acls_s: reader.every("sync.topic.acls"),
            sync_group_offsets_s: reader.every("sync.group.offsets"),
            emit_checkpoints_s: reader.every("emit.checkpoints"),
            emit_heartbeats_s: reader.every("emit.heartbeats"),
            mirrors_heartbeats: reader.bool("heartbeats.replication.enabled"),
            emits_offset_syncs: reader.bool("emit.offset-syncs.enabled"),
            offset_syncs_at: reader.side("offset-syncs.topic.location"),
            offset_lag_max: reader.number("offset.lag.max", 0, i64::MAX).unsigned_abs(),
            starts_at: reader.starts_at(&consumer),
            reads_committed: reader.reads_committed(&consumer),
            source_consumer: consumer,
            source_admin: client(Side::Source, Role::Admin),
            source_producer: client(Side::Source, Role::Producer),
            target_producer: client(Side::Target, Role::Producer),
            target_admin: client(Side::Target, Role::Admin),
            target_consumer: client(Side::Target, Role::Consumer),
            values: std::mem::take(&mut reader.values),
        };
        flow.check_clients(errors);
        flow
    }

    fn check_clients(&self, errors: &mut Vec<ConfigError>) {
        let (source, target) = (&self.source, &self.target);
        let clients = [
            (source, &self.source_consumer),
            (source, &self.source_admin),
            (source, &self.source_producer),
            (target, &self.target_producer),
            (target, &self.target_admin),
            (target, &self.target_consumer),
        ];
        for (alias, settings) in clients {
            if settings
                .get("bootstrap.servers")
                .is_none_or(|servers| servers.trim().is_empty())
            {
                errors.push(ConfigError::NoServers(alias.clone()));
            }
            let referring = settings.iter().filter(|(_, value)| is_reference(value));
            for (key, _) in referring {
                let key = settings.key_of(key).unwrap_or(key).to_owned();
                errors.push(ConfigError::Provider { key });
            }
        }
    }
}
