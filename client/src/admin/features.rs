//! Features: what a cluster has agreed on, and changing it.

use std::collections::BTreeMap;

use protocol::api::messages::update_features_request::FeatureUpdateKey;
use protocol::api::messages::{ApiVersionsRequest, ApiVersionsResponse, UpdateFeaturesRequest};
use protocol::api::{ErrorCode, StrBytes};

use crate::cluster::Client;
use crate::error::ClientError;
use crate::words::in_words;

/// The levels that count for all nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FinalizedFeatures {
    /// By name; those at level 0 are missing.
    pub levels: BTreeMap<String, i16>,
    /// The metadata's offset that they are of; none if the node does not say.
    pub epoch: Option<i64>,
}

impl FinalizedFeatures {
    /// As a node tells them.
    pub fn of(response: &ApiVersionsResponse) -> Self {
        let features = response.finalized_features.iter();
        Self {
            levels: features
                .map(|feature| (feature.name.to_string(), feature.max_version_level))
                .collect(),
            epoch: Some(response.finalized_features_epoch).filter(|epoch| *epoch >= 0),
        }
    }

    /// A feature's level.
    pub fn level(&self, name: &str) -> i16 {
        self.levels.get(name).copied().unwrap_or(0)
    }
}

/// Which way a level may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureUpdateKind {
    /// Up only.
    Upgrade,
    /// Down, as long as nothing is lost.
    SafeDowngrade,
    /// Down, whatever is lost.
    UnsafeDowngrade,
}

impl FeatureUpdateKind {
    const fn code(self) -> i8 {
        match self {
            Self::Upgrade => 1,
            Self::SafeDowngrade => 2,
            Self::UnsafeDowngrade => 3,
        }
    }
}

impl Client {
    /// The levels that count just now, as the node asked knows them.
    pub async fn finalized_features(&self) -> Result<FinalizedFeatures, ClientError> {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("kfleet"))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let response = self.send_any(&request).await?;
        match response.error_code {
            0 => Ok(FinalizedFeatures::of(&response)),
            code => Err(ClientError::rejected("ApiVersions", code, None)),
        }
    }

    /// Changes levels, all of them or, if one is refused, none; or only asks whether they could be changed.
    pub async fn update_features(
        &self,
        levels: &BTreeMap<String, i16>,
        kind: FeatureUpdateKind,
        validate_only: bool,
    ) -> Result<(), ClientError> {
        let update = |(name, level): (&String, &i16)| {
            FeatureUpdateKey::default()
                .with_feature(StrBytes::from_string(name.clone()))
                .with_max_version_level(*level)
                .with_upgrade_type(kind.code())
        };
        let request = UpdateFeaturesRequest::default()
            .with_timeout_ms(self.request_timeout_ms())
            .with_feature_updates(levels.iter().map(update).collect())
            .with_validate_only(validate_only);
        let response = self.send_active(&request, |response| response.error_code).await?;
        if response.error_code != 0 {
            let message = response.error_message.as_deref();
            return Err(ClientError::rejected("features", response.error_code, message));
        }
        // Up to version 1 each has a result of its own, and nothing is changed unless all are good.
        let refused: Vec<_> = response
            .results
            .iter()
            .filter(|result| result.error_code != 0)
            .collect();
        let Some(first) = refused.first() else {
            return Ok(());
        };
        let sentence = |code: i16, message: Option<&StrBytes>| {
            let code = ErrorCode::try_from_code(code).unwrap_or(ErrorCode::Unknown(code));
            message.map_or_else(|| in_words(code), ToString::to_string)
        };
        let sentences: Vec<String> = refused
            .iter()
            .map(|result| {
                let why = sentence(result.error_code, result.error_message.as_ref());
                format!("{}: {why}", &*result.feature)
            })
            .collect();
        Err(ClientError::rejected(
            "features",
            first.error_code,
            Some(&sentences.join("; ")),
        ))
    }
}
