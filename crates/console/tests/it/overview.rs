//! The farm on one screen.

use std::time::Duration;

use mp_protocol::{
    AgentPlan,
    client::{ConsoleClient, PlanAnswer},
};
use serde_json::{Value, json};

use crate::{
    roles::{account, json_as},
    support::Farm,
    user_sessions::{report, send},
};

const OVERVIEW: &str = "/api/v1/overview";

#[test]
fn an_empty_farm_has_an_overview() {
    let farm = Farm::new();
    let overview = farm.get(OVERVIEW).ok(200);
    assert_eq!((&overview["storage-servers"], &overview["any-session"]), (&json!(0), &json!(false)));
    assert_eq!(overview["day"], json!({"sessions": 0, "p50": null, "p95": null, "p99": null}));
    assert_eq!(overview["hours"].as_array().unwrap().len(), 24);
}

#[test]
fn machines_and_logons_are_counted() {
    let farm = Farm::described();
    farm.storage("STORE1", "STORE1");
    farm.agent("ts02", None);
    let agent = farm.agent("ts01", Some("Office"));
    let plan = ConsoleClient::new(&agent).unwrap().plan::<AgentPlan>(None, Duration::ZERO).unwrap();
    assert!(matches!(plan, PlanAnswer::Plan(..)));
    let logon = |number: u32, milliseconds: u64, outcome: &str, hours: u64| {
        let user = format!("S-1-5-21-1-2-3-{number}");
        let mut report = report(number, &format!("s{number}"), &user, "logon", outcome, hours * 60);
        report["duration"] = json!(milliseconds);
        report
    };
    let answer = send(
        &agent,
        &[
            logon(1, 120, "merged", 0),
            logon(2, 350, "merged", 0),
            logon(3, 2_345, "not-merged", 2),
            logon(4, 10, "merged", 30),
        ],
    );
    assert_eq!(answer.refused.len(), 0);
    let overview = farm.get(OVERVIEW).ok(200);
    assert_eq!(overview["agents"], json!({"active": 2, "silent": 1, "without-group": 1}));
    assert_eq!(overview["storage-machines"]["active"], json!(1));
    assert_eq!((&overview["agent-server-groups"], &overview["any-session"]), (&json!(2), &json!(true)));
    // The one that began more than a day ago does not count, and times are rounded down.
    assert_eq!(overview["day"], json!({"sessions": 3, "p50": 350, "p95": 2_300, "p99": 2_300}));
    let outcomes = &overview["outcomes"];
    assert_eq!(outcomes[0], json!({"outcome": "merged", "sessions": 2}), "{outcomes}");
    assert_eq!(outcomes[1], json!({"outcome": "not-merged", "sessions": 1}), "{outcomes}");
    let hours = overview["hours"].as_array().unwrap();
    let counted: i64 = hours.iter().map(|hour| hour["sessions"].as_i64().unwrap()).sum();
    assert_eq!((counted, &overview["overridden"]), (3, &json!(3)));
    farm.pass(1);
    farm.sign_in();
    assert_eq!(farm.get(OVERVIEW).ok(200)["agents"]["silent"], json!(2));
}

#[test]
fn whoever_is_held_to_groups_sees_theirs_alone() {
    let farm = Farm::described();
    farm.storage("STORE1", "STORE1");
    farm.agent("ts02", None);
    let agent = farm.agent("ts01", Some("Office"));
    let mut logon = report(1, "s1", "S-1-5-21-1-2-3-1", "logon", "merged", 0);
    logon["duration"] = json!(120);
    assert_eq!(send(&agent, &[logon]).refused.len(), 0);
    let seen_by = |name: &str, groups: &[&str]| {
        let session = account(&farm, name, "operator", &json!(groups));
        json_as(&farm, &session, "GET", OVERVIEW, &Value::Null).ok(200)
    };
    let office = seen_by("office", &["Office"]);
    assert_eq!((&office["agents"]["active"], &office["agents"]["without-group"]), (&json!(1), &json!(0)));
    assert_eq!((&office["day"]["sessions"], &office["any-session"]), (&json!(1), &json!(true)));
    let lab = seen_by("lab", &["Lab"]);
    assert_eq!((&lab["agents"]["active"], &lab["day"]["sessions"]), (&json!(0), &json!(0)));
    assert_eq!((&lab["any-session"], &lab["storage-machines"]["active"]), (&json!(false), &json!(1)));
    assert_eq!(farm.get(OVERVIEW).ok(200)["agents"]["active"], json!(2));
}
