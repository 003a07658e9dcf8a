//! What Agents and users may take of a Storage Server, and which former versions it keeps.

use std::time::Duration;

use mp_profile::Scope;
use mp_protocol::{
    Identity, ScopeRetention, StorageLimits, StoragePlan,
    client::{ConsoleClient, PlanAnswer},
};
use serde_json::{Value, json};

use crate::support::{Farm, store};

const STORE: &str = "/api/v1/storage-servers/STORE1";
const OFFICE: &str = "/api/v1/agent-server-groups/Office";

fn plan(storage: &Identity) -> StoragePlan {
    match ConsoleClient::new(storage).unwrap().plan(None, Duration::ZERO).unwrap() {
        PlanAnswer::Plan(plan, _) => plan,
        PlanAnswer::NotModified => panic!("nothing was held"),
    }
}

fn described(more: &Value) -> Value {
    let mut server = store("STORE1", "127.0.0.1");
    for (name, value) in more.as_object().unwrap() {
        server[name] = value.clone();
    }
    server
}

fn rule(scope: &str, keep_versions: u32, keep_days: Option<u32>, keep_bytes: Option<u64>) -> ScopeRetention {
    let scope = if scope == "global" { Scope::Global } else { Scope::Group(scope.parse().unwrap()) };
    ScopeRetention { scope, keep_versions, keep_days, keep_bytes }
}

#[test]
fn a_server_that_says_nothing_has_the_defaults() {
    let farm = Farm::described();
    let told = plan(&farm.storage("st01", "STORE1"));
    assert_eq!((told.keep_versions, told.limits), (5, StorageLimits::default()));
    assert_eq!(told.retention, []);
    let text = farm.get("/api/v1/configuration").text;
    assert!(!text.contains("limits") && !text.contains("keep-days") && !text.contains("retention"), "{text}");
    let shown = farm.get(STORE).ok(200)["limits"].clone();
    assert_eq!(serde_json::from_value::<StorageLimits>(shown).unwrap(), StorageLimits::default());
}

#[test]
fn what_is_said_is_told_to_the_server_survives_a_restart_and_travels_as_text() {
    let mut farm = Farm::described();
    let limits = json!({"quota-bytes": 50_000_000, "agent-connections": 7});
    farm.put(STORE, "*", &described(&json!({"keep-versions": 9, "keep-days": 30, "limits": limits}))).ok(200);
    let office = json!({"name": "Office", "retention": {"keep-versions": 20, "keep-bytes": 1_000_000}});
    farm.put(OFFICE, "*", &office).ok(200);
    farm.restart();
    let storage = farm.storage("st01", "STORE1");
    let told = plan(&storage);
    assert_eq!(told.keep_versions, 9);
    let expected =
        StorageLimits { quota_bytes: Some(50_000_000), agent_connections: 7, ..StorageLimits::default() };
    assert_eq!(told.limits, expected);
    // What the server says of age counts where a group has nothing of its own.
    assert_eq!(
        told.retention,
        [
            rule("global", 9, Some(30), None),
            rule("Office", 20, None, Some(1_000_000)),
            rule("Lab", 9, Some(30), None)
        ]
    );
    let text = farm.get("/api/v1/configuration").text;
    let second = Farm::described();
    second.call("PUT", "/api/v1/configuration", &[("if-match", "*")], &text).ok(200);
    for path in [STORE, OFFICE] {
        assert_eq!(second.get(path).ok(200), farm.get(path).ok(200));
    }
    // And back to what the Storage Server says.
    farm.put(OFFICE, "*", &json!({"name": "Office"})).ok(200);
    let told = plan(&storage);
    assert_eq!(told.retention[1], rule("Office", 9, Some(30), None));
}

#[test]
fn what_is_out_of_range_is_refused_with_the_range() {
    let farm = Farm::described();
    let refusal = |more: Value| {
        let answer = farm.put(STORE, "*", &described(&more));
        answer.refused(400, "MP-CON-020");
        answer.json()["detail"].as_str().unwrap().to_owned()
    };
    for (field, value, range) in [
        ("keep-days", json!(0), "1 to 36500"),
        ("keep-days", json!(36_501), "1 to 36500"),
        ("keep-bytes", json!(0), "1 to "),
        ("keep-versions", json!(1_001), "1 to 1000"),
    ] {
        let text = refusal(json!({field: value}));
        assert!(text.contains(range), "{text}");
    }
    for (field, value) in [
        ("connections", json!(0)),
        ("agent-connections", json!(1_000_001)),
        ("agent-requests-per-second", json!(0)),
        ("max-data-set-bytes", json!(0)),
        ("max-data-set-bytes", json!(1_u64 << 40)),
        ("quota-bytes", json!(0)),
        ("quota-bytes", json!(u64::MAX)),
        ("quota-warning-percent", json!(101)),
    ] {
        let text = refusal(json!({"limits": {field: value}}));
        assert!(text.contains(field) && text.contains("must be 1 to "), "{text}");
    }
    farm.put(STORE, "*", &described(&json!({"limits": {"quotas": 1}}))).refused(400, "MP-CON-010");
    let days = json!({"name": "Office", "retention": {"keep-days": 0}});
    farm.put(OFFICE, "*", &days).refused(400, "MP-CON-020");
}
