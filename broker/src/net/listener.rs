//! Accepting connections, within a bound, until told to stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use broker_core::call::Peer;
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use super::connection::{self, Surroundings};
use super::frames::FrameError;
use super::workers::Workers;
use crate::metrics::Refusal;

/// Wait after a failed accept (out of descriptors), so that the loop does not spin.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

/// How a listener is set up.
#[derive(Debug, Clone)]
pub struct ListenerConfig {
    /// Its name in `listeners`.
    pub name: String,
    /// Host to bind; empty for all addresses.
    pub host: String,
    /// Port to bind; 0 picks one.
    pub port: u16,
    /// socket.request.max.bytes.
    pub frame_max_bytes: usize,
    /// max.connections.
    pub connections_max: usize,
    /// socket.listen.backlog.size.
    pub backlog: u32,
    /// socket.send.buffer.bytes; -1 leaves the system's.
    pub send_buffer_bytes: i32,
    /// socket.receive.buffer.bytes; -1 leaves the system's.
    pub receive_buffer_bytes: i32,
}

/// A bound socket that does not accept yet.
#[derive(Debug)]
pub struct Listener {
    config: ListenerConfig,
    socket: TcpListener,
}

impl Listener {
    /// Binds the socket.
    pub async fn bind(config: ListenerConfig) -> io::Result<Self> {
        let host = if config.host.is_empty() {
            "0.0.0.0"
        } else {
            config.host.as_str()
        };
        let address = lookup_host((host, config.port))
            .await?
            .next()
            .ok_or_else(|| io::Error::new(io::ErrorKind::AddrNotAvailable, format!("{host} has no address")))?;
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        // The receive buffer is inherited by accepted sockets, and only so sizes the window they announce.
        if let Ok(size) = u32::try_from(config.receive_buffer_bytes) {
            socket.set_recv_buffer_size(size)?;
        }
        if let Ok(size) = u32::try_from(config.send_buffer_bytes) {
            socket.set_send_buffer_size(size)?;
        }
        socket.bind(address)?;
        Ok(Self {
            socket: socket.listen(config.backlog)?,
            config,
        })
    }

    /// The address that was bound.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Accepts until `shutdown`; connections are served by `workers` and counted by `tasks`.
    pub async fn run(self, around: Surroundings, workers: Workers, tasks: TaskTracker) {
        let permits = Arc::new(Semaphore::new(self.config.connections_max.min(Semaphore::MAX_PERMITS)));
        loop {
            let accepted = tokio::select! {
                biased;
                () = around.shutdown.cancelled() => return,
                accepted = self.accept(&permits) => accepted,
            };
            match accepted {
                Ok((stream, address, permit)) => {
                    let around = around.clone();
                    let peer = Peer {
                        host: address.ip().to_string(),
                        listener: self.config.name.clone(),
                        ..Peer::default()
                    };
                    let frame_max_bytes = self.config.frame_max_bytes;
                    workers.spawn(&tasks, async move {
                        // It belongs to the thread that serves it from here on.
                        match TcpStream::from_std(stream) {
                            Ok(stream) => serve_one(stream, peer, frame_max_bytes, &around).await,
                            Err(error) => not_accepted(&peer.listener, &around, &error),
                        }
                        drop(permit);
                    });
                }
                Err(error) => {
                    not_accepted(&self.config.name, &around, &error);
                    tokio::time::sleep(ACCEPT_BACKOFF).await;
                }
            }
        }
    }

    async fn accept(
        &self,
        permits: &Arc<Semaphore>,
    ) -> io::Result<(std::net::TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let permit = Arc::clone(permits).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, address) = self.socket.accept().await?;
        stream.set_nodelay(true)?;
        Ok((stream.into_std()?, address, permit))
    }
}

fn not_accepted(listener: &str, around: &Surroundings, error: &io::Error) {
    around.refusals.count(Refusal::Connection);
    tracing::warn!(listener, %error, "a connection could not be accepted");
}

async fn serve_one(stream: TcpStream, mut peer: Peer, frame_max_bytes: usize, around: &Surroundings) {
    let served = connection::serve(stream, &mut peer, frame_max_bytes, around).await;
    around.service.ended(&peer);
    let Err(error) = served else { return };
    match &error {
        FrameError::BadLength { .. } | FrameError::CutShort => around.refusals.count(Refusal::Frame),
        FrameError::NoMemory => around.refusals.count(Refusal::Memory),
        FrameError::Io(_) => {}
    }
    if !connection::is_disconnect(&error) {
        tracing::warn!(host = peer.host, listener = peer.listener, %error, "closed a connection");
    }
}
