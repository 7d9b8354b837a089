use super::server::{Authority, Server, Signed, self_signed, tls};
use super::*;
use crate::security::{Certificates, Identity, PrivateKey, Tls, TlsSpec, TlsVersion, Trust};

fn spec(trusted: &str) -> TlsSpec {
    TlsSpec {
        trust: Trust::Certificates(Certificates::parse(trusted).unwrap()),
        identity: None,
        check_host_names: true,
        versions: vec![TlsVersion::V1_2, TlsVersion::V1_3],
    }
}

fn trusting(trusted: &str) -> Security {
    Security::new(Some(Tls::new(spec(trusted)).unwrap()), None)
}

/// Who shows a certificate of theirs.
fn showing(trusted: &str, own: &Signed, version: TlsVersion) -> Security {
    let identity = Identity {
        chain: Certificates::parse(&own.certificate).unwrap(),
        key: PrivateKey::parse(&own.key.serialize_pem(), None).unwrap(),
    };
    let spec = TlsSpec {
        identity: Some(identity),
        versions: vec![version],
        ..spec(trusted)
    };
    Security::new(Some(Tls::new(spec).unwrap()), None)
}

#[track_caller]
fn tells(result: Result<Connection, ClientError>, words: &str) {
    match result {
        Err(ClientError::Tls { reason, advice, .. }) => {
            assert!(reason.contains(words), "{reason}");
            assert!(!advice.is_empty());
        }
        other => panic!("not a failure of TLS: {other:?}"),
    }
}

#[tokio::test]
async fn whoever_is_signed_by_a_trusted_authority_for_this_host_is_believed() {
    let authority = Authority::new();
    let server = Server::start(Some(tls(&authority.sign(&["localhost", "127.0.0.1"]), None)), welcome).await;
    let security = trusting(&authority.pem);
    let connection = open(&server.address, &security).await.unwrap();
    assert!(is_of_use(&connection).await && is_of_use(&connection).await);
    let by_name = server.address.replace("127.0.0.1", "localhost");
    assert!(is_of_use(&open(&by_name, &security).await.unwrap()).await);
    for version in [TlsVersion::V1_2, TlsVersion::V1_3] {
        let only = TlsSpec {
            versions: vec![version],
            ..spec(&authority.pem)
        };
        let only = Security::new(Some(Tls::new(only).unwrap()), None);
        assert!(is_of_use(&open(&server.address, &only).await.unwrap()).await);
    }
}

#[tokio::test]
async fn certificates_that_cannot_be_believed_are_told_apart() {
    let (authority, other) = (Authority::new(), Authority::named("other"));
    let security = trusting(&authority.pem);
    let hosts = ["127.0.0.1"];
    for (signed, words) in [
        (other.sign(&hosts), "not signed by anybody who is trusted"),
        (
            Authority::new().sign(&hosts),
            "another authority than the trusted one of the same name",
        ),
        (authority.sign_in_years(&hosts, 2001, 2002), "expired "),
        (authority.sign_in_years(&hosts, 2090, 2099), "not valid for another "),
        (
            authority.sign(&["a.example", "*.b.example"]),
            "is not for 127.0.0.1, but for a.example, *.b.example",
        ),
        (authority.sign(&[]), "no host at all"),
        (self_signed(&hosts), "is not trusted itself"),
    ] {
        let server = Server::start(Some(tls(&signed, None)), welcome).await;
        tells(open(&server.address, &security).await, words);
    }
}

#[tokio::test]
async fn a_certificate_that_is_trusted_itself_needs_no_authority() {
    let signed = self_signed(&["127.0.0.1"]);
    let server = Server::start(Some(tls(&signed, None)), welcome).await;
    assert!(open(&server.address, &trusting(&signed.certificate)).await.is_ok());
    let elsewhere = self_signed(&["elsewhere"]);
    let server = Server::start(Some(tls(&elsewhere, None)), welcome).await;
    tells(
        open(&server.address, &trusting(&elsewhere.certificate)).await,
        "but for elsewhere",
    );
}

#[tokio::test]
async fn names_are_not_checked_where_that_is_switched_off_and_all_else_is() {
    let (authority, other) = (Authority::new(), Authority::named("other"));
    let unchecked = TlsSpec {
        check_host_names: false,
        ..spec(&authority.pem)
    };
    let unchecked = Security::new(Some(Tls::new(unchecked).unwrap()), None);
    let server = Server::start(Some(tls(&authority.sign(&["a.example"]), None)), welcome).await;
    assert!(open(&server.address, &unchecked).await.is_ok());
    let server = Server::start(Some(tls(&other.sign(&["127.0.0.1"]), None)), welcome).await;
    tells(open(&server.address, &unchecked).await, "not signed by anybody");
}

#[tokio::test]
async fn a_node_that_asks_who_we_are_gets_our_certificate() {
    let (authority, other) = (Authority::new(), Authority::named("other"));
    let server = Server::start(
        Some(tls(&authority.sign(&["127.0.0.1"]), Some(&authority.pem))),
        welcome,
    )
    .await;
    for version in [TlsVersion::V1_2, TlsVersion::V1_3] {
        let known = showing(&authority.pem, &authority.sign(&[]), version);
        assert!(is_of_use(&open(&server.address, &known).await.unwrap()).await);
        for stranger in [&other, &Authority::new()] {
            let unknown = showing(&authority.pem, &stranger.sign(&[]), version);
            tells(open(&server.address, &unknown).await, "does not accept our certificate");
        }
    }
    let nobody = trusting(&authority.pem);
    tells(open(&server.address, &nobody).await, "wants a certificate of ours");
}

#[tokio::test]
async fn both_sides_have_to_speak_tls() {
    let authority = Authority::new();
    let security = trusting(&authority.pem);
    // A plaintext listener of Kafka's takes the first bytes for a length that is too large, and hangs up.
    let silent = Server::saying(b"", true).await;
    let hung_up = open(&silent, &security).await.unwrap_err();
    assert!(
        matches!(&hung_up, ClientError::Closed { what, .. } if what == "a TLS handshake"),
        "{hung_up}"
    );
    let chatty = Server::saying(b"220 mail.example ESMTP\r\n", false).await;
    tells(open(&chatty, &security).await, "does not speak TLS");
    let alert = Server::saying(&[21, 3, 3, 0, 2, 2, 80], true).await;
    tells(open(&alert, &Security::default()).await, "it speaks TLS");
    let with_tls = Server::start(Some(tls(&authority.sign(&["127.0.0.1"]), None)), welcome).await;
    tells(open(&with_tls.address, &Security::default()).await, "it speaks TLS");
}

#[tokio::test]
async fn a_handshake_is_over_by_the_deadline() {
    let mute = Server::saying(b"", false).await;
    let security = trusting(&Authority::new().pem);
    let limit = deadline_in(Duration::from_millis(100));
    let late = Connection::open_secured(&mute, "test", &security, limit)
        .await
        .unwrap_err();
    assert!(
        matches!(&late, ClientError::TimedOut { what, .. } if what == "a TLS handshake"),
        "{late}"
    );
}

/// What TLS sends by itself, as tickets are, does not make an idle connection useless.
#[tokio::test]
async fn an_idle_connection_is_lost_only_when_it_ends() {
    let authority = Authority::new();
    let signed = authority.sign(&["127.0.0.1"]);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls(&signed, None)));
    let tls = Tls::new(spec(&authority.pem)).unwrap();
    let security = Security::new(Some(tls), None);
    let accepted = async {
        let (socket, _) = listener.accept().await.unwrap();
        acceptor.accept(socket).await.unwrap()
    };
    let (server, client) = tokio::join!(accepted, Transport::open(&address, &security, deadline_in(LIMIT)));
    let mut client = client.unwrap();
    assert!(!client.has_ended(), "tickets have arrived, or are about to");
    drop(server);
    while !client.has_ended() {
        tokio::task::yield_now().await;
    }
}
