//! The requests of `docs/reference/wire.md`, by the client and by hand.

use std::{
    io::{Read, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use mp_profile::{DataSetStore, Fetched, HeldVersion, Scope, StoreError, Stored};
use mp_protocol::{
    Identity, StorageClient, Waits,
    client::{Deleted, StoredInfo},
    digest::content_digest,
    paths,
    tls::{self, ServerKind},
    versions::ChangeRequest,
};

use crate::support::{Farm, data_set, files_below, group, sid};

/// Sends bytes as they are over TLS and gives back status and the whole answer.
pub(crate) fn raw(farm: &Farm, identity: &Identity, request: &[u8]) -> (u16, String) {
    let mut stream = farm.connect(identity);
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    // A server that refuses a body may close without reading all of it.
    drop(stream.read_to_end(&mut answer));
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no answer to {}", String::from_utf8_lossy(request))), answer)
}

pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: s\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    [text.as_bytes(), body].concat()
}

#[test]
fn a_data_set_lives() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, Some("Office"));
    let (scope, sid) = (group("Office"), sid(1));
    let (one, two) = (data_set(&sid, 1, 1000), data_set(&sid, 2, 200_000));
    assert_eq!(client.fetch(&scope, &sid, None).unwrap(), Fetched::None);
    assert_eq!(client.head(&scope, &sid).unwrap(), None);
    let Stored::As(first) = client.store(&scope, &sid, None, &one).unwrap() else { panic!("conflict") };
    assert_eq!(client.store(&scope, &sid, None, &two).unwrap(), Stored::Conflict);
    let Stored::As(second) = client.store(&scope, &sid, Some(&first), &two).unwrap() else {
        panic!("conflict")
    };
    assert_eq!(client.store(&scope, &sid, Some(&first), &one).unwrap(), Stored::Conflict);
    assert_eq!(
        client.store(&scope, &sid, Some(&first), &two).unwrap(),
        Stored::As(second.clone()),
        "sent again"
    );
    assert_eq!(client.fetch(&scope, &sid, Some((&second).into())).unwrap(), Fetched::NotModified);
    let fetched = Fetched::Data { version: second.clone(), bytes: two.clone() };
    assert_eq!(client.fetch(&scope, &sid, Some((&first).into())).unwrap(), fetched);
    let info = StoredInfo { version: second.clone(), len: two.len() as u64 };
    assert_eq!(client.head(&scope, &sid).unwrap(), Some(info));
    client.quarantine(&scope, &sid, "Grüße, \"Zeile\"\r\nzwei", &one).unwrap();
    assert_eq!(client.fetch(&scope, &sid, None).unwrap(), fetched);
    assert_eq!(client.delete(&scope, &sid, &first, &ChangeRequest::default()).unwrap(), Deleted::Conflict);
    assert_eq!(
        client
            .delete(
                &scope,
                &sid,
                &second,
                &ChangeRequest { reason: "no \"longer\" used".to_owned(), ..ChangeRequest::default() }
            )
            .unwrap(),
        Deleted::Done
    );
    assert_eq!(client.fetch(&scope, &sid, Some((&second).into())).unwrap(), Fetched::None);
    let note = files_below(&farm.base())
        .into_iter()
        .find(|name| name.ends_with(".json") && name.contains("quarantine"));
    let note = std::fs::read_to_string(farm.base().join(note.unwrap())).unwrap();
    assert!(note.contains(r#"Grüße, \"Zeile\"\r\nzwei"#), "{note}");
}

#[test]
fn a_logon_is_one_request() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, Some("Office"));
    let sid = sid(1);
    let (global, office) = (data_set(&sid, 1, 100), data_set(&sid, 2, 100));
    let all = |held: &[(Scope, Option<HeldVersion<'_>>)]| client.fetch_user(&sid, held).unwrap();
    assert_eq!(all(&[]), [(Scope::Global, Fetched::None), (group("Office"), Fetched::None)]);
    let Stored::As(tag) = client.store(&Scope::Global, &sid, None, &global).unwrap() else {
        panic!("conflict")
    };
    client.store(&group("Office"), &sid, None, &office).unwrap();
    let sets = all(&[(Scope::Global, Some((&tag).into())), (group("Office"), None)]);
    assert_eq!(sets[0].1, Fetched::NotModified);
    assert!(matches!(&sets[1].1, Fetched::Data { bytes, .. } if *bytes == office));
    // The Agent's call is that request, whose answers it puts into the order asked for.
    let wanted = [(group("Office"), None), (Scope::Global, Some((&tag).into()))];
    let fetched = client.fetch_all(&sid, &wanted).unwrap();
    assert!(matches!(&fetched[0], Fetched::Data { bytes, .. } if *bytes == office));
    assert_eq!(fetched[1], Fetched::NotModified);
    let refused = client.fetch_all(&sid, &[(Scope::Global, None), (group("Lab"), None)]).unwrap_err();
    assert!(refused.to_string().contains("group"), "{refused}");
    // The tag of one scope says nothing about the other.
    let sets = all(&[(group("Office"), Some((&tag).into()))]);
    assert!(sets.iter().all(|(_, fetched)| matches!(fetched, Fetched::Data { .. })));
}

#[test]
fn nothing_leads_out_of_the_base_folder() {
    let farm = Farm::new();
    let (identity, _) = farm.agent(1, Some("Office"));
    let body = data_set(&sid(1), 1, 10);
    let before = files_below(farm.folder.path());
    for (scope, sid) in [
        ("..", "S-1-5-21-1-2-3-1"),
        ("%2e%2e", "S-1-5-21-1-2-3-1"),
        ("global%2f..%2f..", "S-1-5-21-1-2-3-1"),
        ("group:..", "S-1-5-21-1-2-3-1"),
        ("group:..%5c..", "S-1-5-21-1-2-3-1"),
        ("group:a%00", "S-1-5-21-1-2-3-1"),
        ("group:", "S-1-5-21-1-2-3-1"),
        ("group:con", "S-1-5-21-1-2-3-1"),
        ("Global", "S-1-5-21-1-2-3-1"),
        ("global", ".."),
        ("global", "%2e%2e%2f%2e%2e%2fx"),
        ("global", "S-1-5-18"),
        ("global", "S-1-5-21-1-2-3-1.mpd"),
        ("global", "S-1-5-21-1-2-3-1%00"),
        ("global", "S-1-5-21-1-2-3-1%2f..%2fx"),
        ("global", "%ff%fe"),
        ("global", "S-1-5-21-1-2-3-1/../../x"),
    ] {
        for (method, end) in [("PUT", ""), ("GET", ""), ("DELETE", ""), ("POST", "/quarantine")] {
            let digest = content_digest(&body);
            let len = body.len().to_string();
            let headers = [
                ("if-none-match", "*"),
                ("content-digest", &digest),
                ("content-length", &len),
                ("mp-reason", "x"),
            ];
            let path = format!("/v1/data-sets/{scope}/{sid}{end}");
            let (status, answer) = raw(&farm, &identity, &request(method, &path, &headers, &body));
            assert!((400..500).contains(&status), "{method} {path}: {answer}");
        }
    }
    assert_eq!(files_below(farm.folder.path()), before);
}

#[test]
fn refuses_with_the_documented_status_and_code() {
    let farm = Farm::new();
    let (identity, client) = farm.agent(1, Some("Office"));
    let good = data_set(&sid(1), 1, 100);
    client.store(&Scope::Global, &sid(1), None, &good).unwrap();
    let path = "/v1/data-sets/global/S-1-5-21-1-2-3-1";
    let check = |method: &str, path: &str, headers: &[(&str, &str)], body: &[u8], expected: (u16, &str)| {
        let (status, answer) = raw(&farm, &identity, &request(method, path, headers, body));
        assert_eq!(status, expected.0, "{method} {path} {headers:?}: {answer}");
        assert!(answer.contains(expected.1), "{method} {path} {headers:?}: {answer}");
    };
    let put = |base: (&str, &str), digest: &str, len: &str, body: &[u8], expected: (u16, &str)| {
        check("PUT", path, &[base, ("content-digest", digest), ("content-length", len)], body, expected);
    };
    let (digest, len) = (content_digest(&good), good.len().to_string());
    let base = ("if-none-match", "*");
    check("GET", "/v1/elsewhere", &[], b"", (404, "MP-STO-002"));
    check("GET", "/", &[], b"", (404, "MP-STO-002"));
    check("POST", path, &[], b"", (405, "MP-STO-003"));
    check("GET", "/v1/data-sets/global/S-1-5-21-1-2-3-9", &[], b"", (404, "mp-no-data-set: 1"));
    check("PUT", path, &[("content-digest", &digest), ("content-length", &len)], &good, (428, "MP-STO-009"));
    check("DELETE", path, &[], b"", (428, "MP-STO-009"));
    check("DELETE", path, &[base], b"", (400, "MP-STO-010"));
    check(
        "PUT",
        path,
        &[base, ("content-digest", &digest), ("transfer-encoding", "chunked")],
        b"0\r\n\r\n",
        (411, "MP-STO-012"),
    );
    check("PUT", path, &[base, ("content-length", &len)], &good, (400, "MP-STO-010"));
    check("GET", "/v1/users/S-1-5-21-1-2-3-1/data-sets", &[("mp-held", "global")], b"", (400, "MP-STO-010"));
    check(
        "POST",
        &format!("{path}/quarantine"),
        &[("content-digest", &digest), ("content-length", &len)],
        &good,
        (400, "MP-STO-010"),
    );
    for bad in [
        ("if-match", "*"),
        ("if-match", "W/\"a\""),
        ("if-match", "\"a\", \"b\""),
        ("if-none-match", "\"a\""),
        ("if-match", ""),
    ] {
        put(bad, &digest, &len, &good, (400, "MP-STO-010"));
    }
    let other = data_set(&sid(1), 2, 100);
    put(base, &content_digest(&other), &other.len().to_string(), &other, (412, "MP-STO-011"));
    put(base, &digest, "134217793", b"", (413, "MP-STO-013"));
    put(base, &content_digest(b"x"), &len, &good, (400, "MP-STO-014"));
    put(base, &content_digest(b"garbage"), "7", b"garbage", (422, "MP-STO-015"));
    let mut damaged = good.clone();
    *damaged.last_mut().unwrap() ^= 1;
    put(base, &content_digest(&damaged), &len, &damaged, (422, "MP-STO-015"));
    let someone = data_set(&sid(2), 1, 100);
    put(base, &content_digest(&someone), &someone.len().to_string(), &someone, (422, "MP-STO-016"));
    assert!(
        matches!(client.fetch(&Scope::Global, &sid(1), None).unwrap(), Fetched::Data { bytes, .. } if bytes == good)
    );
}

#[test]
fn a_refused_body_ends_the_connection_and_the_answer_says_so() {
    let farm = Farm::new();
    let (identity, _) = farm.agent(1, Some("Office"));
    let body = data_set(&sid(1), 1, 100);
    let len = body.len().to_string();
    for path in ["/v1/data-sets/global/S-1-5-21-1-2-3-1", "/v1/data-sets/group:Lab/S-1-5-21-1-2-3-1"] {
        let put = request("PUT", path, &[("content-length", &len)], &body);
        let kept =
            String::from_utf8_lossy(&put[..put.len() - body.len()]).replace("connection: close\r\n", "");
        let (status, answer) = raw(&farm, &identity, &[kept.as_bytes(), &body].concat());
        assert!((400..500).contains(&status) && answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
    let get = request("GET", "/v1/elsewhere", &[], b"");
    let get = String::from_utf8(get).unwrap().replace("connection: close\r\n", "");
    let last = request("GET", "/v1/elsewhere", &[], b"");
    let (_, answers) = raw(&farm, &identity, &[get.as_bytes(), &last].concat());
    assert_eq!(
        answers.matches("MP-STO-002").count(),
        2,
        "what brings no body leaves the connection: {answers}"
    );
}

#[test]
fn says_that_a_damaged_data_set_is_damaged() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, None);
    client.store(&Scope::Global, &sid(1), None, &data_set(&sid(1), 1, 100)).unwrap();
    std::fs::write(farm.base().join("global/S-1-5-21-1-2-3-1.mpd"), b"x").unwrap();
    let error = client.fetch(&Scope::Global, &sid(1), None).unwrap_err();
    assert!(
        matches!(&error, StoreError::Unreachable { text, .. } if text.starts_with("MP-STO-020")),
        "{error}"
    );
    assert!(!error.to_string().contains("S-1-5"), "paths of the server stay there: {error}");
}

#[test]
fn only_storage_itself_says_that_there_is_none() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, None);
    let elsewhere = farm.serve_elsewhere(axum::Router::new());
    assert_eq!(client.fetch(&Scope::Global, &sid(1), None).unwrap(), Fetched::None);
    let error = farm.client_of(1, elsewhere).fetch(&Scope::Global, &sid(1), None).unwrap_err();
    assert!(
        matches!(&error, StoreError::Unreachable { text, .. } if text.starts_with("MP-NET-005")),
        "{error}"
    );
}

#[test]
fn a_body_that_was_altered_on_the_way_back_is_not_taken() {
    let farm = Farm::new();
    drop(farm.agent(1, None));
    let headers = [("etag", "\"1-a\"".to_owned()), ("content-digest", content_digest(b"content"))];
    let altered = axum::routing::get(async move || (headers, "CONTENT"));
    let elsewhere = farm.serve_elsewhere(axum::Router::new().fallback_service(altered));
    let error = farm.client_of(1, elsewhere).fetch(&Scope::Global, &sid(1), None).unwrap_err();
    assert!(
        matches!(&error, StoreError::Unreachable { text, .. } if text.starts_with("MP-NET-006")),
        "{error}"
    );
}

#[test]
fn no_call_waits_longer_than_it_may() {
    let farm = Farm::new();
    let identity = farm.stranger(1);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut target = farm.target();
    target.port = silent.local_addr().unwrap().port();
    let tls = tls::machine_client(&identity, ServerKind::Storage).unwrap();
    let waits = Waits { connect_ms: 300, fetch_ms: 600, upload_ms: 600, ..Waits::default() };
    let client = StorageClient::new(Arc::clone(&tls), &target, waits);
    let begun = Instant::now();
    let error = client.fetch(&Scope::Global, &sid(1), None).unwrap_err();
    assert!(
        matches!(&error, StoreError::Unreachable { text, .. } if text.starts_with("MP-NET-002")),
        "{error}"
    );
    assert!(begun.elapsed() < Duration::from_secs(2));
    drop(silent);
    let error = StorageClient::new(tls, &target, waits).fetch(&Scope::Global, &sid(1), None).unwrap_err();
    assert!(
        matches!(&error, StoreError::Unreachable { text, .. } if text.starts_with("MP-NET-001")),
        "{error}"
    );
}

#[test]
fn a_restart_keeps_everything_and_the_client_finds_its_way_back() {
    let mut farm = Farm::new();
    let (identity, client) = farm.agent(1, None);
    let Stored::As(tag) = client.store(&Scope::Global, &sid(1), None, &data_set(&sid(1), 1, 100)).unwrap()
    else {
        panic!("conflict")
    };
    let address = farm.running.as_ref().unwrap().address();
    farm.stop();
    assert!(matches!(client.fetch(&Scope::Global, &sid(1), None), Err(StoreError::Unreachable { .. })));
    let path = paths::data_set(&Scope::Global, &sid(1));
    assert_eq!(path, "/v1/data-sets/global/S-1-5-21-1-2-3-1");

    farm.restart(address);
    assert_eq!(client.fetch(&Scope::Global, &sid(1), Some((&tag).into())).unwrap(), Fetched::NotModified);
    assert_eq!(
        farm.client(&identity).fetch(&Scope::Global, &sid(1), Some((&tag).into())).unwrap(),
        Fetched::NotModified
    );
}

#[test]
fn large_data_sets_travel_whole() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, None);
    let body = data_set(&sid(1), 1, 20_000_000);
    let Stored::As(tag) = client.store(&Scope::Global, &sid(1), None, &body).unwrap() else {
        panic!("conflict")
    };
    let Fetched::Data { version, bytes } = client.fetch(&Scope::Global, &sid(1), None).unwrap() else {
        panic!("nothing is stored")
    };
    assert!(version == tag && bytes == body);
    let other = client.store(&Scope::Global, &sid(2), None, &body).unwrap_err();
    assert!(other.to_string().contains("MP-STO-016"), "{other}");
}

#[test]
fn a_file_of_a_later_format_version_is_kept_if_its_seal_stands() {
    let farm = Farm::new();
    let (_, client) = farm.agent(1, None);
    let mut body = data_set(&sid(1), 1, 100);
    body[8] = 99;
    let unsealed = client.store(&Scope::Global, &sid(1), None, &body).unwrap_err();
    assert!(unsealed.to_string().contains("MP-STO-015"), "{unsealed}");
    let seal = blake3::Hasher::new().update(&body[..32]).update(&body[64..]).finalize();
    body[32..64].copy_from_slice(seal.as_bytes());
    client.store(&Scope::Global, &sid(1), None, &body).unwrap();
    assert!(
        matches!(client.fetch(&Scope::Global, &sid(1), None).unwrap(), Fetched::Data { bytes, .. } if bytes == body)
    );
}
