//! How long the console keeps what it was told.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    support::Farm,
    user_sessions::{report, send},
};

const PATH: &str = "/api/v1/retention";

fn lines(farm: &Farm) -> Vec<Value> {
    farm.get("/api/v1/audit-log?sort=id&limit=200").ok(200)["items"].as_array().unwrap().clone()
}

fn set(farm: &Farm, kept: Value) {
    let etag = farm.get(PATH).etag;
    farm.put(PATH, &etag, &kept).ok(200);
}

fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..500 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("not in time: {what}");
}

#[test]
fn what_an_administrator_says_counts_whatever_the_console_was_started_with() {
    let mut farm = Farm::described();
    let read = farm.get(PATH);
    assert_eq!(read.ok(200), json!({"session-days": 90, "audit-days": null}));
    let kept = json!({"session-days": 30, "audit-days": 365});
    farm.put(PATH, &read.etag, &kept).ok(200);
    farm.put(PATH, &read.etag, &kept).refused(412, "MP-CON-028");
    let line = lines(&farm).pop().unwrap();
    assert_eq!((&line["action"], &line["subject"]), (&json!("changed"), &json!("retention")));
    assert!(line["changes"][0]["before"].as_str().unwrap().contains("for ever"), "{line}");
    farm.restart();
    assert_eq!(farm.get(PATH).ok(200), kept);
    for wrong in [
        json!({"session-days": 0}),
        json!({"session-days": 3_651}),
        json!({"session-days": 90, "audit-days": 0}),
        json!({"session-days": 90, "audit-days": 36_501}),
    ] {
        farm.put(PATH, "*", &wrong).refused(400, "MP-CON-011");
    }
}

#[test]
fn old_sessions_go_as_soon_as_they_are_kept_shorter() {
    let farm = Farm::described();
    let agent = farm.agent("ts01", None);
    send(&agent, &[report(1, "s1", "S-1-5-21-1-2-3-1001", "logon", "merged", 1)]);
    let sessions = || farm.get("/api/v1/user-sessions").ok(200)["items"].as_array().unwrap().len();
    assert_eq!(sessions(), 1);
    farm.pass(24 * 10);
    farm.sign_in();
    set(&farm, json!({"session-days": 11}));
    assert_eq!(sessions(), 1);
    set(&farm, json!({"session-days": 9}));
    eventually("the session is forgotten", || sessions() == 0);
}

#[test]
fn trimming_the_audit_log_is_told_in_it_and_the_rest_is_proved() {
    let farm = Farm::described();
    let before = lines(&farm).len();
    assert!(before >= 4);
    farm.pass(24 * 10);
    farm.sign_in();
    farm.post("/api/v1/agent-server-groups", &json!({"name": "New"})).ok(201);
    set(&farm, json!({"session-days": 90, "audit-days": 5}));
    eventually("old lines are forgotten", || lines(&farm).iter().any(|line| line["action"] == "trimmed"));
    eventually("all of them", || lines(&farm).len() <= 5);
    let left = lines(&farm);
    assert!(left.iter().any(|line| line["subject"] == "Agent Server Group \"New\""), "{left:?}");
    let trimmed: Vec<_> = left.iter().filter(|line| line["action"] == "trimmed").collect();
    assert_eq!((trimmed.len(), &trimmed[0]["who"]), (1, &json!("console")));
    assert_eq!(farm.get("/api/v1/audit-log/proof").ok(200)["intact"], true);
    // What was trimmed leaves nothing to trim.
    set(&farm, json!({"session-days": 90, "audit-days": 6}));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(lines(&farm).iter().filter(|line| line["action"] == "trimmed").count(), 1);
}
