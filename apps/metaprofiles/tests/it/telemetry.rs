//! Traces of requests and chores go to a collector that is asked for, over OTLP.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    process::{Child, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value, trace::v1::Span,
};
use prost::Message;

use crate::support::Folder;

/// What a collector got.
type Got = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

/// A collector that takes everything. Gives its address.
fn collector() -> (String, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, got) = (format!("http://{}", listener.local_addr().unwrap()), Got::default());
    let taken = Arc::clone(&got);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            while let Some(request) = request(&mut reader) {
                taken.lock().unwrap().push(request);
                let answer =
                    "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    (url, got)
}

/// One request; `None` at the end of the connection.
fn request(reader: &mut impl BufRead) -> Option<ExportTraceServiceRequest> {
    let mut length = 0;
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    assert!(first.starts_with("POST /v1/traces HTTP/1.1"), "{first}");
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Some(ExportTraceServiceRequest::decode(body.as_slice()).unwrap())
}

/// A console that runs, and its port.
fn console(folder: &Folder, collector: Option<&str>) -> (Child, u16) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_metaprofiles"));
    command.args(["console", "--listen", "127.0.0.1:0", "--state"]).arg(folder.path("console"));
    command.args(collector.into_iter().flat_map(|url| ["--otlp-endpoint", url]));
    command.env_remove("OTEL_EXPORTER_OTLP_ENDPOINT").env("OTEL_BSP_SCHEDULE_DELAY", "100");
    let mut console = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(console.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim().rsplit(':').next().unwrap().parse().unwrap();
    (console, port)
}

fn ask(port: u16) {
    let tls = ureq::tls::TlsConfig::builder()
        .disable_verification(true)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let config = ureq::Agent::config_builder().tls_config(tls).http_status_as_error(false).build();
    let agent = ureq::Agent::new_with_config(config);
    let answer =
        agent.get(format!("https://127.0.0.1:{port}/api/v1/users/S-1-5-21-1-2-3-1001")).call().unwrap();
    assert_eq!(answer.status(), 401);
}

fn spans(got: &Got) -> Vec<(String, Span)> {
    let requests = got.lock().unwrap().clone();
    let mut found = Vec::new();
    for resource in requests.into_iter().flat_map(|request| request.resource_spans) {
        let attributes = resource.resource.unwrap().attributes;
        let name = attributes.into_iter().find(|attribute| attribute.key == "service.name").unwrap();
        let Some(Value::StringValue(name)) = name.value.unwrap().value else { panic!("no name") };
        let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        found.extend(spans.map(|span| (name.clone(), span)));
    }
    found
}

#[test]
fn requests_and_chores_are_traced_for_whoever_asks() {
    let folder = Folder::new();
    let (url, got) = collector();
    let (mut console, port) = console(&folder, Some(&url));
    ask(port);
    let request = "GET /api/v1/users/{sid}";
    for _ in 0..500 {
        let names: Vec<String> = spans(&got).into_iter().map(|(_, span)| span.name).collect();
        if names.iter().any(|name| name == request) && names.iter().any(|name| name == "chore trim") {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    console.kill().unwrap();
    console.wait().unwrap();
    let spans = spans(&got);
    let (service, span) = spans.iter().find(|(_, span)| span.name == request).unwrap();
    assert_eq!(service, "metaprofiles-console");
    let status =
        span.attributes.iter().find(|attribute| attribute.key == "http.response.status_code").unwrap();
    assert_eq!(status.value.clone().unwrap().value, Some(Value::IntValue(401)));
    assert!(spans.iter().any(|(_, span)| span.name == "chore trim"), "{spans:?}");
    assert!(!format!("{spans:?}").contains("S-1-5"), "nothing of a user");
}
