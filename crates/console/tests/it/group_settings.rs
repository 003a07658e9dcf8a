//! How the Agents of a group treat sessions and profiles.

use std::time::Duration;

use mp_profile::{ImportMode, OnConflict};
use mp_protocol::{
    AgentPlan, AgentSettings, HoldProfile, Identity, StorageAway, Waits,
    client::{ConsoleClient, PlanAnswer},
};
use serde_json::{Value, json};

use crate::support::Farm;

const OFFICE: &str = "/api/v1/agent-server-groups/Office";

fn plan(agent: &Identity) -> AgentPlan {
    match ConsoleClient::new(agent).unwrap().plan(None, Duration::ZERO).unwrap() {
        PlanAnswer::Plan(plan, _) => plan,
        PlanAnswer::NotModified => panic!("nothing was held"),
    }
}

fn refusal(farm: &Farm, field: &str, value: &Value) -> String {
    let (table, field) = field.split_once('.').unwrap();
    let answer = farm.put(OFFICE, "*", &json!({"name": "Office", table: {field: value}}));
    answer.refused(400, "MP-CON-020");
    answer.json()["detail"].as_str().unwrap().to_owned()
}

#[test]
fn a_group_that_says_nothing_has_the_defaults() {
    let farm = Farm::described();
    let group = farm.get(OFFICE).ok(200);
    assert_eq!(group["settings"], serde_json::to_value(AgentSettings::default()).unwrap());
    assert_eq!(group["waits"], serde_json::to_value(Waits::default()).unwrap());
    assert_eq!(group["settings"]["storage-away"], "go-on", "a logon is refused as an explicit choice only");
    let exported = farm.get("/api/v1/configuration").text;
    assert!(!exported.contains("settings") && !exported.contains("waits"), "{exported}");
    for agent in [farm.agent("ts01", Some("Office")), farm.agent("ts02", None)] {
        let plan = plan(&agent);
        assert_eq!((plan.settings, plan.waits), (AgentSettings::default(), Waits::default()));
    }
}

#[test]
fn what_a_group_says_is_told_to_its_agents_alone_and_survives_a_restart() {
    let mut farm = Farm::described();
    let (ours, other) = (farm.agent("ts01", Some("Office")), farm.agent("ts02", Some("Lab")));
    let body = json!({
        "name": "Office",
        "settings": {
            "mode": "asynchronous", "storage-away": "cached-copy", "hold-profile": "never", "protect-hive": false,
            "checkpoint-minutes": 0, "capture-local-profiles": false, "merge-newer-on-connect": true,
        },
        "waits": {"logon-ms": 5000},
    });
    farm.put(OFFICE, "*", &body).ok(200);
    farm.restart();
    let expected = AgentSettings {
        mode: ImportMode::Asynchronous,
        storage_away: StorageAway::CachedCopy,
        hold_profile: HoldProfile::Never,
        protect_hive: false,
        checkpoint_minutes: 0,
        capture_local_profiles: false,
        merge_newer_on_connect: true,
    };
    let told = plan(&ours);
    assert_eq!((told.settings, told.waits), (expected, Waits { logon_ms: 5_000, ..Waits::default() }));
    assert_eq!(plan(&other).settings, AgentSettings::default());

    // It goes out and in as text, whole.
    let text = farm.get("/api/v1/configuration").text;
    assert!(text.contains("[agent-server-group.settings]\nmode = \"asynchronous\"\n"), "{text}");
    let second = Farm::described();
    second.call("PUT", "/api/v1/configuration", &[("if-match", "*")], &text).ok(200);
    assert_eq!(second.get(OFFICE).ok(200), farm.get(OFFICE).ok(200));
    let typo = text.replace("storage-away", "storage-gone");
    second.call("PUT", "/api/v1/configuration", &[("if-match", "*")], &typo).refused(400, "MP-CON-021");
}

#[test]
fn a_data_subset_says_whether_it_is_waited_for_and_who_wins() {
    let farm = Farm::described();
    let agent = farm.agent("ts01", Some("Office"));
    let plain = json!({"name": "plain", "applies": "global"});
    let slow =
        json!({"name": "slow", "applies": "global", "import": "asynchronous", "on-conflict": "keep-mine"});
    farm.post("/api/v1/data-subsets", &plain).ok(201);
    farm.post("/api/v1/data-subsets", &slow).ok(201);
    assert_eq!(farm.get("/api/v1/data-subsets/plain").ok(200)["on-conflict"], "newest-session-wins");
    let told = plan(&agent);
    let modes = |plan: &AgentPlan| -> Vec<_> {
        plan.subsets.iter().map(|subset| plan.settings.import_of(subset)).collect()
    };
    assert_eq!(modes(&told), [ImportMode::Synchronous, ImportMode::Asynchronous]);
    assert_eq!(told.subsets[1].on_conflict, OnConflict::KeepMine);
    // Where nobody waits, nothing is waited for.
    let asynchronous = json!({"name": "Office", "settings": {"mode": "asynchronous"}});
    farm.put(OFFICE, "*", &asynchronous).ok(200);
    assert_eq!(modes(&plan(&agent)), [ImportMode::Asynchronous; 2]);
}

#[test]
fn what_is_out_of_range_is_refused_with_the_range() {
    let farm = Farm::described();
    let text = refusal(&farm, "settings.checkpoint-minutes", &json!(1_441));
    assert!(text.ends_with("checkpoint-minutes must be 0 (never) to 1440, not 1441"), "{text}");
    for wait in [
        "connect-ms",
        "fetch-ms",
        "upload-ms",
        "logon-ms",
        "helper-grace-ms",
        "hive-ms",
        "logoff-ms",
        "lock-ms",
    ] {
        for value in [0, 99, 600_001] {
            let text = refusal(&farm, &format!("waits.{wait}"), &json!(value));
            assert!(text.contains(wait) && text.ends_with(&format!("not {value}")), "{text}");
        }
    }
    for (field, value) in
        [("storage-away", json!("panic")), ("protect-hive", json!("maybe")), ("x", json!(1))]
    {
        farm.put(OFFICE, "*", &json!({"name": "Office", "settings": {field: value}}))
            .refused(400, "MP-CON-010");
    }
}
