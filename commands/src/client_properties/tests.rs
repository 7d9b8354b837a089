use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rcgen::{CertificateParams, KeyPair};

use super::*;
use crate::exit_codes;

/// A file of properties, and others beside it.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    fn read(&self, text: &str) -> Result<ClientProperties, CommandError> {
        ClientProperties::read(Path::new(&self.write("client.properties", text)))
    }

    #[track_caller]
    fn refusal(&self, text: &str) -> CommandError {
        let error = self.read(text).expect_err(text);
        assert_eq!(error.code, exit_codes::DATA, "{}", error.message);
        for secret in ["hunter2", "BEGIN"] {
            assert!(!format!("{error:?}").contains(secret), "{error:?}");
        }
        error
    }

    /// A certificate that signs itself, with its key.
    fn certificate() -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }
}

fn in_one_line(pem: &str) -> String {
    pem.replace('\n', "\\n")
}

#[test]
fn an_empty_file_is_plaintext() {
    let read = Files::new().read("# nothing\nacks=all\n").unwrap();
    assert!(read.warnings.is_empty(), "{:?}", read.warnings);
    assert_eq!(format!("{:?}", read.security), format!("{:?}", Security::default()));
    assert_eq!(
        (read.bootstrap, read.client_id, read.request_timeout),
        (None, None, None)
    );
}

#[test]
fn all_is_read_as_java_reads_it() {
    let files = Files::new();
    let read = files.read(
        "bootstrap.servers = a:1,b:2 \nclient.id:ops\nrequest.timeout.ms 1500\nsecurity.protocol=sasl_plaintext\n\
         sasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\\n\
         \x20 username=\"alice\" \\\n  password=\"hunter2\";\n",
    );
    let read = read.unwrap();
    assert_eq!(read.bootstrap.as_deref(), Some("a:1,b:2"));
    assert_eq!(read.client_id.as_deref(), Some("ops"));
    assert_eq!(read.request_timeout, Some(Duration::from_millis(1500)));
    let shown = format!("{read:?}");
    assert!(
        shown.contains("Sha512") && shown.contains("alice") && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[test]
fn pem_is_read_from_files_and_from_values() {
    let files = Files::new();
    let (certificate, key) = Files::certificate();
    let trust = files.write("ca.pem", &certificate);
    let own = files.write("own.pem", format!("{key}{certificate}"));
    let both = |more: &str| format!("security.protocol=SSL\nssl.truststore.type=PEM\nssl.keystore.type=PEM\n{more}");
    let from_files = both(&format!(
        "ssl.truststore.location={trust}\nssl.keystore.location={own}\n"
    ));
    let read = files.read(&from_files).unwrap();
    assert!(format!("{read:?}").contains("check_host_names: true"));
    let (inline, inline_key) = (in_one_line(&certificate), in_one_line(&key));
    let from_values = both(&format!(
        "ssl.truststore.certificates={inline}\nssl.keystore.certificate.chain={inline}\nssl.keystore.key={inline_key}\n\
         ssl.endpoint.identification.algorithm=\n"
    ));
    let read = files.read(&from_values).unwrap();
    assert!(format!("{read:?}").contains("check_host_names: false"));
    assert!(read.warnings[0].contains("may be anybody"), "{:?}", read.warnings);
    let twice = files.refusal(&format!("{from_files}ssl.keystore.key={inline_key}\n"));
    assert!(
        twice.message.contains("ssl.keystore.location is given, too"),
        "{}",
        twice.message
    );
    let alone = files.refusal(&both(&format!(
        "ssl.truststore.location={trust}\nssl.keystore.key={inline_key}\n"
    )));
    assert!(
        alone.message.contains("certificate.chain is missing"),
        "{}",
        alone.message
    );
    let (_, other) = Files::certificate();
    let mixed = files.write("mixed.pem", format!("{other}{certificate}"));
    let mixed = files.refusal(&both(&format!(
        "ssl.keystore.location={mixed}\nssl.truststore.location={trust}\n"
    )));
    assert!(mixed.message.contains("cannot be used"), "{}", mixed.message);
}

#[test]
fn places_are_told_in_the_file_that_is_wrong() {
    let files = Files::new();
    let broken = files.write("ca.pem", "text\n -----BEGIN CERTIFICATE-----\nYQ==\n");
    let text = format!("security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location={broken}\n");
    let error = files.refusal(&text);
    assert_eq!(
        error.message,
        format!("{broken}:2:2: the CERTIFICATE section has no end")
    );
    let jaas = "security.protocol=SASL_SSL\nssl.truststore.type=JKS\nsasl.mechanism=PLAIN\nsasl.jaas.config=x.PlainLoginModule \\\n   required username=\"a\" password=hunter2/;\n";
    let (certificate, _) = Files::certificate();
    let trust = format!("ssl.truststore.certificates={}\n", in_one_line(&certificate));
    let error = files.refusal(&format!("{trust}{}", jaas.replace("JKS", "PEM")));
    assert!(
        error
            .message
            .contains("client.properties:6:43: sasl.jaas.config: a semicolon"),
        "{}",
        error.message
    );
    for (text, place, words) in [
        ("security.protocol=TLS\n", ":1:19:", "none of"),
        ("a=1\nrequest.timeout.ms=1s\n", ":2:20:", "milliseconds"),
        (
            "security.protocol=SSL\nssl.enabled.protocols=TLSv1.1\n",
            ":2:23:",
            "TLSv1.3",
        ),
        (
            "security.protocol=SSL\nssl.endpoint.identification.algorithm=none\n",
            ":2:39:",
            "neither",
        ),
        (
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=GSSAPI\n",
            ":2:16:",
            "OAUTHBEARER",
        ),
        ("security.protocol=SASL_PLAINTEXT\n", "", "GSSAPI (Kerberos)"),
        (
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n",
            "",
            "sasl.jaas.config is missing",
        ),
        (
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config=x.ScramLoginModule required password=\"hunter2\";\n",
            ":3:18:",
            "plain.PlainLoginModule",
        ),
        (
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\n",
            "",
            "where tokens come from",
        ),
        (
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=http://x\n",
            ":3:37:",
            "file:///PATH",
        ),
        (
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=https://a b\n",
            ":3:37:",
            "https://HOST",
        ),
        (
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=https://x\n\
             sasl.oauthbearer.client.credentials.client.secret=hunter2\n",
            "",
            "client.credentials.client.id is missing",
        ),
    ] {
        let error = files.refusal(text);
        assert!(
            error.message.contains(place) && error.message.contains(words),
            "{text}: {}",
            error.message
        );
    }
    let missing = ClientProperties::read(Path::new("/nonexistent/client.properties")).unwrap_err();
    assert_eq!(missing.code, exit_codes::NOT_FOUND);
}

#[test]
fn a_token_endpoint_takes_its_secret_from_the_login_module_or_from_keys() {
    let files = Files::new();
    let authority = files.write("ca.pem", Files::certificate().0);
    let start = "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\n\
                 sasl.oauthbearer.token.endpoint.url=https://id.example/token\n";
    let module = "sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required";
    for rest in [
        format!(
            "{module} clientId=\"me\" clientSecret=\"hunter2\" scope=\"kafka\" ssl.truststore.type=\"PEM\" \
             ssl.truststore.location=\"{authority}\";\n"
        ),
        format!(
            "{module} clientId=\"other\" ssl.truststore.type=\"PEM\" ssl.truststore.location=\"{authority}\";\n\
             sasl.oauthbearer.client.credentials.client.id=me\n\
             sasl.oauthbearer.client.credentials.client.secret=hunter2\nsasl.oauthbearer.scope=kafka\n"
        ),
    ] {
        let read = files.read(&format!("{start}{rest}")).unwrap();
        let shown = format!("{:?}", read.security);
        for word in ["id.example:443", "/token", "\"me\"", "\"kafka\""] {
            assert!(shown.contains(word), "{shown}");
        }
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(read.warnings.is_empty(), "{:?}", read.warnings);
    }
    let missing =
        format!("{start}{module} clientId=\"me\" clientSecret=\"hunter2\" ssl.truststore.location=\"/nonexistent\";\n");
    let error = files.read(&missing).unwrap_err();
    assert!(
        error.message.contains("/nonexistent") && !format!("{error:?}").contains("hunter2"),
        "{error:?}"
    );
}

#[test]
fn other_stores_get_the_command_that_converts_them() {
    let files = Files::new();
    let (certificate, _) = Files::certificate();
    let jks = files.write("trust.jks", [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2]);
    let pkcs12 = files.write("own.p12", [0x30, 0x82, 1, 2]);
    let pem = files.write("ca.pem", certificate);
    let refused = |key: &str, path: &str| files.refusal(&format!("security.protocol=SSL\n{key}={path}\n"));
    let trust = refused("ssl.truststore.location", &jks);
    assert!(trust.message.contains("is a JKS store"), "{}", trust.message);
    assert!(
        trust.hints[0].starts_with(&format!("keytool -list -rfc -keystore {jks}")),
        "{:?}",
        trust.hints
    );
    let keys = refused("ssl.keystore.location", &pkcs12);
    assert!(
        keys.hints[0].starts_with(&format!("openssl pkcs12 -in {pkcs12} -nodes")),
        "{:?}",
        keys.hints
    );
    assert!(keys.hints[1].contains("ssl.keystore.type=PEM"), "{:?}", keys.hints);
    assert!(refused("ssl.keystore.location", &jks).hints[0].contains("-importkeystore"));
    let untyped = refused("ssl.truststore.location", &pem);
    assert!(
        untyped.hints[0].contains("ssl.truststore.type=PEM"),
        "{:?}",
        untyped.hints
    );
}

#[test]
fn what_looks_like_a_mistake_is_named() {
    let files = Files::new();
    let read = files
        .read("security.protocl=SSL\nsasl.password=hunter2\nssl.key.password=hunter2\n")
        .unwrap();
    let warnings = read.warnings.join("\n");
    for words in [
        ":1: security.protocl is not known",
        "did you mean security.protocol?",
        "sasl.password is librdkafka's",
        "ssl.key.password has no effect: security.protocol is PLAINTEXT, as it is not given",
    ] {
        assert!(warnings.contains(words), "{warnings}");
    }
    assert!(!warnings.contains("hunter2"));
    let path = files.write("open.properties", "ssl.key.password=x\nsecurity.protocol=PLAINTEXT\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let read = ClientProperties::read(Path::new(&path)).unwrap();
    assert!(
        read.warnings[0].contains("everybody may read it"),
        "{:?}",
        read.warnings
    );
}

#[test]
fn config_providers_bring_values_from_elsewhere() {
    let files = Files::new();
    let secrets = files.write("secrets.properties", "pw=hunter2\n");
    let providers = "config.providers=file,env\n\
         config.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider\n\
         config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider\n";
    let login = |password: &str| {
        format!(
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nclient.id=${{env:CARGO_PKG_NAME}}-${{x:y}}\n\
             sasl.jaas.config={PLAIN_MODULE} required username=\"a\" password=\"{password}\";\n"
        )
    };
    let read = files
        .read(&format!("{providers}{}", login(&format!("${{file:{secrets}:pw}}"))))
        .unwrap();
    assert_eq!(read.client_id.as_deref(), Some("kfleet-commands-${x:y}"));
    let missing = files.refusal(&format!("{providers}{}", login(&format!("${{file:{secrets}:other}}"))));
    assert!(missing.message.contains("there is no other"), "{}", missing.message);
    let unknown = files.refusal("config.providers=vault\nconfig.providers.vault.class=com.example.Vault\n");
    assert!(
        unknown.message.contains(":2:30: config.providers.vault.class"),
        "{}",
        unknown.message
    );
    let without = files.read("client.id=${env:HOME}\n").unwrap();
    assert!(without.warnings[0].contains("stays as it is"), "{:?}", without.warnings);
}

const PLAIN_MODULE: &str = "org.apache.kafka.common.security.plain.PlainLoginModule";
