//! A node for tests: it listens on the loopback, and answers as it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::{Buf as _, Bytes, BytesMut};
use protocol::api::messages::api_versions_response::{ApiVersion, ApiVersionsResponse};
use protocol::api::{ApiKey, Encodable, HeaderVersion, Request, RequestHeader, encode_response, split_request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// What the node does about a request.
#[derive(Debug)]
pub(crate) enum Fake {
    /// It sends this frame.
    Answer(Bytes),
    /// It closes the connection.
    Close,
    /// It says nothing, and keeps the connection.
    Silence,
}

/// A request that came.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Which of the connections, from 0 on.
    pub(crate) connection: usize,
    pub(crate) header: RequestHeader,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn is<R: Request>(&self) -> bool {
        self.header.api_key == R::KEY
    }

    pub(crate) fn decode<R: Request>(&self) -> R {
        R::decode(&mut self.body.clone(), self.header.api_version).unwrap()
    }

    pub(crate) fn answer<T: Encodable + HeaderVersion>(&self, response: &T) -> Fake {
        let header = &self.header;
        Fake::Answer(encode_response(header.api_key, header.api_version, header.correlation_id, response).unwrap())
    }
}

type Handler = Box<dyn FnMut(&Asked) -> Fake + Send>;

pub(crate) struct FakeNode {
    /// host:port.
    pub(crate) address: String,
    accepted: Arc<AtomicUsize>,
    asked: UnboundedReceiver<Asked>,
    connections: Arc<Mutex<CancellationToken>>,
    stop: CancellationToken,
}

impl FakeNode {
    /// A node that serves these APIs with `handle`, which also gets the ApiVersions if it is among them.
    pub(crate) async fn start(
        apis: &[(ApiKey, i16, i16)],
        handle: impl FnMut(&Asked) -> Fake + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, apis, handle)
    }

    pub(crate) fn on(
        listener: TcpListener,
        apis: &[(ApiKey, i16, i16)],
        handle: impl FnMut(&Asked) -> Fake + Send + 'static,
    ) -> Self {
        let (sender, asked) = unbounded_channel();
        let node = Self {
            address: listener.local_addr().unwrap().to_string(),
            accepted: Arc::default(),
            asked,
            connections: Arc::default(),
            stop: CancellationToken::new(),
        };
        let shared = Shared {
            apis: apis.to_vec(),
            handler: Arc::new(Mutex::new(Box::new(handle))),
            sender,
        };
        let (accepted, connections, stop) = (
            Arc::clone(&node.accepted),
            Arc::clone(&node.connections),
            node.stop.clone(),
        );
        tokio::spawn(async move {
            while let Some(Ok((stream, _))) = stop.run_until_cancelled(listener.accept()).await {
                let number = accepted.fetch_add(1, Ordering::SeqCst);
                let (shared, end) = (shared.clone(), connections.lock().unwrap().clone());
                tokio::spawn(end.run_until_cancelled_owned(shared.serve(stream, number)));
            }
        });
        node
    }

    /// How many connections it has accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// The next request, ApiVersions aside.
    pub(crate) async fn next(&mut self) -> Asked {
        self.asked.recv().await.unwrap()
    }

    /// Closes all connections; it accepts others.
    pub(crate) fn close_connections(&self) {
        let mut connections = self.connections.lock().unwrap();
        std::mem::take(&mut *connections).cancel();
    }
}

impl Drop for FakeNode {
    fn drop(&mut self) {
        self.close_connections();
        self.stop.cancel();
    }
}

#[derive(Clone)]
struct Shared {
    apis: Vec<(ApiKey, i16, i16)>,
    handler: Arc<Mutex<Handler>>,
    sender: UnboundedSender<Asked>,
}

impl Shared {
    async fn serve(self, mut stream: TcpStream, connection: usize) {
        let mut buffer = BytesMut::new();
        loop {
            while buffer.len() < 4 || buffer.len() < 4 + size(&buffer) {
                if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                    return;
                }
            }
            let mut frame = buffer.split_to(4 + size(&buffer)).freeze();
            frame.advance(4);
            let (header, body) = split_request(frame).unwrap();
            let asked = Asked {
                connection,
                header,
                body,
            };
            match self.handle(asked) {
                Fake::Answer(frame) => stream.write_all(&frame).await.unwrap(),
                Fake::Close => return,
                Fake::Silence => {}
            }
        }
    }

    fn handle(&self, asked: Asked) -> Fake {
        let api_versions = ApiKey::ApiVersions as i16;
        if asked.header.api_key == api_versions && !self.apis.iter().any(|(key, ..)| *key as i16 == api_versions) {
            return asked.answer(&self.api_versions());
        }
        let fake = (self.handler.lock().unwrap())(&asked);
        let _nobody_looks = self.sender.send(asked);
        fake
    }

    fn api_versions(&self) -> ApiVersionsResponse {
        let key = |(key, min, max): &(ApiKey, i16, i16)| {
            ApiVersion::default()
                .with_api_key(*key as i16)
                .with_min_version(*min)
                .with_max_version(*max)
        };
        ApiVersionsResponse::default().with_api_keys(self.apis.iter().map(key).collect())
    }
}

fn size(buffer: &BytesMut) -> usize {
    buffer
        .first_chunk::<4>()
        .map_or(0, |prefix| u32::from_be_bytes(*prefix) as usize)
}
