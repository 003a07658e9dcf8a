//! Clients that take their time: none of them keeps anything for long.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use mp_profile::{DataSetStore, Scope};
use mp_protocol::{digest::content_digest, paths};
use mp_storage::Patience;

use crate::{
    access_log,
    following::eventually,
    requests::request,
    support::{Farm, data_set, sid},
};

const SHORT: Duration = Duration::from_millis(400);

fn hasty() -> Farm {
    access_log::listen();
    Farm::with_patience(Patience {
        handshake: SHORT,
        head: SHORT,
        piece: SHORT,
        body: SHORT * 4,
        reading: SHORT,
    })
}

#[test]
fn a_handshake_that_does_not_go_on_ends() {
    let farm = hasty();
    let mut silent = TcpStream::connect(farm.running.as_ref().unwrap().address()).unwrap();
    assert_eq!(silent.read(&mut [0; 100]).unwrap_or_default(), 0);
    let from = silent.local_addr().unwrap();
    eventually("it is logged", || access_log::codes_of(from) == ["MP-STO-134"]);
}

#[test]
fn a_head_that_comes_letter_by_letter_ends() {
    let farm = hasty();
    let (identity, _) = farm.agent(1, None);
    let mut stream = farm.connect(&identity);
    let from = stream.sock.local_addr().unwrap();
    let head = "GET /v1/data-sets/global/S-1-5-21-1-2-3-1 HTTP/1.1\r\nhost: s\r\nx-slow: ".to_owned()
        + &"x".repeat(1000);
    let begun = Instant::now();
    for letter in head.bytes() {
        if stream.write_all(&[letter]).and_then(|()| stream.flush()).is_err() {
            break;
        }
        std::thread::sleep(SHORT / 20);
    }
    drop(stream.read_to_end(&mut Vec::new()));
    assert!(begun.elapsed() < SHORT * 20, "the head went on for {:?}", begun.elapsed());
    eventually("it is logged", || access_log::codes_of(from) == ["MP-STO-137"]);
}

/// Sends the head of an upload, then a piece of the body at a time; gives the answer.
fn upload_in_pieces(farm: &Farm, pause: Duration) -> String {
    let (identity, _) = farm.agent(1, None);
    let body = data_set(&sid(1), 1, 50_000);
    let (digest, len) = (content_digest(&body), body.len().to_string());
    let headers =
        [("if-none-match", "*"), ("content-digest", digest.as_str()), ("content-length", len.as_str())];
    let mut stream = farm.connect(&identity);
    stream.sock.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let path = paths::data_set(&Scope::Global, &sid(1));
    stream.write_all(&request("PUT", &path, &headers, &body[..100])).unwrap();
    stream.flush().unwrap();
    for piece in body[100..].chunks(100).take(100) {
        std::thread::sleep(pause);
        if stream.write_all(piece).and_then(|()| stream.flush()).is_err() || pause > SHORT {
            break;
        }
    }
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_body_that_does_not_go_on_is_refused() {
    let farm = hasty();
    let answer = upload_in_pieces(&farm, SHORT * 2);
    assert!(answer.contains("408") && answer.contains("MP-STO-017"), "{answer}");
}

#[test]
fn a_body_that_trickles_is_refused() {
    let farm = hasty();
    upload_in_pieces(&farm, SHORT / 8);
    let counted = "refusals_total{code=\"MP-STO-017\"} 1";
    eventually("it is refused", || farm.metrics.text().contains(counted));
}

#[test]
fn an_answer_that_nobody_reads_ends_and_gives_its_memory_back() {
    let farm = hasty();
    let (identity, client) = farm.agent(1, None);
    // More than the buffers of two sockets take.
    client.store(&Scope::Global, &sid(1), None, &data_set(&sid(1), 1, 30_000_000)).unwrap();
    let mut stream = farm.connect(&identity);
    let from = stream.sock.local_addr().unwrap();
    stream.write_all(&request("GET", &paths::data_set(&Scope::Global, &sid(1)), &[], b"")).unwrap();
    stream.flush().unwrap();
    let kept = |text: &str| text.lines().any(|line| line == "metaprofiles_storage_body_memory_bytes 0");
    eventually("the answer takes memory", || !kept(&farm.metrics.text()));
    eventually("it is logged", || access_log::codes_of(from) == ["MP-STO-136"]);
    eventually("the memory is given back", || kept(&farm.metrics.text()));
    client.head(&Scope::Global, &sid(1)).unwrap();
}
