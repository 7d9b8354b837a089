//! What a new cluster's metadata starts from: its features and its SCRAM credentials.

use protocol::files::SnapshotWriter;
use protocol::messages::framing::encode_metadata;
use protocol::messages::metadata::{FeatureLevelRecord, UserScramCredentialRecord};

use super::features::{KRAFT_VERSION, Levels, METADATA_VERSION};
use super::releases::Release;
use crate::error::CommandError;

/// The records.
#[derive(Debug)]
pub(super) struct Bootstrap {
    /// metadata.version first, then the others by name.
    features: Vec<FeatureLevelRecord>,
    scram: Vec<UserScramCredentialRecord>,
}

impl Bootstrap {
    /// For these levels: those of 0 have no record, and kraft.version lives in the quorum's own log.
    pub(super) fn new(release: Release, levels: &Levels, scram: Vec<UserScramCredentialRecord>) -> Self {
        let record = |name: &str, feature_level| FeatureLevelRecord {
            name: name.to_owned(),
            feature_level,
            ..Default::default()
        };
        let mut features = vec![record(METADATA_VERSION, release.level())];
        let others = levels
            .iter()
            .filter(|(name, level)| **level > 0 && !matches!(name.as_str(), METADATA_VERSION | KRAFT_VERSION));
        features.extend(others.map(|(name, level)| record(name, *level)));
        Self { features, scram }
    }

    /// As Apache's tool prints it.
    pub(super) fn line(&self) -> String {
        let feature = |record: &FeatureLevelRecord| {
            let FeatureLevelRecord {
                name, feature_level, ..
            } = record;
            format!("FeatureLevelRecord(name='{name}', featureLevel={feature_level})")
        };
        let scram = |record: &UserScramCredentialRecord| {
            format!(
                "UserScramCredentialRecord(name='{}', mechanism={}, salt={}, storedKey={}, serverKey={}, iterations={})",
                record.name,
                record.mechanism,
                java_bytes(&record.salt),
                java_bytes(&record.stored_key),
                java_bytes(&record.server_key),
                record.iterations
            )
        };
        let records = self.features.iter().map(feature).chain(self.scram.iter().map(scram));
        let records: Vec<String> = records
            .map(|record| format!("ApiMessageAndVersion({record} at version 0)"))
            .collect();
        let level = self.features.first().map_or(0, |record| record.feature_level);
        format!(
            "Bootstrap metadata: BootstrapMetadata(records=[{}], metadataVersionLevel={level}, source=format command)",
            records.join(", ")
        )
    }

    /// As bootstrap.checkpoint holds it.
    pub(super) fn checkpoint(&self) -> Result<Vec<u8>, CommandError> {
        let bug = |error: &dyn std::fmt::Display| CommandError::bug(error.to_string());
        let mut writer = SnapshotWriter::new(0, 0, 0, Vec::new()).map_err(|error| bug(&error))?;
        let features = self.features.iter().cloned().map(Into::into);
        let scram = self.scram.iter().cloned().map(Into::into);
        for record in features.chain(scram) {
            let value = encode_metadata(&record, 0).map_err(|error| bug(&error))?;
            writer.push(&value).map_err(|error| bug(&error))?;
        }
        Ok(writer.finish().map_err(|error| bug(&error))?.to_vec())
    }
}

/// Bytes as `Arrays.toString` prints them.
fn java_bytes(bytes: &[u8]) -> String {
    let signed: Vec<String> = bytes.iter().map(|byte| byte.cast_signed().to_string()).collect();
    format!("[{}]", signed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::features;
    use super::*;

    #[test]
    fn the_line_names_features_and_credentials() {
        let release = Release::parse("4.0", false).unwrap();
        let levels = features::effective(release, &Levels::new(), true).unwrap();
        let scram = UserScramCredentialRecord {
            name: "a".to_owned(),
            mechanism: 1,
            salt: vec![1, 255].into(),
            iterations: 4096,
            ..Default::default()
        };
        let bootstrap = Bootstrap::new(release, &levels, vec![scram]);
        assert_eq!(
            bootstrap.line(),
            "Bootstrap metadata: BootstrapMetadata(records=[\
             ApiMessageAndVersion(FeatureLevelRecord(name='metadata.version', featureLevel=25) at version 0), \
             ApiMessageAndVersion(FeatureLevelRecord(name='group.version', featureLevel=1) at version 0), \
             ApiMessageAndVersion(FeatureLevelRecord(name='transaction.version', featureLevel=2) at version 0), \
             ApiMessageAndVersion(UserScramCredentialRecord(name='a', mechanism=1, salt=[1, -1], storedKey=[], \
             serverKey=[], iterations=4096) at version 0)], metadataVersionLevel=25, source=format command)"
        );
    }
}
