//! SCRAM credentials of a new cluster: `SCRAM-SHA-256=[name=alice,password=alice-secret]`

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use client::security::{ScramHash, UnusableKey};
use protocol::messages::metadata::UserScramCredentialRecord;

/// What counts if no iterations are named; also the fewest.
pub(crate) const ITERATIONS_MIN: i32 = 4096;
/// Above this a broker would spend too long on one login.
pub(crate) const ITERATIONS_MAX: i32 = 16384;

/// Java's decoder: padding may be missing, and bits that do not fit are dropped.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The name of Kafka's constant, as its complaints have it.
const fn constant_of(mechanism: ScramHash) -> &'static str {
    match mechanism {
        ScramHash::Sha256 => "SCRAM_SHA_256",
        ScramHash::Sha512 => "SCRAM_SHA_512",
    }
}

/// Reads a credential; complaints are worded as Apache's tool words them. `random_salt` makes a salt if none is given.
pub(super) fn parse_credential(
    text: &str,
    random_salt: impl FnOnce() -> Result<Vec<u8>, String>,
) -> Result<UserScramCredentialRecord, String> {
    let (mechanism, mut parts) = split(text.trim())?;
    let name = parts.remove("name").ok_or("You must supply 'name' to add-scram")?;
    let salt = parts.remove("salt");
    let salt = salt.map(|text| decode("salt", &text)).transpose()?;
    let iterations = parts.remove("iterations").map(|text| {
        let parsed = text.parse();
        parsed.map_err(|_| format!("Failed to parse iterations count: {text}"))
    });
    let iterations: i32 = iterations.unwrap_or(Ok(ITERATIONS_MIN))?;
    let (password, salted) = (parts.remove("password"), parts.remove("saltedpassword"));
    let salted = match (&password, salted) {
        (Some(_), _) => None,
        (None, None) => return Err("You must supply one of 'password' or 'saltedpassword' to add-scram".to_owned()),
        (None, Some(_)) if salt.is_none() => {
            return Err("You must supply 'salt' with 'saltedpassword' to add-scram".to_owned());
        }
        (None, Some(text)) => Some(decode("saltedPassword", &text)?),
    };
    if !parts.is_empty() {
        let unknown: Vec<&str> = parts.keys().map(String::as_str).collect();
        return Err(format!("Unknown SCRAM configurations: {}", unknown.join(", ")));
    }
    check_iterations(mechanism, iterations)?;
    let salt = salt.map_or_else(random_salt, Ok)?;
    let salted = match (salted, password) {
        (Some(salted), _) => salted,
        (None, Some(password)) if !password.is_empty() => mechanism.salted(&password, &salt, iterations.unsigned_abs()),
        _ => return Err(format!("The password of user '{name}' is empty")),
    };
    let unusable = |error: UnusableKey| error.to_string();
    let client_key = mechanism.hmac(&salted, b"Client Key").map_err(unusable)?;
    Ok(UserScramCredentialRecord {
        name,
        mechanism: mechanism.code(),
        salt: salt.into(),
        stored_key: mechanism.digest(&client_key).into(),
        server_key: mechanism.hmac(&salted, b"Server Key").map_err(unusable)?.into(),
        iterations,
        ..Default::default()
    })
}

/// Takes MECHANISM=[KEY=VALUE,...] apart.
fn split(text: &str) -> Result<(ScramHash, BTreeMap<String, String>), String> {
    let (name, list) = text
        .split_once('=')
        .ok_or_else(|| format!("Failed to find equals sign in SCRAM argument '{text}'"))?;
    let mechanism =
        ScramHash::of_mechanism(name).ok_or_else(|| format!("The add-scram mechanism {name} is not supported."))?;
    let list = list
        .strip_prefix('[')
        .ok_or("Expected configuration string to start with [")?;
    let list = list
        .strip_suffix(']')
        .ok_or("Expected configuration string to end with ]")?;
    let mut parts = BTreeMap::new();
    // Java's split drops what is empty at the end.
    for part in list.trim_end_matches(',').split(',') {
        let (key, value) = part
            .split_once('=')
            .ok_or_else(|| format!("No equals sign found in SCRAM component: {part}"))?;
        let unquoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        parts.insert(key.to_owned(), unquoted.unwrap_or(value).to_owned());
    }
    Ok((mechanism, parts))
}

fn decode(what: &str, text: &str) -> Result<Vec<u8>, String> {
    BASE64
        .decode(text)
        .map_err(|_| format!("Failed to decode given {what}: {text}"))
}

fn check_iterations(mechanism: ScramHash, iterations: i32) -> Result<(), String> {
    let (limit, sign) = match iterations {
        ..ITERATIONS_MIN => (ITERATIONS_MIN, ">="),
        ITERATIONS_MIN..=ITERATIONS_MAX => return Ok(()),
        _ => (ITERATIONS_MAX, "<="),
    };
    Err(format!(
        "The 'iterations' value must be {sign} {limit} for add-scram using {}",
        constant_of(mechanism)
    ))
}

/// A salt as Kafka's look: digits of base 36, of which 26 hold more than 128 bits.
pub(crate) fn random_salt() -> Result<Vec<u8>, String> {
    // More than enough to find 26 below the greatest multiple of 36.
    let mut bytes = [0; 128];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| format!("the system has no random numbers: {error}"))?;
    let digits = bytes.iter().filter(|byte| **byte < 252).take(26);
    Ok(digits
        .map(|byte| match byte % 36 {
            digit @ ..10 => b'0' + digit,
            letter => b'a' + letter - 10,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none() -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }

    fn complaint(text: &str) -> String {
        parse_credential(text, none).unwrap_err()
    }

    /// The keys Apache Kafka 4.3.1 derives.
    #[test]
    fn keys_are_apaches() {
        let with_password = parse_credential("SCRAM-SHA-256=[name=a,password=b,salt=YQ]", none).unwrap();
        assert_eq!(with_password.stored_key[..4], [162, 209, 161, 176]);
        assert_eq!(with_password.server_key[28..], [179, 179, 201, 237]);
        let text = "SCRAM-SHA-512=[name=\"a\",iterations=8192,salt=N3E=,password=\"x y\"]";
        let sha512 = parse_credential(text, none).unwrap();
        assert_eq!(
            (sha512.name.as_str(), sha512.mechanism, sha512.iterations),
            ("a", 2, 8192)
        );
        assert_eq!(sha512.stored_key[..4], [153, 215, 200, 19]);
        let text = "SCRAM-SHA-256=[name=alice,iterations=8192,salt=\"N3E=\",saltedpassword=\"YCE=\"]";
        let salted = parse_credential(text, none).unwrap();
        assert_eq!(salted.stored_key[..4], [232, 237, 126, 121]);
        let salted = parse_credential("SCRAM-SHA-256=[name=a,password=b,]", || Ok(b"xyz".to_vec())).unwrap();
        assert_eq!(salted.salt, b"xyz".as_slice());
    }

    #[test]
    fn complaints_are_apaches() {
        let cases = [
            (
                "SCRAM-SHA-256",
                "Failed to find equals sign in SCRAM argument 'SCRAM-SHA-256'",
            ),
            (
                "SCRAM-SHA-1=[]",
                "The add-scram mechanism SCRAM-SHA-1 is not supported.",
            ),
            ("SCRAM-SHA-256=name=a", "Expected configuration string to start with ["),
            ("SCRAM-SHA-256=[name=a", "Expected configuration string to end with ]"),
            ("SCRAM-SHA-256=[]", "No equals sign found in SCRAM component: "),
            ("SCRAM-SHA-256=[password=b]", "You must supply 'name' to add-scram"),
            (
                "SCRAM-SHA-256=[name=a,password=b,salt=?]",
                "Failed to decode given salt: ?",
            ),
            (
                "SCRAM-SHA-512=[name=a,password=b,iterations=1]",
                "The 'iterations' value must be >= 4096 for add-scram using SCRAM_SHA_512",
            ),
            (
                "SCRAM-SHA-256=[name=a,password=b,iterations=16385]",
                "The 'iterations' value must be <= 16384 for add-scram using SCRAM_SHA_256",
            ),
            (
                "SCRAM-SHA-256=[name=a,password=b,z=1,y=2]",
                "Unknown SCRAM configurations: y, z",
            ),
            ("SCRAM-SHA-256=[name=a,password=]", "The password of user 'a' is empty"),
        ];
        for (text, expected) in cases {
            assert_eq!(complaint(text), expected, "{text}");
        }
    }

    #[test]
    fn salts_are_random_digits_of_base_36() {
        let [one, other] = [random_salt().unwrap(), random_salt().unwrap()];
        assert_ne!(one, other);
        assert_eq!(one.len(), 26);
        assert!(one.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'z')));
    }
}
