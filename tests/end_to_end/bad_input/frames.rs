//! Hostile frames.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;

use protocol::api::messages::{
    ApiVersionsRequest, CreateTopicsRequest, FetchRequest, JoinGroupRequest, MetadataRequest, OffsetCommitRequest,
    ProduceRequest,
};
use protocol::api::{Request, encode_request};

use super::{Victim, answered, framed, header};

/// Keys and versions that are tried; some above and below what any Kafka has.
const API_KEYS: std::ops::RangeInclusive<i16> = -1..=95;
const VERSIONS: std::ops::RangeInclusive<i16> = -1..=19;

/// The same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

#[test]
fn lengths_that_cannot_be_close_their_connection() {
    let victim = Victim::start(&[]);
    let lengths = [-1, i32::MIN, i32::MAX, 104_857_601, 0, 1, 7];
    victim.while_others_work(|| {
        for length in lengths {
            let mut bytes = length.to_be_bytes().to_vec();
            bytes.extend([0xff; 64]);
            assert!(!victim.answers(&bytes), "{length}");
        }
        // The end in the middle of a frame.
        assert!(!victim.answers(&[0, 0, 1, 0, 0, 18]));
    });
    let counted = victim.counted(&["malformed_frames", "malformed_requests"]);
    assert_eq!(counted, [5, 3], "every connection is counted once");
}

#[test]
fn a_count_of_two_thousand_millions_in_any_api_and_version_is_refused() {
    let victim = Victim::start(&[]);
    victim.while_others_work(|| {
        for key in API_KEYS {
            for version in VERSIONS {
                for flexible in [false, true] {
                    let mut body = header(key, version, flexible);
                    body.extend([0x7f, 0xff, 0xff, 0xff]);
                    // Some are read as something harmless and answered; none may hang.
                    victim.answers(&framed(&body));
                }
            }
        }
    });
    let counted = victim.counted(&["malformed_requests", "not_served"]);
    assert!(counted.iter().all(|count| *count > 100), "{counted:?}");
}

#[test]
fn random_bytes_are_refused() {
    let victim = Victim::start(&[]);
    let mut numbers = Numbers(0x5eed);
    victim.while_others_work(|| {
        for round in 0..600u64 {
            let len = (numbers.next() % 2048) as usize;
            let mut body = if round % 3 == 0 {
                Vec::new()
            } else {
                header(
                    (numbers.next() % 62) as i16,
                    (numbers.next() % 14) as i16,
                    round % 3 == 1,
                )
            };
            body.extend(numbers.bytes(len));
            victim.answers(&framed(&body));
        }
    });
    assert!(victim.counted(&["malformed_requests"])[0] > 100);
}

fn cut_short<R: Request>(victim: &Victim, version: i16, request: &R) {
    let whole = encode_request(version, 7, "bad", request).unwrap();
    let body = &whole[4..];
    for len in 0..body.len() {
        victim.answers(&framed(&body[..len]));
    }
}

#[test]
fn requests_cut_short_anywhere_are_refused() {
    let victim = Victim::start(&[]);
    victim.while_others_work(|| {
        cut_short(&victim, 3, &ApiVersionsRequest::default());
        cut_short(&victim, 12, &MetadataRequest::default());
        cut_short(&victim, 9, &ProduceRequest::default());
        cut_short(&victim, 12, &FetchRequest::default());
        cut_short(&victim, 5, &JoinGroupRequest::default());
        cut_short(&victim, 8, &OffsetCommitRequest::default());
        cut_short(&victim, 7, &CreateTopicsRequest::default());
    });
    assert!(victim.counted(&["malformed_requests"])[0] > 100);
}

#[test]
fn a_request_sent_byte_by_byte_is_answered() {
    let victim = Victim::start(&[]);
    let request = encode_request(0, 7, "slow", &ApiVersionsRequest::default()).unwrap();
    let mut stream = victim.connect();
    for byte in &request {
        stream.write_all(&[*byte]).unwrap();
    }
    assert!(answered(&mut stream));
    assert_eq!(victim.counted(&["malformed_frames"]), [0]);
}

#[test]
fn thousands_of_requests_whose_answers_nobody_reads_wait_and_come_in_order() {
    // Far more than sockets hold.
    const REQUESTS_MAX: i32 = 100_000;
    let client_id = "c".repeat(1000);
    let victim = Victim::start(&[]);
    let pid = victim.pid;
    let before = super::resident_bytes(pid);
    let mut stream = victim.connect();
    let mut sent = 0;
    victim.while_others_work(|| {
        stream
            .set_write_timeout(Some(std::time::Duration::from_millis(500)))
            .unwrap();
        let mut cut = false;
        while sent < REQUESTS_MAX && !cut {
            let frame = encode_request(0, sent, &client_id, &ApiVersionsRequest::default()).unwrap();
            // Once the node stops reading, the last request goes out in part or not at all.
            match stream.write(&frame) {
                Ok(count) if count == frame.len() => sent += 1,
                _ => cut = true,
            }
        }
        assert!(cut, "{sent} requests were taken in without a limit");
        let grown = super::resident_bytes(pid).saturating_sub(before);
        assert!(grown < 32 << 20, "{grown} bytes more after {sent} requests");
    });
    let mut reader = stream.try_clone().unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    for expected in 0..sent {
        let mut prefix = [0; 8];
        reader.read_exact(&mut prefix).unwrap();
        let [length, correlation_id] = [0, 4].map(|at| i32::from_be_bytes(prefix[at..at + 4].try_into().unwrap()));
        assert_eq!(correlation_id, expected);
        let mut rest = vec![0; length as usize - 4];
        reader.read_exact(&mut rest).unwrap();
    }
    assert!(sent > 1000, "{sent}");
    drop((stream, reader));
    assert_eq!(victim.counted(&["malformed_requests"]), [0]);
}
