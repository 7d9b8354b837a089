//! Responses onto a socket: memory by gathering writes, segment ranges by sendfile.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::os::fd::AsFd as _;
use std::sync::Arc;

use broker_core::reply::ReplyPart;
use broker_log::disk::DiskFile;
use bytes::{Buf as _, Bytes};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// Slices handed to one gathering write.
const SLICES_MAX: usize = 64;

/// Parts of responses waiting to go out, in order.
#[derive(Debug, Default)]
pub(super) struct Writer {
    parts: VecDeque<ReplyPart>,
    queued_bytes: usize,
}

impl Writer {
    /// Queues the parts of one response.
    pub(super) fn push(&mut self, parts: Vec<ReplyPart>) {
        self.queued_bytes += parts.iter().map(ReplyPart::size_bytes).sum::<usize>();
        self.parts.extend(parts);
    }

    /// Bytes queued since the last flush, in memory or named in files.
    pub(super) fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    /// Writes everything that is queued.
    pub(super) async fn flush(&mut self, stream: &TcpStream) -> io::Result<()> {
        while let Some(front) = self.parts.pop_front() {
            match front {
                part @ ReplyPart::Bytes(_) => {
                    self.parts.push_front(part);
                    self.write_bytes(stream).await?;
                }
                ReplyPart::File {
                    file,
                    position,
                    size_bytes,
                } if file.descriptor().is_some() => {
                    send_range(stream, &file, position, size_bytes).await?;
                }
                ReplyPart::File {
                    file,
                    position,
                    size_bytes,
                } => {
                    self.parts
                        .push_front(ReplyPart::Bytes(read_range(&file, position, size_bytes)?));
                }
            }
        }
        self.queued_bytes = 0;
        Ok(())
    }

    /// Writes the run of memory parts at the front.
    async fn write_bytes(&mut self, stream: &TcpStream) -> io::Result<()> {
        while let Some(ReplyPart::Bytes(front)) = self.parts.front() {
            if front.is_empty() {
                self.parts.pop_front();
                continue;
            }
            match self.gather(stream) {
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => stream.writable().await?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn gather(&self, stream: &TcpStream) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let mut used = 0;
        for (slot, part) in slices.iter_mut().zip(&self.parts) {
            let ReplyPart::Bytes(bytes) = part else { break };
            *slot = IoSlice::new(bytes);
            used += 1;
        }
        match stream.try_write_vectored(slices.get(..used).unwrap_or_default())? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            written => Ok(written),
        }
    }

    fn advance(&mut self, mut written: usize) {
        while let Some(ReplyPart::Bytes(bytes)) = self.parts.front_mut() {
            if bytes.len() > written {
                bytes.advance(written);
                return;
            }
            written -= bytes.len();
            self.parts.pop_front();
        }
    }
}

fn too_short() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "a log segment is shorter than its log says",
    )
}

/// Sends a range of a file from the page cache.
async fn send_range(
    stream: &TcpStream,
    file: &Arc<dyn DiskFile>,
    mut position: u64,
    mut size_bytes: usize,
) -> io::Result<()> {
    while size_bytes > 0 {
        let send = || {
            let descriptor = file.descriptor().ok_or_else(too_short)?;
            Ok(rustix::fs::sendfile(
                stream.as_fd(),
                descriptor,
                Some(&mut position),
                size_bytes,
            )?)
        };
        match stream.async_io(Interest::WRITABLE, send).await? {
            0 => return Err(too_short()),
            sent => size_bytes -= sent,
        }
    }
    Ok(())
}

/// Reads a range of a file that has no descriptor.
fn read_range(file: &Arc<dyn DiskFile>, position: u64, size_bytes: usize) -> io::Result<Bytes> {
    let mut range = vec![0; size_bytes];
    if file.read_at(&mut range, position)? < size_bytes {
        Err(too_short())
    } else {
        Ok(range.into())
    }
}
