//! What an Agent did is seen in the console.

use mp_agent::{Outcome, OverrideReport, ReportsQueue, ReportsSent};
use mp_profile::Scope;
use mp_registry::Value;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::{
    station::{Station, sid, start},
    template,
};

#[test]
fn the_console_shows_what_happened_in_a_session_and_why() {
    let folder = TempDir::new().unwrap();
    let mut farm = start(&folder);
    let ts1 = Station::new(&farm, &folder, "TS1", "Accounting", &template::generated());
    ts1.logon();
    ts1.set(r"Control Panel\Mouse", Value::sz("DoubleClickSpeed", "a secret speed"));
    let logoff = ts1.logoff();
    assert_eq!(logoff.outcome, Outcome::Stored, "{logoff}");
    // What another session had changed as well, as a merge reports it.
    let mut merged = logoff;
    merged.id = "0123456789abcdef".repeat(2);
    merged.overrides.named.push(OverrideReport {
        scope: Scope::Global,
        place: r"HKCU\Control Panel\Mouse: DoubleClickSpeed".into(),
        mine_kept: true,
        theirs: "SZ of 8 bytes".into(),
        mine: "SZ of 30 bytes".into(),
    });
    let queue = ReportsQueue::new(ts1.state.reports_out(), 10);
    queue.put(&merged.to_sent()).unwrap();

    let sent = ts1.agent(|agent| agent.send_reports()).unwrap();
    assert_eq!((sent, queue.waiting().unwrap()), (ReportsSent { taken: 3, refused: 0 }, 0));
    let administrator = farm.administrator();
    let list = administrator.get(&format!("/api/v1/user-sessions?sid={}&host=ts1", sid())).unwrap();
    let session = &list["sessions"][0];
    assert_eq!((list["sessions"].as_array().unwrap().len(), &session["reports"]), (1, &json!(3)), "{list}");
    assert_eq!((&session["outcome"], &session["overridden"]), (&json!("stored"), &json!(1)));
    let path = format!("/api/v1/user-sessions/{}", session["id"].as_str().unwrap());
    let shown = administrator.get(&path).unwrap();
    let timeline = shown["timeline"].as_array().unwrap();
    assert_eq!((&timeline[0]["event"], &timeline[0]["outcome"]), (&json!("logon"), &json!("merged")));
    let steps: Vec<_> = array(&timeline[0]["steps"]).iter().map(|step| step["name"].clone()).collect();
    assert!(steps.contains(&json!("fetch and verify")) && steps.contains(&json!("import")), "{steps:?}");
    let with_override = timeline.iter().find(|report| report["id"] == merged.id).unwrap();
    let overridden = array(&with_override["items"]).iter().find(|item| item["fate"] == "overridden").unwrap();
    assert_eq!(overridden["code"], "MP-AGT-220");
    assert_eq!(overridden["place"], r"HKCU\Control Panel\Mouse: DoubleClickSpeed");
    assert!(!shown.to_string().contains("a secret speed"), "contents stay in data sets");

    // A console that is away holds up nobody; the reports come later.
    farm.stop_console().unwrap();
    assert_eq!(ts1.logon().outcome, Outcome::Merged);
    assert_eq!(ts1.logoff().outcome, Outcome::Stored);
    let error = ts1.agent(|agent| agent.send_reports()).unwrap_err();
    assert!(error.to_string().starts_with("MP-AGT-054"), "{error}");
    assert_eq!(queue.waiting().unwrap(), 2);
}

fn array(value: &Json) -> &[Json] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
