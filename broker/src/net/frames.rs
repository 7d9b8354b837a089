//! Request frames out of a byte stream, within a bound on size and on memory taken ahead of the bytes.

use std::io;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::budget::{Exhausted, Lease};

/// Room made for a read when little is known of what comes.
const READ_AHEAD_BYTES: usize = 64 * 1024;
/// A frame above this takes the buffer it arrived in with it, so that a connection does not keep room for its
/// largest request.
const KEEP_BUFFER_MAX_BYTES: usize = 256 * 1024;

/// Why no further frame can be read from a connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The length is negative, or above socket.request.max.bytes.
    #[error("a request of {length} bytes was announced; socket.request.max.bytes is {max_bytes}")]
    BadLength {
        /// As announced.
        length: i32,
        /// The bound.
        max_bytes: usize,
    },
    /// The peer went away in the middle of a frame.
    #[error("the connection ended in the middle of a request")]
    CutShort,
    /// All memory for requests is taken.
    #[error("there is no memory for its request: raise queued.max.request.bytes, or look for clients that send slowly")]
    NoMemory,
    /// The socket failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<Exhausted> for FrameError {
    fn from(_: Exhausted) -> Self {
        Self::NoMemory
    }
}

/// Reads length-prefixed frames. Memory grows with the bytes that arrived, not with the length announced.
#[derive(Debug)]
pub struct FrameReader {
    buffer: BytesMut,
    /// Size of the latest frame with its length, which the next is likely to have, within what a buffer is kept for.
    usual_bytes: usize,
    frame_max_bytes: usize,
    lease: Lease,
}

impl FrameReader {
    /// A reader that refuses frames above `frame_max_bytes` and holds its part of a budget for what arrived.
    pub fn new(frame_max_bytes: usize, lease: Lease) -> Self {
        Self {
            buffer: BytesMut::new(),
            usual_bytes: 0,
            frame_max_bytes,
            lease,
        }
    }

    /// A frame that is already here, without its length bytes.
    pub fn buffered(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some(prefix) = self.buffer.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = i32::from_be_bytes(*prefix);
        let bad = FrameError::BadLength {
            length,
            max_bytes: self.frame_max_bytes,
        };
        let Ok(size_bytes) = usize::try_from(length) else {
            return Err(bad);
        };
        if size_bytes > self.frame_max_bytes {
            return Err(bad);
        }
        if self.buffer.len() < size_bytes + 4 {
            return Ok(None);
        }
        self.usual_bytes = (size_bytes + 4).min(KEEP_BUFFER_MAX_BYTES);
        self.buffer.advance(4);
        let frame = self.buffer.split_to(size_bytes).freeze();
        if size_bytes > KEEP_BUFFER_MAX_BYTES {
            self.buffer = BytesMut::from(self.buffer.as_ref());
        }
        Ok(Some(frame))
    }

    /// Gives back the memory of frames that were handed out, once they are answered.
    pub fn release(&mut self) {
        self.lease.shrink_to(self.buffer.len());
    }

    /// The next frame; none when the peer closed between frames.
    pub async fn next<R: AsyncRead + Unpin>(&mut self, stream: &mut R) -> Result<Option<Bytes>, FrameError> {
        loop {
            if let Some(frame) = self.buffered()? {
                return Ok(Some(frame));
            }
            self.make_room();
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return if self.buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(FrameError::CutShort)
                };
            }
            self.lease.cover(self.buffer.len()).await?;
        }
    }

    /// Makes room for a frame like the latest before one begins, so that it need not be moved when half of it is here.
    /// For one that is larger, multiplies what has arrived, so that a length nobody fills costs nothing.
    fn make_room(&mut self) {
        let free = self.buffer.capacity() - self.buffer.len();
        let Some(prefix) = self.buffer.first_chunk::<4>() else {
            if free < self.usual_bytes.max(1024) {
                self.buffer.reserve(self.usual_bytes.max(READ_AHEAD_BYTES));
            }
            return;
        };
        let announced = i32::from_be_bytes(*prefix).max(0) as usize;
        let missing = (announced + 4).saturating_sub(self.buffer.len());
        if free < missing.clamp(1024, READ_AHEAD_BYTES / 4) {
            let wanted = missing.min(self.buffer.len().saturating_mul(4)).max(READ_AHEAD_BYTES);
            self.buffer.reserve(wanted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::budget::RequestBudget;
    use super::*;

    fn reader(frame_max_bytes: usize) -> FrameReader {
        FrameReader::new(frame_max_bytes, RequestBudget::new(usize::MAX).lease())
    }

    #[tokio::test]
    async fn frames_come_out_whole_however_they_arrive() {
        let mut stream: &[u8] = &[0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 1, 9];
        let mut reader = reader(100);
        assert_eq!(reader.next(&mut stream).await.unwrap().as_deref(), Some(&[1, 2, 3][..]));
        assert_eq!(reader.next(&mut stream).await.unwrap().as_deref(), Some(&[][..]));
        assert_eq!(reader.next(&mut stream).await.unwrap().as_deref(), Some(&[9][..]));
        assert!(reader.next(&mut stream).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_frame_cut_short_and_a_bad_length_are_told_apart() {
        let mut cut: &[u8] = &[0, 0, 0, 3, 1];
        assert!(matches!(reader(100).next(&mut cut).await, Err(FrameError::CutShort)));
        for prefix in [101i32, -1, i32::MIN, i32::MAX] {
            let bytes = prefix.to_be_bytes();
            let mut stream: &[u8] = &bytes;
            let result = reader(100).next(&mut stream).await;
            assert!(matches!(result, Err(FrameError::BadLength { length, .. }) if length == prefix));
        }
    }

    #[tokio::test]
    async fn an_announced_length_alone_takes_no_memory() {
        let (mut near, mut far) = tokio::io::duplex(64);
        tokio::io::AsyncWriteExt::write_all(&mut near, &(90_i32 << 20).to_be_bytes())
            .await
            .unwrap();
        drop(near);
        let mut reader = reader(100 << 20);
        assert!(matches!(reader.next(&mut far).await, Err(FrameError::CutShort)));
        assert!(
            reader.buffer.capacity() <= 2 * READ_AHEAD_BYTES,
            "{} bytes taken",
            reader.buffer.capacity()
        );
    }

    #[tokio::test]
    async fn there_is_room_for_a_frame_like_the_last_before_it_begins() {
        const FRAME_BYTES: usize = READ_AHEAD_BYTES / 4;
        let mut frame = (FRAME_BYTES as i32).to_be_bytes().to_vec();
        frame.resize(4 + FRAME_BYTES, 7);
        let mut reader = reader(1 << 20);
        let mut kept = Vec::new();
        for _ in 0..10 {
            kept.extend(reader.next(&mut frame.as_slice()).await.unwrap());
            reader.make_room();
            assert!(reader.buffer.is_empty() && reader.buffer.capacity() >= frame.len());
        }
    }

    #[tokio::test]
    async fn what_arrives_is_taken_from_the_budget_until_it_is_answered() {
        const FRAME_BYTES: usize = 1 << 20;
        let budget = RequestBudget::new(4 << 20);
        let mut reader = FrameReader::new(FRAME_BYTES, budget.lease());
        let mut sent = (FRAME_BYTES as i32).to_be_bytes().to_vec();
        sent.resize(4 + FRAME_BYTES, 7);
        sent.extend([0, 0, 0, 1, 9]);
        let mut stream: &[u8] = &sent;
        let frame = reader.next(&mut stream).await.unwrap().unwrap();
        assert_eq!(frame.len(), FRAME_BYTES);
        assert!(budget.used_bytes() >= FRAME_BYTES / 2, "{}", budget.used_bytes());
        drop(frame);
        reader.release();
        assert_eq!(budget.used_bytes(), 0);
        assert!(reader.buffer.capacity() <= FRAME_BYTES / 4, "its room is kept");
        assert_eq!(reader.next(&mut stream).await.unwrap().as_deref(), Some(&[9][..]));
    }
}
