//! What attackers try: strangers' certificates, uploads that are not what they say. Each is refused and logged under a code.
//! Others are in `authorisation.rs` (revoked, another group's scope), `requests.rs` (paths) and `slow.rs`.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, SystemTime},
};

use mp_profile::{DataSetStore, Scope, Stored};
use mp_protocol::{
    Identity, MachineId, MachineKey, MachineName, MachineRole,
    client::Deleted,
    digest::content_digest,
    paths,
    test_authority::TestAuthority,
    tls::{self, ServerKind},
    versions::ChangeRequest,
};
use rustls::{
    ClientConfig, ClientConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer},
};

use crate::{
    access_log,
    following::eventually,
    requests::{raw, request},
    support::{Farm, allowed, data_set, files_below, sid},
};

const HEAD: &[u8] = b"HEAD /v1/data-sets/global/S-1-5-21-1-2-3-1 HTTP/1.1\r\nhost: s\r\n\r\n";

/// Sends a request with a certificate, and says from where; no answer may come.
fn no_answer(farm: &Farm, config: Arc<ClientConfig>) -> SocketAddr {
    let mut stream = farm.connect_with(config);
    let from = stream.sock.local_addr().unwrap();
    drop(stream.write_all(HEAD).and_then(|()| stream.flush()));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    assert_eq!(answer, b"", "{}", String::from_utf8_lossy(&answer));
    from
}

fn is_logged(from: SocketAddr, code: &str) {
    eventually(code, || access_log::codes_of(from) == [code]);
}

/// A client that trusts the farm and shows this certificate, or none.
fn client(
    farm: &Farm,
    shown: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
) -> Arc<ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(farm.authority.certificate()).unwrap();
    let builder = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(match shown {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
        None => builder.with_no_client_auth(),
    })
}

fn aged(farm: &Farm, age: Duration) -> Identity {
    let machine = MachineName { role: MachineRole::Agent, id: MachineId::from_random([7; 16]) };
    let (key, then) = (MachineKey::generate().unwrap(), SystemTime::now() - age);
    let signed = farm.authority.sign(&machine, &key.signing_request().unwrap(), &[], then);
    let token = farm.authority.token([7; 32]);
    Identity::create(farm.folder.path().join("aged"), key, &token, "https://localhost:1", &signed, then)
        .unwrap()
}

#[test]
fn without_a_certificate_nobody_connects() {
    access_log::listen();
    let farm = Farm::new();
    is_logged(no_answer(&farm, client(&farm, None)), "MP-STO-131");
    let counted = "connections_ended_total{code=\"MP-STO-131\"} 1";
    eventually("it is counted", || farm.metrics.text().contains(counted));
}

#[test]
fn with_an_expired_certificate_nobody_connects() {
    access_log::listen();
    let farm = Farm::new();
    let identity = aged(&farm, Duration::from_secs(60 * 24 * 3600));
    farm.plan.send_modify(|plan| plan.agents.push(allowed(&identity, None)));
    is_logged(no_answer(&farm, tls::machine_client(&identity, ServerKind::Storage).unwrap()), "MP-STO-132");
}

#[test]
fn with_a_self_signed_certificate_or_another_farms_nobody_connects() {
    access_log::listen();
    let farm = Farm::new();
    let agent = farm.stranger(1);
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    // It says that it is an Agent that the plan lists.
    let name = agent.machine().to_string().try_into().unwrap();
    params.subject_alt_names.push(rcgen::SanType::URI(name));
    let own = params.self_signed(&key).unwrap();
    farm.plan.send_modify(|plan| plan.agents.push(allowed(&agent, None)));
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    is_logged(no_answer(&farm, client(&farm, Some((vec![own.der().clone()], key)))), "MP-STO-133");
    let other = TestAuthority::new().server_certificate(&["localhost"]);
    is_logged(no_answer(&farm, client(&farm, Some(other))), "MP-STO-133");
}

#[test]
fn what_is_not_tls_is_refused() {
    access_log::listen();
    let farm = Farm::new();
    let mut plain = TcpStream::connect(farm.running.as_ref().unwrap().address()).unwrap();
    let from = plain.local_addr().unwrap();
    plain.write_all(HEAD).unwrap();
    // An alert of TLS at most, and the end.
    drop(plain.read_to_end(&mut Vec::new()));
    is_logged(from, "MP-STO-134");
}

/// The headers of an upload.
fn put(farm: &Farm, identity: &Identity, base: (&str, &str), len: usize, body: &[u8]) -> (u16, String) {
    let (digest, len) = (content_digest(body), len.to_string());
    let headers = [base, ("content-digest", digest.as_str()), ("content-length", len.as_str())];
    raw(farm, identity, &request("PUT", &paths::data_set(&Scope::Global, &sid(1)), &headers, body))
}

#[test]
fn a_compressed_bomb_is_refused_without_being_unpacked() {
    let farm = Farm::new();
    let (identity, client) = farm.agent(1, None);
    // A quarter of a gigabyte of nothing in a few kilobytes, in a header that tells of a megabyte, tells the truth, or more.
    let bomb = {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        std::io::copy(&mut std::io::repeat(0).take(256 << 20), &mut encoder).unwrap();
        encoder.finish().unwrap()
    };
    for told in [1 << 20, 256_u64 << 20, u64::MAX] {
        let mut file = data_set(&sid(1), 1, 10)[..64].to_vec();
        file.extend_from_slice(&bomb);
        file[16..24].copy_from_slice(&(bomb.len() as u64).to_le_bytes());
        file[24..32].copy_from_slice(&told.to_le_bytes());
        let seal = blake3::Hasher::new().update(&file[..32]).update(&file[64..]).finalize();
        file[32..64].copy_from_slice(seal.as_bytes());
        let (status, answer) = put(&farm, &identity, ("if-none-match", "*"), file.len(), &file);
        assert!(status == 422 && answer.contains("MP-STO-015"), "{told}: {answer}");
    }
    assert!(client.head(&Scope::Global, &sid(1)).unwrap().is_none());
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    let farm = Farm::new();
    let (identity, client) = farm.agent(1, None);
    let whole = data_set(&sid(1), 1, 50_000);
    let part = &whole[..20_000];
    let config = tls::machine_client(&identity, ServerKind::Storage).unwrap();
    let mut stream: StreamOwned<ClientConnection, TcpStream> = farm.connect_with(config);
    let (digest, len) = (content_digest(&whole), whole.len().to_string());
    let headers =
        [("if-none-match", "*"), ("content-digest", digest.as_str()), ("content-length", len.as_str())];
    let path = paths::data_set(&Scope::Global, &sid(1));
    stream.write_all(&request("PUT", &path, &headers, part)).unwrap();
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    stream.sock.shutdown(std::net::Shutdown::Write).unwrap();
    drop(stream.read_to_end(&mut Vec::new()));
    let counted = "metaprofiles_storage_refusals_total{code=\"MP-STO-017\"} 1";
    eventually("it is refused", || farm.metrics.text().contains(counted));
    assert!(client.head(&Scope::Global, &sid(1)).unwrap().is_none());
    assert!(files_below(&farm.base()).iter().all(|name| !name.contains("S-1-5")));
    // A file that was cut before it was sent is not taken for a whole one.
    let (status, answer) = put(&farm, &identity, ("if-none-match", "*"), part.len(), part);
    assert!(status == 422 && answer.contains("MP-STO-015"), "{answer}");
}

#[test]
fn an_upload_that_comes_again_changes_nothing() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, None);
    let (one, two) = (data_set(&sid(1), 1, 100), data_set(&sid(1), 2, 100));
    let stored = |base, body: &[u8]| client.store(&Scope::Global, &sid(1), base, body).unwrap();
    let Stored::As(first) = stored(None, &one) else { panic!("conflict") };
    let Stored::As(second) = stored(Some(&first), &two) else { panic!("conflict") };
    // The last upload, by somebody who did not get the answer: the same version, not one more.
    assert_eq!(stored(Some(&first), &two), Stored::As(second.clone()));
    // An older one, kept by somebody who wants to turn back time.
    assert_eq!(stored(None, &one), Stored::Conflict);
    assert_eq!(
        client.delete(&Scope::Global, &sid(1), &first, &ChangeRequest::default()).unwrap(),
        Deleted::Conflict
    );
    assert_eq!(client.head(&Scope::Global, &sid(1)).unwrap().unwrap().version, second);
    // Nothing is taken before the handshake is done, so that no record can be played back.
    let server = tls::storage_server(&Identity::load(farm.folder.path().join("state")).unwrap()).unwrap();
    assert_eq!(server.max_early_data_size, 0);
}

#[test]
fn a_file_that_was_exchanged_in_the_store_is_not_given_out() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, None);
    for number in [1, 2] {
        client.store(&Scope::Global, &sid(number), None, &data_set(&sid(number), 1, 100)).unwrap();
    }
    let place = |number| farm.base().join(format!("global/{}.mpd", sid(number)));
    std::fs::copy(place(1), place(2)).unwrap();
    let refused = client.fetch(&Scope::Global, &sid(2), None).unwrap_err();
    assert!(refused.to_string().contains("MP-STO-034"), "{refused}");
    assert!(
        !refused.to_string().contains(sid(1).as_str()),
        "whose it is stays in the server's log: {refused}"
    );
    assert!(client.fetch_user(&sid(2), &[]).unwrap_err().to_string().contains("MP-STO-034"));
    client.fetch(&Scope::Global, &sid(1), None).unwrap();
}
