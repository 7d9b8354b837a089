//! One connection: requests go out in order, answers are matched to them, and nothing waits for ever.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use protocol::api::messages::{ApiVersionsRequest, ApiVersionsResponse};
use protocol::api::{
    ApiKey, DECODE_BUDGET_BYTES, Decodable, HeaderVersion, Message as _, Request, StrBytes, decode_response,
    encode_request, split_response,
};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::changes;
use crate::error::ClientError;
use crate::security::{Login, Security, speaks_tls, tls_failure};
use crate::transport::Transport;

mod authenticate;

/// Most bytes of an answer.
const FRAME_MAX_BYTES: usize = 256 << 20;
/// Room made for a read when little is known of what comes.
const READ_AHEAD_BYTES: usize = 64 * 1024;
/// Most room made at once for an answer whose length is known. Each time the room grows what has arrived may be copied.
const ANSWER_AHEAD_MAX_BYTES: usize = 1 << 20;

/// A connection whose other side has told what it serves. Requests of several tasks take turns.
#[derive(Debug)]
pub struct Connection {
    address: Arc<str>,
    client_id: String,
    versions: BTreeMap<i16, (i16, i16)>,
    versions_response: ApiVersionsResponse,
    login: Option<Arc<Login>>,
    next_correlation_id: AtomicI32,
    stream: Mutex<Stream>,
}

/// A request on its way.
struct Call {
    api: ApiKey,
    id: i32,
    answer_header_version: i16,
    is_answered: bool,
    frame: Bytes,
}

#[derive(Debug)]
struct Stream {
    transport: Transport,
    buffer: BytesMut,
    /// A request was given up in the middle, so what comes next is not known.
    broken: bool,
    /// When to log in again, before the session ends.
    renew_at: Option<Instant>,
}

impl Connection {
    /// Connects in plaintext and asks what is served.
    pub async fn open(address: &str, client_id: &str, deadline: Instant) -> Result<Self, ClientError> {
        Self::open_secured(address, client_id, &Security::default(), deadline).await
    }

    /// Connects, asks what is served, and logs in, as `security` has it; all of that by the deadline.
    pub async fn open_secured(
        address: &str,
        client_id: &str,
        security: &Security,
        deadline: Instant,
    ) -> Result<Self, ClientError> {
        let stream = Stream {
            transport: Transport::open(address, security, deadline).await?,
            buffer: BytesMut::new(),
            broken: false,
            renew_at: None,
        };
        let mut connection = Self {
            address: address.into(),
            client_id: client_id.to_owned(),
            versions: BTreeMap::new(),
            versions_response: ApiVersionsResponse::default(),
            login: None,
            next_correlation_id: AtomicI32::new(0),
            stream: Mutex::new(stream),
        };
        connection.negotiate(deadline).await?;
        if let Some(login) = security.login() {
            connection.login = Some(Arc::clone(login));
            connection.log_in(deadline).await?;
        }
        let login = connection.login.as_ref().map_or("none", |login| login.mechanism());
        tracing::debug!(address, is_encrypted = security.tls().is_some(), login, "connected");
        Ok(connection)
    }

    async fn negotiate(&mut self, deadline: Instant) -> Result<(), ClientError> {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("kfleet"))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let newest = self
            .exchange(ApiVersionsRequest::VERSIONS.max, &request, deadline)
            .await;
        let response = match newest {
            // A server that does not know the version answers in version 0.
            Ok(response) if response.error_code == 35 => self.exchange(0, &request, deadline).await?,
            Err(ClientError::Malformed { .. }) => self.exchange(0, &request, deadline).await?,
            other => other?,
        };
        if response.error_code != 0 {
            return Err(ClientError::rejected("ApiVersions", response.error_code, None));
        }
        let range = |key: &protocol::api::messages::api_versions_response::ApiVersion| {
            (key.api_key, (key.min_version, key.max_version))
        };
        self.versions = response.api_keys.iter().map(range).collect();
        self.versions_response = response;
        Ok(())
    }

    /// host:port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What the other side told of itself.
    pub fn api_versions(&self) -> &ApiVersionsResponse {
        &self.versions_response
    }

    /// The newest version of an API that both sides know.
    pub fn version_of<R: Request>(&self) -> Result<i16, ClientError> {
        let served = self.versions.get(&R::KEY).copied();
        let (min, max) = served.ok_or_else(|| self.unsupported::<R>())?;
        let newest = max.min(R::VERSIONS.max);
        if newest < min || newest < R::VERSIONS.min {
            Err(self.unsupported::<R>())
        } else {
            Ok(newest)
        }
    }

    /// The newest version of an API up to `max` that both sides know.
    pub fn version_up_to<R: Request>(&self, max: i16) -> Result<i16, ClientError> {
        let newest = self.version_of::<R>()?.min(max);
        match self.versions.get(&R::KEY) {
            Some((min, _)) if newest >= *min && newest >= R::VERSIONS.min => Ok(newest),
            _ => Err(self.unsupported::<R>()),
        }
    }

    fn unsupported<R: Request>(&self) -> ClientError {
        ClientError::UnsupportedApi {
            address: self.address.to_string(),
            api: api_of::<R>(),
        }
    }

    /// Sends a request in the newest common version and waits for its answer.
    pub async fn send<R: Request>(&self, request: &R, deadline: Instant) -> Result<R::Response, ClientError>
    where
        R::Response: Decodable + HeaderVersion,
    {
        self.exchange(self.version_of::<R>()?, request, deadline).await
    }

    /// Sends a request in this version and waits for its answer.
    pub async fn exchange<R: Request>(
        &self,
        version: i16,
        request: &R,
        deadline: Instant,
    ) -> Result<R::Response, ClientError>
    where
        R::Response: Decodable + HeaderVersion,
    {
        let call = self.call(version, request, true)?;
        let answer = self.take_turn(call, deadline).await?;
        let decoded = self.decode::<R>(version, answer);
        if decoded.is_err() {
            // Whoever answers with nonsense is not asked again over the same connection.
            self.stream.lock().await.broken = true;
        }
        decoded
    }

    /// Sends a request that is not answered: Produce without acknowledgement.
    pub async fn send_unanswered<R: Request>(
        &self,
        version: i16,
        request: &R,
        deadline: Instant,
    ) -> Result<(), ClientError>
    where
        R::Response: HeaderVersion,
    {
        let call = self.call(version, request, false)?;
        self.take_turn(call, deadline).await.map(drop)
    }

    /// What a request comes to in bytes. What is done with those is the same for all APIs, and not compiled for each.
    fn call<R: Request>(&self, version: i16, request: &R, is_answered: bool) -> Result<Call, ClientError>
    where
        R::Response: HeaderVersion,
    {
        let api = api_of::<R>();
        changes::tell_of(api).map_err(|reason| ClientError::Unwritable { api, reason })?;
        let id = self.next_correlation_id.fetch_add(1, Ordering::Relaxed);
        let frame = encode_request(version, id, &self.client_id, request);
        Ok(Call {
            api,
            id,
            answer_header_version: R::Response::header_version(version),
            is_answered,
            frame: frame.map_err(|error| ClientError::Unwritable {
                api,
                reason: error.to_string(),
            })?,
        })
    }

    fn decode<R: Request>(&self, version: i16, body: Bytes) -> Result<R::Response, ClientError>
    where
        R::Response: Decodable,
    {
        let version = if R::KEY == ApiVersionsRequest::KEY {
            version_of_answer(version, &body)
        } else {
            version
        };
        decode_response::<R>(version, body, DECODE_BUDGET_BYTES).map_err(|error| self.malformed(&error.to_string()))
    }

    /// Waits until it is this call's turn, and has it answered.
    async fn take_turn(&self, call: Call, deadline: Instant) -> Result<Bytes, ClientError> {
        let api = call.api;
        let mut stream = self.stream.lock().await;
        if std::mem::replace(&mut stream.broken, true) {
            return Err(self.closed(api));
        }
        let work = async {
            if stream.renew_at.is_some_and(|renew_at| renew_at <= Instant::now()) {
                self.authenticate(&mut stream, deadline).await?;
            }
            self.answer_to(&mut stream, call).await
        };
        let answer = timeout_at(deadline, work).await.map_err(|_| self.timed_out(api))??;
        stream.broken = false;
        Ok(answer)
    }

    /// The body of the answer; nothing is in it if there is to be none.
    async fn answer_to(&self, stream: &mut Stream, call: Call) -> Result<Bytes, ClientError> {
        let failed =
            |error: std::io::Error| tls_failure(&self.address, &error).unwrap_or_else(|| self.closed(call.api));
        let begun = Instant::now();
        if let Err(error) = stream.transport.write_all(&call.frame).await {
            return Err(failed(stream.last_words(error).await));
        }
        if !call.is_answered {
            return Ok(Bytes::new());
        }
        let frame = stream.next_frame().await.map_err(|what| match what {
            NoFrame::Ended(error) => failed(error),
            NoFrame::Malformed(reason) => self.malformed(&reason),
            NoFrame::SpeaksTls => ClientError::Tls {
                address: self.address.to_string(),
                reason: "it speaks TLS, and was spoken to in plaintext".to_owned(),
                advice: "a listener with TLS has security.protocol SSL or SASL_SSL".to_owned(),
            },
        })?;
        let (correlation_id, body) =
            split_response(frame, call.answer_header_version).map_err(|error| self.malformed(&error.to_string()))?;
        if correlation_id == call.id {
            let (sent_bytes, answer_bytes) = (call.frame.len(), body.len());
            let took_ms = begun.elapsed().as_secs_f64() * 1e3;
            tracing::trace!(address = %self.address, api = ?call.api, sent_bytes, answer_bytes, took_ms, "answered");
            Ok(body)
        } else {
            Err(self.malformed("it answers another request"))
        }
    }

    fn closed(&self, api: ApiKey) -> ClientError {
        ClientError::Closed {
            address: self.address.to_string(),
            what: format!("{api:?}"),
        }
    }

    fn timed_out(&self, api: ApiKey) -> ClientError {
        ClientError::TimedOut {
            address: self.address.to_string(),
            what: format!("{api:?}"),
        }
    }

    fn malformed(&self, reason: &str) -> ClientError {
        ClientError::Malformed {
            address: self.address.to_string(),
            reason: reason.to_owned(),
        }
    }

    /// Whether it can take another request.
    pub async fn is_usable(&self) -> bool {
        !self.stream.lock().await.broken
    }

    /// Whether it is known to be of no use any more, without waiting: a request was given up in its middle, or the other
    /// side has closed it since the last answer. While a request is on its way nothing is known yet.
    pub fn is_lost(&self) -> bool {
        self.stream
            .try_lock()
            .is_ok_and(|mut stream| stream.broken || stream.transport.has_ended())
    }
}

fn api_of<R: Request>() -> ApiKey {
    ApiKey::try_from(R::KEY).unwrap_or(ApiKey::ApiVersions)
}

/// A refusal of ApiVersions comes in version 0, whatever was asked (KIP-511).
fn version_of_answer(asked: i16, body: &[u8]) -> i16 {
    if body.first_chunk() == Some(&35i16.to_be_bytes()) {
        0
    } else {
        asked
    }
}

impl Stream {
    /// Why nothing can be sent any more: whoever closes a connection may have said why.
    async fn last_words(&mut self, error: std::io::Error) -> std::io::Error {
        if self.transport.is_plaintext() {
            return error;
        }
        let mut rest = BytesMut::new();
        self.transport.read_buf(&mut rest).await.err().unwrap_or(error)
    }

    /// What the answer that is arriving still lacks; nothing if its length is not known.
    fn missing_bytes(&self) -> usize {
        let length = self.buffer.first_chunk::<4>().map(|prefix| i32::from_be_bytes(*prefix));
        let length = length.and_then(|length| usize::try_from(length).ok());
        length.map_or(0, |length| length.saturating_add(4).saturating_sub(self.buffer.len()))
    }

    /// The next answer, without its length bytes.
    async fn next_frame(&mut self) -> Result<Bytes, NoFrame> {
        loop {
            if let Some(prefix) = self.buffer.first_chunk::<4>() {
                let length = i32::from_be_bytes(*prefix);
                let size_bytes = usize::try_from(length).ok().filter(|size| *size <= FRAME_MAX_BYTES);
                let size_bytes = size_bytes.ok_or_else(|| self.senseless(length))?;
                if self.buffer.len() >= size_bytes + 4 {
                    let mut frame = self.buffer.split_to(size_bytes + 4);
                    return Ok(frame.split_off(4).freeze());
                }
            }
            // Memory grows with what arrives, not with what is announced.
            let room_bytes = self.missing_bytes().clamp(READ_AHEAD_BYTES, ANSWER_AHEAD_MAX_BYTES);
            self.buffer.reserve(room_bytes.max(self.buffer.len()));
            match self.transport.read_buf(&mut self.buffer).await {
                Ok(0) => return Err(NoFrame::Ended(std::io::ErrorKind::UnexpectedEof.into())),
                Err(error) => return Err(NoFrame::Ended(error)),
                Ok(_) => {}
            }
        }
    }

    fn senseless(&self, length: i32) -> NoFrame {
        if self.transport.is_plaintext() && speaks_tls(&self.buffer) {
            NoFrame::SpeaksTls
        } else {
            NoFrame::Malformed(format!("an answer of {length} bytes"))
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
enum NoFrame {
    Ended(std::io::Error),
    Malformed(String),
    SpeaksTls,
}

/// The instant a while from now.
pub fn deadline_in(duration: Duration) -> Instant {
    Instant::now() + duration
}

#[cfg(test)]
mod tests;
