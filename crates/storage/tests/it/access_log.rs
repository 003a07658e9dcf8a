//! What the log says of a request, and what it never says.

use std::{
    io::{self, Write},
    net::SocketAddr,
    sync::{Mutex, Once},
};

use mp_profile::{DataSetStore, Scope, VersionTag};

use crate::support::{Farm, data_set, group, sid};

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that the service of this test binary logs from here on: what it said of requests and connections.
pub(crate) fn listen() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| tracing_subscriber::fmt().json().with_writer(|| Log).init());
}

/// The fields of the lines of the access log.
pub(crate) fn lines() -> Vec<serde_json::Value> {
    let log = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter(|line| line["target"] == "mp_storage::access").map(|line| line["fields"].clone()).collect()
}

/// The codes that were logged of a client's address.
pub(crate) fn codes_of(peer: SocketAddr) -> Vec<String> {
    let of_peer = |line: &serde_json::Value| line["peer"] == peer.to_string();
    lines()
        .iter()
        .filter(|line| of_peer(line))
        .filter_map(|line| Some(line["code"].as_str()?.to_owned()))
        .collect()
}

#[test]
fn every_request_is_logged_without_contents() {
    listen();
    let farm = Farm::new();
    let (_, client) = farm.agent(1, Some("Office"));
    let body = data_set(&sid(4711), 1, 100);
    client.store(&group("Office"), &sid(4711), None, &body).unwrap();
    let wanted = [(Scope::Global, None), (group("Office"), None)];
    client.fetch_all(&sid(4711), &wanted).unwrap();
    let tag = VersionTag("\"1-a\"".to_owned());
    client.fetch(&group("Lab"), &sid(4711), Some((&tag).into())).unwrap_err();

    let lines: Vec<_> = lines().into_iter().filter(|line| line["sid"] == sid(4711).as_str()).collect();
    let told: Vec<String> = lines
        .iter()
        .map(|line| {
            let [agent, method, scope] = [&line["agent"], &line["method"], &line["scope"]];
            format!("{agent} {method} {scope} {} {}", line["status"], line["code"])
        })
        .collect();
    assert_eq!(
        told,
        [
            r#""TS-01" "PUT" "group:Office" 201 null"#,
            r#""TS-01" "GET" null 200 null"#,
            r#""TS-01" "GET" "group:Lab" 403 "MP-STO-007""#,
        ]
    );
    assert_eq!(lines[0]["received"], body.len() as u64);
    assert!(lines[1]["sent"].as_u64().is_some_and(|sent| sent > body.len() as u64));
    assert!(lines.iter().all(|line| line["ms"].is_u64()));
}
