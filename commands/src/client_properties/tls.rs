//! ssl.*: whom to trust, and who we are.

use client::security::{
    Certificates, Identity, PemError, PrivateKey, Secret, Tls, TlsError, TlsSpec, TlsVersion, Trust,
};

use super::source::Source;
use super::stores::Store;
use crate::error::CommandError;

const ALGORITHM: &str = "ssl.endpoint.identification.algorithm";
const PROTOCOLS: &str = "ssl.enabled.protocols";

pub(super) fn read(source: &Source, warnings: &mut Vec<String>) -> Result<Tls, CommandError> {
    let check_host_names = checks_host_names(source, warnings)?;
    let versions = versions(source)?;
    let (trust, trust_key) = trust(source)?;
    let (identity, identity_key) = identity(source)?;
    let spec = TlsSpec {
        trust,
        identity,
        check_host_names,
        versions,
    };
    Tls::new(spec).map_err(|error| match &error {
        TlsError::NoTrust => CommandError::data(format!("{}: {error}", source.shown()))
            .hint("the certificates of those who sign the nodes' belong into ssl.truststore.location, with ssl.truststore.type=PEM"),
        TlsError::Untrustable { .. } => source.wrong(&trust_key, 0, &error.to_string()),
        _ => source.wrong(&identity_key, 0, &error.to_string()),
    })
}

fn checks_host_names(source: &Source, warnings: &mut Vec<String>) -> Result<bool, CommandError> {
    match source.get(ALGORITHM) {
        None => Ok(true),
        Some(name) if name.eq_ignore_ascii_case("https") => Ok(true),
        Some("") => {
            warnings.push(format!(
                "{}: {ALGORITHM} is empty: a node may be anybody whose certificate is trusted",
                source.shown()
            ));
            Ok(false)
        }
        Some(_) => Err(source.wrong(ALGORITHM, 0, "it is neither https nor empty")),
    }
}

fn versions(source: &Source) -> Result<Vec<TlsVersion>, CommandError> {
    let Some(list) = source.filled(PROTOCOLS) else {
        return Ok(vec![TlsVersion::V1_2, TlsVersion::V1_3]);
    };
    let known = |name: &str| match name.trim() {
        "TLSv1.2" => Some(TlsVersion::V1_2),
        "TLSv1.3" => Some(TlsVersion::V1_3),
        _ => None,
    };
    let versions: Vec<TlsVersion> = list.split(',').filter_map(known).collect();
    if versions.is_empty() {
        return Err(source.wrong(
            PROTOCOLS,
            0,
            "neither TLSv1.2 nor TLSv1.3 is among them, and no others are spoken here",
        ));
    }
    Ok(versions)
}

/// Whom to trust, and the key that says so.
fn trust(source: &Source) -> Result<(Trust, String), CommandError> {
    let inline = Store::Trust.key("certificates");
    let from_file = Store::Trust.file(source)?;
    match (source.filled(&inline), from_file) {
        (Some(_), Some(_)) => Err(source.wrong(&inline, 0, "ssl.truststore.location is given, too")),
        (Some(text), None) => {
            check_inline(source, Store::Trust, &inline)?;
            let parsed = Certificates::parse(text).map_err(|error| in_value(source, &inline, &error))?;
            Ok((Trust::Certificates(parsed), inline))
        }
        (None, Some((path, text))) => {
            let parsed = Certificates::parse(&text).map_err(|error| in_file(&path, &text, &error))?;
            Ok((Trust::Certificates(parsed), Store::Trust.key("location")))
        }
        (None, None) => Ok((Trust::System, String::new())),
    }
}

/// Who we are, if the file tells, and the key that says so.
fn identity(source: &Source) -> Result<(Option<Identity>, String), CommandError> {
    let (chain_key, key_key) = (Store::Keys.key("certificate.chain"), Store::Keys.key("key"));
    let password = source.filled("ssl.key.password").map(Secret::new);
    let from_file = Store::Keys.file(source)?;
    match (source.filled(&chain_key), source.filled(&key_key), from_file) {
        (None, None, None) => Ok((None, String::new())),
        (None, None, Some((path, text))) => {
            let wrong = |error: PemError| in_file(&path, &text, &error);
            let chain = Certificates::parse(&text).map_err(wrong)?;
            let key = PrivateKey::parse(&text, password.as_ref()).map_err(wrong)?;
            Ok((Some(Identity { chain, key }), Store::Keys.key("location")))
        }
        (Some(chain), Some(key), None) => {
            check_inline(source, Store::Keys, &key_key)?;
            let chain = Certificates::parse(chain).map_err(|error| in_value(source, &chain_key, &error))?;
            let key = PrivateKey::parse(key, password.as_ref()).map_err(|error| in_value(source, &key_key, &error))?;
            Ok((Some(Identity { chain, key }), chain_key))
        }
        (Some(_), _, Some(_)) => Err(source.wrong(&chain_key, 0, "ssl.keystore.location is given, too")),
        (None, Some(_), Some(_)) => Err(source.wrong(&key_key, 0, "ssl.keystore.location is given, too")),
        (Some(_), None, None) => Err(source.wrong(&chain_key, 0, "ssl.keystore.key is missing")),
        (None, Some(_), None) => Err(source.wrong(&key_key, 0, "ssl.keystore.certificate.chain is missing")),
    }
}

/// PEM that stands in the file itself has to be announced as such.
fn check_inline(source: &Source, store: Store, key: &str) -> Result<(), CommandError> {
    let type_key = store.key("type");
    match source.filled(&type_key) {
        Some(given) if given.eq_ignore_ascii_case("PEM") => Ok(()),
        _ => Err(source.wrong(key, 0, &format!("it counts only with {type_key}=PEM"))),
    }
}

fn in_value(source: &Source, key: &str, error: &PemError) -> CommandError {
    advised(source.wrong(key, error.at, &error.reason), error)
}

fn in_file(path: &str, text: &str, error: &PemError) -> CommandError {
    let before = || text.chars().take(error.at);
    let line = 1 + before().filter(|c| *c == '\n').count();
    let column = 1 + before()
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .take_while(|c| *c != '\n')
        .count();
    advised(
        CommandError::data(format!("{path}:{line}:{column}: {}", error.reason)),
        error,
    )
}

fn advised(wrong: CommandError, error: &PemError) -> CommandError {
    error.advice.into_iter().fold(wrong, CommandError::hint)
}
