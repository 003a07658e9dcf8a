//! Who may be at the other end of a TLS connection.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{io, sync::Arc};

use mp_protocol::{
    MachineCertificate, MachineRole,
    test_authority::TestAuthority,
    tls::{self, ServerKind},
};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, ServerConfig, ServerConnection};

/// Both ends after the handshake and one byte each way, so that alerts and session tickets have arrived.
fn connect(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    host: &str,
) -> io::Result<(ClientConnection, ServerConnection)> {
    let name = host.to_owned().try_into().unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name).map_err(io::Error::other)?;
    let mut server = ServerConnection::new(Arc::clone(server)).map_err(io::Error::other)?;
    for _ in 0..10 {
        let mut wire = Vec::new();
        client.write_tls(&mut wire)?;
        server.read_tls(&mut wire.as_slice())?;
        let at_server = server.process_new_packets().map_err(io::Error::other);
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire)?;
        }
        let mut rest = wire.as_slice();
        while !rest.is_empty() {
            client.read_tls(&mut rest)?;
            client.process_new_packets().map_err(io::Error::other)?;
        }
        at_server?;
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Ok((client, server))
}

#[test]
fn machines_know_each_other_and_resume() {
    let folder = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new();
    let agent = authority.enrol(&folder.path().join("a"), MachineRole::Agent, 1, &[]);
    let storage =
        authority.enrol(&folder.path().join("s"), MachineRole::Storage, 2, &["localhost", "127.0.0.1"]);
    let client = tls::machine_client(&agent, ServerKind::Storage).unwrap();
    let server = tls::storage_server(&storage).unwrap();

    let (at_client, at_server) = connect(&client, &server, "localhost").unwrap();
    assert_eq!(at_client.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    let peer = MachineCertificate::from_der(&at_server.peer_certificates().unwrap()[0]).unwrap();
    assert_eq!(&peer, agent.certificate());

    let (at_client, at_server) = connect(&client, &server, "localhost").unwrap();
    assert_eq!(at_client.handshake_kind(), Some(HandshakeKind::Resumed));
    let peer = MachineCertificate::from_der(&at_server.peer_certificates().unwrap()[0]).unwrap();
    assert_eq!(&peer, agent.certificate(), "a resumed session still says who the client is");

    connect(&client, &server, "127.0.0.1").unwrap();
    connect(&client, &server, "elsewhere").unwrap_err();
}

#[test]
fn nobody_poses_as_a_server_of_another_kind() {
    let folder = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new();
    let agent = authority.enrol(&folder.path().join("a"), MachineRole::Agent, 1, &["localhost"]);
    let storage = authority.enrol(&folder.path().join("s"), MachineRole::Storage, 2, &["localhost"]);
    let to_storage = tls::machine_client(&agent, ServerKind::Storage).unwrap();
    let to_console = tls::machine_client(&agent, ServerKind::Console).unwrap();
    let enrolling = tls::enrolment_client(&authority.token([1; 32])).unwrap();
    let console = authority.console_server(&["localhost"]);
    let agent_serving = tls::storage_server(&agent).unwrap();
    let storage_serving = tls::storage_server(&storage).unwrap();

    connect(&to_storage, &storage_serving, "localhost").unwrap();
    connect(&to_storage, &agent_serving, "localhost").unwrap_err();
    connect(&to_storage, &console, "localhost").unwrap_err();
    connect(&to_console, &console, "localhost").unwrap();
    connect(&to_console, &storage_serving, "localhost").unwrap_err();
    connect(&to_console, &agent_serving, "localhost").unwrap_err();
    connect(&enrolling, &console, "localhost").unwrap();
    connect(&enrolling, &storage_serving, "localhost").unwrap_err();
}

#[test]
fn enrolment_trusts_the_pinned_authority_alone() {
    let (authority, stranger) = (TestAuthority::new(), TestAuthority::new());
    let client = tls::enrolment_client(&authority.token([1; 32])).unwrap();
    connect(&client, &authority.console_server(&["localhost"]), "localhost").unwrap();
    connect(&client, &authority.console_server(&["elsewhere"]), "localhost").unwrap_err();
    connect(&client, &stranger.console_server(&["localhost"]), "localhost").unwrap_err();

    // A stranger shows the pinned authority beside a certificate that it did not sign.
    let (mut chain, key) = stranger.server_certificate(&["localhost"]);
    chain.push(authority.certificate());
    let clients = mp_protocol::ClientCertificates::Optional;
    let posing = tls::server(chain, key, &stranger.certificate(), clients).unwrap();
    connect(&client, &posing, "localhost").unwrap_err();
}

#[test]
fn storage_takes_no_stranger() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, stranger) = (TestAuthority::new(), TestAuthority::new());
    let storage = authority.enrol(&folder.path().join("s"), MachineRole::Storage, 2, &["localhost"]);
    let server = tls::storage_server(&storage).unwrap();
    let other = stranger.enrol(&folder.path().join("o"), MachineRole::Agent, 1, &[]);
    connect(&tls::machine_client(&other, ServerKind::Storage).unwrap(), &server, "localhost").unwrap_err();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.certificate()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let anonymous = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    connect(&Arc::new(anonymous), &server, "localhost").unwrap_err();
}
