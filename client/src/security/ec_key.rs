//! EC keys without their public half, as Java's keytool writes them: it is taken from the certificate.

use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode as _, Encode as _, Reader as _, SliceReader, TagNumber};
use pkcs8::spki::SubjectPublicKeyInfoRef;
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::ParsedCertificate;

/// id-ecPublicKey (RFC 5480).
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
/// `[1] publicKey` of ECPrivateKey (RFC 5915).
const PUBLIC_KEY: u8 = 0xa1;

/// The same key, with its public half. What is another kind of key, or complete, or odd, stays as it is.
pub(super) fn completed(key: PrivateKeyDer<'static>, certificate: &CertificateDer<'_>) -> PrivateKeyDer<'static> {
    let PrivateKeyDer::Pkcs8(pkcs8) = &key else {
        return key;
    };
    let Some(complete) = complete(pkcs8.secret_pkcs8_der(), certificate) else {
        return key;
    };
    PrivatePkcs8KeyDer::from(complete).into()
}

fn complete(pkcs8: &[u8], certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let info = PrivateKeyInfoRef::try_from(pkcs8).ok()?;
    if info.algorithm.oid != EC {
        return None;
    }
    let secret = secret_alone(info.private_key.as_bytes())?;
    let public = ParsedCertificate::try_from(certificate).ok()?.subject_public_key_info();
    let public = SubjectPublicKeyInfoRef::try_from(public.as_ref()).ok()?;
    let point = [&[0], public.subject_public_key.raw_bytes()].concat();
    let ec_key = [
        value(INTEGER, &[1])?,
        value(OCTET_STRING, secret)?,
        value(PUBLIC_KEY, &value(BIT_STRING, &point)?)?,
    ];
    let whole = [
        value(INTEGER, &[0])?,
        info.algorithm.to_der().ok()?,
        value(OCTET_STRING, &value(SEQUENCE, &ec_key.concat())?)?,
    ];
    value(SEQUENCE, &whole.concat())
}

/// The secret of an ECPrivateKey that has no public half.
fn secret_alone(ec_key: &[u8]) -> Option<&[u8]> {
    let mut has_public = false;
    let secret = SliceReader::new(ec_key).ok()?.sequence(|reader| {
        u8::decode(reader)?;
        let secret = <&OctetStringRef>::decode(reader)?;
        while !reader.is_finished() {
            let field = pkcs8::der::asn1::AnyRef::decode(reader)?;
            has_public |= field.header().tag().number() == TagNumber(1);
        }
        Ok::<_, pkcs8::der::Error>(secret)
    });
    secret.ok().map(OctetStringRef::as_bytes).filter(|_| !has_public)
}

/// A value with its tag and length.
fn value(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(content.len()).ok()?;
    let [high, low] = length.to_be_bytes();
    let header = match length {
        ..128 => vec![tag, low],
        128..256 => vec![tag, 0x81, low],
        256.. => vec![tag, 0x82, high, low],
    };
    Some([&header, content].concat())
}

#[cfg(test)]
mod tests {
    use rustls::crypto::ring::sign::any_supported_type;

    use super::*;
    use crate::security::{Certificates, PrivateKey};

    /// Made by `keytool -genkeypair -keyalg EC` of OpenJDK 17 and `openssl pkcs12 -nodes`.
    const OF_KEYTOOL: &str = include_str!("ec_key/of-keytool.pem");

    #[test]
    fn a_key_of_keytools_becomes_one_that_can_sign() {
        let certificate = Certificates::parse(OF_KEYTOOL).unwrap().0.remove(0);
        let key = PrivateKey::parse(OF_KEYTOOL, None).unwrap().0;
        assert!(any_supported_type(&key).is_err(), "there would be nothing to do");
        let completed = completed(key, &certificate);
        let signing = any_supported_type(&completed).unwrap();
        let public = ParsedCertificate::try_from(&certificate)
            .unwrap()
            .subject_public_key_info();
        assert_eq!(signing.public_key().unwrap().as_ref(), public.as_ref());
    }

    #[test]
    fn other_keys_stay_as_they_are() {
        let own = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&own).unwrap().der().clone();
        let whole = own.serialize_der();
        for der in [whole.clone(), whole[..whole.len() / 2].to_vec(), Vec::new()] {
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(der.clone()));
            assert_eq!(completed(key, &certificate).secret_der(), der);
        }
    }
}
