//! ApiVersions (key 18), versions 0 to 4. An unknown version is answered in version 0 with
//! UNSUPPORTED_VERSION, so that the client can ask again (KIP-511).

use protocol::api::messages::api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey};
use protocol::api::messages::{ApiVersionsRequest, ApiVersionsResponse};
use protocol::api::{ApiKey, DecodeError, ErrorCode, StrBytes};

use crate::call::{Call, Peer, ReplyTarget, Served};
use crate::features::{KRAFT_VERSION, SUPPORTED_FEATURES};
use crate::image::MetadataImage;
use crate::reply::Reply;

pub(crate) const SERVED: Served = Served::new(ApiKey::ApiVersions, 0, 4);

/// First version that carries the client's name and version.
const SOFTWARE_FROM: i16 = 3;
/// First version whose readers accept features with a minimum of 0 (KAFKA-17492).
const ZERO_MINIMUM_FROM: i16 = 4;

/// The answer of a listener that serves `apis`.
pub(crate) fn answer(
    call: &Call,
    apis: impl Iterator<Item = Served>,
    image: &MetadataImage,
) -> Result<Reply, DecodeError> {
    let request: ApiVersionsRequest = call.decode()?;
    if software(call, &request).is_err() {
        let response = ApiVersionsResponse::default().with_error_code(ErrorCode::InvalidRequest.code());
        return call.reply(&response);
    }
    let finalized = image
        .features()
        .iter()
        .chain([(KRAFT_VERSION, image.kraft_version())])
        .filter(|(_, level)| *level > 0)
        .map(|(name, level)| {
            FinalizedFeatureKey::default()
                .with_name(StrBytes::from_string(name.to_owned()))
                .with_max_version_level(level)
                .with_min_version_level(level)
        });
    let response = ApiVersionsResponse::default()
        .with_api_keys(apis.map(advertise).collect())
        .with_supported_features(supported_features(call.header.api_version))
        .with_finalized_features(finalized.collect())
        .with_finalized_features_epoch(image.offset());
    call.reply(&response)
}

/// The client's name and version, if the request has them and they are well formed.
pub(crate) fn peer_software(call: &Call, peer: &mut Peer) {
    if let Ok(request) = call.decode::<ApiVersionsRequest>()
        && let Ok(Some((name, version))) = software(call, &request)
    {
        peer.software_name = name;
        peer.software_version = version;
    }
}

fn software(call: &Call, request: &ApiVersionsRequest) -> Result<Option<(String, String)>, ()> {
    if call.header.api_version < SOFTWARE_FROM {
        return Ok(None);
    }
    let (name, version) = (&request.client_software_name, &request.client_software_version);
    if !is_software_word(name) || !is_software_word(version) {
        return Err(());
    }
    Ok(Some((name.to_string(), version.to_string())))
}

/// KIP-511: letters and digits, with dots and dashes inside.
fn is_software_word(word: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    edge(word.chars().next()) && edge(word.chars().last()) && word.chars().all(inside)
}

fn advertise(served: Served) -> ApiVersion {
    ApiVersion::default()
        .with_api_key(served.key as i16)
        .with_min_version(served.advertised_min)
        .with_max_version(served.max)
}

fn supported_features(version: i16) -> Vec<SupportedFeatureKey> {
    let readable = SUPPORTED_FEATURES
        .iter()
        .filter(|feature| feature.min > 0 || version >= ZERO_MINIMUM_FROM);
    let key = readable.map(|feature| {
        SupportedFeatureKey::default()
            .with_name(StrBytes::from_static_str(feature.name))
            .with_min_version(feature.min)
            .with_max_version(feature.max)
    });
    key.collect()
}

/// The answer to an ApiVersions request of a version that is not served.
pub(crate) fn unsupported(call: &Call) -> Reply {
    let response = ApiVersionsResponse::default()
        .with_error_code(ErrorCode::UnsupportedVersion.code())
        .with_api_keys(vec![advertise(SERVED)]);
    let target = ReplyTarget {
        api_version: 0,
        ..call.target()
    };
    target.encode(&response).unwrap_or(Reply::Close)
}
