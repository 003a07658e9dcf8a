//! Answers that are given before the whole request was read: the client sees them, however much it sends, and can use the
//! connection again.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::CertificateDer};

use crate::support::Farm;

/// How often each of them is tried: what is wrong here goes well most of the time.
const TIMES: usize = 25;
/// More than any address takes, and than a socket's buffers hold.
const LARGE: usize = 3 << 20;

type Stream = StreamOwned<ClientConnection, TcpStream>;

fn connect(farm: &Farm) -> Stream {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(farm.authority())).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let socket = TcpStream::connect(("127.0.0.1", farm.port())).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    StreamOwned::new(connection, socket)
}

fn head(method: &str, path: &str, length: usize) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// Sends all of a request, and only then looks for the answer. Gives its status.
fn ask(stream: &mut Stream, method: &str, path: &str, length: usize) -> String {
    stream.write_all(head(method, path, length).as_bytes()).unwrap();
    stream.write_all(&vec![b' '; length]).unwrap();
    stream.flush().unwrap();
    answer(stream)
}

/// Reads one answer. Gives its status.
fn answer(stream: &mut Stream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    std::io::copy(&mut stream.take(length.parse().unwrap()), &mut std::io::sink()).unwrap();
    head.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn an_answer_arrives_however_much_of_the_request_was_not_read() {
    let farm = Farm::new();
    let requests = [
        ("PUT", "/api/v1/configuration", "401"),
        ("POST", "/api/v1/sessions", "413"),
        ("POST", "/machine/v1/session-reports", "401"),
        ("POST", "/api/v1/nothing", "404"),
        ("PATCH", "/api/v1/sessions", "405"),
    ];
    for (method, path, status) in requests {
        for _ in 0..TIMES {
            let mut stream = connect(&farm);
            assert_eq!(ask(&mut stream, method, path, LARGE), status, "{method} {path}");
            // The connection is good for the next request.
            assert_eq!(ask(&mut stream, method, path, LARGE), status, "{method} {path} once more");
        }
    }
}

#[test]
fn a_body_that_has_no_end_is_not_read_for_ever() {
    let farm = Farm::new();
    let mut stream = connect(&farm);
    stream.write_all(head("POST", "/api/v1/nothing", 1 << 40).as_bytes()).unwrap();
    let part = vec![b' '; 1 << 20];
    let broken = (0..1_000).find_map(|_| stream.write_all(&part).and_then(|()| stream.flush()).err());
    assert!(broken.is_some(), "a gigabyte was taken");
}

#[test]
fn a_body_that_does_not_come_holds_up_neither_the_answer_nor_the_connections_end() {
    let farm = Farm::new();
    let mut stream = connect(&farm);
    stream.write_all(head("POST", "/api/v1/nothing", LARGE).as_bytes()).unwrap();
    stream.flush().unwrap();
    assert_eq!(answer(&mut stream), "404");
    match stream.read(&mut [0]) {
        Ok(0) => {}
        Err(error) => {
            assert!(![ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()), "{error}")
        }
        Ok(_) => panic!("nothing more was to come"),
    }
}
