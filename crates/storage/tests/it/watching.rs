//! What those see who watch the service: readiness, metrics, and its end.

use std::{net::SocketAddr, time::Duration};

use mp_profile::{DataSetStore, Scope};
use mp_protocol::{
    Identity, MachineRole, StorageClient, StorageTarget, Waits,
    tls::{self, ServerKind},
};
use mp_storage::{Backend, FolderBackend, HealthReport, RunOptions, backend::folder::FirstUse, run};
use tokio::sync::oneshot;

use crate::{
    following::{Console, enrolled, eventually, free_port, runtime},
    support::{allowed, data_set, files_below, plan, sid},
};

/// Status and body, or nothing when nobody answers.
fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let mut answer =
        ureq::Agent::new_with_config(config).get(format!("http://{address}{path}")).call().ok()?;
    Some((answer.status().as_u16(), answer.body_mut().read_to_string().ok()?))
}

fn report(address: SocketAddr) -> Option<(u16, HealthReport)> {
    let (status, body) = get(address, "/readyz")?;
    Some((status, serde_json::from_str(&body).unwrap()))
}

fn bad(report: &HealthReport) -> Vec<&str> {
    report.checks.iter().filter(|check| !check.ok).map(|check| check.name.as_str()).collect()
}

#[test]
fn readiness_and_metrics_say_how_the_service_is() {
    let runtime = runtime();
    let (console, url) = Console::start(&runtime, Duration::ZERO);
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let identity = enrolled(&console, &url, &state, MachineRole::Storage);
    let monitor = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let (stop, stopped) = oneshot::channel::<()>();
    let options = RunOptions {
        listen: Some("127.0.0.1".parse().unwrap()),
        monitor: Some(monitor),
        notice: Duration::from_secs(2),
        ..RunOptions::new(&state)
    };
    let task = runtime.spawn(run(options, async { drop(stopped.await) }));

    // Without a plan it is alive, and not ready.
    eventually("the monitor answers", || get(monitor, "/healthz") == Some((200, "alive\n".to_owned())));
    let (status, early) = report(monitor).unwrap();
    assert_eq!((status, early.ready, bad(&early)), (503, false, vec!["plan", "store"]));

    let mut first = plan(&folder.path().join("base"), &identity);
    first.port = free_port();
    let agent = console.authority.enrol(&folder.path().join("agent"), MachineRole::Agent, 1, &[]);
    first.agents.push(allowed(&agent, Some("Office")));
    console.plan.send_replace(Some(first.clone()));
    eventually("it is ready", || {
        report(monitor).is_some_and(|(status, report)| status == 200 && report.ready)
    });
    let (_, well) = report(monitor).unwrap();
    assert_eq!((well.plan_revision, bad(&well)), (Some(1), vec![]));
    assert!(well.free_bytes.is_some_and(|free| free > 0) && well.flush_micros.is_some());
    assert!(well.total_bytes > well.free_bytes && well.kept_bytes.is_none(), "{well:?}");
    assert!(files_below(&folder.path().join("base")).iter().all(|name| !name.contains("trial")));

    let target = StorageTarget { name: "s".to_owned(), host: "127.0.0.1".to_owned(), port: first.port };
    let tls = tls::machine_client(&agent, ServerKind::Storage).unwrap();
    let client = StorageClient::new(tls, &target, Waits::default());
    let (one, two) = (data_set(&sid(1), 1, 500), data_set(&sid(1), 2, 500));
    client.store(&Scope::Global, &sid(1), None, &one).unwrap();
    client.store(&Scope::Global, &sid(1), None, &two).unwrap();
    client.quarantine(&Scope::Global, &sid(1), "why", &two).unwrap();
    client.fetch(&Scope::Global, &sid(1), None).unwrap();
    // The client has the answer before the service has let it go.
    let nothing_held = "metaprofiles_storage_body_memory_bytes 0\n";
    eventually("no body is held", || {
        get(monitor, "/metrics").is_some_and(|(_, text)| text.contains(nothing_held))
    });
    let (status, text) = get(monitor, "/metrics").unwrap();
    let put = r#"operation="PUT /v1/data-sets/{scope}/{sid}""#;
    for line in [
        format!("metaprofiles_storage_requests_total{{{put},status=\"201\"}} 1"),
        format!("metaprofiles_storage_requests_total{{{put},status=\"412\"}} 1"),
        format!("metaprofiles_storage_request_duration_seconds_count{{{put}}} 2"),
        format!("metaprofiles_storage_received_bytes_total{{{put}}} {}", one.len() + two.len()),
        "metaprofiles_storage_refusals_total{code=\"MP-STO-011\"} 1".to_owned(),
        "metaprofiles_storage_conflicts_total 1".to_owned(),
        "metaprofiles_storage_quarantines_total 1".to_owned(),
        "metaprofiles_storage_connections 1".to_owned(),
        "metaprofiles_storage_body_memory_bytes 0".to_owned(),
        "metaprofiles_storage_ready 1".to_owned(),
        "metaprofiles_storage_plan_revision 1".to_owned(),
        format!("metaprofiles_storage_certificate_expiry_timestamp {}", well.certificate_expires),
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert_eq!(status, 200);
    assert!(text.contains("flush_duration_seconds_count ") && text.contains("free_bytes "), "{text}");
    assert!(!text.contains("S-1-5"), "nothing of a user: {text}");

    // The console is told of the space, and at once of who is near a quota that was set meanwhile.
    let told = || console.status.lock().unwrap().last().cloned();
    eventually("the console knows the space", || {
        told().is_some_and(|told| told.total_bytes == well.total_bytes && told.free_bytes.is_some())
    });
    assert_eq!(told().unwrap().near_quota, []);
    let mut second = first.clone();
    (second.revision, second.limits.quota_bytes) = (2, Some(one.len() as u64 + 1));
    console.plan.send_replace(Some(second.clone()));
    eventually("the quota is in force", || {
        report(monitor).is_some_and(|(_, report)| report.plan_revision == Some(2))
    });
    client.store(&Scope::Group("Office".parse().unwrap()), &sid(1), None, &one).unwrap();
    eventually("the console knows who is near the quota", || {
        told().is_some_and(|told| told.near_quota.len() == 1)
    });
    let near = told().unwrap().near_quota.remove(0);
    assert_eq!(
        (near.sid, near.used_bytes, near.limit_bytes),
        (sid(1), one.len() as u64, one.len() as u64 + 1)
    );

    // Somebody enrols the machine again: the new certificate is used without a restart.
    let before = identity.certificate().serial.clone();
    drop(enrolled(&console, &url, &state, MachineRole::Storage));
    assert_ne!(Identity::load(&state).unwrap().certificate().serial, before);
    second.revision = 3;
    console.plan.send_replace(Some(second));
    eventually("the new certificate is shown", || server_serial(&agent, first.port) != before);
    client.fetch(&Scope::Global, &sid(1), None).unwrap();

    // It says that it stops, and serves on for as long as it was asked to.
    drop(stop);
    eventually("it is not ready any more", || report(monitor).is_some_and(|(status, _)| status == 503));
    assert_eq!(bad(&report(monitor).unwrap().1), ["serving"]);
    client.fetch(&Scope::Global, &sid(1), None).unwrap();
    runtime.block_on(task).unwrap().unwrap();
    assert_eq!(get(monitor, "/healthz"), None, "the monitor ends with the service");
}

/// Serial number of the certificate that a server shows.
fn server_serial(agent: &Identity, port: u16) -> String {
    let config = tls::machine_client(agent, ServerKind::Storage).unwrap();
    let mut connection = rustls::ClientConnection::new(config, "127.0.0.1".try_into().unwrap()).unwrap();
    let mut socket = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut socket).unwrap();
    }
    let shown = connection.peer_certificates().unwrap();
    mp_protocol::MachineCertificate::from_der(&shown[0]).unwrap().serial
}

#[test]
fn a_store_that_is_not_there_is_not_well() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("base");
    let backend = FolderBackend::open(&base, "global", FirstUse::Allowed).unwrap();
    assert!(backend.probe().unwrap().space.free.is_some_and(|free| free > 0));
    std::fs::rename(base.join("metaprofiles-storage.json"), folder.path().join("away")).unwrap();
    let error = backend.probe().unwrap_err();
    assert!(error.to_string().contains("is its disk mounted"), "{error}");
    let key = mp_storage::backend::Key { scope: Scope::Global, sid: sid(1) };
    assert!(backend.version(&key).is_err());
}
