//! The bytes of a connection, in plaintext or over TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::ClientError;
use crate::security::{Security, Tls, server_name, tls_failure};

/// A socket, and what it is wrapped in.
#[derive(Debug)]
pub(crate) enum Transport {
    Plaintext(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Transport {
    /// Connects, and shakes hands if there is TLS.
    pub(crate) async fn open(address: &str, security: &Security, deadline: Instant) -> Result<Self, ClientError> {
        let unreachable = |error: io::Error| ClientError::Unreachable {
            address: address.to_owned(),
            reason: error.to_string(),
        };
        let socket = timeout_at(deadline, TcpStream::connect(address))
            .await
            .map_err(|_| timed_out(address, "a connection"))?;
        let socket = socket.map_err(unreachable)?;
        socket.set_nodelay(true).map_err(unreachable)?;
        match security.tls() {
            None => Ok(Self::Plaintext(socket)),
            Some(tls) => {
                let shaken = timeout_at(deadline, shake_hands(address, tls, socket)).await;
                shaken.map_err(|_| timed_out(address, "a TLS handshake"))?
            }
        }
    }

    /// Sends all of it, now.
    pub(crate) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plaintext(socket) => socket.write_all(bytes).await,
            Self::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
        }
    }

    /// What has arrived, appended to a buffer.
    pub(crate) async fn read_buf(&mut self, buffer: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Plaintext(socket) => socket.read_buf(buffer).await,
            Self::Tls(stream) => stream.read_buf(buffer).await,
        }
    }

    /// Whether the other side has closed it, or sent what nobody asked for, while no request is on its way.
    pub(crate) fn has_ended(&mut self) -> bool {
        let mut unasked = [0];
        match self {
            Self::Plaintext(socket) => match socket.try_read(&mut unasked) {
                Ok(_) => true,
                Err(error) => error.kind() != io::ErrorKind::WouldBlock,
            },
            // TLS has messages of its own, such as tickets, that are no answer to anything.
            Self::Tls(stream) => {
                let mut nobody = Context::from_waker(Waker::noop());
                let read = Pin::new(stream).poll_read(&mut nobody, &mut ReadBuf::new(&mut unasked));
                matches!(read, Poll::Ready(_))
            }
        }
    }

    pub(crate) const fn is_plaintext(&self) -> bool {
        matches!(self, Self::Plaintext(_))
    }
}

fn timed_out(address: &str, what: &str) -> ClientError {
    ClientError::TimedOut {
        address: address.to_owned(),
        what: what.to_owned(),
    }
}

async fn shake_hands(address: &str, tls: &Tls, socket: TcpStream) -> Result<Transport, ClientError> {
    let name = server_name(address).ok_or_else(|| ClientError::Tls {
        address: address.to_owned(),
        reason: "no certificate can be for a host of this name".to_owned(),
        advice: "connect by a DNS name or an IP address".to_owned(),
    })?;
    match TlsConnector::from(tls.config()).connect(name, socket).await {
        Ok(stream) => Ok(Transport::Tls(Box::new(stream))),
        Err(error) => Err(tls_failure(address, &error).unwrap_or_else(|| ClientError::Closed {
            address: address.to_owned(),
            what: "a TLS handshake".to_owned(),
        })),
    }
}
