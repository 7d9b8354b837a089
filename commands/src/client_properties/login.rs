//! sasl.*: who we say we are.

use client::security::{HttpsUrl, Login, ScramHash, Secret, TokenEndpoint, TokenSource};
use protocol::jaas::{self, JaasEntry};

use super::source::Source;
use super::tls;
use crate::error::CommandError;

const MECHANISM: &str = "sasl.mechanism";
const JAAS: &str = "sasl.jaas.config";
const ENDPOINT: &str = "sasl.oauthbearer.token.endpoint.url";
const COMMAND: &str = "kfleet.oauthbearer.token.command";

const CLIENT_ID: &str = "sasl.oauthbearer.client.credentials.client.id";
const CLIENT_SECRET: &str = "sasl.oauthbearer.client.credentials.client.secret";
const SCOPE: &str = "sasl.oauthbearer.scope";

const PLAIN: &str = "org.apache.kafka.common.security.plain.PlainLoginModule";
const SCRAM: &str = "org.apache.kafka.common.security.scram.ScramLoginModule";
const OAUTHBEARER: &str = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule";

pub(super) fn read(source: &Source, warnings: &mut Vec<String>) -> Result<Login, CommandError> {
    match source.filled(MECHANISM) {
        Some("PLAIN") => {
            let (_, user, password) = user_and_password(source, PLAIN)?;
            Ok(Login::Plain { user, password })
        }
        Some("SCRAM-SHA-256") => scram(source, ScramHash::Sha256),
        Some("SCRAM-SHA-512") => scram(source, ScramHash::Sha512),
        Some("OAUTHBEARER") => oauthbearer(source, warnings),
        Some(_) => Err(source.wrong(
            MECHANISM,
            0,
            "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER are known here",
        )),
        None => Err(CommandError::data(format!(
            "{}: {MECHANISM} is missing: it would be GSSAPI (Kerberos), which is not known here",
            source.shown()
        ))
        .hint("PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER are")),
    }
}

fn scram(source: &Source, hash: ScramHash) -> Result<Login, CommandError> {
    let (entry, user, password) = user_and_password(source, SCRAM)?;
    let is_token = entry
        .option("tokenauth")
        .is_some_and(|text| text.eq_ignore_ascii_case("true"));
    Ok(Login::Scram {
        hash,
        user,
        password,
        is_token,
    })
}

fn user_and_password(source: &Source, module: &str) -> Result<(JaasEntry, String, Secret), CommandError> {
    let entry = entry(source, module)?.ok_or_else(|| {
        CommandError::data(format!("{}: {JAAS} is missing", source.shown()))
            .hint(format!("{JAAS}={module} required username=\"...\" password=\"...\";"))
    })?;
    let option = |name: &str| {
        let missing = || source.wrong(JAAS, 0, &format!("the login module has no {name}"));
        entry.option(name).map(str::to_owned).ok_or_else(missing)
    };
    let (user, password) = (option("username")?, Secret::new(option("password")?));
    Ok((entry, user, password))
}

/// The only login module of the file, if it has one.
fn entry(source: &Source, module: &str) -> Result<Option<JaasEntry>, CommandError> {
    let Some(text) = source.filled(JAAS) else {
        return Ok(None);
    };
    let mut entries = jaas::parse(text).map_err(|error| source.wrong(JAAS, error.at, error.reason))?;
    let Some(entry) = entries.pop().filter(|_| entries.is_empty()) else {
        return Err(source.wrong(JAAS, 0, "there has to be one login module"));
    };
    if entry.module != module {
        let mechanism = source.filled(MECHANISM).unwrap_or_default();
        return Err(source.wrong(JAAS, 0, &format!("the login module for {mechanism} is {module}")));
    }
    Ok(Some(entry))
}

fn oauthbearer(source: &Source, warnings: &mut Vec<String>) -> Result<Login, CommandError> {
    let entry = entry(source, OAUTHBEARER)?;
    let token_source = match (source.filled(ENDPOINT), source.filled(COMMAND)) {
        (Some(_), Some(_)) => return Err(source.wrong(COMMAND, 0, &format!("{ENDPOINT} is given, too"))),
        (None, Some(command)) => TokenSource::Command(command.to_owned()),
        (Some(url), None) if url.starts_with("https:") => {
            let endpoint = endpoint(source, url, entry.as_ref(), warnings)?;
            TokenSource::Endpoint(Box::new(endpoint))
        }
        (Some(url), None) => TokenSource::File(file_of(source, url)?.into()),
        (None, None) => {
            return Err(
                CommandError::data(format!("{}: nothing says where tokens come from", source.shown())).hint(format!(
                    "{ENDPOINT}=https://HOST/PATH, {ENDPOINT}=file:///path/to/token, or {COMMAND}=COMMAND"
                )),
            );
        }
    };
    Ok(Login::OAuthBearer {
        source: token_source,
        extensions: entry.map_or(Ok(Vec::new()), |entry| extensions(source, &entry))?,
    })
}

/// A server that gives out tokens. Its id and secret, and whom to trust, are options of the login module, or keys since
/// Kafka 4.1 (KIP-1139).
fn endpoint(
    source: &Source,
    url: &str,
    entry: Option<&JaasEntry>,
    warnings: &mut Vec<String>,
) -> Result<TokenEndpoint, CommandError> {
    let url = HttpsUrl::parse(url).ok_or_else(|| source.wrong(ENDPOINT, 0, "it is not https://HOST[:PORT]/PATH"))?;
    let given = |key: &str, option: &str| {
        let of_module = entry
            .and_then(|entry| entry.option(option))
            .filter(|text| !text.is_empty());
        source.filled(key).or(of_module)
    };
    let needed = |key: &str, option: &str| {
        let missing = || {
            CommandError::data(format!(
                "{}: {key} is missing, which the token endpoint asks for",
                source.shown()
            ))
            .hint(format!("or {JAAS}={OAUTHBEARER} required {option}=\"...\";"))
        };
        given(key, option).ok_or_else(missing)
    };
    let id = needed(CLIENT_ID, "clientId")?;
    let secret = Secret::new(needed(CLIENT_SECRET, "clientSecret")?);
    let options = entry.map_or(&[][..], |entry| &entry.options);
    let tls = tls::read(&source.of_options(options), warnings)?;
    Ok(TokenEndpoint::new(url, tls, id, secret, given(SCOPE, "scope")))
}

/// The path of a file: URL.
fn file_of<'a>(source: &Source, url: &'a str) -> Result<&'a str, CommandError> {
    let path = url
        .strip_prefix("file:")
        .map(|rest| rest.strip_prefix("//").unwrap_or(rest));
    path.filter(|path| path.starts_with('/')).ok_or_else(|| {
        source
            .wrong(ENDPOINT, 0, "it has to be https://HOST/PATH or file:///PATH")
            .hint(format!(
                "what else fetches a token, and prints it, can be {COMMAND}=COMMAND"
            ))
    })
}

/// SASL extensions (KIP-342).
fn extensions(source: &Source, entry: &JaasEntry) -> Result<Vec<(String, String)>, CommandError> {
    let mut extensions = Vec::new();
    for (name, value) in &entry.options {
        let Some(name) = name.strip_prefix("extension_") else {
            continue;
        };
        let is_name = !name.is_empty() && name != "auth" && name.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_value = value
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n'));
        if !is_name || !is_value || value.is_empty() {
            return Err(source.wrong(
                JAAS,
                0,
                "an extension has letters only in its name, and ASCII in its value",
            ));
        }
        extensions.push((name.to_owned(), value.clone()));
    }
    Ok(extensions)
}
