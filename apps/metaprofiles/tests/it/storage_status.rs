//! `metaprofiles storage status` against what a service would answer.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

use mp_storage::{HealthCheck, HealthReport};

use crate::support::metaprofiles;

fn report(ready: bool) -> HealthReport {
    HealthReport {
        ready,
        version: "0.1.0".to_owned(),
        checks: vec![HealthCheck {
            name: "store".to_owned(),
            ok: ready,
            text: "is its disk mounted?".to_owned(),
        }],
        plan_revision: Some(3),
        certificate_expires: 1_800_000_000,
        free_bytes: Some(5_000_000_000),
        total_bytes: Some(9_000_000_000),
        kept_bytes: None,
        flush_micros: Some(1_234),
        connections: 7,
    }
}

/// A monitor that gives this answer to everybody.
fn monitor(status: &'static str, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            assert!(head.starts_with(b"GET /readyz "));
            let len = body.len();
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {len}\r\nconnection: close\r\n\r\n{body}")
                .unwrap();
        }
    });
    address
}

#[test]
fn a_ready_service_is_shown_and_the_command_succeeds() {
    let body = serde_json::to_string(&report(true)).unwrap();
    let address = monitor("200 OK", body.clone());
    let run = metaprofiles(&["storage", "status", "--monitor", &address]).assert().success();
    let text = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    for line in [
        "ready        yes",
        "expires      2027-01-15T08:00:00Z",
        "free         5000 MB",
        "total        9000 MB",
        "flush        1.234 ms",
    ] {
        assert!(text.lines().any(|found| found == line), "{text}");
    }
    let run = metaprofiles(&["storage", "status", "--json", "--monitor", &address]).assert().success();
    assert_eq!(String::from_utf8(run.get_output().stdout.clone()).unwrap(), body + "\n");
}

#[test]
fn one_that_is_not_ready_is_shown_and_the_command_fails() {
    let address = monitor("503 Service Unavailable", serde_json::to_string(&report(false)).unwrap());
    let run = metaprofiles(&["storage", "status", "--monitor", &address]).assert().code(1);
    let text = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    assert!(text.contains("ready        NO") && text.contains("BAD   is its disk mounted?"), "{text}");
}

#[test]
fn what_does_not_answer_is_an_error_that_says_what_to_do() {
    for (address, expected) in [
        ("127.0.0.1:1".to_owned(), "with --monitor 127.0.0.1:1?"),
        (monitor("200 OK", "<html>".to_owned()), "is this the right address?"),
    ] {
        let run = metaprofiles(&["storage", "status", "--monitor", &address]).assert().code(1);
        let text = String::from_utf8(run.get_output().stderr.clone()).unwrap();
        assert!(text.contains(expected), "{text}");
    }
}
