//! Plans of consoles that are older or newer than the Agent.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use mp_profile::{ImportMode, OnConflict, Scope};
use mp_protocol::{AgentPlan, AgentSettings, Waits};
use serde_json::json;

#[test]
fn a_plan_of_an_older_console_has_the_defaults_of_what_it_does_not_say() {
    let plan: AgentPlan = serde_json::from_value(json!({
        "revision": 3, "agent": "0123456789abcdef0123456789abcdef", "name": "TS01", "group": null, "storage": null,
        "subsets": [{"name": "App", "applies": "global"}],
        "waits": {"connect-ms": 1, "fetch-ms": 2, "upload-ms": 3},
    }))
    .unwrap();
    assert_eq!(plan.waits, Waits { connect_ms: 1, fetch_ms: 2, upload_ms: 3, ..Waits::default() });
    assert_eq!(plan.settings, AgentSettings::default());
    assert!(plan.targets(&Scope::Global).is_empty());
    let subset = &plan.subsets[0];
    assert_eq!((subset.import, subset.on_conflict), (ImportMode::Synchronous, OnConflict::NewestSessionWins));
}

#[test]
fn the_one_storage_server_of_an_older_plan_keeps_every_scope() {
    let store = |name: &str| json!({"name": name, "host": "store.example", "port": 4455});
    let mut plan = json!({
        "revision": 3, "agent": "0123456789abcdef0123456789abcdef", "name": "TS01", "group": "Office",
        "storage": store("A"), "subsets": [],
    });
    let names = |plan: &serde_json::Value| {
        let plan: AgentPlan = serde_json::from_value(plan.clone()).unwrap();
        let scopes = [Scope::Global, "group:Office".parse().unwrap()];
        scopes.map(|scope| plan.targets(&scope).iter().map(|target| target.name.clone()).collect::<String>())
    };
    assert_eq!(names(&plan), ["A", "A"]);
    plan["stores"] = json!([
        {"scope": "global", "servers": [store("B")]}, {"scope": {"group": "Office"}, "servers": [store("A"), store("B")]},
    ]);
    assert_eq!(names(&plan), ["B", "AB"]);
}

#[test]
fn settings_of_a_newer_console_do_not_make_a_plan_unreadable() {
    let settings: AgentSettings =
        serde_json::from_value(json!({"mode": "asynchronous", "invented-later": {"a": 1}})).unwrap();
    assert_eq!(settings, AgentSettings { mode: ImportMode::Asynchronous, ..AgentSettings::default() });
    serde_json::from_value::<Waits>(json!({"invented-later-ms": 1})).unwrap();
}
