//! The service as a machine runs it: enrolled at a console, following its plan, renewing its certificate.

use std::{
    net::TcpListener,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

use axum::{
    Extension, Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use axum_server::{tls::TlsInfo, tls_rustls::RustlsConfig};
use mp_profile::{DataSetStore, Scope, VersionTag};
use mp_protocol::{
    ApiError, ConsoleClient, EnrolRequest, Enrolled, Identity, JoinSecret, MachineCertificate, MachineId,
    MachineName, MachineRole, RenewRequest, StorageClient, StoragePlan, StorageTarget, Waits,
    client::{EnrolError, PlanAnswer, enrol},
    damage::DamageReport,
    paths,
    session_report::{BatchAnswer, ReportBatch},
    storage_status::StorageStatus,
    test_authority::TestAuthority,
    tls::{self, ServerKind},
};
use mp_storage::{RunError, RunOptions, run};
use tokio::{runtime::Runtime, sync::oneshot, sync::watch};

use crate::support::{allowed, plan, sid};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// As much of a console as machines see.
#[derive(Clone)]
pub(crate) struct Console {
    pub(crate) authority: Arc<TestAuthority>,
    pub(crate) plan: watch::Sender<Option<StoragePlan>>,
    /// What it was told of damage; it takes nothing while this is `None`.
    pub(crate) damage: Arc<Mutex<Option<Vec<DamageReport>>>>,
    /// What it was told of the store.
    pub(crate) status: Arc<Mutex<Vec<StorageStatus>>>,
    renewals: Arc<Mutex<u32>>,
    /// How old a certificate is when it is given at enrolment.
    age: Duration,
}

impl Console {
    pub(crate) fn start(runtime: &Runtime, age: Duration) -> (Self, String) {
        let console = Self {
            authority: Arc::new(TestAuthority::new()),
            plan: watch::Sender::new(None),
            damage: Arc::default(),
            status: Arc::default(),
            renewals: Arc::default(),
            age,
        };
        let app = Router::new()
            .route(paths::ENROL, post(Self::enrol))
            .route(paths::RENEW, post(Self::renew))
            .route(paths::PLAN, get(Self::get_plan))
            .route(paths::DAMAGE_REPORTS, post(Self::take_damage))
            .route(paths::STORAGE_STATUS, post(Self::take_status))
            .with_state(console.clone());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let tls = RustlsConfig::from_config(console.authority.console_server(&["127.0.0.1"]));
        runtime.spawn(async move {
            axum_server::from_tcp_rustls(listener, tls)
                .unwrap()
                .serve(app.into_make_service())
                .await
                .unwrap();
        });
        (console, url)
    }

    async fn enrol(State(console): State<Self>, Json(request): Json<EnrolRequest>) -> Response {
        let secret: JoinSecret = request.secret.parse().unwrap();
        if secret.hash() != console.authority.token([7; 32]).secret().hash() {
            let error = ApiError { code: "MP-CON-001".to_owned(), message: "unknown token".to_owned() };
            return (StatusCode::FORBIDDEN, Json(error)).into_response();
        }
        let machine = MachineName { role: request.role, id: MachineId::from_random([9; 16]) };
        let addresses: Vec<&str> = request.addresses.iter().map(String::as_str).collect();
        Json(console.authority.sign(&machine, &request.csr, &addresses, SystemTime::now() - console.age))
            .into_response()
    }

    async fn renew(
        State(console): State<Self>,
        Extension(tls): Extension<Arc<TlsInfo>>,
        Json(request): Json<RenewRequest>,
    ) -> Json<Enrolled> {
        *console.renewals.lock().unwrap() += 1;
        let machine = MachineCertificate::from_der(&tls.peer_certificates[0]).unwrap().machine;
        Json(console.authority.sign(&machine, &request.csr, &["127.0.0.1"], SystemTime::now()))
    }

    async fn take_damage(
        State(console): State<Self>,
        Json(batch): Json<ReportBatch<DamageReport>>,
    ) -> Result<Json<BatchAnswer>, StatusCode> {
        let mut damage = console.damage.lock().unwrap();
        let told = damage.as_mut().ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
        let taken = batch.reports.iter().map(|report| report.id.clone()).collect();
        told.extend(batch.reports);
        Ok(Json(BatchAnswer { taken, refused: Vec::new() }))
    }

    async fn take_status(State(console): State<Self>, Json(status): Json<StorageStatus>) -> StatusCode {
        console.status.lock().unwrap().push(status);
        StatusCode::NO_CONTENT
    }

    async fn get_plan(
        State(console): State<Self>,
        Extension(tls): Extension<Arc<TlsInfo>>,
        Query(query): Query<Vec<(String, u64)>>,
        headers: HeaderMap,
    ) -> Response {
        let peer = MachineCertificate::from_der(&tls.peer_certificates[0]).unwrap();
        assert_eq!(peer.machine.role, MachineRole::Storage);
        let mut plans = console.plan.subscribe();
        let tag =
            |plan: &Option<StoragePlan>| format!("\"{}\"", plan.as_ref().map_or(0, |plan| plan.revision));
        let held = headers.get("if-none-match").map(|tag| tag.to_str().unwrap().to_owned());
        let wait = Duration::from_secs(query[0].1);
        let changed = plans.wait_for(|plan| plan.is_some() && Some(tag(plan)) != held);
        match tokio::time::timeout(wait.max(Duration::from_millis(50)), changed).await {
            Ok(plan) => {
                let plan = plan.unwrap();
                ([("etag", tag(&plan))], Json(plan.clone())).into_response()
            }
            Err(_) if held.is_some() => StatusCode::NOT_MODIFIED.into_response(),
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }
}

pub(crate) fn enrolled(console: &Console, url: &str, folder: &Path, role: MachineRole) -> Identity {
    let token = console.authority.token([7; 32]);
    enrol(folder, url, &token, role, "TS-STORE1", vec!["127.0.0.1".to_owned()], SystemTime::now()).unwrap()
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Tries until it succeeds; fails the test after 20 seconds.
pub(crate) fn eventually(what: &str, mut succeeds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !succeeds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_machine_enrols_with_the_right_token_only() {
    let runtime = runtime();
    let (console, url) = Console::start(&runtime, Duration::ZERO);
    let folder = tempfile::tempdir().unwrap();
    let try_enrol =
        |token| enrol(folder.path(), &url, &token, MachineRole::Storage, "TS", Vec::new(), SystemTime::now());
    let refused = try_enrol(console.authority.token([8; 32])).unwrap_err();
    assert!(
        matches!(&refused, EnrolError::Console(error) if error.to_string().contains("unknown token")),
        "{refused}"
    );
    let refused = try_enrol(TestAuthority::new().token([7; 32])).unwrap_err();
    assert!(refused.to_string().starts_with("MP-NET-003"), "{refused}");
    assert!(Identity::load(folder.path()).is_err());
    let made = try_enrol(console.authority.token([7; 32])).unwrap();
    assert_eq!(Identity::load(folder.path()).unwrap().machine(), made.machine());
    assert_eq!(format!("{}/", made.console()), url);
}

#[test]
fn a_console_client_waits_for_the_next_plan() {
    let runtime = runtime();
    let (console, url) = Console::start(&runtime, Duration::ZERO);
    let folder = tempfile::tempdir().unwrap();
    let identity = enrolled(&console, &url, folder.path(), MachineRole::Storage);
    let client = ConsoleClient::new(&identity).unwrap();
    assert!(client.plan::<StoragePlan>(None, Duration::ZERO).unwrap_err().may_pass());
    let first = plan(folder.path(), &identity);
    console.plan.send_replace(Some(first.clone()));
    let PlanAnswer::Plan(got, tag) = client.plan::<StoragePlan>(None, Duration::ZERO).unwrap() else {
        panic!("no plan")
    };
    assert_eq!(got, first);
    assert_eq!(client.plan::<StoragePlan>(Some(&tag), Duration::ZERO).unwrap(), PlanAnswer::NotModified);
    let waiting =
        std::thread::spawn(move || client.plan::<StoragePlan>(Some(&tag), Duration::from_secs(30)).unwrap());
    std::thread::sleep(Duration::from_millis(100));
    console.plan.send_replace(Some(StoragePlan { revision: 2, ..first }));
    assert!(
        matches!(waiting.join().unwrap(), PlanAnswer::Plan(StoragePlan { revision: 2, .. }, VersionTag(tag)) if tag == "\"2\"")
    );
}

#[test]
fn the_service_follows_its_plan_renews_and_starts_without_the_console() {
    let runtime = runtime();
    let (console, url) = Console::start(&runtime, 25 * DAY);
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let identity = enrolled(&console, &url, &state, MachineRole::Storage);
    let old_serial = identity.certificate().serial.clone();
    let mut first = plan(&folder.path().join("base"), &identity);
    first.port = free_port();
    let agent = console.authority.enrol(&folder.path().join("agent"), MachineRole::Agent, 1, &[]);
    let client = || {
        let target = StorageTarget { name: "s".to_owned(), host: "127.0.0.1".to_owned(), port: first.port };
        StorageClient::new(
            tls::machine_client(&agent, ServerKind::Storage).unwrap(),
            &target,
            Waits::default(),
        )
    };
    let start = || {
        let (stop, stopped) = oneshot::channel::<()>();
        let options = RunOptions { listen: Some("127.0.0.1".parse().unwrap()), ..RunOptions::new(&state) };
        let task = runtime.spawn(run(options, async { drop(stopped.await) }));
        (stop, task)
    };

    let (stop, task) = start();
    console.plan.send_replace(Some(first.clone()));
    let refused = |text: &str| text.contains("MP-STO-005");
    eventually("the service starts when there is a plan", || {
        client()
            .head(&Scope::Global, &sid(1))
            .is_err_and(|error| refused(&error.to_string()) || error.to_string().contains(" 403"))
    });
    let mut second = first.clone();
    second.revision = 2;
    second.agents.push(allowed(&agent, None));
    console.plan.send_replace(Some(second));
    eventually("the new plan counts", || client().fetch(&Scope::Global, &sid(1), None).is_ok());
    eventually("the certificate is renewed", || {
        Identity::load(&state).unwrap().certificate().serial != old_serial
            && *console.renewals.lock().unwrap() == 1
    });
    client().fetch(&Scope::Global, &sid(1), None).unwrap();
    drop(stop);
    runtime.block_on(task).unwrap().unwrap();

    runtime.shutdown_background();
    let runtime = self::runtime();
    let (stop, stopped) = oneshot::channel::<()>();
    let options = RunOptions { listen: Some("127.0.0.1".parse().unwrap()), ..RunOptions::new(&state) };
    let task = runtime.spawn(run(options.clone(), async { drop(stopped.await) }));
    eventually("the service starts with the cached plan", || {
        client().fetch(&Scope::Global, &sid(1), None).is_ok()
    });
    drop(stop);
    runtime.block_on(task).unwrap().unwrap();

    // The disk of the base folder is not mounted at the next start.
    std::fs::rename(folder.path().join("base"), folder.path().join("away")).unwrap();
    let failed = runtime.block_on(run(options, std::future::pending())).unwrap_err();
    assert!(
        matches!(&failed, RunError::Folder(error) if error.to_string().starts_with("MP-STO-104")),
        "{failed}"
    );
}
