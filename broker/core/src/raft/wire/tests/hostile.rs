//! Frames that nobody of good will sends.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

type Frames = (Vec<Bytes>, Vec<(ApiKey, i16, Bytes)>);

static FRAMES: LazyLock<Frames> = LazyLock::new(apache::frames);

/// What is done to a frame.
#[derive(Debug, Clone)]
enum Damage {
    Set(prop::sample::Index, u8),
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    let extreme = prop_oneof![Just(0), Just(0x7f), Just(0x80), Just(0xff), any::<u8>()];
    prop_oneof![
        4 => (at(), extreme).prop_map(|(at, byte)| Damage::Set(at, byte)),
        2 => (at(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip(at, 1 << bit)),
        1 => at().prop_map(Damage::Cut),
        1 => (at(), prop::collection::vec(any::<u8>(), 1..6)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => (at(), 1..6_usize).prop_map(|(at, count)| Damage::Remove(at, count)),
    ]
}

fn damaged(frame: &Bytes, damages: &[Damage]) -> Bytes {
    let mut frame = frame.to_vec();
    for damage in damages {
        if frame.is_empty() {
            break;
        }
        let len = frame.len();
        match damage {
            Damage::Set(at, byte) => frame[at.index(len)] = *byte,
            Damage::Flip(at, bit) => frame[at.index(len)] ^= bit,
            Damage::Cut(at) => frame.truncate(at.index(len)),
            Damage::Insert(at, bytes) => {
                let at = at.index(len);
                frame.splice(at..at, bytes.iter().copied());
            }
            Damage::Remove(at, count) => {
                let at = at.index(len);
                frame.drain(at..len.min(at + count));
            }
        }
    }
    frame.into()
}

/// What a quorum may take a request for.
fn is_sound(request: &Request) -> bool {
    let epochs = 0..i32::MAX;
    match request {
        Request::Vote(vote) => {
            let last_max = if vote.pre_vote { vote.epoch } else { vote.epoch - 1 };
            epochs.contains(&vote.epoch)
                && vote.candidate.id >= 0
                && (0..=last_max).contains(&vote.last_epoch)
                && vote.end_offset >= 0
        }
        Request::BeginQuorumEpoch {
            leader_id,
            leader_epoch,
            endpoints,
            ..
        } => {
            let fits = |text: &str| (1..=255).contains(&text.len());
            *leader_id >= 0
                && epochs.contains(leader_epoch)
                && endpoints.iter().all(|(name, host, _)| fits(name) && fits(host))
        }
        Request::EndQuorumEpoch {
            leader_id,
            leader_epoch,
            preferred,
        } => *leader_id >= 0 && epochs.contains(leader_epoch) && preferred.iter().all(|key| key.id >= 0),
        Request::Fetch(fetch) => {
            fetch.replica.id >= -1
                && epochs.contains(&fetch.epoch)
                && fetch.fetch_offset >= 0
                && (0..=fetch.epoch).contains(&fetch.last_fetched_epoch)
                && fetch.max_wait_ms >= 0
        }
        Request::FetchSnapshot(fetch) => fetch.replica.id >= -1 && fetch.epoch < i32::MAX,
        Request::Change(_) | Request::KRaftVersions => false,
    }
}

fn is_sound_answer(response: &Response) -> bool {
    let of_body = match &response.body {
        Body::Fetch(fetched) => {
            fetched.diverging.is_none_or(|(epoch, end)| epoch >= 0 && end >= 0)
                && fetched.snapshot.is_none_or(|id| id.epoch >= 0 && id.end_offset >= 0)
                && (response.error.is_some() || response.leader_id.is_some())
        }
        Body::FetchSnapshot(piece) => {
            piece.snapshot.epoch >= 0
                && piece.snapshot.end_offset >= 0
                && piece.position + piece.bytes.len() as u64 <= piece.size_bytes
                && (response.error.is_some() || response.leader_id.is_some())
        }
        Body::Vote { .. } | Body::Nothing => true,
        Body::Change { .. } | Body::KRaftVersions(_) => false,
    };
    of_body
        && response.leader_epoch < i32::MAX
        && response.leader_id.is_none_or(|id| id >= 0)
        && response
            .leader_endpoints
            .iter()
            .all(|(_, host, _)| (1..=255).contains(&host.len()))
}

#[test]
fn the_undamaged_frames_are_sound() {
    let (requests, answers) = &*FRAMES;
    for frame in requests {
        let read = read_request(&call(frame.clone()).unwrap(), &own()).unwrap();
        assert!(
            matches!(&read, Incoming::Request(request, _) if is_sound(request)),
            "{read:?}"
        );
    }
    for (key, version, frame) in answers {
        // One of them is about a partition that is none of the quorum's.
        let read = read_answer(*key, *version, frame.clone());
        assert!(
            matches!(&read, Ok(response) if is_sound_answer(response))
                || matches!(read, Err(Unread::Answer(AnswerError::OtherPartition))),
            "{read:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn damaged_requests_are_refused_or_sound(
        of in any::<prop::sample::Index>(),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let (requests, _) = &*FRAMES;
        let Ok(call) = call(damaged(of.get(requests), &damages)) else { return Ok(()) };
        if let Ok(Incoming::Request(request, reply_to)) = read_request(&call, &own()) {
            prop_assert!(is_sound(&request), "{:?}", request);
            let refusal = parts::failed(ErrorCode::FencedLeaderEpoch, request.empty_body());
            prop_assert!(matches!(reply_to.write(&refusal), Ok(Reply::Frame(_))), "{:?}", request);
        }
    }

    #[test]
    fn damaged_answers_are_refused_or_sound(
        of in any::<prop::sample::Index>(),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let (_, answers) = &*FRAMES;
        let (key, version, frame) = of.get(answers);
        if let Ok(response) = read_answer(*key, *version, damaged(frame, &damages)) {
            prop_assert!(is_sound_answer(&response), "{:?}", response);
        }
    }
}
