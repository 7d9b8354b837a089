//! The features a node supports: Kafka 4.3's, under Kafka's names.

/// A feature and the levels of it that are supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SupportedFeature {
    /// Kafka's name.
    pub name: &'static str,
    /// Lowest level.
    pub min: i16,
    /// Highest level.
    pub max: i16,
}

const fn feature(name: &'static str, min: i16, max: i16) -> SupportedFeature {
    SupportedFeature { name, min, max }
}

/// The feature whose level says which metadata records are written.
pub const METADATA_VERSION: &str = "metadata.version";
/// The feature that tells static from dynamic quorums; its level lives in the log's control records.
pub const KRAFT_VERSION: &str = "kraft.version";

/// The feature that keeps track of eligible leader replicas (KIP-966).
pub const ELR_VERSION: &str = "eligible.leader.replicas.version";

/// What a node registers and ApiVersions answers, as Apache Kafka 4.3.1 does.
pub const SUPPORTED_FEATURES: &[SupportedFeature] = &[
    feature(ELR_VERSION, 0, 1),
    feature("group.version", 0, 1),
    feature(KRAFT_VERSION, 0, 1),
    feature(METADATA_VERSION, 7, 30),
    feature("share.version", 0, 1),
    feature("streams.version", 0, 1),
    feature("transaction.version", 0, 2),
];
