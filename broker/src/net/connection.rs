//! One client connection: requests are answered one after the other, in order, as Kafka does.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use broker_core::call::{Peer, Pending};
use broker_core::reply::Reply;
use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::budget::RequestBudget;
use super::frames::{FrameError, FrameReader};
use super::writer::Writer;
use crate::clock::Clock;
use crate::metrics::Refusals;

/// Responses gathered before they are written although more requests lie ready.
const COALESCE_MAX_BYTES: usize = 1 << 20;

/// How a request is answered.
#[derive(Debug)]
pub enum Answer {
    /// At once.
    Now(Reply),
    /// When the operation completes.
    Wait(Box<dyn Pending>),
    /// When another thread has it. A dropped sender closes the connection.
    Later(oneshot::Receiver<Reply>),
}

/// What stands behind a listener.
pub trait Service: Send + Sync + std::fmt::Debug + 'static {
    /// Takes one request frame, without its length bytes. ApiVersions may fill in `peer`.
    fn serve(&self, frame: Bytes, peer: &mut Peer) -> Answer;

    /// A connection has ended, whoever ended it. Nothing of it is served any more.
    fn ended(&self, _peer: &Peer) {}
}

/// What all connections of a node share.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// What answers requests.
    pub service: Arc<dyn Service>,
    /// Memory for requests.
    pub budget: Arc<RequestBudget>,
    /// Counts what is refused.
    pub refusals: Arc<Refusals>,
    /// Time.
    pub clock: Clock,
    /// Ends connections.
    pub shutdown: CancellationToken,
}

/// Serves one connection until the peer closes it, it breaks, others need its memory, or `shutdown` is called.
pub(super) async fn serve(
    stream: TcpStream,
    peer: &mut Peer,
    frame_max_bytes: usize,
    around: &Surroundings,
) -> Result<(), FrameError> {
    let lease = around.budget.lease();
    let revoked = lease.revoked();
    let frames = FrameReader::new(frame_max_bytes, lease);
    tokio::select! {
        biased;
        () = revoked.cancelled() => Err(FrameError::NoMemory),
        ended = answer_all(stream, peer, frames, around) => ended,
    }
}

async fn answer_all(
    mut stream: TcpStream,
    peer: &mut Peer,
    mut frames: FrameReader,
    around: &Surroundings,
) -> Result<(), FrameError> {
    let shutdown = &around.shutdown;
    let mut writer = Writer::default();
    loop {
        let frame = if let Some(frame) = frames.buffered()? {
            frame
        } else {
            writer.flush(&stream).await?;
            let next = tokio::select! {
                biased;
                () = shutdown.cancelled() => None,
                next = frames.next(&mut stream) => next?,
            };
            let Some(frame) = next else { return Ok(()) };
            frame
        };
        let reply = match around.service.serve(frame, peer) {
            Answer::Now(reply) => reply,
            Answer::Wait(pending) => {
                // It keeps what it needs of the request, not the request.
                frames.release();
                writer.flush(&stream).await?;
                match until(Drive::new(pending, around.clock), shutdown).await {
                    Some(reply) => reply,
                    None => return Ok(()),
                }
            }
            Answer::Later(receiver) => {
                writer.flush(&stream).await?;
                match until(receiver, shutdown).await {
                    Some(Ok(reply)) => reply,
                    Some(Err(_)) | None => return Ok(()),
                }
            }
        };
        frames.release();
        match reply {
            Reply::Frame(parts) => writer.push(parts),
            Reply::Nothing => {}
            Reply::Refused(why) => {
                around.refusals.count(why.into());
                return Ok(writer.flush(&stream).await?);
            }
            Reply::Close => return Ok(writer.flush(&stream).await?),
        }
        if writer.queued_bytes() >= COALESCE_MAX_BYTES {
            writer.flush(&stream).await?;
        }
    }
}

async fn until<F: Future>(future: F, shutdown: &CancellationToken) -> Option<F::Output> {
    tokio::select! {
        biased;
        () = shutdown.cancelled() => None,
        output = future => Some(output),
    }
}

/// Polls a pending operation when it is woken and at its deadline.
struct Drive {
    pending: Box<dyn Pending>,
    deadline: Pin<Box<Sleep>>,
    clock: Clock,
}

impl Drive {
    fn new(pending: Box<dyn Pending>, clock: Clock) -> Self {
        let deadline = Box::pin(sleep_until(clock.instant(pending.deadline()).into()));
        Self {
            pending,
            deadline,
            clock,
        }
    }
}

impl Future for Drive {
    type Output = Reply;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Reply> {
        let now = self.clock.now();
        if let Poll::Ready(reply) = self.pending.poll(now, cx.waker()) {
            return Poll::Ready(reply);
        }
        if self.deadline.as_mut().poll(cx).is_ready() {
            let now = self.clock.now();
            return self.pending.poll(now, cx.waker());
        }
        Poll::Pending
    }
}

/// Whether an error is just the peer going away.
pub(super) fn is_disconnect(error: &FrameError) -> bool {
    let FrameError::Io(error) = error else {
        return matches!(error, FrameError::CutShort);
    };
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted
    )
}
