use proptest::prelude::*;
use rcgen::{CertificateParams, KeyPair};

use super::*;

fn certificate() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// A P-256 key encrypted by `openssl pkcs8 -topk8 -v2 aes-256-cbc` with the password "over there".
const ENCRYPTED: &str = include_str!("encrypted-key.pem");

#[test]
fn certificates_and_keys_are_found_in_one_text_in_any_layout() {
    let (certificate, key) = certificate();
    let chain = format!("subject=CN = x\n{certificate}{key}{certificate}");
    for text in [chain.clone(), chain.replace('\n', "\r\n"), chain.replace('\n', " ")] {
        assert_eq!(Certificates::parse(&text).unwrap().0.len(), 2);
        assert!(PrivateKey::parse(&text, None).is_ok());
    }
}

#[test]
fn encrypted_keys_need_their_password() {
    let parse = |password: Option<&str>| PrivateKey::parse(ENCRYPTED, password.map(Secret::new).as_ref());
    assert!(parse(Some("over there")).is_ok());
    let wrong = parse(Some("elsewhere")).unwrap_err();
    assert!(wrong.reason.contains("ssl.key.password is wrong"), "{wrong}");
    assert!(!format!("{wrong:?}").contains("elsewhere"));
    assert!(parse(None).unwrap_err().reason.contains("not given"));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let (certificate, key) = certificate();
    let of_certificates = |text: &str| Certificates::parse(text).unwrap_err();
    let of_key = |text: &str| PrivateKey::parse(text, None).unwrap_err();
    assert!(of_certificates(&key).reason.contains("no CERTIFICATE section"));
    assert!(of_key(&certificate).reason.contains("no PRIVATE KEY section"));
    let open = of_certificates("ä\n-----BEGIN CERTIFICATE-----\nYQ==");
    assert_eq!(
        (open.at, open.reason.as_str()),
        (2, "the CERTIFICATE section has no end")
    );
    assert!(of_certificates("-----BEGIN CERTIF").reason.contains("not complete"));
    let garbled = of_certificates("-----BEGIN CERTIFICATE-----?-----END CERTIFICATE-----");
    assert!(garbled.reason.contains("not base64"));
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nYQ==\n-----END RSA PRIVATE KEY-----";
    assert!(of_key(old).advice.unwrap().contains("openssl pkcs8 -topk8"));
    let dsa = "-----BEGIN DSA PRIVATE KEY-----\nYQ==\n-----END DSA PRIVATE KEY-----";
    assert!(of_key(dsa).reason.contains("not known here"));
}

proptest! {
    #[test]
    fn no_text_is_fatal(parts in prop::collection::vec(prop::sample::select(vec![
        "-----BEGIN ", "-----END ", "-----", "CERTIFICATE", "ENCRYPTED PRIVATE KEY", "PRIVATE KEY", "YQ==", "\n", " ", "ä",
    ]), 0..20)) {
        let text = parts.concat();
        let _either = Certificates::parse(&text);
        let _either = PrivateKey::parse(&text, Some(&Secret::new("x")));
    }
}
