//! Answers of HTTP/1.1 as far as they matter to one request on a connection of its own.

/// A status and what came with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HttpAnswer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

const NOT_HTTP: &str = "answered with something else than HTTP";

/// An answer, if all of it has arrived: `has_ended` says that no more will.
pub(super) fn parse(bytes: &[u8], has_ended: bool) -> Result<Option<HttpAnswer>, String> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(bytes.get(..end).unwrap_or_default()).map_err(|_| NOT_HTTP)?;
    let rest = bytes.get(end + 4..).unwrap_or_default();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let version = first.next().unwrap_or_default();
    let status = first.next().and_then(|code| code.parse::<u16>().ok());
    let status = status.filter(|_| version.starts_with("HTTP/1.")).ok_or(NOT_HTTP)?;
    let headers = lines.filter_map(|line| line.split_once(':'));
    let (mut length, mut is_chunked) = (None, false);
    for (name, value) in headers {
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse::<usize>().map_err(|_| NOT_HTTP)?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            is_chunked = value.trim().eq_ignore_ascii_case("chunked");
        }
    }
    let body = match length {
        _ if is_chunked => dechunked(rest)?,
        Some(length) => rest.get(..length).map(<[u8]>::to_vec),
        None => has_ended.then(|| rest.to_vec()),
    };
    Ok(body.map(|body| HttpAnswer { status, body }))
}

/// The chunks put together, if the last has arrived.
fn dechunked(mut rest: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut body = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|window| window == b"\r\n") else {
            return Ok(None);
        };
        let line = std::str::from_utf8(rest.get(..end).unwrap_or_default()).map_err(|_| NOT_HTTP)?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(digits, 16).map_err(|_| NOT_HTTP)?;
        if size == 0 {
            return Ok(Some(body));
        }
        let after = rest.get(end + 2..).unwrap_or_default();
        // What does not fit into the bytes that are there has not arrived.
        let (Some(chunk), Some(next)) = (
            after.get(..size),
            size.checked_add(2).and_then(|next| after.get(next..)),
        ) else {
            return Ok(None);
        };
        body.extend_from_slice(chunk);
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(status: u16, body: &str) -> Result<Option<HttpAnswer>, String> {
        let body = body.as_bytes().to_vec();
        Ok(Some(HttpAnswer { status, body }))
    }

    #[test]
    fn an_answer_is_whole_when_its_length_or_its_last_chunk_has_come() {
        let counted = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        let chunked = b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n";
        let open = b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n{}";
        assert_eq!(parse(counted, false), whole(200, "{}"));
        assert_eq!(parse(chunked, false), whole(400, "{}"));
        assert_eq!((parse(open, false), parse(open, true)), (Ok(None), whole(200, "{}")));
        for answer in [&counted[..], &chunked[..chunked.len() - 4]] {
            for end in 0..answer.len() {
                assert_eq!(parse(&answer[..end], true), Ok(None), "{end} bytes");
            }
        }
    }

    #[test]
    fn what_is_no_http_is_said_to_be_none() {
        for bad in [
            &b"\0\0\0\0\r\n\r\n"[..],
            b"HTTP/2 200\r\n\r\n",
            b"HTTP/1.1 yes\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"\xff\r\n\r\n",
        ] {
            assert!(parse(bad, true).is_err(), "{bad:?}");
        }
        let huge = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx";
        assert_eq!(parse(huge, true), Ok(None));
    }
}
