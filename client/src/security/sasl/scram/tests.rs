use proptest::prelude::*;

use super::*;

/// RFC 7677, section 3.
const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
const SERVER_FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const CLIENT_FINAL: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                            p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const SERVER_FINAL: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

fn login() -> Scram {
    let password = Secret::new("pencil");
    Scram::new(ScramHash::Sha256, "user", password, false, NONCE.to_owned())
}

#[test]
fn the_example_of_the_rfc() {
    let mut scram = login();
    assert_eq!(scram.first(), format!("n,,n=user,r={NONCE}").into_bytes());
    let proof = scram.answer(SERVER_FIRST.as_bytes()).unwrap().unwrap();
    assert_eq!(String::from_utf8(proof).unwrap(), CLIENT_FINAL);
    assert_eq!(scram.answer(SERVER_FINAL.as_bytes()), Ok(None));
    assert!(scram.answer(b"v=more").is_err());
    assert!(!format!("{scram:?}").contains("pencil"));
}

#[test]
fn names_are_escaped_and_tokens_are_named() {
    let scram = Scram::new(ScramHash::Sha512, "a=b,c", Secret::new("x"), true, "N".to_owned());
    assert_eq!(scram.first(), b"n,,n=a=3Db=2Cc,r=N,tokenauth=true");
}

#[track_caller]
fn refuses(server_first: &str, words: &str) {
    let refusal = login().answer(server_first.as_bytes()).unwrap_err().to_string();
    assert!(refusal.contains(words), "{server_first}: {refusal}");
}

#[test]
fn a_server_that_cannot_be_trusted_is_told_nothing() {
    refuses("r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "does not go on from ours");
    refuses(
        &format!("r={NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"),
        "does not go on from ours",
    );
    refuses(
        &format!("r={NONCE}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095"),
        "4095 iterations",
    );
    refuses(
        &format!("r={NONCE}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4000000000"),
        "4000000000 iterations",
    );
    refuses("e=unknown-user", "it answers unknown-user");
    for senseless in [
        "",
        "r=x",
        "m=x,r=x,s=YQ==,i=4096",
        &format!("r={NONCE}x,s=?,i=4096"),
        &format!("r={NONCE}x,s=YQ==,i=-1"),
    ] {
        refuses(senseless, "makes no sense");
    }
}

#[test]
fn a_server_has_to_prove_itself() {
    for (last, words) in [
        ("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", "makes no sense"),
        (
            "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            "does not know the password",
        ),
        ("v=", "does not know the password"),
        ("e=invalid-proof", "it answers invalid-proof"),
        ("", "makes no sense"),
    ] {
        let mut scram = login();
        scram.answer(SERVER_FIRST.as_bytes()).unwrap();
        let refusal = scram.answer(last.as_bytes()).unwrap_err().to_string();
        assert!(refusal.contains(words), "{last}: {refusal}");
    }
}

#[test]
fn nonces_differ_and_fit_into_a_message() {
    let [one, other] = [random_nonce().unwrap(), random_nonce().unwrap()];
    assert_ne!(one, other);
    assert!(one.len() == 32 && !one.contains(','));
}

/// A server that knows the password, to compare with: the proof is checked as a server does, from the stored key.
fn serve(
    hash: ScramHash,
    password: &str,
    first: &[u8],
    salt: &[u8],
    iterations: u32,
) -> (String, impl Fn(&[u8]) -> Option<String> + use<>) {
    let bare = std::str::from_utf8(first)
        .unwrap()
        .strip_prefix("n,,")
        .unwrap()
        .to_owned();
    let nonce = bare.rsplit_once("r=").unwrap().1.to_owned();
    let server_first = format!("r={nonce}server,s={},i={iterations}", STANDARD.encode(salt));
    let salted = hash.salted(password, salt, iterations);
    let stored_key = hash.digest(&hash.hmac(&salted, b"Client Key").unwrap());
    let server_key = hash.hmac(&salted, b"Server Key").unwrap();
    let sent = server_first.clone();
    let check = move |last: &[u8]| {
        let last = std::str::from_utf8(last).unwrap();
        let (without_proof, proof) = last.rsplit_once(",p=").unwrap();
        let auth_message = format!("{bare},{sent},{without_proof}");
        let signature = hash.hmac(&stored_key, auth_message.as_bytes()).unwrap();
        let key: Vec<u8> = STANDARD
            .decode(proof)
            .unwrap()
            .iter()
            .zip(&signature)
            .map(|(a, b)| a ^ b)
            .collect();
        let server_signature = hash.hmac(&server_key, auth_message.as_bytes()).unwrap();
        (hash.digest(&key) == stored_key).then(|| format!("v={}", STANDARD.encode(server_signature)))
    };
    (server_first, check)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Both sides agree exactly if they know the same password.
    #[test]
    fn who_knows_the_password_is_let_in(
        user in "\\PC{0,12}", password in "\\PC{0,12}", other in "\\PC{0,12}",
        salt in prop::collection::vec(any::<u8>(), 0..40), is_sha512 in any::<bool>()
    ) {
        let hash = if is_sha512 { ScramHash::Sha512 } else { ScramHash::Sha256 };
        for known in [&password, &other] {
            let mut scram = Scram::new(hash, &user, Secret::new(password.clone()), false, random_nonce().unwrap());
            let (server_first, check) = serve(hash, known, &scram.first(), &salt, ITERATIONS_MIN);
            let last = scram.answer(server_first.as_bytes()).unwrap().unwrap();
            let verdict = check(&last);
            prop_assert_eq!(verdict.is_some(), *known == password);
            if let Some(server_final) = verdict {
                prop_assert_eq!(scram.answer(server_final.as_bytes()), Ok(None));
            }
        }
    }

    /// Whatever a server sends, it is either answered or refused.
    #[test]
    fn nothing_a_server_sends_is_fatal(first in "[rsime=,0-9a-zA-Z+/]{0,60}", raw in prop::collection::vec(any::<u8>(), 0..60)) {
        let _either = login().answer(first.as_bytes());
        let _either = login().answer(&raw);
        let mut scram = login();
        scram.answer(SERVER_FIRST.as_bytes()).unwrap();
        prop_assert!(scram.answer(&raw).is_err(), "nobody guesses a signature");
    }
}
