//! What ApiVersions (18) says of kraft.version. Each connection begins with it.

use protocol::api::messages::ApiVersionsResponse;

use super::super::message::{Body, Response};
use super::parts;
use super::{Answer, AnswerError, Identity};
use crate::features::KRAFT_VERSION;

impl Answer for ApiVersionsResponse {
    fn read(&self, _: &Identity) -> Result<Response, AnswerError> {
        let mut features = self.supported_features.iter();
        let feature = features.find(|feature| feature.name.as_str() == KRAFT_VERSION);
        let versions = feature.map(|feature| (feature.min_version, feature.max_version));
        Ok(parts::without_leader(self.error_code, Body::KRaftVersions(versions)))
    }
}
