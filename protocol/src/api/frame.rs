//! Request and response frames: the four length bytes, the header, and the guarded body.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};

use crate::guard::{self, GuardError};

/// Why a frame was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The header is cut short or not UTF-8.
    #[error("malformed {what} header")]
    Header {
        /// "request" or "response".
        what: &'static str,
    },
    /// A length in the body points past its end, or decoding would take more memory than allowed.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// The typed decoder refused bytes that the guard let through.
    #[error("malformed {api:?} v{version} body: {reason}")]
    Body {
        /// The API the body belongs to.
        api: ApiKey,
        /// Its version.
        version: i16,
        /// The decoder's own words.
        reason: String,
    },
}

/// The header of a request, any header version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHeader {
    /// Numeric API key, which may be one that is not known here.
    pub api_key: i16,
    /// The API version the client chose, unchecked.
    pub api_version: i16,
    /// Echoed in the response.
    pub correlation_id: i32,
    /// What the client calls itself.
    pub client_id: Option<StrBytes>,
}

/// Splits a request frame (without its four length bytes) into header and body.
///
/// An ApiVersions request of an unknown version still yields its header, so that it can be answered
/// with UNSUPPORTED_VERSION as KIP-511 asks. For an unknown API key the body is left whole.
pub fn split_request(mut frame: Bytes) -> Result<(RequestHeader, Bytes), DecodeError> {
    let malformed = DecodeError::Header { what: "request" };
    if frame.len() < 8 {
        return Err(malformed);
    }
    let api_key = frame.get_i16();
    let api_version = frame.get_i16();
    let correlation_id = frame.get_i32();
    let header = |client_id| RequestHeader {
        api_key,
        api_version,
        correlation_id,
        client_id,
    };
    let Ok(api) = ApiKey::try_from(api_key) else {
        return Ok((header(None), frame));
    };
    let header_version = api.request_header_version(api_version);
    if header_version < 1 {
        return Ok((header(None), frame));
    }
    if frame.len() < 2 {
        return Err(malformed);
    }
    let client_id_bytes = frame.get_i16();
    let client_id = match usize::try_from(client_id_bytes) {
        Err(_) => None,
        Ok(len) if len <= frame.len() => {
            Some(StrBytes::from_utf8(frame.split_to(len)).map_err(|_| DecodeError::Header { what: "request" })?)
        }
        Ok(_) => return Err(malformed),
    };
    if header_version >= 2 {
        guard::skip_tagged_fields(&mut frame).map_err(|_| DecodeError::Header { what: "request" })?;
    }
    Ok((header(client_id), frame))
}

/// Puts header and body of a request together again: a frame without its four length bytes, as [`split_request`] takes
/// it. Tagged fields of the header, of which Kafka has none, are gone.
pub fn join_request(header: &RequestHeader, body: &[u8]) -> Bytes {
    let client_id = header.client_id.as_deref();
    let mut out = BytesMut::with_capacity(16 + client_id.map_or(0, str::len) + body.len());
    let version = ApiKey::try_from(header.api_key).map_or(0, |api| api.request_header_version(header.api_version));
    put_header(&mut out, header.api_key, header.api_version, header.correlation_id);
    put_client(&mut out, version, client_id);
    out.put_slice(body);
    out.freeze()
}

fn put_header(out: &mut BytesMut, api_key: i16, api_version: i16, correlation_id: i32) {
    out.put_i16(api_key);
    out.put_i16(api_version);
    out.put_i32(correlation_id);
}

/// What later versions of the header have besides.
fn put_client(out: &mut BytesMut, header_version: i16, client_id: Option<&str>) {
    if header_version >= 1 {
        out.put_i16(client_id.map_or(-1, |id| id.len() as i16));
        out.put_slice(client_id.unwrap_or_default().as_bytes());
    }
    if header_version >= 2 {
        out.put_u8(0);
    }
}

/// Decodes a request body, after the guard has walked it within `budget_bytes` of decoded memory.
pub fn decode_request<R: Request>(version: i16, body: Bytes, budget_bytes: usize) -> Result<R, DecodeError> {
    decode_request_as(version, version, body, budget_bytes)
}

/// The same for a version that kafka-protocol reads as another of its own.
pub(super) fn decode_request_as<R: Request>(
    version: i16,
    typed_version: i16,
    body: Bytes,
    budget_bytes: usize,
) -> Result<R, DecodeError> {
    guard::check_request(R::KEY, version, &body, budget_bytes)?;
    decode(R::KEY, typed_version, body)
}

/// Decodes a response body, after the guard has walked it within `budget_bytes` of decoded memory.
pub fn decode_response<R: Request>(version: i16, body: Bytes, budget_bytes: usize) -> Result<R::Response, DecodeError>
where
    R::Response: Decodable,
{
    guard::check_response(R::KEY, version, &body, budget_bytes)?;
    decode(R::KEY, version, body)
}

fn decode<T: Decodable>(key: i16, version: i16, mut body: Bytes) -> Result<T, DecodeError> {
    T::decode(&mut body, version).map_err(|error| DecodeError::Body {
        api: ApiKey::try_from(key).unwrap_or(ApiKey::ApiVersions),
        version,
        reason: error.to_string(),
    })
}

/// Splits a response frame (without its four length bytes) into correlation id and body.
/// `header_version` is the version of the response header that goes with the request sent.
pub fn split_response(mut frame: Bytes, header_version: i16) -> Result<(i32, Bytes), DecodeError> {
    if frame.len() < 4 {
        return Err(DecodeError::Header { what: "response" });
    }
    let correlation_id = frame.get_i32();
    if header_version >= 1 {
        guard::skip_tagged_fields(&mut frame).map_err(|_| DecodeError::Header { what: "response" })?;
    }
    Ok((correlation_id, frame))
}

/// A whole request frame, length bytes included.
pub fn encode_request<R: Request>(
    version: i16,
    correlation_id: i32,
    client_id: &str,
    request: &R,
) -> Result<Bytes, DecodeError> {
    let mut out = BytesMut::with_capacity(64 + request.compute_size(version).unwrap_or(0));
    out.put_i32(0);
    put_header(&mut out, R::KEY, version, correlation_id);
    put_client(&mut out, R::header_version(version), Some(client_id));
    finish(out, R::KEY, version, request)
}

/// A whole response frame, length bytes included. `key` is the API it answers.
pub fn encode_response<T: Encodable + HeaderVersion>(
    key: i16,
    version: i16,
    correlation_id: i32,
    response: &T,
) -> Result<Bytes, DecodeError> {
    let mut out = BytesMut::with_capacity(16 + response.compute_size(version).unwrap_or(0));
    out.put_i32(0);
    out.put_i32(correlation_id);
    if T::header_version(version) >= 1 {
        out.put_u8(0);
    }
    finish(out, key, version, response)
}

fn finish<T: Encodable>(mut out: BytesMut, key: i16, version: i16, body: &T) -> Result<Bytes, DecodeError> {
    body.encode(&mut out, version).map_err(|error| DecodeError::Body {
        api: ApiKey::try_from(key).unwrap_or(ApiKey::ApiVersions),
        version,
        reason: error.to_string(),
    })?;
    let length = (out.len() - 4) as i32;
    if let Some(prefix) = out.get_mut(..4) {
        prefix.copy_from_slice(&length.to_be_bytes());
    }
    Ok(out.freeze())
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::{CreateTopicsRequest, ListGroupsRequest};

    use super::*;

    fn rejoined<R: Request>(version: i16, request: &R) {
        let frame = encode_request(version, 7, "client", request).unwrap().slice(4..);
        let (header, body) = split_request(frame.clone()).unwrap();
        assert_eq!(join_request(&header, &body), frame, "version {version}");
        let nameless = RequestHeader {
            client_id: None,
            ..header
        };
        let (again, same) = split_request(join_request(&nameless, &body)).unwrap();
        assert_eq!((again, same), (nameless, body), "version {version}");
    }

    #[test]
    fn what_was_split_is_joined_as_it_was() {
        for version in 2..=7 {
            rejoined(version, &CreateTopicsRequest::default());
        }
        for version in 0..=5 {
            rejoined(version, &ListGroupsRequest::default());
        }
    }
}
