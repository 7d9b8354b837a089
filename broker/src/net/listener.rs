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

#[cfg(test)]
mod tests {
    use broker_core::reply::Reply;
    use bytes::Bytes;
    use tokio::io::AsyncWriteExt as _;
    use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::clock::Clock;
    use crate::net::{Answer, RequestBudget, Service};

    /// Takes a connection's requests as its name, and tells when it ended.
    #[derive(Debug)]
    struct Namesake(UnboundedSender<String>);

    impl Service for Namesake {
        fn serve(&self, frame: Bytes, peer: &mut Peer) -> Answer {
            peer.software_name = String::from_utf8(frame.to_vec()).unwrap();
            self.0.send(format!("{} asks", peer.software_name)).unwrap();
            Answer::Now(match peer.software_name.as_str() {
                "refused" => Reply::Close,
                _ => Reply::Nothing,
            })
        }

        fn ended(&self, peer: &Peer) {
            self.0.send(format!("{} ended", peer.software_name)).unwrap();
        }
    }

    fn config() -> ListenerConfig {
        ListenerConfig {
            name: "CONTROLLER".into(),
            host: "127.0.0.1".into(),
            port: 0,
            frame_max_bytes: 1 << 20,
            connections_max: 10,
            backlog: 10,
            send_buffer_bytes: -1,
            receive_buffer_bytes: -1,
        }
    }

    #[tokio::test]
    async fn every_end_of_a_connection_is_told_once_with_what_is_known_of_it() {
        let listener = Listener::bind(config()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (told, mut heard) = unbounded_channel();
        let around = Surroundings {
            service: Arc::new(Namesake(told)),
            budget: RequestBudget::new(1 << 20),
            refusals: Arc::default(),
            clock: Clock::start(),
            shutdown: CancellationToken::new(),
        };
        let (shutdown, tasks) = (around.shutdown.clone(), TaskTracker::new());
        // They outlive the listener, as a node's do.
        let workers = Workers::start(1).unwrap();
        tasks.spawn(listener.run(around, workers.clone(), tasks.clone()));
        for name in ["fin", "rst", "refused", "stopped"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let mut frame = (name.len() as i32).to_be_bytes().to_vec();
            frame.extend_from_slice(name.as_bytes());
            stream.write_all(&frame).await.unwrap();
            assert_eq!(heard.recv().await.unwrap(), format!("{name} asks"));
            match name {
                "fin" => stream.shutdown().await.unwrap(),
                "rst" => {
                    socket2::SockRef::from(&stream)
                        .set_linger(Some(Duration::ZERO))
                        .unwrap();
                    drop(stream);
                }
                "stopped" => shutdown.cancel(),
                _ => {}
            }
            assert_eq!(heard.recv().await.unwrap(), format!("{name} ended"));
        }
        tasks.close();
        tasks.wait().await;
        assert!(heard.try_recv().is_err());
    }
}
