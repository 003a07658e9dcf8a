//! Who reaches what.

use std::io::{Read, Write};

use mp_profile::{DataSetStore, Fetched, Scope, StoreError};
use mp_protocol::{
    ClientError, MachineRole, StorageClient,
    client::{Deleted, NetCode},
    test_authority::TestAuthority,
    versions::ChangeRequest,
};

use crate::support::{Farm, allowed, data_set, files_below, group, sid};

fn code(result: Result<impl std::fmt::Debug, StoreError>) -> String {
    match result.unwrap_err() {
        StoreError::Refused { text, .. } => text.split(' ').next().unwrap().to_owned(),
        other => panic!("not refused: {other}"),
    }
}

fn every_call_is_refused(client: &StorageClient, scope: &Scope, expected: &str) {
    let sid = sid(1);
    let tag = mp_profile::VersionTag("\"1-a\"".to_owned());
    let body = data_set(&sid, 1, 10);
    assert_eq!(code(client.fetch(scope, &sid, None)), expected);
    assert_eq!(code(client.store(scope, &sid, None, &body)), expected);
    assert_eq!(code(client.store(scope, &sid, Some(&tag), &body)), expected);
    assert_eq!(code(client.quarantine(scope, &sid, "x", &body)), expected);
    assert_eq!(
        code(client.delete(scope, &sid, &tag, &ChangeRequest::default()).map_err(StoreError::from)),
        expected
    );
    let head = client.head(scope, &sid);
    assert!(matches!(head, Err(ClientError::Answer { status: 403, .. })), "{head:?}");
}

#[test]
fn an_agent_reaches_the_global_scope_and_its_own_group() {
    let farm = Farm::new();
    let (_, office) = farm.agent(1, Some("Office"));
    let (_, lab) = farm.agent(2, Some("Lab"));
    let (_, alone) = farm.agent(3, None);
    let body = data_set(&sid(1), 1, 10);
    office.store(&group("office"), &sid(1), None, &body).unwrap();
    office.store(&Scope::Global, &sid(1), None, &body).unwrap();
    for client in [&office, &lab, &alone] {
        assert!(matches!(client.fetch(&Scope::Global, &sid(1), None).unwrap(), Fetched::Data { .. }));
    }
    assert!(matches!(office.fetch(&group("Office"), &sid(1), None).unwrap(), Fetched::Data { .. }));
    for client in [&lab, &alone] {
        every_call_is_refused(client, &group("Office"), "MP-STO-007");
    }
    every_call_is_refused(&office, &group("Lab"), "MP-STO-007");
    let scopes = |client: &StorageClient| -> Vec<Scope> {
        client.fetch_user(&sid(1), &[]).unwrap().into_iter().map(|(scope, _)| scope).collect()
    };
    assert_eq!(scopes(&office), [Scope::Global, group("Office")]);
    assert_eq!(scopes(&lab), [Scope::Global, group("Lab")]);
    assert_eq!(scopes(&alone), [Scope::Global]);
}

#[test]
fn who_is_not_in_the_plan_reaches_nothing() {
    let farm = Farm::new();
    let stranger = farm.stranger(1);
    every_call_is_refused(&farm.client(&stranger), &Scope::Global, "MP-STO-005");

    // The same machine with another certificate than the one listed, as after a new enrolment by somebody else.
    let mut listed = allowed(&stranger, None);
    listed.certificates = vec!["0123".to_owned()];
    farm.plan.send_modify(|plan| plan.agents.push(listed));
    every_call_is_refused(&farm.client(&stranger), &Scope::Global, "MP-STO-006");

    let storage =
        farm.authority.enrol(&farm.folder.path().join("s2"), MachineRole::Storage, 9, &["localhost"]);
    farm.plan.send_modify(|plan| plan.agents.push(allowed(&storage, None)));
    every_call_is_refused(&farm.client(&storage), &Scope::Global, "MP-STO-004");
    assert!(!files_below(&farm.base()).iter().any(|name| name.contains("S-1-5")));
}

#[test]
fn a_certificate_that_names_no_machine_reaches_nothing() {
    let farm = Farm::new();
    let (chain, key) = farm.authority.server_certificate(&["console"]);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(farm.authority.certificate()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .unwrap();
    let mut connection = farm.connect_with(config.into());
    let request = b"HEAD /v1/data-sets/global/S-1-5-21-1-2-3-1 HTTP/1.1\r\nhost: s\r\n\r\n";
    assert_eq!(status(&mut connection, request), "HTTP/1.1 403");
}

#[test]
fn another_farm_does_not_even_connect() {
    let farm = Farm::new();
    let other = TestAuthority::new();
    let folder = farm.folder.path().join("other");
    let identity = other.enrol(&folder, MachineRole::Agent, 1, &[]);
    farm.plan.send_modify(|plan| plan.agents.push(allowed(&identity, None)));
    // The client does not trust the server's authority.
    let refused = farm.client(&identity).head(&Scope::Global, &sid(1)).unwrap_err();
    assert!(matches!(refused, ClientError::Network { code: NetCode::ServerNotTrusted, .. }), "{refused}");
    assert!(!refused.may_pass());

    // A client that trusts this farm's authority, but has the other farm's certificate: made by mixing the two folders.
    let agent = farm.stranger(2);
    drop(agent);
    let here = farm.folder.path().join("agent-2");
    for name in ["key.pem", "certificate.pem"] {
        std::fs::copy(folder.join(name), here.join(name)).unwrap();
    }
    let mixed = mp_protocol::Identity::load(&here).unwrap();
    let refused = farm.client(&mixed).head(&Scope::Global, &sid(1)).unwrap_err();
    assert!(matches!(refused, ClientError::Network { code: NetCode::CertificateRefused, .. }), "{refused}");
}

#[test]
fn a_revoked_agent_is_refused_on_the_connection_it_has() {
    let farm = Farm::new();
    let (identity, _) = farm.agent(1, Some("Office"));
    let mut connection = farm.connect(&identity);
    let request = b"HEAD /v1/data-sets/global/S-1-5-21-1-2-3-1 HTTP/1.1\r\nhost: s\r\n\r\n";
    assert_eq!(status(&mut connection, request), "HTTP/1.1 404");
    farm.plan.send_modify(|plan| plan.agents[0].certificates.clear());
    assert_eq!(status(&mut connection, request), "HTTP/1.1 403");
    farm.plan.send_modify(|plan| plan.agents.clear());
    assert_eq!(status(&mut connection, request), "HTTP/1.1 403");
}

/// Sends a request whose answer has no body on a connection that stays.
fn status(connection: &mut (impl Read + Write), request: &[u8]) -> String {
    connection.write_all(request).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        connection.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    String::from_utf8(answer).unwrap()[..12].to_owned()
}

#[test]
fn a_moved_agent_reaches_its_new_group_at_once() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, Some("Office"));
    assert_eq!(client.fetch(&group("Office"), &sid(1), None).unwrap(), Fetched::None);
    farm.plan.send_modify(|plan| plan.agents[0].group = Some("Lab".parse().unwrap()));
    assert_eq!(code(client.fetch(&group("Office"), &sid(1), None)), "MP-STO-007");
    assert_eq!(client.fetch(&group("Lab"), &sid(1), None).unwrap(), Fetched::None);
    // As long as it may have something in its spool, it reaches the former one by name, but is given nothing of it unasked.
    farm.plan.send_modify(|plan| plan.agents[0].former_groups = vec!["Office".parse().unwrap()]);
    let body = data_set(&sid(1), 1, 10);
    client.store(&group("Office"), &sid(1), None, &body).unwrap();
    let scopes: Vec<Scope> =
        client.fetch_user(&sid(1), &[]).unwrap().into_iter().map(|(scope, _)| scope).collect();
    assert_eq!(scopes, [Scope::Global, group("Lab")]);
    let none = mp_profile::VersionTag("\"1-a\"".to_owned());
    assert_eq!(
        client.delete(&group("Lab"), &sid(1), &none, &ChangeRequest::default()).unwrap(),
        Deleted::None
    );
}
