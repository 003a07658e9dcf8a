//! What Agents report of users' sessions, and what administrators see of it.

use std::time::{SystemTime, UNIX_EPOCH};

use mp_protocol::{
    Identity,
    client::ConsoleClient,
    paths,
    session_report::{BatchAnswer, MAX_BATCH_REPORTS},
};
use serde_json::{Value, json};

use crate::support::Farm;

const ADA: &str = "S-1-5-21-1-2-3-1001";
const BOB: &str = "S-1-5-21-1-2-3-1002";
const LIST: &str = "/api/v1/user-sessions";

fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// A report that began so many minutes ago.
pub(crate) fn report(
    number: u32,
    session: &str,
    sid: &str,
    event: &str,
    outcome: &str,
    minutes: u64,
) -> Value {
    json!({
        "id": format!("{number:032x}"), "session": session, "event": event, "sid": sid, "profile": "mandatory",
        "mode": "synchronous", "started": now() - minutes * 60_000, "duration": 250, "plan-revision": 3,
        "outcome": outcome,
        "data-sets": [{"scope": "global", "result": "imported", "bytes": 1234, "version": "\"v1\""}],
        "steps": [{"name": "plan", "start-ms": 0.0, "ms": 1.5}, {"name": "import", "start-ms": 1.5, "ms": 248.5}],
        "items": {"list": [
            {"fate": "overridden", "code": "MP-AGT-220", "scope": "global", "place": "HKCU\\Software\\App: Theme", "reason": "two sessions"},
            {"fate": "skipped", "code": "MP-EXC-010", "place": "HKCU\\Run", "reason": "autorun"},
        ], "more": 5},
        "problems": [{"code": "MP-AGT-030", "message": "storage is away"}],
    })
}

fn try_send(agent: &Identity, sent: u64, reports: &[Value]) -> Result<BatchAnswer, String> {
    let batch = json!({"sent": sent, "reports": reports});
    let client = ConsoleClient::new(agent).unwrap();
    client.post(paths::SESSION_REPORTS, &batch).map_err(|error| error.to_string())
}

pub(crate) fn send(agent: &Identity, reports: &[Value]) -> BatchAnswer {
    try_send(agent, now(), reports).unwrap()
}

fn sessions(farm: &Farm, query: &str) -> Vec<Value> {
    farm.get(&format!("{LIST}{query}")).ok(200)["items"].as_array().unwrap().clone()
}

#[test]
fn a_session_is_seen_with_its_timeline() {
    let farm = Farm::described();
    let agent = farm.agent("ts01", Some("Office"));
    let answer = send(
        &agent,
        &[report(1, "s1", ADA, "logon", "merged", 60), report(2, "s1", ADA, "logoff", "spooled", 1)],
    );
    assert_eq!((answer.taken.len(), answer.refused.len()), (2, 0));
    let list = sessions(&farm, "");
    assert_eq!(list.len(), 1);
    let session = &list[0];
    assert_eq!((&session["host"], &session["sid"]), (&json!("ts01"), &json!(ADA)));
    assert_eq!((&session["outcome"], &session["logon-ms"]), (&json!("spooled"), &json!(250)));
    assert_eq!((&session["overridden"], &session["reports"]), (&json!(2), &json!(2)));
    let one = farm.get(&format!("{LIST}/{}", session["id"].as_str().unwrap())).ok(200);
    assert!(one["next-step"].as_str().unwrap().starts_with("nothing is lost"));
    let timeline = one["timeline"].as_array().unwrap();
    assert_eq!((&timeline[0]["event"], &timeline[1]["event"]), (&json!("logon"), &json!("logoff")));
    assert_eq!(timeline[0]["steps"][1], json!({"name": "import", "start-ms": 1.5, "ms": 248.5}));
    assert_eq!(timeline[0]["items"][0]["code"], "MP-AGT-220");
    assert_eq!(
        (&timeline[0]["more-items"], &timeline[0]["problems"][0]["code"]),
        (&json!(5), &json!("MP-AGT-030"))
    );
    farm.get(&format!("{LIST}/{:032x}", 7)).refused(404, "MP-CON-070");
    farm.call_as(None, "GET", LIST, &[], "").refused(401, "MP-CON-001");
}

#[test]
fn what_was_put_right_needs_no_attention_any_more() {
    let farm = Farm::described();
    let agent = farm.agent("ts01", None);
    let outcome = |reports: &[Value]| {
        send(&agent, reports);
        sessions(&farm, "")[0]["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(outcome(&[report(1, "s1", ADA, "logon", "not-merged", 9)]), "not-merged");
    assert_eq!(outcome(&[report(2, "s1", ADA, "checkpoint", "stored", 8)]), "not-merged");
    assert_eq!(outcome(&[report(3, "s1", ADA, "late-merge", "merged", 7)]), "merged");
    assert_eq!(outcome(&[report(4, "s1", ADA, "logoff", "spooled", 6)]), "spooled");
    assert_eq!(outcome(&[report(5, "s1", ADA, "upload", "stored", 5)]), "stored");
    assert_eq!(outcome(&[report(6, "s1", ADA, "upload", "quarantined", 4)]), "quarantined");
    assert_eq!(outcome(&[report(7, "s1", ADA, "logoff", "stored", 3)]), "quarantined");
}

#[test]
fn a_report_that_comes_twice_is_one() {
    let mut farm = Farm::described();
    let agent = farm.agent("ts01", None);
    for _ in 0..2 {
        let answer = send(&agent, &[report(1, "s1", ADA, "logon", "merged", 1)]);
        assert_eq!(answer.taken, [format!("{:032x}", 1)]);
    }
    farm.restart();
    send(&agent, &[report(1, "s1", ADA, "logon", "merged", 1)]);
    let list = sessions(&farm, "");
    assert_eq!((list.len(), &list[0]["reports"]), (1, &json!(1)));
}

/// Whatever an Agent says, it is about itself: the same identities of reports and sessions of two Agents stay apart.
#[test]
fn an_agent_reports_as_itself_alone() {
    let farm = Farm::described();
    let (first, second) = (farm.agent("ts01", None), farm.agent("ts02", None));
    send(&first, &[report(1, "s1", ADA, "logon", "merged", 2)]);
    send(&second, &[report(1, "s1", ADA, "logoff", "failed", 1)]);
    let mut hosts: Vec<_> = sessions(&farm, "")
        .iter()
        .map(|session| (session["host"].clone(), session["outcome"].clone(), session["reports"].clone()))
        .collect();
    hosts.sort_by_key(|(host, ..)| host.to_string());
    assert_eq!(
        hosts,
        [(json!("ts01"), json!("merged"), json!(1)), (json!("ts02"), json!("failed"), json!(1))]
    );

    let storage = farm.storage("store1", "STORE1");
    let refused = try_send(&storage, now(), &[report(2, "s2", ADA, "logon", "merged", 1)]).unwrap_err();
    assert!(refused.contains("MP-CON-065"), "{refused}");
    farm.delete(&format!("/api/v1/machines/{}", first.machine().id), "*").ok(204);
    let refused = try_send(&first, now(), &[report(3, "s3", ADA, "logon", "merged", 1)]).unwrap_err();
    assert!(refused.contains("MP-CON-062"), "{refused}");
    farm.call(
        "POST",
        paths::SESSION_REPORTS,
        &[("content-type", "application/json")],
        r#"{"sent":1,"reports":[]}"#,
    )
    .refused(401, "MP-CON-060");
    assert_eq!(sessions(&farm, "").len(), 2);
}

#[test]
fn what_is_no_report_is_refused_and_does_not_hold_up_the_others() {
    let farm = Farm::described();
    let agent = farm.agent("ts01", None);
    let with = |field: &str, value: Value| {
        let mut report = report(9, "s9", ADA, "logon", "merged", 1);
        report[field] = value;
        report
    };
    let bad = [
        json!("nonsense"),
        with("id", json!("../x")),
        with("session", json!("")),
        with("sid", json!("everybody")),
        with("profile", json!("x".repeat(129))),
        with("started", json!(u64::MAX)),
        with("outcome", json!("fine")),
        with(
            "items",
            json!({"list": vec![json!({"fate": "merged", "code": "c", "place": "p", "reason": "r"}); 201]}),
        ),
    ];
    let mut reports = bad.to_vec();
    reports.push(report(1, "s1", ADA, "logon", "merged", 1));
    let answer = send(&agent, &reports);
    assert_eq!(answer.taken, [format!("{:032x}", 1)]);
    assert_eq!(
        answer.refused.iter().map(|refused| refused.index).collect::<Vec<_>>(),
        (0..bad.len()).collect::<Vec<_>>()
    );
    let many: Vec<_> = (0..=MAX_BATCH_REPORTS).map(|_| report(1, "s1", ADA, "logon", "merged", 1)).collect();
    assert!(try_send(&agent, now(), &many).unwrap_err().contains("MP-CON-011"));
    let huge = [with("profile", json!("x".repeat(3 << 20)))];
    assert!(try_send(&agent, now(), &huge).unwrap_err().contains("MP-CON-015"));
    assert_eq!(sessions(&farm, "").len(), 1);
}

#[test]
fn sessions_are_filtered_and_paged() {
    let farm = Farm::described();
    let (first, second) = (farm.agent("ts01", None), farm.agent("TS02", None));
    let many: Vec<_> = (0..7)
        .map(|number| {
            let outcome = if number == 3 { "failed" } else { "merged" };
            report(number, &format!("s{number}"), ADA, "logon", outcome, 100 - u64::from(number) * 10)
        })
        .collect();
    send(&first, &many);
    send(&second, &[report(1, "s1", BOB, "logon", "not-merged", 5)]);
    assert_eq!(sessions(&farm, "").len(), 8);
    assert_eq!(sessions(&farm, "")[0]["sid"], BOB, "the newest first");
    assert_eq!(sessions(&farm, &format!("?sid={ADA}")).len(), 7);
    assert_eq!(sessions(&farm, "?host=ts02").len(), 1);
    assert_eq!(sessions(&farm, "?search=S02").len(), 1);
    assert_eq!(sessions(&farm, "?search=s-1-5-21-1-2-3-1001").len(), 7);
    assert_eq!(sessions(&farm, "?outcome=failed").len(), 1);
    assert_eq!(sessions(&farm, &format!("?outcome=failed&sid={BOB}")).len(), 0);
    let started = sessions(&farm, "?outcome=failed")[0]["started"].as_str().unwrap().to_owned();
    assert_eq!(sessions(&farm, &format!("?to={started}")).len(), 3);
    assert_eq!(sessions(&farm, &format!("?from={started}")).len(), 5);

    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = farm.get(&format!("{LIST}?limit=3{after}")).ok(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|session| session["id"].clone()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let all: Vec<_> = sessions(&farm, "").iter().map(|session| session["id"].clone()).collect();
    assert_eq!(seen, all);
    for query in ["?from=yesterday", "?outcome=fine", "?sid=x", "?colour=1"] {
        farm.get(&format!("{LIST}{query}")).refused(400, "MP-CON-011");
    }
}

#[test]
fn users_are_those_of_whom_sessions_are_reported() {
    let farm = Farm::described();
    let (first, second) = (farm.agent("ts01", None), farm.agent("ts02", None));
    send(
        &first,
        &[report(1, "s1", ADA, "logon", "merged", 60), report(2, "s1", ADA, "logoff", "stored", 50)],
    );
    send(&first, &[report(3, "s1", BOB, "logon", "merged", 40)]);
    send(&second, &[report(1, "s2", ADA, "logon", "failed", 5)]);
    send(&first, &[report(4, "s0", ADA, "logon", "merged", 90)]);
    let list = farm.get("/api/v1/users").ok(200)["items"].clone();
    assert_eq!(
        (&list[0]["sid"], &list[1]["sid"], list.as_array().unwrap().len()),
        (&json!(ADA), &json!(BOB), 2)
    );
    let ada = farm.get(&format!("/api/v1/users/{ADA}")).ok(200);
    assert_eq!(ada, list[0]);
    assert_eq!((&ada["sessions"], &ada["last-host"]), (&json!(3), &json!("ts02")));
    let last = sessions(&farm, &format!("?sid={ADA}"))[0].clone();
    assert_eq!((&ada["last-session"], &ada["last-seen"]), (&last["id"], &last["last"]));
    let found = farm.get("/api/v1/users?search=1002").ok(200)["items"].clone();
    assert_eq!((found.as_array().unwrap().len(), &found[0]["sid"]), (1, &json!(BOB)));
    assert_eq!(farm.get("/api/v1/users?sort=-sid").ok(200)["items"][0]["sid"], BOB);
    farm.get("/api/v1/users/S-1-5-21-1-2-3-9").refused(404, "MP-CON-071");
}

/// An Agent's clock may be a day off; the console's counts.
#[test]
fn times_are_those_of_the_console() {
    let farm = Farm::described();
    let agent = farm.agent("ts01", None);
    let day = 24 * 3_600_000;
    let mut late = report(1, "s1", ADA, "logon", "merged", 10);
    late["started"] = json!(now() - 10 * 60_000 + day);
    try_send(&agent, now() + day, &[late]).unwrap();
    send(&agent, &[report(2, "s2", ADA, "logon", "merged", 5)]);
    let list = sessions(&farm, "");
    assert_eq!(list.iter().map(|session| session["reports"].clone()).collect::<Vec<_>>(), [1, 1]);
    let to = list[0]["started"].as_str().unwrap();
    assert_eq!(
        sessions(&farm, &format!("?to={to}")).len(),
        1,
        "the one with the wrong clock is older: {list:?}"
    );
}

#[test]
fn old_sessions_are_removed_at_a_start() {
    let mut farm = Farm::described();
    let agent = farm.agent("ts01", None);
    let days = 24 * 60;
    send(&agent, &[report(1, "s1", ADA, "logon", "merged", 91 * days)]);
    send(&agent, &[report(2, "s2", ADA, "logon", "merged", 95 * days)]);
    // What began long ago and was heard of since is kept.
    send(&agent, &[report(3, "s2", ADA, "logoff", "stored", 89 * days)]);
    assert_eq!(sessions(&farm, "").len(), 2);
    farm.restart();
    // The first look is begun with the start.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while sessions(&farm, "").len() > 1 && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let list = sessions(&farm, "");
    assert_eq!((list.len(), &list[0]["reports"]), (1, &json!(2)));
}
