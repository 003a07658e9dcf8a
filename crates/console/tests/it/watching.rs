//! What those see who watch the console.

use std::{net::SocketAddr, time::Duration};

use mp_protocol::{
    AgentPlan,
    client::{ConsoleClient, PlanAnswer},
    paths,
};
use serde_json::Value;

use crate::{
    support::Farm,
    user_sessions::{report, send},
};

fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let mut answer =
        ureq::Agent::new_with_config(config).get(format!("http://{address}{path}")).call().unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

#[test]
fn health_and_metrics_say_how_the_console_is() {
    let mut farm = Farm::described();
    let monitor = farm.watch();
    assert_eq!(get(monitor, "/healthz"), (200, "alive\n".to_owned()));
    let (status, ready) = get(monitor, "/readyz");
    let ready: Value = serde_json::from_str(&ready).unwrap();
    assert_eq!(
        (status, &ready["ready"], &ready["checks"][0]["name"]),
        (200, &true.into(), &"database".into())
    );

    let agent = farm.agent("ts01", Some("Office"));
    send(&agent, &[report(1, "s1", "S-1-5-21-1-2-3-1001", "logon", "merged", 1)]);
    farm.post("/api/v1/sessions", &serde_json::json!({"name": "admin", "password": "wrong"}))
        .refused(401, "MP-CON-003");
    farm.get("/api/v1/nowhere/S-1-5-21-1-2-3-1001").refused(404, "MP-CON-012");
    let client = ConsoleClient::new(&agent).unwrap();
    let PlanAnswer::Plan(_, held) = client.plan::<AgentPlan>(None, Duration::ZERO).unwrap() else {
        panic!("no plan")
    };
    let waiting = std::thread::spawn(move || {
        drop(client.plan::<AgentPlan>(Some(&held), Duration::from_secs(50)));
    });
    let storage = farm.storage("store1", "STORE1");
    let status = serde_json::json!({"free-bytes": 5, "total-bytes": 9});
    ConsoleClient::new(&storage).unwrap().post::<_, ()>(paths::STORAGE_STATUS, &status).unwrap();
    let metrics = || get(monitor, "/metrics").1;
    let has = |line: &str| metrics().lines().any(|found| found == line);
    for _ in 0..500 {
        if has("metaprofiles_console_long_polls 1") {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let text = metrics();
    for line in [
        "metaprofiles_console_long_polls 1",
        "metaprofiles_console_reports_total{kind=\"session\",result=\"taken\"} 1",
        "metaprofiles_console_session_reports_total{outcome=\"merged\"} 1",
        "metaprofiles_console_sign_ins_total{result=\"in\"} 1",
        "metaprofiles_console_sign_ins_total{result=\"refused\"} 1",
        "metaprofiles_console_requests_total{operation=\"GET -\",status=\"404\"} 1",
        "metaprofiles_console_requests_total{operation=\"POST /machine/v1/session-reports\",status=\"200\"} 1",
        "metaprofiles_console_machines{role=\"agent\",health=\"in-contact\"} 1",
        "metaprofiles_console_machines{role=\"storage\",health=\"silent\"} 1",
        "metaprofiles_console_storage_damage_open 0",
        "metaprofiles_console_storage_free_bytes{server=\"STORE1\"} 5",
        "metaprofiles_console_storage_total_bytes{server=\"STORE1\"} 9",
        "metaprofiles_console_storage_space_low{server=\"STORE1\"} 1",
        "metaprofiles_console_storage_near_quota{server=\"STORE1\"} 0",
        "metaprofiles_console_webhook_deliveries_waiting 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(
        text.contains("database_duration_seconds_count ") && text.contains("chores_total{chore="),
        "{text}"
    );
    assert!(!text.contains("S-1-5") && !text.contains("ts01"), "nothing of a user or a machine: {text}");
    // The plan changes, so that nothing waits any more.
    farm.post("/api/v1/data-subsets", &serde_json::json!({"name": "All", "applies": "global"})).ok(201);
    waiting.join().unwrap();
    for _ in 0..500 {
        if has("metaprofiles_console_long_polls 0") {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(has("metaprofiles_console_long_polls 0"));
    farm.restart();
    assert!(std::net::TcpStream::connect(monitor).is_err(), "the monitor ends with the console");
}
