//! What the log says of a request, and what it never says.

use std::{
    io::{self, Write},
    sync::Mutex,
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

#[test]
fn every_request_is_logged_without_contents() {
    // The whole test binary logs to here; this test looks at its own users only.
    tracing_subscriber::fmt().json().with_writer(|| Log).init();
    let farm = Farm::new();
    let (_, client) = farm.agent(1, Some("Office"));
    let body = data_set(&sid(4711), 1, 100);
    client.store(&group("Office"), &sid(4711), None, &body).unwrap();
    let wanted = [(Scope::Global, None), (group("Office"), None)];
    client.fetch_all(&sid(4711), &wanted).unwrap();
    client.fetch(&group("Lab"), &sid(4711), Some(&VersionTag("\"1-a\"".to_owned()))).unwrap_err();

    let log = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|line| line["target"] == "mp_storage::access" && line["fields"]["sid"] == sid(4711).as_str())
        .collect();
    let told: Vec<String> = lines
        .iter()
        .map(|line| {
            let fields = &line["fields"];
            format!("{} {} {} {}", fields["agent"], fields["method"], fields["scope"], fields["status"])
        })
        .collect();
    assert_eq!(
        told,
        [
            r#""TS-01" "PUT" "group:Office" 201"#,
            r#""TS-01" "GET" null 200"#,
            r#""TS-01" "GET" "group:Lab" 403"#,
        ]
    );
    assert_eq!(lines[0]["fields"]["received"], body.len() as u64);
    assert!(lines[1]["fields"]["sent"].as_u64().is_some_and(|sent| sent > body.len() as u64));
    assert!(lines.iter().all(|line| line["fields"]["ms"].is_u64()));
}
