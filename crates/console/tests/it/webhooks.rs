//! Webhooks: told over real HTTPS, signed, tried again, and given up at last.

use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::post,
};
use axum_server::tls_rustls::RustlsConfig;
use base64::{Engine, engine::general_purpose::STANDARD};
use mp_protocol::{Identity, client::ConsoleClient, paths};
use ring::hmac;
use serde_json::{Value, json};

use crate::support::Farm;

pub(crate) const HOOKS: &str = "/api/v1/webhooks";

/// What a receiver got: its headers and the body.
type Got = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A receiver with a certificate of its own making, which answers with one status.
pub(crate) struct Receiver {
    url: String,
    certificate: String,
    got: Got,
    status: Arc<Mutex<StatusCode>>,
    _runtime: tokio::runtime::Runtime,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let (key, der) = (made.signing_key.serialize_der(), made.cert.der().to_vec());
        let (got, status) = (Got::default(), Arc::new(Mutex::new(StatusCode::NO_CONTENT)));
        let app =
            Router::new().route("/hook", post(take)).with_state((Arc::clone(&got), Arc::clone(&status)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/hook", listener.local_addr().unwrap());
        drop(rustls::crypto::ring::default_provider().install_default());
        runtime.spawn(async move {
            let tls = RustlsConfig::from_der(vec![der], key).await.unwrap();
            axum_server::from_tcp_rustls(listener, tls)
                .unwrap()
                .serve(app.into_make_service())
                .await
                .unwrap();
        });
        Self { url, certificate: made.cert.pem(), got, status, _runtime: runtime }
    }

    fn answer_with(&self, status: StatusCode) {
        *self.status.lock().unwrap() = status;
    }

    pub(crate) fn got(&self) -> Vec<(HeaderMap, String)> {
        self.got.lock().unwrap().clone()
    }

    /// The bodies of what it got, once there are so many.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Value> {
        for _ in 0..1_000 {
            if self.got().len() >= count {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let got: Vec<Value> =
            self.got().iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect();
        assert_eq!(got.len(), count, "{got:?}");
        got
    }
}

async fn take(
    State((got, status)): State<(Got, Arc<Mutex<StatusCode>>)>,
    headers: HeaderMap,
    body: String,
) -> Response {
    got.lock().unwrap().push((headers, body));
    let status = *status.lock().unwrap();
    if status.is_redirection() {
        (status, [(LOCATION, "/hook")]).into_response()
    } else {
        status.into_response()
    }
}

pub(crate) fn form(receiver: &Receiver, kinds: Value) -> Value {
    json!({"name": "alerts", "url": receiver.url, "kinds": kinds, "certificates": receiver.certificate})
}

pub(crate) fn fail(agent: &Identity, number: u8) {
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let problem = json!({"code": "MP-AGT-041", "message": "storage refused C:\\secret: MP-STO-033"});
    let report = json!({
        "id": format!("{number:032x}"), "session": format!("s{number}"), "event": "logoff", "sid": "S-1-5-21-1-2-3-1001",
        "profile": "mandatory", "mode": "synchronous", "started": now, "duration": 250, "plan-revision": 1, "outcome": "failed",
        "data-sets": [], "steps": [], "items": {"list": [], "more": 0}, "problems": [problem]
    });
    let batch = json!({"sent": now, "reports": [report]});
    ConsoleClient::new(agent).unwrap().post::<_, Value>(paths::SESSION_REPORTS, &batch).unwrap();
}

fn signed(headers: &HeaderMap, body: &str, secret: &str) -> bool {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let message = format!("{}.{}.{body}", text("webhook-id"), text("webhook-timestamp"));
    let signature = STANDARD.decode(text("webhook-signature").strip_prefix("v1,").unwrap()).unwrap();
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), message.as_bytes(), &signature).is_ok()
}

#[test]
fn what_fails_is_told_once_signed_and_without_contents() {
    let (farm, receiver) = (Farm::described(), Receiver::start());
    let kinds = json!(["session-failed", "quota-refused"]);
    let created = farm.post(HOOKS, &form(&receiver, kinds)).ok(201);
    let secret = created["secret"].as_str().unwrap();
    assert!(!farm.get("/api/v1/audit-log?limit=1").text.contains(secret));
    assert!(!farm.get(HOOKS).text.contains(secret), "it is told once");

    let agent = farm.agent("ts01", Some("Office"));
    fail(&agent, 1);
    fail(&agent, 1);
    let got = receiver.wait_for(2);
    let mut types: Vec<&str> = got.iter().map(|body| body["type"].as_str().unwrap()).collect();
    types.sort_unstable();
    assert_eq!(types, ["quota-refused", "session-failed"]);
    for (headers, body) in receiver.got() {
        assert!(signed(&headers, &body, secret) && !signed(&headers, &format!("{body} "), secret));
        let data = serde_json::from_str::<Value>(&body).unwrap()["data"].clone();
        assert_eq!((&data["host"], &data["sid"]), (&json!("ts01"), &json!("S-1-5-21-1-2-3-1001")));
        assert_eq!(data["codes"], json!(["MP-AGT-041"]));
        assert!(!body.contains("secret") && !body.contains("Office"), "{body}");
        let session = farm.get(&format!("/api/v1/user-sessions/{}", data["session"].as_str().unwrap()));
        session.ok(200);
    }
    let shown = farm.get(&format!("{HOOKS}/ALERTS")).ok(200);
    assert_eq!((&shown["last"]["status"], &shown["last"]["told"]), (&json!(204), &json!(true)));
    // Another secret counts from then on.
    let etag = farm.get(&format!("{HOOKS}/alerts")).etag;
    let renewed = farm.call("POST", &format!("{HOOKS}/alerts/secret"), &[("if-match", &etag)], "").ok(200);
    let tried = farm.post(&format!("{HOOKS}/alerts/test"), &Value::Null).ok(200);
    assert_eq!((&tried["told"], &tried["status"]), (&json!(true), &json!(204)));
    let (headers, body) = receiver.got().pop().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["type"], "test");
    assert!(signed(&headers, &body, renewed["secret"].as_str().unwrap()) && !signed(&headers, &body, secret));
}

#[test]
fn a_receiver_that_refuses_is_asked_again_and_redirects_are_not_followed() {
    let (farm, receiver) = (Farm::described(), Receiver::start());
    farm.post(HOOKS, &form(&receiver, json!(["session-failed"]))).ok(201);
    receiver.answer_with(StatusCode::TEMPORARY_REDIRECT);
    let tried = farm.post(&format!("{HOOKS}/alerts/test"), &Value::Null).ok(200);
    assert_eq!((&tried["told"], &tried["status"]), (&json!(false), &json!(307)));
    assert_eq!(receiver.got().len(), 1, "not followed");

    receiver.answer_with(StatusCode::SERVICE_UNAVAILABLE);
    fail(&farm.agent("ts01", None), 1);
    receiver.wait_for(2);
    let waiting = || farm.get(&format!("{HOOKS}/alerts")).ok(200);
    for _ in 0..500 {
        if waiting()["last"]["status"] == 503 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!((&waiting()["waiting"], &waiting()["last"]["told"]), (&json!(1), &json!(false)));
    // Each pause is longer than the one before; at last it is given up.
    for _ in 0..200 {
        farm.pass_minutes(6 * 60);
        farm.sign_in();
        if waiting()["waiting"] == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!((&waiting()["waiting"], &waiting()["given-up"]), (&json!(0), &json!(1)));
    assert_eq!(receiver.got().len(), 9, "the trial, and eight attempts");
    let ids: Vec<_> = receiver.got()[1..].iter().map(|(headers, _)| headers["webhook-id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "the same delivery has the same identity");
}

#[test]
fn machines_that_are_away_are_told_once_and_when_they_are_back() {
    let (farm, receiver) = (Farm::described(), Receiver::start());
    let agent = farm.agent("ts01", Some("Office"));
    let ask = || {
        let client = ConsoleClient::new(&agent).unwrap();
        client.plan::<mp_protocol::AgentPlan>(None, Duration::ZERO).unwrap();
    };
    ask();
    farm.post(HOOKS, &form(&receiver, json!(["agent-away", "agent-back"]))).ok(201);
    farm.pass_minutes(6);
    let got = receiver.wait_for(1);
    assert_eq!((&got[0]["type"], &got[0]["data"]["name"]), (&json!("agent-away"), &json!("ts01")));
    ask();
    assert_eq!(receiver.wait_for(2)[1]["type"], "agent-back");
}

#[test]
fn a_webhook_is_set_up_with_care() {
    let farm = Farm::new();
    let hook = |url: &str| json!({"name": "x", "url": url, "kinds": ["agent-away"]});
    for url in ["http://alerts.example.com/", "https://a:b@alerts.example.com/", "file:///etc/passwd", ""] {
        farm.post(HOOKS, &hook(url)).refused(400, "MP-CON-133");
    }
    let mut wrong = hook("https://alerts.example.com/");
    wrong["certificates"] = json!("no certificate");
    farm.post(HOOKS, &wrong).refused(400, "MP-CON-133");
    farm.post(HOOKS, &hook("https://169.254.169.254/latest/meta-data")).ok(201);
    let tried = farm.post(&format!("{HOOKS}/x/test"), &Value::Null).ok(200);
    assert_eq!((&tried["told"], &tried["status"]), (&json!(false), &Value::Null), "{tried}");
    farm.post(HOOKS, &hook("https://other.example.com/")).refused(400, "MP-CON-133");
    let path = format!("{HOOKS}/X");
    let etag = farm.get(&path).etag;
    let changed = json!({"name": "y", "url": "https://other.example.com/key", "kinds": [], "enabled": false});
    farm.put(&path, &etag, &changed).ok(200);
    let line = farm.get("/api/v1/audit-log?limit=1").ok(200)["items"][0].clone();
    assert_eq!(line["details"], "with another address");
    assert!(!line.to_string().contains("/key"), "{line}");
    farm.delete(&format!("{HOOKS}/y"), &etag).refused(412, "MP-CON-028");
    farm.delete(&format!("{HOOKS}/y"), "*").ok(204);
    farm.get(&path).refused(404, "MP-CON-132");
}
