//! Frames of Apache Kafka 4.3.1's own classes, and what is in them.

use std::collections::BTreeMap;

use protocol::files::SnapshotId;

use super::*;

/// What tests/compat/QuorumMessages.java prints.
const APACHE: &str = include_str!("apache_4_3_1.txt");

/// A line of it.
struct Line<'a> {
    text: &'a str,
    /// A request, an answer, one that is only an error, or one of a topic that is not there.
    kind: &'a str,
    key: ApiKey,
    version: i16,
    fields: BTreeMap<&'a str, &'a str>,
    frame: Bytes,
}

fn lines() -> impl Iterator<Item = Line<'static>> {
    APACHE.lines().map(|text| {
        let (said, frame) = text.split_once(" => ").unwrap();
        let mut words = said.split(' ');
        let (kind, name) = (words.next().unwrap(), words.next().unwrap());
        let fields: BTreeMap<_, _> = words.filter_map(|word| word.split_once('=')).collect();
        let mut served = served().iter().map(|served| served.key);
        Line {
            text,
            kind,
            key: served.find(|key| format!("{key:?}") == name).unwrap(),
            version: fields["version"].parse().unwrap(),
            fields,
            frame: bytes_of(frame),
        }
    })
}

/// Frames of requests, and of answers with the API and version they are in.
pub(super) fn frames() -> (Vec<Bytes>, Vec<(ApiKey, i16, Bytes)>) {
    let (requests, answers): (Vec<_>, Vec<_>) = lines().partition(|line| line.kind == "request");
    let answers = answers.into_iter().map(|line| (line.key, line.version, line.frame));
    (requests.into_iter().map(|line| line.frame).collect(), answers.collect())
}

fn bytes_of(hex: &str) -> Bytes {
    let digits = hex.strip_prefix('-').unwrap_or(hex).as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.map(byte).collect()
}

fn key(text: &str) -> ReplicaKey {
    let (id, directory) = text.split_once('/').unwrap();
    ReplicaKey {
        id: id.parse().unwrap(),
        directory_id: Uuid::from_u128(u128::from_str_radix(directory, 16).unwrap()),
    }
}

fn endpoint(text: &str) -> Endpoint {
    let parts: Vec<_> = text.split('@').collect();
    (parts[0].to_owned(), parts[1].to_owned(), parts[2].parse().unwrap())
}

impl<'a> Line<'a> {
    fn number<T: TryFrom<i64, Error: std::fmt::Debug>>(&self, name: &str) -> T {
        T::try_from(self.fields[name].parse::<i64>().unwrap()).unwrap()
    }

    fn pair(&self, name: &str) -> Option<(i64, i64)> {
        let (first, second) = self.fields[name].split_once('/')?;
        Some((first.parse().unwrap(), second.parse().unwrap()))
    }

    fn snapshot(&self) -> Option<SnapshotId> {
        let (end_offset, epoch) = self.pair("snapshot")?;
        Some(SnapshotId {
            end_offset,
            epoch: epoch as i32,
        })
    }

    fn list<T>(&self, name: &str, of: impl Fn(&'a str) -> T) -> Vec<T> {
        let items = self.fields[name].split(',').filter(|item| *item != "-");
        items.map(of).collect()
    }

    fn request(&self) -> Request {
        let epoch = self.number("epoch");
        match self.key {
            ApiKey::Vote => Request::Vote(VoteRequest {
                voter: key(self.fields["voter"]),
                candidate: key(self.fields["candidate"]),
                epoch,
                last_epoch: self.number("last_epoch"),
                end_offset: self.number("end_offset"),
                pre_vote: self.fields["pre_vote"] == "true",
            }),
            ApiKey::BeginQuorumEpoch => Request::BeginQuorumEpoch {
                voter: key(self.fields["voter"]),
                leader_id: self.number("leader"),
                leader_epoch: epoch,
                endpoints: self.list("endpoints", endpoint),
            },
            ApiKey::EndQuorumEpoch => Request::EndQuorumEpoch {
                leader_id: self.number("leader"),
                leader_epoch: epoch,
                preferred: self.list("preferred", key),
            },
            ApiKey::Fetch => Request::Fetch(FetchRequest {
                replica: key(self.fields["replica"]),
                epoch,
                fetch_offset: self.number("fetch_offset"),
                last_fetched_epoch: self.number("last_epoch"),
                high_watermark: self.number("high_watermark"),
                max_wait_ms: self.number("max_wait"),
            }),
            _ => Request::FetchSnapshot(FetchSnapshotRequest {
                replica: key(self.fields["replica"]),
                epoch,
                snapshot: self.snapshot().unwrap(),
                position: self.number("position"),
                max_bytes: self.number("max_bytes"),
            }),
        }
    }

    fn response(&self) -> Response {
        let leader_id: i32 = self.number("leader");
        Response {
            error: ErrorCode::try_from_code(self.number("error")),
            leader_id: (leader_id >= 0).then_some(leader_id),
            leader_epoch: self.number("epoch"),
            leader_endpoints: self.list("endpoints", endpoint),
            body: match self.key {
                ApiKey::Vote => Body::Vote {
                    granted: self.fields["granted"] == "true",
                },
                ApiKey::Fetch => Body::Fetch(Fetched {
                    high_watermark: self.number("high_watermark"),
                    log_start_offset: self.number("log_start"),
                    records: bytes_of(self.fields["records"]),
                    diverging: self.pair("diverging").map(|(epoch, end)| (epoch as i32, end)),
                    snapshot: self.snapshot(),
                }),
                ApiKey::FetchSnapshot => Body::FetchSnapshot(SnapshotPiece {
                    snapshot: self.snapshot().unwrap(),
                    size_bytes: self.number("size"),
                    position: self.number("position"),
                    bytes: bytes_of(self.fields["piece"]),
                }),
                _ => Body::Nothing,
            },
        }
    }

    fn reply_to(&self) -> ReplyTo {
        ReplyTo {
            target: ReplyTarget {
                api_key: self.key as i16,
                api_version: self.version,
                correlation_id: 7,
            },
            listener: LISTENER.into(),
        }
    }
}

#[test]
fn requests_are_apaches_to_the_byte_and_read_as_what_they_say() {
    let mut count = 0;
    for line in lines().filter(|line| line.kind == "request") {
        let request = line.request();
        assert_eq!(
            frame(&write_request(&request, &own()), line.version),
            line.frame,
            "{}",
            line.text
        );
        let read = read_request(&call(line.frame.clone()).unwrap(), &own()).unwrap();
        let Incoming::Request(read, reply_to) = read else {
            panic!("{read:?}: {}", line.text);
        };
        assert_eq!(read, seen(&request, line.version), "{}", line.text);
        assert_eq!(reply_to.target, line.reply_to().target, "{}", line.text);
        count += 1;
    }
    assert_eq!(count, 11 * 16);
}

#[test]
fn answers_are_apaches_to_the_byte_and_read_as_what_they_say() {
    let mut count = 0;
    for line in lines().filter(|line| line.kind == "answer") {
        let response = line.response();
        let reply = line.reply_to().write(&response).unwrap();
        assert_eq!(reply_frame(reply), line.frame, "{}", line.text);
        let read = read_answer(line.key, line.version, line.frame.clone()).unwrap();
        assert_eq!(read, seen_back(&response, line.version), "{}", line.text);
        count += 1;
    }
    assert_eq!(count, 11 * 16);
}

/// A request of another cluster, of which Apache's classes tell the answer.
#[test]
fn answers_that_are_only_an_error_are_apaches_to_the_byte() {
    let mut seen = Vec::new();
    for line in lines().filter(|line| line.kind == "error") {
        let mut asked = lines().filter(|asked| asked.kind == "request");
        let asked = asked.find(|asked| (asked.key, asked.version) == (line.key, line.version));
        let other = Identity {
            cluster_id: "other".into(),
            ..own()
        };
        let answer = read_request(&call(asked.unwrap().frame).unwrap(), &other).unwrap();
        let Incoming::Answer(answer) = answer else {
            panic!("{answer:?}: {}", line.text);
        };
        assert_eq!(reply_frame(answer), line.frame, "{}", line.text);
        let read = read_answer(line.key, line.version, line.frame).unwrap();
        assert_eq!(read.error, Some(ErrorCode::InconsistentClusterId), "{}", line.text);
        assert_eq!((read.leader_id, read.leader_epoch), (None, -1), "{}", line.text);
        seen.push((line.key as i16, line.version));
    }
    assert_eq!(seen.len(), 11, "{seen:?}");
}

#[test]
fn snapshots_of_other_partitions_are_unknown_as_with_apache() {
    let mut count = 0;
    for line in lines().filter(|line| line.kind == "unknown") {
        let mut asked = lines().filter(|asked| asked.kind == "request" && asked.key == ApiKey::FetchSnapshot);
        let Message::FetchSnapshot(mut message) = write_request(&asked.next().unwrap().request(), &own()) else {
            panic!("{}", line.text);
        };
        message.topics[0].name = protocol::api::TopicName("other".into());
        message.topics[0].partitions[0].partition = 3;
        let frame = frame(&Message::FetchSnapshot(message), line.version);
        let Incoming::Answer(answer) = read_request(&call(frame).unwrap(), &own()).unwrap() else {
            panic!("{}", line.text);
        };
        assert_eq!(reply_frame(answer), line.frame, "{}", line.text);
        count += 1;
    }
    assert_eq!(count, 2);
}
